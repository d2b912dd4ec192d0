/** What was said of one action after it went out, as its page tells it. */
import type { InterventionId } from '../../contracts/ids.ts'
import type { Transaction } from '../database.ts'
import type { DeliveryKind } from '../delivery-events.ts'

export interface ToldLine {
  readonly at: Date
  readonly kind: DeliveryKind
  readonly code: string | null
  readonly detail: string | null
}

/** Oldest first, the newest 50. */
export async function toldOf(tx: Transaction, id: InterventionId): Promise<readonly ToldLine[]> {
  const rows = await tx.query<ToldLine>(
    `select at, kind, code, detail from delivery_events
     where tenant_id = $1 and intervention_id = $2 order by id desc limit 50`,
    [tx.tenant, id],
  )
  return rows.toReversed()
}
