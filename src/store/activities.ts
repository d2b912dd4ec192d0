/** What was sent and belongs on a record's timeline: logged once, under the id of its intervention. */
import type { ConnectionId, InterventionId } from '../contracts/ids.ts'
import type { Transaction } from './database.ts'
import { endRow, type OutwardEnd } from './outward.ts'

/** In the transaction that says that it was sent; safe to repeat. */
export async function oweActivity(tx: Transaction, intervention: InterventionId): Promise<void> {
  await oweActivities(tx, [intervention])
}

/** As {@link oweActivity}, many. */
export async function oweActivities(
  tx: Transaction,
  interventions: readonly InterventionId[],
): Promise<void> {
  if (interventions.length === 0) return
  await tx.prepared(
    `insert into activities (tenant_id, intervention_id, connection_id)
     select tenant_id, id, connection_id from interventions where tenant_id = $1 and id = any ($2::uuid[])
     on conflict do nothing`,
    [tx.tenant, interventions],
  )
}

export interface OwedActivity {
  readonly intervention: InterventionId
  readonly actionKey: string
  readonly sentAt: Date
  /** As src/loop/act-message.ts stores it. */
  readonly message: unknown
  /** Ids in the CRM. */
  readonly customerId: string
  /** Null: none was chosen, or they are gone by now. */
  readonly recipientId: string | null
  readonly deleted: boolean
  /** Failures so far. */
  readonly attempts: number
}

/** Those due, longest first. */
export function owedActivities(
  tx: Transaction,
  connection: ConnectionId,
  limit: number,
): Promise<readonly OwedActivity[]> {
  return tx.query<OwedActivity>(
    `select a.intervention_id as intervention, i.action_key as "actionKey", coalesce(i.sent_at, i.updated_at) as "sentAt",
       i.message, coalesce(s.external_id, c.external_id) as "customerId", r.external_id as "recipientId",
       coalesce(s.status, c.status) = 'deleted' as deleted,
       a.attempts
     from activities a
     join interventions i on i.tenant_id = a.tenant_id and i.id = a.intervention_id
     join customers c on c.tenant_id = i.tenant_id and c.id = i.customer_id
     left join customers s on s.tenant_id = c.tenant_id and s.id = c.merged_into
     left join recipients r on r.tenant_id = i.tenant_id and r.id = i.recipient_id
     where a.tenant_id = $1 and a.connection_id = $2 and a.state = 'waiting' and a.due_at <= clock_timestamp()
     order by a.due_at, a.intervention_id limit $3`,
    [tx.tenant, connection, limit],
  )
}

export async function settleActivities(
  tx: Transaction,
  ended: readonly { readonly intervention: InterventionId; readonly end: OutwardEnd }[],
): Promise<void> {
  const rows = ended.map(({ intervention, end }) => ({ id: intervention, ...endRow(end) }))
  await tx.query(
    `update activities a set
       state = case when r.ok then 'logged' when r.retry is null then 'failed' else 'waiting' end,
       external_id = coalesce(r.external_id, a.external_id), logged_at = case when r.ok then now() end,
       error_code = r.code, error_message = r.message, attempts = a.attempts + case when r.ok then 0 else 1 end,
       due_at = clock_timestamp() + coalesce(r.retry, 0) * interval '1 millisecond'
     from json_to_recordset($2::json)
       as r (id uuid, ok boolean, external_id text, code text, message text, retry float8)
     where a.tenant_id = $1 and a.intervention_id = r.id`,
    [tx.tenant, JSON.stringify(rows)],
  )
}

export interface LoggedActivity {
  readonly state: 'waiting' | 'logged' | 'failed'
  readonly loggedAt: Date | null
  /** Why not, or not yet; null: nothing went wrong so far. */
  readonly message: string | null
}

/** How far the entry of one intervention is; null: it has none. */
export async function activityOf(
  tx: Transaction,
  intervention: InterventionId,
): Promise<LoggedActivity | null> {
  const [row] = await tx.query<LoggedActivity>(
    `select state, logged_at as "loggedAt", error_message as message from activities
     where tenant_id = $1 and intervention_id = $2`,
    [tx.tenant, intervention],
  )
  return row ?? null
}
