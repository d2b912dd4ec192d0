/** Interventions that are kept as records in a CRM: written once they were carried out, and again whenever they move. */
import type { ConnectionId, InterventionId } from '../contracts/ids.ts'
import type { Transaction } from './database.ts'
import type { InterventionState } from './intervention-states.ts'
import { endRow, type OutwardEnd } from './outward.ts'

/** In the transaction that says that it was carried out, or may have been; safe to repeat. */
export async function oweInterventions(
  tx: Transaction,
  interventions: readonly InterventionId[],
): Promise<void> {
  if (interventions.length === 0) return
  await tx.prepared(
    `insert into crm_interventions (tenant_id, intervention_id, connection_id)
     select tenant_id, id, connection_id from interventions where tenant_id = $1 and id = any ($2::uuid[])
     on conflict do nothing`,
    [tx.tenant, interventions],
  )
}

/**
 * In the transaction of a move, or of forgetting whom they were for: what the CRM has of them, if anything, is no longer
 * true, and what it said of them neither.
 *
 * @returns how many are owed
 */
export async function oweMoved(tx: Transaction, interventions: readonly string[]): Promise<number> {
  const owed = await tx.query(
    `update crm_interventions set state = 'waiting', moves = moves + 1, attempts = 0, due_at = now(),
       error_code = null, error_message = null
     where tenant_id = $1 and intervention_id = any ($2::uuid[]) returning 1`,
    [tx.tenant, interventions],
  )
  return owed.length
}

export interface OwedIntervention {
  readonly intervention: InterventionId
  readonly moves: number
  readonly actionKey: string
  readonly channel: 'email' | 'sms' | 'task'
  readonly state: InterventionState
  readonly reason: string | null
  readonly createdAt: Date
  readonly sentAt: Date | null
  /** Ids in the CRM. */
  readonly customerId: string
  /** Null: none was chosen, or they are gone by now. */
  readonly recipientId: string | null
  readonly deleted: boolean
  /** Failures so far. */
  readonly attempts: number
}

/** Those due, longest first. */
export function owedInterventions(
  tx: Transaction,
  connection: ConnectionId,
  limit: number,
): Promise<readonly OwedIntervention[]> {
  return tx.query<OwedIntervention>(
    `select k.intervention_id as intervention, k.moves, i.action_key as "actionKey", i.channel, i.state, i.reason,
       i.created_at as "createdAt", i.sent_at as "sentAt",
       coalesce(s.external_id, c.external_id) as "customerId", r.external_id as "recipientId",
       coalesce(s.status, c.status) = 'deleted' as deleted, k.attempts
     from crm_interventions k
     join interventions i on i.tenant_id = k.tenant_id and i.id = k.intervention_id
     join customers c on c.tenant_id = i.tenant_id and c.id = i.customer_id
     left join customers s on s.tenant_id = c.tenant_id and s.id = c.merged_into
     left join recipients r on r.tenant_id = i.tenant_id and r.id = i.recipient_id
     where k.tenant_id = $1 and k.connection_id = $2 and k.state = 'waiting' and k.due_at <= clock_timestamp()
     order by k.due_at, k.intervention_id limit $3`,
    [tx.tenant, connection, limit],
  )
}

export interface EndedIntervention {
  readonly intervention: InterventionId
  /** As it was read: one that moved meanwhile stays owed. */
  readonly moves: number
  readonly end: OutwardEnd
}

export async function settleInterventions(
  tx: Transaction,
  ended: readonly EndedIntervention[],
): Promise<void> {
  const rows = ended.map(({ intervention, moves, end }) => ({ id: intervention, moves, ...endRow(end) }))
  await tx.query(
    `update crm_interventions k set
       state = case when k.moves <> r.moves then 'waiting' when r.ok then 'written'
         when r.retry is null then 'failed' else 'waiting' end,
       external_id = coalesce(r.external_id, k.external_id),
       written_at = case when r.ok then now() else k.written_at end,
       error_code = case when k.moves = r.moves then r.code end,
       error_message = case when k.moves = r.moves then r.message end, attempts = k.attempts + case when r.ok then 0 else 1 end,
       due_at = clock_timestamp() + coalesce(r.retry, 0) * interval '1 millisecond'
     from json_to_recordset($2::json)
       as r (id uuid, moves integer, ok boolean, external_id text, code text, message text, retry float8)
     where k.tenant_id = $1 and k.intervention_id = r.id`,
    [tx.tenant, JSON.stringify(rows)],
  )
}
