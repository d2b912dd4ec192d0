import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { InterventionId } from '../../src/contracts/ids.ts'
import { followOffers, monthsAfter } from '../../src/loop/offer-costs.ts'
import {
  askBilling,
  BILLING_SECRET,
  takeBillingEvent,
  type BillingEvent,
} from '../../src/loop/offer-billing.ts'
import { redeem, type Redeemed } from '../../src/loop/offer-redeem.ts'
import { verifyWebhook, type WebhookHeaders } from '../../src/security/standard-webhook.ts'
import { parseServiceSettings } from '../../src/settings/service.ts'
import type { Database, Transaction } from '../../src/store/database.ts'
import { dropFreeCodes, listPools } from '../../src/store/offer-codes.ts'
import { findOffer } from '../../src/store/reads/offers.ts'
import { moveInterventions } from '../../src/store/intervention-moves.ts'
import { currentSettings, saveSettings } from '../../src/store/settings-versions.ts'
import { databaseKind, openTestDatabase } from '../support/database.ts'
import {
  addPool,
  BILLING,
  makeOffers,
  move,
  offerPlace,
  payMonthly,
  planOffer,
  planOffers,
  POOL,
  stateOf,
  type OfferPlace,
} from './offering.ts'

let database: Database
beforeAll(async () => {
  database = await openTestDatabase()
})
afterAll(() => database.close())

const inside = <T>({ tenant }: OfferPlace, work: (tx: Transaction) => Promise<T>): Promise<T> =>
  database.withTenant(tenant, work)
const settings = parseServiceSettings(POOL)
/** Rows of offers and codes that are read within a piece of work, needed or not: this connection's own count, of no other. */
async function rowsRead(tx: Transaction, work: () => Promise<unknown>): Promise<number> {
  const count = async (): Promise<number> => {
    const [{ rows }] = await tx.query<{ rows: number }>(
      `select sum(seq_tup_read + coalesce(idx_tup_fetch, 0))::integer as rows from pg_stat_xact_user_tables
       where schemaname = 'public' and relname in ('offers', 'offer_codes')`,
    )
    return rows
  }
  // Beside this transaction's it has what earlier ones of the connection have not handed on yet.
  const before = await count()
  await work()
  return (await count()) - before
}
const statusOf = async (tx: Transaction, id: InterventionId) => (await findOffer(tx, id))?.status
const today = (): string => new Date().toISOString().slice(0, 10)
const months = (count: number, since: Date): Date => monthsAfter(since, count)

/** An offer of a pool that was sent. */
async function sentOffer(place: OfferPlace, code: string): Promise<InterventionId> {
  await addPool(database, place, [code])
  const id = await planOffer(database, place)
  await inside(place, async (tx) => {
    await makeOffers(tx, place, [id])
    await move(tx, id, 'leased', 'sending', 'sent')
  })
  return id
}

const taken = (code: string, differs: Partial<Redeemed> = {}): Redeemed => ({
  code,
  redeemedAt: new Date(),
  reference: null,
  base: null,
  ...differs,
})

