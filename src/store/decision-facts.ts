/** What addresses and ledger say of customers, as masks look at it. */
import type { Transaction } from './database.ts'

export interface AddressFact {
  readonly customer_id: number
  readonly channel: 'email' | 'sms' | 'call'
  /** The best of the customer's addresses of the channel. */
  readonly answer: 'suppressed' | 'refused' | 'unknown' | 'granted'
}

/**
 * By customer and channel what may be done with the addresses; one that is suppressed counts as that, whatever was
 * said. Customers without an address for a channel have no row. Consent counts as `consentOf` has it.
 *
 * @param customers at least one, in ascending order: a range narrows the search where nothing is known of the table
 */
export function addressFacts(tx: Transaction, customers: readonly number[]): Promise<AddressFact[]> {
  return tx.query<AddressFact>(
    `with addresses as (
       select r.customer_id, a.channel, a.hash from recipients r
       cross join lateral (values ('email', r.email_hash), ('sms', r.phone_hash), ('call', r.phone_hash))
         as a (channel, hash)
       where r.tenant_id = $1 and r.customer_id = any ($2::bigint[]) and r.customer_id between $3 and $4
         and a.hash is not null
     ), newest as (
       select distinct on (address_hash, channel) address_hash, channel, status from consents
       where tenant_id = $1 and address_hash in (select hash from addresses)
       order by address_hash, channel, changed_at desc, (status = 'refused') desc
     )
     select a.customer_id, a.channel,
       (array['suppressed', 'refused', 'unknown', 'granted'])[max(
         case when u.reason is not null then 1 when n.status = 'refused' then 2 when n.status is null then 3
           else 4 end)] as answer
     from addresses a
     left join newest n on n.address_hash = a.hash and n.channel = a.channel
     left join suppressions u on u.tenant_id = $1 and u.address_hash = a.hash and u.channel = a.channel
     group by a.customer_id, a.channel`,
    [tx.tenant, customers, customers[0], customers[customers.length - 1]],
  )
}

export interface LedgerFact {
  readonly customer_id: number
  readonly action_key: string
  /** Begun and not ended. */
  readonly open: number
  readonly last_sent: Date | null
  readonly sent_in_period: number
  readonly sent_in_year: number
}

/**
 * What the ledger knows of each customer and action. What is uncertain counts as sent, a dry run as nothing.
 *
 * @param customers at least one, in ascending order
 */
export function ledgerFacts(
  tx: Transaction,
  { customers, start, now }: { customers: readonly number[]; start: Date; now: Date },
): Promise<LedgerFact[]> {
  return tx.query<LedgerFact>(
    `select customer_id, action_key, (count(*) filter (where not went))::integer as open,
       max(at) filter (where went) as last_sent,
       (count(*) filter (where went and at >= $3))::integer as sent_in_period,
       (count(*) filter (where went and at >= $4::timestamptz - interval '12 months'))::integer as sent_in_year
     from (
       select customer_id, action_key, state in ('sent', 'confirmed', 'uncertain') as went,
         coalesce(sent_at, sending_at, updated_at) as at
       from interventions
       where tenant_id = $1 and customer_id = any ($2::bigint[]) and customer_id between $5 and $6
         and state in ('planned', 'awaiting_approval',
         'deferred', 'leased', 'sending', 'snoozed', 'sent', 'confirmed', 'uncertain')
     ) known group by customer_id, action_key`,
    [tx.tenant, customers, start, now, customers[0], customers[customers.length - 1]],
  )
}
