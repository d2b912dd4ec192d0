/** What addresses and ledger say of customers, as masks look at it. */
import { preferKeys } from './customers.ts'
import type { Transaction } from './database.ts'

export type AddressAnswer = 'suppressed' | 'refused' | 'unknown' | 'granted'

/** The best of the customer's addresses of each channel; null: none is known. */
export interface AddressFact {
  readonly customer_id: number
  readonly email: AddressAnswer | null
  readonly sms: AddressAnswer | null
  readonly call: AddressAnswer | null
}

/**
 * By customer what may be done with the addresses; one that is suppressed counts as that, whatever was said.
 * Customers without an address have no row. Consent counts as `consentOf` has it.
 *
 * @param customers at least one, in ascending order: a range narrows the search where nothing is known of the table
 */
export async function addressFacts(
  tx: Transaction,
  customers: readonly number[],
): Promise<readonly AddressFact[]> {
  await preferKeys(tx)
  const rows = await tx.query<{ customer_id: number; email: number; sms: number; call: number }>(ADDRESSES, [
    tx.tenant,
    customers,
    customers[0],
    customers[customers.length - 1],
  ])
  return rows.map(({ customer_id, email, sms, call }) => ({
    customer_id,
    email: ANSWERS[email],
    sms: ANSWERS[sms],
    call: ANSWERS[call],
  }))
}

const ANSWERS = [null, 'suppressed', 'refused', 'unknown', 'granted'] as const

// Each address is looked up by its key, however many consents and suppressions there are.
const answer = (hash: string, channel: string): string => `coalesce(max(
    case when ${hash} is null then 0
      when exists (select from suppressions u
        where u.tenant_id = $1 and u.address_hash = ${hash} and u.channel = '${channel}') then 1
      else coalesce((
        select case n.status when 'refused' then 2 else 4 end from consents n
        where n.tenant_id = $1 and n.address_hash = ${hash} and n.channel = '${channel}'
        order by n.changed_at desc, (n.status = 'refused') desc limit 1), 3) end), 0) as ${channel}`

const ADDRESSES = `
  select r.customer_id, ${answer('r.email_hash', 'email')}, ${answer('r.phone_hash', 'sms')},
    ${answer('r.phone_hash', 'call')}
  from recipients r
  where r.tenant_id = $1 and r.customer_id between $3 and $4 and r.customer_id = any ($2::bigint[])
  group by r.customer_id`

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
 * What the ledger knows of each customer and action. What is uncertain counts as sent, a dry run as nothing; what
 * reached those who live on in a customer by now has reached that customer.
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
       union all
       select m.merged_into, i.action_key, true, coalesce(i.sent_at, i.sending_at, i.updated_at)
       from customers m
       cross join lateral (
         select * from interventions where tenant_id = $1 and customer_id = m.id
           and state in ('sending', 'sent', 'confirmed', 'uncertain')
       ) i
       where m.tenant_id = $1 and m.merged_into = any ($2::bigint[]) and m.merged_into between $5 and $6
     ) known group by customer_id, action_key`,
    [tx.tenant, customers, start, now, customers[0], customers[customers.length - 1]],
  )
}
