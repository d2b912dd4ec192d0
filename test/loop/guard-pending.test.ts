import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { SANDBOX, openActing, type Acting } from '../support/acting.ts'
import { databaseKind } from '../support/database.ts'

let acting: Acting
beforeAll(async () => {
  acting = await openActing()
})
afterAll(() => acting.close())

describe(`what another worker is just sending to the same customer (${databaseKind})`, () => {
  const settings = {
    ...SANDBOX,
    contact: { cooldownDays: 30, perPeriod: 1 },
    discounts: { perYear: 1, deepest: 0.5 },
    offers: { fulfilment: { discount_10: { by: 'pool', pool: 'spring' } } },
  }

  it.each(['email', 'discount_10'])('is waited for, since it may never go out (%s)', async (actionKey) => {
    const place = await acting.scene({ settings })
    const [first, second] = [
      await acting.plan(place, { actionKey }),
      await acting.plan(place, { actionKey }),
    ].toSorted()
    const other = { kind: 'email', delivery: 'sandbox', to: { name: null, address: place.email } }
    await acting.sql(
      place,
      `update interventions set state = 'leased', lease_owner = 'other', message = $2,
         lease_until = now() + interval '1 minute' where id = $1`,
      [first, other],
    )
    expect(await acting.act(place, second)).toBe('deferred')
    const { reason, dueAt } = await acting.read(place, second)
    expect(reason).toContain('another message')
    expect(dueAt.getTime() - Date.now()).toBeLessThan(10 * 60_000)
    // It was stopped before it went out, so nothing was sent to anybody.
    await acting.sql(
      place,
      `update interventions set state = 'suppressed', lease_owner = null where id = $1`,
      [first],
    )
    await acting.sql(place, 'update interventions set due_at = now() where id = $1', [second])
    if (actionKey !== 'email') return
    await acting.act(place, second)
    expect((await acting.read(place, second)).reason).toMatch(/^It is in the sandbox inbox/)
  })

  it('keeps the next one back for good where it did go out', async () => {
    const place = await acting.scene({ settings })
    const first = await acting.plan(place)
    expect(await acting.act(place, first)).toBe('sent')
    const second = await acting.plan(place)
    expect(await acting.act(place, second)).toBe('suppressed')
  })
})
