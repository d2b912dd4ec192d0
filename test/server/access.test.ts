import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { asCustomer, type ConnectionId, type InterventionId, type TenantId } from '../../src/contracts/ids.ts'
import { API_SCOPES, ROLES, type ApiScope, type Role } from '../../src/security/access.ts'
import { revokeApiKey } from '../../src/security/api-keys.ts'
import { apiRoutes } from '../../src/server/api/routes.ts'
import { pageRoutes } from '../../src/server/pages/routes.ts'
import { listAudit } from '../../src/store/audit.ts'
import type { Database } from '../../src/store/database.ts'
import { activateTenant } from '../../src/store/tenants.ts'
import { fillBook } from '../support/book.ts'
import { addConnection, addTenant, databaseKind, openTestDatabase } from '../support/database.ts'
import { addIntervention } from '../support/ledger.ts'
import { startTestServer, type TestServer } from '../support/server.ts'

/**
 * Everything that the server answers to and who may ask: scope of a key, role of a person. Written down once more, so
 * that nothing opens by a slip; a route that is not in here fails the first test.
 */
const DOORS: Readonly<Record<string, string>> = {
  'post /v1/score': 'score viewer',
  'get /v1/customers': 'read viewer',
  'get /v1/customers/{id}': 'read viewer',
  'get /v1/decisions': 'read viewer',
  'get /v1/interventions': 'read viewer',
  'get /v1/interventions/{id}': 'read viewer',
  'post /v1/interventions': 'write operator',
  'post /v1/interventions/{id}/approve': 'write operator',
  'post /v1/interventions/{id}/reject': 'write operator',
  'post /v1/interventions/{id}/cancel': 'write operator',
  'post /v1/interventions/{id}/snooze': 'write operator',
  'get /v1/connections': 'read viewer',
  'post /v1/connections/{id}/sync': 'write operator',
  'post /v1/connections/{id}/pause': 'write operator',
  'post /v1/connections/{id}/resume': 'write admin',
  'get /v1/runs': 'read viewer',
  'get /v1/settings': 'admin viewer',
  'put /v1/settings': 'admin admin',
  'get /v1/standing': 'read viewer',
  'post /v1/activation': 'admin admin',
  'post /v1/pause': 'admin operator',
  'post /v1/resume': 'admin admin',
  'get /v1/exports/{table}': 'export admin',
  'get /': '- viewer',
  'get /customers': '- viewer',
  'get /customers/{id}': '- viewer',
  'get /outbox': '- viewer',
  'get /outbox/{id}': '- viewer',
  'get /outbox/{id}/mail': '- viewer',
  'post /outbox/{id}/approve': '- operator',
  'post /outbox/{id}/reject': '- operator',
  'post /outbox/{id}/snooze': '- operator',
  'get /inbox': '- viewer',
  'get /inbox/{id}': '- viewer',
  'get /inbox/{id}/mail': '- viewer',
  'post /pause': '- operator',
  'post /resume': '- admin',
  'post /activate': '- admin',
  'post /connections/{id}/run': '- operator',
  'get /healthz': 'public',
  'get /readyz': 'public',
  'get /metrics': 'metrics admin installation',
  'get /sign-in': 'public',
  'post /sign-in': 'public',
  'post /sign-out': '- viewer',
  'get /u/{token}': 'public',
  'post /u/{token}': 'public',
  'get /openapi.json': 'public',
  'get /docs': 'public',
  'get /assets/{file}': 'public',
  'all /admin/queues': '- admin installation',
}

interface Place {
  readonly tenant: TenantId
  readonly connection: ConnectionId
  readonly customer: number
  readonly intervention: InterventionId
}

let database: Database
let server: TestServer
let here: Place
let there: Place

beforeAll(async () => {
  database = await openTestDatabase()
  const absent = () => Promise.reject(new Error('there is no queue in this test'))
  server = await startTestServer(
    database,
    [...apiRoutes, ...pageRoutes()],
    {},
    {
      queue: { wake: () => undefined, counts: absent, queues: [] },
      inbox: { list: () => [], read: () => null, clear: () => undefined },
    },
  )
  here = await addPlace('Here')
  there = await addPlace('There')
  await database.withTenant(there.tenant, (tx) => activateTenant(tx, there.tenant))
})
afterAll(async () => {
  await server.close()
  await database.close()
})

async function addPlace(name: string): Promise<Place> {
  const tenant = await addTenant(database, name)
  const connection = await addConnection(database, tenant)
  const { first } = await fillBook(database, tenant, connection, { count: 3, decided: 1 })
  const place = { tenant, connection, customer: asCustomer(first) }
  const intervention = await addIntervention(database, place, { state: 'awaiting_approval' })
  return { tenant, connection, customer: first, intervention }
}

