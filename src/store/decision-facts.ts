/** What addresses and ledger say of customers, as masks look at it. */
import type { Transaction } from './database.ts'
import { preferKeys } from './prefer-keys.ts'

export type AddressAnswer = 'suppressed' | 'refused' | 'unknown' | 'granted'

/** The best of the customer's addresses of each channel; null: none is known. */
export interface AddressFact {
  readonly customer_id: number
  readonly email: AddressAnswer | null
  readonly sms: AddressAnswer | null
  readonly call: AddressAnswer | null
  /** Whose address that is: of the best ones the first in rank. */
  readonly people: Readonly<Record<'email' | 'sms' | 'call', Person>>
}

export interface Person {
  /** Id of the recipient; null: there is nobody. */
  readonly recipient: number | null
  /** BCP 47; null unknown. */
  readonly language: string | null
  /** ISO 3166-1 alpha-2; null unknown. */
  readonly country: string | null
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
  const rows = await tx.query<AddressRow>(ADDRESSES, [
    tx.tenant,
    customers,
    customers[0],
    customers[customers.length - 1],
  ])
  return rows.map(({ customer_id, email, sms, call, who, languages, countries }) => {
    const person = (at: number): Person => ({
      recipient: who[at],
      language: languages[at],
      country: countries[at],
    })
    return {
      customer_id,
      email: ANSWERS[email],
      sms: ANSWERS[sms],
      call: ANSWERS[call],
      people: { email: person(0), sms: person(1), call: person(2) },
    }
  })
}

interface AddressRow {
  readonly customer_id: number
  readonly email: number
  readonly sms: number
  readonly call: number
  /** By channel: e-mail, SMS, call. */
  readonly who: readonly (number | null)[]
  readonly languages: readonly (string | null)[]
  readonly countries: readonly (string | null)[]
}

const ANSWERS = [null, 'suppressed', 'refused', 'unknown', 'granted'] as const

// Each address is looked up by its key, however many consents and suppressions there are.
const answer = (hash: string, channel: string): string => `
    case when ${hash} is null then 0
      when exists (select from suppressions u
        where u.tenant_id = $1 and u.address_hash = ${hash} and u.channel = '${channel}') then 1
      else coalesce((
        select case n.status when 'refused' then 2 else 4 end from consents n
        where n.tenant_id = $1 and n.address_hash = ${hash} and n.channel = '${channel}'
        order by n.changed_at desc, (n.status = 'refused') desc limit 1), 3) end as ${channel}`

/** Of whoever has the best answer of each channel; nobody where there is no address. */
const best = (column: string): string =>
  `array[${['email', 'sms', 'call']
    .map(
      (name) =>
        `(array_agg(r.${column} order by r.${name} desc, r.rank, r.id) filter (where r.${name} > 0))[1]`,
    )
    .join(', ')}]`

const ADDRESSES = `
  select r.customer_id, max(r.email) as email, max(r.sms) as sms, max(r.call) as call,
    ${best('id')} as who, ${best('language')} as languages, ${best('country')} as countries
  from (
    select r.customer_id, r.id, r.rank, r.language, r.country, ${answer('r.email_hash', 'email')},
      ${answer('r.phone_hash', 'sms')}, ${answer('r.phone_hash', 'call')}
    from recipients r
    where r.tenant_id = $1 and r.customer_id between $3 and $4 and r.customer_id = any ($2::bigint[])
    offset 0
  ) r group by r.customer_id`

/** What reached a person, whichever record it was meant for. */
export interface PersonContact {
  readonly recipient: number
  readonly last_sent: Date
  readonly sent_in_period: number
}

/**
 * What went to the addresses of some people since `since`; who got nothing is left out. The same person may be known
 * under several records, and is one all the same. What is uncertain counts as sent.
 */
export async function personContacts(
  tx: Transaction,
  { recipients, since, start }: { recipients: readonly number[]; since: Date; start: Date },
): Promise<PersonContact[]> {
  if (recipients.length === 0) return []
  const [any] = await tx.query(
    `select from interventions where tenant_id = $1 and address_hash is not null limit 1`,
    [tx.tenant],
  )
  if (any === undefined) return []
  return tx.query<PersonContact>(
    `select r.id as recipient, max(i.at) as last_sent, (count(*) filter (where i.at >= $4))::integer as sent_in_period
     from recipients r cross join lateral (
       select coalesce(i.sent_at, i.sending_at, i.updated_at) as at
       from (select distinct h from unnest(array[r.email_hash, r.phone_hash]) as a (h) where h is not null) a
       join interventions i on i.tenant_id = $1 and i.address_hash = a.h
         and i.state in ('sending', 'sent', 'confirmed', 'uncertain')
     ) i
     where r.tenant_id = $1 and r.id = any ($2::bigint[]) and i.at >= $3
     group by r.id`,
    [tx.tenant, recipients, since, start],
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
