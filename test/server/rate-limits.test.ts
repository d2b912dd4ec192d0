import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
import type { TenantId } from '../../src/contracts/ids.ts'
import { apiRoutes } from '../../src/server/api/routes.ts'
import { route } from '../../src/server/route.ts'
import type { Database } from '../../src/store/database.ts'
import { addTenant, openTestDatabase } from '../support/database.ts'
import { startTestServer, type TestServer } from '../support/server.ts'

const access = { scope: 'write', role: 'viewer' } as const
const plain = { tag: 'Test', summary: 'x', access, answers: { 200: { description: 'x' } } } as const
const done = () => ({ status: 200, body: {} })

const routes = [
  route({ ...plain, method: 'post', path: '/v1/change', handle: done }),
  route({ ...plain, method: 'get', path: '/v1/look', handle: done }),
  route({ ...plain, method: 'get', path: '/v1/dear', rate: 'costly', handle: done }),
  route({ ...plain, method: 'post', path: '/v1/free', rate: null, handle: done }),
  route({
    ...plain,
    method: 'get',
    path: '/v1/list',
    query: z.strictObject({ format: z.string().optional() }),
    handle: done,
  }),
  route({
    ...plain,
    method: 'post',
    path: '/v1/held',
    body: z.strictObject({ fresh: z.boolean() }),
    handle: done,
  }),
  route({ ...plain, method: 'post', path: '/v1/open', access: 'public', handle: done }),
  route({
    ...plain,
    method: 'post',
    path: '/v1/from-elsewhere',
    access: 'public',
    crossSite: true,
    handle: done,
  }),
]

let database: Database
let server: TestServer
let tenant: TenantId

beforeAll(async () => {
  database = await openTestDatabase()
  tenant = await addTenant(database)
  server = await startTestServer(database, routes, { trustProxy: 1, rates: { changes: 6, costly: 2 } })
})
afterAll(async () => {
  await server.close()
  await database.close()
})

let address = 0
/** An office of its own. */
const newAddress = () => `192.0.2.${++address}`

const ask = (method: string, path: string, headers: Record<string, string>) =>
  server.fetch(path, { method, headers: { 'sec-fetch-site': 'same-origin', ...headers } })

async function statuses(many: number, method: string, path: string, headers: Record<string, string>) {
  const found: number[] = []
  for (let n = 0; n < many; n++) found.push((await ask(method, path, headers)).status)
  return found
}

const of = (status: number, many: number): number[] => Array.from({ length: many }, () => status)

describe('limits', () => {
  it('are a session’s own: the next change is refused with when to come back, and others go on', async () => {
    const headers = { cookie: await server.cookie(tenant, 'admin'), 'x-forwarded-for': newAddress() }
    expect(await statuses(6, 'POST', '/v1/change', headers)).toEqual(of(200, 6))
    const refused = await ask('POST', '/v1/change', headers)
    expect(refused.status).toBe(429)
    const seconds = Number(refused.headers.get('retry-after'))
    expect(seconds).toBeGreaterThan(0)
    expect(seconds).toBeLessThanOrEqual(60)
    expect(await refused.json()).toMatchObject({
      code: 'too_many_requests',
      retryable: true,
      detail: expect.stringMatching(/More than 6 changes came from your session/) as string,
    })
    // Looking is no change, and another session is another.
    expect((await ask('GET', '/v1/look', headers)).status).toBe(200)
    expect(
      (await ask('POST', '/v1/change', { ...headers, cookie: await server.cookie(tenant, 'admin') })).status,
    ).toBe(200)
  })

  it('are a key’s own', async () => {
    const [one, two] = [await server.key(tenant, 'write'), await server.key(tenant, 'write')]
    const headers = { 'x-forwarded-for': newAddress() }
    const as = (key: string) => ({ ...headers, authorization: `Bearer ${key}` })
    expect(await statuses(7, 'POST', '/v1/change', as(one))).toEqual([...of(200, 6), 429])
    expect((await ask('POST', '/v1/change', as(two))).status).toBe(200)
  })

  it('are five callers’ for an address, however many callers there are', async () => {
    const ip = newAddress()
    for (let caller = 0; caller < 5; caller++) {
      const headers = { authorization: `Bearer ${await server.key(tenant, 'write')}`, 'x-forwarded-for': ip }
      expect(await statuses(6, 'POST', '/v1/change', headers)).toEqual(of(200, 6))
    }
    const sixth = { authorization: `Bearer ${await server.key(tenant, 'write')}` }
    expect((await ask('POST', '/v1/change', { ...sixth, 'x-forwarded-for': ip })).status).toBe(429)
    expect((await ask('POST', '/v1/change', { ...sixth, 'x-forwarded-for': newAddress() })).status).toBe(200)
  })

  it('are lower for what is dear, a list as a file among it', async () => {
    const headers = {
      authorization: `Bearer ${await server.key(tenant, 'write')}`,
      'x-forwarded-for': newAddress(),
    }
    expect(await statuses(9, 'GET', '/v1/list', headers)).toEqual(of(200, 9))
    expect((await ask('GET', '/v1/dear', headers)).status).toBe(200)
    expect(await statuses(2, 'GET', '/v1/list?format=csv', headers)).toEqual([200, 429])
    expect((await ask('GET', '/v1/dear', headers)).status).toBe(429)
    expect((await ask('POST', '/v1/change', headers)).status).toBe(200)
  })

  it('are lower for what is read anew than for what is held', async () => {
    const headers = {
      authorization: `Bearer ${await server.key(tenant, 'write')}`,
      'x-forwarded-for': newAddress(),
    }
    const held = async (fresh: boolean) =>
      (
        await server.fetch('/v1/held', {
          method: 'POST',
          headers: { ...headers, 'content-type': 'application/json' },
          body: JSON.stringify({ fresh }),
        })
      ).status
    expect([await held(true), await held(true), await held(true), await held(false)]).toEqual([
      200, 200, 429, 200,
    ])
  })

  it('hold by address for what is open to everybody, but not for what providers send with a proof of its own', async () => {
    const headers = { 'x-forwarded-for': newAddress() }
    expect(await statuses(31, 'POST', '/v1/open', headers)).toEqual([...of(200, 30), 429])
    expect(await statuses(40, 'POST', '/v1/from-elsewhere', headers)).toEqual(of(200, 40))
    const key = { ...headers, authorization: `Bearer ${await server.key(tenant, 'write')}` }
    expect(await statuses(40, 'POST', '/v1/free', key)).toEqual(of(200, 40))
  })
})

it('leaves scoring as quick as it is: the route of scores counts nowhere', () => {
  expect(apiRoutes.filter(({ rate }) => rate === null).map(({ path }) => path)).toEqual(['/v1/score'])
})

it('counts what asks the CRM, decides on a whole book or sends all of it as dear, and what follows a slider not', () => {
  const dear = apiRoutes
    .filter(({ rate }) => rate === 'costly')
    .map(({ method, path }) => `${method} ${path}`)
  expect(dear.toSorted()).toEqual([
    'get /v1/connections/{id}/agreements',
    'get /v1/connections/{id}/population',
    'get /v1/connections/{id}/responsible',
    'get /v1/customers.csv',
    'get /v1/exports/{table}',
    'post /v1/connections/{id}/agreements/preview',
    'post /v1/connections/{id}/check',
    'post /v1/connections/{id}/mapping/preview',
    'post /v1/connections/{id}/population/preview',
    'post /v1/preview',
    'post /v1/setup/actions',
    'post /v1/setup/look',
  ])
})
