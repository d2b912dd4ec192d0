import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { TenantId } from '../../src/contracts/ids.ts'
import { API_SCOPES, ROLES, type ApiScope, type Role } from '../../src/security/access.ts'
import { revokeApiKey } from '../../src/security/api-keys.ts'
import { listAudit } from '../../src/store/audit.ts'
import type { Database } from '../../src/store/database.ts'
import { databaseKind } from '../support/database.ts'
import type { TestServer } from '../support/server.ts'
import { DOORS, SAME_SITE, openCompanies, type Companies, type Place } from './companies.ts'

let companies: Companies
let database: Database
let server: TestServer
let here: Place

beforeAll(async () => {
  companies = await openCompanies()
  ;({ database, server, here } = companies)
})
afterAll(() => companies.close())

/** A caller as the request shows it. */
interface Credential {
  readonly name: string
  readonly headers: Record<string, string>
  readonly scope?: ApiScope
  readonly role?: Role
  readonly installation?: boolean
}

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
    .replace('/decisions/{id}', '/decisions/1')
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
        const absent = /mail|inbox\/|texts\/|offers\/\{code/.test(route) ? [] : [404]
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
