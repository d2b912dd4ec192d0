/** That offers were taken, and what they cost since: a month at a time, and only those that were taken. */
import type { ConnectionId, CustomerId, InterventionId } from '../contracts/ids.ts'
import { commitRedeemed, releaseReserved } from './budget-redemptions.ts'
import { insertRows } from './bulk.ts'
import type { Transaction } from './database.ts'
import { OFFER_COLUMNS, lockOffersOf, offersOf, type StoredOffer } from './offers.ts'

export type RedemptionSource = 'api' | 'file' | 'crm' | 'billing'

export interface Redemption {
  readonly intervention: InterventionId
  readonly redeemedAt: Date
  readonly source: RedemptionSource
  readonly actor: string
  /** The invoice, order or event that says so. */
  readonly reference: string | null
  /** What it is given off, a month; null: the recurring amount of each month as it is known then. */
  readonly baseMinor: number | null
  readonly baseCurrency: string | null
}

/** An offer with what was made of it. */
export interface FoundOffer extends StoredOffer {
  /** How it was asked for: a code or the id of the intervention. */
  readonly asked: string
  readonly redemption: Pick<Redemption, 'redeemedAt' | 'reference' | 'source'> | null
}

/**
 * Offers by their code, however it is written, or by the id of their intervention. Locked until the transaction ends.
 *
 * @param asked codes or ids
 */
export async function lockOffers(tx: Transaction, asked: readonly string[]): Promise<FoundOffer[]> {
  if (asked.length === 0) return []
  const found = await tx.query<StoredOffer & { readonly asked: string }>(
    `with asked as (
       select distinct w.asked, case when w.asked ~* $3 then w.asked::uuid end as id from unnest($2::text[]) as w (asked)
     ), found as materialized (
       select a.asked, o.intervention_id from asked a
       join offers o on o.tenant_id = $1 and upper(o.code) = upper(a.asked)
       union
       select a.asked, o.intervention_id from asked a
       join offers o on o.tenant_id = $1 and o.intervention_id = a.id
     )
     select f.asked, ${OFFER_COLUMNS} from found f
     join offers o on o.tenant_id = $1 and o.intervention_id = f.intervention_id`,
    [tx.tenant, asked, UUID],
  )
  await lockOffersOf(
    tx,
    found.map(({ intervention }) => intervention),
  )
  const held = await heldOffers(tx, found)
  // Asked once the offers are held: who waited for another redemption sees it now, and would not have before.
  const redemptions = await tx.query<
    Pick<Redemption, 'intervention' | 'redeemedAt' | 'reference' | 'source'>
  >(
    `select intervention_id as intervention, redeemed_at as "redeemedAt", reference, source
     from offer_redemptions where tenant_id = $1 and intervention_id = any ($2::uuid[])`,
    [tx.tenant, held.map(({ intervention }) => intervention)],
  )
  const known = new Map(redemptions.map((one) => [one.intervention, one]))
  return held.map((offer) => ({ ...offer, redemption: known.get(offer.intervention) ?? null }))
}

const UUID = '^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$'

/** As they are now that nobody else changes them; those that went meanwhile are left out. */
async function heldOffers(
  tx: Transaction,
  found: readonly (StoredOffer & { readonly asked: string })[],
): Promise<(StoredOffer & { readonly asked: string })[]> {
  const now = new Map(
    (
      await offersOf(
        tx,
        found.map(({ intervention }) => intervention),
      )
    ).map((offer) => [offer.intervention, offer]),
  )
  return found.flatMap(({ asked, intervention }) => {
    const offer = now.get(intervention)
    return offer === undefined ? [] : [{ ...offer, asked }]
  })
}

/** Records what {@link lockOffers} held and was judged: each offer once. */
export async function recordRedemptions(tx: Transaction, redemptions: readonly Redemption[]): Promise<void> {
  const rows = redemptions.map((one) => ({
    intervention_id: one.intervention,
    redeemed_at: one.redeemedAt,
    source: one.source,
    actor: one.actor,
    reference: one.reference,
    base_minor: one.baseMinor,
    base_currency: one.baseCurrency,
  }))
  const added = await insertRows<{ id: string }>(tx, 'offer_redemptions', REDEEMED, rows, {
    ending: 'on conflict (tenant_id, intervention_id) do nothing returning intervention_id as id',
  })
  await tx.query(
    `update offers set status = 'redeemed', updated_at = now()
     where tenant_id = $1 and intervention_id = any ($2::uuid[])`,
    [tx.tenant, added.map(({ id }) => id)],
  )
}

