import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { asIntervention, type CustomerId, type InterventionId } from '../../src/contracts/ids.ts'
import { hashAddress } from '../../src/security/address-hash.ts'
import { guardFacts, type GuardFact } from '../../src/store/guard-facts.ts'
import { holdCustomer } from '../../src/store/holds.ts'
import { hashOf, openActing, type Acting, type Place } from '../support/acting.ts'
import { databaseKind } from '../support/database.ts'
import { ADDRESS_KEY } from '../support/keys.ts'
import { addCustomer } from '../support/ledger.ts'

let acting: Acting
beforeAll(async () => {
  acting = await openActing()
})
afterAll(() => acting.close())

const NOW = new Date()
const ago = (days: number): Date => new Date(NOW.getTime() - days * 86_400_000)
const LOWEST = asIntervention('00000000-0000-4000-8000-000000000000')

async function factOf(
  place: Place,
  { id = asIntervention(randomUUID()), hash = null }: { id?: InterventionId; hash?: Buffer | null } = {},
): Promise<GuardFact> {
  const items = [{ intervention: id, customer: place.customer, hash }]
  const facts = await acting.database.withTenant(place.tenant, (tx) => guardFacts(tx, items, NOW))
  return facts.get(id)!
}

/** Something that is in a state since so many days. */
async function reached(
  place: Place,
  {
    state = 'sent',
    days = 1,
    hash = null,
    delivery = 'live',
    id,
  }: { state?: string; days?: number; hash?: Buffer | null; delivery?: string; id?: InterventionId } = {},
): Promise<InterventionId> {
  const planned = await acting.plan(place, id === undefined ? {} : { id, idempotencyKey: id })
  await acting.sql(
    place,
    `update interventions set state = $2, sent_at = $3, updated_at = $3, address_hash = $4,
       lease_until = case when $2 in ('leased', 'sending') then now() + interval '1 minute' end,
       message = json_build_object('delivery', $5::text) where id = $1`,
    [planned, state, ago(days), hash, delivery],
  )
  return planned
}

const another = async (place: Place): Promise<Place> => ({
  ...place,
  customer: await addCustomer(acting.database, place),
})
const daysOf = ({ contacts }: GuardFact) =>
  contacts.map(({ at }) => Math.round((NOW.getTime() - at.getTime()) / 86_400_000))

