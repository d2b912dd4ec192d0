/** Opens the database, embedded or served, and gives the rest of Holdfast its transactions. */
import { AsyncLocalStorage } from 'node:async_hooks'
import { join } from 'node:path'
import { Pool, TypeOverrides, types, type PoolClient, type PoolConfig, type QueryConfig } from 'pg'
import { HoldfastError } from '../contracts/errors.ts'
import type { TenantId } from '../contracts/ids.ts'
import type { Database, Transaction } from './database.ts'
import { openEmbedded, type Embedded } from './embedded.ts'
import { databaseError } from './database-error.ts'
import { migrate, type Migration } from './migrate.ts'
import { PREFER_KEYS, preferKeys } from './prefer-keys.ts'

export interface OpenOptions {
  /** PostgreSQL's address; null opens the embedded database. */
  readonly url: string | null
  /** Folder of the embedded database; null keeps it in memory. */
  readonly folder: string | null
  /** Path of a dump that a new embedded database starts from: see `firstDump`. */
  readonly dump?: string | null
  /** Connections of the served database for our own work; the queue has as many again and those it listens on. Default 10. */
  readonly connections?: number
  /** The schema to set up; default: all of this version. Earlier ones are for backups of an earlier version. */
  readonly schema?: readonly Migration[]
  /** Told of every transaction across tenants, with its reason. */
  readonly onSystem?: (why: string) => void
  /** Told when an idle connection breaks, which ends nothing: the next one is made anew. */
  readonly onLost?: (cause: Error) => void
}

const LISTENERS = 20

/** The embedded database can also be dumped whole. */
export interface OpenedDatabase extends Database {
  readonly embedded: Embedded | null
}

/**
 * Opens and migrates.
 *
 * @throws HoldfastError `database_locked`, `database_unavailable`, `database_setup`, `database_version`
 * @example
 * const database = await openDatabase({ url: null, folder: 'data' })
 * await database.withTenant(tenant, (tx) => tx.query('select count(*) from customers'))
 */
export async function openDatabase(options: OpenOptions): Promise<OpenedDatabase> {
  const { url, folder, dump = null, connections = 10 } = options
  const embedded =
    url === null ? await openEmbedded({ folder: folder && join(folder, 'database'), dump }) : null
  const source: PoolConfig =
    embedded === null
      ? { connectionString: url!, connectionTimeoutMillis: 10_000, keepAlive: true }
      : { stream: () => embedded.connect() as never, user: 'postgres', database: 'postgres' }
  const onLost = options.onLost ?? (() => undefined)
  const pool = new Pool({ ...source, max: connections, types: resultTypes })
  // Each queue and each worker keeps one connection to listen on.
  const queue = new Pool({ ...source, max: connections + LISTENERS, options: '-c search_path=bullmq' })
  for (const each of [pool, queue]) {
    each.on('error', onLost)
    // The pool listens to its idle connections alone: one that breaks between two statements of a transaction would
    // end the process. The next statement says what happened.
    each.on('connect', (client) => client.on('error', () => undefined))
  }

  const database: OpenedDatabase = {
    kind: embedded === null ? 'served' : 'embedded',
    embedded,
    pool: queue,
    withTenant: (tenant, work, { byKeys = false } = {}) => transact(pool, tenant, work, byKeys),
    asSystem: (why, work) => {
      options.onSystem?.(why)
      return transact(pool, null, work)
    },
    close: async () => {
      await Promise.allSettled([pool.end(), queue.end()])
      await embedded?.close()
    },
  }
  try {
    await migrate(pool, options.schema)
  } catch (error) {
    await database.close()
    throw error
  }
  return database
}

/** Where transactions are open on this path of calls: a second one inside would wait for the first for ever. */
const open = new AsyncLocalStorage<readonly Pool[]>()

async function transact<T>(
  pool: Pool,
  tenant: TenantId | null,
  work: (tx: Transaction) => Promise<T>,
  byKeys = false,
): Promise<T> {
  const outer = open.getStore() ?? []
  if (outer.includes(pool)) {
    throw new HoldfastError(
      'internal',
      'A transaction was opened inside another one. Hand the outer one down instead.',
    )
  }
  const client = await pool.connect().catch((cause: unknown) => {
    throw databaseError(cause)
  })
  const after: (() => void)[] = []
  let broken: Error | undefined
  try {
    await client.query(tenant === null ? 'begin' : beginAs(tenant, byKeys))
    const result = await open.run([...outer, pool], () =>
      work(transactionOn(client, { tenant, byKeys, after })),
    )
    await client.query('commit')
    for (const announce of after) announce()
    return result
  } catch (cause) {
    await client.query('rollback').catch((error: unknown) => {
      broken = error instanceof Error ? error : new Error(String(error))
    })
    throw cause
  } finally {
    // A connection that cannot even roll back is thrown away.
    client.release(broken)
  }
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i

/** One round trip; a simple query takes no parameters, so the id is checked to be nothing but a UUID. */
function beginAs(tenant: TenantId, byKeys: boolean): string {
  if (!UUID.test(tenant)) throw new HoldfastError('internal', 'A tenant is named by a UUID.')
  const start = `begin; set local role holdfast_tenant; set local holdfast.tenant = '${tenant}'`
  return byKeys ? `${start}; ${PREFER_KEYS}` : start
}

function transactionOn(
  client: PoolClient,
  {
    tenant,
    byKeys,
    after,
  }: { readonly tenant: TenantId | null; readonly byKeys: boolean; readonly after: (() => void)[] },
): Transaction {
  let keys = byKeys ? Promise.resolve() : null
  async function run<Row extends object>(statement: QueryConfig): Promise<Row[]> {
    try {
      return (await client.query<Row>(statement)).rows
    } catch (cause) {
      throw databaseError(cause)
    }
  }
  return {
    tenant,
    afterCommit: (announce) => void after.push(announce),
    query: (text, values) => run(values === undefined ? { text } : { text, values: [...values] }),
    prepared: async (text, values) => {
      // Planned for good when there were ten rows, it would read all of them when there are a million.
      await (keys ??= preferKeys({ query: (set) => run({ text: set }) }))
      return run({ name: nameOf(text), text, values: [...values] })
    },
  }
}

/** Of prepared statements, of which there are some dozens. */
const names = new Map<string, string>()

function nameOf(text: string): string {
  const known = names.get(text)
  if (known !== undefined) return known
  const name = `holdfast_${names.size}`
  names.set(text, name)
  return name
}

const resultTypes = new TypeOverrides()
resultTypes.setTypeParser(types.builtins.INT8, (text: string) => {
  const value = Number(text)
  if (!Number.isSafeInteger(value)) throw new RangeError(`${text} is beyond what a number holds exactly`)
  return value
})
resultTypes.setTypeParser(types.builtins.NUMERIC, Number)
// Calendar dates are dates, never instants.
resultTypes.setTypeParser(types.builtins.DATE, (text: string) => text)
