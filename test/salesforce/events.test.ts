/**
 * Change events under fire: whatever the stream of a sandbox's org goes through, whoever follows it by the rule (read
 * again what a hint names, sync when events were missed) ends with what a fresh reading of everything gives.
 */
import { afterEach, describe, expect, it } from 'vitest'
import type { Connector, Cursor, CustomerRecord, HintPage } from '../../connectors/connector.ts'
import { openSalesforceClient } from '../../connectors/salesforce/client.ts'
import { openSalesforceConnector } from '../../connectors/salesforce/connector.ts'
import { openGovernors } from '../../connectors/salesforce/governor.ts'
import { startPubSub, type SandboxPubSub } from '../../connectors/salesforce/sandbox/pubsub.ts'
import { startSalesforceSandbox, type SalesforceSandbox } from '../../connectors/salesforce/sandbox/server.ts'
import { random } from '../../models/random.ts'
import { shareOf } from '../support/share.ts'

const closing: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close()
})

const READING = { properties: ['Name', 'Phone', 'NumberOfEmployees', 'BillingCity'], history: [] }
const ACCOUNTS = 60

interface Under {
  readonly sandbox: SalesforceSandbox
  readonly state: SalesforceSandbox['state']
  pubsub: SandboxPubSub
  passTime(ms: number): void
  connector(): Connector
}

async function underFire(options: Parameters<typeof startPubSub>[1] = {}): Promise<Under> {
  let shift = 0
  const clock = (): Date => new Date(Date.UTC(2026, 10, 21, 12) + shift)
  const sandbox = await startSalesforceSandbox({
    clock,
    limits: { daily: Infinity },
    seed(state) {
      state.selectForChangeEvents(['Account', 'Contact', 'Opportunity', 'Contract'])
      for (let at = 0; at < ACCOUNTS; at++) {
        const AccountId = state.createRecord('Account', { Name: `Company ${at}`, NumberOfEmployees: at })
        state.createRecord('Contact', { LastName: `Berger ${at}`, AccountId })
      }
    },
  })
  closing.push(() => sandbox.close())
  const made: Under = {
    sandbox,
    state: sandbox.state,
    pubsub: await startPubSub(sandbox, options),
    passTime: (ms) => void (shift += ms),
    connector() {
      const granted = sandbox.authorize()
      let token = granted.accessToken
      const session = () => ({ accessToken: token, instanceUrl: granted.instanceUrl })
      const client = openSalesforceClient({
        tenant: 'one',
        org: sandbox.org,
        username: sandbox.user.username,
        sessions: {
          current: async () => session(),
          renewed: async (refused) => {
            if (refused === token) token = sandbox.authorize().accessToken
            return session()
          },
        },
        governor: openGovernors({ clock }).of(sandbox.org, 0.2),
        clock,
        sleep: async () => {},
      })
      return openSalesforceConnector({
        config: {
          org: sandbox.org,
          object: 'Account',
          auth: 'web',
          username: sandbox.user.username,
          instanceUrl: sandbox.url,
          responsible: { field: 'OwnerId' },
          fallbackOwner: null,
          agreements: { from: 'properties' },
          recipients: { roles: [] },
          sensitive: [],
        },
        client,
        clock,
        eventsAddress: made.pubsub.address,
        sleep: async () => {},
      })
    },
  }
  closing.push(() => made.pubsub.close())
  return made
}

/** What somebody who follows the org knows of it, and up to where. */
interface Mirror {
  readonly records: Map<string, CustomerRecord['properties']>
  cursor: Cursor | null
  position: Cursor | null
  missed: number
  pages: number
  /** What ended the following for good. */
  failure: unknown
}

async function sync(connector: Connector, mirror: Mirror): Promise<void> {
  const seen = new Set<string>()
  for await (const page of connector.changes(mirror.cursor, READING)) {
    for (const { id, properties } of page.upserts) {
      mirror.records.set(id, properties)
      seen.add(id)
    }
    for (const id of page.deleted) mirror.records.delete(id)
    if (page.complete) for (const id of mirror.records.keys()) if (!seen.has(id)) mirror.records.delete(id)
    mirror.cursor = page.cursor
  }
}

