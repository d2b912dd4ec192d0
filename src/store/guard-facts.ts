/** What is looked at of a person and a customer right before something is sent, as it stands in this transaction. */
import type { CustomerId, InterventionId } from '../contracts/ids.ts'
import type { Transaction } from './database.ts'
import type { HoldKind } from './holds.ts'

export interface GuardedItem {
  readonly intervention: InterventionId
  readonly customer: CustomerId
  /** Of the address that it goes to; null: none is chosen. */
  readonly hash: Buffer | null
}

/** Something of ours that reached the person or the customer, or is on its way. */
export interface PastContact {
  readonly at: Date
  readonly actionKey: string
  readonly delivery: 'sandbox' | 'live'
  /** A worker has it just now, and it may yet come to nothing. */
  readonly pending?: true
}

export interface GuardFact {
  /** Whether the customer is a company rather than a person. */
  readonly company: boolean
  /** Of the last 366 days, oldest first: of the customer, those merged into it, and all addresses of the person. */
  readonly contacts: readonly PastContact[]
  /** What runs now. */
  readonly holds: readonly { readonly kind: HoldKind; readonly reason: string; readonly until: Date | null }[]
  /** What the record in the CRM said when it was last scored, by the names of PolicyContext; empty: never scored. */
  readonly context: Readonly<Record<string, number>>
  /** 'YYYY-MM-DD', the day that `context` is of; null: never scored. */
  readonly asOf: string | null
}

interface Row {
  id: InterventionId
  company: boolean
  contacts: { at: string; actionKey: string; delivery: 'sandbox' | 'live'; pending: boolean }[]
  holds: { kind: HoldKind; reason: string; until: string | null }[]
  context: Record<string, number> | null
  as_of: string | null
}

/**
 * One statement for any number. Another of the person that is being sent now counts as a contact: of two that are
 * leased at once the one with the lower id goes, so that never both do.
 *
 * @param now the contacts of the year before it; those on their way count as of now
 * @example
 * const facts = await guardFacts(tx, [{ intervention, customer, hash }], clock())
 * guard(facts.get(intervention)!, { … })
 */
export async function guardFacts(
  tx: Transaction,
  items: readonly GuardedItem[],
  now: Date,
): Promise<ReadonlyMap<InterventionId, GuardFact>> {
  if (items.length === 0) return new Map()
  const rows = await tx.prepared<Row>(FACTS, [
    tx.tenant,
    items.map(({ intervention }) => intervention),
    items.map(({ customer }) => customer),
    items.map(({ hash }) => hash),
    now,
  ])
  return new Map(
    rows.map(({ id, company, contacts, holds, context, as_of }) => [
      id,
      {
        company,
        contacts: contacts.map(({ pending, ...one }) => ({
          ...one,
          at: new Date(one.at),
          ...(pending ? { pending } : {}),
        })),
        holds: holds.map((one) => ({ ...one, until: one.until === null ? null : new Date(one.until) })),
        context: context ?? {},
        asOf: as_of,
      },
    ]),
  )
}

// A person is known by every address that stands beside the one in question: the e-mail and the phone of a contact.
const FACTS = `
  select item.id,
    not (c.object in ('contacts', 'contact', 'Contact') or coalesce(c.properties ->> 'IsPersonAccount', '') = 'true')
      as company,
    s.context, s.as_of::text as as_of,
    coalesce((
      select json_agg(json_build_object('kind', h.kind, 'reason', h.reason, 'until', h.until) order by h.id)
      from holds h where h.tenant_id = $1 and h.ended_at is null and (h.until is null or h.until > now())
        and h.customer_id in (select item.customer
          union all select m.id from customers m where m.tenant_id = $1 and m.merged_into = item.customer)
    ), '[]') as holds,
    coalesce((
      select json_agg(json_build_object('at', k.at, 'actionKey', k.action_key, 'delivery', k.delivery,
        'pending', k.pending) order by k.at)
      from (
        select i.id, i.action_key, i.state in ('leased', 'sending') as pending,
          case i.message ->> 'delivery' when 'sandbox' then 'sandbox' else 'live' end as delivery,
          case when i.state in ('leased', 'sending') then $5::timestamptz
            else coalesce(i.sent_at, i.sending_at, i.updated_at) end as at
        from (
          select o.id from interventions o where o.tenant_id = $1 and o.customer_id = item.customer
          union
          select o.id from customers m
            join interventions o on o.tenant_id = $1 and o.customer_id = m.id
            where m.tenant_id = $1 and m.merged_into = item.customer
          union
          select o.id from interventions o where o.tenant_id = $1 and o.address_hash = item.hash
          union
          select o.id from (
              select r.email_hash, r.phone_hash from recipients r
                where r.tenant_id = $1 and r.email_hash = item.hash
              union
              select r.email_hash, r.phone_hash from recipients r
                where r.tenant_id = $1 and r.phone_hash = item.hash
            ) r
            cross join lateral (values (r.email_hash), (r.phone_hash)) as of_person (hash)
            join interventions o on o.tenant_id = $1 and o.address_hash = of_person.hash
        ) meant
        -- Each by its key, however many the company has.
        cross join lateral (
          select * from interventions one where one.tenant_id = $1 and one.id = meant.id offset 0
        ) i
        where i.id <> item.id and (
            i.state in ('sending', 'sent', 'confirmed', 'uncertain')
            or i.state = 'leased' and i.lease_until > clock_timestamp() and i.id < item.id)
      ) k where k.at > $5::timestamptz - interval '366 days'
    ), '[]') as contacts
  from unnest($2::uuid[], $3::bigint[], $4::bytea[]) as item (id, customer, hash)
  join customers c on c.tenant_id = $1 and c.id = item.customer
  left join scores s on s.tenant_id = $1 and s.customer_id = item.customer`
