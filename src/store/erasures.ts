/** Requests to be forgotten, as an admin sees them: who had it done, what went, and what a CRM still shows. */
import { z } from 'zod'
import { HoldfastError } from '../contracts/errors.ts'
import type { ConnectionId } from '../contracts/ids.ts'
import type { Transaction } from './database.ts'
import type { OutwardEnd } from './outward.ts'
import type { HeldCounts } from './people/held.ts'
import { pageOf, pageSize, readCursor, type Page, type PageRequest } from './reads/paging.ts'

export interface ErasureLine {
  readonly id: string
  readonly actor: string
  /** crm: the person asked in the CRM, which told us. */
  readonly source: 'admin' | 'crm'
  readonly reference: string | null
  readonly askedAt: Date
  /** Null: fields of a record in a CRM are still to be emptied. */
  readonly doneAt: Date | null
  /** What went, by place. */
  readonly counts: HeldCounts
  /** Records of CRMs: emptied, given up, and still to be emptied with the reason why not yet. */
  readonly cleared: number
  readonly notCleared: number
  readonly waiting: readonly ClearingLine[]
  /** When a source last handed the person over all the same; null: not since. */
  readonly seenAt: Date | null
  readonly readmittedAt: Date | null
}

export interface ClearingLine {
  readonly connection: ConnectionId
  readonly connectionName: string
  readonly connectionStatus: string
  /** Of the record, so that somebody can empty it by hand. */
  readonly record: string
  readonly state: 'waiting' | 'failed'
  readonly problem: string | null
}

const LINE = `e.id, e.actor, e.source, e.reference, e.asked_at as "askedAt", e.done_at as "doneAt", e.counts, e.cleared,
  e.not_cleared as "notCleared", e.readmitted_at as "readmittedAt",
  greatest(
    (select max(seen_at) from erased_records r where r.tenant_id = e.tenant_id and r.erasure_id = e.id),
    (select max(seen_at) from erased_addresses a where a.tenant_id = e.tenant_id and a.erasure_id = e.id)
  ) as "seenAt",
  coalesce((select json_agg(json_build_object('connection', k.connection_id, 'connectionName', n.name,
      'connectionStatus', n.status, 'record', k.external_id, 'state', k.state, 'problem', k.error_message)
      order by k.created_at, k.external_id)
    from erasure_clearings k join connections n on n.tenant_id = k.tenant_id and n.id = k.connection_id
    where k.tenant_id = e.tenant_id and k.erasure_id = e.id), '[]') as waiting`

/** Newest first. */
export async function listErasures(tx: Transaction, request: PageRequest): Promise<Page<ErasureLine>> {
  const size = pageSize(request)
  const after = readCursor('erasures', request, z.tuple([z.iso.datetime({ offset: true }), z.uuid()]))
  const rows = await tx.query<ErasureLine & { at: string }>(
    `select ${LINE}, to_char(e.asked_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as at
     from erasures e
     where e.tenant_id = $1 and ($2::timestamptz is null or (e.asked_at, e.id) < ($2::timestamptz, $3::uuid))
     order by e.asked_at desc, e.id desc limit $4`,
    [tx.tenant, after?.[0] ?? null, after?.[1] ?? null, size + 1],
  )
  const page = pageOf(rows, size, 'erasures', ({ at, id }) => [at, id])
  return { ...page, items: page.items.map(({ at: _at, ...line }) => line) }
}

/** @throws HoldfastError `not_found` */
export async function readErasure(tx: Transaction, id: string): Promise<ErasureLine> {
  const [line] = await tx.query<ErasureLine>(
    `select ${LINE} from erasures e where e.tenant_id = $1 and e.id = $2`,
    [tx.tenant, id],
  )
  if (line === undefined) throw new HoldfastError('not_found', 'There is no such erasure here.')
  return line
}

/** Erasures that one of these addresses or records stands for, newest first. */
export function erasuresOf(
  tx: Transaction,
  { hashes, records }: { readonly hashes: readonly Buffer[]; readonly records: readonly string[] },
): Promise<readonly ErasureLine[]> {
  return tx.query<ErasureLine>(
    `select ${LINE} from erasures e
     where e.tenant_id = $1 and e.id in (
       select erasure_id from erased_addresses where tenant_id = $1 and address_hash = any ($2::bytea[])
       union select erasure_id from erased_records
       where tenant_id = $1 and id_hash = any (array(select decode(hash, 'hex') from unnest($3::text[]) hash)))
     order by e.asked_at desc, e.id desc limit 20`,
    [tx.tenant, hashes, records],
  )
}

