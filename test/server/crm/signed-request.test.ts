import * as fc from 'fast-check'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { TenantId } from '../../../src/contracts/ids.ts'
import { hubspotReader } from '../../../src/server/crm/hubspot-reader.ts'
import { once, type CrmReader } from '../../../src/server/crm/reader.ts'
import { signedHeaders, signedQuery } from '../../../src/server/crm/hubspot-signed.ts'
import { openMetrics } from '../../../src/server/metrics.ts'
import { route } from '../../../src/server/route.ts'
import { createConnection, setConnectionStatus } from '../../../src/store/connections.ts'
import type { Database } from '../../../src/store/database.ts'
import { insertPerson } from '../../../src/store/people.ts'
import { addTenant, databaseKind, openTestDatabase } from '../../support/database.ts'
import { signHubSpot, type HubSpotUser, type SignedParts } from '../../support/hubspot-signing.ts'
import { startTestServer, type TestServer } from '../../support/server.ts'

const BASE = 'https://holdfast.example'
const SECRET = 'yyyyyyyy-yyyy-yyyy-yyyy-yyyyyyyyyyyy'
const SANDBOX = { secret: 'of the sandbox', base: 'http://127.0.0.1:3000', portal: '900' }
const PATH = '/crm/hubspot/looked'

let seen: CrmReader[] = []
let fails: Error | null = null
const declared = {
  path: PATH,
  summary: 'A test',
  tag: 'Public',
  access: 'public',
  crossSite: true,
  headers: signedHeaders,
  query: signedQuery,
  answers: { 200: { description: 'Who' } },
} as const
const routes = [
  route({
    ...declared,
    method: 'get',
    handle: async (request, services) => {
      const { reader } = await hubspotReader(request, services, { method: 'get' })
      seen.push(reader)
      return { status: 200, body: {} }
    },
  }),
  route({
    ...declared,
    method: 'post',
    handle: async (request, services) => {
      const { reader } = await hubspotReader(request, services, { method: 'post', object: () => 'contacts' })
      return once(services, reader, async () => {
        if (fails !== null) throw fails
        seen.push(reader)
        return { status: 200, body: {} }
      })
    },
  }),
]

const metrics = openMetrics()
let database: Database
let server: TestServer
let now = new Date('2026-11-21T10:00:00Z')
beforeAll(async () => {
  database = await openTestDatabase()
  server = await startTestServer(
    database,
    routes,
    { metrics, rates: { changes: 2000, costly: 60 } },
    { publicUrl: BASE, clock: () => now, appKeys: [{ secret: SECRET, base: BASE }, SANDBOX] },
  )
})
afterAll(async () => {
  await server.close()
  await database.close()
})

let portals = 7000
let portal: string
let tenant: TenantId
beforeEach(async () => {
  portal = String(portals++)
  tenant = await addTenant(database)
  await connect(tenant)
  seen = []
  fails = null
  now = new Date(now.getTime() + 1000)
})

const connect = (of: TenantId, config: object = {}, externalId = portal) =>
  database.withTenant(of, (tx) =>
    createConnection(tx, {
      kind: 'hubspot',
      name: `A portal ${JSON.stringify(config)}`,
      sandbox: false,
      externalId,
      config: { object: 'companies', auth: 'private_app', ...config },
      population: null,
    }),
  )

const signed = (more: Partial<Parameters<typeof signHubSpot>[0]> & { user?: Partial<HubSpotUser> } = {}) =>
  signHubSpot({
    secret: SECRET,
    base: BASE,
    method: 'POST',
    path: PATH,
    query: { objectId: '17', note: 'a/b?c:d' },
    body: { answer: 'approve', note: 'Grüße' },
    now,
    ...more,
    by: { portal, ...more.user },
  })

const send = ({ path, ...init }: SignedParts, headers: Record<string, string> = {}) =>
  server.fetch(path, { ...init, headers: { ...init.headers, ...headers } })

async function counted(result: string): Promise<number> {
  const metric = await metrics.registry.getSingleMetric('holdfast_crm_requests_total')!.get()
  return metric.values.find(({ labels }) => labels['result'] === result)?.value ?? 0
}

