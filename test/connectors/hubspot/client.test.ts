import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import type { HubSpotCall } from '../../../connectors/hubspot/client.ts'
import { failureOf } from '../../../connectors/hubspot/errors.ts'
import { openPacers } from '../../../connectors/hubspot/limiter.ts'
import type { TokenSource } from '../../../connectors/hubspot/tokens.ts'
import { retryAtOf } from '../../../connectors/retrying.ts'
import { HoldfastError } from '../../../src/contracts/errors.ts'
import { answering, closedWithTest, cutOnce, type Answer, type Reply } from '../../support/answering.ts'
import { anything, clientOf, type Opened } from './answering.ts'

const COMPANIES = '/crm/objects/2026-09/companies'
const list = { method: 'GET', path: COMPANIES, schema: anything } as const
const write = {
  method: 'POST',
  path: `${COMPANIES}/batch/update`,
  body: { inputs: [] },
  schema: anything,
} as const

const using = closedWithTest(clientOf)

/** First these in turn, then 200. */
const inTurn =
  (...replies: readonly Reply[]): Answer =>
  (_, count) =>
    replies[count - 1] ?? { body: { results: [] } }

/** The body as HubSpot documents it. */
const refusal = (status: number, category: string, more: object = {}): Reply => ({
  status,
  body: { status: 'error', message: 'What went wrong.', correlationId: 'c-1', category, ...more },
})

async function errorOf({ client }: Opened, call: HubSpotCall<unknown> = list): Promise<HoldfastError> {
  const error: unknown = await client.call(call).then(
    () => null,
    (thrown: unknown) => thrown,
  )
  expect(error).toBeInstanceOf(HoldfastError)
  return error as HoldfastError
}

describe('a call', () => {
  it('carries the token, the query and the body, and comes back parsed', async () => {
    const { client, server } = await using(() => ({
      body: { id: 7, more: true },
      headers: { date: 'Sat, 21 Nov 2026 10:00:00 GMT' },
    }))
    const answer = await client.call({
      method: 'POST',
      path: `${COMPANIES}/batch/read`,
      query: { properties: ['name', 'a b,c'], archived: false, limit: 100, after: undefined },
      body: { inputs: [{ id: '1' }], text: 'ü 😀' },
      schema: z.object({ id: z.coerce.string() }),
    })
    expect(answer).toEqual({ status: 200, body: { id: '7' }, date: new Date('2026-11-21T10:00:00Z') })
    const [request] = server.requests
    expect(request.url).toBe(`${COMPANIES}/batch/read?properties=name,a%20b%2Cc&archived=false&limit=100`)
    expect(request).toMatchObject({ method: 'POST', token: 'secret-token', type: 'application/json' })
    expect(JSON.parse(request.body)).toEqual({ inputs: [{ id: '1' }], text: 'ü 😀' })
  })

  it('sends a form as a form', async () => {
    const { client, server } = await using(() => ({}))
    await client.call({ method: 'POST', path: '/x', form: { a: '1 & 2', b: 'ü' }, schema: anything })
    expect(server.requests[0]).toMatchObject({
      type: 'application/x-www-form-urlencoded',
      body: 'a=1+%26+2&b=%C3%BC',
    })
  })

  it('takes an empty answer as undefined', async () => {
    const { client } = await using(() => ({ status: 204 }))
    expect(await client.call({ ...list, schema: z.undefined() })).toMatchObject({
      status: 204,
      body: undefined,
    })
  })

  it('hands a 207 over with its errors: which record failed is for the caller', async () => {
    const body = { status: 'COMPLETE', results: [], numErrors: 1, errors: [{ category: 'VALIDATION_ERROR' }] }
    const { client } = await using(() => ({ status: 207, body }))
    expect(await client.call(write)).toMatchObject({ status: 207, body })
  })

  it('counts what was sent, without ids or addresses', async () => {
    const { client } = await using(inTurn(refusal(500, '')))
    await client.call({ ...list, path: `${COMPANIES}/123` })
    await client.call({ ...list, path: '/communication-preferences/2026-09/statuses/ann%40example.com' })
    expect(client.counts()).toEqual({
      [`GET ${COMPANIES}/{id}`]: 2,
      'GET /communication-preferences/2026-09/statuses/{id}': 1,
    })
  })
})

