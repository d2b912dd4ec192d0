/**
 * The Webhooks Journal through the loop: nobody reads for a day, followers die in the middle, the same is told twice, and the
 * app is taken out. In the end the store says what the portal says.
 *
 * No sync runs but where the journal asks for one: what is stored came from the journal alone.
 */
import { setTimeout as wait } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readAccount } from '../../connectors/hubspot/account.ts'
import { openHubSpotClient } from '../../connectors/hubspot/client.ts'
import { parseHubSpotConfig } from '../../connectors/hubspot/config.ts'
import { HUBSPOT_CAN, openHubSpotConnector } from '../../connectors/hubspot/connector.ts'
import { followJournal } from '../../connectors/hubspot/journal-follow.ts'
import { appTokens } from '../../connectors/hubspot/journal-token.ts'
import { openPacers } from '../../connectors/hubspot/limiter.ts'
import { refreshTokens } from '../../connectors/hubspot/oauth.ts'
import { startHubSpotSandbox, type HubSpotSandbox } from '../../connectors/hubspot/sandbox/server.ts'
import type { TokenSource } from '../../connectors/hubspot/tokens.ts'
import { random } from '../../models/random.ts'
import { followEvents, type Following } from '../../src/loop/follow.ts'
import type { Database } from '../../src/store/database.ts'
import { streamHealth } from '../../src/store/event-streams.ts'
import { databaseKind } from '../support/database.ts'
import { openLooping, type Looping } from '../support/looping.ts'

const COMPANIES = 400
/** Spread over a day. */
const CHANGES = 3000
const HOUR = 3_600_000
const FREE = { calls: 100_000, windowMs: 10 }

