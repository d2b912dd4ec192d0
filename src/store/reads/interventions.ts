/** The outbox: what is planned, waits, went out or was stopped, and one intervention with all its events. */
import { z } from 'zod'
import { HoldfastError } from '../../contracts/errors.ts'
import type { ConnectionId, CustomerId, DecisionId, InterventionId } from '../../contracts/ids.ts'
import type { Transaction } from '../database.ts'
import type { InterventionState } from '../intervention-states.ts'
import { pageOf, pageSize, readCursor, type Page, type PageRequest } from './paging.ts'

export interface InterventionLine {
  readonly id: InterventionId
  readonly customer: CustomerId
  readonly customerName: string | null
  readonly connection: ConnectionId
  /** Null for what a person or the API started. */
  readonly decision: DecisionId | null
  readonly actionKey: string
  readonly channel: 'email' | 'sms' | 'task'
  readonly state: InterventionState
  readonly reasonCode: string | null
  /** Why it is in this state, as a sentence. */
  readonly reason: string | null
  readonly dueAt: Date
  readonly expiresAt: Date
  readonly attempts: number
  readonly plannedCostMinor: number
  readonly actualCostMinor: number | null
  readonly currency: string
  readonly createdBy: string
  readonly createdAt: Date
  readonly updatedAt: Date
  readonly sentAt: Date | null
  /** Why no task in the CRM asks for the approval that it waits for; null: one does, or none is wanted. */
  readonly askProblem: string | null
}

export interface InterventionEvent {
  readonly intervention: InterventionId
  readonly at: Date
  readonly fromState: InterventionState | null
  readonly toState: InterventionState
  readonly actor: string
  readonly reasonCode: string | null
  readonly reason: string | null
  readonly detail: unknown
}

export interface WholeIntervention extends InterventionLine {
  readonly idempotencyKey: string
  readonly recipientName: string | null
  readonly providerId: string | null
  readonly sendingAt: Date | null
  /** What was or would be sent, rendered; null until it is about to go. */
  readonly message: unknown
  /** Oldest first. */
  readonly events: readonly InterventionEvent[]
}

export interface InterventionQuery extends PageRequest {
  readonly state?: InterventionState | undefined
  readonly connection?: ConnectionId | undefined
  readonly customer?: CustomerId | undefined
}

/**
 * Those that moved last first.
 *
 * @throws HoldfastError `request_invalid` for a cursor of another list
 * @example
 * await listInterventions(tx, { state: 'awaiting_approval' })
 */
export async function listInterventions(
  tx: Transaction,
  query: InterventionQuery,
): Promise<Page<InterventionLine>> {
  const size = pageSize(query)
  const after = readCursor('interventions', query, z.tuple([z.iso.datetime({ precision: 6 }), z.uuid()]))
  const values: unknown[] = [tx.tenant]
  const parameter = (value: unknown): string => `$${values.push(value)}`
  const where = ['i.tenant_id = $1']
  if (after !== null) {
    const [at, id] = after.map(parameter)
    where.push(`i.updated_at <= ${at}::timestamptz
      and (i.updated_at < ${at}::timestamptz or i.id > ${id}::uuid)`)
  }
  if (query.state !== undefined) where.push(`i.state = ${parameter(query.state)}`)
  if (query.connection !== undefined) where.push(`i.connection_id = ${parameter(query.connection)}`)
  if (query.customer !== undefined) where.push(`i.customer_id = ${parameter(query.customer)}`)
  const rows = await tx.query<InterventionLine & { readonly exact: string }>(
    `select ${INTERVENTION_LINE}, ${EXACT} as exact ${INTERVENTION_FROM} where ${where.join(' and ')}
     order by i.updated_at desc, i.id limit ${parameter(size + 1)}`,
    values,
  )
  const page = pageOf(rows, size, 'interventions', (row) => [row.exact, row.id])
  return { ...page, items: page.items.map(({ exact: _exact, ...line }) => line) }
}

/** How many there are in each state; states without any are absent. */
export async function countInterventions(
  tx: Transaction,
): Promise<Readonly<Partial<Record<InterventionState, number>>>> {
  const rows = await tx.query<{ state: InterventionState; count: number }>(
    'select state, count(*)::integer as count from interventions where tenant_id = $1 group by state',
    [tx.tenant],
  )
  return Object.fromEntries(rows.map(({ state, count }) => [state, count]))
}

/** @throws HoldfastError `not_found` */
export async function readWholeIntervention(tx: Transaction, id: InterventionId): Promise<WholeIntervention> {
  const [row] = await tx.query<Omit<WholeIntervention, 'events'>>(
    `select ${INTERVENTION_LINE}, i.idempotency_key as "idempotencyKey", r.name as "recipientName",
       i.provider_id as "providerId", i.sending_at as "sendingAt", i.message
     ${INTERVENTION_FROM}
     left join recipients r on r.tenant_id = i.tenant_id and r.id = i.recipient_id
     where i.tenant_id = $1 and i.id = $2`,
    [tx.tenant, id],
  )
  if (row === undefined)
    throw new HoldfastError('not_found', `There is no intervention ${id}. GET /v1/interventions lists them.`)
  return { ...row, events: await eventsOf(tx, [id]) }
}

/** The newest interventions of a customer, at most `limit`. */
export function interventionsOf(
  tx: Transaction,
  customer: CustomerId,
  limit: number,
): Promise<InterventionLine[]> {
  return tx.query<InterventionLine>(
    `select ${INTERVENTION_LINE} ${INTERVENTION_FROM}
     where i.tenant_id = $1 and i.customer_id = $2 order by i.created_at desc, i.id limit $3`,
    [tx.tenant, customer, limit],
  )
}

/** Events of several interventions, oldest first, at most 1,000. */
export function eventsOf(tx: Transaction, ids: readonly InterventionId[]): Promise<InterventionEvent[]> {
  return tx.query<InterventionEvent>(
    `select intervention_id as intervention, at, from_state as "fromState", to_state as "toState", actor,
       reason_code as "reasonCode", reason, detail
     from intervention_events where tenant_id = $1 and intervention_id = any($2::uuid[])
     order by id limit 1000`,
    [tx.tenant, ids],
  )
}

export const INTERVENTION_LINE = `i.id, i.customer_id as customer, c.name as "customerName",
  i.connection_id as connection, i.decision_id as decision, i.action_key as "actionKey", i.channel, i.state,
  i.reason_code as "reasonCode", i.reason, i.due_at as "dueAt", i.expires_at as "expiresAt", i.attempts,
  i.planned_cost_minor as "plannedCostMinor", i.actual_cost_minor as "actualCostMinor", i.currency,
  i.created_by as "createdBy", i.created_at as "createdAt", i.updated_at as "updatedAt", i.sent_at as "sentAt",
  case when i.state = 'awaiting_approval' then (select coalesce(a.error_message, 'The CRM did not say why.')
    from approval_tasks a
    where a.tenant_id = i.tenant_id and a.intervention_id = i.id and a.state = 'failed') end as "askProblem"`

export const INTERVENTION_FROM = `from interventions i
  join customers c on c.tenant_id = i.tenant_id and c.id = i.customer_id`

/** A Date holds milliseconds, a cursor must hold what the database does. */
const EXACT = `to_char(i.updated_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`
