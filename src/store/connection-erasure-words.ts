/**
 * What is said of the customers of a connection in places that stay: the audit log, notices, answers that are kept. For
 * many customers at a time, before their rows go, since these say what they are called.
 */
import type { ConnectionId, CustomerId } from '../contracts/ids.ts'
import type { Transaction } from './database.ts'
import { TEXTS_OF_ALL, type Texts } from './people/forget.ts'
import { withoutMany } from './people/many-words.ts'

/** Customers of a connection that are about to go, and how texts may call them and their contacts. */
export interface Leavers {
  readonly customers: readonly CustomerId[]
  /** The last of them, by id: all before it are among them. */
  readonly last: CustomerId
  readonly interventions: readonly string[]
  readonly emails: readonly string[]
  readonly phones: readonly string[]
  /** Takes them out of a text, or of the texts in JSON. */
  readonly without: <Value>(value: Value) => Value
}

/**
 * Nobody is forgotten by name whom another connection knows too.
 *
 * @returns null: nobody is left
 */
export async function nextLeavers(
  tx: Transaction,
  connection: ConnectionId,
  most: number,
): Promise<Leavers | null> {
  const rows = await tx.query<{ id: CustomerId; name: string | null }>(
    'select id, name from customers where tenant_id = $1 and connection_id = $2 order by id limit $3',
    [tx.tenant, connection, most],
  )
  const last = rows.at(-1)?.id
  if (last === undefined) return null
  const customers = rows.map(({ id }) => id)
  const people = await tx.query<Readonly<Record<'name' | 'email' | 'phone', string | null>>>(
    'select name, email, phone from recipients where tenant_id = $1 and customer_id = any ($2::bigint[])',
    [tx.tenant, customers],
  )
  const interventions = await tx.query<{ id: string }>(
    'select id from interventions where tenant_id = $1 and customer_id = any ($2::bigint[])',
    [tx.tenant, customers],
  )
  const texts = (column: 'name' | 'email' | 'phone'): readonly string[] =>
    distinct(people.map((one) => one[column]))
  const [emails, phones] = [texts('email'), texts('phone')]
  const names = distinct([...rows.map(({ name }) => name), ...texts('name'), ...emails, ...phones])
  const elsewhere = new Set(await knownElsewhere(tx, connection, names))
  const ours = (words: readonly string[]): readonly string[] =>
    words.filter((word) => !elsewhere.has(word.toLowerCase()))
  return {
    customers,
    last,
    interventions: interventions.map(({ id }) => id),
    emails: ours(emails).map((email) => email.toLowerCase()),
    phones: ours(phones),
    without: withoutMany(ours(names)),
  }
}

function distinct(texts: readonly (string | null)[]): readonly string[] {
  return [...new Set(texts.flatMap((text) => text?.trim() || []))]
}

/** Of these words, in lower case, those that customers or contacts of other connections are called by. */
async function knownElsewhere(
  tx: Transaction,
  connection: ConnectionId,
  words: readonly string[],
): Promise<readonly string[]> {
  const rows = await tx.query<{ word: string }>(
    `select lower(c.name) as word from customers c
     where c.tenant_id = $1 and c.connection_id <> $2 and lower(c.name) = any ($3::text[])
     union
     select lower(w.word) from customers c
     join recipients r on r.tenant_id = c.tenant_id and r.customer_id = c.id
     cross join lateral (values (r.name), (r.email), (r.phone)) as w (word)
     where c.tenant_id = $1 and c.connection_id <> $2 and lower(w.word) = any ($3::text[])`,
    [tx.tenant, connection, words.map((word) => word.toLowerCase())],
  )
  return rows.map(({ word }) => word)
}

