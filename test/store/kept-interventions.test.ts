import { afterAll, beforeAll, expect, it } from 'vitest'
import { keptInterventions } from '../../src/store/kept-interventions.ts'
import type { Database } from '../../src/store/database.ts'
import { addConnection, addTenant, openTestDatabase } from '../support/database.ts'
import { addIntervention } from './interventions.ts'

let database: Database
beforeAll(async () => {
  database = await openTestDatabase()
})
afterAll(() => database?.close())

it('tells by reason what somebody has to mend, and nothing that is as it was meant to be', async () => {
  const tenant = await addTenant(database)
  const connection = await addConnection(database, tenant)
  const add = async (state: string, code: string | null): Promise<void> => {
    const id = await addIntervention(database, { tenant, connection, state })
    await database.withTenant(tenant, (tx) =>
      tx.query('update interventions set reason_code = $3, reason = $4 where tenant_id = $1 and id = $2', [
        tenant,
        id,
        code,
        code === null ? null : `Because of ${code}.`,
      ]),
    )
  }
  await add('deferred', 'smtp_unreachable')
  await add('deferred', 'smtp_unreachable')
  await add('suppressed', 'no_address')
  await add('suppressed', 'unsubscribed')
  await add('deferred', 'tenant_paused')
  await add('planned', null)
  expect(await database.withTenant(tenant, keptInterventions)).toEqual([
    { state: 'deferred', reason: 'Because of smtp_unreachable.', interventions: 2 },
    { state: 'suppressed', reason: 'Because of no_address.', interventions: 1 },
  ])
})
