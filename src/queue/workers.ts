/** Works on jobs: a job only says what to look at, the database says whether and by whom it is done. */
import { randomUUID } from 'node:crypto'
import { UnrecoverableError, type Job, type Worker } from 'bullmq'
import type { Logger } from 'pino'
import { HoldfastError } from '../contracts/errors.ts'
import {
  asConnection,
  asIntervention,
  asTenant,
  type InterventionId,
  type TenantId,
} from '../contracts/ids.ts'
import type { StepName } from '../loop/services.ts'
import type { Database } from '../store/database.ts'
import { postponeIntervention } from '../store/due.ts'
import { allOpened, type JobData, type QueueBackend } from './backend.ts'
import { holdStep } from './held-step.ts'
import { QUEUE_NAMES } from './limits.ts'
import type { Outage } from './outage.ts'
import type { QueueHandlers, QueueLimits, QueueName } from './service.ts'

export interface WorkersOptions {
  readonly database: Database
  readonly backend: QueueBackend
  readonly prefix: string
  readonly handlers: QueueHandlers
  readonly limits: QueueLimits
  readonly log: Logger
  readonly outage: Outage
  /** A job of the tenant ended, and its place is free; a send leaves no step to do. */
  readonly onEnd: (tenant: TenantId, only?: 'sends') => void
}

export interface Workers {
  /** Takes nothing more and tells what runs to stop. */
  stop(): void
  /** Resolves when nothing runs any more; the queue may not know of it yet. */
  idle(): Promise<void>
  /** Resolves when the queue knows as well. */
  ended(): Promise<void>
}

/** @throws HoldfastError `database_unavailable` */
export async function startWorkers(options: WorkersOptions): Promise<Workers> {
  const { database, backend, prefix, handlers, limits, log, outage, onEnd } = options
  const stopping = new AbortController()
  const running = new Set<Promise<string>>()

  async function step(name: StepName, { tenant, connection }: JobData): Promise<string> {
    if (connection === undefined) throw new UnrecoverableError('The job names no connection.')
    const of = { tenant: asTenant(tenant), connection: asConnection(connection), step: name }
    const outcome = await holdStep(
      database,
      {
        ...of,
        leaseSeconds: limits.leaseSeconds,
        maxAttempts: limits.maxAttempts,
        stopping: stopping.signal,
      },
      (context) => handlers.step(of.tenant, of.connection, name, context),
    )
    if (outcome.kind !== 'failed') return outcome.kind
    log.warn({ err: outcome.cause, ...of }, `${name} failed`)
    throw failed(outcome.code)
  }

  /** One that fails keeps back none of the others. */
  async function actAll({ tenant, interventions = [] }: JobData): Promise<string> {
    if (interventions.length === 0) throw new UnrecoverableError('The job names no intervention.')
    const of = asTenant(tenant)
    let left = interventions.length
    const ended = await Promise.allSettled(
      interventions.map(async (one) => {
        try {
          return await act(of, asIntervention(one))
        } finally {
          left--
          // The next come in before the slowest of these is done.
          if (left > 0 && left === interventions.length >> 1) onEnd(of, 'sends')
        }
      }),
    )
    const bad = ended.find((one) => one.status === 'rejected')
    if (bad !== undefined) throw bad.reason
    return ended.some((one) => one.status === 'fulfilled' && one.value === 'interrupted')
      ? 'interrupted'
      : 'done'
  }

  async function act(tenant: TenantId, intervention: InterventionId): Promise<string> {
    if (stopping.signal.aborted) return 'interrupted'
    const of = { tenant, intervention }
    try {
      await handlers.act(of.tenant, of.intervention, { worker: randomUUID(), signal: stopping.signal })
      return 'done'
    } catch (cause) {
      if (stopping.signal.aborted || isCode(cause, 'lease_lost')) return 'interrupted'
      // Nobody could be told: it is due still, and the sweep finds it when the database is back.
      if (isCode(cause, 'database_unavailable')) throw cause
      log.error({ err: cause, ...of }, 'act failed')
      await database.withTenant(of.tenant, (tx) => postponeIntervention(tx, of.intervention))
      throw failed(cause instanceof HoldfastError ? cause.code : 'internal')
    }
  }

  async function start(name: QueueName): Promise<Worker<JobData>> {
    const process = async ({ data }: Job<JobData>): Promise<string> => {
      const run = name === 'act' ? actAll(data) : step(name, data)
      running.add(run)
      try {
        return await run
      } finally {
        running.delete(run)
      }
    }
    const worker = await backend.worker(name, process, {
      prefix,
      concurrency: limits.concurrency[name],
      // A job whose worker died waits again after one to two of these; the lease in the database is what guards it.
      lockDuration: limits.leaseSeconds * 500,
      stalledInterval: limits.leaseSeconds * 250,
      // Deaths are counted in the database.
      maxStalledCount: 1000,
      // After an outage: BullMQ's own 15 seconds are long for a person who waits.
      runRetryDelay: 1000,
      // What ended is trimmed by the dispatcher alone: see ended-jobs.ts.
      removeOnComplete: { count: -1 },
      removeOnFail: { count: -1 },
    })
    worker.on('error', (cause) => {
      if (!isLockGone(cause)) outage.failed(cause)
    })
    // Only now is the job out of the queue: what comes next could not have come in before.
    const only = name === 'act' ? 'sends' : undefined
    worker.on('completed', (job) => onEnd(asTenant(job.data.tenant), only))
    worker.on('failed', (job) => {
      if (job !== undefined) onEnd(asTenant(job.data.tenant), only)
    })
    return worker
  }

  const workers = await allOpened(QUEUE_NAMES.map(start))
  return {
    stop: () => {
      stopping.abort(
        new HoldfastError('lease_lost', 'This process is ending; the work goes on in the next one.', {
          retryable: true,
        }),
      )
      for (const worker of workers) void worker.close().catch(outage.failed)
    },
    idle: async () => {
      while (running.size > 0) await Promise.allSettled(running)
    },
    ended: async () => {
      await Promise.all(workers.map((worker) => worker.close()))
    },
  }
}

/** The queue's board shows codes; messages, which may name things of a customer, are in the runs and the ledger. */
function failed(code: string): UnrecoverableError {
  return new UnrecoverableError(code)
}

function isCode(cause: unknown, code: HoldfastError['code']): boolean {
  return cause instanceof HoldfastError && cause.code === code
}

/**
 * A job that ended while its lock was being renewed, or one that another worker took before this one could say that it
 * had ended: the queue works. Who may do what is decided by leases in the database.
 *
 * @see https://github.com/taskforcesh/bullmq/blob/master/src/classes/lock-manager.ts
 * @see https://github.com/taskforcesh/bullmq/blob/master/src/classes/finished-errors.ts
 */
const isLockGone = ({ message }: Error): boolean =>
  /^(could not renew lock|Missing lock|Lock mismatch|Missing key) for job|^Job .* is not in the active state/.test(
    message,
  )
