import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { API_SCOPES } from '../../src/security/access.ts'
import { revokeApiKey } from '../../src/security/api-keys.ts'
import type { Database } from '../../src/store/database.ts'
import { databaseKind } from '../support/database.ts'
import type { TestServer } from '../support/server.ts'
import { plantCanary } from './canary.ts'
import { connectOrg } from './crm/salesforce-rig.ts'
import { DOORS, SAME_SITE, openCompanies, type Companies, type Place } from './companies.ts'
import {
  PACKAGE_ORG,
  ask,
  credentialsOf,
  doorOf,
  opens,
  textOf,
  thingOf,
  type Route,
  type Things,
} from './matrix.ts'

const WORD = 'kanarienvogel'

let companies: Companies
let database: Database
let server: TestServer
let here: Place
let there: Place
let things: Things
let routes: readonly (Route & { readonly door: string; readonly name: string })[]
/** Those that end sessions after the others, which stand on them. */
let endsLast: typeof routes

beforeAll(async () => {
  companies = await openCompanies()
  ;({ database, server, here, there } = companies)
  things = await plantCanary({ database, server, word: WORD }, here)
  routes = server.access.map(({ method, path, access }) => ({
    method,
    path,
    name: `${method} ${path}`,
    door: doorOf(access),
  }))
  endsLast = routes.toSorted((a, b) => Number(ENDS.test(a.name)) - Number(ENDS.test(b.name)))
})
afterAll(() => companies.close())

/** Each table of a company, as a hash of all that it holds. */
async function stateOf(place: Place, but: readonly string[] = []): Promise<Readonly<Record<string, string>>> {
  return database.asSystem('a test', async (tx) => {
    const tables = await tx.query<{ name: string }>(
      `select c.table_name as name from information_schema.columns c
       join information_schema.tables t using (table_schema, table_name)
       where c.table_schema = 'public' and c.column_name = 'tenant_id' and t.table_type = 'BASE TABLE'
       order by 1`,
    )
    const state: Record<string, string> = {}
    for (const { name } of tables) {
      if (but.includes(name)) continue
      const [{ hash }] = await tx.query<{ hash: string }>(
        `select md5(coalesce(string_agg(row::text, '|' order by row::text), '')) as hash
         from (select to_jsonb(r) as row from ${name} r where tenant_id = $1) rows`,
        [place.tenant],
      )
      state[name] = hash
    }
    return state
  })
}

/** Routes that end what asks, or make it somebody else: each is asked by a session of its own. */
const ENDS = /^(post \/(sign-out|company|v1\/session\/company)|delete \/v1\/session)/

