import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { ConnectionId, TenantId } from '../../src/contracts/ids.ts'
import type { Database } from '../../src/store/database.ts'
import { knownOutcomes, writeConnectionTable } from '../../src/training/connection-source.ts'
import { fillBook } from '../support/book.ts'
import { addConnection, addTenant, openTestDatabase } from '../support/database.ts'

let database: Database
let tenant: TenantId
let connection: ConnectionId
const folder = mkdtempSync(join(tmpdir(), 'holdfast-source-'))
const path = join(folder, 'customers.csv')
const signal = new AbortController().signal
const NOW = new Date('2026-12-01')

beforeAll(async () => {
  database = await openTestDatabase()
  tenant = await addTenant(database)
  connection = await addConnection(database, tenant)
})
afterAll(async () => {
  await database.close()
  rmSync(folder, { recursive: true })
})

const known = () => database.withTenant(tenant, (tx) => knownOutcomes(tx, connection, NOW))
const sql = (text: string) => database.withTenant(tenant, (tx) => tx.query(text, [tenant]))

describe("a connection's own history", () => {
  it('says plainly when nothing is known of who left, and from when on it will be', async () => {
    expect((await known()).sentence).toMatch(/no decision was made.*200 who left and 500 who stayed/)
    await fillBook(database, tenant, connection, { count: 40, decided: 1 })
    expect((await known()).sentence).toMatch(/of 20 November 2026.*from 20 December 2026 on/)
  })

  it('describes customers as they were when decisions were made, with what became of them', async () => {
    await sql(
      `insert into property_changes (tenant_id, customer_id, valid_at, recorded_at, changes)
       select $1::uuid, id, '2026-11-01'::timestamptz, '2026-11-01'::timestamptz, properties from customers where tenant_id = $1
       union all
       select $1::uuid, id, '2026-11-25', '2026-11-25', '{"tenure": 999, "MonthlyCharges": null}'::jsonb from customers where tenant_id = $1
       union all
       -- Of before the decision, but learnt only after it.
       select $1::uuid, id, '2026-11-10', '2026-11-25', '{"Contract": "known too late"}' from customers where tenant_id = $1`,
    )
    await sql(
      `insert into outcomes (tenant_id, decision_id, days, customer_id, connection_id, decided_at, churned, censored, cause,
         currency, observed_at)
       select tenant_id, id, 30, customer_id, connection_id, decided_at,
         case when customer_id % 5 = 0 then null else customer_id % 3 = 0 end, customer_id % 5 = 0,
         case when customer_id % 5 = 0 then 'unseen' when customer_id % 3 = 0 then 'left' else 'stayed' end, 'EUR', now()
       from decisions where tenant_id = $1`,
    )
    const { windows, sentence } = await known()
    expect(windows).toMatchObject([{ days: 30, period: '2026-11', churned: 11, kept: 21, unknown: 8 }])
    expect(sentence).toMatch(/11 of 32 customers left.*a cautious model/)
    const asOf = await writeConnectionTable(database, {
      tenant,
      connection,
      properties: ['tenure', 'MonthlyCharges', 'Contract'],
      outcomeDays: 30,
      path,
      signal,
    })
    expect(asOf).toBe('2026-11-20')
    const [header, ...lines] = readFileSync(path, 'utf8').trim().split('\n')
    expect(header).toBe('holdfast_customer_id,holdfast_has_left,tenure,MonthlyCharges,Contract')
    expect(lines).toHaveLength(32)
    expect(lines[0]).toBe('C-1,No,1,21,Month-to-month')
    expect(lines[2]).toBe('C-3,Yes,3,23,Month-to-month')
  })

  it('tells which outcome it does not know', async () => {
    const asked = { tenant, connection, properties: ['tenure'], outcomeDays: 90, path, signal }
    await expect(writeConnectionTable(database, asked)).rejects.toMatchObject({ code: 'target_missing' })
  })

  it('describes everybody as they are now, those who left among them', async () => {
    await writeConnectionTable(database, {
      tenant,
      connection,
      properties: ['tenure'],
      outcomeDays: null,
      path,
      signal,
    })
    const lines = readFileSync(path, 'utf8').trim().split('\n')
    expect(lines).toHaveLength(41)
    expect(lines[1]).toBe('C-1,1')
  })
})
