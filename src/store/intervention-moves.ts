/**
 * Moves in the ledger: each a conditional update with its event in the same statement. Leases and due times are
 * database time, so that the clocks of workers do not matter.
 */
import { HoldfastError } from '../contracts/errors.ts'
import type { InterventionId } from '../contracts/ids.ts'
import { oweMoved } from './crm-interventions.ts'
import type { Transaction } from './database.ts'
import { MOVES, mayMove, type InterventionState } from './intervention-states.ts'
import { showMoves, type MovedRow } from './shown-moves.ts'

export interface Move {
  readonly id: InterventionId
  /** It moves only out of these. */
  readonly from: readonly InterventionState[]
  readonly to: InterventionState
  /** A worker, a person, a provider. */
  readonly actor: string
  readonly reasonCode?: string
  readonly reason?: string
  readonly detail?: Readonly<Record<string, unknown>>
  /** It moves only while this owner has the lease, or had it last. */
  readonly owner?: string
  /** … and the lease has not run out, in database time. */
  readonly leaseRuns?: boolean
  readonly set?: MoveSet
}

/** What changes together with the state. */
export interface MoveSet {
  readonly dueAt?: Date
  /** From now, in database time. */
  readonly dueInMs?: number
  readonly lease?: { readonly owner: string; readonly ms: number }
  /** Added to the attempts; negative gives one back. */
  readonly attempts?: number
  readonly recipient?: number
  /** Of the address that it goes to: `hashAddress` of src/security/address-hash.ts. */
  readonly addressHash?: Buffer
  readonly message?: unknown
  readonly providerId?: string
  readonly actualCostMinor?: number
  /** Who said yes: now. */
  readonly approvedBy?: string
  readonly sendingNow?: boolean
  /** It is certain that nothing of it ever left: an offer in it may be made to others. */
  readonly neverSent?: boolean
  readonly sentNow?: boolean
}

/** States that keep the name of the lease's owner: `uncertain`, so that its late result can be told apart. */
const OWNED: readonly InterventionState[] = ['leased', 'sending', 'uncertain']

/**
 * One move with its event. A lease ends with every move out of `leased` and `sending`.
 *
 * @returns false, and nothing is changed, when the row is in none of the states `from` or the lease is not the owner's
 * @throws HoldfastError `internal` for a move that {@link MOVES} does not have
 * @example
 * await moveIntervention(tx, { id, from: ['sending'], to: 'sent', owner, actor: worker, set: { sentNow: true } })
 */
export async function moveIntervention(tx: Transaction, move: Move): Promise<boolean> {
  return (await moveInterventions(tx, [move])).has(move.id)
}

/**
 * Moves of different interventions in one statement, each as {@link moveIntervention} has it: those that cannot be made
 * leave the others as they are.
 *
 * @returns ids of those that moved
 */
export async function moveInterventions(
  tx: Transaction,
  moves: readonly Move[],
): Promise<ReadonlySet<InterventionId>> {
  if (moves.length === 0) return new Set()
  const moved = await tx.prepared<Moved>(MOVE, [
    tx.tenant,
    JSON.stringify(moves.map(rowOf)),
    // Apart: as part of the list each would be parsed several times, and they are most of it.
    moves.map(({ set }) => (set?.message === undefined ? null : JSON.stringify(set.message))),
    moves.map(({ id }) => id),
  ])
  const byState = Map.groupBy(moved.filter(isNews), ({ to }) => to)
  for (const [to, rows] of byState) await showMoves(tx, to, rows)
  // What may have been sent is kept in the CRM, and what is known of it later as well.
  const known = moved.flatMap(({ id, before }) => (before === 'uncertain' ? [id] : []))
  if (known.length > 0) await oweMoved(tx, known)
  return new Set(moved.map(({ id }) => id))
}

interface Moved extends MovedRow {
  readonly id: InterventionId
  readonly before: InterventionState
  readonly to: InterventionState
}

/** That something arrived is news where it was uncertain whether it had been sent, as in 0022-moves-at-once.sql. */
const isNews = ({ before, to }: Moved): boolean => to !== 'confirmed' || before === 'uncertain'

