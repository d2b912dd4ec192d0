/**
 * All rows of a database in a form that any other one takes, embedded or served: table by table, in an order in
 * which foreign keys hold, each row as PostgreSQL writes it in JSON. Backups and moves are made of it.
 */
import type { BulkColumn, Transaction } from './database.ts'

export interface PortableTable {
  readonly name: string
  readonly columns: readonly BulkColumn[]
}

/** Rows of one table, each a JSON object as text: numbers keep every digit. */
export interface PortableRows {
  readonly table: PortableTable
  readonly rows: readonly string[]
}

/** What belongs to one database: the steps of its set-up, who leads its processes, and whose turn it is to call. */
const APART = ['schema_migrations', 'leases', 'pacing']

/** Rows a statement: decisions are a few kB each. */
const CHUNK = 1000
/** Tables whose rows are pieces of files, half a megabyte each, twice that in text. */
const LARGE = 8

const chunkOf = ({ name }: Pick<PortableTable, 'name'>): number => (name === 'model_files' ? LARGE : CHUNK)

/**
 * The tables of the schema, those first that others refer to. In a system transaction.
 */
export async function portableTables(tx: Transaction): Promise<readonly PortableTable[]> {
  const columns = await tx.query<{ table: string; name: string; type: string }>(
    `select c.relname as table, a.attname as name, format_type(a.atttypid, a.atttypmod) as type
     from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
     where c.relnamespace = 'public'::regnamespace and c.relkind = 'r' and c.relname <> all ($1)
     order by c.relname, a.attnum`,
    [APART],
  )
  const references = await tx.query<{ table: string; to: string }>(
    `select distinct conrelid::regclass::text as table, confrelid::regclass::text as to
     from pg_constraint where contype = 'f' and connamespace = 'public'::regnamespace and conrelid <> confrelid`,
  )
  const names = [...new Set(columns.map(({ table }) => table))]
  const ordered: string[] = []
  while (ordered.length < names.length) {
    const ready = names.filter(
      (name) =>
        !ordered.includes(name) &&
        references.every(({ table, to }) => table !== name || ordered.includes(to)),
    )
    if (ready.length === 0) throw new Error('Tables refer to one another in a circle.')
    ordered.push(...ready)
  }
  return ordered.map((name) => ({ name, columns: columns.filter(({ table }) => table === name) }))
}

/**
 * Everything as of one moment. Must be the first thing that its transaction does.
 *
 * @example
 * for await (const { table, rows } of readEverything(tx)) count += rows.length
 */
export async function* readEverything(tx: Transaction): AsyncGenerator<PortableRows> {
  await tx.query('set transaction isolation level repeatable read, read only')
  for (const table of await portableTables(tx)) {
    await tx.query(
      `declare portable no scroll cursor for select row_to_json(r)::text as row from ${table.name} r`,
    )
    for (;;) {
      const found = await tx.query<{ row: string }>(`fetch ${chunkOf(table)} from portable`)
      if (found.length > 0) yield { table, rows: found.map(({ row }) => row) }
      if (found.length < chunkOf(table)) break
    }
    await tx.query('close portable')
  }
}

/**
 * Adds rows as they were read; columns that the rows do not have take their defaults. They come with whatever followed
 * from them, so that nothing follows from them once more: no trigger of ours sees them.
 */
export async function loadRows(tx: Transaction, { table, rows }: PortableRows): Promise<void> {
  const names = table.columns.map(({ name }) => `"${name}"`).join(', ')
  const shape = table.columns.map(({ name, type }) => `"${name}" ${type}`).join(', ')
  await tx.query(`alter table ${table.name} disable trigger user`)
  const chunk = chunkOf(table)
  for (let at = 0; at < rows.length; at += chunk)
    await tx.query(
      `insert into ${table.name} (${names}) select ${names} from json_to_recordset($1::json) as r (${shape})`,
      [`[${rows.slice(at, at + chunk).join(',')}]`],
    )
  await tx.query(`alter table ${table.name} enable trigger user`)
}

/** After rows came with their ids: the next one that is given out is a new one. */
export async function advanceIdentities(tx: Transaction): Promise<void> {
  const identities = await tx.query<{ table: string; name: string }>(
    `select c.relname as table, a.attname as name from pg_class c join pg_attribute a on a.attrelid = c.oid
     where c.relnamespace = 'public'::regnamespace and c.relkind = 'r' and a.attidentity <> ''`,
  )
  for (const { table, name } of identities)
    await tx.query(
      `select setval(pg_get_serial_sequence('${table}', '${name}'),
         greatest((select max("${name}") from ${table}), 1), exists (select from ${table}))`,
    )
}

/** Rows by table, to hold two databases against one another. */
export async function countRows(tx: Transaction): Promise<Readonly<Record<string, number>>> {
  const tables = await portableTables(tx)
  const counts: Record<string, number> = {}
  for (const { name } of tables) {
    const [row] = await tx.query<{ count: number }>(`select count(*) as count from ${name}`)
    counts[name] = row.count
  }
  return counts
}
