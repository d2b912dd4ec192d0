/** A fresh, migrated database for a test: embedded, or on the server that HOLDFAST_TEST_DATABASE_URL names. */
import { createHash, randomUUID } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { Client } from 'pg'
import { asConnection, type ConnectionId, type TenantId } from '../../src/contracts/ids.ts'
import type { Database } from '../../src/store/database.ts'
import { schemaHash } from '../../src/store/migrate.ts'
import { openDatabase } from '../../src/store/open.ts'
import { createTenant } from '../../src/store/tenants.ts'

const server = process.env['HOLDFAST_TEST_DATABASE_URL']

/** As what tests say of themselves. */
export const databaseKind = server === undefined ? 'embedded' : 'PostgreSQL'

export async function openTestDatabase(): Promise<Database> {
  if (server !== undefined) return openServed(server)
  const dump = cachedDump()
  const database = await openDatabase({ url: null, folder: null, dump })
  if (dump === null) keepDump(await database.embedded!.dump())
  return database
}

async function openServed(address: string): Promise<Database> {
  const name = `holdfast_test_${randomUUID().replaceAll('-', '')}`
  await administer(address, `create database ${name}`)
  const url = new URL(address)
  url.pathname = `/${name}`
  const database = await openDatabase({ url: url.href, folder: null })
  return {
    ...database,
    close: async () => {
      await database.close()
      await administer(address, `drop database if exists ${name} with (force)`)
    },
  }
}

async function administer(address: string, statement: string): Promise<void> {
  const client = new Client({ connectionString: address })
  await client.connect()
  try {
    await client.query(statement)
  } finally {
    await client.end()
  }
}

/** Migrating a new embedded database takes seconds, starting from a dump of one a fraction. */
const cache = resolve(import.meta.dirname, '../../node_modules/.cache/holdfast')
const dumpPath = join(cache, `${createHash('sha256').update(schemaHash()).digest('hex').slice(0, 16)}.tar`)

function cachedDump(): Uint8Array<ArrayBuffer> | null {
  return existsSync(dumpPath) ? new Uint8Array(readFileSync(dumpPath)) : null
}

function keepDump(dump: Uint8Array): void {
  mkdirSync(cache, { recursive: true })
  const aside = `${dumpPath}.${process.pid}`
  writeFileSync(aside, dump)
  renameSync(aside, dumpPath)
}

export function addTenant(database: Database, name = 'Test company'): Promise<TenantId> {
  return database.asSystem('a test', (tx) => createTenant(tx, name))
}

/** A connection of a kind that no connector serves, unless the test says otherwise. */
export async function addConnection(
  database: Database,
  tenant: TenantId,
  { kind = 'csv', name = 'A file', config = {} }: { kind?: string; name?: string; config?: object } = {},
): Promise<ConnectionId> {
  const id = randomUUID()
  await database.withTenant(tenant, (tx) =>
    tx.query('insert into connections (tenant_id, id, kind, name, config) values ($1, $2, $3, $4, $5)', [
      tenant,
      id,
      kind,
      name,
      JSON.stringify(config),
    ]),
  )
  return asConnection(id)
}
