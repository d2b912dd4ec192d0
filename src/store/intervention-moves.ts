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
  readonly message?: unknown
  readonly providerId?: string
  readonly actualCostMinor?: number
  readonly sendingNow?: boolean
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
  const { id, from, to, actor, reasonCode = null, reason = null, detail = null, owner, set = {} } = move
  const wrong = from.find((state) => !mayMove(state, to))
  if (wrong !== undefined)
    throw new HoldfastError(
      'internal',
      `An intervention does not go from ${wrong} to ${to}, only to ${MOVES[wrong].join(', ') || 'nowhere'}.`,
    )
  const values: unknown[] = [tx.tenant, id, [...from], to, actor, reasonCode, reason, detail && json(detail)]
  const bind = (value: unknown) => `$${values.push(value)}`
  const changes = assignments(set, to, bind)
  const guards = [
    ...(owner === undefined ? [] : [`and lease_owner = ${bind(owner)}`]),
    ...(move.leaseRuns === true ? ['and lease_until > clock_timestamp()'] : []),
  ].join(' ')
  const moved = await tx.query<MovedRow>(
    `with held as (
       select tenant_id, id, state from interventions
       where tenant_id = $1 and id = $2 and state = any($3::text[]) ${guards} for update
     ), moved as (
       update interventions i set state = $4, reason_code = $6, reason = $7, updated_at = now() ${changes}
       from held where i.tenant_id = held.tenant_id and i.id = held.id
       returning i.id, i.connection_id, held.state as before
     ), noted as (
       insert into intervention_events (tenant_id, intervention_id, from_state, to_state, actor, reason_code, reason, detail)
       select $1, id, before, $4, $5, $6, $7, $8::jsonb from moved
     )
     select connection_id as connection from moved`,
    values,
  )
  await showMoves(tx, to, moved)
  // What may have been sent is kept in the CRM, and what is known of it later as well.
  if (moved.length > 0 && from.includes('uncertain')) await oweMoved(tx, [id])
  return moved.length > 0
}

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
  await tx.query(
    `update interventions set due_at = clock_timestamp() + $3::float8 * interval '1 millisecond'
     where tenant_id = $1 and id = $2`,
    [tx.tenant, id, ms],
  )
}

/** @returns false when the lease is not this owner's any more, or has run out */
export async function renewLease(
  tx: Transaction,
  id: InterventionId,
  { owner, ms, state }: { owner: string; ms: number; state: 'leased' | 'sending' },
): Promise<boolean> {
  const renewed = await tx.query(
    `update interventions set lease_until = clock_timestamp() + $4::float8 * interval '1 millisecond'
     where tenant_id = $1 and id = $2 and state = $5 and lease_owner = $3
       and lease_until > clock_timestamp() returning id`,
    [tx.tenant, id, owner, ms, state],
  )
  return renewed.length > 0
}

const json = (value: unknown) => JSON.stringify(value)

function assignments(set: MoveSet, to: InterventionState, bind: (value: unknown) => string): string {
  const later = (ms: number) => `clock_timestamp() + ${bind(ms)}::float8 * interval '1 millisecond'`
  const parts: string[] = []
  if (set.lease !== undefined)
    parts.push(`lease_owner = ${bind(set.lease.owner)}`, `lease_until = ${later(set.lease.ms)}`)
  else if (!OWNED.includes(to)) parts.push('lease_owner = null', 'lease_until = null')
  if (set.dueAt !== undefined) parts.push(`due_at = ${bind(set.dueAt)}`)
  if (set.dueInMs !== undefined) parts.push(`due_at = ${later(set.dueInMs)}`)
  if (set.attempts !== undefined)
    parts.push(`attempts = greatest(0, attempts + ${bind(set.attempts)}::integer)`)
  if (set.recipient !== undefined) parts.push(`recipient_id = ${bind(set.recipient)}`)
  if (set.message !== undefined) parts.push(`message = ${bind(json(set.message))}::jsonb`)
  if (set.providerId !== undefined) parts.push(`provider_id = ${bind(set.providerId)}`)
  if (set.actualCostMinor !== undefined) parts.push(`actual_cost_minor = ${bind(set.actualCostMinor)}`)
  if (set.sendingNow === true) parts.push('sending_at = clock_timestamp()')
  if (set.sentNow === true) parts.push('sent_at = clock_timestamp()')
  return parts.map((part) => `, ${part}`).join('')
}
