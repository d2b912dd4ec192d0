import * as fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { InterventionId } from '../../src/contracts/ids.ts'
import { followOffers, monthsAfter } from '../../src/loop/offer-costs.ts'
import { redeem } from '../../src/loop/offer-redeem.ts'
import { parseServiceSettings } from '../../src/settings/service.ts'
import type { Database, Transaction } from '../../src/store/database.ts'
import { isConflict } from '../../src/store/database-error.ts'
import { MOVES } from '../../src/store/intervention-states.ts'
import {
  addPool,
  makeOffers,
  move,
  offerPlace,
  planOffer,
  POOL,
  stateOf,
  type OfferPlace,
} from '../loop/offering.ts'
import { databaseKind, openTestDatabase } from '../support/database.ts'

let database: Database
beforeAll(async () => {
  database = await openTestDatabase()
})
afterAll(() => database.close())

const inside = <T>({ tenant }: OfferPlace, work: (tx: Transaction) => Promise<T>): Promise<T> =>
  database.withTenant(tenant, work)
const settings = parseServiceSettings(POOL)

describe(`a pool of codes (${databaseKind})`, () => {
  it('gives 500 codes to 600 offers that 32 workers claim at once: each once, and none is left', async () => {
    const place = await offerPlace(database)
    await addPool(
      database,
      place,
      Array.from({ length: 500 }, (_, at) => `CODE-${at}`),
    )
    const ids: InterventionId[] = []
    for (let at = 0; at < 600; at++) ids.push(await planOffer(database, place))
    const waiting = [...ids]
    // Every third claim is rolled back, as by a worker that dies, and tried again.
    async function work(worker: number): Promise<void> {
      for (let round = worker; waiting.length > 0; round++) {
        const some = waiting.splice(0, 7)
        const dies = round % 3 === 0
        try {
          await inside(place, async (tx) => {
            await makeOffers(tx, place, some)
            if (dies) throw new Error('killed')
          })
        } catch (error) {
          if (!dies && !isConflict(error)) throw error
          waiting.push(...some)
        }
      }
    }
    await Promise.all(Array.from({ length: 32 }, (_, worker) => work(worker)))
    // What was locked by a worker that died looked taken to others: asked again, they get it.
    for (const id of ids) await inside(place, (tx) => makeOffers(tx, place, [id]))
    const [counts] = await inside(place, (tx) =>
      tx.query(
        `select count(*)::integer as offers, count(distinct upper(o.code))::integer as codes,
           count(*) filter (where c.intervention_id = o.intervention_id)::integer as bound,
           (select count(*)::integer from offer_codes where intervention_id is null) as free
         from offers o join offer_codes c on c.tenant_id = o.tenant_id and upper(c.code) = upper(o.code)`,
      ),
    )
    expect(counts).toEqual({ offers: 500, codes: 500, bound: 500, free: 0 })
  })

  it('counts one of many redemptions of the same code at once', async () => {
    const place = await offerPlace(database)
    await addPool(database, place, ['ONLY-ONE'])
    const id = await planOffer(database, place)
    await inside(place, async (tx) => {
      await makeOffers(tx, place, [id])
      await move(tx, id, 'leased', 'sending', 'sent')
    })
    const now = new Date()
    const outcomes = await Promise.all(
      Array.from({ length: 24 }, (_, at) =>
        inside(place, async (tx) => {
          const said = { code: 'only-one', redeemedAt: now, reference: `INV-${at}`, base: null }
          const [result] = await redeem(tx, [said], { source: 'api', actor: 'a test', settings, now })
          return result.outcome
        }),
      ),
    )
    expect(outcomes.filter((one) => one === 'redeemed')).toHaveLength(1)
    expect(outcomes.filter((one) => one === 'refused')).toHaveLength(23)
  })
})

/** What may happen to one of a few offers, in any order. */
type Happening =
  | { readonly do: 'claim'; readonly which: readonly number[] }
  | { readonly do: 'move'; readonly which: number; readonly way: number }
  | { readonly do: 'redeem'; readonly which: number; readonly reference: string }
  | { readonly do: 'pass'; readonly months: number }
  | { readonly do: 'import'; readonly code: number }
  | { readonly do: 'leave' | 'return' }

const OFFERS = 5
const which = fc.nat({ max: OFFERS - 1 })
const happening: fc.Arbitrary<Happening> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('claim' as const),
      which: fc.uniqueArray(which, { minLength: 1 }),
    }),
  },
  { weight: 8, arbitrary: fc.record({ do: fc.constant('move' as const), which, way: fc.nat({ max: 11 }) }) },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('redeem' as const),
      which,
      reference: fc.constantFrom('INV-1', 'INV-2'),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('pass' as const), months: fc.nat({ max: 14 }) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('import' as const), code: fc.nat({ max: 6 }) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom('leave' as const, 'return' as const) }) },
)