function rowOf({ id, from, to, actor, reasonCode, reason, detail, owner, leaseRuns, set = {} }: Move) {
  const wrong = from.find((state) => !mayMove(state, to))
  if (wrong !== undefined)
    throw new HoldfastError(
      'internal',
      `An intervention does not go from ${wrong} to ${to}, only to ${MOVES[wrong].join(', ') || 'nowhere'}.`,
    )
  return {
    id,
    from_states: from,
    to_state: to,
    actor,
    reason_code: reasonCode,
    reason,
    detail,
    held_by: owner,
    lease_runs: leaseRuns === true,
    new_owner: set.lease?.owner,
    lease_ms: set.lease?.ms,
    keeps_owner: OWNED.includes(to),
    due_at: set.dueAt,
    due_in_ms: set.dueInMs,
    attempts: set.attempts ?? 0,
    recipient: set.recipient,
    address_hash: set.addressHash === undefined ? undefined : `\\x${set.addressHash.toString('hex')}`,
    provider_id: set.providerId,
    actual_cost: set.actualCostMinor,
    approved_by: set.approvedBy,
    sending_now: set.sendingNow === true,
    never_sent: set.neverSent === true,
    sent_now: set.sentNow === true,
  }
}

const MOVE = `
  with asked as (
    select * from rows from (
      json_to_recordset($2::json) as (id uuid, from_states text[], to_state text, actor text, reason_code text,
        reason text, detail jsonb, held_by text, lease_runs boolean, new_owner text, lease_ms float8,
        keeps_owner boolean, due_at timestamptz, due_in_ms float8, attempts integer, recipient bigint,
        address_hash bytea, provider_id text, actual_cost bigint, approved_by text, sending_now boolean,
        never_sent boolean, sent_now boolean),
      unnest($3::jsonb[])
    ) as r (id, from_states, to_state, actor, reason_code, reason, detail, held_by, lease_runs, new_owner, lease_ms,
      keeps_owner, due_at, due_in_ms, attempts, recipient, address_hash, provider_id, actual_cost, approved_by,
      sending_now, never_sent, sent_now, message)
  ), held as (
    select i.tenant_id, i.state as before, a.* from interventions i join asked a on a.id = i.id
    where i.tenant_id = $1 and i.id = any ($4::uuid[]) and i.state = any (a.from_states)
      and (a.held_by is null or i.lease_owner = a.held_by)
      and (not a.lease_runs or i.lease_until > clock_timestamp())
    order by i.id for update of i
  ), moved as (
    update interventions i set state = h.to_state, reason_code = h.reason_code, reason = h.reason, updated_at = now(),
      lease_owner = case when h.new_owner is not null then h.new_owner when h.keeps_owner then i.lease_owner end,
      lease_until = case when h.new_owner is not null
        then clock_timestamp() + h.lease_ms * interval '1 millisecond' when h.keeps_owner then i.lease_until end,
      due_at = coalesce(h.due_at, clock_timestamp() + h.due_in_ms * interval '1 millisecond', i.due_at),
      attempts = greatest(0, i.attempts + h.attempts),
      recipient_id = coalesce(h.recipient, i.recipient_id),
      address_hash = coalesce(h.address_hash, i.address_hash),
      message = coalesce(h.message, i.message),
      delivery = case when h.to_state = 'dry_run' then 'dry_run' else coalesce(h.message ->> 'delivery', i.delivery) end,
      provider_id = coalesce(h.provider_id, i.provider_id),
      actual_cost_minor = coalesce(h.actual_cost, i.actual_cost_minor),
      approved_by = coalesce(h.approved_by, i.approved_by),
      approved_at = case when h.approved_by is null then i.approved_at else clock_timestamp() end,
      sending_at = case when h.sending_now then clock_timestamp() when not h.never_sent then i.sending_at end,
      sent_at = case when h.sent_now then clock_timestamp() else i.sent_at end
    from held h where i.tenant_id = $1 and i.tenant_id = h.tenant_id and i.id = h.id
    returning i.id, i.connection_id, h.before, h.to_state, h.actor, h.reason_code, h.reason, h.detail
  ), noted as (
    insert into intervention_events (tenant_id, intervention_id, from_state, to_state, actor, reason_code, reason, detail)
    select $1, id, before, to_state, actor, reason_code, reason, detail from moved
  )
  select id, connection_id as connection, before, to_state as "to" from moved`

