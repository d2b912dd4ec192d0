/**
 * An org that changes while it is read, for 20 seeds: 10,000 records with the same SystemModstamp, transactions that are
 * committed up to ten minutes after their time, a clock of ours that is hours off, merges, deletions, restorations and
 * records that left the recycle bin, readings of everything in between, and passes that are broken off at a random page,
 * before or after it was stored. What was folded out of the pages equals a fresh reading at the end.
 */
import { describe, expect, it } from 'vitest'
import type { Reading } from '../../connectors/connector.ts'
import type { SalesforceConfigInput } from '../../connectors/salesforce/config.ts'
import type { SalesforceState } from '../../connectors/salesforce/sandbox/state.ts'
import { random, type Random } from '../../models/random.ts'
import { startReading } from '../connectors/salesforce/reading.ts'
import { differences, openFoldedStore, readAfresh, virtualTime } from '../support/folded-store.ts'
import { shareOf } from '../support/share.ts'

const SEEDS = shareOf(Array.from({ length: 20 }, (_, seed) => seed + 1))
const AT_ONCE = 10_000
const CHANGES = 1_500
const SECOND = 1000
const MINUTE = 60_000
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR
/** A transaction lasts ten minutes at most; Salesforce's servers differ by moments. */
const LATEST = 9 * MINUTE
const READING: Reading = { properties: ['Name', 'BillingCity', 'NumberOfEmployees'], history: [] }
const CONFIG: Partial<SalesforceConfigInput> = {
  agreements: { from: 'opportunities', stages: ['Closed Won'], periodMonths: 12 },
}

function changer(state: SalesforceState, rng: Random, now: () => number) {
  const bin: string[] = []
  const pick = (ids: readonly string[]): string => ids[rng.integer(ids.length)]
  /** Written some minutes ago, committed now; never before what is known of the record. */
  const committedLate = (id: string): Date => {
    const known = Date.parse(String(state.record('Account', id)?.values['SystemModstamp']))
    return new Date(Math.max(known + SECOND, now() - rng.integer(LATEST)))
  }
  const account = (at = new Date(now())): string =>
    state.createRecord(
      'Account',
      { Name: `Company ${rng.integer(1e6)}`, NumberOfEmployees: rng.integer(500) },
      undefined,
      { at },
    )
  const opportunity = (owner: string): string =>
    state.createRecord('Opportunity', {
      Name: 'Renewal',
      AccountId: owner,
      StageName: 'Closed Won',
      CloseDate: '2027-03-31',
      Amount: rng.integer(90_000),
    })
  const kinds: readonly (readonly [number, () => void])[] = [
    [
      0.45,
      () =>
        state.updateRecord('Account', pick(state.ids('Account')), {
          BillingCity: `City ${rng.integer(1e6)}`,
        }),
    ],
    [0.12, () => state.updateRecord('Account', pick(state.ids('Account')), { BillingCity: 'Hamburg' })],
    [
      0.12,
      () => {
        const id = pick(state.ids('Account'))
        state.updateRecord('Account', id, { NumberOfEmployees: rng.integer(500) }, undefined, {
          at: committedLate(id),
        })
      },
    ],
    [0.06, () => void account()],
    [0.05, () => void account(new Date(now() - rng.integer(LATEST)))],
    [
      0.07,
      () => {
        const id = pick(state.ids('Account'))
        state.deleteRecord('Account', id)
        // Some leave the recycle bin before anybody looks.
        if (rng.next() < 0.3) state.purge('Account', id)
        else bin.push(id)
      },
    ],
    [0.02, () => bin.length > 0 && state.undelete('Account', bin.splice(rng.integer(bin.length), 1)[0])],
    [
      0.04,
      () => {
        const [winner, loser] = [pick(state.ids('Account')), pick(state.ids('Account'))]
        if (winner !== loser) state.mergeRecords('Account', winner, [loser])
      },
    ],
    [
      0.07,
      () => {
        const known = state.ids('Opportunity')
        if (known.length > 0) state.updateRecord('Opportunity', pick(known), { Amount: rng.integer(90_000) })
      },
    ],
  ]
  return {
    one(): void {
      let draw = rng.next()
      const kind = kinds.find(([share]) => (draw -= share) < 0) ?? kinds[0]
      kind[1]()
    },
    /** As a mass update does it: all within the same second. */
    all(): void {
      const at = new Date(now())
      for (const id of state.ids('Account'))
        state.updateRecord('Account', id, { BillingCity: `Massed ${rng.integer(9)}` }, undefined, { at })
    },
    /** The same. */
    begin(count: number): void {
      for (let i = 0; i < count; i++) {
        const id = account()
        if (i % 20 === 0) opportunity(id)
      }
    },
  }
}

describe('reading an org while it changes', () => {
  it.each(SEEDS)('loses nothing and repeats nothing, seed %i', async (seed) => {
    const rng = random(seed)
    const time = virtualTime()
    const org = await startReading({ clock: time.clock, requestLog: 0 })
    // Ours is up to six hours off, either way.
    const skew = rng.integer(12 * HOUR) - 6 * HOUR
    const ours = () => new Date(time.now() + skew)
    const store = openFoldedStore({
      connect: () => org.open(CONFIG, { clock: ours, ...(seed % 2 === 0 && { bulkAbove: 1e9 }) }),
      reading: READING,
      // Of a version that is known already nothing is new, unless something around it is.
      isRepeated: ({ related }, version, known) => known === version && related !== true,
    })
    const change = changer(org.state, rng.fork('changes'), time.now)
    change.begin(AT_ONCE)
    const made = { changes: 0 }
    let killed = 0
    const changes = (most: number): void => {
      const count = Math.min(CHANGES - made.changes, most)
      for (let i = 0; i < count; i++) {
        change.one()
        // Many share a second; now and then a while passes.
        if (rng.next() < 0.3) time.pass(rng.integer(2 * SECOND))
      }
      made.changes += count
    }
    let massed = false
    while (made.changes < CHANGES) {
      if (!massed && made.changes > CHANGES / 2) {
        // Everybody within the same second, and a pass that is killed in the middle of them.
        massed = true
        time.pass(MINUTE)
        change.all()
        await store.sync(1 + rng.integer(15), rng.next() < 0.5)
        killed++
      }
      const kill = rng.next() < 0.4 ? 1 + rng.integer(4) : null
      if (kill !== null) killed++
      await store.sync(kill, rng.next() < 0.5, () => changes(rng.integer(15)))
      changes(rng.next() < 0.1 ? 500 : 1 + rng.integer(200))
      time.pass(rng.next() < 0.2 ? rng.integer(15 * MINUTE) : rng.integer(20 * SECOND))
      if (rng.next() < 0.03) time.pass(8 * DAY)
    }
    // Once for what was broken off, once more for what was deleted while our clock was behind.
    for (let i = 0; i < 2; i++) {
      await store.sync(null, true)
      time.pass(7 * HOUR)
    }
    await store.sync(null, true)
    const now = await readAfresh(org.open(CONFIG, { clock: ours }), READING)
    const { repeated, handed } = store.counts()
    const lost = [...now.customers].filter(([id, version]) => store.customers.get(id) !== version)
    process.stdout.write(
      `seed ${seed}: ${AT_ONCE} at once, ${CHANGES} changes, ${handed} records handed over, ${killed} passes killed, ${now.customers.size} left, lost ${lost.length}, repeated ${repeated}\n`,
    )
    await org.sandbox.close()
    expect(differences(store.customers, now.customers)).toEqual([])
    expect(differences(store.agreements, now.agreements)).toEqual([])
    expect(repeated).toBe(0)
  })
})
