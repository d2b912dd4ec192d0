/**
 * Write back: whatever Holdfast writes to a CRM beside the tasks that carry actions out. Records of people who were
 * erased are emptied first; then goes what people told us of consent, since it binds the CRM too; then who is asked for an approval; then what the records show of us (write-fields.ts); then what was sent, on their timeline, and what was done, as records of its own.
 *
 * Each part stands for itself: a right that one of them lacks keeps none of the others from its work.
 */
import type { Connector } from '../../connectors/connector.ts'
import { HoldfastError } from '../contracts/errors.ts'
import { readConnection } from '../store/connections.ts'
import { nextOutward } from '../store/outward.ts'
import { requestStep } from '../store/steps.ts'
import { writeApprovals } from './approval-tasks.ts'
import { clearErased } from './clear-erased.ts'
import type { Counts, LoopServices, LoopStep, StepContext } from './services.ts'
import { writeActivities } from './write-activities.ts'
import { writeConsents } from './write-consents.ts'
import { writeFields } from './write-fields.ts'
import { writeInterventions } from './write-interventions.ts'

/**
 * @throws HoldfastError of the first part that could do nothing at all; what was written until then, and by the other
 *   parts, is noted
 * @example
 * await writeBack(services, context) // { written: 95, failed: 1, dryRun: 0, unchanged: 4 }
 */
export const writeBack: LoopStep = async (services, context) => {
  const { tenant, connection: id, signal } = context
  const { database, connectors } = services
  const { kind } = await database.withTenant(tenant, (tx) => readConnection(tx, id))
  const crm = openOnce(services, context)
  const parts = [
    () => clearErased(services, context, crm.open),
    ...(connectors.can(kind, 'consent') ? [() => writeConsents(services, context, crm.open)] : []),
    ...(connectors.can(kind, 'tasks') ? [() => writeApprovals(services, context, crm.open)] : []),
    () => writeFields(services, context, crm.open),
    ...(connectors.can(kind, 'activities') ? [() => writeActivities(services, context, crm.open)] : []),
    ...(connectors.can(kind, 'interventions') ? [() => writeInterventions(services, context, crm.open)] : []),
  ]
  let counts: Counts = {}
  let failure: unknown = null
  try {
    for (const part of parts) {
      if (failure !== null && (signal.aborted || !mayOthersWork(failure))) break
      try {
        counts = { ...counts, ...(await part()) }
      } catch (error) {
        failure ??= error
      }
    }
  } finally {
    await crm.close()
  }
  await database.withTenant(tenant, async (tx) => {
    const at = await nextOutward(tx, id)
    // What is due already is only so where a part failed, whose step is tried again as it is.
    if (at !== null && failure === null)
      await requestStep(tx, { connection: id, step: 'write_back', cause: 'retry', at })
  })
  if (failure !== null) throw failure
  return counts
}

/** A CRM that is away or wants a new sign-in is so for everything. */
function mayOthersWork(failure: unknown): boolean {
  return failure instanceof HoldfastError && failure.code === 'connector_configuration'
}

/** The connector, opened by whoever needs it first. */
function openOnce({ database, connectors }: LoopServices, { tenant, connection: id }: StepContext) {
  let opened: Promise<Connector> | null = null
  const openIt = async (): Promise<Connector> => {
    const { kind, config } = await database.withTenant(tenant, (tx) => readConnection(tx, id))
    return connectors.open({ tenant, id, kind, config })
  }
  return {
    open: (): Promise<Connector> => (opened ??= openIt()),
    close: async (): Promise<void> => {
      const connector = await opened?.catch(() => null)
      await connector?.close()
    },
  }
}
