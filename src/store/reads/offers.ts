/** Offers as people and billing read them: newest first, each with what became of it and what it cost. */
import { z } from 'zod'
import type { CustomerId } from '../../contracts/ids.ts'
import type { Transaction } from '../database.ts'
import type { RedemptionSource } from '../offer-redemptions.ts'
import { OFFER_COLUMNS, type OfferStatus, type StoredOffer } from '../offers.ts'
import { pageOf, pageSize, readCursor, type Page, type PageRequest } from './paging.ts'

export interface OfferLine extends StoredOffer {
  readonly customerName: string | null
  readonly redeemedAt: Date | null
  readonly redeemedBy: RedemptionSource | null
  readonly reference: string | null
  /** Months that are booked; of what was taken. */
  readonly monthsBooked: number
  /** Minor units of `currency`; null: not known of one of the months. */
  readonly costMinor: number | null
}

export interface OfferQuery extends PageRequest {
  readonly status?: OfferStatus | undefined
  readonly customer?: CustomerId | undefined
}

const LINE = `${OFFER_COLUMNS}, c.name as "customerName", r.redeemed_at as "redeemedAt", r.source as "redeemedBy",
  r.reference, x.months as "monthsBooked", x.minor as "costMinor"
  from offers o
  join customers c on c.tenant_id = o.tenant_id and c.id = o.customer_id
  left join offer_redemptions r on r.tenant_id = o.tenant_id and r.intervention_id = o.intervention_id
  cross join lateral (
    select count(*)::integer as months,
      case when bool_or(minor is null) then null else coalesce(sum(minor), 0)::bigint end as minor
    from offer_costs k where k.tenant_id = o.tenant_id and k.intervention_id = o.intervention_id) x`

/**
 * Those that were made last first.
 *
 * @throws HoldfastError `request_invalid` for a cursor of another list
 * @example
 * await listOffers(tx, { status: 'requested' })
 */
export async function listOffers(tx: Transaction, query: OfferQuery): Promise<Page<OfferLine>> {
  const { status = null, customer = null } = query
  const size = pageSize(query)
  const order = `offers ${status} ${customer}`
  const after = readCursor(order, query, z.tuple([z.string(), z.uuid()]))
  const rows = await tx.query<OfferLine & { at: string }>(
    `select o.created_at::text as at, ${LINE}
     where o.tenant_id = $1 and ($2::text is null or o.status = $2) and ($3::bigint is null or o.customer_id = $3)
       and ($4::timestamptz is null or (o.created_at, o.intervention_id) < ($4::timestamptz, $5::uuid))
     order by o.created_at desc, o.intervention_id desc limit $6`,
    [tx.tenant, status, customer, after?.[0] ?? null, after?.[1] ?? null, size + 1],
  )
  const page = pageOf(rows, size, order, ({ at, intervention }) => [at, intervention])
  const items = page.items.map((row) => {
    const { at: _, ...line } = row
    return line
  })
  return { next: page.next, items }
}

/** By its code, however it is written, or by the id of its intervention; null: there is none. */
export async function findOffer(tx: Transaction, asked: string): Promise<OfferLine | null> {
  const id = z.uuid().safeParse(asked).data ?? null
  const [row] = await tx.query<OfferLine>(
    `select ${LINE} where o.tenant_id = $1 and (upper(o.code) = upper($2) or o.intervention_id = $3::uuid) limit 1`,
    [tx.tenant, asked, id],
  )
  return row ?? null
}
