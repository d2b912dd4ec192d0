/** What a connection's own history teaches: who left after decisions, and what was known of them when these were made. */
import type { Properties } from '../../connectors/connector.ts'
import type { ConnectionId } from '../contracts/ids.ts'
import type { Transaction } from './database.ts'
import { foldChanges } from './property-changes.ts'

/** Outcomes within a window after the decisions of one period, which describe all customers as of about one day. */
export interface OutcomeCounts {
  readonly days: number
  /** The decision period with most customers who left; the newest of equals. */
  readonly period: string
  /** Of its last decision. */
  readonly asOf: Date
  readonly churned: number
  readonly kept: number
  /** What became of them is not known. */
  readonly unknown: number
}

/** One for each window that has closed for somebody. */
export function outcomeCounts(tx: Transaction, connection: ConnectionId): Promise<OutcomeCounts[]> {
  return tx.query<OutcomeCounts>(
    `select distinct on (days) days, period, "asOf", churned, kept, unknown from (
       select o.days, d.period, max(d.decided_at) as "asOf", count(*) filter (where o.churned)::integer as churned,
         count(*) filter (where not o.churned)::integer as kept, count(*) filter (where o.churned is null)::integer as unknown
       from outcomes o join decisions d on d.tenant_id = o.tenant_id and d.id = o.decision_id
       where o.tenant_id = $1 and o.connection_id = $2 and d.cause = 'period' group by o.days, d.period) counted
     order by days, churned desc, "asOf" desc`,
    [tx.tenant, connection],
  )
}

/** When the first window of a connection closes that has not; null: nothing was decided yet. */
export async function firstDecision(tx: Transaction, connection: ConnectionId): Promise<Date | null> {
  const [row] = await tx.query<{ at: Date | null }>(
    'select min(decided_at) as at from decisions where tenant_id = $1 and connection_id = $2',
    [tx.tenant, connection],
  )
  return row?.at ?? null
}

export interface HistoryRow {
  readonly id: number
  readonly externalId: string
  readonly properties: Properties
  /** Null: not asked for. */
  readonly churned: boolean | null
}

/** Customers as the source has them now, those who left among them, in the order of their ids. */
export async function customersNow(
  tx: Transaction,
  connection: ConnectionId,
  { after, limit }: { after: number; limit: number },
): Promise<HistoryRow[]> {
  return tx.query<HistoryRow>(
    `select id, external_id as "externalId", properties, null::boolean as churned from customers
     where tenant_id = $1 and connection_id = $2 and status in ('active', 'left') and id > $3 order by id limit $4`,
    [tx.tenant, connection, after, limit],
  )
}

/** Customers as they were known when the decisions of a period were made, with what became of them. */
export async function customersThen(
  tx: Transaction,
  connection: ConnectionId,
  { days, period, after, limit }: { days: number; period: string; after: number; limit: number },
): Promise<HistoryRow[]> {
  const found = await tx.query<{ id: number; externalId: string; churned: boolean; at: Date }>(
    `select c.id, c.external_id as "externalId", o.churned, d.decided_at as at
     from decisions d join outcomes o on o.tenant_id = d.tenant_id and o.decision_id = d.id and o.days = $3
     join customers c on c.tenant_id = d.tenant_id and c.id = d.customer_id
     where d.tenant_id = $1 and d.connection_id = $2 and d.period = $4 and d.cause = 'period' and o.churned is not null
       and c.id > $5 order by c.id limit $6`,
    [tx.tenant, connection, days, period, after, limit],
  )
  const changes = await tx.query<{ customer: number; changes: Properties }>(
    `select p.customer_id as customer, p.changes from unnest($2::bigint[], $3::timestamptz[]) as r (customer, at)
     join property_changes p on p.tenant_id = $1 and p.customer_id = r.customer and p.recorded_at <= r.at and p.valid_at <= r.at
     order by p.customer_id, p.valid_at, p.id`,
    [tx.tenant, found.map(({ id }) => id), found.map(({ at }) => at)],
  )
  const byCustomer = Map.groupBy(changes, ({ customer }) => customer)
  return found.map(({ at: _at, ...row }) => ({
    ...row,
    properties: foldChanges(byCustomer.get(row.id) ?? []),
  }))
}
