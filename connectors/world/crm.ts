/**
 * What the world asks of the CRM in whose sandbox it lives: where what happened is written down, in the CRM's own
 * records, and where what was sent to people is found. Each sandbox has one implementation; the world knows no CRM.
 */
import type { Agreement, World } from './agreement.ts'
import type { Sight } from './customers.ts'
import type { Life, Memory } from './memory.ts'

/** What `seenOf` gives, by the names of the world's columns. */
export type Seen = Readonly<Record<string, string | number | null>>

/** Why somebody left, as the company writes it down: not always what was behind it. */
export type Reason = 'price' | 'features' | 'not_used' | 'payment' | 'unknown'

/** How a customer stands a month later. Dates are of the CRM's calendar, not of the world's, which is ahead of it. */
export interface Stand {
  readonly agreement: Agreement
  /** Days since 1970-01-01, by the clock. */
  readonly today: number
}

/** A task of ours on somebody's list. */
export interface GivenTask {
  readonly kind: 'task'
  /** Of the customer's record; null: nobody's that the world knows. */
  readonly customer: string | null
  readonly action: string
  readonly done: boolean
  /** Somebody who still works there has it. */
  readonly assigned: boolean
  readonly call: boolean
}

/** A mail of ours in somebody's inbox. */
export interface SentEmail {
  readonly kind: 'email'
  readonly customer: string | null
  readonly action: string
  /** Who reads it; null: whoever is the first at the customer. */
  readonly contact: string | null
}

/**
 * `customer` is the id by which the world remembers a customer, `record` the one that answers for it by now: a merge
 * may have given it another.
 */
export interface WorldCrm {
  readonly memory: Memory
  /** @returns null where the record is deleted or gone */
  standing(customer: string): string | null

  /** Minutes of daily use that the record shows; null none. */
  usage(record: string): number | null
  /** The nightly sync of usage and billing. Whatever stood empty stays empty: nobody keeps it. */
  report(record: string, seen: Seen, stand: Stand): void
  /** The renewal was decided for us, and the next one is open. Returns the open one's id; null without a term. */
  signNext(record: string, life: Life, stand: Stand): string | null
  /** The open renewal is a month closer. Returns its id, as it was. */
  moveRenewal(record: string, life: Life, stand: Stand): string | null
  leave(record: string, life: Life, left: { readonly reason: Reason; readonly today: number }): void
  /** So many whole months have passed since the world began: what a CRM keeps for a while only may go. */
  monthEnded?(month: number): void
  /** Somebody new, with people and agreement. `world` is as of today. */
  add(world: World, sight: Sight, joined: number): void

  /**
   * What was sent since this was last asked, oldest first; each once.
   *
   * @returns `item` is `type:id`
   */
  arrived(): Iterable<{ readonly item: string; readonly kind: 'task' | 'email' }>
  /** @returns null where it is gone */
  sent(item: string): GivenTask | SentEmail | null
  /** A call that a task asked for was made. */
  logCall(item: string, customer: string, reached: boolean): void
  complete(item: string): void
  /** The rep who has this task had to do with the customer. */
  contacted(item: string, customer: string): void
  opened(item: string, counts: { readonly opens: number; readonly clicks: number }): void
  reply(item: string, customer: string, contact: string): void
  /** @returns false where they had done so before, or cannot be written to anyway */
  unsubscribe(contact: string, fromAll: boolean): boolean
}
