import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { InterventionId } from '../../src/contracts/ids.ts'
import { followOffers, monthsAfter } from '../../src/loop/offer-costs.ts'
import { askBilling } from '../../src/loop/offer-billing.ts'
import { redeem } from '../../src/loop/offer-redeem.ts'
import { parseServiceSettings } from '../../src/settings/service.ts'
import { entriesOf } from '../../src/store/budget.ts'
import { findOffer } from '../../src/store/reads/offers.ts'
import { openActing, liveTo, type Acting, type Place } from '../support/acting.ts'
import { databaseKind } from '../support/database.ts'
import { addCustomer } from '../support/ledger.ts'
import { addPool, BILLING, payMonthly, POOL } from './offering.ts'

let acting: Acting
beforeAll(async () => {
  acting = await openActing()
})
afterAll(() => acting.close())

const settings = parseServiceSettings(POOL)
const ANN = { email: 'ann@example.com', name: 'Ann', consent: 'granted' } as const
/** 10 % of 49.99 for 12 months: 59.988. */
const PLANNED = 5999

async function scene(code: string): Promise<Place> {
  const place = await acting.scene({ settings: { ...liveTo(ANN.email), ...POOL }, recipients: [ANN] })
  await payMonthly(acting.database, place, 4999)
  await addPool(acting.database, place, [code])
  return place
}

const plan = (place: Place): Promise<InterventionId> =>
  acting.plan(place, { actionKey: 'discount_10', plannedCostMinor: PLANNED })

async function sentOffer(code: string): Promise<{ place: Place; id: InterventionId }> {
  const place = await scene(code)
  const id = await plan(place)
  expect(await acting.act(place, id)).toBe('sent')
  return { place, id }
}

/** What is held by the sum of the ledger, and what the intervention says that it cost. */
async function held({ tenant }: Place, id: InterventionId) {
  return acting.database.withTenant(tenant, async (tx) => {
    const entries = await entriesOf(tx, id)
    const [{ day, cost }] = await tx.query<{ day: string; cost: number | null }>(
      `select (created_at at time zone 'UTC')::date::text as day, actual_cost_minor as cost from interventions where id = $1`,
      [id],
    )
    // All of it is the month's in which it was decided, whenever it is paid.
    for (const entry of entries) expect(entry.day).toBe(day)
    const sum = (of: 'reservedMinor' | 'committedMinor'): number =>
      entries.reduce((all, entry) => all + entry[of], 0)
    return { reserved: sum('reservedMinor'), committed: sum('committedMinor'), cost }
  })
}

async function pass(place: Place, now: Date): Promise<void> {
  await acting.database.withTenant(place.tenant, async (tx) => {
    while ((await followOffers(tx, { connection: place.connection, now })) !== null);
  })
}

async function take(place: Place, code: string, now: Date): Promise<void> {
  await acting.database.withTenant(place.tenant, async (tx) => {
    const said = { code, redeemedAt: now, reference: null, base: null }
    const [result] = await redeem(tx, [said], { source: 'api', actor: 'a test', settings, now })
    expect(result.outcome).toBe('redeemed')
  })
}

const costOf = async ({ tenant }: Place, id: InterventionId) =>
  (await acting.database.withTenant(tenant, (tx) => findOffer(tx, id)))?.costMinor

