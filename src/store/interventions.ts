/** The ledger: one row an execution of an action, how it gets there, and what a person may say to it. */
import { HoldfastError } from '../contracts/errors.ts'
import type { ConnectionId, CustomerId, DecisionId, InterventionId } from '../contracts/ids.ts'
import { overBudget } from './budget.ts'
import { insertRows } from './bulk.ts'
import type { BulkColumn, Transaction } from './database.ts'
import { moveIntervention } from './intervention-moves.ts'
import { OPEN_STATES, mayMove, type InterventionState } from './intervention-states.ts'
import { showMoves } from './shown-moves.ts'
import { cancelWhileStopped } from './stop-open.ts'

export interface PlannedIntervention {
  readonly id: InterventionId
  /** Null for what a person or the API started. */
  readonly decision: DecisionId | null
  readonly customer: CustomerId
  readonly connection: ConnectionId
  readonly actionKey: string
  readonly channel: 'email' | 'sms' | 'task'
  /** The same key is the same intervention, planned once. */
  readonly idempotencyKey: string
  readonly state: 'planned' | 'awaiting_approval'
  readonly dueAt: Date
  readonly expiresAt: Date
  readonly plannedCostMinor: number
  readonly currency: string
  /** 'policy', or the person or API key who asked for it. */
  readonly createdBy: string
}

/**
 * Writes new interventions, each of which reserves its planned cost; those whose idempotency key or id is known already
 * are left as they are. While the kill switch is on they are cancelled as soon as they are there.
 *
 * @returns how many are new
 * @throws HoldfastError `conflict` when they do not fit into what is left of the budget: then none is written
 * @example
 * await planInterventions(tx, [{ id: asIntervention(randomUUID()), state: 'planned', … }], clock())
 */
export async function planInterventions(
  tx: Transaction,
  planned: readonly PlannedIntervention[],
  at: Date,
): Promise<number> {
  const rows = planned.map((one) => ({
    id: one.id,
    decision_id: one.decision,
    customer_id: one.customer,
    connection_id: one.connection,
    action_key: one.actionKey,
    channel: one.channel,
    idempotency_key: one.idempotencyKey,
    state: one.state,
    due_at: one.dueAt,
    expires_at: one.expiresAt,
    planned_cost_minor: one.plannedCostMinor,
    currency: one.currency,
    created_by: one.createdBy,
    created_at: at,
    updated_at: at,
  }))
  const added = await insertRows<AddedRow>(tx, 'interventions', PLANNED, rows, {
    ending: 'on conflict do nothing returning id, state, created_by, connection_id as connection',
  }).catch((error: unknown) => {
    throw overBudget(error)
  })
  const events = added.map(({ id, state, created_by }) => ({
    intervention_id: id,
    at,
    to_state: state,
    actor: created_by,
  }))
  await insertRows(tx, 'intervention_events', EVENT, events)
  // Whoever is responsible is asked in the CRM.
  const waiting = added.filter(({ state }) => state === 'awaiting_approval')
  await showMoves(tx, 'awaiting_approval', waiting)
  if (added.length > 0)
    await cancelWhileStopped(
      tx,
      added.map(({ id }) => id),
    )
  return added.length
}

interface AddedRow {
  readonly id: InterventionId
  readonly state: string
  readonly created_by: string
  readonly connection: ConnectionId
}

const columns = (of: Readonly<Record<string, string>>): BulkColumn[] =>
  Object.entries(of).map(([name, type]) => ({ name, type }))

const PLANNED = columns({
  id: 'uuid',
  decision_id: 'bigint',
  customer_id: 'bigint',
  connection_id: 'uuid',
  action_key: 'text',
  channel: 'text',
  idempotency_key: 'text',
  state: 'text',
  due_at: 'timestamptz',
  expires_at: 'timestamptz',
  planned_cost_minor: 'bigint',
  currency: 'text',
  created_by: 'text',
  created_at: 'timestamptz',
  updated_at: 'timestamptz',
})
const EVENT = columns({ intervention_id: 'uuid', at: 'timestamptz', to_state: 'text', actor: 'text' })