/** What is told apart by an id: answers and notices about them, what providers said of messages, what was put aside. */
export async function forgetByIds(
  tx: Transaction,
  { customers, interventions, emails }: Leavers,
): Promise<void> {
  await tx.query('select forget_delivery_events($1::uuid[], $2::bytea[])', [interventions, []])
  await tx.query('delete from attention_seen where tenant_id = $1 and key = any ($2::text[])', [
    tx.tenant,
    interventions.map((id) => `intervention:${id}`),
  ])
  await tx.query(
    `delete from idempotent_requests where tenant_id = $1 and answer -> 'customer' = any ($2::jsonb[])`,
    [tx.tenant, customers.map(String)],
  )
  await tx.query(
    `delete from told where tenant_id = $1 and via = 'email' and lower(target) = any ($2::text[])`,
    [tx.tenant, emails],
  )
  await tx.query(
    `update told set data = jsonb_set(data, '{customers}',
       (select coalesce(jsonb_agg(c), '[]') from jsonb_array_elements(data -> 'customers') c where c::text <> all ($2)))
     where tenant_id = $1 and jsonb_typeof(data -> 'customers') = 'array'
       and exists (select from jsonb_array_elements(data -> 'customers') c where c::text = any ($2::text[]))`,
    [tx.tenant, customers.map(String)],
  )
}

/** Places whose texts are gone through a page at a time. */
export const TEXT_PLACES: readonly string[] = [...TEXTS_OF_ALL.map(({ table }) => table), 'audit_log']

/** Rows in one page. */
const PAGE = 1000

/**
 * A page of one place loses what names them.
 *
 * @param after as the page before said; null begins
 * @returns where the next begins; null: that was all
 */
export async function forgetTexts(
  tx: Transaction,
  leavers: Leavers,
  { place, after }: { readonly place: string; readonly after: string | null },
): Promise<string | null> {
  const texts = TEXTS_OF_ALL.find(({ table }) => table === place)
  return texts === undefined
    ? forgetInAudit(tx, leavers, after)
    : forgetInRows(tx, leavers, texts, after ?? '(0,0)')
}

async function forgetInRows(
  tx: Transaction,
  { without }: Leavers,
  { table, columns, type }: Texts,
  after: string,
): Promise<string | null> {
  const rows = await tx.query<{ place: string } & Readonly<Record<string, unknown>>>(
    `select ctid::text as place, ${columns.join(', ')} from ${table}
     where tenant_id = $1 and ctid > $2::tid order by ctid limit ${PAGE} for update`,
    [tx.tenant, after],
  )
  const changed = rows.flatMap((row) => {
    const said = { ...without(row), place: row.place }
    return JSON.stringify(said) === JSON.stringify(row) ? [] : [said]
  })
  if (changed.length > 0)
    await tx.query(
      // The rows are locked, so that they are where they were; what is changed here comes once more, at the end.
      `update ${table} t set ${columns.map((column) => `${column} = r.${column}`).join(', ')}
       from jsonb_to_recordset($2::jsonb) as r (place text, ${columns.map((column) => `${column} ${type ?? 'text'}`).join(', ')})
       where t.tenant_id = $1 and t.ctid = r.place::tid`,
      [tx.tenant, JSON.stringify(changed)],
    )
  return rows.length < PAGE ? null : rows[rows.length - 1].place
}

/** Who did what when stays; what it was done to, and the words beside it, go where they are about them. */
async function forgetInAudit(
  tx: Transaction,
  { customers, interventions, without }: Leavers,
  after: string | null,
): Promise<string | null> {
  const rows = await tx.query<{ id: number; action: string; object: string | null; detail: unknown }>(
    `select id, action, object, detail from audit_log where tenant_id = $1 and id > $2 order by id limit ${PAGE}`,
    [tx.tenant, Number(after ?? 0)],
  )
  const theirs = new Set([...interventions, ...customers.map((id) => `customer ${id}`)])
  const said = rows.flatMap(({ id, action, object, detail }) => {
    const isTheirs =
      object !== null &&
      (theirs.has(object) || (action.startsWith('customer.') && theirs.has(`customer ${object}`)))
    if (isTheirs) return [{ id, object: null, detail: null }]
    const row = { id, object: without(object), detail: without(detail) }
    return row.object === object && JSON.stringify(row.detail) === JSON.stringify(detail) ? [] : [row]
  })
  if (said.length > 0) await tx.query('select forget_in_audit($1::jsonb)', [JSON.stringify(said)])
  return rows.length < PAGE ? null : String(rows[rows.length - 1].id)
}
