/** The queue as the rest sees it: what it calls, what it is asked. */
import type { Queue } from 'bullmq'
import type { Logger } from 'pino'
import type { Clock } from '../contracts/clock.ts'
import type { ConnectionId, InterventionId, TenantId } from '../contracts/ids.ts'
import type { StepName } from '../loop/services.ts'
import type { Database } from '../store/database.ts'
import type { JobData, QueueBackend } from './backend.ts'

/** `web` only looks and wakes; `scheduler` dispatches; `worker` works; `all` does both. */
export type QueueRole = 'web' | 'worker' | 'scheduler' | 'all'

/** A queue for each step, and one for what is sent. */
export type QueueName = StepName | 'act'

export interface QueueHandlers {
  /**
   * One pass of a step; called with its lease held, which is renewed until the promise settles. When `signal` is
   * aborted it ends soon, and the step is dispatched again.
   */
  step(
    tenant: TenantId,
    connection: ConnectionId,
    step: StepName,
    context: { readonly cause: string; readonly signal: AbortSignal },
  ): Promise<void>
  /** `worker` names this execution in leases; it is never the same twice. */
  act(
    tenant: TenantId,
    intervention: InterventionId,
    context: { readonly worker: string; readonly signal: AbortSignal },
  ): Promise<void>
}

export interface QueueLimits {
  /** Jobs of a tenant that may be in flight in the queue of a step; default 2. */
  readonly stepsPerTenant: number
  /** Sends of a tenant that may be in flight; default 4. */
  readonly sendsPerTenant: number
  /** Jobs that a process works on at a time, by queue; more than a tenant may have in flight. */
  readonly concurrency: Readonly<Record<QueueName, number>>
  /** Between two sweeps over everything that is due; default 3,000. */
  readonly sweepMs: number
  /** How long a step is held without a renewal; default 60. */
  readonly leaseSeconds: number
  /** Failures of a step in a row until it waits for a person; default 12, about 6 hours. */
  readonly maxAttempts: number
}

export interface QueueOptions {
  readonly backend: QueueBackend
  readonly database: Database
  readonly role: QueueRole
  readonly handlers: QueueHandlers
  readonly clock: Clock
  readonly log: Logger
  readonly limits?: Partial<QueueLimits>
}

/** For metrics and readiness; labels are queues and states only. */
export interface QueueCounts {
  readonly queues: Readonly<
    Record<
      QueueName,
      {
        readonly waiting: number
        readonly active: number
        readonly delayed: number
        readonly failed: number
        readonly completed: number
      }
    >
  >
  /** Due and not being worked on. */
  readonly dueSteps: number
  readonly dueInterventions: number
  /** Given up until somebody asks for them again. */
  readonly deadSteps: number
}

export interface QueueService {
  /**
   * Dispatches what is due now; for after the commit of a request. Never throws, never waits.
   *
   * @param tenant whose work it is, where that is known: cheaper
   */
  wake(tenant?: TenantId): void
  /** For the queue board. */
  readonly queues: readonly Queue<JobData>[]
  /** @throws HoldfastError `database_unavailable`, `queue_unavailable` */
  counts(): Promise<QueueCounts>
  /**
   * Ends: takes nothing more, aborts what runs, waits for it, gives its leases back so that others take over at once.
   *
   * @param timeoutMs how long what runs may take to end; after it the leases run out by themselves. Default 20,000
   */
  drain(timeoutMs?: number): Promise<void>
}