export interface Intervention {
  readonly id: InterventionId
  readonly decision: DecisionId | null
  readonly customer: CustomerId
  readonly connection: ConnectionId
  readonly recipient: number | null
  readonly actionKey: string
  readonly channel: 'email' | 'sms' | 'task'
  readonly idempotencyKey: string
  readonly state: InterventionState
  readonly reasonCode: string | null
  readonly reason: string | null
  readonly dueAt: Date
  readonly expiresAt: Date
  readonly leaseOwner: string | null
  readonly leaseUntil: Date | null
  /** Leases taken that were not given back unused. */
  readonly attempts: number
  readonly sendingAt: Date | null
  readonly providerId: string | null
  /** As src/loop/act-message.ts stores it. */
  readonly message: unknown
  readonly plannedCostMinor: number
  readonly actualCostMinor: number | null
  readonly currency: string
  readonly createdBy: string
  readonly createdAt: Date
  readonly updatedAt: Date
  readonly sentAt: Date | null
  /** Who said yes; null: nobody was asked. */
  readonly approvedBy: string | null
  readonly approvedAt: Date | null
}

const SELECTED = `id, decision_id as decision, customer_id as customer, connection_id as connection,
  recipient_id as recipient, action_key as "actionKey", channel, idempotency_key as "idempotencyKey", state,
  reason_code as "reasonCode", reason, due_at as "dueAt", expires_at as "expiresAt",
  lease_owner as "leaseOwner", lease_until as "leaseUntil", attempts, sending_at as "sendingAt",
  provider_id as "providerId", message, planned_cost_minor as "plannedCostMinor",
  actual_cost_minor as "actualCostMinor", currency, created_by as "createdBy", created_at as "createdAt",
  updated_at as "updatedAt", sent_at as "sentAt", approved_by as "approvedBy",
  approved_at as "approvedAt"`

/** @throws HoldfastError `not_found` */
export async function readIntervention(tx: Transaction, id: InterventionId): Promise<Intervention> {
  const found = await findIntervention(tx, id)
  if (found === null) throw new HoldfastError('not_found', `There is no intervention ${id}.`)
  return found
}

export async function findIntervention(tx: Transaction, id: InterventionId): Promise<Intervention | null> {
  const [row] = await tx.query<Intervention>(
    `select ${SELECTED} from interventions where tenant_id = $1 and id = $2`,
    [tx.tenant, id],
  )
  return row ?? null
}

export interface HeldIntervention extends Intervention {
  /** In database time. */
  readonly due: boolean
  readonly expired: boolean
  readonly leaseOver: boolean
}

/** Locks the rows until the transaction ends, by id; those that another transaction holds are left out. */
export async function holdInterventions(
  tx: Transaction,
  ids: readonly InterventionId[],
): Promise<ReadonlyMap<InterventionId, HeldIntervention>> {
  const rows = await tx.prepared<HeldIntervention>(
    `select ${SELECTED}, due_at <= clock_timestamp() as due, expires_at <= clock_timestamp() as expired,
       coalesce(lease_until <= clock_timestamp(), true) as "leaseOver"
     from interventions where tenant_id = $1 and id = any ($2::uuid[]) order by id for update skip locked`,
    [tx.tenant, ids],
  )
  return new Map(rows.map((row) => [row.id, row]))
}

/**
 * Open ones that are due before a time, in the order of their ids, without holding them: for whoever only looks.
 *
 * @param after the last one of the page before
 */
export function peekOpen(
  tx: Transaction,
  { dueBefore, after, limit }: { dueBefore: Date; after: InterventionId | null; limit: number },
): Promise<readonly HeldIntervention[]> {
  return tx.query<HeldIntervention>(
    `select ${SELECTED}, due_at <= clock_timestamp() as due, expires_at <= clock_timestamp() as expired,
       true as "leaseOver"
     from interventions
     where tenant_id = $1 and state = any ($2::text[]) and due_at < $3 and ($4::uuid is null or id > $4)
     order by id limit $5`,
    [tx.tenant, [...OPEN_STATES], dueBefore, after, limit],
  )
}

/** Those of some ids, without holding them: for whoever only looks. */
export function peekInterventions(
  tx: Transaction,
  ids: readonly InterventionId[],
): Promise<readonly HeldIntervention[]> {
  return tx.query<HeldIntervention>(
    `select ${SELECTED}, due_at <= clock_timestamp() as due, expires_at <= clock_timestamp() as expired,
       true as "leaseOver"
     from interventions where tenant_id = $1 and id = any ($2::uuid[]) order by id`,
    [tx.tenant, ids],
  )
}

export interface Answer {
  /** Who says so. */
  readonly actor: string
  /** In the person's own words. */
  readonly note?: string
}

/**
 * Lets an intervention that waits for approval go out.
 *
 * @throws HoldfastError `not_found`; `conflict` when it no longer waits
 */
