/** Customers, recipients and interventions for tests of the ledger. */
import { randomUUID } from 'node:crypto'
import {
  asCustomer,
  asIntervention,
  type ConnectionId,
  type CustomerId,
  type InterventionId,
  type TenantId,
} from '../../src/contracts/ids.ts'
import type { Database } from '../../src/store/database.ts'
import type { InterventionState } from '../../src/store/intervention-states.ts'
import { planInterventions, type PlannedIntervention } from '../../src/store/interventions.ts'

export async function addCustomer(
  database: Database,
  { tenant, connection }: { tenant: TenantId; connection: ConnectionId },
  {
    name = 'Ada Ltd',
    responsible = null,
  }: { name?: string; responsible?: { name: string; email: string; id?: string } | null } = {},
): Promise<CustomerId> {
  const external = randomUUID()
  const [row] = await database.withTenant(tenant, (tx) =>
    tx.query<{ id: number }>(
      `insert into customers (tenant_id, connection_id, object, external_id, name, properties, properties_hash,
         group_key, group_name, responsible_name, responsible_email, responsible_id)
       values ($1, $2, 'company', $3, $4, '{}', '', $3, 'policy', $5, $6, $7) returning id`,
      [
        tenant,
        connection,
        external,
        name,
        responsible?.name ?? null,
        responsible?.email ?? null,
        responsible?.id ?? null,
      ],
    ),
  )
  return asCustomer(row.id)
}

export function plannedIntervention(
  place: { connection: ConnectionId; customer: CustomerId },
  differs: Partial<PlannedIntervention> = {},
): PlannedIntervention {
  const id = asIntervention(randomUUID())
  return {
    id,
    decision: null,
    customer: place.customer,
    connection: place.connection,
    actionKey: 'email',
    channel: 'email',
    idempotencyKey: id,
    state: 'planned',
    dueAt: new Date(Date.now() - 60_000),
    expiresAt: new Date(Date.now() + 7 * 86_400_000),
    plannedCostMinor: 600,
    currency: 'USD',
    createdBy: 'policy',
    ...differs,
  }
}

export async function addIntervention(
  database: Database,
  place: { tenant: TenantId; connection: ConnectionId; customer: CustomerId },
  differs: Partial<PlannedIntervention> = {},
): Promise<InterventionId> {
  const planned = plannedIntervention(place, differs)
  await database.withTenant(place.tenant, (tx) => planInterventions(tx, [planned], new Date()))
  return planned.id
}

export interface LoggedMove {
  readonly from_state: InterventionState | null
  readonly to_state: InterventionState
  readonly actor: string
  readonly reason_code: string | null
  readonly reason: string | null
  readonly detail: Readonly<Record<string, unknown>> | null
}

export function movesOf(database: Database, tenant: TenantId, id: InterventionId): Promise<LoggedMove[]> {
  return database.withTenant(tenant, (tx) =>
    tx.query<LoggedMove>(
      `select from_state, to_state, actor, reason_code, reason, detail from intervention_events
       where tenant_id = $1 and intervention_id = $2 order by id`,
      [tenant, id],
    ),
  )
}
