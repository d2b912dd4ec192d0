/** Offers in the ledger: one an intervention that gives something off, with the code that fulfils it. */
import type { ConnectionId, CustomerId, InterventionId } from '../contracts/ids.ts'
import type { Transaction } from './database.ts'

export const OFFER_STATUSES = [
  'requested',
  'reserved',
  'issued',
  'redeemed',
  'expired',
  'withdrawn',
  'refused',
] as const
export type OfferStatus = (typeof OFFER_STATUSES)[number]

/** What an offer is, as it was when it was made. */
export interface OfferTerms {
  readonly fulfilment: 'person' | 'pool' | 'billing'
  readonly delivery: 'sandbox' | 'live'
  /** Hundredths of a percent: 1000 is 10 %. */
  readonly basisPoints: number
  readonly months: number
  /** 'YYYY-MM-DD': the last day on which it can be taken. */
  readonly expiresOn: string
  /** ISO 3166; null: the country is not known. */
  readonly jurisdiction: string | null
  readonly terms: string | null
  /** What has to be said of how the price was chosen; null: nothing. */
  readonly disclosure: string | null
}

export interface StoredOffer extends OfferTerms {
  readonly intervention: InterventionId
  readonly customer: CustomerId
  readonly connection: ConnectionId
  readonly actionKey: string
  /** Recurring amount of a month that it is given off, minor units; null: not known. */
  readonly baseMinor: number | null
  readonly baseCurrency: string | null
  /** Of its costs: the currency of budgets. */
  readonly currency: string
  /** Null: none yet, or a person makes it. */
  readonly code: string | null
  readonly status: OfferStatus
  readonly statusReason: string | null
  readonly createdAt: Date
  /** Until when billing may answer; null: it was not asked. */
  readonly askUntil: Date | null
  readonly issuedAt: Date | null
  readonly endedAt: Date | null
}

export const OFFER_COLUMNS = `o.intervention_id as intervention, o.customer_id as customer,
  o.connection_id as connection, o.action_key as "actionKey", o.fulfilment, o.delivery,
  o.basis_points as "basisPoints", o.months, o.expires_on::text as "expiresOn", o.jurisdiction, o.terms,
  o.disclosure, o.base_minor as "baseMinor", o.base_currency as "baseCurrency", o.currency, o.code, o.status,
  o.status_reason as "statusReason", o.created_at as "createdAt", o.ask_until as "askUntil",
  o.issued_at as "issuedAt", o.ended_at as "endedAt"`

/** What is known of the customer's amount: what a discount is given off. */
export interface OfferBase {
  readonly intervention: InterventionId
  /** Recurring amount of a month, minor units; null: not known. */
  readonly monthlyMinor: number | null
  readonly currency: string | null
}

/** Of the score in force. Whoever is not scored has no row. */
export function offerBases(
  tx: Transaction,
  wanted: readonly { readonly id: InterventionId; readonly customer: CustomerId }[],
): Promise<OfferBase[]> {
  return tx.query<OfferBase>(
    `select w.id as intervention, s.monthly_minor as "monthlyMinor", s.currency
     from unnest($2::uuid[], $3::bigint[]) as w (id, customer)
     join scores s on s.tenant_id = $1 and s.customer_id = w.customer`,
    [tx.tenant, wanted.map(({ id }) => id), wanted.map(({ customer }) => customer)],
  )
}

/** Those that there are, by intervention. */
export function offersOf(tx: Transaction, interventions: readonly InterventionId[]): Promise<StoredOffer[]> {
  return tx.query<StoredOffer>(
    `select ${OFFER_COLUMNS} from offers o where o.tenant_id = $1 and o.intervention_id = any ($2::uuid[])`,
    [tx.tenant, interventions],
  )
}

/** An offer that is about to be made. */
export interface NewOffer extends OfferTerms {
  readonly intervention: InterventionId
  readonly baseMinor: number | null
  readonly baseCurrency: string | null
  /** Of the pool where `fulfilment` is `pool`. */
  readonly pool: string | null
  /** One that is no secret, for the sandbox; null: of the pool, of billing, or none. */
  readonly code: string | null
  /** Hours that billing has; null: it is not asked. */
  readonly answerHours: number | null
  /** Of the planned cost: what is fixed, minor units, and the part of the rest that is given off (0 to 1). */
  readonly fixedMinor: number
  readonly givenShare: number
}

/**
 * Makes offers for interventions that have none. Those of a pool take a code each: the ones that end first go first,
 * and what another transaction is taking is left to it.
 *
 * @param today 'YYYY-MM-DD'
 * @param atLeastUntil 'YYYY-MM-DD': codes that end before are of no use to anybody
 * @returns those that were made: fewer than asked for where a pool has too few codes
 */