describe(`the money of an offer that went out (${databaseKind})`, () => {
  it('is reserved when it is decided, committed a month at a time once it is taken, and never a cent more', async () => {
    const { place, id } = await sentOffer('M-001')
    const [mail] = acting.world.list().filter(({ to }) => JSON.stringify(to).includes(ANN.email))
    expect(JSON.stringify(acting.world.read(mail.id))).toContain('M-001')
    expect(await held(place, id)).toEqual({ reserved: PLANNED, committed: 0, cost: null })
    const start = new Date()
    await take(place, 'M-001', start)
    for (let month = 0; month < 12; month++) {
      const at = monthsAfter(start, month)
      await pass(place, at)
      await pass(place, at)
      const { reserved, committed, cost } = await held(place, id)
      expect(reserved + committed).toBe(PLANNED)
      expect(Math.abs(committed - ((month + 1) * PLANNED) / 12)).toBeLessThanOrEqual(0.5)
      expect(cost).toBe(committed)
    }
    await pass(place, monthsAfter(start, 30))
    expect(await held(place, id)).toEqual({ reserved: 0, committed: PLANNED, cost: PLANNED })
    expect(await costOf(place, id)).toBe(PLANNED)
  })

  it('is free again when nobody took it, and costs nothing', async () => {
    const { place, id } = await sentOffer('M-002')
    const until = (await acting.database.withTenant(place.tenant, (tx) => findOffer(tx, id)))!.expiresOn
    await pass(place, new Date(`${until}T23:00:00Z`))
    expect((await held(place, id)).reserved).toBe(PLANNED)
    await pass(place, new Date(Date.parse(`${until}T00:00:00Z`) + 5 * 86_400_000))
    expect(await held(place, id)).toEqual({ reserved: 0, committed: 0, cost: 0 })
  })

  it('is free again from the month on that begins after the customer left', async () => {
    const { place, id } = await sentOffer('M-003')
    const start = new Date()
    await take(place, 'M-003', start)
    await pass(place, monthsAfter(start, 1))
    await acting.sql(place, `update customers set status = 'left', status_since = $2 where id = $1`, [
      place.customer,
      new Date(start.getTime() + 40 * 86_400_000),
    ])
    await pass(place, monthsAfter(start, 3))
    expect(await held(place, id)).toEqual({ reserved: 0, committed: 1000, cost: 1000 })
  })

  it('goes on at what the record pays that the customer was merged into', async () => {
    const { place, id } = await sentOffer('M-004')
    const start = new Date()
    await take(place, 'M-004', start)
    await pass(place, start)
    const into = { ...place, customer: await addCustomer(acting.database, place) }
    await payMonthly(acting.database, into, 9000)
    await acting.sql(
      place,
      `update customers set status = 'deleted', status_since = now(), merged_into = $2 where id = $1`,
      [place.customer, into.customer],
    )
    await pass(place, monthsAfter(start, 1))
    expect(await held(place, id)).toEqual({ reserved: PLANNED - 1400, committed: 1400, cost: 1400 })
  })

  it('is free again when billing never reports the last months', async () => {
    const { place, id } = await sentOffer('M-005')
    const start = new Date()
    await take(place, 'M-005', start)
    await acting.settings(place, {
      ...liveTo(ANN.email),
      offers: { ...POOL.offers, billing: { reportsCosts: true } },
    })
    await pass(place, monthsAfter(start, 11))
    expect((await held(place, id)).reserved).toBe(PLANNED)
    await pass(place, monthsAfter(start, 13))
    expect(await held(place, id)).toEqual({ reserved: 0, committed: 0, cost: 0 })
  })
})

describe(`an offer that billing is to confirm (${databaseKind})`, () => {
  it('has billing asked once its request is stored, and again as soon as it is due where it was not taken', async () => {
    const place = await acting.scene({
      settings: {
        ...liveTo(ANN.email),
        offers: { ...BILLING.offers, billing: { url: 'https://billing.example.com/in' } },
      },
      recipients: [ANN],
    })
    await payMonthly(acting.database, place, 4999)
    const id = await plan(place)
    const { database, clock, log } = acting.services
    const vault = { unseal: () => Promise.resolve(Buffer.from('whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw')) }
    const posted: string[] = []
    let status = 503
    const post = ({ body }: { body: string }) => (posted.push(body), Promise.resolve({ status }))
    const services = {
      askBilling: () => askBilling({ database, clock, log, vault, post }, place.tenant),
    }
    expect(await acting.act(place, id, { services })).toBe('deferred')
    expect(posted).toHaveLength(1)
    expect(posted[0]).toContain(id)
    const due = async () =>
      (
        await acting.sql(
          place,
          "select due_at < now() + interval '2 minutes' as soon from interventions where id = $1",
          [id],
        )
      )[0]
    expect(await due()).toEqual({ soon: true })
    await acting.sql(place, 'update interventions set due_at = now()')
    await acting.sql(place, 'update offers set ask_due_at = now()')
    status = 202
    expect(await acting.act(place, id, { services })).toBe('deferred')
    expect(posted).toHaveLength(2)
    expect(await due()).toEqual({ soon: false })
  })
})
