/**
 * A step under its lease: taken in the database before any work, renewed while it goes on, given back at the end. So
 * the same step of a connection never runs twice at a time, however often its job is queued.
 */
import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { HoldfastError } from '../contracts/errors.ts'
import type { ConnectionId, TenantId } from '../contracts/ids.ts'
import { asRunError } from '../loop/run-step.ts'
import type { StepName } from '../loop/services.ts'
import type { Database, Transaction } from '../store/database.ts'
import { failStep, finishStep, leaseStep, releaseStep, renewStep, type StepFailure } from '../store/steps.ts'

export interface StepHolding {
  readonly tenant: TenantId
  readonly connection: ConnectionId
  readonly step: StepName
  /** How long it is held without a renewal, which comes three times as often. */
  readonly leaseSeconds: number
  /** Failures in a row until it is given up. */
  readonly maxAttempts: number
  /** Aborted when this process is to end. */
  readonly stopping: AbortSignal
}

export type StepOutcome =
  | { readonly kind: 'done' }
  /** Not due, or somebody else has it. */
  | { readonly kind: 'skipped' }
  /** Told to stop, or overtaken: it runs again, elsewhere perhaps. */
  | { readonly kind: 'interrupted' }
  | { readonly kind: 'failed'; readonly cause: unknown; readonly code: string }

/**
 * @param work stops soon once its signal is aborted: the process ends, or the lease is lost
 * @throws HoldfastError `database_unavailable` when the database is away before the work or for long after it
 * @example
 * await holdStep(database, { tenant, connection, step: 'sync', … }, ({ cause, signal }) => runStep(…))
 */
export async function holdStep(
  database: Database,
  { tenant, connection, step, leaseSeconds, maxAttempts, stopping }: StepHolding,
  work: (context: { readonly cause: string; readonly signal: AbortSignal }) => Promise<unknown>,
): Promise<StepOutcome> {
  if (stopping.aborted) return { kind: 'interrupted' }
  const lease = { connection, step, owner: randomUUID() }
  const inTenant = <T>(change: (tx: Transaction) => Promise<T>): Promise<T> =>
    database.withTenant(tenant, change)
  let takenAt = performance.now()
  const taken = await inTenant((tx) => leaseStep(tx, lease, leaseSeconds))
  if (taken === null) return { kind: 'skipped' }

  const lost = new AbortController()
  const runsOut = (): number => takenAt + leaseSeconds * 1000
  const renewal = renewing(leaseSeconds / 3, async () => {
    const at = performance.now()
    try {
      if (await inTenant((tx) => renewStep(tx, lease, leaseSeconds))) takenAt = at
      else lost.abort(overtaken())
    } catch (cause) {
      // The database may be back before the lease runs out; after that another worker may have the step.
      if (performance.now() >= runsOut()) lost.abort(cause)
    }
  })
  const signal = AbortSignal.any([stopping, lost.signal])

  let failure: { cause: unknown } | null = null
  if (taken.attempts >= maxAttempts) failure = { cause: killedItsProcess(taken.attempts) }
  else
    try {
      await work({ cause: taken.cause, signal })
    } catch (cause) {
      failure = { cause }
    }
  await renewal.stop()

  if (lost.signal.aborted) return { kind: 'interrupted' }
  const ended = await whileAway(runsOut(), () =>
    inTenant(async (tx): Promise<StepOutcome> => {
      if (stopping.aborted) {
        await releaseStep(tx, lease)
        return { kind: 'interrupted' }
      }
      if (failure === null) {
        await finishStep(tx, lease)
        return { kind: 'done' }
      }
      const described = describe(failure.cause)
      await failStep(tx, lease, described, { maxAttempts })
      return { kind: 'failed', cause: failure.cause, code: described.code }
    }),
  ).catch((cause: unknown): StepOutcome => {
    if (cause instanceof HoldfastError && cause.code === 'lease_lost') return { kind: 'interrupted' }
    throw cause
  })
  return ended
}

/** Calls again and again, never twice at a time. */
function renewing(seconds: number, renew: () => Promise<void>) {
  let current: Promise<void> | null = null
  const timer = setInterval(() => {
    current ??= renew().finally(() => (current = null))
  }, seconds * 1000)
  return {
    stop: async (): Promise<void> => {
      clearInterval(timer)
      await current
    },
  }
}

/** What is done must be noted: a database that is away for a moment is waited for, as long as the lease holds. */
async function whileAway<T>(until: number, note: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await note()
    } catch (cause) {
      const mayPass = cause instanceof HoldfastError && cause.retryable
      if (!mayPass || performance.now() >= until) throw cause
      await sleep(500)
    }
  }
}

/** What is no error of ours may pass: a defect is tried again until the attempts are used up. */
function describe(cause: unknown): StepFailure {
  return { ...asRunError(cause), retryable: cause instanceof HoldfastError ? cause.retryable : true }
}

function overtaken(): HoldfastError {
  return new HoldfastError('lease_lost', 'Another worker took this step over.', { retryable: true })
}

function killedItsProcess(times: number): HoldfastError {
  return new HoldfastError(
    'internal',
    `The process ended or froze ${times} times in a row while it did this, so it is not tried again by itself. Look at the log for what ends it (often memory), then ask for it again.`,
  )
}