/** A caller as the request shows it. */
interface Credential {
  readonly name: string
  readonly headers: Record<string, string>
  readonly scope?: ApiScope
  readonly role?: Role
  readonly installation?: boolean
}

const SAME_SITE = { 'sec-fetch-site': 'same-origin' }

async function credentialsOf(tenant: TenantId): Promise<readonly Credential[]> {
  const keys = API_SCOPES.map(async (scope) => ({
    name: `a key for ${scope}`,
    headers: { authorization: `Bearer ${await server.key(tenant, scope)}` },
    scope,
  }))
  const people = ROLES.flatMap((role) => [false, true].map((installation) => ({ role, installation }))).map(
    async ({ role, installation }) => ({
      name: `${role}${installation ? ' of the installation' : ''}`,
      headers: { cookie: await server.cookie(tenant, role, installation), ...SAME_SITE },
      role,
      installation,
    }),
  )
  return Promise.all([...keys, ...people])
}

function opens(door: string, { scope, role, installation = false }: Credential): boolean {
  if (door === 'public') return true
  const [needScope, needRole, span] = door.split(' ')
  if (scope !== undefined) return scope === needScope
  if (span === 'installation' && !installation) return false
  return ROLES.indexOf(role!) >= ROLES.indexOf(needRole as Role)
}

const BODIES: Readonly<Record<string, () => object>> = {
  'post /v1/score': () => ({}),
  'put /v1/settings': () => ({}),
  'post /v1/interventions': () => ({ customer: here.customer, action: 'email' }),
}

