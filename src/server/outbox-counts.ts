/** How many interventions are in each state: counted anew only when one has moved, since every page shows some of it. */
import type { TenantId } from '../contracts/ids.ts'
import type { Database, Transaction } from '../store/database.ts'
import type { InterventionState } from '../store/intervention-states.ts'
import { countInterventions } from '../store/reads/interventions.ts'
import { outboxMark } from '../store/reads/marks.ts'

export type OutboxCounts = Readonly<Partial<Record<InterventionState, number>>>

interface Kept {
  readonly mark: number | null
  readonly counts: OutboxCounts
}

const keptBy = new WeakMap<Database, Map<TenantId, Kept>>()
/** Tenants whose counts are kept. */
const KEPT = 2000

/**
 * @param tx of the tenant
 * @example
 * const { awaiting_approval: waiting = 0 } = await outboxCounts(tx, { database, tenant })
 */
export async function outboxCounts(
  tx: Transaction,
  { database, tenant }: { database: Database; tenant: TenantId },
): Promise<OutboxCounts> {
  const kept = keptBy.get(database) ?? new Map<TenantId, Kept>()
  keptBy.set(database, kept)
  const mark = await outboxMark(tx)
  const known = kept.get(tenant)
  if (known !== undefined && known.mark === mark) return known.counts
  const counts = await countInterventions(tx)
  kept.delete(tenant)
  kept.set(tenant, { mark, counts })
  for (const oldest of [...kept.keys()].slice(0, Math.max(0, kept.size - KEPT))) kept.delete(oldest)
  return counts
}