export async function makeOffers(
  tx: Transaction,
  offers: readonly NewOffer[],
  { atLeastUntil }: { readonly atLeastUntil: string },
): Promise<StoredOffer[]> {
  if (offers.length === 0) return []
  return tx.query<StoredOffer>(MAKE, [tx.tenant, JSON.stringify(offers), atLeastUntil])
}

const MAKE = `
  with wanted as materialized (
    select w.*, row_number() over (partition by pool order by n) as place from rows from (
      json_to_recordset($2::json) as (
        intervention uuid, fulfilment text, delivery text, "basisPoints" integer, months integer,
        "expiresOn" date, jurisdiction text, terms text, disclosure text, "baseMinor" bigint, "baseCurrency" text,
        pool text, code text, "answerHours" float8, "fixedMinor" bigint, "givenShare" float8)
    ) with ordinality as w (intervention, fulfilment, delivery, basis_points, months, expires_on, jurisdiction, terms,
      disclosure, base_minor, base_currency, pool, code, answer_hours, fixed_minor, given_share, n)
  ), taken as materialized (
    select c.id, c.code, c.valid_until, p.pool, row_number() over (partition by p.pool order by c.valid_until, c.id) as place
    from (select pool, count(*) as number from wanted where pool is not null group by pool) p
    cross join lateral (
      select f.id, f.code, f.valid_until from offer_codes f
      where f.tenant_id = $1 and f.pool = p.pool and f.intervention_id is null
        and (f.valid_until is null or f.valid_until >= $3::date)
      order by f.valid_until, f.id limit p.number for update skip locked
    ) c
  ), given as materialized (
    select w.*, t.id as code_id, coalesce(w.code, t.code) as given_code, least(w.expires_on, t.valid_until) as ends_on
    from wanted w left join taken t on t.pool = w.pool and t.place = w.place
    where w.pool is null or t.id is not null
  ), made as (
    insert into offers (tenant_id, intervention_id, customer_id, connection_id, action_key, fulfilment, delivery,
      basis_points, months, base_minor, base_currency, currency, expires_on, jurisdiction, terms, disclosure, code,
      making_minor, status, ask_due_at, ask_until)
    select $1, i.id, i.customer_id, i.connection_id, i.action_key, g.fulfilment, g.delivery, g.basis_points, g.months,
      g.base_minor, g.base_currency, i.currency, g.ends_on, g.jurisdiction, g.terms, g.disclosure, g.given_code,
      round(i.planned_cost_minor - greatest(0, i.planned_cost_minor - g.fixed_minor) * g.given_share),
      case when g.answer_hours is null then 'reserved' else 'requested' end,
      case when g.answer_hours is not null then now() end,
      now() + g.answer_hours * interval '1 hour'
    from given g join interventions i on i.tenant_id = $1 and i.id = g.intervention
    -- Who has one has it: found by the key while it is written. A look beforehand was planned while there were few, and
    -- read all offers of the company for each batch.
    on conflict (tenant_id, intervention_id) do nothing
    returning *
  ), bound as (
    update offer_codes c set intervention_id = g.intervention, taken_at = now()
    from given g join made m on m.intervention_id = g.intervention
    where c.tenant_id = $1 and c.id = g.code_id
  )
  select ${OFFER_COLUMNS} from made o`

/** What is free in pools that codes are taken of, up to `most` each. */
export async function freeCodes(
  tx: Transaction,
  pools: readonly string[],
  { atLeastUntil, most }: { readonly atLeastUntil: string; readonly most: number },
): Promise<ReadonlyMap<string, number>> {
  if (pools.length === 0) return new Map()
  const rows = await tx.query<{ pool: string; free: number }>(
    `select p.pool, (
       select count(*)::integer from (
         select from offer_codes c
         where c.tenant_id = $1 and c.pool = p.pool and c.intervention_id is null
           and (c.valid_until is null or c.valid_until >= $3::date)
         limit $4) f) as free
     from unnest($2::text[]) as p (pool)`,
    [tx.tenant, pools, atLeastUntil, most],
  )
  return new Map(rows.map(({ pool, free }) => [pool, free]))
}

/**
 * Holds offers until the transaction ends, after the interventions that make them: in the order in which every move of the
 * ledger holds them, or two would wait for each other.
 */
export async function lockOffersOf(tx: Transaction, interventions: readonly InterventionId[]): Promise<void> {
  if (interventions.length === 0) return
  for (const [table, id] of [
    ['interventions', 'id'],
    ['offers', 'intervention_id'],
  ])
    await tx.query(
      `select from ${table} where tenant_id = $1 and ${id} = any ($2::uuid[]) order by ${id} for no key update`,
      [tx.tenant, interventions],
    )
}
