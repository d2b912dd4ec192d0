import { request as httpRequest } from 'node:http'
import { connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { HoldfastError } from '../../src/contracts/errors.ts'
import type { TenantId } from '../../src/contracts/ids.ts'
import { route } from '../../src/server/route.ts'
import type { Database } from '../../src/store/database.ts'
import { addTenant, databaseKind, openTestDatabase } from '../support/database.ts'
import { startTestServer, type TestServer } from '../support/server.ts'

let database: Database
let server: TestServer
let tenant: TenantId
let key: string

const answers = { 200: { description: 'ok' } }
const common = { summary: 'A test', tag: 'Test', answers } as const
const reader = { scope: 'read', role: 'viewer' } as const
const aborted: string[] = []

const routes = [
  route({
    ...common,
    method: 'get',
    path: '/v1/things/{id}',
    access: reader,
    params: z.strictObject({ id: z.coerce.number().int() }),
    query: z.strictObject({ limit: z.coerce.number().int().max(10).default(3) }),
    handle: ({ params, query, tenant, caller }) => ({
      status: 200,
      body: { id: params.id, limit: query.limit, tenant, actor: caller.actor },
    }),
  }),
  route({
    ...common,
    method: 'post',
    path: '/v1/things',
    access: { scope: 'write', role: 'operator' },
    body: z.strictObject({ name: z.string().min(1), tags: z.array(z.strictObject({ n: z.number() })) }),
    bodyLimit: 2048,
    handle: ({ body }) => ({ status: 201, body, headers: { Location: '/v1/things/1' } }),
  }),
  route({
    ...common,
    method: 'get',
    path: '/v1/plain',
    access: 'public',
    handle: ({ requestId, tenant, caller }) => ({ status: 200, body: { requestId, tenant, caller } }),
  }),
  route({
    ...common,
    method: 'get',
    path: '/v1/broken',
    access: 'public',
    handle: () => {
      throw new TypeError('the inside of Holdfast')
    },
  }),
  route({
    ...common,
    method: 'get',
    path: '/v1/away',
    access: 'public',
    handle: () => {
      throw new HoldfastError('database_unavailable', 'The database cannot be reached.', { retryable: true })
    },
  }),
  route({
    ...common,
    method: 'get',
    path: '/v1/export',
    access: 'public',
    query: z.strictObject({ fail: z.enum(['first', 'later']).optional() }),
    handle: ({ query }) => ({
      status: 200,
      type: 'text/csv; charset=utf-8',
      filename: 'customers "of" today.csv',
      stream: (async function* () {
        if (query.fail === 'first') throw new HoldfastError('not_found', 'There is nothing to export.')
        yield 'id\n'
        if (query.fail === 'later') throw new Error('half way')
        yield '1\n'
      })(),
    }),
  }),
  route({
    ...common,
    method: 'get',
    path: '/v1/slow',
    access: 'public',
    handle: async ({ signal, requestId }) => {
      signal.addEventListener('abort', () => aborted.push(requestId))
      await sleep(300)
      return { status: 200, body: 'done' }
    },
  }),
  route({
    ...common,
    method: 'get',
    path: '/page',
    access: { scope: null, role: 'viewer' },
    audience: 'page',
    handle: () => ({ status: 200, html: '<p>hello</p>' }),
  }),
]

beforeAll(async () => {
  database = await openTestDatabase()
  tenant = await addTenant(database)
  server = await startTestServer(database, routes)
  key = await server.key(tenant, 'read', 'write')
})
afterAll(async () => {
  await server.close()
  await database.close()
})

const withKey = (init: RequestInit = {}) => ({
  ...init,
  headers: { authorization: `Bearer ${key}`, ...(init.headers as Record<string, string>) },
})
const post = (body: string | Uint8Array<ArrayBuffer>, type = 'application/json') =>
  server.fetch('/v1/things', withKey({ method: 'POST', body, headers: { 'content-type': type } }))

async function problem(answer: Response): Promise<Record<string, unknown>> {
  expect(answer.headers.get('content-type')).toBe('application/problem+json')
  const body = (await answer.json()) as Record<string, unknown>
  expect(body).toMatchObject({
    status: answer.status,
    type: `urn:holdfast:problem:${String(body['code'])}`,
    requestId: answer.headers.get('x-request-id'),
  })
  return body
}

describe(`a request on ${databaseKind}`, () => {
  it('is parsed by the schemas of its route and carries its tenant', async () => {
    const answer = await server.fetch('/v1/things/7?limit=5', withKey())
    expect(answer.status).toBe(200)
    expect(await answer.json()).toEqual({ id: 7, limit: 5, tenant, actor: 'key:A program' })
    expect(await (await server.fetch('/v1/things/7', withKey())).json()).toMatchObject({ limit: 3 })
  })

  it('keeps a sane id of its own and gets one otherwise', async () => {
    const ask = async (id?: string) => {
      const answer = await server.fetch(
        '/v1/plain',
        id === undefined ? {} : { headers: { 'x-request-id': id } },
      )
      const told = answer.headers.get('x-request-id')
      expect(await answer.json()).toEqual({ requestId: told, tenant: null, caller: null })
      return told
    }
    expect(await ask('abc-123.XYZ')).toBe('abc-123.XYZ')
    expect(await ask()).toMatch(/^[0-9a-f-]{36}$/)
    for (const odd of ['short', 'x'.repeat(65), 'has space in it', 'a"b"c"d"e'])
      expect(await ask(odd)).not.toBe(odd)
  })

  it('is refused with the name of each field that does not fit', async () => {
    const wrong = await problem(await server.fetch('/v1/things/x?limit=50', withKey()))
    expect(wrong).toMatchObject({
      status: 400,
      code: 'request_invalid',
      errors: [{ in: 'path', pointer: '/id' }],
    })
    expect(await problem(await server.fetch('/v1/things/1?limit=50&colour=red', withKey()))).toMatchObject({
      errors: [
        { in: 'query', pointer: '/limit' },
        { in: 'query', pointer: '/colour' },
      ],
    })
    expect(await problem(await server.fetch('/v1/plain?verbose=1'))).toMatchObject({
      errors: [{ in: 'query', pointer: '/verbose' }],
    })
    const body = await problem(await post(JSON.stringify({ tags: [{ n: 1 }, { n: 'two', 'a/b': 1 }] })))
    expect(body['errors']).toEqual([
      expect.objectContaining({ in: 'body', pointer: '/name' }),
      expect.objectContaining({ in: 'body', pointer: '/tags/1/n' }),
      expect.objectContaining({ in: 'body', pointer: '/tags/1/a~1b' }),
    ])
    expect(body['detail']).toContain('"tags.1.n"')
  })

  it('is refused when its body is malformed, of another type, in another encoding, or too large', async () => {
    for (const [body, code, status] of [
      ['{"name": ', 'request_invalid', 400],
      ['', 'request_invalid', 400],
      ['[]', 'request_invalid', 400],
      ['null', 'request_invalid', 400],
      [new Uint8Array([0x22, 0xff, 0xfe, 0x22]), 'request_invalid', 400],
      [JSON.stringify({ name: 'x'.repeat(2048), tags: [] }), 'request_too_large', 413],
    ] as const)
      expect(await problem(await post(body)), String(body)).toMatchObject({ code, status })
    const good = JSON.stringify({ name: 'x', tags: [] })
    for (const type of [
      'text/plain',
      'application/x-www-form-urlencoded',
      'application/json; charset=latin1',
      '',
    ])
      expect(await problem(await post(good, type)), type).toMatchObject({
        code: 'request_media_type',
        status: 415,
      })
    expect((await post(good, 'application/json; charset=UTF-8')).status).toBe(201)
    const gzip = await server.fetch(
      '/v1/things',
      withKey({
        method: 'POST',
        body: good,
        headers: { 'content-type': 'application/json', 'content-encoding': 'gzip' },
      }),
    )
    expect(await problem(gzip)).toMatchObject({ status: 415 })
  })

  it('is refused before its body is sent when that is stated to be too large', async () => {
    const status = await new Promise<number>((resolve, reject) => {
      const sent = httpRequest(`${server.url}/v1/things`, {
        method: 'POST',
        headers: {
          authorization: `Bearer ${key}`,
          'content-type': 'application/json',
          'content-length': 10_000_000,
        },
      })
      sent.on('response', (answer) => {
        resolve(answer.statusCode!)
        sent.destroy()
      })
      sent.on('error', reject)
      sent.write('{"name"')
    })
    expect(status).toBe(413)
  })

  it('is refused at the limit also when it does not state its length', async () => {
    const status = await new Promise<number>((resolve, reject) => {
      const sent = httpRequest(
        `${server.url}/v1/things`,
        { method: 'POST', headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' } },
        (answer) => {
          answer.resume()
          resolve(answer.statusCode!)
        },
      )
      sent.on('error', reject)
      for (let i = 0; i < 64; i++) sent.write('x'.repeat(1024))
      sent.end()
    })
    expect(status).toBe(413)
    expect((await post(JSON.stringify({ name: 'x', tags: [] }))).status).toBe(201)
  })

  it('that breaks off in the middle of its body is noted and done with', async () => {
    const socket = connect(server.port, '127.0.0.1')
    socket.on('error', () => undefined)
    socket.write(
      `POST /v1/things HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${key}\r\nx-request-id: broken-off-body\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{"name": "x", "tags": []}`,
    )
    await sleep(100)
    socket.destroy()
    await expect.poll(() => server.log()).toContain('broken-off-body')
    const line = server
      .log()
      .split('\n')
      .find((text) => text.includes('broken-off-body'))!
    expect(JSON.parse(line)).toMatchObject({ status: 499, code: 'client_gone' })
  })

  it('to an unknown address is not found, as a page where a person asks', async () => {
    expect(await problem(await server.fetch('/v1/nothing'))).toMatchObject({ status: 404, code: 'not_found' })
    const page = await server.fetch('/nothing', { headers: { accept: 'text/html,*/*;q=0.8' } })
    expect(page.status).toBe(404)
    expect(page.headers.get('content-type')).toBe('text/html; charset=utf-8')
    expect(await problem(await server.fetch('/v1/things/%zz'))).toMatchObject({ status: 400 })
  })

  it('with a method that is not possible is told those that are', async () => {
    const answer = await server.fetch('/v1/things', { method: 'DELETE' })
    expect(await problem(answer)).toMatchObject({ status: 405, code: 'method_not_allowed' })
    expect(answer.headers.get('allow')).toBe('OPTIONS, POST')
    const options = await server.fetch('/v1/plain', { method: 'OPTIONS' })
    expect([options.status, options.headers.get('allow')]).toEqual([204, 'GET, HEAD, OPTIONS'])
    const head = await server.fetch('/v1/plain', { method: 'HEAD' })
    expect([head.status, await head.text()]).toEqual([200, ''])
    expect(Number(head.headers.get('content-length'))).toBeGreaterThan(10)
  })
})

describe('an answer', () => {
  it('of a failure that nobody foresaw tells nothing of the inside, and the log everything', async () => {
    const answer = await server.fetch('/v1/broken', { headers: { 'x-request-id': 'broken-request' } })
    const body = await problem(answer)
    expect(body).toMatchObject({ status: 500, code: 'internal', retryable: false })
    expect(JSON.stringify(body)).not.toContain('inside of')
    const line = server
      .log()
      .split('\n')
      .find((text) => text.includes('broken-request'))!
    expect(JSON.parse(line)).toMatchObject({
      level: 'error',
      route: '/v1/broken',
      err: { name: 'TypeError', message: 'the inside of Holdfast' },
    })
  })

  it('of a failure that passes says when to come back', async () => {
    const answer = await server.fetch('/v1/away')
    expect(await problem(answer)).toMatchObject({ status: 503, retryable: true })
    expect(answer.headers.get('retry-after')).toBe('5')
  })

  it('carries security headers, is kept by nobody and names no software', async () => {
    for (const path of ['/v1/plain', '/v1/nothing', '/sign-in']) {
      const { headers } = await server.fetch(path)
      expect(headers.get('content-security-policy'), path).toContain("default-src 'none'")
      expect(headers.get('content-security-policy'), path).not.toContain('unsafe')
      expect(headers.get('x-content-type-options'), path).toBe('nosniff')
      expect(headers.get('x-frame-options'), path).toBe('DENY')
      expect(headers.get('cache-control'), path).toBe('no-store')
      expect(headers.get('x-powered-by'), path).toBeNull()
    }
  })

  it('can be a stream that browsers save', async () => {
    const answer = await server.fetch('/v1/export')
    expect(await answer.text()).toBe('id\n1\n')
    expect(answer.headers.get('content-disposition')).toBe('attachment; filename="customers_of_today.csv"')
  })

  it('that streams fails as a problem before its first row, and breaks off after it', async () => {
    expect(await problem(await server.fetch('/v1/export?fail=first'))).toMatchObject({ code: 'not_found' })
    const half = await server.fetch('/v1/export?fail=later')
    await expect(half.text()).rejects.toThrow()
  })

  it('is not waited for when the client has gone', async () => {
    const controller = new AbortController()
    const asked = server.fetch('/v1/slow', {
      signal: controller.signal,
      headers: { 'x-request-id': 'gone-client' },
    })
    setTimeout(() => controller.abort(), 100)
    await expect(asked).rejects.toThrow()
    await expect.poll(() => aborted).toContain('gone-client')
  })
})

describe('the log', () => {
  it('has a line a request, with the pattern of its route and without its query', async () => {
    await server.fetch(
      '/v1/things/123456?limit=7',
      withKey({ headers: { 'x-request-id': 'one-line-please' } }),
    )
    const line = server
      .log()
      .split('\n')
      .find((text) => text.includes('one-line-please'))!
    expect(JSON.parse(line)).toEqual({
      level: 'info',
      time: expect.any(String) as string,
      requestId: 'one-line-please',
      method: 'GET',
      route: '/v1/things/{id}',
      status: 200,
      ms: expect.any(Number) as number,
      tenant,
      msg: 'request',
    })
  })
})
