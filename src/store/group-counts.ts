/** How large the groups are, as they were drawn and as they were decided on. */
import { MAY_BE_PERSON } from './reads/persons.ts'
import { z } from 'zod'
import type { ConnectionId, CustomerId } from '../contracts/ids.ts'
import type { Transaction } from './database.ts'
import { pageOf, pageSize, readCursor, type Page, type PageRequest } from './reads/paging.ts'

export interface GroupCount {
  /** Shares that were in force when they were drawn. */
  readonly holdout: number
  readonly usual: number
  readonly group: 'holdout' | 'usual' | 'policy'
  /** Parent accounts, each counted once: they are what is drawn. */
  readonly keys: number
  /** Those with a customer who was decided on at least once. */
  readonly decided: number
}

/**
 * Whoever was ever drawn counts, also who left since: an action may have kept them, or driven them away. What was drawn
 * within six hours after the shares changed does not, since a sync that had begun goes on with the old ones.
 */
export function groupCounts(tx: Transaction): Promise<GroupCount[]> {
  return tx.query<GroupCount>(
    `with shares as (
       select created_at, coalesce((settings #>> '{groups,holdout}')::float8, 0.1) as holdout,
         coalesce((settings #>> '{groups,usual}')::float8, 0.1) as usual
       from settings_versions where tenant_id = $1
       union all select '-infinity', 0.1, 0.1
     ), changed as (
       select *, lag((holdout, usual)) over (order by created_at) is distinct from (holdout, usual) as differs from shares
     ), since as (
       select holdout, usual, created_at, lead(created_at, 1, 'infinity') over (order by created_at) as until,
         case when created_at = '-infinity' then created_at else created_at + interval '6 hours' end as from_then
       from changed where differs
     ), drawn as (
       select distinct on (c.connection_id, c.group_key) c.connection_id, c.group_key, c.group_name, c.grouped_at
       from customers c
       where c.tenant_id = $1 and c.group_name <> 'exempt' and c.grouped_at is not null
       order by c.connection_id, c.group_key, c.grouped_at, c.id
     ), decided as (
       select distinct c.connection_id, c.group_key from customers c
       where c.tenant_id = $1
         and exists (select from decisions d where d.tenant_id = $1 and d.customer_id = c.id)
     )
     select s.holdout, s.usual, k.group_name as "group", count(*)::integer as keys,
       count(d.group_key)::integer as decided
     from drawn k
     join since s on k.grouped_at >= s.from_then and k.grouped_at < s.until
     left join decided d using (connection_id, group_key)
     group by 1, 2, 3`,
    [tx.tenant],
  )
}

export interface GroupSizes {
  readonly holdout: number
  readonly usual: number
  readonly policy: number
  readonly exempt: number
  /** Mean over those who have a score; null: nobody has. */
  readonly monthlyHazard: number | null
}

/** Customers in the population now: parent accounts, each counted once. */
export async function groupSizes(tx: Transaction): Promise<GroupSizes> {
  const [row] = await tx.query<GroupSizes>(
    `select count(distinct (connection_id, group_key)) filter (where group_name = 'holdout')::integer as holdout,
       count(distinct (connection_id, group_key)) filter (where group_name = 'usual')::integer as usual,
       count(distinct (connection_id, group_key)) filter (where group_name = 'policy')::integer as policy,
       count(distinct (connection_id, group_key)) filter (where group_name = 'exempt')::integer as exempt,
       (select avg(s.monthly_hazard)::float8 from scores s
        join customers c on c.tenant_id = s.tenant_id and c.id = s.customer_id
        where s.tenant_id = $1 and c.status = 'active') as "monthlyHazard"
     from customers where tenant_id = $1 and status = 'active'`,
    [tx.tenant],
  )
  return row
}

/** Whether they are as large as they should be, as it was looked at: for whoever only wants to know that. */
export async function noteGroupCheck(
  tx: Transaction,
  check: { readonly at: Date; readonly alarm: boolean; readonly drawn: object; readonly decided: object },
): Promise<void> {
  await tx.query(
    `insert into group_checks (tenant_id, at, alarm, drawn, decided) values ($1, $2, $3, $4::jsonb, $5::jsonb)
     on conflict (tenant_id) do update set at = excluded.at, alarm = excluded.alarm, drawn = excluded.drawn,
       decided = excluded.decided`,
    [tx.tenant, check.at, check.alarm, JSON.stringify(check.drawn), JSON.stringify(check.decided)],
  )
}

/** A customer of the population who is left to the team and compared with nobody. */
export interface ExemptCustomer {
  readonly customer: CustomerId
  readonly customerName: string | null
  readonly customerObject: string
  /** The name may be that of a person: not everybody is shown it. */
  readonly person: boolean
  readonly connection: ConnectionId
  /** Id in the CRM. */
  readonly externalId: string
  /** Id of the top parent account, by which groups are drawn; its own where there is none. */
  readonly groupKey: string
  readonly responsible: string | null
}

/** @throws HoldfastError `request_invalid` for a cursor of another list */
export async function listExempt(tx: Transaction, query: PageRequest): Promise<Page<ExemptCustomer>> {
  const size = pageSize(query)
  const after = readCursor('exempt', query, z.tuple([z.int()]))
  const rows = await tx.query<ExemptCustomer>(
    `select c.id as customer, c.name as "customerName", c.object as "customerObject", ${MAY_BE_PERSON} as person,
       c.connection_id as connection, c.external_id as "externalId", c.group_key as "groupKey",
       c.responsible_name as responsible
     from customers c where c.tenant_id = $1 and c.group_name = 'exempt' and c.status = 'active' and c.id > $2
     order by c.id limit $3`,
    [tx.tenant, after?.[0] ?? 0, size + 1],
  )
  return pageOf(rows, size, 'exempt', (row) => [row.customer])
}