async function take(
  connector: Connector,
  mirror: Mirror,
  { hints, position, missed }: HintPage,
): Promise<void> {
  const ids = new Set<string>()
  for (const hint of hints) {
    if (hint.own && hint.kind === 'changed') continue
    const customers =
      hint.object === 'Account' ? [hint.id] : await connector.customersOf!(hint.object, [hint.id])
    for (const id of customers) ids.add(id)
  }
  const read = ids.size === 0 ? [] : await connector.read([...ids], READING)
  for (const id of ids) mirror.records.delete(id)
  for (const { id, properties } of read) mirror.records.set(id, properties)
  mirror.pages++
  if (missed !== undefined) {
    mirror.missed++
    await sync(connector, mirror)
  }
  mirror.position = position
}

function following(under: Under, mirror: Mirror): { stop(): Promise<void> } {
  const ending = new AbortController()
  const connector = under.connector()
  const done = (async () => {
    while (!ending.signal.aborted) {
      try {
        for await (const page of connector.subscribe!(mirror.position, ending.signal))
          await take(connector, mirror, page)
      } catch (error) {
        // As the loop does: again after a while, from what was stored.
        if (!(error instanceof Error && 'retryable' in error && error.retryable)) {
          mirror.failure = error
          return
        }
        await new Promise((resolve) => setTimeout(resolve, 20))
      }
    }
  })()
  const stop = async (): Promise<void> => {
    ending.abort()
    await done
    await connector.close()
  }
  closing.push(stop)
  return { stop }
}

const listening = (under: Under): Promise<void> => until(() => under.pubsub.subscriptions().length === 2)

async function until(look: () => boolean, ms = 5_000): Promise<void> {
  for (const end = Date.now() + ms; !look();) {
    if (Date.now() > end) throw new Error('It did not come.')
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}

async function fresh(under: Under): Promise<Mirror['records']> {
  const mirror = empty()
  await sync(under.connector(), mirror)
  return mirror.records
}

const empty = (): Mirror => ({
  records: new Map(),
  cursor: null,
  position: null,
  missed: 0,
  pages: 0,
  failure: null,
})
const asText = (records: Mirror['records']): string =>
  JSON.stringify(
    [...records]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([id, values]) => [id, Object.entries(values).sort()]),
  )

/** A moment in which nothing more comes, and what is known then. */
async function comesToEqual(under: Under, mirror: Mirror): Promise<void> {
  const wanted = asText(await fresh(under))
  await until(() => asText(mirror.records) === wanted).catch(() => undefined)
  expect(mirror.failure).toBe(null)
  expect(asText(mirror.records)).toBe(wanted)
}

async function begun(options: Parameters<typeof startPubSub>[1] = {}) {
  const under = await underFire(options)
  const mirror = empty()
  await sync(under.connector(), mirror)
  expect(mirror.records.size).toBe(ACCOUNTS)
  const follower = following(under, mirror)
  await listening(under)
  return { under, mirror, follower, ids: under.state.ids('Account') }
}