describe('an answer that is none', () => {
  it.each([
    ['an HTML page', '<html><body>Sign in to the Wi-Fi</body></html>'],
    ['half of its JSON', '{"results": [{"id": "1"'],
  ])('%s instead of JSON can be tried again later', async (_, body) => {
    const error = await errorOf(await using(() => ({ body })))
    expect(error).toMatchObject({ code: 'connector_unavailable', retryable: true })
    expect(error.message).toContain('not JSON')
  })

  it('of another form than documented names the field', async () => {
    const { client } = await using(() => ({ body: { results: [{ id: null }] } }))
    const schema = z.object({ results: z.array(z.object({ id: z.string() })) })
    await expect(client.call({ ...list, schema })).rejects.toMatchObject({
      code: 'connector_unavailable',
      retryable: false,
      message: expect.stringContaining('results.0.id'),
    })
  })

  it('is waited for no longer than the time limit, and leaves no socket behind once it comes', async () => {
    const late = Promise.withResolvers<Reply>()
    const made = await using(() => late.promise, { timeoutMs: 60 })
    const error = await errorOf(made, write)
    expect(error).toMatchObject({ code: 'connector_unavailable', retryable: true })
    expect(error.message).toContain('no answer within 0.06 seconds')
    expect(await made.server.open()).toBe(1)
    late.resolve({ body: 'x'.repeat(3_000_000) })
    await expect.poll(() => made.server.open()).toBe(0)
  })

  it('that stops in its middle ends at the time limit, and its socket at once', async () => {
    const made = await using(
      () => null,
      { timeoutMs: 80 },
      (_, response) => {
        response.writeHead(200, { 'content-type': 'application/json' })
        response.write('{"results": [')
        return true
      },
    )
    expect(await errorOf(made, write)).toMatchObject({ code: 'connector_unavailable', retryable: true })
    await expect.poll(() => made.server.open()).toBe(0)
  })

  it('is asked for again where that is safe: a reset in the middle of a page', async () => {
    const made = await using(inTurn(), {}, cutOnce())
    await made.client.call(list)
    expect(made.server.requests.length).toBe(2)
    expect(made.waits).toEqual([1000])
  })

  it('to a write is not asked for again: nobody knows whether it was carried out', async () => {
    const made = await using(inTurn(), {}, (_, response) => (response.destroy(), true))
    expect(await errorOf(made, write)).toMatchObject({ code: 'connector_unavailable', retryable: true })
    expect(made.server.requests.length).toBe(1)
    expect(await errorOf(made, { ...write, repeatable: true })).toMatchObject({ retryable: true })
    expect(made.server.requests.length).toBe(5)
  })

  it('because nobody listens is tried again for writes too, and says so', async () => {
    const gone = await answering(() => ({}))
    await gone.close()
    const made = await using(inTurn(), { baseUrl: gone.url })
    const error = await errorOf(made, write)
    expect(error.message).toContain('the connection was refused')
    expect(made.client.counts()).toEqual({ [`POST ${COMPANIES}/batch/update`]: 4 })
  })

  it('is given up when the caller gives up', async () => {
    const { client } = await using(() => null)
    const stop = new AbortController()
    setTimeout(() => stop.abort(new Error('shutting down')), 20)
    await expect(client.call({ ...list, signal: stop.signal })).rejects.toThrow('shutting down')
    await expect(client.call({ ...list, signal: stop.signal })).rejects.toThrow('shutting down')
  })
})

