/** What keeps everything automatic from a customer until a person has looked: an answer, a complaint, a dispute. */
import { MAY_BE_PERSON } from './reads/persons.ts'
import { z } from 'zod'
import { HoldfastError } from '../contracts/errors.ts'
import { asCustomer, type CustomerId } from '../contracts/ids.ts'
import type { Transaction } from './database.ts'
import { pageOf, pageSize, readCursor, type Page, type PageRequest } from './reads/paging.ts'

export type HoldKind = 'replied' | 'complained' | 'dispute' | 'negotiation' | 'by_hand'

export interface NewHold {
  readonly customer: CustomerId
  readonly kind: HoldKind
  /** A sentence: "Ann Lee answered on 12 Jan." */
  readonly reason: string
  readonly actor: string
  /** Default: until somebody ends it. */
  readonly until?: Date
}

export interface Hold {
  readonly id: number
  readonly customer: CustomerId
  readonly kind: HoldKind
  readonly reason: string
  readonly actor: string
  readonly createdAt: Date
  readonly until: Date | null
}

/**
 * One of a kind runs at a time: the first reason stays, and of two ends the later one.
 *
 * @returns whether it is new
 */
export async function holdCustomer(tx: Transaction, hold: NewHold): Promise<boolean> {
  const values = [tx.tenant, hold.customer, hold.kind, hold.until ?? null]
  // One at a time for a customer, or two answers at once would make two.
  await tx.query(
    'select from customers where tenant_id = $1 and id = $2 for no key update',
    values.slice(0, 2),
  )
  const running = await tx.query(
    `update holds set until = case when until is null or $4::timestamptz is null then null else greatest(until, $4) end
     where tenant_id = $1 and customer_id = $2 and kind = $3 and ended_at is null
       and (until is null or until > now()) returning id`,
    values,
  )
  if (running.length > 0) return false
  await tx.query(
    `insert into holds (tenant_id, customer_id, kind, until, reason, actor) values ($1, $2, $3, $4, $5, $6)`,
    [...values, hold.reason, hold.actor],
  )
  return true
}

/** @throws HoldfastError `not_found` */
export async function customerToHold(tx: Transaction, id: number): Promise<CustomerId> {
  const found = await tx.query('select from customers where tenant_id = $1 and id = $2', [tx.tenant, id])
  if (found.length > 0) return asCustomer(id)
  throw new HoldfastError('not_found', `There is no customer ${id}. GET /v1/customers lists them.`)
}

/**
 * Ends all that runs for a customer, and has what waited for it looked at again at once.
 *
 * @returns how many
 */
export async function releaseHolds(tx: Transaction, customer: CustomerId, actor: string): Promise<number> {
  const ended = await tx.query(
    `update holds set ended_at = now(), ended_by = $3
     where tenant_id = $1 and ${OF_CUSTOMER} and ${RUNS} returning id`,
    [tx.tenant, customer, actor],
  )
  if (ended.length > 0)
    await tx.query(
      `update interventions set due_at = now(), updated_at = now()
       where tenant_id = $1 and ${OF_CUSTOMER} and state = 'deferred' and reason_code = 'held' and due_at > now()`,
      [tx.tenant, customer],
    )
  return ended.length
}

const RUNS = 'ended_at is null and (until is null or until > now())'
// What held one who lives on in this customer holds this one.
const OF_CUSTOMER = `customer_id in (select $2::bigint union all
  select id from customers where tenant_id = $1 and merged_into = $2)`

/**
 * What runs now, oldest first; that of a customer who lives on in one of these is told as of this one.
 *
 * @param customers at least one
 */
export function holdsOf(tx: Transaction, customers: readonly number[]): Promise<Hold[]> {
  return tx.query<Hold>(
    `select h.id, coalesce(c.merged_into, h.customer_id) as customer, h.kind, h.reason, h.actor,
       h.created_at as "createdAt", h.until
     from holds h join customers c on c.tenant_id = h.tenant_id and c.id = h.customer_id
     where h.tenant_id = $1 and (h.customer_id = any ($2::bigint[]) or c.merged_into = any ($2::bigint[]))
       and h.ended_at is null and (h.until is null or h.until > now())
     order by h.id`,
    [tx.tenant, customers],
  )
}

/** A hold with whom it is of. */
export interface HoldLine extends Hold {
  readonly customerName: string | null
  readonly customerObject: string
  /** The name may be that of a person: not everybody is shown it. */
  readonly person: boolean
}

/**
 * All that runs now, newest first.
 *
 * @throws HoldfastError `request_invalid` for a cursor of another list
 */
export async function listHolds(
  tx: Transaction,
  query: PageRequest & { readonly kind?: Hold['kind'] | undefined },
): Promise<Page<HoldLine>> {
  const size = pageSize(query)
  const after = readCursor('holds', query, z.tuple([z.int()]))
  const rows = await tx.query<HoldLine>(
    `select h.id, coalesce(c.merged_into, h.customer_id) as customer, c.name as "customerName", c.object as "customerObject", ${MAY_BE_PERSON} as person, h.kind, h.reason,
       h.actor, h.created_at as "createdAt", h.until
     from holds h join customers c on c.tenant_id = h.tenant_id and c.id = h.customer_id
     where h.tenant_id = $1 and h.ended_at is null and (h.until is null or h.until > now())
       and ($2::bigint is null or h.id < $2) and ($4::text is null or h.kind = $4)
     order by h.id desc limit $3`,
    [tx.tenant, after?.[0] ?? null, size + 1, query.kind ?? null],
  )
  return pageOf(rows, size, 'holds', (row) => [row.id])
}
