/**
 * 25,000 changes to a portal while it is read, for 20 seeds: a search index that lags, many changes in the same
 * millisecond, merges, deletions, restorations, readings of everything in between, and passes that are broken off at a
 * random page, before or after it was stored. What was folded out of the pages equals a fresh reading at the end.
 */
import { describe, expect, it } from 'vitest'
import type { CustomerRecord } from '../../connectors/connector.ts'
import type { HubSpotConfigInput } from '../../connectors/hubspot/config.ts'
import type { HubSpotSandbox } from '../../connectors/hubspot/sandbox/server.ts'
import { random, type Random } from '../../models/random.ts'
import { idsOf, passOver, startReading } from '../connectors/hubspot/reading.ts'
import { differences, openFoldedStore, readAfresh, virtualTime } from '../support/folded-store.ts'
import { shareOf } from '../support/share.ts'

const SEEDS = shareOf(Array.from({ length: 20 }, (_, seed) => seed + 1))
const CHANGES = 25_000
const COMPANIES = 2_000
const DEAL_OF_COMPANY = 342
const MINUTE = 60_000
const DAY = 1440 * MINUTE
const READING = { properties: ['name', 'city', 'numberofemployees'], history: [] }
const CONFIG: Partial<HubSpotConfigInput> = {
  agreements: { from: 'deals', pipeline: null, stages: [], periodMonths: 12, renewalProperty: 'closedate' },
}

/** By id, the versions that had an effect since the record was last gone: having one of them again is a repetition. */
function openEffects() {
  const effects = new Map<string, Set<string>>()
  return {
    isRepeated({ id }: CustomerRecord, version: string, known: string | undefined): boolean {
      if (known === version) return false
      const had = effects.get(id) ?? new Set()
      effects.set(id, had)
      const repeated = had.has(version)
      had.add(version)
      return repeated
    },
    /** It was restored: the same version is news again. */
    forget: (id: string) => void effects.delete(id),
  }
}

type Change = 'property' | 'create' | 'archive' | 'restore' | 'merge' | 'deal' | 'rename back'

function changer({ state }: HubSpotSandbox, rng: Random, restored: (id: string) => void) {
  const archived: string[] = []
  const deals: string[] = []
  const pick = (ids: readonly string[]): string => ids[rng.integer(ids.length)]
  const company = (): string =>
    state.createRecord('companies', {
      name: `Company ${rng.integer(1e6)}`,
      numberofemployees: rng.integer(500),
    })
  const deal = (owner: string): void => {
    const id = state.createRecord('deals', { amount: rng.integer(90_000), deal_currency_code: 'EUR' })
    state.associate('companies', owner, 'deals', id, DEAL_OF_COMPANY)
    deals.push(id)
  }
  const kinds: readonly (readonly [Change, number])[] = [
    ['property', 0.62],
    ['rename back', 0.06],
    ['create', 0.07],
    ['archive', 0.06],
    ['restore', 0.02],
    ['merge', 0.04],
    ['deal', 0.13],
  ]
  function one(): void {
    let draw = rng.next()
    const kind = kinds.find(([, share]) => (draw -= share) < 0)?.[0] ?? 'property'
    const ids = state.ids('companies')
    if (kind === 'create') deal(company())
    else if (kind === 'archive') {
      const id = pick(ids)
      archived.push(id)
      state.archiveRecord('companies', id)
    } else if (kind === 'restore' && archived.length > 0) {
      const [id] = archived.splice(rng.integer(archived.length), 1)
      restored(id)
      state.restoreRecord('companies', id)
    } else if (kind === 'merge') {
      const [primary, other] = [pick(ids), pick(ids)]
      if (primary !== other)
        state.mergeRecords('companies', primary, other, undefined, { newId: rng.next() < 0.5 })
    } else if (kind === 'deal' && deals.length > 0)
      state.updateRecord('deals', pick(deals), { amount: rng.integer(90_000) })
    else if (kind === 'rename back') state.updateRecord('companies', pick(ids), { city: 'Hamburg' })
    else state.updateRecord('companies', pick(ids), { city: `City ${rng.integer(1e6)}` })
  }
  return {
    one,
    begin(count: number): void {
      for (let i = 0; i < count; i++) {
        const id = company()
        if (rng.next() < 0.3) deal(id)
      }
    },
  }
}

describe('reading a portal while it changes', () => {
  it.each(SEEDS)('loses nothing and repeats no effect, seed %i', async (seed) => {
    const rng = random(seed)
    const time = virtualTime()
    const portal = await startReading({ clock: time.clock, indexLagMs: rng.integer(45_000) })
    const effects = openEffects()
    const store = openFoldedStore({
      connect: () => portal.open(CONFIG),
      // With every other seed what came is read with its past, by id and not out of the index.
      reading: { ...READING, history: seed % 2 === 0 ? ['city'] : [] },
      isRepeated: effects.isRepeated,
    })
    const change = changer(portal.sandbox, rng.fork('changes'), effects.forget)
    change.begin(COMPANIES)
    const made = { changes: 0 }
    let killed = 0
    const changes = (most: number): void => {
      const count = Math.min(CHANGES - made.changes, most)
      for (let i = 0; i < count; i++) {
        change.one()
        // Many share a millisecond; now and then a while passes.
        if (rng.next() < 0.4) time.pass(rng.integer(60))
      }
      made.changes += count
    }
    while (made.changes < CHANGES) {
      changes(rng.next() < 0.1 ? 2500 : 1 + rng.integer(900))
      time.pass(rng.next() < 0.15 ? rng.integer(5 * MINUTE) : rng.integer(2000))
      if (rng.next() < 0.03) time.pass(8 * DAY)
      const kill = rng.next() < 0.4 ? 1 + rng.integer(4) : null
      if (kill !== null) killed++
      await store.sync(kill, rng.next() < 0.5, () => changes(rng.integer(60)))
    }
    // The index catches up, and the list of what was archived is due again.
    for (const wait of [2 * MINUTE, 180 * MINUTE]) {
      time.pass(wait)
      await store.sync(null, true)
    }
    const now = await readAfresh(portal.open(CONFIG), READING)
    const { repeated, handed } = store.counts()
    const lost = [...now.customers].filter(([id, version]) => store.customers.get(id) !== version)
    process.stdout.write(
      `seed ${seed}: ${CHANGES} changes, ${handed} records handed over, ${killed} passes killed, ${now.customers.size} left, lost ${lost.length}, repeated ${repeated}\n`,
    )
    await portal.sandbox.close()
    expect(differences(store.customers, now.customers)).toEqual([])
    expect(differences(store.agreements, now.agreements)).toEqual([])
    expect(repeated).toBe(0)
  })

  it('goes on beyond the 10,000 results that a search gives, 200 a call', async () => {
    const time = virtualTime()
    const portal = await startReading({ clock: time.clock })
    const { state } = portal.sandbox
    state.createRecord('companies', { name: 'Before' })
    const { cursor } = await passOver(portal.open(), null, READING)
    time.pass(10 * MINUTE)
    for (let i = 0; i < 10_100; i++) state.createRecord('companies', { name: `Later ${i}` })
    portal.calls()
    const { records } = await passOver(portal.open(), cursor, READING)
    expect(new Set(idsOf(records)).size).toBe(10_100)
    expect(records).toHaveLength(10_100)
    expect(portal.calls()).toMatchObject({ 'POST /crm/objects/companies/search': 51 })
    await portal.sandbox.close()
  })
})