describe('a refusal that passes', () => {
  it('423: waits at least two seconds, a little longer each time, then says that the record is locked', async () => {
    const made = await using(inTurn(refusal(423, 'LOCKED'), refusal(423, 'LOCKED')))
    await made.client.call(write)
    expect(made.waits).toEqual([2000, 4000])
    const stuck = await using(() => refusal(423, 'LOCKED'))
    const error = await errorOf(stuck, write)
    expect(error).toMatchObject({ code: 'connector_unavailable', retryable: true })
    expect(error.message).toContain('locked')
    expect(stuck.server.requests.length).toBe(4)
  })

  it.each([502, 503, 504, 521, 522, 523, 524, 500])(
    '%i: reads are tried again, writes are not',
    async (status) => {
      const read = await using(inTurn({ status, body: '<html><h1>Bad gateway</h1></html>' }))
      await read.client.call(list)
      expect(read.waits).toEqual([1000])
      const wrote = await using(() => ({ status, body: '<html><title>x</title><h1>Bad gateway</h1></html>' }))
      const error = await errorOf(wrote, write)
      expect(error).toMatchObject({ code: 'connector_unavailable', retryable: true })
      expect(error.message).toContain(String(status))
      expect(error.message).toContain('Bad gateway')
      expect(error.message).not.toContain('<')
      expect(wrote.server.requests.length).toBe(1)
    },
  )

  it('429: the portal pauses for as long as Retry-After says, in seconds', async () => {
    const reply = {
      ...refusal(429, 'RATE_LIMITS', { policyName: 'TEN_SECONDLY_ROLLING' }),
      headers: { 'retry-after': '7' },
    }
    const made = await using(inTurn(reply))
    await made.client.call(write)
    expect(made.server.requests.length).toBe(2)
    expect(made.waits.length).toBe(1)
    expect(made.waits[0]).toBeGreaterThan(6900)
    expect(made.waits[0]).toBeLessThanOrEqual(7000)
  })

  it('429 without Retry-After: a second for searches, ten for the rest', async () => {
    const search = await using(inTurn(refusal(429, '', { errorType: 'RATE_LIMIT', policyName: 'SECONDLY' })))
    await search.client.call({ ...write, path: `${COMPANIES}/search` })
    expect(search.waits).toEqual([1000])
    const other = await using(inTurn(refusal(429, '', { errorType: 'RATE_LIMIT' })))
    await other.client.call(write)
    expect(other.waits).toEqual([10_000])
  })

  it('429 for longer than a call may wait: says until when', async () => {
    const made = await using(() => ({ ...refusal(429, 'RATE_LIMITS'), headers: { 'retry-after': '600' } }))
    const error = await errorOf(made)
    expect(error).toMatchObject({ code: 'connector_unavailable', retryable: true })
    expect(error.message).toMatch(/after 20\d\d-/)
    expect(made.server.requests.length).toBe(1)
  })

  it('the daily limit: says so, and nobody of this portal asks again for a while', async () => {
    let now = new Date('2026-11-21T20:00:00Z')
    let used = true
    const pacer = openPacers().of('daily', 'oauth')
    const answer = () => (used ? refusal(429, 'RATE_LIMITS', { policyName: 'DAILY' }) : {})
    const first = await using(answer, { pacer, portal: '77', clock: () => now })
    const error = await errorOf(first)
    expect(error).toMatchObject({ code: 'connector_unavailable', retryable: true })
    expect(error.message).toContain('HubSpot account 77 has used up its calls for the day')
    expect(error.message).toContain("midnight in the account's time zone")
    const second = await using(answer, { pacer, portal: '77', clock: () => now })
    await errorOf(second)
    await errorOf(first)
    expect([first.server.requests.length, second.server.requests.length]).toEqual([1, 0])
    used = false
    now = new Date('2026-11-21T20:20:00Z')
    await second.client.call(list)
    await first.client.call(list)
  })

  it('477, while the account moves to another data centre: says until when and asks nothing meanwhile', async () => {
    const made = await using(() => ({ status: 477, headers: { 'retry-after': '3600' }, body: {} }))
    const error = await errorOf(made)
    expect(error).toMatchObject({ code: 'connector_unavailable', retryable: true })
    expect(error.message).toContain('moving')
    await errorOf(made)
    expect(made.server.requests.length).toBe(1)
  })
})

describe('Retry-After', () => {
  const now = new Date('2026-11-21T12:00:00Z')
  it.each([
    ['10', '2026-11-21T12:00:10.000Z'],
    ['0', '2026-11-21T12:00:00.000Z'],
    [' 1.5 ', '2026-11-21T12:00:01.500Z'],
    ['Sat, 21 Nov 2026 12:01:00 GMT', '2026-11-21T12:01:00.000Z'],
  ])('%s', (header, at) => {
    expect(retryAtOf(header, now)?.toISOString()).toBe(at)
  })
  it('as a date is by the clock of who wrote it', () => {
    const theirs = new Date('2026-11-21T14:00:00Z')
    expect(retryAtOf('Sat, 21 Nov 2026 14:00:30 GMT', now, theirs)?.toISOString()).toBe(
      '2026-11-21T12:00:30.000Z',
    )
  })
  it('that cannot be read is none', () => {
    expect(retryAtOf(null, now)).toBeNull()
    expect(retryAtOf('soon', now)).toBeNull()
  })
})

