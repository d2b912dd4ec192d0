import { createHmac } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { ConnectionId, TenantId } from '../../src/contracts/ids.ts'
import { createConnection, setConnectionStatus } from '../../src/store/connections.ts'
import { openMetrics } from '../../src/server/metrics.ts'
import type { Database } from '../../src/store/database.ts'
import { listSteps } from '../../src/store/steps.ts'
import { pendingReceipts } from '../../src/store/webhook-receipts.ts'
import { addTenant, databaseKind, openTestDatabase } from '../support/database.ts'
import { startTestServer, type TestServer } from '../support/server.ts'

const PATH = '/webhooks/hubspot'
const PUBLIC = 'https://holdfast.example'
const APP = { secret: 'yyyyyyyy-yyyy-yyyy-yyyy-yyyyyyyyyyyy', base: PUBLIC }
/** That of a sandbox, which speaks for itself alone. */
const OTHER = { secret: 'sandbox', base: 'http://127.0.0.1:3000', portal: '900' }

const metrics = openMetrics()
let database: Database
let server: TestServer
let woken: (TenantId | undefined)[] = []
let now = new Date('2026-11-21T10:00:00Z')
beforeAll(async () => {
  database = await openTestDatabase()
  const absent = () => Promise.reject(new Error('there is no queue in this test'))
  server = await startTestServer(
    database,
    [],
    { metrics },
    {
      publicUrl: PUBLIC,
      clock: () => now,
      appKeys: [APP, OTHER],
      queue: { wake: (tenant) => void woken.push(tenant), counts: absent, queues: [] },
    },
  )
})
afterAll(async () => {
  await server.close()
  await database.close()
})

let portals = 5000
let portal: string
let tenant: TenantId
let connection: ConnectionId
beforeEach(async () => {
  portal = String(portals++)
  tenant = await addTenant(database)
  connection = await connect(tenant)
  woken = []
  now = new Date('2026-11-21T10:00:00Z')
})

const connect = (of: TenantId, externalId = portal): Promise<ConnectionId> =>
  database.withTenant(of, (tx) =>
    createConnection(tx, {
      kind: 'hubspot',
      name: 'A portal',
      sandbox: false,
      externalId,
      config: {},
      population: null,
    }),
  )

const event = (more: object = {}): object => ({
  eventId: 1,
  subscriptionId: 2,
  portalId: Number(portal),
  appId: 3,
  occurredAt: now.getTime(),
  subscriptionType: 'company.propertyChange',
  attemptNumber: 0,
  objectId: 77,
  propertyName: 'plan',
  propertyValue: 'x',
  changeSource: 'CRM_UI',
  ...more,
})

interface Sent {
  readonly key?: { readonly secret: string; readonly base: string }
  readonly at?: number
  readonly signature?: string | null
}

function send(body: unknown, { key = APP, at = now.getTime(), signature }: Sent = {}): Promise<Response> {
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  const right = createHmac('sha256', key.secret).update(`POST${key.base}${PATH}${text}${at}`).digest('base64')
  return server.fetch(PATH, {
    method: 'POST',
    body: text,
    headers: {
      'content-type': 'application/json',
      'x-hubspot-request-timestamp': String(at),
      ...(signature === null ? {} : { 'x-hubspot-signature-v3': signature ?? right }),
    },
  })
}

const pending = (of = { tenant, connection }) =>
  database.withTenant(of.tenant, (tx) => pendingReceipts(tx, of.connection, 1000))

const refreshOf = async (of = { tenant, connection }) =>
  (await database.withTenant(of.tenant, (tx) => listSteps(tx, of))).find(({ step }) => step === 'refresh')

async function counted(result: string): Promise<number> {
  const metric = await metrics.registry.getSingleMetric('holdfast_webhook_events_total')!.get()
  return metric.values.find(({ labels }) => labels['result'] === result)?.value ?? 0
}