describe('the state of who follows equals a fresh read', () => {
  it('after changes of every kind, without a sync', async () => {
    const { under, mirror, ids } = await begun()
    const { state } = under
    state.updateRecord('Account', ids[0], { Phone: '1', BillingCity: 'Graz' })
    state.deleteRecord('Account', ids[1])
    state.deleteRecord('Account', ids[2])
    state.undelete('Account', ids[2])
    state.createRecord('Account', { Name: 'New' })
    state.mergeRecords('Account', ids[3], [ids[4]])
    await comesToEqual(under, mirror)
    expect(mirror.records.has(ids[1])).toBe(false)
    expect(mirror.records.has(ids[4])).toBe(false)
    expect(mirror.missed).toBe(0)
  })

  it('after gap events, without a sync', async () => {
    const { under, mirror, ids } = await begun()
    under.pubsub.bus.gap(3)
    under.state.updateRecord('Account', ids[0], { Phone: 'gap' })
    under.state.deleteRecord('Account', ids[1])
    under.state.createRecord('Account', { Name: 'In a gap' })
    await comesToEqual(under, mirror)
    expect(mirror.records.get(ids[0])?.Phone).toBe('gap')
    expect(mirror.missed).toBe(0)
  })

  it('after an overflow', async () => {
    const { under, mirror, ids } = await begun({ overflowAbove: 5 })
    under.passTime(5_000)
    under.state.transaction(() => {
      for (const [at, id] of ids.entries()) under.state.updateRecord('Account', id, { Phone: `after ${at}` })
    })
    await comesToEqual(under, mirror)
    expect(mirror.missed).toBeGreaterThan(0)
  })

  it('after a replay id that is too old', async () => {
    const { under, mirror, follower, ids } = await begun({ keepaliveMs: 100 })
    under.state.updateRecord('Account', ids[0], { Phone: 'seen' })
    await until(() => mirror.records.get(ids[0])?.Phone === 'seen')
    await follower.stop()
    under.state.updateRecord('Account', ids[1], { Phone: 'unseen' })
    under.state.deleteRecord('Account', ids[2])
    under.passTime(80 * 3_600_000)
    under.pubsub.bus.forget()
    following(under, mirror)
    await comesToEqual(under, mirror)
    expect(mirror.records.get(ids[1])?.Phone).toBe('unseen')
    expect(mirror.missed).toBeGreaterThan(0)
  })

  it('after events that came twice', async () => {
    const { under, mirror, ids } = await begun()
    under.pubsub.duplicate(100)
    for (const id of ids.slice(0, 20)) under.state.updateRecord('Account', id, { Phone: 'twice' })
    under.state.deleteRecord('Account', ids[5])
    under.state.undelete('Account', ids[5])
    await comesToEqual(under, mirror)
    expect(mirror.missed).toBe(0)
  })

  it.each(shareOf(Array.from({ length: 8 }, (_, seed) => seed + 1)))(
    'after everything at once, in an order of its own (seed %i)',
    async (seed) => {
      const { under, mirror, ids, ...rest } = await begun({ overflowAbove: 12, batch: 7, keepaliveMs: 40 })
      let { follower } = rest
      const { state } = under
      const generator = random(seed)
      const among = (some: readonly string[]): string => some[Math.floor(generator.next() * some.length)]
      const alive = (id: string): boolean => state.record('Account', id)?.deleted === false
      const pick = (): string => among(ids.filter(alive))
      const by = { userId: state.users.integration, client: 'Holdfast' }
      const steps: readonly (() => unknown)[] = [
        () => state.createRecord('Account', { Name: `New ${generator.next()}` }),
        () => state.updateRecord('Account', pick(), { Phone: String(generator.next()) }),
        () => state.updateRecord('Account', pick(), { BillingCity: String(generator.next()) }, by),
        () => state.updateRecord('Account', pick(), { Holdfast_Risk_Percent__c: 10 }, by),
        () => {
          const id = among(ids)
          if (alive(id)) state.deleteRecord('Account', id)
          else state.undelete('Account', id)
        },
        () =>
          state.transaction(() => {
            for (const id of ids.slice(0, 30)) {
              if (alive(id))
                state.updateRecord('Account', id, { NumberOfEmployees: Math.floor(generator.next() * 1e4) })
            }
          }),
        () => under.pubsub.bus.gap(2),
        () => under.pubsub.duplicate(5),
        () => under.pubsub.garble(1),
        () => under.pubsub.disconnect(Math.floor(generator.next() * 3)),
        () => under.pubsub.bus.forget(),
        // Until a new session is taken up: two that end one right after the other need somebody to connect again.
        async () => {
          const before = mirror.pages
          under.sandbox.faults.expireTokens()
          await until(() => mirror.pages > before + 12 || mirror.failure !== null)
        },
        () => under.passTime(Math.floor(generator.next() * 20_000)),
        () => new Promise((resolve) => setTimeout(resolve, 15)),
        async () => {
          await follower.stop()
          follower = following(under, mirror)
        },
      ]
      for (let step = 0; step < 120; step++) {
        await steps[Math.floor(generator.next() * steps.length)]()
      }
      under.passTime(1_000)
      await comesToEqual(under, mirror)
    },
  )
})
