/**
 * A process that syncs a changing org into its database is killed with SIGKILL again and again, wherever it is: while it
 * opens the database, in a reading of everything by a bulk job or by pages, between two pages of equal times. In the end
 * it holds what the org holds, and no change is stored twice.
 *
 * HOLDFAST_TEST_KILLS=full is the whole of it: 20 seeds of 10,000 changes.
 */
import { describe, expect, it } from 'vitest'
import type { SalesforceState } from '../../connectors/salesforce/sandbox/state.ts'
import { random, type Random } from '../../models/random.ts'
import { startReading } from '../connectors/salesforce/reading.ts'
import { storedTwice, syncUnderFire } from '../support/killed-sync.ts'
import { shareOf } from '../support/share.ts'

const FULL = process.env['HOLDFAST_TEST_KILLS'] === 'full'
const SEEDS = FULL ? 20 : 2
const KILLS = FULL ? 12 : 7
const CHANGES = FULL ? 10_000 : 2_000
const ACCOUNTS = FULL ? 2_000 : 600
/** Every so many-th life everybody changes within the same second. */
const MASSED = 4
const SECOND = 1000
const MINUTE = 60 * SECOND
const DAY = 24 * 60 * MINUTE
/** A transaction lasts ten minutes at most. */
const LATEST = 9 * MINUTE

/** Changes of the kinds that an org knows; each sets a number that was nowhere before. */
function changer(state: SalesforceState, rng: Random) {
  const bin: string[] = []
  const made = { changes: 0 }
  let numbers = 0
  const some = () => ({ NumberOfEmployees: ++numbers })
  const pick = (): string => {
    const ids = state.ids('Account')
    return ids[rng.integer(ids.length)]
  }
  /** Written some minutes ago and committed now; never before what is known of the record. */
  const late = (id: string): Date => {
    const known = Date.parse(String(state.record('Account', id)?.values['SystemModstamp']))
    return new Date(Math.max(known + SECOND, state.now().getTime() - rng.integer(LATEST)))
  }
  const create = (at = state.now()): void => {
    const Type = rng.next() < 0.8 ? 'Customer' : 'Prospect'
    state.createRecord('Account', { Name: `Company ${numbers}`, Type, ...some() }, undefined, { at })
  }
  const update = (fields: object = {}, at?: (id: string) => Date): void => {
    const id = pick()
    const when = at === undefined ? {} : { at: at(id) }
    state.updateRecord('Account', id, { ...fields, ...some() }, undefined, when)
  }
  const kinds: readonly (readonly [share: number, make: () => void])[] = [
    [0.5, () => update()],
    [0.12, () => update({}, late)],
    [0.1, () => update({ Type: rng.next() < 0.5 ? 'Customer' : 'Former' })],
    [0.07, () => create()],
    [0.04, () => create(new Date(state.now().getTime() - rng.integer(LATEST)))],
    [
      0.08,
      () => {
        const id = pick()
        state.deleteRecord('Account', id)
        // Some leave the recycle bin before anybody looks.
        if (rng.next() < 0.3) state.purge('Account', id)
        else bin.push(id)
      },
    ],
    [
      0.04,
      () => {
        if (bin.length > 0) state.undelete('Account', bin.splice(rng.integer(bin.length), 1)[0])
      },
    ],
    [
      0.05,
      () => {
        const [winner, loser] = [pick(), pick()]
        if (winner !== loser) state.mergeRecords('Account', winner, [loser])
      },
    ],
  ]
  return {
    made,
    one(): void {
      made.changes++
      let draw = rng.next()
      const [, make] = kinds.find(([share]) => (draw -= share) < 0) ?? kinds[0]
      make()
    },
    /** As a mass update does it. */
    all(): void {
      const at = state.now()
      for (const id of state.ids('Account')) state.updateRecord('Account', id, some(), undefined, { at })
      made.changes += state.count('Account')
    },
    begin(count: number): void {
      const at = state.now()
      for (let i = 0; i < count; i++) create(at)
    },
  }
}

/** What the org says of its customers now. */
function customersOf(state: SalesforceState): ReadonlyMap<string, unknown> {
  return new Map(
    [...state.records('Account')]
      .filter(({ values }) => values['Type'] === 'Customer')
      .map(({ id }) => [id, state.value('Account', id, 'NumberOfEmployees')]),
  )
}

describe('a process that syncs an org and is killed', () => {
  it.each(shareOf(Array.from({ length: SEEDS }, (_, at) => at + 1)))(
    `${KILLS} times, loses nothing and stores no change twice, seed %i`,
    async (seed) => {
      const rng = random(seed)
      let shiftMs = 0
      const { sandbox, state } = await startReading({
        clock: () => new Date(Date.now() + shiftMs),
        limits: { daily: Infinity },
        pageSize: 200,
        bulkPage: 300,
        requestLog: 0,
      })
      const changes = changer(state, rng.fork('changes'))
      changes.begin(ACCOUNTS)
      const aLife = Math.floor((CHANGES - Math.floor(KILLS / MASSED) * ACCOUNTS) / (KILLS + 1))
      let [life, inLife] = [0, 0]
      const held = await syncUnderFire({
        crm: {
          kind: 'salesforce',
          url: sandbox.url,
          org: sandbox.org,
          username: sandbox.user.username,
          token: sandbox.authorize().accessToken,
          // By pages of a query, or by a job.
          ...(seed % 2 === 0 && { bulk: { above: 100, page: 300 } }),
        },
        population: { kind: 'condition', condition: "Type = 'Customer'" },
        rng: rng.fork('kills'),
        kills: KILLS,
        changes: aLife,
        change() {
          if (++inLife === Math.floor(aLife / 2) && life % MASSED === 0) changes.all()
          changes.one()
        },
        pass() {
          life++
          inLife = 0
          // Once in between so long that everything is read again.
          shiftMs += life === Math.floor(KILLS / 2) ? 8 * DAY : rng.integer(15 * MINUTE)
          return shiftMs
        },
      })
      const there = customersOf(state)
      const live = new Set(state.ids('Account'))
      await sandbox.close()
      const withStatus = (wanted: string) => held.customers.filter(({ status }) => status === wanted)
      const active = withStatus('active').map(
        ({ id, properties }) => [id, properties['NumberOfEmployees']] as const,
      )
      const twice = storedTwice(held, 'NumberOfEmployees')
      process.stdout.write(
        `seed ${seed}: ${KILLS} kills, ${held.midway} of them midway, ${changes.made.changes} changes, ${there.size} customers, ${held.changes.length} changes stored, ${twice.length} twice\n`,
      )
      expect(new Map(active)).toEqual(there)
      expect(withStatus('left').filter(({ id }) => !live.has(id))).toEqual([])
      expect(withStatus('deleted').filter(({ id }) => live.has(id))).toEqual([])
      expect(twice).toEqual([])
    },
  )
})
