/**
 * An org that changes while it is read, for 20 seeds: 10,000 records with the same SystemModstamp, transactions that are
 * committed up to ten minutes after their time, a clock of ours that is hours off, merges, deletions, restorations and
 * records that left the recycle bin, readings of everything in between, and passes that are broken off at a random page,
 * before or after it was stored. What was folded out of the pages equals a fresh reading at the end.
 */
import { describe, expect, it } from 'vitest'
import type { Agreement, Connector, Cursor, CustomerRecord, Reading } from '../../connectors/connector.ts'
import type { SalesforceConfigInput } from '../../connectors/salesforce/config.ts'
import type { SalesforceState } from '../../connectors/salesforce/sandbox/state.ts'
import { random, type Random } from '../../models/random.ts'
import { startReading, type ReadOrg } from '../connectors/salesforce/reading.ts'

const SEEDS = Array.from({ length: 20 }, (_, seed) => seed + 1)
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

/** An org's time, which goes on as the test says. */
function virtualTime() {
  let at = Date.parse('2026-11-21T08:00:00.000Z')
  return { clock: () => new Date(at), now: () => at, pass: (ms: number) => void (at += ms) }
}

/** What a store would hold, and what it was handed for nothing. */
function openStore(connect: () => Connector, reading: Reading) {
  const customers = new Map<string, string>()
  const agreements = new Map<string, string>()
  let cursor: Cursor | null = null
  let repeated = 0
  let handed = 0

  function put(record: CustomerRecord): void {
    const version = JSON.stringify([record.updatedAt, record.properties])
    handed++
    // Of a version that is known already nothing is new, unless something around it is.
    if (customers.get(record.id) === version && record.related !== true) repeated++
    customers.set(record.id, version)
  }

  /** @param pages after so many of them the process is killed; null: it lives */
  async function sync(pages: number | null, stored: boolean, meanwhile = () => {}): Promise<void> {
    const connector = connect()
    const seen = new Set<string>()
    let number = 0
    for await (const page of connector.changes(cursor, reading)) {
      const killed = ++number === pages
      meanwhile()
      if (killed && !stored) break
      const about = await connector.agreements!(page.upserts.map(({ id }) => id))
      for (const record of page.upserts) {
        put(record)
        seen.add(record.id)
        agreements.set(record.id, JSON.stringify(about.get(record.id)))
      }
      const gone = page.complete === true ? [...customers.keys()].filter((id) => !seen.has(id)) : []
      for (const id of [...page.deleted, ...gone]) {
        customers.delete(id)
        agreements.delete(id)
      }
      cursor = JSON.parse(JSON.stringify(page.cursor)) as Cursor
      if (killed) break
    }
    await connector.close()
  }

  return { sync, customers, agreements, counts: () => ({ repeated, handed }) }
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

async function fresh({ open }: ReadOrg, clock: () => Date) {
  const connector = open(CONFIG, { clock })
  const customers = new Map<string, string>()
  const agreements = new Map<string, string>()
  for await (const { upserts } of connector.changes(null, READING)) {
    const about: ReadonlyMap<string, readonly Agreement[]> = await connector.agreements!(
      upserts.map(({ id }) => id),
    )
    for (const { id, updatedAt, properties } of upserts) {
      customers.set(id, JSON.stringify([updatedAt, properties]))
      agreements.set(id, JSON.stringify(about.get(id)))
    }
  }
  return { customers, agreements }
}

/** What one has and the other has not, or otherwise; the first few. */
function differences(stored: ReadonlyMap<string, string>, there: ReadonlyMap<string, string>) {
  return [...new Set([...stored.keys(), ...there.keys()])]
    .filter((id) => stored.get(id) !== there.get(id))
    .map((id) => ({ id, stored: stored.get(id) ?? null, there: there.get(id) ?? null }))
    .slice(0, 10)
}

describe('reading an org while it changes', () => {
  it.each(SEEDS)('loses nothing and repeats nothing, seed %i', async (seed) => {
    const rng = random(seed)
    const time = virtualTime()
    const org = await startReading({ clock: time.clock, requestLog: 0 })
    // Ours is up to six hours off, either way.
    const skew = rng.integer(12 * HOUR) - 6 * HOUR
    const ours = () => new Date(time.now() + skew)
    const store = openStore(
      () => org.open(CONFIG, { clock: ours, ...(seed % 2 === 0 && { bulkAbove: 1e9 }) }),
      READING,
    )
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
    const now = await fresh(org, ours)
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