function ask(route: string, headers: Record<string, string> = {}, place = here): Promise<Response> {
  const [method, pattern] = route.split(' ')
  const path = pattern
    .replace('/connections/{id}', `/connections/${place.connection}`)
    .replace('/customers/{id}', `/customers/${place.customer}`)
    .replace('{id}', place.intervention)
    .replace('{table}', 'customers')
    .replace(/\{\w+\}/, 'x')
  const sent = method === 'all' ? 'GET' : method.toUpperCase()
  const body = BODIES[route]?.()
  return server.fetch(path, {
    method: sent,
    headers: { ...headers, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
}

async function codeOf(answer: Response): Promise<string> {
  const text = await answer.text()
  return answer.headers.get('content-type') === 'application/problem+json'
    ? String((JSON.parse(text) as { code: unknown }).code)
    : ''
}

describe(`every route (${databaseKind})`, () => {
  it('is written down with whom it is open to', () => {
    const found = server.access.map(({ method, path, access }) => [
      `${method} ${path}`,
      access === 'public'
        ? 'public'
        : [
            access.scope ?? '-',
            access.role ?? '-',
            ...(access.installation === true ? ['installation'] : []),
          ].join(' '),
    ])
    expect(Object.fromEntries(found)).toEqual(DOORS)
    expect(found).toHaveLength(Object.keys(DOORS).length)
  })

  it('is closed to whoever shows nothing, a wrong key, a revoked one or a made-up session', async () => {
    const revoked = await server.key(here.tenant, ...API_SCOPES)
    await database.withTenant(here.tenant, async (tx) => {
      const [{ id }] = await tx.query<{ id: string }>(
        'select id from api_keys order by created_at desc limit 1',
      )
      await revokeApiKey(tx, null, { id, actor: 'a test' })
    })
    const shown = [
      {},
      { cookie: `holdfast_session=${'a'.repeat(43)}`, ...SAME_SITE },
      { cookie: 'holdfast_session=', ...SAME_SITE },
      { cookie: `__Host-holdfast_session=${revoked.slice(3)}`, ...SAME_SITE },
    ]
    for (const [route, door] of Object.entries(DOORS)) {
      if (door === 'public') continue
      for (const headers of shown) {
        const answer = await ask(route, headers)
        expect(answer.status, `${route} ${JSON.stringify(headers)}`).toBe(401)
        expect(answer.headers.get('www-authenticate')).toBe('Bearer realm="Holdfast"')
      }
    }
    for (const authorization of [
      `Bearer hf_${'a'.repeat(43)}`,
      `Bearer ${revoked}`,
      'Bearer x',
      'Bearer ',
      `Basic ${btoa('a:b')}`,
    ])
      expect((await ask('get /v1/customers', { authorization })).status, authorization).toBe(401)
    // A key that is no good is not made good by a session beside it.
    const cookie = await server.cookie(here.tenant, 'admin', true)
    expect((await ask('get /v1/customers', { cookie, authorization: 'Bearer x' })).status).toBe(401)
  })

  it('opens to the scopes and roles that it names and to no other, and a refusal leaves no trace of the work', async () => {
    const credentials = await credentialsOf(here.tenant)
    const stateOf = () =>
      database.withTenant(here.tenant, async (tx) => ({
        audit: (await listAudit(tx, { limit: 1000 })).length,
        interventions: await tx.query('select id, state from interventions order by id'),
        due: await tx.query('select connection_id, step, due_at from steps order by 1, 2'),
      }))
    const before = await stateOf()
    let refused = 0
    for (const [route, door] of Object.entries(DOORS)) {
      const closed = credentials.filter((credential) => !opens(door, credential))
      const answers = await Promise.all(closed.map(({ headers }) => ask(route, headers)))
      for (const [at, { name }] of closed.entries())
        expect(answers[at].status, `${route} by ${name}`).toBe(403)
      refused += closed.length
    }
    expect(refused).toBeGreaterThan(150)
    expect(await stateOf()).toEqual(before)
    // Signing out comes last: it ends what the others stand on.
    const routes = Object.entries(DOORS).toSorted(
      ([a], [b]) => Number(a === 'post /sign-out') - Number(b === 'post /sign-out'),
    )
    for (const [route, door] of routes)
      for (const credential of credentials) {
        if (door === 'public' || !opens(door, credential)) continue
        const answer = await ask(route, credential.headers)
        // Nothing was written yet that these could show.
        const absent = /mail|inbox\//.test(route) ? [] : [404]
        const told = `${route} by ${credential.name}: ${await answer.text()}`
        expect([401, 403, ...absent, 405, 500], told).not.toContain(answer.status)
      }
  })

  it('is not reached by spelling its address otherwise', async () => {
    for (const path of [
      '/admin/queues/',
      '/ADMIN/queues',
      '/admin/queues/api/queues',
      '/admin/queues/static/x.js',
      '/v1/customers/',
      '/V1/customers',
      '/metrics/',
    ])
      expect((await server.fetch(path)).status, path).toBe(401)
    for (const path of [
      '/admin',
      '/admin/%71ueues',
      '/admin//queues',
      '//admin/queues',
      '/x/../v1/nothing',
      '/v1//customers',
      '/v1/customers/1/scores',
      '/v1',
      '/package.json',
      '/assets/..%2f..%2fpackage.json',
      '/.git/config',
    ])
      expect((await server.fetch(path)).status, path).toBe(404)
    for (const [method, path] of [
      ['DELETE', '/v1/customers'],
      ['PUT', '/v1/score'],
      ['PATCH', '/healthz'],
      ['POST', '/metrics'],
    ])
      expect((await server.fetch(path, { method })).status, `${method} ${path}`).toBe(405)
    expect((await server.fetch('/v1/customers', { method: 'HEAD' })).status).toBe(401)
  })
})

describe(`another company (${databaseKind})`, () => {
  /** Routes that take an id in their path; the rest are looked at below. */
  const byId = Object.keys(DOORS).filter((route) => route.includes('/v1/') && route.includes('{id}'))
  const pagesById = Object.keys(DOORS).filter(
    (route) => !route.includes('/v1/') && !route.includes('/inbox/') && route.includes('{id}'),
  )
  const forms: Readonly<Record<string, Record<string, string>>> = {
    'post /outbox/{id}/approve': { back: '/outbox' },
    'post /outbox/{id}/reject': { back: '/outbox' },
    'post /outbox/{id}/snooze': { back: '/outbox', days: '3' },
    'post /connections/{id}/run': { step: 'sync' },
  }
  const bodies: Readonly<Record<string, object>> = {
    'post /v1/interventions/{id}/snooze': { until: new Date(Date.now() + 3_600_000).toISOString() },
    'post /v1/connections/{id}/pause': { reason: 'A test of who may' },
  }
  const visit = async (route: string, place: Place, headers: Record<string, string>) => {
    const [method, pattern] = route.split(' ')
    const id = pattern.includes('customers')
      ? place.customer
      : pattern.includes('connections')
        ? place.connection
        : place.intervention
    const body = bodies[route]
    return server.fetch(pattern.replace('{id}', String(id)), {
      method: method.toUpperCase(),
      headers: { ...headers, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
  }

  it('finds nothing under an id of this one, as if it had never been', async () => {
    const nowhere = {
      ...here,
      connection: randomUUID() as ConnectionId,
      customer: 999_999_999,
      intervention: randomUUID() as InterventionId,
    }
    const strangers = [
      { authorization: `Bearer ${await server.key(there.tenant, ...API_SCOPES)}` },
      { cookie: await server.cookie(there.tenant, 'admin', true), ...SAME_SITE },
    ]
    expect(byId.length).toBeGreaterThan(6)
    for (const route of byId)
      for (const headers of strangers) {
        const answers = await Promise.all(
          [here, nowhere].map(async (place) => {
            const answer = await visit(route, place, headers)
            const { requestId: _, ...rest } = (await answer.json()) as Record<string, unknown>
            return rest
          }),
        )
        expect(answers[0], route).toMatchObject({ status: 404, code: 'not_found' })
        const ids = new RegExp(`${UUID}|${here.customer}|${nowhere.customer}`, 'g')
        expect(JSON.stringify(answers[0]).replace(ids, '')).toBe(JSON.stringify(answers[1]).replace(ids, ''))
      }
    const own = { authorization: `Bearer ${await server.key(here.tenant, ...API_SCOPES)}` }
    const place = { ...here, customer: asCustomer(here.customer) }
    const fresh = {
      ...here,
      intervention: await addIntervention(database, place, { state: 'awaiting_approval' }),
    }
    for (const route of byId.filter((one) => !/approve|reject|cancel/.test(one)))
      expect((await visit(route, fresh, own)).status, route).toBeLessThan(300)
  })

  it('finds no page under an id of this one, and presses no button of it', async () => {
    const theirs = { cookie: await server.cookie(there.tenant, 'admin', true), ...SAME_SITE }
    const own = { cookie: await server.cookie(here.tenant, 'admin', true), ...SAME_SITE }
    const intervention = await addIntervention(
      database,
      { ...here, customer: asCustomer(here.customer) },
      { state: 'awaiting_approval' },
    )
    const place = { ...here, intervention }
    const open = (route: string, headers: Record<string, string>) => {
      const form = forms[route]
      const address = route.split(' ')[1]
      const id = address.startsWith('/customers')
        ? place.customer
        : address.startsWith('/connections')
          ? place.connection
          : place.intervention
      return server.fetch(address.replace('{id}', String(id)), {
        method: form === undefined ? 'GET' : 'POST',
        headers,
        ...(form === undefined ? {} : { body: new URLSearchParams(form) }),
      })
    }
    expect(pagesById.length).toBeGreaterThan(6)
    for (const route of pagesById) expect((await open(route, theirs)).status, route).toBe(404)
    // They are there for their own: of the buttons only the first is still open to press.
    for (const route of pagesById.filter((one) => !/mail|reject|snooze/.test(one)))
      expect((await open(route, own)).status, route).toBeLessThan(400)
  })

  it('reaches nothing of this one through a body, a filter, a list or an export', async () => {
    const key = await server.key(there.tenant, ...API_SCOPES)
    const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' }
    const post = (path: string, body: unknown, more: Record<string, string> = {}) =>
      server.fetch(path, { method: 'POST', headers: { ...headers, ...more }, body: JSON.stringify(body) })
    const asked = await post(
      '/v1/interventions',
      { customer: here.customer, action: 'email' },
      { 'idempotency-key': randomUUID() },
    )
    expect(await codeOf(asked)).toBe('not_found')
    const names = {
      ids: [here.tenant, here.connection, here.intervention],
      customers: [`"id":${here.customer},`],
    }
    for (const path of [
      '/v1/customers?limit=100',
      `/v1/customers?connection=${here.connection}`,
      '/v1/decisions?limit=100',
      `/v1/decisions?customer=${here.customer}`,
      '/v1/interventions?limit=100',
      `/v1/interventions?connection=${here.connection}`,
      `/v1/interventions?customer=${here.customer}`,
      '/v1/connections',
      '/v1/runs',
      `/v1/runs?connection=${here.connection}`,
      ...['customers', 'decisions', 'interventions'].flatMap((table) =>
        ['csv', 'ndjson'].map((format) => `/v1/exports/${table}?format=${format}`),
      ),
    ]) {
      const answer = await server.fetch(path, { headers })
      const text = await answer.text()
      expect([200, 400, 404], `${path}: ${text}`).toContain(answer.status)
      for (const name of [...names.ids, ...names.customers]) expect(text, path).not.toContain(name)
      if (!path.includes('=')) expect(text.length, path).toBeGreaterThan(10)
    }
  })

  it('has no part in what this one saves, pauses or turns on', async () => {
    const admin = {
      cookie: await server.cookie(there.tenant, 'admin'),
      ...SAME_SITE,
      'content-type': 'application/json',
    }
    const mine = { authorization: `Bearer ${await server.key(here.tenant, 'admin', 'read')}` }
    const look = async () =>
      Promise.all(
        ['/v1/settings', '/v1/standing'].map(async (path) =>
          (await server.fetch(path, { headers: mine })).json(),
        ),
      )
    const before = await look()
    for (const [method, path, body, more] of [
      ['PUT', '/v1/settings', { budget: 12_345 }, { 'if-match': '"0"' }],
      ['POST', '/v1/activation', { confirm: true }, {}],
      ['POST', '/v1/pause', { reason: 'A test of who is paused' }, {}],
    ] as const) {
      const answer = await server.fetch(path, {
        method,
        headers: { ...admin, ...more },
        body: JSON.stringify(body),
      })
      expect(answer.status, await answer.text()).toBe(200)
    }
    expect(await look()).toEqual(before)
  })
})

const UUID = '[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}'