const typed = (columns: Readonly<Record<string, string>>) =>
  Object.entries(columns).map(([name, type]) => ({ name, type }))

const REDEEMED = typed({
  intervention_id: 'uuid',
  redeemed_at: 'timestamptz',
  source: 'text',
  actor: 'text',
  reference: 'text',
  base_minor: 'bigint',
  base_currency: 'text',
})

/** A month of a taken offer that has come and is not booked. */
export interface DueMonth {
  readonly intervention: InterventionId
  readonly month: number
  /** When it began. */
  readonly at: Date
  readonly basisPoints: number
  /** What it is given off, minor units; null: not known. */
  readonly baseMinor: number | null
  readonly baseCurrency: string | null
  /** Of budgets. */
  readonly currency: string
  /** Whether the customer had left, or the discount had ended, when it began. */
  readonly over: boolean
  /** Whether none comes after it. */
  readonly last: boolean
}

/**
 * Months of live offers that have begun. The amount is what the redemption says, else what the customer pays now, else
 * what they paid when the offer was made. Whoever was merged into another record lives on in it, and the discount too.
 *
 * @param told only months after the end of a discount, since billing tells what the others cost
 */
export function dueMonths(
  tx: Transaction,
  connection: ConnectionId,
  { now, told, limit }: { now: Date; told: boolean; limit: number },
): Promise<DueMonth[]> {
  return tx.query<DueMonth>(
    `select o.intervention_id as intervention, m.month, m.at, o.basis_points as "basisPoints",
       case when r.base_minor is not null then r.base_minor when s.monthly_minor is not null then s.monthly_minor
         else o.base_minor end as "baseMinor",
       case when r.base_minor is not null then r.base_currency when s.monthly_minor is not null then s.currency
         else o.base_currency end as "baseCurrency",
       o.currency,
       (c.status <> 'active' and c.status_since <= m.at) or coalesce(o.ended_at <= m.at, false) as over,
       m.month = o.months - 1 as last
     from offers o
     join offer_redemptions r on r.tenant_id = $1 and r.intervention_id = o.intervention_id
     join customers k on k.tenant_id = $1 and k.id = o.customer_id
     join customers c on c.tenant_id = $1 and c.id = coalesce(k.merged_into, k.id)
     left join scores s on s.tenant_id = $1 and s.customer_id = c.id
     cross join lateral (
       select k as month, r.redeemed_at + make_interval(months => k) as at from generate_series(0, o.months - 1) as k
     ) m
     where o.tenant_id = $1 and o.connection_id = $2 and o.status = 'redeemed' and o.delivery = 'live' and m.at <= $3
       and not exists (
         select from offer_costs x
         where x.tenant_id = $1 and x.intervention_id = o.intervention_id and x.month = m.month)
       and (not $4::boolean or (c.status <> 'active' and c.status_since <= m.at) or coalesce(o.ended_at <= m.at, false))
     order by o.intervention_id, m.month limit $5`,
    [tx.tenant, connection, now, told, limit],
  )
}

export interface BookedMonth {
  readonly intervention: InterventionId
  readonly month: number
  readonly at: Date
  /** In the customer's currency; null: not known. */
  readonly givenMinor: number | null
  readonly givenCurrency: string | null
  /** In the currency of budgets; null: not known, or no rate is. */
  readonly minor: number | null
  readonly currency: string
  readonly source: 'reckoned' | 'billing'
}

/**
 * Books months, each once, and adds them to what their interventions cost.
 *
 * @returns how many are new
 */
export async function bookMonths(tx: Transaction, months: readonly BookedMonth[]): Promise<number> {
  const rows = months.map((one) => ({
    intervention_id: one.intervention,
    month: one.month,
    at: one.at,
    given_minor: one.givenMinor,
    given_currency: one.givenCurrency,
    minor: one.minor,
    currency: one.currency,
    source: one.source,
  }))
  const added = await insertRows<{ id: InterventionId; minor: number | null }>(
    tx,
    'offer_costs',
    COSTS,
    rows,
    {
      ending:
        'on conflict (tenant_id, intervention_id, month) do nothing returning intervention_id as id, minor',
    },
  )
  await commitRedeemed(
    tx,
    added.flatMap(({ id, minor }) => (minor === null || minor === 0 ? [] : [{ intervention: id, minor }])),
  )
  return added.length
}

