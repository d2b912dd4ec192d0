import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parseServiceSettings } from '../../src/settings/service.ts'
import { claimOffers, offerFacts, offerVerdict } from '../../src/loop/offers.ts'
import type { Database } from '../../src/store/database.ts'
import { addConnection, addTenant, openTestDatabase } from '../support/database.ts'
import { addCustomer, addIntervention } from '../support/ledger.ts'

let database: Database
beforeAll(async () => {
  database = await openTestDatabase()
})
afterAll(() => database.close())

describe('an offer', () => {
  it('takes a code of its pool when it is claimed, once', async () => {
    const tenant = await addTenant(database)
    const connection = await addConnection(database, tenant)
    const customer = await addCustomer(database, { tenant, connection })
    const id = await addIntervention(
      database,
      { tenant, connection, customer },
      { actionKey: 'discount_10' },
    )
    const settings = parseServiceSettings({
      offers: { fulfilment: { discount_10: { by: 'pool', pool: 'spring' } } },
    })
    const now = new Date()
    await database.withTenant(tenant, async (tx) => {
      await tx.query(
        `insert into offer_codes (tenant_id, pool, code, imported_by) values ($1, 'spring', 'SPRING-1', 'a test')`,
        [tenant],
      )
      const facts = await offerFacts(tx, [{ id, actionKey: 'discount_10', customer }], { settings, now })
      const fact = { ...facts.get(id)!, base: { minor: 5000, currency: 'USD' } }
      const verdict = offerVerdict(fact, {
        settings,
        channel: 'email',
        country: 'AT',
        language: 'de',
        delivery: 'live',
        now,
      })
      expect(verdict.do).toBe('claim')
      if (verdict.do !== 'claim') return
      const claimed = await claimOffers(tx, [verdict.claim], { settings, now })
      expect(claimed.get(id)).toMatchObject({ do: 'go', offer: { percent: 10, code: 'SPRING-1' } })
      const again = await claimOffers(tx, [verdict.claim], { settings, now })
      expect(again.get(id)).toEqual(claimed.get(id))
    })
  })
})
