/** The queue as the rest sees it: what it calls, what it is asked, and how its parts are put together. */
import { AsyncLocalStorage } from 'node:async_hooks'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Queue } from 'bullmq'
import type { Logger } from 'pino'
import type { Clock } from '../contracts/clock.ts'
import type { ConnectionId, InterventionId, TenantId } from '../contracts/ids.ts'
import type { StepName } from '../loop/services.ts'
import type { Database } from '../store/database.ts'
import { countDue } from '../store/due.ts'
import { ensureInstallation } from '../store/tenants.ts'
import { allOpened, type JobData, type QueueBackend } from './backend.ts'
import { startDispatcher } from './dispatcher.ts'
import { DEFAULT_LIMITS, QUEUE_NAMES } from './limits.ts'
import { watchOutage } from './outage.ts'
import { openSignals } from './signals.ts'
import { startWorkers } from './workers.ts'

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
  /** Sends of a tenant that may be in flight while no other tenant has anything to do; default 48. */
  readonly sendsPerTenant: number
  /** The same once it has been alone for three seconds; default 144. */
  readonly sendsAlone: number
  /** The same where as many leave within 0.5 s; default 512. */
  readonly sendsAtPace: number
  /** The same while others have: what they wait for is the database as much as a place; default 2. */
  readonly sendsBesideOthers: number
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
  readonly limits?: Partial<Omit<QueueLimits, 'concurrency'>> & {
    readonly concurrency?: Partial<QueueLimits['concurrency']>
  }
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

/**
 * @throws HoldfastError `database_unavailable`, `queue_unavailable`
 * @example
 * const queue = await startQueue({ backend, database, role: 'all', handlers, clock: systemClock, log })
 * await database.withTenant(tenant, async (tx) => {
 *   await requestStep(tx, { connection, step: 'sync', cause: 'api' })
 *   tx.afterCommit(() => queue.wake(tenant))
 * })
 */
export async function startQueue(options: QueueOptions): Promise<QueueService> {
  const { backend, database, role, handlers, log } = options
  const limits: QueueLimits = {
    ...DEFAULT_LIMITS,
    ...options.limits,
    // Who says how many at a time means the most.
    sendsAlone: options.limits?.sendsAlone ?? options.limits?.sendsPerTenant ?? DEFAULT_LIMITS.sendsAlone,
    sendsAtPace: options.limits?.sendsAtPace ?? options.limits?.sendsPerTenant ?? DEFAULT_LIMITS.sendsAtPace,
    concurrency: { ...DEFAULT_LIMITS.concurrency, ...options.limits?.concurrency },
  }
  const outage = watchOutage(log, 'the queue')
  await backend.ping()
  // A Redis may serve several installations.
  const { id } = await database.asSystem('whose queue this is', ensureInstallation)
  const prefix = `holdfast-${id}`
  const opened = await allOpened(
    QUEUE_NAMES.map((name) => backend.queue(name, { prefix, streams: { events: { maxLen: 100 } } })),
  )
  for (const queue of opened) queue.on('error', outage.failed)
  const queues = Object.fromEntries(QUEUE_NAMES.map((name, at) => [name, opened[at]])) as Record<
    QueueName,
    Queue<JobData>
  >

  const signals = openSignals(database, outage.failed)
  const dispatcher =
    role === 'scheduler' || role === 'all'
      ? startDispatcher({
          database,
          backend,
          queues,
          limits,
          log,
          outage,
          beforeSweep: () => signals.listen((tenant) => dispatcher?.wake(tenant)),
          onLeave: () => signals.send(null),
        })
      : null
  const tell = (tenant: TenantId | null, only?: 'sends'): void => {
    if (dispatcher?.leads() === true) dispatcher.wake(tenant, only)
    else signals.send(tenant)
  }
  const ended = (tenant: TenantId, only?: 'sends'): void => {
    // Where nobody sweeps, a job that came and went is the sign that the queue is back.
    if (dispatcher === null) outage.ok()
    tell(tenant, only)
  }
  const workers =
    role === 'worker' || role === 'all'
      ? await startWorkers({ database, backend, prefix, handlers, limits, log, outage, onEnd: ended }).catch(
          async (cause: unknown) => {
            await dispatcher?.close().catch(outage.failed)
            await signals.close()
            throw cause
          },
        )
      : null

  // Whoever wakes may be inside a transaction of theirs; what follows is not.
  const outside = AsyncLocalStorage.snapshot()
  let ending: Promise<void> | null = null
  async function end(): Promise<void> {
    workers?.stop()
    const told = Promise.all([dispatcher?.close().catch(outage.failed), workers?.ended()])
    await workers?.idle()
    // Nothing is lost with what Redis is not told any more: the database says what is done and what is due.
    if (!(await inTime(told, TELLING_MS))) backend.cut()
    await told
    await signals.close()
    await Promise.all(Object.values(queues).map((queue) => queue.close()))
  }
  return {
    wake: (tenant) => outside(() => tell(tenant ?? null)),
    queues: QUEUE_NAMES.map((name) => queues[name]),
    counts: () => countAll(database, backend, queues),
    drain: async (timeoutMs = 20_000) => {
      ending ??= end()
      if (await inTime(ending, timeoutMs)) return
      log.warn(`what runs did not end within ${timeoutMs} ms; its leases run out by themselves`)
      // Whoever closes the database waits for the connection that is listened on.
      await inTime(signals.close(), TELLING_MS)
    },
  }
}

/** For the queue to take note of what ended: milliseconds where it answers. */
const TELLING_MS = 3000

/** Whether it settled within so many milliseconds; rejects as it does. */
async function inTime(work: Promise<unknown>, ms: number): Promise<boolean> {
  const late = new AbortController()
  try {
    return await Promise.race([
      work.then(() => true),
      sleep(ms, false, { signal: late.signal }).catch(() => false),
    ])
  } finally {
    late.abort()
  }
}

async function countAll(
  database: Database,
  backend: QueueBackend,
  queues: Readonly<Record<QueueName, Queue<JobData>>>,
): Promise<QueueCounts> {
  await backend.ping()
  const due = await database.asSystem('count what is due', countDue)
  const counted = await Promise.all(
    QUEUE_NAMES.map(async (name) => {
      const found = await queues[name].getJobCounts('waiting', 'active', 'delayed', 'failed', 'completed')
      const { waiting = 0, active = 0, delayed = 0, failed = 0, completed = 0 } = found
      return [name, { waiting, active, delayed, failed, completed }] as const
    }),
  )
  return {
    queues: Object.fromEntries(counted) as QueueCounts['queues'],
    dueSteps: due.steps,
    dueInterventions: due.interventions,
    deadSteps: due.deadSteps,
  }
}