const COSTS = typed({
  intervention_id: 'uuid',
  month: 'integer',
  at: 'timestamptz',
  given_minor: 'bigint',
  given_currency: 'text',
  minor: 'bigint',
  currency: 'text',
  source: 'text',
})

/**
 * Books what it took to make offers that went out, such as calls: once each, whether or not they are taken.
 *
 * @returns how many
 */
export async function bookMaking(tx: Transaction, connection: ConnectionId): Promise<number> {
  const made = await tx.query<{ intervention: InterventionId; minor: number }>(
    `update offers set making_booked = true
     where tenant_id = $1 and connection_id = $2 and making_minor > 0 and not making_booked and delivery = 'live'
       and status in ('issued', 'redeemed', 'expired')
     returning intervention_id as intervention, making_minor as minor`,
    [tx.tenant, connection],
  )
  await commitRedeemed(tx, made)
  return made.length
}

/** A customer whose record names a code of an offer that is still open. */
export interface NamedCode {
  readonly customer: CustomerId
  readonly code: string
  /** When the record came to say so. */
  readonly at: Date
}

/** Offers that can still be taken, and whose code stands in a property of their own customer. */
export function codesInRecords(
  tx: Transaction,
  connection: ConnectionId,
  { property, limit }: { property: string; limit: number },
): Promise<NamedCode[]> {
  return tx.query<NamedCode>(
    `select customer, code, at from (
       select o.intervention_id, o.customer_id as customer, o.code, o.expires_on,
         coalesce((
           select p.valid_at from property_changes p
           where p.tenant_id = $1 and p.customer_id = c.id and p.changes ? $3 and p.valid_at >= o.created_at
           order by p.valid_at desc, p.id desc limit 1), c.synced_at) as at
       from offers o
       join customers k on k.tenant_id = $1 and k.id = o.customer_id
       join customers c on c.tenant_id = $1 and c.id = coalesce(k.merged_into, k.id)
       where o.tenant_id = $1 and o.connection_id = $2 and o.status in ('issued', 'expired', 'withdrawn')
         and upper(btrim(c.properties ->> $3)) = upper(o.code)
     ) n
     -- What came too late is no redemption, and would be looked at for ever.
     where at < (n.expires_on::timestamp + interval '36 hours') at time zone 'UTC'
     order by intervention_id limit $4`,
    [tx.tenant, connection, property, limit],
  )
}

/**
 * Closes offers that nobody took in time, and gives back what they held of the budget. What is told late of them still
 * counts.
 *
 * @param before 'YYYY-MM-DD': those whose last day was before
 * @returns how many
 */
export async function expireOffers(
  tx: Transaction,
  connection: ConnectionId,
  before: string,
): Promise<number> {
  const ended = await tx.query<{ id: InterventionId }>(
    `update offers set status = 'expired', updated_at = now()
     where tenant_id = $1 and connection_id = $2 and status = 'issued' and expires_on < $3::date
     returning intervention_id as id`,
    [tx.tenant, connection, before],
  )
  await releaseReserved(
    tx,
    ended.map(({ id }) => id),
  )
  return ended.length
}

/**
 * Gives back what is still held for offers that cost nothing more: all their months are over, or they were taken in the
 * sandbox, where nothing costs anything.
 *
 * @param before those that ended before
 * @returns how many held something
 */
export async function releaseEnded(tx: Transaction, connection: ConnectionId, before: Date): Promise<number> {
  const ended = await tx.query<{ id: InterventionId }>(
    `select o.intervention_id as id from offers o
     join offer_redemptions r on r.tenant_id = $1 and r.intervention_id = o.intervention_id
     join interventions i on i.tenant_id = $1 and i.id = o.intervention_id
     where o.tenant_id = $1 and o.connection_id = $2 and o.status = 'redeemed' and i.reserved_minor > 0
       and (o.delivery = 'sandbox' or o.ended_at < $3 or r.redeemed_at + make_interval(months => o.months) < $3)
     order by o.intervention_id`,
    [tx.tenant, connection, before],
  )
  return releaseReserved(
    tx,
    ended.map(({ id }) => id),
  )
}