describe(`a portal whose journal is followed (${databaseKind})`, () => {
  let now = Date.parse('2026-11-20T09:00:00Z')
  const clock = (): Date => new Date(now)
  let sandbox: HubSpotSandbox
  let looping: Looping
  let following: Following | null = null
  const rng = random(4)

  beforeAll(async () => {
    sandbox = await startHubSpotSandbox({
      clock,
      limits: { oauth: Infinity, search: Infinity, journal: Infinity, journal_subscriptions: Infinity },
      seed(state) {
        state.addProperty('companies', 'mrr', { type: 'number' })
        state.addProperty('companies', 'support_tickets', { type: 'number' })
        for (let at = 0; at < COMPANIES; at++) {
          const id = state.createRecord('companies', {
            name: `Company ${at}`,
            lifecyclestage: 'customer',
            mrr: at,
            support_tickets: at % 7,
          })
          const person = state.createRecord('contacts', { email: `p${at}@example.com`, firstname: 'P' })
          state.associate('contacts', person, 'companies', id, 279)
        }
      },
    })
    looping = await openLooping({
      clock,
      connector: { can: HUBSPOT_CAN, open: () => openConnector() },
      connection: {
        kind: 'hubspot',
        name: 'The portal',
        externalId: sandbox.portal,
        sandbox: false,
        config,
        population: { kind: 'property', property: 'lifecyclestage', values: ['customer'] },
      },
    })
    await looping.run('sync')
    await settle()
  })
  afterAll(async () => {
    await following?.close()
    await looping?.close()
    await sandbox?.close()
  })

  const config = { portal: '147000001', object: 'companies', auth: 'oauth' } as const
  let refreshToken = ''
  /** As the vault keeps it, in memory. */
  function tokens(): TokenSource {
    refreshToken ||= sandbox.authorize().refreshToken
    const fresh = async () =>
      (await refreshTokens({ baseUrl: sandbox.url, ...sandbox.app, refreshToken, clock })).accessToken
    let held: Promise<string> | null = null
    return { current: () => (held ??= fresh()), renewed: () => (held = fresh()) }
  }
  const openClient = (source: TokenSource) =>
    openHubSpotClient({
      baseUrl: sandbox.url,
      portal: sandbox.portal,
      tokens: source,
      pacer: openPacers({ limits: { oauth: { call: FREE, search: FREE } } }).of('', 'oauth'),
      clock,
      sleep: async () => {},
    })

  function openConnector() {
    const client = openClient(tokens())
    const subscribe = followJournal({
      client: openClient(appTokens({ baseUrl: sandbox.url, ...sandbox.app, clock })),
      baseUrl: sandbox.url,
      config: parseHubSpotConfig(config),
      clock,
      alone: async () => true,
      askAccount: () => readAccount(client),
      sleep: (_, signal) => pause(20, signal),
    })
    return openHubSpotConnector({ config, client, clock, subscribe })
  }
  const pause = (ms: number, signal: AbortSignal) => wait(ms, undefined, { signal }).catch(() => undefined)

  /** @param database another one, where something is to go wrong */
  function follow(database: Database = looping.database): Following {
    const { connectors, log } = looping.services
    return followEvents(
      { database, connectors, log, clock, wake: () => undefined },
      { kinds: ['hubspot'], everyMs: 20, sleep: (ms, signal) => pause(Math.min(ms, 20), signal) },
    )
  }

  async function until(holds: () => boolean | Promise<boolean>, what = 'it'): Promise<void> {
    for (const late = performance.now() + 60_000; !(await holds()); await wait(20))
      if (performance.now() > late) throw new Error(`${what} did not come about.`)
  }
  const waiting = async (): Promise<number> =>
    (await looping.rows<{ count: number }>('select count(*)::integer as count from webhook_receipts'))[0]
      .count
  const due = async (): Promise<string[]> =>
    (
      await looping.rows<{ step: string }>(
        `select step from steps where due_at is not null and step in ('sync', 'refresh') order by step`,
      )
    ).map(({ step }) => step)
  const settle = () => looping.rows('update steps set due_at = null')
  const position = async (): Promise<{ offset: string | null } | null> =>
    (
      await looping.rows<{ at: { offset: string | null } | null }>(
        'select events_position as at from connections',
      )
    )[0].at
  const newest = async (): Promise<boolean> => {
    const last = sandbox.journal.entries().at(-1)
    return last === undefined || (await position())?.offset === last.offset
  }

  const stored = async (): Promise<ReadonlyMap<string, string>> =>
    new Map(
      (
        await looping.rows<{ id: string; properties: Record<string, unknown>; name: string }>(
          "select external_id as id, name, properties from customers where status = 'active' order by 1",
        )
      ).map(({ id, name, properties }) => [
        id,
        [name, Number(properties['mrr']), Number(properties['support_tickets'])].join(),
      ]),
    )
  const there = (): ReadonlyMap<string, string> =>
    new Map(
      [...sandbox.state.ids('companies')].toSorted().map((id) => {
        const of = sandbox.state.record('companies', id)?.properties ?? {}
        return [id, [of['name'], Number(of['mrr']), Number(of['support_tickets'])].join()]
      }),
    )
  const lost = async (): Promise<string[]> => {
    const known = await stored()
    const wrong = [...there()].filter(([id, said]) => known.get(id) !== said).map(([id]) => id)
    return [...wrong, ...[...known.keys()].filter((id) => !there().has(id))]
  }
  const pick = (all: readonly string[]): string => all[Math.floor(rng.next() * all.length)]

  /** People at work for a day. */
  function work(changes: number, hours: number): Set<string> {
    const touched = new Set<string>()
    for (let change = 0; change < changes; change++) {
      now += (hours * HOUR) / changes
      const what = rng.next()
      const live = sandbox.state.ids('companies')
      const id = what < 0.05 ? '' : pick(live)
      if (id === '') {
        touched.add(
          sandbox.state.createRecord('companies', {
            name: `New ${change}`,
            lifecyclestage: 'customer',
            mrr: change,
            support_tickets: 1,
          }),
        )
      } else if (what < 0.08) {
        sandbox.state.archiveRecord('companies', id)
        touched.add(id)
      } else {
        sandbox.state.updateRecord('companies', id, {
          [what < 0.5 ? 'mrr' : 'support_tickets']: Math.floor(rng.next() * 1000),
        })
        touched.add(id)
      }
    }
    return touched
  }

  it('loses nothing of a day in which nobody read', async () => {
    following = follow()
    await until(async () => (await position()) !== null, 'a position')
    await following.close()
    following = null
    const touched = work(CHANGES, 24)
    const before = await lost()
    expect(before.length).toBeGreaterThan(300)
    following = follow()
    await until(newest, 'the end of the journal')
    expect(await due()).toEqual(['refresh'])
    const done = await looping.run('refresh', 'events')
    process.stdout.write(
      `journal: ${CHANGES} changes of ${touched.size} records in 24 h, ${sandbox.journal.entries().length} files, ${done['hints']} hints, ${(await lost()).length} lost\n`,
    )
    expect(await lost()).toEqual([])
    await settle()
  })

  it('has the same once, however often it is read', async () => {
    await following?.close()
    await looping.rows(
      `update connections set events_position = jsonb_build_object('offset', null, 'until', $1::text)`,
      clock().toISOString(),
    )
    const count = await waiting()
    following = follow()
    await until(newest, 'the end of the journal')
    expect(await waiting()).toBe(count)
    expect(await due()).toEqual([])
  })

  it('loses nothing when whoever follows dies between two pages, or with one half stored', async () => {
    await following?.close()
    let lives = 0
    for (let death = 0; death < 8; death++) {
      work(150, 1)
      // Dies at some point of its work: nothing that it begins after that is done, and what is under way is taken back.
      let left = 5 + Math.floor(rng.next() * 40)
      const dying: Database = {
        ...looping.database,
        withTenant: (tenant, act) =>
          looping.database.withTenant(tenant, async (tx) => {
            const result = await act(tx)
            if (--left <= 0) throw new Error('killed before the commit')
            return result
          }),
      }
      const one = follow(dying)
      await until(async () => left <= 0 || (await newest()), 'a death')
      await one.close()
      lives++
    }
    following = follow()
    await until(newest, 'the end of the journal')
    await looping.run('refresh', 'events')
    await settle()
    expect(await lost()).toEqual([])
    expect(lives).toBe(8)
  })

  it('forgets whom the portal deleted for privacy, as by a webhook', async () => {
    const email = 'p3@example.com'
    const people = () => looping.rows('select 1 from recipients where email = $1', email)
    expect(await people()).toHaveLength(1)
    const person = sandbox.state.find('contacts', 'email', email)
    sandbox.state.eraseRecord('contacts', person?.id ?? '')
    now += 60_000
    await until(newest, 'the end of the journal')
    const done = await looping.run('refresh', 'events')
    expect(done['erased']).toBe(1)
    expect(await people()).toHaveLength(0)
    await settle()
  })

  it('reads everything anew after more than three days, and says so', async () => {
    await following?.close()
    work(200, 24)
    now += 3 * 24 * HOUR
    work(50, 1)
    following = follow()
    await until(newest, 'the end of the journal')
    expect(await due()).toContain('sync')
    const [{ cursor }] = await looping.rows<{ cursor: unknown }>('select cursor from connections')
    expect(cursor).toBeNull()
    await looping.run('sync', 'events')
    await looping.run('refresh', 'events')
    expect(await lost()).toEqual([])
    await settle()
  })

  it('needs a new sign-in once the app is taken out, and goes on after the next', async () => {
    const status = async () =>
      (await looping.rows<{ status: string }>('select status from connections'))[0].status
    sandbox.uninstall()
    now += 60_000
    await until(async () => (await status()) === 'needs_reconnect', 'the end of the app')
    refreshToken = ''
    work(100, 1)
    await looping.rows(`update connections set status = 'active', status_reason = null`)
    await until(newest, 'the end of the journal')
    expect(await status()).toBe('active')
    await looping.run('refresh', 'events')
    expect(await lost()).toEqual([])
    const health = await looping.database.withTenant(looping.tenant, (tx) =>
      streamHealth(tx, looping.connection),
    )
    expect(health.problem).toBeNull()
  })
})
