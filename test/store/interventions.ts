/** Rows of the ledger as a test wants them, past all rules. */
import { randomUUID } from 'node:crypto'
import {
  asIntervention,
  type ConnectionId,
  type InterventionId,
  type TenantId,
} from '../../src/contracts/ids.ts'
import type { Database } from '../../src/store/database.ts'

export interface WantedIntervention {
  readonly tenant: TenantId
  readonly connection: ConnectionId
  readonly state: string
  /** From now, such as '-1 minute'; default '0'. */
  readonly due?: string
  /** From now; default none. */
  readonly lease?: string
}

/** An intervention with a customer of its own. */
export function addIntervention(
  database: Database,
  { tenant, connection, state, due = '0', lease }: WantedIntervention,
): Promise<InterventionId> {
  const id = randomUUID()
  return database.withTenant(tenant, async (tx) => {
    const [{ customer }] = await tx.query<{ customer: number }>(
      `insert into customers (tenant_id, connection_id, object, external_id, properties, properties_hash, group_key, group_name)
       values ($1, $2, 'customer', $3, '{}', '', $3, 'policy') returning id as customer`,
      [tenant, connection, id],
    )
    await tx.query(
      `insert into interventions (tenant_id, id, customer_id, connection_id, action_key, channel, idempotency_key, state,
         due_at, expires_at, lease_owner, lease_until, currency, created_by)
       values ($1, $2, $3, $4, 'email', 'email', $8, $5, now() + $6::interval, now() + interval '1 day',
         case when $7::text is not null then 'a worker' end, now() + $7::interval, 'EUR', 'a test')`,
      [tenant, id, customer, connection, state, due, lease ?? null, id],
    )
    return asIntervention(id)
  })
}
