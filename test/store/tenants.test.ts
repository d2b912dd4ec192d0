import { afterAll, beforeAll, expect, it } from 'vitest'
import type { Database } from '../../src/store/database.ts'
import { createTenant, listTenantNames, listTenants } from '../../src/store/tenants.ts'
import { openTestDatabase } from '../support/database.ts'

let database: Database
beforeAll(async () => {
  database = await openTestDatabase()
})
afterAll(() => database?.close())

it('lists companies in the order in which they were made, also those of one transaction', async () => {
  const names = Array.from({ length: 12 }, (_, at) => `Company ${at}`)
  const { all, named } = await database.asSystem('companies of a test', async (tx) => {
    for (const name of names) await createTenant(tx, name)
    return { all: await listTenants(tx), named: await listTenantNames(tx, 50) }
  })
  expect(all.map(({ name }) => name)).toEqual(names)
  expect(named.map(({ name }) => name)).toEqual(names)
})
