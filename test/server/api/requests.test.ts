import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { activateTenant } from '../../../src/store/tenants.ts'
import { ask, startTestApi, type TestApi } from '../../support/api.ts'
import { fillBook } from '../../support/book.ts'
import { addConnection, addTenant, databaseKind } from '../../support/database.ts'

let api: TestApi
let key: string
let first: number
let connection: string

beforeAll(async () => {
  api = await startTestApi()
  const tenant = await addTenant(api.database)
  const one = await addConnection(api.database, tenant)
  connection = one
  ;({ first } = await fillBook(api.database, tenant, one, { count: 20 }))
  await api.database.withTenant(tenant, (tx) => activateTenant(tx, tenant))
  key = await api.key(tenant)
})
afterAll(() => api.close())

const features = { tenureMonths: 3 }
const named = { 'idempotency-key': 'a' }
const NOBODY = '00000000-0000-4000-8000-000000000000'

interface Bad {
  readonly to: string
  readonly body?: unknown
  readonly headers?: Record<string, string>
  readonly status: number
  /** What the detail has to say. */
  readonly says: string | RegExp
}

const table: readonly (() => Bad)[] = [
  () => ({ to: 'POST /v1/score', status: 400, says: 'the body: is missing: send a JSON object' }),
  () => ({ to: 'POST /v1/score', body: '{"id":', status: 400, says: 'not valid JSON' }),
  () => ({ to: 'POST /v1/score', body: [{ id: 1 }], status: 400, says: 'has to be a JSON object' }),
  () => ({ to: 'POST /v1/score', body: {}, status: 400, says: 'an id or features: exactly one' }),
  () => ({ to: 'POST /v1/score', body: { id: first, features }, status: 400, says: 'exactly one' }),
  () => ({ to: 'POST /v1/score', body: { id: '501' }, status: 400, says: '"id": takes our own number' }),
  () => ({ to: 'POST /v1/score', body: { id: 1e20 }, status: 400, says: '"id": takes our own number' }),
  () => ({ to: 'POST /v1/score', body: { id: first + 9 }, status: 404, says: 'GET /v1/customers' }),
  () => ({ to: 'POST /v1/score', body: { id: first, x: 1 }, status: 400, says: '"x": is not known here' }),
  () => ({ to: 'POST /v1/score?x=1', body: { id: first }, status: 400, says: 'query parameter "x"' }),
  () => ({ to: 'POST /v1/score', body: { features: [] }, status: 400, says: 'by the names of features' }),
  () => ({
    to: 'POST /v1/score',
    body: { features: {} },
    status: 422,
    says: 'Give at least one of tenureMonths',
  }),
  () => ({
    to: 'POST /v1/score',
    body: { features: { tenureMonths: { n: 3 } } },
    status: 400,
    says: '"features.tenureMonths": takes a number',
  }),
  () => ({
    to: 'POST /v1/score',
    body: { features: { tenureMonths: 1e300 } },
    status: 400,
    says: '"features.tenureMonths": takes a number from -1e15 to 1e15',
  }),
  () => ({
    to: 'POST /v1/score',
    body: { features: { tenureMonths: 'long' } },
    status: 400,
    says: /^"tenureMonths" .* not "long"\. Correct it/,
  }),
  () => ({
    to: 'POST /v1/score',
    body: { features: { tenure: 3 } },
    status: 400,
    says: 'Did you mean "tenureMonths"?',
  }),
  () => ({
    to: 'POST /v1/score',
    body: { features, recurring: { amountMinor: 89.4, currency: 'USD' } },
    status: 400,
    says: 'takes a whole number of minor units, such as 8940 for 89.40',
  }),
  () => ({
    to: 'POST /v1/score',
    body: { features, recurring: { amountMinor: 8940, currency: 'euro' } },
    status: 400,
    says: '"recurring.currency"',
  }),
  () => ({
    to: 'POST /v1/score',
    body: { features, recurring: { amountMinor: 8940, currency: 'JPY' } },
    status: 400,
    says: 'there is no rate for JPY. Convert the amount, or leave recurring out.',
  }),
  () => ({
    to: 'POST /v1/score',
    body: { features, connection: 'x' },
    status: 400,
    says: 'GET /v1/connections',
  }),
  () => ({
    to: 'POST /v1/score',
    body: { features, connection: NOBODY },
    status: 404,
    says: 'GET /v1/connections',
  }),
  () => ({ to: 'POST /v1/score', body: { customers: [] }, status: 400, says: 'at least one customer' }),
  () => ({
    to: 'POST /v1/score',
    body: { customers: Array.from({ length: 1001 }, () => ({ id: first })) },
    status: 400,
    says: 'at most 1000 customers: send the rest in further requests',
  }),
  () => ({
    to: 'POST /v1/score',
    body: { features: { contract: 'x'.repeat(5_000_000) } },
    status: 413,
    says: 'larger than the 4 MB',
  }),
  () => ({
    to: 'POST /v1/score',
    body: JSON.stringify({ id: first }),
    headers: { 'content-type': 'text/csv' },
    status: 415,
    says: 'Content-Type: application/json',
  }),
  () => ({
    to: 'GET /v1/customers?limit=1000',
    status: 400,
    says: '"limit": takes a whole number from 1 to 200',
  }),
  () => ({
    to: 'GET /v1/customers?limit=x',
    status: 400,
    says: '"limit": takes a whole number from 1 to 200',
  }),
  () => ({ to: 'GET /v1/customers?cursor=x', status: 400, says: 'Leave it out' }),
  () => ({ to: 'GET /v1/customers?level=high', status: 400, says: '"HIGH"|"MEDIUM"|"LOW"' }),
  () => ({ to: 'GET /v1/customers?sort=risk', status: 400, says: '"value"|"probability"' }),
  () => ({ to: 'GET /v1/customers?externalId=%00', status: 400, says: 'NUL' }),
  () => ({ to: 'GET /v1/customers?page=2', status: 400, says: '"page": is not known here' }),
  () => ({ to: 'GET /v1/customers/C-7', status: 400, says: 'takes our own number of a customer' }),
  () => ({ to: 'GET /v1/customers/999999999', status: 404, says: 'GET /v1/customers lists them' }),
  () => ({ to: 'GET /v1/decisions?period=%00', status: 400, says: 'NUL' }),
  () => ({ to: 'GET /v1/decisions?action=a%00', status: 400, says: 'NUL' }),
  () => ({ to: 'GET /v1/interventions?state=open', status: 400, says: 'awaiting_approval' }),
  () => ({ to: 'GET /v1/interventions/7', status: 400, says: 'GET /v1/interventions lists it' }),
  () => ({ to: `GET /v1/interventions/${NOBODY}`, status: 404, says: 'GET /v1/interventions lists them' }),
  () => ({ to: 'GET /v1/runs?step=learn', status: 400, says: '"sync"|"refresh"|"score"' }),
  () => ({ to: 'GET /v1/exports/scores', status: 400, says: '"customers"|"decisions"|"interventions"' }),
  () => ({ to: 'GET /v1/exports/customers?format=xlsx', status: 400, says: '"csv"|"ndjson"' }),
  () => ({
    to: 'POST /v1/interventions',
    body: { customer: first + 1, action: 'email' },
    status: 400,
    says: 'header parameter "idempotency-key": is missing: name this request',
  }),
  () => ({
    to: 'POST /v1/interventions',
    body: { customer: first + 1, action: 'email' },
    headers: { 'idempotency-key': 'two words' },
    status: 400,
    says: 'visible ASCII',
  }),
  () => ({
    to: 'POST /v1/interventions',
    body: {},
    headers: named,
    status: 400,
    says: /"customer": takes .*; "action": takes a text/,
  }),
  () => ({
    to: 'POST /v1/interventions',
    body: { customer: first + 1, action: 'fax' },
    headers: named,
    status: 400,
    says: '"fax" is no action that can be carried out. Actions: email, sms',
  }),
  () => ({
    to: 'POST /v1/interventions',
    body: { customer: first + 1, action: 'no_action' },
    headers: named,
    status: 400,
    says: 'no action that can be carried out',
  }),
  () => ({
    to: 'POST /v1/interventions',
    body: { customer: first + 1, action: 'email', dueAt: '2026-11-20' },
    headers: named,
    status: 400,
    says: '"dueAt": takes a time with its zone',
  }),
  () => ({
    to: 'POST /v1/interventions',
    body: { customer: first + 1, action: 'email', expiresAt: '2020-01-01T00:00:00Z' },
    headers: named,
    status: 400,
    says: 'Correct dueAt or expiresAt',
  }),
  () => ({ to: `POST /v1/connections/${connection}/pause`, status: 400, says: 'send a JSON object' }),
  () => ({
    to: `POST /v1/connections/${connection}/pause`,
    body: { reason: ' ' },
    status: 400,
    says: '"reason": takes a text of 1 to 300 characters',
  }),
  () => ({ to: 'POST /v1/pause', body: { reason: 'a\0b' }, status: 400, says: 'NUL' }),
  () => ({
    to: 'POST /v1/kill-switch',
    body: '{"reason":"\\udfffx"}',
    status: 400,
    says: 'half of a character',
  }),
  () => ({
    to: 'POST /v1/setup/actions',
    body: `{"settings":${'{"a":'.repeat(30)}1${'}'.repeat(31)}`,
    status: 400,
    says: 'takes no more than 20 levels within each other',
  }),
  () => ({ to: 'GET /v1/offers/a%00', status: 400, says: 'path parameter "code": takes no NUL' }),
  () => ({ to: 'POST /v1/activation', body: { confirm: 'yes' }, status: 400, says: 'has to be true' }),
  () => ({
    to: 'PUT /v1/settings',
    body: {},
    headers: { 'if-match': '*' },
    status: 400,
    says: 'takes the ETag of GET /v1/settings',
  }),
  () => ({ to: 'DELETE /v1/customers', status: 405, says: 'Possible: GET, HEAD, OPTIONS' }),
]

describe(`what cannot be answered (${databaseKind})`, () => {
  it.each(table.map((bad) => [bad().to, bad] as const))('%s is told what to do', async (_name, of) => {
    const { to, body, headers = {}, status, says } = of()
    const [method, path] = to.split(' ')
    const answer = await ask<Record<string, unknown>>(api, key, method, path, { body, headers })
    expect([answer.status, answer.body['detail']]).toEqual([
      status,
      typeof says === 'string' ? expect.stringContaining(says) : expect.stringMatching(says),
    ])
    expect(answer.headers.get('content-type')).toBe('application/problem+json')
    expect(answer.body).toMatchObject({ status, type: `urn:holdfast:problem:${String(answer.body['code'])}` })
  })
})
