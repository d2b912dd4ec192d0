import { afterAll, beforeAll, expect, it } from 'vitest'
import { dueInterventions } from '../../src/store/due.ts'
import type { Database } from '../../src/store/database.ts'
import { endLeasesOfTheDead, takeLease } from '../../src/store/leases.ts'
import { dueSteps, leaseStep, requestStep } from '../../src/store/steps.ts'
import { addConnection, addTenant, databaseKind, openTestDatabase } from '../support/database.ts'
import { addCustomer, addIntervention } from '../support/ledger.ts'

let database: Database
beforeAll(async () => {
  database = await openTestDatabase()
})
afterAll(() => database.close())

it(`a process that is alone waits for nobody who died (${databaseKind})`, async () => {
  const tenant = await addTenant(database)
  const connection = await addConnection(database, tenant)
  const customer = await addCustomer(database, { tenant, connection })
  const id = await addIntervention(database, { tenant, connection, customer })
  await database.withTenant(tenant, async (tx) => {
    await requestStep(tx, { connection, step: 'sync', cause: 'first' })
    await leaseStep(tx, { connection, step: 'sync', owner: 'dead' }, 600)
    await tx.query(
      `update interventions set state = 'leased', lease_owner = 'dead', lease_until = now() + interval '1 hour'
       where tenant_id = $1 and id = $2`,
      [tenant, id],
    )
  })
  const dispatcher = (owner: string) =>
    database.asSystem('a test', (tx) => takeLease(tx, { name: 'dispatcher', owner, seconds: 600 }))
  const due = () =>
    database.asSystem('a test', async (tx) => ({
      steps: (await dueSteps(tx, { limitPerTenant: 9, limit: 9 })).length,
      interventions: (await dueInterventions(tx, { limitPerTenant: 9, limit: 9 })).length,
    }))
  expect(await dispatcher('dead')).toBe(true)
  expect(await dispatcher('alive')).toBe(false)
  expect(await due()).toEqual({ steps: 0, interventions: 0 })
  await database.asSystem('a test', endLeasesOfTheDead)
  expect(await dispatcher('alive')).toBe(true)
  expect(await due()).toEqual({ steps: 1, interventions: 1 })
})
