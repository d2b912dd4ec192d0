/** What acting is given beyond the other steps: the channels, and where links in messages lead. */
import type { Channel } from '../../actions/channel.ts'
import type { InterventionId, TenantId } from '../contracts/ids.ts'
import type { FeedbackPath } from '../settings/approval.ts'
import type { ServiceSettings } from '../settings/service.ts'
import type { Transaction } from '../store/database.ts'
import type { LoopServices } from './services.ts'
import type { openStopWatch } from './stop-watch.ts'

export interface Channels {
  /**
   * The e-mail channel of a tenant, kept open between messages by whoever implements this. `sandbox` reaches the
   * sandbox inbox and nothing else, whatever the settings name as server. Called outside any transaction.
   *
   * @returns null when none is set up: no server in the settings, no sandbox inbox running
   * @throws HoldfastError `channel_configuration` when what is set up cannot work
   */
  email(request: {
    readonly tenant: TenantId
    readonly delivery: 'sandbox' | 'live'
    readonly settings: ServiceSettings
  }): Promise<Channel | null>
  /** As {@link Channels.email}, for texts; absent where an installation has none. */
  sms?(request: {
    readonly tenant: TenantId
    readonly delivery: 'sandbox' | 'live'
    readonly settings: ServiceSettings
  }): Promise<Channel | null>
  /** Whether the SMS sandbox runs in this process, and what live texts lack, as clauses. Asked within transactions. */
  smsSituation?(settings: ServiceSettings): { readonly sandbox: boolean; readonly missing: readonly string[] }
}

/** `LoopServices` have more than acting needs. */
export interface ActServices extends Pick<
  LoopServices,
  'database' | 'secrets' | 'clock' | 'log' | 'connectors'
> {
  readonly channels: Channels
  /** How the world reaches this installation; without https nothing goes out live. */
  readonly publicUrl: string | null
  /** How this machine reaches it, such as http://localhost:3000: where links of the sandbox lead. No slash at its end. */
  readonly localUrl: string
  /** Whether we would hear of bounces and complaints; absent: we would not. */
  readonly feedbackPath?: (tx: Transaction, settings: ServiceSettings) => Promise<FeedbackPath>
  /** The time by which hours and caps are kept; default: `clock`. A process whose own clock is wrong must not send at night. */
  readonly time?: (tx: Transaction) => Promise<Date>
  /** Looks now and then whether people turn away, before more is sent. */
  readonly watch?: ReturnType<typeof openStopWatch>
  /** Asks billing for the offers that wait to be confirmed; absent: it asks by itself. Resolves to how many it took. */
  readonly askBilling?: (tenant: TenantId) => Promise<number>
  /** Only tests of what happens when leases run out set this. */
  readonly leases?: LeaseTimes
}

export const timeOf = async (
  tx: Transaction,
  { time, clock }: Pick<ActServices, 'time' | 'clock'>,
): Promise<Date> => (time === undefined ? clock() : time(tx))

export interface LeaseTimes {
  /** Until the channel is ready to speak; default 60,000. */
  readonly prepareMs: number
  /** By how much a lease outlasts the longest that a send may take; default 15,000. */
  readonly marginMs: number
  /** Longest that making a task may take; default 60,000. */
  readonly taskMs?: number
}

export const LEASE_TIMES: LeaseTimes = { prepareMs: 60_000, marginMs: 15_000 }

/**
 * `act(services: ActServices, request: ActRequest): Promise<InterventionState | null>` in act.ts handles one
 * intervention whatever its state, and can be called again at any time.
 */
export interface ActRequest {
  readonly tenant: TenantId
  readonly intervention: InterventionId
  /** Names this execution in the lease and the log: never the same twice, or a frozen one could not be told apart. */
  readonly worker: string
  /** Aborted when the process drains: nothing new is begun, what has begun is ended. */
  readonly signal: AbortSignal
}