/** An event without a move: something that happened to it and changed nothing, such as an opt-out after it was sent. */
export async function noteIntervention(
  tx: Transaction,
  {
    id,
    actor,
    reasonCode,
    reason,
  }: { id: InterventionId; actor: string; reasonCode: string; reason: string },
): Promise<void> {
  await tx.query(
    `insert into intervention_events (tenant_id, intervention_id, from_state, to_state, actor, reason_code, reason)
     select tenant_id, id, state, state, $3, $4, $5 from interventions where tenant_id = $1 and id = $2`,
    [tx.tenant, id, actor, reasonCode, reason],
  )
}

/** Due later in the same state, for the same reason: no move, and no event. */
export async function delayIntervention(tx: Transaction, id: InterventionId, ms: number): Promise<void> {
  await delayInterventions(tx, [{ id, ms }])
}

/** As {@link delayIntervention}, many. */
export async function delayInterventions(
  tx: Transaction,
  delays: readonly { readonly id: InterventionId; readonly ms: number }[],
): Promise<void> {
  if (delays.length === 0) return
  await tx.query(
    `update interventions i set due_at = clock_timestamp() + d.ms * interval '1 millisecond'
     from unnest($2::uuid[], $3::float8[]) as d (id, ms) where i.tenant_id = $1 and i.id = d.id`,
    [tx.tenant, delays.map(({ id }) => id), delays.map(({ ms }) => ms)],
  )
}

/**
 * Locks until the transaction ends what its owner still holds.
 *
 * @returns ids of those
 */
export async function lockLeases(
  tx: Transaction,
  leases: readonly Omit<LeaseRenewal, 'ms'>[],
): Promise<ReadonlySet<InterventionId>> {
  if (leases.length === 0) return new Set()
  const held = await tx.prepared<{ id: InterventionId }>(
    `select i.id from interventions i
     join unnest($2::uuid[], $3::text[], $4::text[]) as a (id, owner, state) on a.id = i.id
     where i.tenant_id = $1 and i.id = any ($2::uuid[]) and i.state = a.state and i.lease_owner = a.owner
       and i.lease_until > clock_timestamp()
     order by i.id for update of i`,
    [
      tx.tenant,
      leases.map(({ id }) => id),
      leases.map(({ owner }) => owner),
      leases.map(({ state }) => state),
    ],
  )
  return new Set(held.map(({ id }) => id))
}

export interface LeaseRenewal {
  readonly id: InterventionId
  readonly owner: string
  readonly ms: number
  readonly state: 'leased' | 'sending'
}

/**
 * Leases that their owners still hold, renewed and locked until the transaction ends.
 *
 * @returns ids of those; the others are another owner's by now, or ran out
 */
export async function renewLeases(
  tx: Transaction,
  renewals: readonly LeaseRenewal[],
): Promise<ReadonlySet<InterventionId>> {
  if (renewals.length === 0) return new Set()
  const renewed = await tx.prepared<{ id: InterventionId }>(
    `with asked as (
       select * from unnest($2::uuid[], $3::text[], $4::float8[], $5::text[]) as r (id, owner, ms, state)
     ), held as (
       select i.id, a.ms from interventions i join asked a on a.id = i.id
       where i.tenant_id = $1 and i.id = any ($2::uuid[]) and i.state = a.state and i.lease_owner = a.owner
         and i.lease_until > clock_timestamp()
       order by i.id for update of i
     )
     update interventions i set lease_until = clock_timestamp() + h.ms * interval '1 millisecond'
     from held h where i.tenant_id = $1 and i.id = h.id returning i.id`,
    [
      tx.tenant,
      renewals.map(({ id }) => id),
      renewals.map(({ owner }) => owner),
      renewals.map(({ ms }) => ms),
      renewals.map(({ state }) => state),
    ],
  )
  return new Set(renewed.map(({ id }) => id))
}
