/** The schema in numbered steps: each is applied once, whole, and never changed afterwards. */
import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { Pool, PoolClient } from 'pg'
import { HoldfastError } from '../contracts/errors.ts'
import { databaseError } from './database-error.ts'

export interface Migration {
  readonly name: string
  readonly sql: string
  /** SHA-256 of the statements. */
  readonly checksum: string
}

const FOLDER = new URL('./migrations/', import.meta.url)

/** Every migration of this version, in order. */
export function migrations(): readonly Migration[] {
  return readdirSync(fileURLToPath(FOLDER))
    .filter((name) => name.endsWith('.sql'))
    .sort()
    .map((name) => {
      const sql = readFileSync(new URL(name, FOLDER), 'utf8')
      return { name: name.replace(/\.sql$/, ''), sql, checksum: checksumOf(sql) }
    })
}

/** Names a schema: equal for equal migrations. */
export function schemaHash(known: readonly Migration[] = migrations()): string {
  return checksumOf(known.map(({ name, checksum }) => `${name} ${checksum}`).join('\n'))
}

/** One process migrates at a time; the others wait and then find everything done. */
const LOCK = 7_262_019

/** PostgreSQL's own catalogues of what all databases of a server share. */
const SHARED = ['pg_authid', 'pg_auth_members']

/** As often as another database of the server may come first, once a step that makes something of the server. */
const TRIES = 10

/**
 * All steps that are missing, in one transaction: an upgrade happens or it does not.
 *
 * @returns the names of the migrations that were applied now
 * @throws HoldfastError `database_version` when the database is of a newer Holdfast, or a migration was edited;
 *   `database_setup` when the user of DATABASE_URL lacks a right; `database_unavailable`
 */
export async function migrate(pool: Pool, known: readonly Migration[] = migrations()): Promise<string[]> {
  const client = await pool.connect().catch((cause: unknown) => {
    throw databaseError(cause)
  })
  try {
    for (let left = TRIES; ; left -= 1) {
      try {
        return await migrateOnce(client, known)
      } catch (cause) {
        await client.query('rollback').catch(() => undefined)
        if (left <= 1 || !metAnotherDatabase(cause)) throw databaseError(cause)
      }
    }
  } finally {
    client.release()
  }
}

async function migrateOnce(client: PoolClient, known: readonly Migration[]): Promise<string[]> {
  await client.query('begin')
  await client.query('select pg_advisory_xact_lock($1)', [LOCK])
  const missing = await missingOf(client, known)
  for (const migration of missing) await apply(client, migration)
  await client.query('commit')
  return missing.map(({ name }) => name)
}

/**
 * Roles belong to the server, the lock above to one database: two databases of a server that are set up at one time
 * both find that the role is missing, or both grant it. The one that waited is refused (unique_violation,
 * duplicate_object, or "tuple concurrently updated") once the other has committed; on its next try the role is there.
 */
function metAnotherDatabase(cause: unknown): boolean {
  const { code, table, message = '' } = cause as { code?: string; table?: string; message?: string }
  if (code === '23505') return SHARED.includes(table ?? '') || SHARED.some((name) => message.includes(name))
  return code === '42710' || (code === 'XX000' && message.includes('concurrently'))
}

async function missingOf(client: PoolClient, known: readonly Migration[]): Promise<readonly Migration[]> {
  await client.query(
    'create table if not exists schema_migrations (name text primary key, checksum text not null, applied_at timestamptz not null default now())',
  )
  const { rows } = await client.query<{ name: string; checksum: string }>(
    'select name, checksum from schema_migrations order by name',
  )
  const applied = new Map(rows.map(({ name, checksum }) => [name, checksum]))
  for (const { name, checksum } of known) {
    const before = applied.get(name)
    applied.delete(name)
    if (before !== undefined && before !== checksum) {
      throw new HoldfastError(
        'database_version',
        `The database was set up with another form of the step ${name}. Install the version of Holdfast that it belongs to, or restore a backup.`,
      )
    }
  }
  const [newer] = applied.keys()
  if (newer !== undefined) {
    throw new HoldfastError(
      'database_version',
      `The database is of a newer Holdfast: it has the step ${newer}, which this version does not know. Install that version again; nothing was changed.`,
    )
  }
  const done = new Set(rows.map(({ name }) => name))
  return known.filter(({ name }) => !done.has(name))
}

async function apply(client: PoolClient, { name, sql, checksum }: Migration): Promise<void> {
  try {
    await client.query(sql)
  } catch (cause) {
    if ((cause as { code?: string }).code === '42501') throw lacksRight(name, cause)
    throw cause
  }
  await client.query('insert into schema_migrations (name, checksum) values ($1, $2)', [name, checksum])
}

function lacksRight(name: string, cause: unknown): HoldfastError {
  const detail = cause instanceof Error ? cause.message : String(cause)
  return new HoldfastError(
    'database_setup',
    `The user in DATABASE_URL may not set the database up (step ${name}: ${detail}). Have an administrator run "create role holdfast_tenant nologin; grant holdfast_tenant to <the user> with admin option; grant create on schema public to <the user>" in this database, and start again. Nothing was changed.`,
    { cause },
  )
}

function checksumOf(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}
