import { afterAll, beforeAll, expect, it } from 'vitest'
import { SANDBOX, openActing, type Acting } from '../support/acting.ts'
import { payMonthly } from './offering.ts'

let acting: Acting
beforeAll(async () => {
  acting = await openActing()
})
afterAll(() => acting.close())

it('an offer has its terms in the language of the message that makes it, not in one that nobody wrote it in', async () => {
  const settings = {
    ...SANDBOX,
    guard: { ...Object(SANDBOX)['guard'], languageFallback: 'en' },
    offers: {
      fulfilment: { discount_10: { by: 'pool', pool: 'spring' } },
      terms: { default: { en: 'New contracts only.', de: 'Nur neue Verträge.' } },
      requireTerms: true,
    },
  }
  const place = await acting.scene({
    settings,
    recipients: [{ email: 'luc@example.com', name: 'Luc', language: 'fr', consent: 'granted' }],
  })
  await payMonthly(acting.database, place, 5000)
  const id = await acting.plan(place, { actionKey: 'discount_10' })
  await acting.act(place, id)
  const row = await acting.read(place, id)
  expect([row.state, row.reason]).toEqual(['sent', expect.any(String)])
  expect(await acting.sql(place, 'select terms from offers')).toEqual([{ terms: 'New contracts only.' }])
  expect(row.message).toMatchObject({ language: 'en', text: expect.stringContaining('New contracts only.') })
})
