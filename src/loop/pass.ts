/**
 * One pass of the loop, asked for by a person: each step of a connection once, in order, then what is due to be sent.
 * The steps are done by whoever works on the queue; here is only asking and waiting.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { HoldfastError, isErrorCode } from '../contracts/errors.ts'
import type { ConnectionId, TenantId } from '../contracts/ids.ts'
import { readConnection } from '../store/connections.ts'
import type { Database } from '../store/database.ts'
import { dueInterventions } from '../store/due.ts'
import { recentRuns, type Run } from '../store/runs.ts'
import { listSteps, requestStep } from '../store/steps.ts'
import { databaseTime } from '../store/time.ts'
import type { Counts, StepName } from './services.ts'

export interface PassRequest {
  readonly tenant: TenantId
  readonly connection: ConnectionId
  readonly steps: readonly StepName[]
  /** Waits for what is to be sent, too. */
  readonly act: boolean
  readonly cause: string
  readonly signal: AbortSignal
  /** Called after commit, so that nobody waits for the next sweep. */
  readonly wake: () => void
  /** Called when a run begins, moves on and ends. */
  readonly onRun?: (run: Run) => void
}

const LOOK_MS = 100

/** What a pass did, whoever began each run: work that one step leaves for the next is begun at once. */
export interface PassedStep {
  readonly step: StepName
  /** Summed over the runs of the step since the pass began. */
  readonly counts: Counts
}

/**
 * @returns what each step did, in the order asked for
 * @throws HoldfastError what a step failed with; `paused` while its connection is; `server_unreachable` when aborted
 * @example
 * await pass(database, { tenant, connection, steps: ['sync', 'score'], act: false, cause: 'cli', … })
 */
export async function pass(database: Database, request: PassRequest): Promise<readonly PassedStep[]> {
  const { tenant, connection } = request
  const begun = await database.withTenant(tenant, databaseTime)
  for (const step of request.steps) await passStep(database, step, request)
  if (request.act) await settled(database, request)
  const all = await database.withTenant(tenant, (tx) => recentRuns(tx, { connection, limit: 200 }))
  const runs = all.filter(({ startedAt }) => startedAt >= begun)
  return request.steps.map((step) => ({
    step,
    counts: summed(runs.filter((run) => run.step === step).map((run) => run.counts)),
  }))
}

function summed(all: readonly Counts[]): Counts {
  const sums: Record<string, number> = {}
  for (const counts of all)
    for (const [name, many] of Object.entries(counts)) sums[name] = (sums[name] ?? 0) + many
  return sums
}

async function passStep(
  database: Database,
  step: StepName,
  { tenant, connection, cause, signal, wake, onRun = () => undefined }: PassRequest,
): Promise<void> {
  const asked = await database.withTenant(tenant, async (tx) => {
    await requestStep(tx, { connection, step, cause })
    tx.afterCommit(wake)
    return databaseTime(tx)
  })
  for (;;) {
    signal.throwIfAborted()
    const { state, run, place } = await database.withTenant(tenant, async (tx) => ({
      state: (await listSteps(tx, { connection })).find((one) => one.step === step),
      run: (await recentRuns(tx, { connection, limit: 20 })).find((one) => one.step === step),
      place: await readConnection(tx, connection),
    }))
    if (run !== undefined && run.startedAt >= asked) onRun(run)
    const done = state?.lastDoneAt !== null && state !== undefined && state.lastDoneAt >= asked
    if (done && run?.status !== 'running') return
    if (place.status !== 'active')
      throw new HoldfastError(
        'paused',
        `The connection "${place.name}" is ${place.status.replace('_', ' ')}, so nothing is done for it: ${place.statusReason ?? 'no reason was given'}.`,
      )
    // A step that failed since it was asked for may be tried again later; whoever waits hears of it now.
    const failure = run !== undefined && run.startedAt >= asked && run.status === 'failed' ? run.error : null
    if (failure !== null && state?.state !== 'running')
      throw new HoldfastError(isErrorCode(failure.code) ? failure.code : 'internal', failure.message, {
        retryable: state?.state !== 'dead',
      })
    await sleep(LOOK_MS, undefined, { signal })
  }
}

/** Waits until nothing of the tenant is due to be sent, or nothing may be. */
async function settled(
  database: Database,
  { tenant, signal, wake }: Pick<PassRequest, 'tenant' | 'signal' | 'wake'>,
): Promise<void> {
  wake()
  for (;;) {
    const due = await database.asSystem('a pass waits for what is due', (tx) =>
      dueInterventions(tx, { limitPerTenant: 1, limit: 1, tenants: [tenant] }),
    )
    if (due.length === 0) return
    await sleep(LOOK_MS, undefined, { signal })
  }
}
