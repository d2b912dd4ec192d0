import { pino } from 'pino'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { passRenewals } from '../../src/loop/renewals.ts'
import type { TenantId } from '../../src/contracts/ids.ts'
import type { Database } from '../../src/store/database.ts'
import { fillBook } from '../support/book.ts'
import { addConnection, addTenant, databaseKind, openTestDatabase } from '../support/database.ts'

let database: Database
const log = pino({ level: 'silent' })
const tenants: TenantId[] = []
const day = (from: number): string => new Date(Date.now() + from * 86_400_000).toISOString().slice(0, 10)

beforeAll(async () => {
  database = await openTestDatabase()
  for (let n = 0; n < 2; n++) {
    const tenant = await addTenant(database)
    await fillBook(database, tenant, await addConnection(database, tenant), { count: 25, decided: 0 })
    await database.withTenant(tenant, async (tx) => {
      await tx.query('delete from agreements where tenant_id = $1', [tenant])
      for (const from of [2, 40])
        await tx.query(
          `insert into agreements (tenant_id, customer_id, external_id, renewal_date)
           select $1, id, $2, $3::date from customers where tenant_id = $1`,
          [tenant, `in ${from}`, day(from)],
        )
    })
    tenants.push(tenant)
  }
})
afterAll(() => database.close())

const shown = (tenant: TenantId) =>
  database.withTenant(tenant, async (tx) => {
    const rows = await tx.query<{ renewal: string }>(
      'select renewal_date as renewal, count(*) from book where tenant_id = $1 group by 1',
      [tenant],
    )
    return rows.map(({ renewal }) => renewal)
  })

it(`lists of every company show the next renewal once one has passed, without a pass of anything else (${databaseKind})`, async () => {
  for (const tenant of tenants) expect(await shown(tenant)).toEqual([day(2)])
  const later = { database, log, clock: () => new Date(Date.now() + 3 * 86_400_000) }
  const { signal } = new AbortController()
  expect(await passRenewals({ ...later, clock: () => new Date() }, { signal })).toBe(0)
  expect(await passRenewals(later, { signal, batch: 10 })).toBe(50)
  for (const tenant of tenants) expect(await shown(tenant)).toEqual([day(40)])
  expect(await passRenewals(later, { signal })).toBe(0)
})

it.runIf(databaseKind === 'PostgreSQL')(
  'waits for nobody who writes a row just then, and takes that one the next time',
  async () => {
    const [tenant] = tenants
    const later = { database, log, clock: () => new Date(Date.now() + 41 * 86_400_000) }
    const { signal } = new AbortController()
    const held = Promise.withResolvers<void>()
    const letGo = Promise.withResolvers<void>()
    const writer = database.withTenant(tenant, async (tx) => {
      await tx.query('select from book where tenant_id = $1 order by customer_id limit 5 for update', [
        tenant,
      ])
      held.resolve()
      await letGo.promise
    })
    await held.promise
    expect(await passRenewals(later, { signal })).toBe(45)
    letGo.resolve()
    await writer
    expect(await passRenewals(later, { signal })).toBe(5)
  },
)
