import * as fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { apiRoutes } from '../../../src/server/api/routes.ts'
import type { Problem } from '../../../src/server/problem.ts'
import { settingsFields } from '../../../src/settings/sections.ts'
import type { Database } from '../../../src/store/database.ts'
import { addTenant, databaseKind, openTestDatabase } from '../../support/database.ts'
import { startTestServer, type TestServer } from '../../support/server.ts'

let database: Database
let server: TestServer
let cookie: string

beforeAll(async () => {
  database = await openTestDatabase()
  server = await startTestServer(database, apiRoutes)
  cookie = await server.cookie(await addTenant(database), 'admin')
})
afterAll(async () => {
  await server.close()
  await database.close()
})

async function send(
  route: string,
  body: string,
  type = 'application/json',
): Promise<{ status: number; problem: Problem | null }> {
  const [method, path] = route.split(' ')
  const answer = await server.fetch(path, {
    method,
    headers: {
      cookie,
      'sec-fetch-site': 'same-origin',
      'content-type': type,
      'if-match': '"0"',
    },
    body,
  })
  const text = await answer.text()
  const isProblem = answer.headers.get('content-type')?.includes('problem+json') === true
  return { status: answer.status, problem: isProblem ? (JSON.parse(text) as Problem) : null }
}

/** Refused with what is wrong, or taken; never a mistake of ours. */
function expectAnswered(
  { status, problem }: { status: number; problem: Problem | null },
  sent: unknown,
): void {
  expect(status, JSON.stringify(sent)?.slice(0, 500)).toBeLessThan(500)
  if (status < 400) return
  expect(problem?.code).not.toBe('internal')
  expect(problem?.detail).not.toBe('')
  // Said of the body as a whole, whatever holds it.
  const unstorable = problem?.detail.includes('a lone surrogate') === true
  if ((status === 422 || status === 400) && !unstorable)
    expect([...(problem?.fields ?? []), ...(problem?.errors ?? [])].length, problem?.detail).toBeGreaterThan(
      0,
    )
}

/** Any JSON, with texts that databases choke on. */
const odd = fc.oneof(
  fc.jsonValue({ maxDepth: 4 }),
  fc.constantFrom('', '\0', '\ud800', '__proto__', 'a'.repeat(5000), 1e308, -0, 1e-320, [], {}),
  fc.string({ unit: 'binary' }),
)
const paths = settingsFields().map(({ path }) => path)
const path = fc.oneof(
  fc.constantFrom(...paths),
  fc.tuple(fc.constantFrom(...paths), fc.string({ maxLength: 10 })).map((parts) => parts.join('.')),
  fc.string({ maxLength: 30, unit: 'binary' }),
)

/** An object with an odd value at a place of the settings. */
function nested(at: string, value: unknown): unknown {
  return at.split('.').reduceRight<unknown>((inner, step) => Object.fromEntries([[step, inner]]), value)
}

describe(`any body (${databaseKind})`, () => {
  it('is taken or refused with what is wrong of it by PUT', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(
          odd,
          fc.tuple(fc.constantFrom(...paths), odd).map(([at, value]) => nested(at, value)),
        ),
        async (body) => {
          expectAnswered(await send('PUT /v1/settings', JSON.stringify(body) ?? ''), body)
        },
      ),
      { numRuns: 120 },
    )
  })

  it('is taken or refused with what is wrong of it by PATCH', async () => {
    const body = fc.record(
      { set: fc.dictionary(path, odd, { maxKeys: 3 }), reset: fc.array(path, { maxLength: 2 }) },
      { requiredKeys: [] },
    )
    await fc.assert(
      fc.asyncProperty(fc.oneof(body, odd), async (sent) => {
        expectAnswered(await send('PATCH /v1/settings', JSON.stringify(sent) ?? ''), sent)
      }),
      { numRuns: 120 },
    )
  })

  it('is taken or refused with what is wrong of it by the templates', async () => {
    const source = fc.oneof(
      fc.constantFrom(
        '{{ offer.percent }}',
        '{% for i in (1..100000000) %}x{% endfor %}',
        '{% if %}',
        '{{ "a" | raw }}',
        '{% include "x" %}',
        'Hello {{ recipient.name }}\0',
      ),
      fc.string({ unit: 'binary', minLength: 1, maxLength: 40 }),
    )
    const body = fc.record({
      channel: fc.constantFrom('email', 'sms', 'task', 'fax'),
      action: fc.constantFrom(
        'email',
        'sms',
        'discount_10',
        'call_discount_30',
        'no_action',
        'x',
        '__proto__',
      ),
      language: fc.constantFrom('en', 'de-AT', 'x', '__proto__', 'xx-'),
      draft: fc.oneof(
        fc.record({ subject: source, text: source, html: source }),
        fc.record({ text: source }),
        fc.constant(null),
        odd,
      ),
      customer: fc.oneof(fc.constant(null), fc.integer(), odd),
    })
    await fc.assert(
      fc.asyncProperty(fc.oneof(body, odd), async (sent) => {
        const text = JSON.stringify(sent) ?? ''
        expectAnswered(await send('POST /v1/templates/preview', text), sent)
        const form = new URLSearchParams({ request: text }).toString()
        const framed = await send(
          'POST /v1/templates/preview/html',
          form,
          'application/x-www-form-urlencoded',
        )
        expect(framed.status).toBeLessThan(500)
        expectAnswered(
          await send('POST /v1/templates/test', JSON.stringify({ request: sent, to: 'a@b.example' })),
          sent,
        )
      }),
      { numRuns: 80 },
    )
  })

  it('that is nested a thousand times, or larger than a book, is refused', async () => {
    const deep = `${'{"a":'.repeat(50_000)}1${'}'.repeat(50_000)}`
    expect((await send('PUT /v1/settings', deep)).status).toBe(400)
    expect((await send('PATCH /v1/settings', `{"set":{"budget":${deep}}}`)).status).toBe(400)
    const large = JSON.stringify({ sender: { name: 'a'.repeat(3_000_000) } })
    expect((await send('PUT /v1/settings', large)).status).toBe(413)
  })
})
