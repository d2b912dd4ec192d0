/** An org with change events and nothing else of the sandbox: no HTTP. */
import { openState, type By, type SalesforceState } from '../../../connectors/salesforce/sandbox/state.ts'
import {
  startPubSub,
  type PubSubOptions,
  type SandboxPubSub,
} from '../../../connectors/salesforce/sandbox/pubsub.ts'

export interface EventOrg {
  readonly org: string
  readonly state: SalesforceState
  /** Another one after {@link EventOrg.restart}. */
  readonly pubsub: SandboxPubSub
  /** The integration user, calling as Holdfast. */
  readonly us: By
  session(): { accessToken: string; instanceUrl: string }
  /** The session at hand is refused from now on; `session()` is another one. */
  endSession(): void
  passTime(ms: number): void
  /** The service is another one, with the same records. */
  restart(): Promise<void>
  close(): Promise<void>
}

const ORG = '00Dxx0000001gEREAY'
const URL = 'https://acme.my.salesforce.com'

export async function eventOrg({
  selected = ['Account', 'Contact', 'Opportunity', 'Contract'],
  personAccounts = false,
  ...options
}: PubSubOptions & { selected?: readonly string[]; personAccounts?: boolean } = {}): Promise<EventOrg> {
  let shift = 0
  let sessions = 1
  const state = openState({
    org: ORG,
    clock: () => new Date(Date.UTC(2026, 10, 21, 12) + shift),
    features: { personAccounts, multiCurrency: false, accountTeams: false },
    write: null,
  })
  state.selectForChangeEvents(selected)
  const service = {
    url: URL,
    org: ORG,
    state,
    isGoodSession: (token: string) => token === `token-${sessions}`,
  }
  let pubsub = await startPubSub(service, options)
  return {
    org: ORG,
    state,
    get pubsub() {
      return pubsub
    },
    us: { userId: '005xx000001Sv6AAAS', client: 'Holdfast' },
    session: () => ({ accessToken: `token-${sessions}`, instanceUrl: URL }),
    endSession: () => void sessions++,
    passTime: (ms) => void (shift += ms),
    async restart() {
      await pubsub.close()
      pubsub = await startPubSub(service, options)
    },
    close: () => pubsub.close(),
  }
}
