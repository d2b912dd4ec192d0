/** What keeps everything automatic from a customer until a person has looked: an answer, a complaint, a dispute. */
import type { CustomerId } from '../contracts/ids.ts'
import type { Transaction } from './database.ts'

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
  await tx.query('select from customers where tenant_id = $1 and id = $2 for no key update', values.slice(0, 2))
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

/** Ends all that runs for a customer. @returns how many */
export async function releaseHolds(tx: Transaction, customer: CustomerId, actor: string): Promise<number> {
  const ended = await tx.query(
    `update holds set ended_at = now(), ended_by = $3
     where tenant_id = $1 and customer_id = $2 and ended_at is null returning id`,
    [tx.tenant, customer, actor],
  )
  return ended.length
}

/**
 * What runs now, oldest first.
 *
 * @param customers at least one
 */
export function holdsOf(tx: Transaction, customers: readonly number[]): Promise<Hold[]> {
  return tx.query<Hold>(
    `select id, customer_id as customer, kind, reason, actor, created_at as "createdAt", until from holds
     where tenant_id = $1 and customer_id = any ($2::bigint[]) and ended_at is null
       and (until is null or until > now())
     order by id`,
    [tx.tenant, customers],
  )
}