/**
 * The person may come back: what a source hands over is stored again from the next sync on. That their addresses are not
 * written to stays.
 *
 * @throws HoldfastError `not_found`; `conflict` when that was said already
 */
export async function readmit(
  tx: Transaction,
  { erasure, actor }: { readonly erasure: string; readonly actor: string },
): Promise<void> {
  const { readmittedAt } = await readErasure(tx, erasure)
  if (readmittedAt !== null)
    throw new HoldfastError('conflict', 'It was already said that this person may come back.')
  await tx.query(
    'update erasures set readmitted_at = now(), readmitted_by = $3 where tenant_id = $1 and id = $2',
    [tx.tenant, erasure, actor],
  )
  for (const table of ['erased_records', 'erased_addresses'])
    await tx.query(`delete from ${table} where tenant_id = $1 and erasure_id = $2`, [tx.tenant, erasure])
}

export interface OwedClearing {
  readonly record: string
  readonly attempts: number
}

/** Records whose fields are to be emptied now, longest first. */
export function owedClearings(
  tx: Transaction,
  connection: ConnectionId,
  limit: number,
): Promise<readonly OwedClearing[]> {
  return tx.query<OwedClearing>(
    `select external_id as record, attempts from erasure_clearings
     where tenant_id = $1 and connection_id = $2 and state = 'waiting' and due_at <= clock_timestamp()
     order by due_at, external_id limit $3`,
    [tx.tenant, connection, limit],
  )
}

/** What was emptied, or is not there any more, is forgotten; an erasure with nothing left to empty is done. */
export async function settleClearings(
  tx: Transaction,
  connection: ConnectionId,
  ended: readonly { readonly record: string; readonly end: OutwardEnd }[],
): Promise<void> {
  const done = ended.filter(({ end }) => end.ok).map(({ record }) => record)
  await tx.query(
    `with gone as (
       delete from erasure_clearings where tenant_id = $1 and connection_id = $2 and external_id = any ($3::text[])
       returning erasure_id
     )
     update erasures e set cleared = cleared + gone.many
     from (select erasure_id, count(*)::integer as many from gone group by erasure_id) gone
     where e.tenant_id = $1 and e.id = gone.erasure_id`,
    [tx.tenant, connection, done],
  )
  const failed = ended.flatMap(({ record, end }) =>
    end.ok ? [] : [{ record, code: end.code, message: end.message, retry: end.retryInMs }],
  )
  await tx.query(
    `update erasure_clearings k set attempts = k.attempts + 1, error_code = r.code, error_message = r.message,
       state = case when r.retry is null then 'failed' else 'waiting' end,
       due_at = clock_timestamp() + coalesce(r.retry, 0) * interval '1 millisecond'
     from json_to_recordset($3::json) as r (record text, code text, message text, retry float8)
     where k.tenant_id = $1 and k.connection_id = $2 and k.external_id = r.record`,
    [tx.tenant, connection, JSON.stringify(failed)],
  )
  await endErasures(tx)
}

/** Ids of records that could not be emptied for so long are forgotten, too. */
export async function giveUpClearings(tx: Transaction, days: number): Promise<number> {
  const rows = await tx.query<{ erasure: string }>(
    `delete from erasure_clearings where tenant_id = $1 and created_at < now() - make_interval(days => $2)
     returning erasure_id as erasure`,
    [tx.tenant, days],
  )
  await tx.query(
    `update erasures e set not_cleared = not_cleared + gone.many
     from (select erasure, count(*)::integer as many from unnest($2::uuid[]) erasure group by erasure) gone
     where e.tenant_id = $1 and e.id = gone.erasure`,
    [tx.tenant, rows.map(({ erasure }) => erasure)],
  )
  if (rows.length > 0) await endErasures(tx)
  return rows.length
}

async function endErasures(tx: Transaction): Promise<void> {
  await tx.query(
    `update erasures e set done_at = now() where tenant_id = $1 and done_at is null and not exists (
       select from erasure_clearings k where k.tenant_id = e.tenant_id and k.erasure_id = e.id)`,
    [tx.tenant],
  )
}