describe(`what the guard looks at (${databaseKind})`, () => {
  it('is nothing for a customer of whom nothing is known', async () => {
    const place = await acting.scene()
    expect(await factOf(place)).toEqual({ company: true, contacts: [], holds: [], context: {}, asOf: null })
    expect((await acting.database.withTenant(place.tenant, (tx) => guardFacts(tx, [], NOW))).size).toBe(0)
  })

  it('is whatever went out to the customer in the last year, but for itself', async () => {
    const place = await acting.scene()
    for (const [at, state] of ['sent', 'confirmed', 'uncertain', 'sending'].entries())
      await reached(place, { state, days: at + 1 })
    for (const state of ['planned', 'dry_run', 'suppressed', 'rejected', 'cancelled', 'deferred'])
      await reached(place, { state })
    await reached(place, { days: 367 })
    const own = await reached(place, { days: 9 })
    await reached(await another(place))
    expect(daysOf(await factOf(place, { id: own }))).toEqual([3, 2, 1, 0])
  })

  it('is what went to the person at another customer, at any of their addresses, in any casing', async () => {
    const phone = '+436641234567'
    const place = await acting.scene({ recipients: [{ email: 'Ann@Example.com', phone }] })
    const texted = hashAddress(ADDRESS_KEY, 'phone', phone)
    await reached(await another(place), { hash: hashOf('ann@example.com'), days: 2 })
    await reached(await another(place), { hash: texted, days: 3 })
    await reached(await another(place), { hash: hashOf('bob@example.com'), days: 4 })
    expect(daysOf(await factOf(place, { hash: hashOf('ANN@example.com') }))).toEqual([3, 2])
    expect(daysOf(await factOf(place, { hash: texted }))).toEqual([3, 2])
    expect(daysOf(await factOf(place))).toEqual([])
  })

  it('is what went to a customer who lives on in this one', async () => {
    const place = await acting.scene()
    const gone = await another(place)
    await reached(gone, { days: 5, delivery: 'sandbox' })
    await acting.sql(place, 'update customers set merged_into = $2 where id = $1', [
      gone.customer,
      place.customer,
    ])
    expect((await factOf(place)).contacts).toMatchObject([{ delivery: 'sandbox', actionKey: 'email' }])
  })

  it('is, of two that are about to go to one person, the one with the lower id for the other', async () => {
    const place = await acting.scene()
    const lower = await reached(place, { state: 'leased', id: LOWEST })
    const higher = await reached(place, { state: 'leased' })
    expect(daysOf(await factOf(place, { id: lower }))).toEqual([])
    expect(daysOf(await factOf(place, { id: higher }))).toEqual([0])
    // A worker that died does not keep the other back.
    await acting.sql(
      place,
      `update interventions set lease_until = now() - interval '1 second' where id = $1`,
      [lower],
    )
    expect(daysOf(await factOf(place, { id: higher }))).toEqual([])
  })

  it('is what holds the customer, until it ends', async () => {
    const place = await acting.scene()
    const hold = { customer: place.customer, reason: 'Ann Lee answered.', actor: 'recipient' } as const
    await acting.database.withTenant(place.tenant, async (tx) => {
      await holdCustomer(tx, { ...hold, kind: 'replied' })
      await holdCustomer(tx, { ...hold, kind: 'dispute', until: ago(-1) })
      await holdCustomer(tx, { ...hold, kind: 'by_hand', until: ago(1) })
    })
    expect((await factOf(place)).holds).toEqual([
      { kind: 'replied', reason: 'Ann Lee answered.', until: null },
      { kind: 'dispute', reason: 'Ann Lee answered.', until: ago(-1) },
    ])
  })

  it('is what the record said when it was scored, and whether it is a person', async () => {
    const place = await acting.scene()
    await acting.sql(
      place,
      `insert into scores (tenant_id, customer_id, connection_id, scored_at, as_of, probability, kind, monthly_hazard,
         level, level_since, reasons, data_confidence, model_hash, feature_set_hash, input_hash, state, context)
       values ($1, $2, $3, now(), '2028-02-29', .5, 'snapshot', .05, 'HIGH', now(), '[]', 1, '', '', '', '{}', '{"openDispute": 1}')`,
      [place.tenant, place.customer, place.connection],
    )
    await acting.sql(place, `update customers set object = 'contacts' where id = $1`, [place.customer])
    expect(await factOf(place)).toMatchObject({
      company: false,
      context: { openDispute: 1 },
      asOf: '2028-02-29',
    })
    await acting.sql(
      place,
      `update customers set object = 'Account', properties = '{"IsPersonAccount": true}' where id = $1`,
      [place.customer],
    )
    expect((await factOf(place)).company).toBe(false)
  })

  it('is of the own tenant alone', async () => {
    const place = await acting.scene()
    const other = await acting.scene()
    await reached(other, { hash: hashOf(place.email) })
    expect(daysOf(await factOf(place, { hash: hashOf(place.email) }))).toEqual([])
  })

  it('takes as many statements for many as for one', async () => {
    const place = await acting.scene()
    const customers: CustomerId[] = [place.customer]
    for (let n = 0; n < 4; n++) customers.push((await another(place)).customer)
    const items = customers.map((customer) => ({
      intervention: asIntervention(randomUUID()),
      customer,
      hash: null,
    }))
    let statements = 0
    const facts = await acting.database.withTenant(place.tenant, (tx) =>
      guardFacts({ ...tx, prepared: (...given) => (statements++, tx.prepared(...given)) }, items, NOW),
    )
    expect([facts.size, statements]).toEqual([5, 1])
  })
})