describe(`offers (${databaseKind})`, () => {
  it('take a code each, as far as the pool goes, and keep it however often they are tried', async () => {
    const place = await offerPlace(database)
    await addPool(database, place, ['A-001', 'A-002'])
    const ids = [
      await planOffer(database, place),
      await planOffer(database, place),
      await planOffer(database, place),
    ]
    await inside(place, async (tx) => {
      const made = await makeOffers(tx, place, ids)
      const codes = made.flatMap((one) => (one.do === 'go' ? [one.offer.code] : []))
      expect(codes.toSorted()).toEqual(['A-001', 'A-002'])
      expect(made.find((one) => one.do === 'stop')).toMatchObject({
        to: 'deferred',
        code: 'offer_pool_empty',
      })
      const again = await makeOffers(tx, place, ids)
      expect(again).toEqual(made)
      expect(await listPools(tx, today())).toMatchObject([{ pool: 'spring', free: 0, taken: 2 }])
    })
  })

  it('take those codes first that end first, and none that nobody could use any more', async () => {
    const place = await offerPlace(database)
    await addPool(database, place, ['NO-END', 'SOON', 'OVER'])
    const id = await planOffer(database, place)
    await inside(place, async (tx) => {
      await tx.query(`update offer_codes set valid_until = current_date + 10 where code = 'SOON'`)
      await tx.query(`update offer_codes set valid_until = current_date + 1 where code = 'OVER'`)
      const [made] = await makeOffers(tx, place, [id])
      const until = new Date(Date.now() + 10 * 86_400_000).toISOString().slice(0, 10)
      expect(made).toMatchObject({ do: 'go', offer: { code: 'SOON', until } })
    })
  })

  it('are dropped where the settings say so when the pool is empty', async () => {
    const place = await offerPlace(database)
    const id = await planOffer(database, place)
    const dropping = parseServiceSettings({ offers: { ...POOL.offers, whenEmpty: 'drop' } })
    const [made] = await inside(place, (tx) => makeOffers(tx, place, [id], { settings: dropping }))
    expect(made).toMatchObject({ do: 'stop', to: 'suppressed', code: 'offer_pool_empty' })
  })

  it('spend no code in the sandbox or in a dry run', async () => {
    const place = await offerPlace(database)
    await addPool(database, place, ['REAL-1'])
    const [trial, dry] = [await planOffer(database, place), await planOffer(database, place)]
    await inside(place, async (tx) => {
      const [first] = await makeOffers(tx, place, [trial], { delivery: 'sandbox' })
      const [second] = await makeOffers(tx, place, [dry], { delivery: 'dry_run' })
      for (const one of [first, second])
        expect(one).toMatchObject({ do: 'go', offer: { code: expect.stringMatching(/^TEST-[0-9A-Z]{10}$/) } })
      expect(await statusOf(tx, dry)).toBe(undefined)
      expect(await listPools(tx, today())).toMatchObject([{ free: 1, taken: 0 }])
      // Nothing that was shown in the sandbox goes out in earnest.
      const [live] = await makeOffers(tx, place, [trial])
      expect(live).toMatchObject({ do: 'stop', code: 'offer_of_sandbox' })
    })
  })

  it('give their code back when nobody can have seen it, and never when somebody may have', async () => {
    const place = await offerPlace(database)
    await addPool(database, place, ['B-001', 'B-002'])
    const [early, late] = [await planOffer(database, place), await planOffer(database, place)]
    await inside(place, async (tx) => {
      await makeOffers(tx, place, [early, late])
      await move(tx, early, 'leased', 'cancelled')
      await move(tx, late, 'leased', 'sending', 'rejected')
      expect([await statusOf(tx, early), await statusOf(tx, late)]).toEqual(['withdrawn', 'withdrawn'])
      expect(await listPools(tx, today())).toMatchObject([{ free: 1, taken: 1 }])
      const kept = await findOffer(tx, late)
      expect(kept?.code).toMatch(/^B-00/)
      // Whoever honoured a burnt code paid for it.
      const [result] = await redeem(tx, [taken(kept?.code ?? '')], {
        source: 'api',
        actor: 'a test',
        settings,
        now: new Date(),
      })
      expect(result.outcome).toBe('redeemed')
    })
  })

  it('give their code back when the customer is gone before anybody was told of it', async () => {
    const place = await offerPlace(database)
    await addPool(database, place, ['G-001'])
    const id = await planOffer(database, place)
    await inside(place, async (tx) => {
      await makeOffers(tx, place, [id])
      expect(await listPools(tx, today())).toMatchObject([{ free: 0, taken: 1 }])
    })
    await database.asSystem('a customer who is gone', (tx) =>
      tx.query('delete from customers where id = (select customer_id from interventions where id = $1)', [
        id,
      ]),
    )
    await inside(place, async (tx) =>
      expect(await listPools(tx, today())).toMatchObject([{ free: 1, taken: 0 }]),
    )
  })

  it('stand as issued from when they may have reached somebody', async () => {
    const place = await offerPlace(database)
    await addPool(database, place, ['C-001'])
    const id = await planOffer(database, place)
    await inside(place, async (tx) => {
      await makeOffers(tx, place, [id])
      await move(tx, id, 'leased', 'sending')
      expect(await statusOf(tx, id)).toBe('reserved')
      await move(tx, id, 'uncertain')
      expect(await statusOf(tx, id)).toBe('issued')
    })
  })

  // Planned while there were few, the look for one that is there already read all of the company's for each of its own.
  it('are claimed without reading those of others', async () => {
    const place = await offerPlace(database)
    const byPerson = { settings: parseServiceSettings({}), channel: 'task' } as const
    const ids = await planOffers(database, place, 440)
    await inside(place, (tx) => makeOffers(tx, place, ids.slice(0, 400), byPerson))
    const read = await inside(place, (tx) =>
      rowsRead(tx, async () => {
        const verdicts = await makeOffers(tx, place, ids.slice(400), byPerson)
        expect(verdicts.every((verdict) => verdict.do === 'go')).toBe(true)
      }),
    )
    expect(read).toBeLessThan(500)
  })

  // One by one, each that went out read all of them as long as the database had no statistics of the table.
  it('follow all that go out together at once, rather than one after the other', async () => {
    const place = await offerPlace(database)
    const codes = Array.from({ length: 400 }, (_, n) => `FOLLOW-${n}`)
    await addPool(database, place, codes)
    const made = await planOffers(database, place, codes.length)
    const going = made.slice(0, 40)
    await inside(place, async (tx) => {
      await makeOffers(tx, place, made)
      for (const id of going) await move(tx, id, 'leased', 'sending')
    })
    const read = await inside(place, (tx) =>
      rowsRead(tx, () =>
        moveInterventions(
          tx,
          going.map((id) => ({ id, from: ['sending'], to: 'sent', actor: 'a test', set: { sentNow: true } })),
        ),
      ),
    )
    expect(read).toBeGreaterThanOrEqual(going.length)
    expect(read).toBeLessThan(2 * made.length)
    for (const id of going) expect(await inside(place, (tx) => statusOf(tx, id))).toBe('issued')
    expect(await inside(place, (tx) => statusOf(tx, made[going.length]))).toBe('reserved')
  })

  it('are taken once, however the code is written', async () => {
    const place = await offerPlace(database)
    const id = await sentOffer(place, 'Spring-7F3A')
    const terms = { source: 'api', actor: 'a test', settings, now: new Date() } as const
    await inside(place, async (tx) => {
      const results = await redeem(
        tx,
        [
          taken(' spring-7f3a ', { reference: 'INV-1' }),
          taken('SPRING-7F3A', { reference: 'INV-1' }),
          taken(id, { reference: 'INV-2' }),
          taken('SPRING-0000'),
        ],
        terms,
      )
      expect(results.map(({ outcome }) => outcome)).toEqual(['redeemed', 'known', 'refused', 'refused'])
      expect(results[2]).toMatchObject({ error: 'conflict', message: expect.stringContaining('as INV-1') })
      expect(results[3]).toMatchObject({ error: 'not_found' })
      const [again] = await redeem(tx, [taken('spring-7f3a', { reference: 'INV-1' })], terms)
      expect(again.outcome).toBe('known')
      expect(await findOffer(tx, 'spring-7F3a')).toMatchObject({ status: 'redeemed', reference: 'INV-1' })
    })
  })

  it('cost their share of each month as it comes, at the amount of that month, until they end', async () => {
    const place = await offerPlace(database)
    const id = await sentOffer(place, 'D-001')
    const start = new Date()
    const pass = (now: Date) => inside(place, (tx) => followOffers(tx, { connection: place.connection, now }))
    // Nobody said that it was taken: it costs nothing, and late is not too late.
    expect(await pass(months(3, start))).toMatchObject({ offerMonthsBooked: 0, offersExpired: 1 })
    await inside(place, (tx) =>
      redeem(tx, [taken('D-001', { redeemedAt: start })], {
        source: 'api',
        actor: 'a',
        settings,
        now: start,
      }),
    )
    expect(await pass(start)).toMatchObject({ offerMonthsBooked: 1 })
    expect(await pass(start)).toBe(null)
    await payMonthly(database, place, 8005)
    expect(await pass(months(2, start))).toMatchObject({ offerMonthsBooked: 2 })
    expect(await pass(months(40, start))).toMatchObject({ offerMonthsBooked: 9 })
    const offer = await inside(place, (tx) => findOffer(tx, id))
    expect(offer).toMatchObject({ monthsBooked: 12, costMinor: 500 + 8805 })
    const [row] = await inside(place, (tx) =>
      tx.query('select actual_cost_minor from interventions where id = $1', [id]),
    )
    expect(row).toEqual({ actual_cost_minor: 500 + 8805 })
  })

  it('cost nothing more once the customer has left, even where they come back', async () => {
    const place = await offerPlace(database)
    const id = await sentOffer(place, 'E-001')
    const start = new Date()
    await inside(place, async (tx) => {
      await redeem(tx, [taken('E-001', { redeemedAt: start })], {
        source: 'api',
        actor: 'a',
        settings,
        now: start,
      })
      const status = (to: string, since: Date) =>
        tx.query('update customers set status = $2, status_since = $3 where id = $1', [
          place.customer,
          to,
          since,
        ])
      await status('left', months(1, start))
      await followOffers(tx, { connection: place.connection, now: months(3, start) })
      await status('active', months(3, start))
      await followOffers(tx, { connection: place.connection, now: months(4, start) })
      // Months 0 and 4; 1, 2 and 3 began while they were gone.
      expect(await findOffer(tx, id)).toMatchObject({ monthsBooked: 5, costMinor: 1000 })
    })
  })

  it('leave unknown what they cost in a currency without a rate', async () => {
    const place = await offerPlace(database)
    const id = await sentOffer(place, 'F-001')
    await payMonthly(database, place, 7000, 'CHF')
    await inside(place, async (tx) => {
      const terms = { source: 'api', actor: 'a test', settings, now: new Date() } as const
      const [refused] = await redeem(tx, [taken('F-001', { base: { minor: 7000, currency: 'CHF' } })], terms)
      expect(refused).toMatchObject({
        error: 'conflict',
        message: expect.stringContaining('no rate for CHF'),
      })
      await redeem(tx, [taken('F-001')], terms)
      await followOffers(tx, { connection: place.connection, now: new Date() })
      expect(await findOffer(tx, id)).toMatchObject({ monthsBooked: 1, costMinor: null })
    })
  })

  it('are taken where the record of their own customer names the code, and closed when nobody took them', async () => {
    const place = await offerPlace(database)
    const other = { ...place, customer: (await offerPlace(database)).customer }
    const [named, foreign] = [await sentOffer(place, 'G-001'), await sentOffer(place, 'G-002')]
    expect(other.customer).not.toBe(place.customer)
    await inside(place, async (tx) => {
      const { version } = await currentSettings(tx)
      await saveSettings(
        tx,
        { offers: { ...POOL.offers, redemptionProperty: 'discount_code' } },
        { expected: version, author: 'a test' },
      )
      await tx.query(`update customers set properties = '{"discount_code": " g-001 "}' where id = $1`, [
        place.customer,
      ])
      const pass = await followOffers(tx, { connection: place.connection, now: new Date() })
      expect(pass).toMatchObject({ offersRedeemed: 1 })
      expect(await findOffer(tx, named)).toMatchObject({ status: 'redeemed', redeemedBy: 'crm' })
      await tx.query('update offers set expires_on = current_date - 10 where intervention_id = $1', [foreign])
      await followOffers(tx, { connection: place.connection, now: new Date() })
      expect(await statusOf(tx, foreign)).toBe('expired')
    })
  })

  it('lose only the codes of a pool that nobody was given', async () => {
    const place = await offerPlace(database)
    await sentOffer(place, 'H-001')
    await addPool(database, place, ['H-002', 'H-003'])
    expect(await addPool(database, place, ['h-001', 'h-002', 'H-004'], 'summer')).toBe(1)
    await inside(place, async (tx) => {
      expect(await dropFreeCodes(tx, 'spring')).toBe(2)
      expect(await listPools(tx, today())).toMatchObject([
        { pool: 'spring', free: 0, taken: 1 },
        { pool: 'summer', free: 1 },
      ])
    })
  })
})

