/** Interventions that want a worker now, across tenants. */
import { asIntervention, asTenant, type InterventionId, type TenantId } from '../contracts/ids.ts'
import type { Transaction } from './database.ts'

export interface DueIntervention {
  readonly tenant: TenantId
  readonly intervention: InterventionId
  /** Microseconds since 1970 at which it became due: another one each time. */
  readonly since: number
}

/**
 * Of each tenant the longest due, all tenants' first before any second. Those that a worker holds count against the
 * bound. Nothing of a paused tenant, of a connection that is not active (what is known of consent may be old), or
 * while the installation is paused. In a system transaction.
 *
 * @param tenants null: of all
 */
export async function dueInterventions(
  tx: Transaction,
  {
    limitPerTenant,
    limit,
    tenants = null,
  }: { limitPerTenant: number; limit: number; tenants?: readonly TenantId[] | null },
): Promise<readonly DueIntervention[]> {
  const rows = await tx.prepared<{ tenant_id: string; id: string; since: number }>(
    `select t.id as tenant_id, i.id, (extract(epoch from i.since) * 1000000)::bigint as since
     from tenants t
     cross join lateral (
       select i.id, greatest(i.due_at, i.lease_until) as since, row_number() over (order by i.due_at) as place
       from interventions i
       join connections c on c.tenant_id = i.tenant_id and c.id = i.connection_id and c.status = 'active'
       where i.tenant_id = t.id and i.due_at <= now()
         and i.state in ('planned', 'deferred', 'leased', 'sending', 'snoozed', 'uncertain')
       order by i.due_at
       limit $2
     ) i
     where t.status = 'active' and ($1::uuid[] is null or t.id = any ($1))
       and not exists (select from installation where paused_reason is not null)
       and i.since <= now()
     order by i.place, i.since
     limit $3`,
    [tenants, limitPerTenant, limit],
  )
  return rows.map((row) => ({
    tenant: asTenant(row.tenant_id),
    intervention: asIntervention(row.id),
    since: row.since,
  }))
}

/** Seconds until an intervention whose handling failed unexpectedly is tried again, doubling up to an hour. */
const BACKOFF = { first: 30, most: 3600 } as const

/**
 * Puts off an intervention whose handling failed in a way that its ledger does not know, so that it takes nobody's
 * place meanwhile; its state stays. Nothing happens while a worker holds it.
 */
export async function postponeIntervention(
  tx: Transaction,
  intervention: InterventionId,
  { chance = Math.random }: { chance?: () => number } = {},
): Promise<void> {
  await tx.query(
    `update interventions set attempts = attempts + 1, updated_at = now(),
       due_at = now() + make_interval(secs => least($3, $4 * power(2, least(attempts, 20))) * $5)
     where tenant_id = $1 and id = $2 and due_at <= now()
       and (lease_until is null or lease_until <= now())
       and state in ('planned', 'deferred', 'leased', 'sending', 'snoozed', 'uncertain')`,
    [tx.tenant, intervention, BACKOFF.most, BACKOFF.first, 0.5 + chance()],
  )
}

/** How much waits across tenants, for metrics. In a system transaction. */
export async function countDue(
  tx: Transaction,
): Promise<{ readonly steps: number; readonly deadSteps: number; readonly interventions: number }> {
  const [row] = await tx.query<{ steps: number; dead: number; interventions: number }>(
    `select
       (select count(*) from steps where case when lease_until is null then due_at else lease_until end <= now()) as steps,
       (select count(*) from steps where due_at is null and lease_until is null and error_code is not null) as dead,
       (select count(*) from interventions
        where due_at <= now() and state in ('planned', 'deferred', 'leased', 'sending', 'snoozed', 'uncertain')
          and (lease_until is null or lease_until <= now())) as interventions`,
  )
  return { steps: row.steps, deadSteps: row.dead, interventions: row.interventions }
}
