/**
 * What became of the tasks on people's lists is read back from their CRM: a call that was made confirms its
 * intervention, with what came of it; one that was put aside is noted, and holds no budget any more. Tasks that ask for
 * an approval are answers (approval-tasks.ts).
 */
import type { Connector, TaskOutcome } from '../../connectors/connector.ts'
import { asIntervention, type InterventionId } from '../contracts/ids.ts'
import { openTasks, settleOutcomes, type OpenTask } from '../store/call-outcomes.ts'
import { readConnection } from '../store/connections.ts'
import { readApprovals } from './approval-tasks.ts'
import { openConnector } from './open-connector.ts'
import type { Counts, LoopServices, StepContext } from './services.ts'

/** Tasks of one call. */
const BATCH = 100
/** A task is asked about again after this long. */
const EVERY_MS = 15 * 60_000

/**
 * The tasks of a connection, for a step that has no connector open; nothing where its CRM has no tasks.
 *
 * @throws HoldfastError as {@link readCallOutcomes}, and what opening throws
 */
export async function followTasks(services: LoopServices, context: StepContext): Promise<Counts> {
  const { database, connectors } = services
  const connection = await database.withTenant(context.tenant, (tx) => readConnection(tx, context.connection))
  if (!connectors.can(connection.kind, 'tasks')) return {}
  let opened: Connector | null = null
  try {
    const open = async (): Promise<Connector> =>
      (opened ??= await openConnector(services, context, connection))
    const answered = await readApprovals(services, context, open)
    return { ...answered, ...(await readCallOutcomes(services, context, open)) }
  } finally {
    // Assigned by the function above, which the compiler does not follow.
    await (opened as Connector | null)?.close()
  }
}

/**
 * Safe to repeat: what is final is not asked about again.
 *
 * @param open the connector of the connection; whoever opens it closes it. Not called where no task is open
 * @returns `{ tasksDone, tasksCancelled }`
 * @throws HoldfastError what the connector throws; what was read until then is kept
 * @example
 * await readCallOutcomes(services, context, crm.open) // { tasksDone: 3, tasksCancelled: 1 }
 */
export async function readCallOutcomes(
  { database }: Pick<LoopServices, 'database'>,
  { tenant, connection, signal }: Pick<StepContext, 'tenant' | 'connection' | 'signal'>,
  open: () => Promise<Connector>,
): Promise<{ readonly tasksDone: number; readonly tasksCancelled: number }> {
  const counts = { tasksDone: 0, tasksCancelled: 0 }
  let after: InterventionId | null = null
  while (!signal.aborted) {
    const from: InterventionId | null = after
    const asked: readonly OpenTask[] = await database.withTenant(tenant, (tx) =>
      openTasks(tx, connection, { after: from, limit: BATCH, everyMs: EVERY_MS }),
    )
    if (asked.length === 0) break
    const connector = await open()
    if (connector.taskOutcomes === undefined) break
    const outcomes = (await connector.taskOutcomes(asked)).map(outcomeOf)
    const { done, cancelled } = await database.withTenant(tenant, (tx) => settleOutcomes(tx, outcomes))
    counts.tasksDone += done
    counts.tasksCancelled += cancelled
    after = asked[asked.length - 1].key
  }
  return counts
}

const outcomeOf = ({ key, ...rest }: TaskOutcome) => ({ intervention: asIntervention(key), ...rest })