describe(`the ledger of offers (${databaseKind})`, () => {
  it('holds whatever happens in whatever order: a code is one offer’s, and only what was taken costs', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(happening, { minLength: 5, maxLength: 30 }), async (happenings) => {
        const place = await offerPlace(database)
        await addPool(database, place, ['P-0', 'P-1', 'P-2'])
        const ids: InterventionId[] = []
        for (let at = 0; at < OFFERS; at++) ids.push(await planOffer(database, place))
        const start = new Date()
        let furthest = 0
        // Codes that a message may have shown to somebody, with the offer that showed them.
        const seen = new Map<string, string>()
        for (const one of happenings) {
          if (one.do === 'import') await addPool(database, place, [`P-${one.code}`])
          if (one.do === 'pass') furthest = Math.max(furthest, one.months)
          await inside(place, async (tx) => {
            if (one.do === 'claim')
              await claimOpen(
                tx,
                place,
                one.which.map((at) => ids[at]),
              )
            if (one.do === 'move') await moveAlong(tx, ids[one.which], one.way)
            if (one.do === 'redeem') await redeemOf(tx, ids[one.which], one.reference, start)
            if (one.do === 'leave' || one.do === 'return')
              await tx.query('update customers set status = $2, status_since = $3 where id = $1', [
                place.customer,
                one.do === 'leave' ? 'left' : 'active',
                monthsAfter(start, furthest),
              ])
            if (one.do === 'pass')
              await followOffers(tx, { connection: place.connection, now: monthsAfter(start, one.months) })
          })
          await inside(place, (tx) => expectSound(tx, seen, furthest))
        }
      }),
      { numRuns: 60, seed: 20261121 },
    )
  })
})

/** As the pipeline does: only what has not begun to go out is claimed. */
async function claimOpen(tx: Transaction, place: OfferPlace, ids: readonly InterventionId[]): Promise<void> {
  const open: InterventionId[] = []
  for (const id of ids) if (['planned', 'deferred', 'leased'].includes(await stateOf(tx, id))) open.push(id)
  if (open.length > 0) await makeOffers(tx, place, open)
}

async function moveAlong(tx: Transaction, id: InterventionId, way: number): Promise<void> {
  const ways = MOVES[await stateOf(tx, id)]
  if (ways.length > 0) await move(tx, id, ways[way % ways.length])
}

async function redeemOf(tx: Transaction, id: InterventionId, reference: string, now: Date): Promise<void> {
  const said = { code: id, redeemedAt: now, reference, base: null }
  await redeem(tx, [said], { source: 'api', actor: 'a test', settings, now })
}

interface OfferState {
  readonly id: string
  readonly code: string | null
  readonly status: string
  readonly state: string
  readonly began: boolean
  readonly owner: string | null
  readonly redeemed: boolean
  readonly months: number
  readonly minor: number
  readonly committed: number
  readonly reserved: number
}

async function expectSound(tx: Transaction, seen: Map<string, string>, furthest: number): Promise<void> {
  const offers = await tx.query<OfferState>(
    `select o.intervention_id as id, o.code, o.status, i.state, i.sending_at is not null as began,
       c.intervention_id as owner, r.intervention_id is not null as redeemed,
       (select count(*)::integer from offer_costs x where x.intervention_id = o.intervention_id) as months,
       (select coalesce(sum(minor), 0)::integer from offer_costs x where x.intervention_id = o.intervention_id) as minor,
       i.committed_minor as committed, i.reserved_minor as reserved
     from offers o join interventions i on i.id = o.intervention_id
     left join offer_codes c on upper(c.code) = upper(o.code)
     left join offer_redemptions r on r.intervention_id = o.intervention_id`,
  )
  const held = offers.flatMap(({ code }) => (code === null ? [] : [code]))
  expect(new Set(held).size).toBe(held.length)
  for (const one of offers) {
    // Whoever has a code is who the pool says has it.
    expect(one.owner).toBe(one.code === null ? null : one.id)
    if (one.code !== null && one.began) {
      expect(seen.get(one.code) ?? one.id).toBe(one.id)
      seen.set(one.code, one.id)
    }
    expect(one.redeemed).toBe(one.status === 'redeemed')
    if (!one.redeemed) expect([one.months, one.minor, one.committed]).toEqual([0, 0, 0])
    expect(one.months).toBeLessThanOrEqual(Math.min(12, furthest + 1))
    expect(one.minor).toBeLessThanOrEqual(500 * one.months)
    expect(one.committed).toBe(one.minor)
    if (['sent', 'confirmed', 'uncertain'].includes(one.state) && !one.redeemed)
      expect(['issued', 'expired', 'withdrawn']).toContain(one.status)
    if (['rejected', 'suppressed', 'cancelled', 'expired', 'dry_run'].includes(one.state) && !one.redeemed) {
      expect(one.status).toBe('withdrawn')
      expect(one.reserved).toBe(0)
      expect(one.code === null).toBe(!one.began)
    }
  }
  // What somebody may have seen never goes back.
  const free = await tx.query<{ code: string }>('select code from offer_codes where intervention_id is null')
  for (const { code } of free) expect(seen.has(code)).toBe(false)
}
