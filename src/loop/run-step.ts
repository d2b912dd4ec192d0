/** One pass of a step with its run: the same for queue, API and command line. */
import { HoldfastError } from '../contracts/errors.ts'
import type { ConnectionId, RunId, TenantId } from '../contracts/ids.ts'
import type { Database } from '../store/database.ts'
import { endRun, saveProgress, startRun } from '../store/runs.ts'
import type { Counts, LoopServices, LoopStep, StepName } from './services.ts'

export interface StepCall {
  readonly tenant: TenantId
  readonly connection: ConnectionId
  readonly step: StepName
  /** schedule, webhook, events, api, cli, settings, first, or the step before. */
  readonly cause: string
  /** Aborted when the process drains or the lease is lost: the run is then `interrupted`. */
  readonly signal: AbortSignal
}

/** Between two writes of progress. */
const PROGRESS_MS = 500

/**
 * Whoever calls holds the step's lease (`leaseStep`), so that no step of a connection runs twice at a time.
 *
 * @returns what the pass did; a pass that was aborted returns what it did until then and is to be called again
 * @throws HoldfastError `conflict` while the connection is paused, disconnected or needs a sign-in; what the step threw
 * @example
 * await runStep(services, { sync, score: scoreBook, … }, { tenant, connection, step: 'sync', cause: 'cli', signal })
 */
export async function runStep(
  services: LoopServices,
  steps: Readonly<Record<StepName, LoopStep>>,
  { tenant, connection, step, cause, signal }: StepCall,
): Promise<Counts> {
  const { database, log } = services
  const run = await database.withTenant(tenant, async (tx) => {
    const [found] = await tx.query<{ name: string; status: string; status_reason: string | null }>(
      'select name, status, status_reason from connections where tenant_id = $1 and id = $2',
      [tenant, connection],
    )
    if (found === undefined)
      throw new HoldfastError('not_found', 'The connection is gone, so nothing was done for it.')
    if (found.status !== 'active') throw refused(found)
    return startRun(tx, { connection, step, cause })
  })
  const watched = watchProgress(database, tenant, run)
  try {
    const counts = await steps[step](services, {
      tenant,
      connection,
      run,
      cause,
      signal,
      progress: watched.progress,
    })
    await watched.stop()
    const status = signal.aborted ? 'interrupted' : 'done'
    await database.withTenant(tenant, (tx) => endRun(tx, run, { status, counts }))
    return counts
  } catch (cause) {
    await watched.stop()
    // A step may end by throwing when it is told to stop.
    const end = signal.aborted
      ? ({ status: 'interrupted', counts: {} } as const)
      : ({ status: 'failed', error: asRunError(cause) } as const)
    await database
      .withTenant(tenant, (tx) => endRun(tx, run, end))
      .catch((error: unknown) =>
        log.warn({ err: error, tenant, connection, run }, 'the end of a run could not be noted'),
      )
    throw cause
  }
}

/** What a person reads of an error of any kind. */
export function asRunError(cause: unknown): { code: string; message: string } {
  if (cause instanceof HoldfastError) return { code: cause.code, message: cause.message }
  const detail = cause instanceof Error ? cause.message : String(cause)
  return { code: 'internal', message: `Something failed inside Holdfast: ${detail}` }
}

function refused({
  name,
  status,
  status_reason: reason,
}: {
  name: string
  status: string
  status_reason: string | null
}): HoldfastError {
  const why = reason === null ? '' : ` (${reason})`
  const advice = {
    paused: `The connection "${name}" is paused${why}. Resume it to go on.`,
    needs_reconnect: `The connection "${name}" has to be signed in to again${why}.`,
    disconnected: `The connection "${name}" is disconnected${why}. Connect it again to go on.`,
  }[status]
  return new HoldfastError('conflict', advice ?? `The connection "${name}" is ${status}.`)
}

/** Progress is noted by a timer of its own, so that a step may report from inside a transaction. */
function watchProgress(database: Database, tenant: TenantId, run: RunId) {
  let latest: { done: number; total: number | null } | null = null
  let writing: Promise<void> = Promise.resolve()
  const save = (): void => {
    const now = latest
    if (now === null) return
    latest = null
    // What cannot be noted is noted with the next one: the work itself must not fail of it.
    writing = writing.then(() =>
      database.withTenant(tenant, (tx) => saveProgress(tx, run, now)).catch(() => undefined),
    )
  }
  const timer = setInterval(save, PROGRESS_MS)
  return {
    progress: (done: number, total: number | null): void => {
      latest = { done, total }
    },
    /** Writes the last one. */
    stop: async (): Promise<void> => {
      clearInterval(timer)
      save()
      await writing
    },
  }
}