describe(`webhooks of HubSpot (${databaseKind})`, () => {
  it('are kept, asked to be looked at, and answered with nothing', async () => {
    const answer = await send([
      event(),
      event({ eventId: 4, objectId: 78, subscriptionType: 'company.creation' }),
    ])
    expect(answer.status).toBe(204)
    expect(await answer.text()).toBe('')
    expect((await pending()).map(({ hint }) => [hint.object, hint.id, hint.kind]).toSorted()).toEqual([
      ['companies', '77', 'changed'],
      ['companies', '78', 'created'],
    ])
    expect(await refreshOf()).toMatchObject({ state: 'due' })
    expect(woken).toEqual([tenant])
  })

  it('count once, however often they are sent and in whatever company', async () => {
    const twin = await connect(tenant)
    const neighbour = await addTenant(database, 'Neighbour')
    const theirs = { tenant: neighbour, connection: await connect(neighbour) }
    const stranger = { tenant: neighbour, connection: await connect(neighbour, '4999') }
    for (let time = 0; time < 3; time++)
      expect(
        (await send([event(), event({ eventId: 9, occurredAt: now.getTime() + 1 }), event()])).status,
      ).toBe(204)
    expect(await pending()).toHaveLength(2)
    expect(await pending({ tenant, connection: twin })).toHaveLength(2)
    expect(await pending(theirs)).toHaveLength(2)
    expect(await pending(stranger)).toEqual([])
    expect(woken.filter((one) => one === tenant)).toHaveLength(1)
    expect(woken.filter((one) => one === neighbour)).toHaveLength(1)
  })

  it('of our own writes, of objects that nobody reads and of portals that nobody knows change nothing', async () => {
    const before = await counted('unknown_portal')
    const own = event({ changeSource: 'INTEGRATION', sourceId: '3', propertyName: 'holdfast_risk' })
    const ticket = event({ subscriptionType: 'ticket.propertyChange' })
    expect((await send([own, ticket])).status).toBe(204)
    expect((await send([event({ portalId: 1 })])).status).toBe(204)
    expect(await counted('unknown_portal')).toBe(before + 1)
    await database.withTenant(tenant, (tx) => setConnectionStatus(tx, connection, 'disconnected', null))
    expect((await send([event()])).status).toBe(204)
    expect(await counted('unknown_portal')).toBe(before + 2)
    expect(await pending()).toEqual([])
    expect(await refreshOf()).toBeUndefined()
    expect(woken).toEqual([])
  })

  it('that are forged, stale, changed on the way or not signed are refused without a word why', async () => {
    const minutes = 60_000
    const body = JSON.stringify([event()])
    const forged: readonly Sent[] = [
      { key: { ...APP, secret: 'guessed' } },
      { key: { ...APP, base: 'https://elsewhere.example' } },
      { signature: null },
      { signature: '' },
      { signature: 'AAAA' },
      { at: now.getTime() - 5 * minutes - 1 },
      { at: now.getTime() + 5 * minutes + 1 },
    ]
    const before = await counted('forged')
    const told = new Set<string>()
    for (const one of forged) {
      const answer = await send(body, one)
      expect(answer.status).toBe(401)
      told.add(((await answer.json()) as { detail: string }).detail)
    }
    expect(told.size).toBe(1)
    // Signed, and then another body.
    const signature = createHmac('sha256', APP.secret)
      .update(`POST${APP.base}${PATH}${body}${now.getTime()}`)
      .digest('base64')
    expect((await send(`${body} `, { signature })).status).toBe(401)
    expect(await counted('forged')).toBe(before + forged.length + 1)
    expect(await pending()).toEqual([])
    expect((await send(body, { at: now.getTime() - 5 * minutes })).status).toBe(204)
  })

  it('that are too large or no events are refused', async () => {
    expect((await send(`["${'x'.repeat(1024 * 1024)}"]`)).status).toBe(413)
    for (const body of ['{"a":', '', 'null', '{}', '"x"', '\u0000'])
      expect((await send(body)).status).toBe(400)
    // Whatever else is in it, what can be read counts.
    const mixed = [
      null,
      7,
      { portalId: {} },
      event({ objectId: null }),
      event({ subscriptionType: 5 }),
      event(),
    ]
    expect((await send(mixed)).status).toBe(204)
    expect(await pending()).toHaveLength(1)
  })

  it('of a sandbox speak for the sandbox alone', async () => {
    expect((await send([event()], { key: OTHER })).status).toBe(204)
    expect(await pending()).toEqual([])
    const own = { tenant, connection: await connect(tenant, OTHER.portal) }
    expect((await send([event({ portalId: 900 })], { key: OTHER })).status).toBe(204)
    expect(await pending(own)).toHaveLength(1)
  })

  it('of a private app are signed with the secret in the vault, for its portal alone', async () => {
    const secret = 'a private secret'
    const key = { ...APP, secret }
    const { vault } = server.services
    await database.withTenant(tenant, (tx) =>
      vault.seal(tx, { owner: `hubspot:${portal}`, name: 'webhook_secret' }, secret),
    )
    const elsewhere = String(portals++)
    const other = await addTenant(database, 'Other')
    const theirs = { tenant: other, connection: await connect(other, elsewhere) }
    expect((await send([event(), event({ portalId: Number(elsewhere) })], { key })).status).toBe(204)
    expect(await pending()).toHaveLength(1)
    expect(await pending(theirs)).toEqual([])
    expect((await send([event({ portalId: Number(elsewhere) })], { key })).status).toBe(401)
  })

  it('of a private app are the word of the company whose secret it is, and of no other one', async () => {
    const neighbour = await addTenant(database, 'Neighbour')
    const theirs = { tenant: neighbour, connection: await connect(neighbour) }
    const secret = 'what the neighbour made up'
    await database.withTenant(neighbour, (tx) =>
      server.services.vault.seal(tx, { owner: `hubspot:${portal}`, name: 'webhook_secret' }, secret),
    )
    const forgotten = event({ subscriptionType: 'contact.privacyDeletion' })
    expect((await send([forgotten], { key: { ...APP, secret } })).status).toBe(204)
    expect(await pending(theirs)).toHaveLength(1)
    expect(await pending()).toEqual([])
  })

  it('wait for a connection that is paused, where its next sync would not find out by itself', async () => {
    await database.withTenant(tenant, (tx) => setConnectionStatus(tx, connection, 'paused', 'by hand'))
    const deleted = event({ eventId: 7, subscriptionType: 'company.deletion' })
    const created = event({ eventId: 8, subscriptionType: 'company.creation' })
    expect((await send([event(), deleted, created])).status).toBe(204)
    expect((await pending()).map(({ hint }) => hint.kind)).toEqual(['deleted'])
  })

  it.each(['paused', 'needs_reconnect', 'disconnected'] as const)(
    'that somebody is to be forgotten wait for no connection that is %s',
    async (status) => {
      await database.withTenant(tenant, async (tx) => {
        await tx.query(
          `insert into customers (tenant_id, connection_id, object, external_id, properties, properties_hash, status,
             group_key, group_name)
           select $1, $2, 'contacts', id, '{}', 'h', 'active', id, 'policy' from unnest(array['77', '78']) as c (id)`,
          [tenant, connection],
        )
        await setConnectionStatus(tx, connection, status, 'by hand')
      })
      const forgotten = event({ subscriptionType: 'contact.privacyDeletion' })
      for (let time = 0; time < 2; time++) expect((await send([forgotten])).status).toBe(204)
      const left = await database.withTenant(tenant, (tx) => tx.query('select external_id from customers'))
      expect(left).toEqual([{ external_id: '78' }])
      expect(await pending()).toEqual([])
    },
  )
})
