import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { asConnection, type TenantId } from '../../src/contracts/ids.ts'
import {
  createConnection,
  dropConfigKey,
  listConnections,
  readConnection,
  saveCursor,
  saveThresholds,
  setConnectionStatus,
} from '../../src/store/connections.ts'
import type { Database } from '../../src/store/database.ts'
import { dueSteps, finishStep, leaseStep, listSteps } from '../../src/store/steps.ts'
import { addTenant, databaseKind, openTestDatabase } from '../support/database.ts'

let database: Database
let tenant: TenantId
beforeAll(async () => {
  database = await openTestDatabase()
  tenant = await addTenant(database)
})
afterAll(() => database.close())

const wanted = {
  kind: 'csv',
  name: 'Customers',
  sandbox: false,
  config: { path: '/data/customers.csv', allowDeletions: true },
  population: { kind: 'everyone' },
} as const

describe(`connections (${databaseKind})`, () => {
  it('are due for a first sync at once, and for every other step when its schedule says so, asked for or not', async () => {
    const connection = await database.withTenant(tenant, (tx) => createConnection(tx, wanted))
    const steps = await database.withTenant(tenant, (tx) => listSteps(tx, { connection }))
    expect(steps.map(({ step, state }) => [step, state])).toEqual([
      ['sync', 'due'],
      ['score', 'waiting'],
      ['decide', 'waiting'],
      ['write_back', 'waiting'],
      ['observe', 'waiting'],
    ])
    for (const { dueAt } of steps) expect(dueAt!.getTime()).toBeLessThan(Date.now() + 26 * 3_600_000)
    const now = () =>
      database.asSystem('a test', (tx) => dueSteps(tx, { limitPerTenant: 10, limit: 10, tenants: [tenant] }))
    expect((await now()).map(({ step }) => step)).toEqual(['sync'])
    // A day later all of them are, and a day after they ran they are again.
    for (let day = 0; day < 2; day++) {
      await database.withTenant(tenant, (tx) =>
        tx.query("update steps set due_at = due_at - interval '26 hours' where tenant_id = $1", [tenant]),
      )
      expect((await now()).map(({ step }) => step).toSorted()).toEqual([
        'decide',
        'observe',
        'score',
        'sync',
        'write_back',
      ])
      for (const { step } of steps) {
        const lease = { connection, step, owner: `${step} ${day}` }
        await database.withTenant(tenant, (tx) => leaseStep(tx, lease, 60))
        await database.withTenant(tenant, (tx) => finishStep(tx, lease))
      }
      // The sync comes every few minutes, perhaps in this moment.
      expect((await now()).filter(({ step }) => step !== 'sync')).toEqual([])
    }
  })

  it('are read as they were made, and keep what is saved', async () => {
    const connection = await database.withTenant(tenant, async (tx) => {
      const made = await createConnection(tx, { ...wanted, population: null })
      await saveCursor(tx, made, { at: [1, { two: null }] })
      await saveThresholds(tx, made, { high: 0.4 })
      await setConnectionStatus(tx, made, 'paused', 'by hand')
      await dropConfigKey(tx, made, 'allowDeletions')
      return readConnection(tx, made)
    })
    expect(connection).toMatchObject({
      kind: 'csv',
      name: 'Customers',
      sandbox: false,
      status: 'paused',
      statusReason: 'by hand',
      config: { path: '/data/customers.csv' },
      population: null,
      mapping: null,
      profile: null,
      cursor: { at: [1, { two: null }] },
      thresholds: { high: 0.4 },
    })
    const all = await database.withTenant(tenant, listConnections)
    expect(all.map(({ id }) => id)).toContain(connection.id)
  })

  it('are unknown to other companies', async () => {
    const connection = await database.withTenant(tenant, (tx) => createConnection(tx, wanted))
    const other = await addTenant(database)
    const found = database.withTenant(other, (tx) => readConnection(tx, connection))
    await expect(found).rejects.toMatchObject({ code: 'not_found' })
    const changed = database.withTenant(other, (tx) => setConnectionStatus(tx, connection, 'paused', null))
    await expect(changed).rejects.toMatchObject({ code: 'not_found' })
    expect(await database.withTenant(other, listConnections)).toEqual([])
    const nobody = asConnection('00000000-0000-0000-0000-000000000000')
    await expect(database.withTenant(tenant, (tx) => readConnection(tx, nobody))).rejects.toMatchObject({
      code: 'not_found',
    })
  })
})
