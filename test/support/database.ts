/** A fresh, migrated database for a test: embedded, or on the server that HOLDFAST_TEST_DATABASE_URL names. */
import { randomUUID } from 'node:crypto'
import { mkdirSync, renameSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { gzipSync } from 'node:zlib'
import { Client } from 'pg'
import { asConnection, type ConnectionId, type TenantId } from '../../src/contracts/ids.ts'
import type { Database } from '../../src/store/database.ts'
import { firstDump, firstDumpPath } from '../../src/store/first-dump.ts'
import { schemaHash } from '../../src/store/migrate.ts'
import { openDatabase } from '../../src/store/open.ts'
import { createTenant } from '../../src/store/tenants.ts'

const server = process.env['HOLDFAST_TEST_DATABASE_URL']

/** As what tests say of themselves. */
export const databaseKind = server === undefined ? 'embedded' : 'PostgreSQL'

export async function openTestDatabase(): Promise<Database> {
  if (server !== undefined) return openServed(server)
  const dump = firstDump()
  const database = await openDatabase({ url: null, folder: null, dump })
  if (dump === null) keepDump(await database.embedded!.dump())
  return database
}

async function openServed(address: string): Promise<Database> {
  const name = freshName()
  await administer(address, `create database ${name} template ${await template(address)}`)
  const database = await openDatabase({ url: named(address, name), folder: null })
  return {
    ...database,
    close: async () => {
      await database.close()
      await administer(address, `drop database if exists ${name} with (force)`)
    },
  }
}

/**
 * A migrated database that others are copies of, as the dump is for embedded ones: a tenth of the time. One for each schema;
 * of two processes that make it at once the second's is dropped.
 */
async function template(address: string): Promise<string> {
  const name = `holdfast_template_${schemaHash().slice(0, 16)}`
  const known = await administer(address, `select 1 from pg_database where datname = '${name}'`)
  if (known > 0) return name
  const making = freshName()
  await administer(address, `create database ${making}`)
  await (await openDatabase({ url: named(address, making), folder: null })).close()
  try {
    await administer(address, `alter database ${making} rename to ${name}`)
  } catch (cause) {
    if ((cause as { code?: string }).code !== DUPLICATE_DATABASE) throw cause
    await administer(address, `drop database ${making} with (force)`)
  }
  return name
}

const DUPLICATE_DATABASE = '42P04'

const freshName = (): string => `holdfast_test_${randomUUID().replaceAll('-', '')}`

function named(address: string, name: string): string {
  const url = new URL(address)
  url.pathname = `/${name}`
  return url.href
}

/** @returns how many rows it gave */
async function administer(address: string, statement: string): Promise<number> {
  const client = new Client({ connectionString: address })
  await client.connect()
  try {
    return (await client.query(statement)).rowCount ?? 0
  } finally {
    await client.end()
  }
}

/** Made by `npm ci`, or by the first test that needs it after the schema changed. */
function keepDump(dump: Uint8Array): void {
  const path = firstDumpPath()
  mkdirSync(dirname(path), { recursive: true })
  const aside = `${path}.${process.pid}`
  writeFileSync(aside, gzipSync(dump, { level: 1 }))
  renameSync(aside, path)
}

export function addTenant(database: Database, name = 'Test company'): Promise<TenantId> {
  return database.asSystem('a test', (tx) => createTenant(tx, name))
}

export interface AddedConnection {
  readonly kind?: string
  readonly name?: string
  readonly config?: object
  readonly sandbox?: boolean
}

/** A connection of a kind that no connector serves, unless the test says otherwise. */
export async function addConnection(
  database: Database,
  tenant: TenantId,
  { kind = 'csv', name = 'A file', config = {}, sandbox = false }: AddedConnection = {},
): Promise<ConnectionId> {
  const id = randomUUID()
  await database.withTenant(tenant, (tx) =>
    tx.query(
      'insert into connections (tenant_id, id, kind, name, config, sandbox) values ($1, $2, $3, $4, $5, $6)',
      [tenant, id, kind, name, JSON.stringify(config), sandbox],
    ),
  )
  return asConnection(id)
}