describe(`every route (${databaseKind})`, () => {
  it('is written down with whom it is open to', () => {
    expect(Object.fromEntries(routes.map(({ name, door }) => [name, door]))).toEqual(DOORS)
    expect(routes).toHaveLength(Object.keys(DOORS).length)
  })

  it('says what its path names, so that a stranger can ask for it', () => {
    for (const route of routes) expect(() => thingOf(route, things), route.name).not.toThrow()
  })

  it('is closed to whoever shows nothing, a wrong key, a revoked one or a made-up session', async () => {
    const revoked = await server.key(there.tenant, ...API_SCOPES)
    await database.withTenant(there.tenant, async (tx) => {
      const [{ id }] = await tx.query<{ id: string }>(
        'select id from api_keys order by created_at desc limit 1',
      )
      await revokeApiKey(tx, null, { id, actor: 'a test' })
    })
    const shown: Record<string, string>[] = [
      {},
      { cookie: `holdfast_session=${'a'.repeat(43)}`, ...SAME_SITE },
      { cookie: 'holdfast_session=', ...SAME_SITE },
      { cookie: `__Host-holdfast_session=${revoked.slice(3)}`, ...SAME_SITE },
    ]
    for (const route of routes) {
      if (route.door === 'public') continue
      for (const headers of shown) {
        const answer = await ask(server, route, things, headers)
        expect(answer.status, `${route.name} ${JSON.stringify(headers)}`).toBe(401)
        expect(answer.headers.get('www-authenticate')).toBe('Bearer realm="Holdfast"')
        expect(await textOf(answer)).not.toMatch(new RegExp(WORD, 'i'))
      }
    }
    for (const authorization of [
      `Bearer hf_${'a'.repeat(43)}`,
      `Bearer ${revoked}`,
      'Bearer x',
      'Bearer ',
      `Basic ${btoa('a:b')}`,
    ])
      expect(
        (await server.fetch('/v1/customers', { headers: { authorization } })).status,
        authorization,
      ).toBe(401)
    // A key that is no good is not made good by a session beside it.
    const cookie = await server.cookie(there.tenant, 'admin', true)
    const both = { cookie, authorization: 'Bearer x' }
    expect((await server.fetch('/v1/customers', { headers: both })).status).toBe(401)
  })

  it('refuses the scopes and roles that it does not name, and a refusal leaves no trace', async () => {
    const credentials = await credentialsOf(server, here.tenant)
    const before = await stateOf(here)
    let refused = 0
    for (const route of routes) {
      const closed = credentials.filter((credential) => !opens(route.door, credential))
      const answers = await Promise.all(closed.map(({ headers }) => ask(server, route, things, headers)))
      for (const [at, { name }] of closed.entries())
        expect(answers[at].status, `${route.name} by ${name}`).toBe(403)
      refused += closed.length
    }
    expect(refused).toBeGreaterThan(300)
    const { sessions: _, api_keys: __, ...after } = await stateOf(here)
    expect(before).toMatchObject(after)
  })

  it('tells nobody of another company anything, and changes nothing for them', async () => {
    const strangers = await credentialsOf(server, there.tenant)
    const before = await stateOf(here)
    let asked = 0
    let leaks = 0
    for (const route of endsLast)
      for (const stranger of strangers) {
        const own = ENDS.test(route.name) && stranger.role !== undefined
        const headers = own
          ? { cookie: await server.cookie(there.tenant, stranger.role, stranger.installation), ...SAME_SITE }
          : stranger.headers
        const answer = await ask(server, route, things, headers)
        const text = await textOf(answer)
        asked++
        const told = `${route.name} by ${stranger.name} of another company: ${answer.status} ${text.slice(0, 300)}`
        if (!opens(route.door, stranger)) expect(answer.status, told).toBe(403)
        else if (thingOf(route, things) !== null && route.door !== 'public')
          expect(answer.status, told).toBe(route.path.includes('/offer-pools/') ? answer.status : 404)
        // There is no queue in this test, and /readyz says so.
        // Nor is there a CRM.
        const away = text.includes('"code":"connector_unavailable"')
        if (route.path !== '/readyz' && !away) expect([500, 503], told).not.toContain(answer.status)
        // Who holds the installation is to know which companies there are, and switches to them with a new session.
        const isHolder = stranger.installation === true
        const said = isHolder ? text.replaceAll(`${WORD} Ltd`, '') : text
        // Its own id was in what was asked.
        const quoted = said.replaceAll(things.code, '').replaceAll(`"${things.pool}"`, '')
        const enters = isHolder && /^post \/(company|v1\/session\/company)$/.test(route.name)
        if (!enters && new RegExp(WORD, 'i').test(quoted)) {
          leaks++
          expect.soft(quoted, told).not.toMatch(new RegExp(WORD, 'i'))
        }
      }
    expect(asked).toBeGreaterThan(1000)
    expect(leaks).toBe(0)
    // Entering a company is in its own log, by a session of its own there.
    const { sessions: _, audit_log: __, ...after } = await stateOf(here)
    expect(before).toMatchObject(after)
  })

  it('opens to the scopes and roles that it names', async () => {
    // The org whose key is shown: a door that opens finds somebody at home.
    await connectOrg(database, server, { tenant: here.tenant, org: PACKAGE_ORG, count: 1 })
    const credentials = await credentialsOf(server, here.tenant)
    // What takes away comes last: the others stand on it.
    const takesLast = endsLast.toSorted(
      (a, b) => Number(a.method === 'delete') - Number(b.method === 'delete'),
    )
    for (const route of takesLast)
      for (const credential of credentials) {
        if (route.door === 'public' || !opens(route.door, credential)) continue
        const headers =
          credential.role === undefined || !(ENDS.test(route.name) || /sessions/.test(route.path))
            ? credential.headers
            : {
                cookie: await server.cookie(here.tenant, credential.role, credential.installation),
                ...SAME_SITE,
              }
        const about = {
          ...things,
          // Who was turned down has no code any more; the offer is still known by its id.
          code: things.intervention,
          // There is no model in this test to score by.
          ...(route.name === 'post /v1/score' ? { customer: Number.NaN } : {}),
        }
        const answer = await ask(server, route, about, headers)
        const told = `${route.name} by ${credential.name}: ${await textOf(answer)}${answer.status === 500 ? server.log().slice(-3000) : ''}`
        // Of the sandboxes nothing is there, and no model; of what was taken away nothing any more.
        const gone =
          /mail|inbox\/|texts\/|models\//.test(route.name) || route.method === 'delete' ? [] : [404]
        // A list of the company's own takes the role operator.
        const barred =
          (/^post .*\/company$/.test(route.name) && credential.installation !== true) ||
          (route.path.includes('/customer-views/') && credential.role === 'viewer')
            ? []
            : [403]
        expect([401, ...barred, ...gone, 405, 500], told).not.toContain(answer.status)
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
