/** The outbox: what is planned, waits, went out or was stopped, and one intervention with all its events. */
import { MAY_BE_PERSON } from './persons.ts'
import { z } from 'zod'
import { HoldfastError } from '../../contracts/errors.ts'
import type { ConnectionId, CustomerId, DecisionId, InterventionId } from '../../contracts/ids.ts'
import { APPROVAL_FULL } from '../approval-tasks.ts'
import type { Transaction } from '../database.ts'
import type { InterventionState } from '../intervention-states.ts'
import { exactly } from './conditions.ts'
import { interventionsWhere, type InterventionFilter } from './intervention-filter.ts'
import { pageOf, pageSize, readCursor, type Page, type PageRequest } from './paging.ts'

export interface InterventionLine {
  readonly id: InterventionId
  readonly customer: CustomerId
  readonly customerName: string | null
  /** As the CRM names it: `companies`, `contacts`, `Account`. */
  readonly customerObject: string
  /** The name may be that of a person: not everybody is shown it. */
  readonly person: boolean
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
  /** How it left or would have; null: it has not come to that yet. */
  readonly delivery: 'dry_run' | 'sandbox' | 'live' | null
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

export interface InterventionQuery extends PageRequest, InterventionFilter {
  /** moved (default): those that moved last first. created: those that were made last first. */
  readonly sort?: 'moved' | 'created' | undefined
}

const ORDERS = { moved: 'i.updated_at', created: 'i.created_at' } as const

/**
 * @throws HoldfastError `request_invalid` for a cursor of another list
 * @example
 * await listInterventions(tx, { state: ['awaiting_approval'] })
 */
export async function listInterventions(
  tx: Transaction,
  query: InterventionQuery,
): Promise<Page<InterventionLine>> {
  const { sort = 'moved' } = query
  const size = pageSize(query)
  const order = sort === 'moved' ? 'interventions' : 'interventions by creation'
  const after = readCursor(order, query, z.tuple([z.iso.datetime({ precision: 6 }), z.uuid()]))
  const by = ORDERS[sort]
  const where = interventionsWhere(tx, query)
  if (after !== null) {
    const [at, id] = after.map(where.parameter)
    where.add(`${by} <= ${at}::timestamptz and (${by} < ${at}::timestamptz or i.id > ${id}::uuid)`)
  }
  const rows = await tx.query<InterventionLine & { readonly exact: string }>(
    `select ${INTERVENTION_LINE}, ${exactly(by)} as exact ${INTERVENTION_FROM} where ${where.text()}
     order by ${by} desc, i.id limit ${where.parameter(size + 1)}`,
    where.values,
  )
  const page = pageOf(rows, size, order, (row) => [row.exact, row.id])
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
  return tx.prepared<InterventionLine>(
    `select ${INTERVENTION_LINE} ${INTERVENTION_FROM}
     where i.tenant_id = $1 and i.customer_id = $2 order by i.created_at desc, i.id limit $3`,
    [tx.tenant, customer, limit],
  )
}

/** Events of several interventions, oldest first, at most 1,000. */
export function eventsOf(tx: Transaction, ids: readonly InterventionId[]): Promise<InterventionEvent[]> {
  return tx.prepared<InterventionEvent>(
    `select intervention_id as intervention, at, from_state as "fromState", to_state as "toState", actor,
       reason_code as "reasonCode", reason, detail
     from intervention_events where tenant_id = $1 and intervention_id = any($2::uuid[])
     order by id limit 1000`,
    [tx.tenant, ids],
  )
}

/** Why no task asks for it: the CRM refused it, or whoever would be asked has as many as one person gets. */
export const ASK_PROBLEM = `case when i.state = 'awaiting_approval' then (
    select coalesce(a.error_message, 'The CRM did not say why.') from approval_tasks a
    where a.tenant_id = i.tenant_id and a.intervention_id = i.id
      and (a.state = 'failed' or (a.state = 'waiting' and a.error_code = '${APPROVAL_FULL}'))) end`

export const INTERVENTION_LINE = `i.id, i.customer_id as customer, c.name as "customerName",
  c.object as "customerObject", ${MAY_BE_PERSON} as person, i.connection_id as connection, i.decision_id as decision, i.action_key as "actionKey", i.channel, i.state,
  i.reason_code as "reasonCode", i.reason, i.due_at as "dueAt", i.expires_at as "expiresAt", i.attempts,
  i.planned_cost_minor as "plannedCostMinor", i.actual_cost_minor as "actualCostMinor", i.currency, i.delivery,
  i.created_by as "createdBy", i.created_at as "createdAt", i.updated_at as "updatedAt", i.sent_at as "sentAt",
  ${ASK_PROBLEM} as "askProblem"`

export const INTERVENTION_FROM = `from interventions i
  join customers c on c.tenant_id = i.tenant_id and c.id = i.customer_id`
