import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { asCustomer, type ConnectionId, type InterventionId, type RunId } from '../../src/contracts/ids.ts'
import { API_SCOPES } from '../../src/security/access.ts'
import type { Database } from '../../src/store/database.ts'
import { databaseKind } from '../support/database.ts'
import { addIntervention } from '../support/ledger.ts'
import type { TestServer } from '../support/server.ts'
import { DOORS, SAME_SITE, openCompanies, type Companies, type Place } from './companies.ts'

let companies: Companies
let database: Database
let server: TestServer
let here: Place
let there: Place
let decision: number
beforeAll(async () => {
  companies = await openCompanies()
  ;({ database, server, here, there } = companies)
  ;[{ id: decision }] = await database.withTenant(here.tenant, (tx) =>
    tx.query<{ id: number }>('select max(id) as id from decisions'),
  )
})
afterAll(() => companies.close())

const UUID = '[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}'

async function codeOf(answer: Response): Promise<string> {
  const text = await answer.text()
  return answer.headers.get('content-type') === 'application/problem+json'
    ? String((JSON.parse(text) as { code: unknown }).code)
    : ''
}

describe(`another company (${databaseKind})`, () => {
  /** Routes that take an id in their path and that keys open; the rest are looked at below, or where they are tested. */
  const byId = Object.keys(DOORS).filter(
    (route) =>
      route.includes('/v1/') &&
      route.includes('{id}') &&
      !DOORS[route].startsWith('-') &&
      // Of things that no place of this test has: test/server/access.test.ts.
      !/\/(alerts|erasures|data-exports)\//.test(route),
  )
  const bodies: Readonly<Record<string, object>> = {
    'post /v1/interventions/{id}/snooze': { until: new Date(Date.now() + 3_600_000).toISOString() },
    'post /v1/customers/{id}/holds': { reason: 'Ask Ann first.' },
    'post /v1/customers/{id}/try': { changes: {} },
    'post /v1/connections/{id}/pause': { reason: 'A test of who may' },
    'post /v1/connections/{id}/run': { step: 'sync' },
    'patch /v1/connections/{id}': { name: 'Another name' },
    'post /v1/connections/{id}/disconnect': { confirm: 'A file' },
    'post /v1/connections/{id}/population/preview': { population: { kind: 'everyone' } },
    'put /v1/connections/{id}/population': { population: { kind: 'everyone' } },
    'put /v1/connections/{id}/responsible': { fallback: null },
    'post /v1/connections/{id}/mapping/preview': { changes: [{ column: 'tenure', feature: null }] },
    'put /v1/connections/{id}/mapping': { changes: [{ column: 'tenure', feature: null }], mark: 'x' },
    'post /v1/connections/{id}/agreements/preview': { agreements: { from: 'properties' } },
    'put /v1/connections/{id}/agreements': { agreements: { from: 'properties' } },
  }
  /** What asks the CRM, which none does here, or leaves it: test/service/setting-up.test.ts. */
  const asksCrm = /(population|responsible|mapping|agreements)|disconnect$/
  // One of this company's; a customer of nowhere has none.
  const decisionOf = (place: Place): number => (place.customer === here.customer ? decision : 999_999_999)
  const visit = async (route: string, place: Place, headers: Record<string, string>) => {
    const [method, pattern] = route.split(' ')
    const id = pattern.includes('/runs/')
      ? place.run
      : pattern.includes('customers')
        ? place.customer
        : pattern.includes('connections')
          ? place.connection
          : pattern.includes('decisions')
            ? decisionOf(place)
            : pattern.includes('training')
              ? place.training
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
      run: randomUUID() as RunId,
      training: randomUUID(),
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
        const ids = new RegExp(`${UUID}|${here.customer}|${nowhere.customer}|${decision}`, 'g')
        expect(JSON.stringify(answers[0]).replace(ids, '')).toBe(JSON.stringify(answers[1]).replace(ids, ''))
      }
    const own = { authorization: `Bearer ${await server.key(here.tenant, ...API_SCOPES)}` }
    const place = { ...here, customer: asCustomer(here.customer) }
    const fresh = {
      ...here,
      intervention: await addIntervention(database, place, { state: 'awaiting_approval' }),
    }
    for (const route of byId.filter((one) => !/approve|reject|cancel/.test(one) && !asksCrm.test(one)))
      expect((await visit(route, fresh, own)).status, route).toBeLessThan(300)
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
    const preview = await server.fetch('/v1/preview', { method: 'POST', headers: admin, body: '{}' })
    const { seen } = (await preview.json()) as { seen: string }
    for (const [method, path, body, more] of [
      ['POST', '/v1/activation', { confirm: true, seen }, {}],
      ['PUT', '/v1/settings', { budget: 12_345 }, { 'if-match': '"0"' }],
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