export async function approve(tx: Transaction, id: InterventionId, answer: Answer): Promise<void> {
  await say(tx, id, answer, {
    to: 'planned',
    doing: 'approved',
    from: ['awaiting_approval'],
    code: 'approved',
    because: `${answer.actor} approved it`,
    approved: true,
  })
}

/**
 * Not right: it is never carried out.
 *
 * @throws HoldfastError `not_found`; `conflict` when it is too late
 */
export async function reject(tx: Transaction, id: InterventionId, answer: Answer): Promise<void> {
  await say(tx, id, answer, {
    to: 'rejected',
    doing: 'rejected',
    code: 'not_right',
    because: `${answer.actor} said that it is not right`,
  })
}

/**
 * Puts it off. What waited for approval waits again afterwards; the rest goes on by itself.
 *
 * @throws HoldfastError `request_invalid` for a time that has passed or at which it will have expired; `not_found`;
 *   `conflict` when it is too late
 */
export async function snooze(
  tx: Transaction,
  id: InterventionId,
  { until, ...answer }: Answer & { readonly until: Date },
): Promise<void> {
  const one = await lockForAnswer(tx, id)
  const [{ past }] = await tx.query<{ past: boolean }>('select $1::timestamptz <= now() as past', [until])
  if (past) throw new HoldfastError('request_invalid', 'Snooze until a time that is still to come.')
  if (until >= one.expiresAt)
    throw new HoldfastError(
      'request_invalid',
      `It expires on ${one.expiresAt.toISOString().slice(0, 10)}. Snooze until a time before that, or reject it.`,
    )
  const approvalOpen =
    one.state === 'awaiting_approval' || (one.state === 'snoozed' && one.reasonCode === SNOOZED_UNAPPROVED)
  await answerWith(tx, one, answer, {
    to: 'snoozed',
    doing: 'snoozed',
    code: approvalOpen ? SNOOZED_UNAPPROVED : 'snoozed',
    because: `${answer.actor} snoozed it until ${until.toISOString()}`,
    dueAt: until,
  })
}

/** Why a snoozed intervention goes back to a person when its time comes. */
export const SNOOZED_UNAPPROVED = 'snoozed_before_approval'

/**
 * Stops it, also when a worker has just taken it and not begun to send; a task begins as it is taken.
 *
 * @throws HoldfastError `not_found`; `conflict` when it is too late
 */
export async function cancel(tx: Transaction, id: InterventionId, answer: Answer): Promise<void> {
  await say(tx, id, answer, {
    to: 'cancelled',
    doing: 'cancelled',
    from: [...OPEN_STATES, 'leased'],
    code: 'by_hand',
    because: `${answer.actor} cancelled it`,
  })
}

interface Saying {
  readonly to: InterventionState
  readonly doing: string
  readonly from?: readonly InterventionState[]
  readonly code: string
  readonly because: string
  readonly dueAt?: Date
  readonly approved?: true
}

async function say(tx: Transaction, id: InterventionId, answer: Answer, saying: Saying): Promise<void> {
  await answerWith(tx, await lockForAnswer(tx, id), answer, saying)
}

async function lockForAnswer(tx: Transaction, id: InterventionId): Promise<Intervention> {
  await tx.query('select from interventions where tenant_id = $1 and id = $2 for update', [tx.tenant, id])
  return readIntervention(tx, id)
}

async function answerWith(
  tx: Transaction,
  one: Intervention,
  { actor, note }: Answer,
  { to, doing, from = OPEN_STATES, code, because, dueAt, approved }: Saying,
): Promise<void> {
  const [{ expired }] = await tx.query<{ expired: boolean }>('select $1::timestamptz <= now() as expired', [
    one.expiresAt,
  ])
  if (expired && to !== 'cancelled' && to !== 'rejected')
    throw new HoldfastError(
      'conflict',
      `It cannot be ${doing}: it expired on ${one.expiresAt.toISOString().slice(0, 10)}.`,
    )
  const done =
    from.includes(one.state) &&
    (await moveIntervention(tx, {
      id: one.id,
      from: from.filter((state) => mayMove(state, to)),
      to,
      actor,
      reasonCode: code,
      reason: note === undefined ? `${because}.` : `${because}: ${note}`,
      set: {
        ...(dueAt === undefined ? {} : { dueAt }),
        ...(approved === undefined ? {} : { approvedBy: actor }),
      },
    }))
  if (!done)
    throw new HoldfastError(
      'conflict',
      `It cannot be ${doing}: it is ${one.state.replaceAll('_', ' ')} by now.`,
    )
}