describe('a refusal that lasts', () => {
  it('scope taken away: names it, asks once, and disconnects nobody', async () => {
    const made = await using(() =>
      refusal(403, 'MISSING_SCOPES', {
        message: "This app hasn't been granted all required scopes to make this call.",
        errors: [
          {
            message: 'One or more of the following scopes are required.',
            context: { requiredGranularScopes: ['crm.objects.companies.write'] },
          },
        ],
      }),
    )
    const error = await errorOf(made, write)
    expect(error).toMatchObject({ code: 'connector_configuration', retryable: false })
    expect(error.message).toContain('crm.objects.companies.write')
    expect(made.server.requests.length).toBe(1)
  })

  it('scope taken away: the call is not repeated for a quarter of an hour, unless with another token or by a check', async () => {
    let at = Date.parse('2026-11-21T10:00:00Z')
    let token = 'one'
    const tokens: TokenSource = { current: async () => token, renewed: async () => token }
    const shared = { clock: () => new Date(at), pacer: openPacers().of('1', 'oauth'), tokens }
    const refused = refusal(403, 'MISSING_SCOPES')
    const answer: Answer = ({ url }) => (url.startsWith(COMPANIES) ? refused : { body: {} })
    const made = await using(answer, shared)
    const asked = (): number => made.server.requests.length
    await errorOf(made)
    expect((await errorOf(made)).message).toContain('a scope that it needs')
    expect(asked()).toBe(1)
    // What has nothing to do with it goes on.
    await made.client.call({ method: 'GET', path: '/crm/owners/2026-09', schema: anything })
    expect(asked()).toBe(2)
    token = 'another'
    await errorOf(made)
    expect(asked()).toBe(3)
    at += 16 * 60_000
    await errorOf(made)
    expect(asked()).toBe(4)
    const check = await using(answer, { ...shared, asksAnyway: true })
    await errorOf(check)
    expect(check.server.requests.length).toBe(1)
  })

  it.each([
    [400, 'VALIDATION_ERROR', 'connector_configuration'],
    [403, 'ACCESS_DENIED', 'connector_configuration'],
    [404, 'OBJECT_NOT_FOUND', 'not_found'],
    [409, 'CONFLICT', 'conflict'],
    [414, '', 'request_too_large'],
  ])('%i %s becomes %s and is not repeated', async (status, category, code) => {
    const made = await using(() => refusal(status, category, { subCategory: 'crm.INVALID_OPTION' }))
    const error = await errorOf(made)
    expect(error).toMatchObject({ code, retryable: false })
    expect(error.message).toContain('c-1')
    expect(failureOf(error)).toMatchObject({
      status,
      category,
      subCategory: 'crm.INVALID_OPTION',
      path: COMPANIES,
    })
    expect(made.server.requests.length).toBe(1)
  })

  it('tells what HubSpot says of the fields, and nothing of the address with a person in it', async () => {
    const made = await using(() =>
      refusal(400, 'VALIDATION_ERROR', {
        errors: [{ message: 'Property "x" does not exist', code: 'NO' }],
        context: 7,
      }),
    )
    const error = await errorOf(made, { ...list, path: '/statuses/ann@example.com' })
    expect(error.message).toContain('Property "x" does not exist')
    expect(error.message).not.toContain('ann@')
    expect(JSON.stringify(failureOf(error))).not.toContain('ann@')
  })
})

describe('a 401', () => {
  const expired = refusal(401, 'EXPIRED_AUTHENTICATION')

  function rotating(): { tokens: TokenSource; asked: string[] } {
    const asked: string[] = []
    let token = 'old'
    let running: Promise<string> | null = null
    return {
      asked,
      tokens: {
        current: async () => token,
        renewed: (refused) => {
          running ??= Promise.resolve().then(() => {
            asked.push(refused)
            return (token = 'new')
          })
          return running
        },
      },
    }
  }

  it('in the middle of a page: one renewal, and the call is made once more', async () => {
    const { tokens, asked } = rotating()
    const made = await using(({ token }) => (token === 'new' ? {} : expired), { tokens })
    await made.client.call(write)
    expect(made.server.requests.map(({ token }) => token)).toEqual(['old', 'new'])
    expect(asked).toEqual(['old'])
  })

  it('even with the new token means that somebody has to connect again', async () => {
    const { tokens } = rotating()
    const made = await using(() => refusal(401, 'INVALID_AUTHENTICATION'), { tokens, portal: '77' })
    const error = await errorOf(made)
    expect(error).toMatchObject({ code: 'connector_reconnect', retryable: false })
    expect(error.message).toContain('account 77')
    expect(made.server.requests.length).toBe(2)
  })

  it('for a private app means that its token is gone', async () => {
    const made = await using(() => refusal(401, 'INVALID_AUTHENTICATION'))
    expect(await errorOf(made)).toMatchObject({ code: 'connector_reconnect' })
    expect(made.server.requests.length).toBe(1)
  })
})

describe('two portals on one server', () => {
  it('one at its limit, refused and paused: the other does not notice', async () => {
    let at = 0
    const waited: Record<string, number> = { busy: 0, quiet: 0 }
    const answer: Answer = ({ token }) =>
      token === 'busy'
        ? {
            ...refusal(429, 'RATE_LIMITS', { policyName: 'TEN_SECONDLY_ROLLING' }),
            headers: { 'retry-after': '10' },
          }
        : {}
    const open = (portal: string) =>
      using(answer, {
        portal,
        tokens: { current: async () => portal, renewed: async () => portal },
        pacer: openPacers({
          now: () => at,
          sleep: async (ms) => {
            at += ms
            waited[portal] += ms
          },
        }).of(portal, 'oauth'),
      })
    const [busy, quiet] = [await open('busy'), await open('quiet')]
    const [error] = await Promise.all([
      errorOf(busy),
      ...Array.from({ length: 50 }, () => quiet.client.call(list)),
    ])
    expect(error).toMatchObject({ retryable: true })
    expect(waited['busy']).toBeGreaterThan(25_000)
    expect(waited['quiet']).toBe(0)
    expect(quiet.server.requests.length).toBe(50)
  })
})