describe(`requests that HubSpot signs (${databaseKind})`, () => {
  it('tell whose account and which user it is', async () => {
    await database.withTenant(tenant, (tx) =>
      insertPerson(tx, {
        id: '6f1c2a34-0000-4000-8000-000000000001',
        email: 'ann@acme.example',
        name: 'Ann',
        role: 'operator',
        origin: 'invited',
        createdBy: 'a test',
      }),
    )
    expect((await send(signed({ user: { user: '5', email: 'Ann@Acme.example' } }))).status).toBe(200)
    expect((await send(signed({ method: 'GET', body: undefined }))).status).toBe(200)
    expect(seen).toMatchObject([
      {
        tenant,
        account: portal,
        user: '5',
        email: 'ann@acme.example',
        person: { name: 'Ann', role: 'operator' },
        owner: null,
        actor: 'user:ann@acme.example',
        connections: [{ object: 'companies', status: 'active' }],
      },
      { tenant, email: 'rep@acme.example', person: null },
    ])
    expect(server.log()).not.toContain('acme.example')
  })

  it('are refused once any byte of them is another one', async () => {
    const right = signed()
    expect((await send(right)).status).toBe(200)
    const parts = ['path', 'body', 'x-hubspot-request-timestamp', 'x-hubspot-signature-v3'] as const
    const answers = new Set<string>()
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...parts),
        fc.nat(),
        fc.integer({ min: 33, max: 126 }),
        async (part, at, byte) => {
          const text = part === 'path' || part === 'body' ? right[part]! : right.headers[part]
          // The path itself is left: another one is another route.
          const from = part === 'path' ? PATH.length + 1 : 0
          const place = from + (at % (text.length - from))
          const other = String.fromCharCode(byte)
          fc.pre(
            text[place] !== other && other !== '#' && !(part === 'path' && isSameAddress(text, place, other)),
          )
          const changed = text.slice(0, place) + other + text.slice(place + 1)
          // Refused as such, before anything else.
          fc.pre(!changed.includes('%00'))
          const answer = await send(
            part === 'path' || part === 'body'
              ? { ...right, [part]: changed }
              : { ...right, headers: { ...right.headers, [part]: changed } },
          )
          expect(answer.status).toBe(401)
          answers.add(((await answer.json()) as { detail: string }).detail)
        },
      ),
      { numRuns: 300 },
    )
    expect(answers.size).toBe(1)
    expect((await send({ ...right, method: 'GET', body: null })).status).toBe(401)
    expect(seen).toHaveLength(1)
  })

  it('are refused when they are not signed, signed with another key, stale, or for another host', async () => {
    const before = await counted('forged')
    const { 'x-hubspot-signature-v3': signature, ...unsigned } = signed().headers
    const minutes = (many: number) => new Date(now.getTime() + many * 60_000)
    const wrong: readonly SignedParts[] = [
      { ...signed(), headers: unsigned },
      { ...signed(), headers: { 'x-hubspot-signature-v3': signature } },
      { ...signed(), headers: { ...unsigned, 'x-hubspot-signature-v3': '' } },
      { ...signed(), headers: { ...unsigned, 'x-hubspot-signature-v3': `${signature}x` } },
      { ...signed(), headers: { ...unsigned, 'x-hubspot-signature-v3': signature.replace('=', '') } },
      signed({ secret: 'guessed' }),
      signed({ base: 'https://elsewhere.example' }),
      signed({ now: new Date(minutes(-5).getTime() - 1) }),
      signed({ now: new Date(minutes(5).getTime() + 1) }),
      // The sandbox speaks for its own account alone.
      signed({ ...SANDBOX }),
    ]
    const said = new Set<string>()
    for (const one of wrong) {
      const answer = await send(one)
      expect(answer.status).toBe(401)
      said.add(((await answer.json()) as { detail: string }).detail)
    }
    expect(said.size).toBe(1)
    expect(await counted('forged')).toBe(before + wrong.length)
    // Whatever host the request says it is for, the configured address counts.
    const elsewhere = await send(signed({ base: 'https://elsewhere.example' }), {
      'x-forwarded-host': 'elsewhere.example',
    })
    expect(elsewhere.status).toBe(401)
    expect(
      (await send(signed({ now: minutes(-5) }), { 'x-forwarded-host': 'elsewhere.example' })).status,
    ).toBe(200)
    expect(seen).toHaveLength(1)
  })

  it('change something once, and may look as often as they like', async () => {
    const looks = signed({ method: 'GET', body: undefined })
    expect((await send(looks)).status).toBe(200)
    expect((await send(looks)).status).toBe(200)
    const change = signed()
    const many = await Promise.all([1, 2, 3].map(() => send(change)))
    expect(many.map(({ status }) => status).toSorted()).toEqual([200, 401, 401])
    expect(await counted('replayed')).toBe(2)
    now = new Date(now.getTime() + 4 * 60_000)
    expect((await send(change)).status).toBe(401)
    expect((await send(signed())).status).toBe(200)
  })

  it('that failed by our fault may come again, since HubSpot asks once more', async () => {
    const change = signed()
    fails = new Error('the database is away')
    expect((await send(change)).status).toBe(500)
    fails = null
    expect((await send(change)).status).toBe(200)
    expect((await send(change)).status).toBe(401)
  })

  it('of an account that nobody connected, or not any more, are told so', async () => {
    const stranger = await send(signed({ user: { portal: '123' } }))
    expect(stranger.status).toBe(404)
    expect(await stranger.json()).toMatchObject({
      detail: expect.stringMatching(/^The HubSpot account 123 is not connected/),
    })
    const other = String(portals++)
    const disconnected = await connect(tenant, {}, other)
    await database.withTenant(tenant, (tx) => setConnectionStatus(tx, disconnected, 'disconnected', null))
    expect((await send(signed({ user: { portal: other } }))).status).toBe(404)
    expect(seen).toEqual([])
  })

  it('cannot name an account of their own choice beside the one that HubSpot adds', async () => {
    const other = await addTenant(database, 'Other')
    await connect(other, {}, '800')
    for (const query of [{ portalId: '800' }, { userEmail: 'ann@acme.example' }, { userId: '5' }])
      expect((await send(signed({ query }))).status).toBe(400)
    expect(seen).toEqual([])
  })

  it('of an account that two companies connected are answered by who installed the app, or came first', async () => {
    const later = await addTenant(database, 'Later')
    await connect(later)
    await send(signed())
    expect(seen.at(-1)!.tenant).toBe(tenant)
    // It alone has contacts, and they are what is asked for.
    await connect(later, { object: 'contacts' })
    await send(signed({ query: { a: '1' } }))
    expect(seen.at(-1)!.tenant).toBe(later)
    const installed = await addTenant(database, 'Installed')
    await connect(installed, { object: 'contacts', auth: 'oauth' })
    await send(signed({ query: { a: '2' } }))
    expect(seen.at(-1)!).toMatchObject({ tenant: installed, connections: [{ object: 'contacts' }] })
  })

  it('are counted by user', async () => {
    const narrow = await startTestServer(
      database,
      routes,
      { rates: { changes: 2, costly: 2 } },
      { publicUrl: BASE, clock: () => now, appKeys: [{ secret: SECRET, base: BASE }] },
    )
    const ask = (user: string, at: number) => {
      const { path, ...init } = signed({ user: { user }, query: { at: String(at) } })
      return narrow.fetch(path, init)
    }
    expect((await ask('1', 1)).status).toBe(200)
    expect((await ask('1', 2)).status).toBe(200)
    expect((await ask('1', 3)).status).toBe(429)
    expect((await ask('2', 4)).status).toBe(200)
    await narrow.close()
  })
})

/** Escapes of what HubSpot signs decoded mean the same in either case, as does the character itself. */
function isSameAddress(text: string, at: number, other: string): boolean {
  const decoded = (url: string) =>
    url.replace(/%(3A|2F|3F|40|21|24|27|28|29|2A|2C|3B)/gi, (code) => decodeURIComponent(code))
  return decoded(text) === decoded(text.slice(0, at) + other + text.slice(at + 1))
}
