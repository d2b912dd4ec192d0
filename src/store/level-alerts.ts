/** Customers whose risk rose to the level HIGH lately, and who was told of whom. */
import type { CustomerId } from '../contracts/ids.ts'
import type { Transaction } from './database.ts'

export interface RisenCustomer {
  readonly customer: CustomerId
  readonly name: string | null
  readonly responsible: { readonly name: string | null; readonly address: string } | null
  /** 0 to 1. */
  readonly probability: number
  readonly levelSince: Date
  readonly valueAtRiskMinor: number | null
  readonly currency: string | null
  /** The most important reason, a sentence; null: none. */
  readonly reason: string | null
  /** Of a test portal or a sandbox. */
  readonly sandbox: boolean
}

/**
 * The most valuable first. A first score is no rise, nor is the way back of a risk that was HIGH within 14 days: it swings
 * about the threshold. Of the comparison groups nobody is told, or people would act on it.
 *
 * @param since rises before are no news
 */
export function risenCustomers(tx: Transaction, since: Date): Promise<RisenCustomer[]> {
  return tx.query<RisenCustomer>(
    `select c.id as customer, c.name,
       case when c.responsible_email is not null
         then jsonb_build_object('name', c.responsible_name, 'address', c.responsible_email) end as responsible,
       s.probability, s.level_since as "levelSince", s.value_at_risk_minor as "valueAtRiskMinor", s.currency,
       s.reasons -> 0 ->> 'sentence' as reason, n.sandbox
     from scores s
     join customers c on c.tenant_id = s.tenant_id and c.id = s.customer_id
     join connections n on n.tenant_id = c.tenant_id and n.id = c.connection_id
     where s.tenant_id = $1 and s.level = 'HIGH' and s.level_since > $2 and c.status = 'active'
       and c.group_name in ('policy', 'exempt')
       and exists (
         select from score_history h
         where h.tenant_id = $1 and h.customer_id = c.id and h.scored_at < s.level_since and h.level <> 'HIGH'
       )
       and not exists (
         select from score_history h
         where h.tenant_id = $1 and h.customer_id = c.id and h.level = 'HIGH'
           and h.scored_at < s.level_since and h.scored_at >= s.level_since - interval '14 days'
       )
     order by s.value_at_risk_minor desc nulls last, s.probability desc, c.id
     limit 20000`,
    [tx.tenant, since],
  )
}

export interface ToldLevels {
  /** The e-mail address, or the id of the webhook. */
  readonly target: string
  readonly customers: readonly number[]
  readonly at: Date
}

/** Notices of risen customers in the last 30 days. */
export function toldLevels(tx: Transaction): Promise<ToldLevels[]> {
  return tx.query<ToldLevels>(
    `select target, data -> 'customers' as customers, created_at as at from told
     where tenant_id = $1 and kind = 'customer.level' and created_at > now() - interval '30 days'`,
    [tx.tenant],
  )
}