describe(`offers that billing fulfils (${databaseKind})`, () => {
  const SECRET = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'
  const billed = parseServiceSettings(BILLING)

  async function requested(url: string | null = 'https://billing.example.com/offers') {
    const place = await offerPlace(database)
    const id = await planOffer(database, place)
    await inside(place, async (tx) => {
      const { version } = await currentSettings(tx)
      const saved = { offers: { ...BILLING.offers, billing: { url } } }
      await saveSettings(tx, saved, { expected: version, author: 'a test' })
      const [made] = await makeOffers(tx, place, [id], { settings: billed })
      expect(made).toMatchObject({ do: 'stop', to: 'deferred', code: 'offer_requested' })
      await move(tx, id, 'deferred')
      await tx.query(`update interventions set due_at = now() + interval '15 minutes' where id = $1`, [id])
    })
    return { place, id }
  }

  const told = (place: OfferPlace, event: BillingEvent) =>
    inside(place, (tx) => takeBillingEvent(tx, event, { settings: billed, now: new Date() }))

  it('ask once it is due, signed, and again when billing did not take it', async () => {
    const { place, id } = await requested()
    const sent: { url: string; headers: Readonly<Record<string, string>>; body: string }[] = []
    let status = 500
    const services = {
      database,
      clock: () => new Date(),
      log: { warn: () => undefined } as never,
      vault: {
        unseal: (_: Transaction, { name }: { name: string }) =>
          Promise.resolve(name === BILLING_SECRET.name ? Buffer.from(SECRET) : null),
      },
      post: (request: (typeof sent)[number]) => {
        sent.push(request)
        return Promise.resolve({ status })
      },
    }
    expect(await askBilling(services, place.tenant)).toBe(0)
    expect(await askBilling(services, place.tenant)).toBe(0)
    expect(sent.length).toBe(1)
    await inside(place, (tx) => tx.query('update offers set ask_due_at = now()'))
    status = 202
    expect(await askBilling(services, place.tenant)).toBe(1)
    await inside(place, (tx) => tx.query('update offers set ask_due_at = ask_due_at'))
    expect(await askBilling(services, place.tenant)).toBe(0)
    expect(sent.map(({ headers }) => headers['webhook-id'])).toEqual([`offer_${id}`, `offer_${id}`])
    const [, { headers, body }] = sent
    expect(
      verifyWebhook(SECRET, {
        headers: headers as unknown as WebhookHeaders,
        body: Buffer.from(body),
        now: new Date(),
      }),
    ).toBe(true)
    expect(JSON.parse(body)).toMatchObject({
      type: 'offer.requested',
      data: {
        offer: id,
        percent: 10,
        months: 12,
        monthlyMinor: 5000,
        currency: 'USD',
        action: 'discount_10',
      },
    })
  })

  it('go out with the code that billing gives, at once, and only under one code', async () => {
    const { place, id } = await requested()
    const confirm = (code: string) => told(place, { type: 'offer.confirmed', data: { offer: id, code } })
    expect(await confirm('B-7F3A')).toEqual({ result: 'taken' })
    expect(await confirm('b-7f3a')).toEqual({ result: 'known' })
    expect(await confirm('B-0000')).toMatchObject({ result: 'refused', code: 'conflict' })
    await inside(place, async (tx) => {
      const [row] = await tx.query<{ due: boolean }>(
        'select due_at <= now() as due from interventions where id = $1',
        [id],
      )
      expect(row.due).toBe(true)
      const [made] = await makeOffers(tx, place, [id], { settings: billed })
      expect(made).toMatchObject({ do: 'go', offer: { code: 'B-7F3A', percent: 10 } })
    })
    const [second] = [await requested()]
    await addPool(database, second.place, ['POOL-1'])
    const clash = await told(second.place, {
      type: 'offer.confirmed',
      data: { offer: second.id, code: 'pool-1' },
    })
    expect(clash).toMatchObject({ result: 'refused', message: expect.stringContaining('another offer') })
  })

  it('are dropped when billing says no or nothing, and a code that comes then is refused', async () => {
    const refused = await requested(null)
    const no: BillingEvent = { type: 'offer.refused', data: { offer: refused.id, reason: 'in arrears' } }
    expect(await told(refused.place, no)).toEqual({ result: 'taken' })
    expect(await told(refused.place, no)).toEqual({ result: 'known' })
    const [verdict] = await inside(refused.place, (tx) =>
      makeOffers(tx, refused.place, [refused.id], { settings: billed }),
    )
    expect(verdict).toMatchObject({
      to: 'suppressed',
      code: 'offer_refused',
      reason: expect.stringContaining('in arrears'),
    })

    const silent = await requested(null)
    const later = new Date(Date.now() + 49 * 3_600_000)
    await inside(silent.place, async (tx) => {
      const [over] = await makeOffers(tx, silent.place, [silent.id], { settings: billed, now: later })
      expect(over).toMatchObject({ to: 'suppressed', code: 'offer_unconfirmed' })
      await move(tx, silent.id, 'suppressed')
      expect(await stateOf(tx, silent.id)).toBe('suppressed')
    })
    const late = await told(silent.place, {
      type: 'offer.confirmed',
      data: { offer: silent.id, code: 'B-LATE' },
    })
    expect(late).toMatchObject({ result: 'refused', message: expect.stringContaining('withdrawn') })
  })

  it('cost what billing says where it reports costs, each month once, and no month after the end', async () => {
    const { place, id } = await requested(null)
    await told(place, { type: 'offer.confirmed', data: { offer: id, code: 'B-COST' } })
    const reporting = parseServiceSettings({ offers: { ...BILLING.offers, billing: { reportsCosts: true } } })
    await inside(place, async (tx) => {
      await move(tx, id, 'leased', 'sending', 'sent')
      const { version } = await currentSettings(tx)
      await saveSettings(
        tx,
        { offers: { ...BILLING.offers, billing: { reportsCosts: true } } },
        { expected: version, author: 'a' },
      )
      const now = new Date()
      const tell = (event: BillingEvent) => takeBillingEvent(tx, event, { settings: reporting, now })
      const charge: BillingEvent = {
        type: 'offer.charged',
        data: { code: 'B-COST', month: 1, givenMinor: 480, currency: 'USD' },
      }
      expect(await tell(charge)).toMatchObject({ result: 'refused', code: 'conflict' })
      expect(
        await tell({ type: 'offer.redeemed', data: { code: 'B-COST', redeemedAt: now.toISOString() } }),
      ).toEqual({ result: 'taken' })
      expect([await tell(charge), await tell(charge)]).toEqual([{ result: 'taken' }, { result: 'known' }])
      const end: BillingEvent = {
        type: 'offer.ended',
        data: { code: 'B-COST', at: months(2, now).toISOString() },
      }
      expect([await tell(end), await tell(end)]).toEqual([{ result: 'taken' }, { result: 'known' }])
      await followOffers(tx, { connection: place.connection, now: months(20, now) })
      // The second month is billing's to tell; from the third on it is over.
      expect(await findOffer(tx, id)).toMatchObject({ monthsBooked: 11, costMinor: 480 })
    })
  })
})
