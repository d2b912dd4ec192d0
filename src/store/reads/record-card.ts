/** What the card of a record in a CRM begins with: whether the record is a customer, and how its connection stands. */
import type { CustomerStatus } from '../../contracts/customer-terms.ts'
import type { ConnectionId, CustomerId } from '../../contracts/ids.ts'
import type { Transaction } from '../database.ts'

export interface RecordAsked {
  readonly connections: readonly ConnectionId[]
  /** As the CRM's API names it: `companies`. */
  readonly object: string
  /** Of the record in the CRM. */
  readonly id: string
}

export interface FoundRecord {
  readonly customer: CustomerId
  readonly connection: ConnectionId
  readonly status: CustomerStatus
  readonly name: string | null
  readonly responsible: { readonly id: string; readonly email: string | null } | null
  /** It is to be scored. */
  readonly due: boolean
}

/** Null: no connection of these knows it. */
export async function findRecord(
  tx: Transaction,
  { connections, object, id }: RecordAsked,
): Promise<FoundRecord | null> {
  const [row] = await tx.prepared<FoundRecord>(
    `select id as customer, connection_id as connection, status, name,
       case when responsible_id is not null then
         jsonb_build_object('id', responsible_id, 'email', responsible_email) end as responsible,
       score_due_at is not null as due
     from customers where tenant_id = $1 and connection_id = any ($2::uuid[]) and object = $3 and external_id = $4
     order by status = 'active' desc, id limit 1`,
    [tx.tenant, [...connections], object, id],
  )
  return row ?? null
}

/** Several records of a connection, those that are stored; in no order. */
export async function findRecords(
  tx: Transaction,
  {
    connection,
    object,
    ids,
  }: { readonly connection: ConnectionId; readonly object: string; readonly ids: readonly string[] },
): Promise<
  readonly (Pick<FoundRecord, 'customer' | 'status' | 'responsible'> & { readonly externalId: string })[]
> {
  return tx.prepared(
    `select id as customer, external_id as "externalId", status,
       case when responsible_id is not null then
         jsonb_build_object('id', responsible_id, 'email', responsible_email) end as responsible
     from customers where tenant_id = $1 and connection_id = $2 and object = $3 and external_id = any ($4::text[])`,
    [tx.tenant, connection, object, ids],
  )
}

export interface AnsweredRecord {
  readonly connection: ConnectionId
  readonly object: string
  /** Of the record in the CRM. */
  readonly id: string
  readonly group: string
  readonly responsible: FoundRecord['responsible']
}

/** The record of a customer that somebody answers for; null: there is none such. */
export async function answeredRecord(tx: Transaction, customer: CustomerId): Promise<AnsweredRecord | null> {
  const [row] = await tx.prepared<AnsweredRecord>(
    `select connection_id as connection, object, external_id as id, group_name as group,
       case when responsible_id is not null then
         jsonb_build_object('id', responsible_id, 'email', responsible_email) end as responsible
     from customers where tenant_id = $1 and id = $2`,
    [tx.tenant, customer],
  )
  return row ?? null
}

/** Customers that a record is a contact of, by name: those that it is read with. */
export async function customersOfContact(
  tx: Transaction,
  { connections, id }: Pick<RecordAsked, 'connections' | 'id'>,
): Promise<readonly string[]> {
  const rows = await tx.prepared<{ name: string }>(
    `select distinct c.name from recipients r join customers c on c.tenant_id = r.tenant_id and c.id = r.customer_id
     where r.tenant_id = $1 and r.external_id = $2 and c.connection_id = any ($3::uuid[]) and c.status = 'active'
       and c.name is not null order by c.name limit 3`,
    [tx.tenant, id, [...connections]],
  )
  return rows.map(({ name }) => name)
}

export interface ReadStanding {
  /** Whether somebody said who is a customer. */
  readonly populationStated: boolean
  /** Of the sync; null: there is none any more. */
  readonly sync: {
    readonly schedule: string | null
    readonly lastDoneAt: Date | null
    readonly running: boolean
  } | null
  /** The record is about to be read. */
  readonly reading: boolean
}

/** @param record null: of none in particular, and `reading` is false */
export async function readStanding(
  tx: Transaction,
  connection: ConnectionId,
  record: Pick<RecordAsked, 'object' | 'id'> | null = null,
): Promise<ReadStanding> {
  const [row] = await tx.prepared<{
    populationStated: boolean
    reading: boolean
    schedule: string | null
    lastDoneAt: Date | null
    running: boolean | null
  }>(
    `select n.population is not null as "populationStated", s.schedule, s.last_done_at as "lastDoneAt",
       s.lease_until > now() as running,
       exists (select from webhook_receipts w where w.tenant_id = n.tenant_id and w.connection_id = n.id
         and w.processed_at is null and w.hint ->> 'object' = $3 and w.hint ->> 'id' = $4) as reading
     from connections n left join steps s on s.tenant_id = n.tenant_id and s.connection_id = n.id and s.step = 'sync'
     where n.tenant_id = $1 and n.id = $2`,
    [tx.tenant, connection, record?.object ?? null, record?.id ?? null],
  )
  const { populationStated, reading, schedule, lastDoneAt, running } = row
  return {
    populationStated,
    reading,
    sync:
      running === null && schedule === null && lastDoneAt === null
        ? null
        : { schedule, lastDoneAt, running: running ?? false },
  }
}
