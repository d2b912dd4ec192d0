import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { ConnectionId } from '../../../src/contracts/ids.ts'
import { openSummaries, type ReadSummary } from '../../../src/server/pages/summary.ts'
import type { Database } from '../../../src/store/database.ts'
import { watchConnections } from '../../../src/store/reads/connections.ts'
import { bookMark, outboxMark } from '../../../src/store/reads/pages-marks.ts'
import { fillBook } from '../../support/book.ts'
import { databaseKind, openTestDatabase } from '../../support/database.ts'
import { addActionIn, connect, fillCompany, type Company } from './company.ts'

let database: Database
let acme: Company
let spare: ConnectionId[]
let clock = 0
let reads = 0
let summaries: ReadSummary

beforeAll(async () => {
  database = await openTestDatabase()
  acme = await fillCompany(database, { count: 40 })
  // Each book has its own connection.
  spare = [await connect(database, acme.tenant), await connect(database, acme.tenant)]
  const counting: Database = {
    ...database,
    withTenant: (tenant, work) => {
      reads++
      return database.withTenant(tenant, work)
    },
  }
  summaries = openSummaries(counting, () => clock)
})
afterAll(() => database.close())

const ask = async (running = false) => {
  const { connections, mark } = await database.withTenant(acme.tenant, async (tx) => ({
    connections: await watchConnections(tx),
    mark: await bookMark(tx),
  }))
  const seen = running
    ? connections.map((one) => ({ ...one, steps: one.steps.map((step) => ({ ...step, running })) }))
    : connections
  return summaries(acme.tenant, { connections: seen, period: '2026-11', mark })
}

describe(`what goes over the whole book (${databaseKind})`, () => {
  it('is read once as long as nothing moved, and anew when something did', async () => {
    const first = await ask()
    await ask()
    expect(reads).toBe(1)
    await fillBook(database, acme.tenant, spare[0], { count: 10 })
    const second = await ask()
    expect(reads).toBe(2)
    expect(second.totals.customers).toBe(first.totals.customers + 9)
  })

  it('is read now and then all the same, behind what is shown', async () => {
    clock += 61_000
    await ask()
    expect(reads).toBe(3)
    await ask()
    expect(reads).toBe(3)
  })

  it('is read every few seconds only, while something runs', async () => {
    await fillBook(database, acme.tenant, spare[1], { count: 10 })
    clock += 1000
    const before = (await ask(true)).totals.customers
    expect(reads).toBe(3)
    clock += 4000
    expect((await ask(true)).totals.customers).toBe(before + 9)
    expect(reads).toBe(4)
  })

  it('knows of every move in the outbox', async () => {
    const mark = () => database.withTenant(acme.tenant, outboxMark)
    const before = await mark()
    await addActionIn(database, acme, acme.first, 'awaiting_approval')
    expect(await mark()).not.toBe(before)
  })
})
