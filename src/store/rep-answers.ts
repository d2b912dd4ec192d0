/** What people said to suggestions on the record in the CRM: outcomes of the decisions that these came from. */
import { z } from 'zod'
import type { ConnectionId, CustomerId, DecisionId, InterventionId } from '../contracts/ids.ts'
import type { RepAnswer } from '../contracts/rep-answers.ts'
import type { Transaction } from './database.ts'
import { conditions, exactly, type Conditions } from './reads/conditions.ts'
import { pageOf, pageSize, readCursor, type Page, type PageRequest } from './reads/paging.ts'
import { MAY_BE_PERSON } from './reads/persons.ts'

export interface NewRepAnswer {
  readonly customer: CustomerId
  readonly connection: ConnectionId
  /** Null: what was suggested was asked for by a person or the API. */
  readonly decision: DecisionId | null
  readonly intervention: InterventionId
  readonly actionKey: string
  readonly answer: RepAnswer
  /** Of `not_right`: its key; otherwise null. */
  readonly reason: string | null
  readonly note: string | null
  /** Of `snooze`. */
  readonly until: Date | null
  readonly actor: string
  readonly at: Date
}

/** In the transaction of the answer itself, so that neither is there without the other. */
export async function keepRepAnswer(tx: Transaction, one: NewRepAnswer): Promise<void> {
  await tx.query(
    `insert into rep_answers (tenant_id, customer_id, connection_id, decision_id, intervention_id, action_key, answer,
       reason, note, until, actor, answered_at)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`,
    [
      tx.tenant,
      one.customer,
      one.connection,
      one.decision,
      one.intervention,
      one.actionKey,
      one.answer,
      one.reason,
      one.note,
      one.until,
      one.actor,
      one.at,
    ],
  )
}

export interface RepAnswerLine extends Omit<NewRepAnswer, 'at'> {
  readonly id: number
  readonly at: Date
  readonly customerName: string | null
  readonly customerObject: string
  /** The name may be that of a person: not everybody is shown it. */
  readonly person: boolean
}

export interface RepAnswerFilter {
  readonly answer?: RepAnswer | undefined
  readonly reason?: string | undefined
  readonly action?: string | undefined
  readonly customer?: CustomerId | undefined
  readonly from?: Date | undefined
  /** Not included. */
  readonly to?: Date | undefined
}

/**
 * Newest first.
 *
 * @throws HoldfastError `request_invalid` for a cursor of another list
 * @example
 * await listRepAnswers(tx, { answer: 'not_right', reason: 'wrong_contact' })
 */
export async function listRepAnswers(
  tx: Transaction,
  query: PageRequest & RepAnswerFilter,
): Promise<Page<RepAnswerLine>> {
  const size = pageSize(query)
  const after = readCursor('rep answers', query, z.tuple([z.iso.datetime({ precision: 6 }), z.int()]))
  const where = filtered(tx, query)
  if (after !== null) {
    const [at, id] = after.map(where.parameter)
    where.add(`(a.answered_at, a.id) < (${at}::timestamptz, ${id}::bigint)`)
  }
  const rows = await tx.query<RepAnswerLine & { readonly exact: string }>(
    `select a.id, a.customer_id as customer, c.name as "customerName", c.object as "customerObject",
       ${MAY_BE_PERSON} as person, a.connection_id as connection, a.decision_id as decision,
       a.intervention_id as intervention, a.action_key as "actionKey", a.answer, a.reason, a.note, a.until, a.actor,
       a.answered_at as at, ${exactly('a.answered_at')} as exact
     from rep_answers a join customers c on c.tenant_id = a.tenant_id and c.id = a.customer_id
     where ${where.text()} order by a.answered_at desc, a.id desc limit ${where.parameter(size + 1)}`,
    where.values,
  )
  const page = pageOf(rows, size, 'rep answers', (row) => [row.exact, row.id])
  return { ...page, items: page.items.map(({ exact: _exact, ...line }) => line) }
}

export interface RepAnswerCount {
  readonly answer: RepAnswer
  /** Null but of `not_right`. */
  readonly reason: string | null
  readonly count: number
}

/** By answer, and of those that were not right by why; the most frequent first. */
export function countRepAnswers(
  tx: Transaction,
  filter: RepAnswerFilter,
): Promise<readonly RepAnswerCount[]> {
  const where = filtered(tx, filter)
  return tx.query<RepAnswerCount>(
    `select a.answer, a.reason, count(*)::integer as count from rep_answers a
     where ${where.text()} group by 1, 2 order by 3 desc, 1, 2`,
    where.values,
  )
}

function filtered(tx: Transaction, filter: RepAnswerFilter): Conditions {
  const where = conditions([tx.tenant], 'a.tenant_id = $1')
  where.given(filter.answer, (it) => `a.answer = ${it}`)
  where.given(filter.reason, (it) => `a.reason = ${it}`)
  where.given(filter.action, (it) => `a.action_key = ${it}`)
  where.given(filter.customer, (it) => `a.customer_id = ${it}`)
  where.given(filter.from, (it) => `a.answered_at >= ${it}`)
  where.given(filter.to, (it) => `a.answered_at < ${it}`)
  return where
}
