/** A fresh, migrated database for a test: embedded, or on the server that HOLDFAST_TEST_DATABASE_URL names. */
import { randomUUID } from 'node:crypto'
import { mkdirSync, renameSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { gzipSync } from 'node:zlib'
import { Client } from 'pg'
import { asConnection, type ConnectionId, type TenantId } from '../../src/contracts/ids.ts'
import type { Database } from '../../src/store/database.ts'
import { firstDump, firstDumpPath } from '../../src/store/first-dump.ts'
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
