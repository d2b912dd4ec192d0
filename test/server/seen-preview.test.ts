import { randomBytes, randomUUID } from 'node:crypto'
import * as fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { asTenant } from '../../src/contracts/ids.ts'
import type { BookPreview } from '../../src/loop/preview-tally.ts'
import { apiRoutes } from '../../src/server/api/routes.ts'
import { seenPreview, signPreview } from '../../src/server/seen-preview.ts'
import { listAudit } from '../../src/store/audit.ts'
import type { Database } from '../../src/store/database.ts'
import { saveSettings } from '../../src/store/settings-versions.ts'
import { addTenant, databaseKind, openTestDatabase } from '../support/database.ts'
import { startTestServer, type TestServer } from '../support/server.ts'

const key = randomBytes(32)
const tenant = asTenant(randomUUID())
const at = new Date('2026-11-20T08:00:00Z')
const preview: BookPreview = {
  at,
  settingsVersion: 3,
  book: 'whole',
  missing: [],
  customers: 10_000,
  nothing: 9000,
  currency: 'EUR',
  plannedCostMinor: 41_230,
  actions: [],
  reasons: [],
  examples: [],
}
const inHours = (hours: number): Date => new Date(at.getTime() + hours * 3_600_000)
const refused = expect.objectContaining({ code: 'precondition_failed' }) as Error

describe('the word of a preview that was seen', () => {
  it('says what was seen, for an hour and under the same settings', () => {
    const word = signPreview(key, tenant, preview)
    const now = { tenant, at: inHours(0.9), settingsVersion: 3 }
    expect(seenPreview(key, word, now)).toMatchObject({ customers: 10_000, plannedCostMinor: 41_230 })
    expect(() => seenPreview(key, word, { ...now, at: inHours(1.1) })).toThrow(refused)
    expect(() => seenPreview(key, word, { ...now, settingsVersion: 4 })).toThrow(/settings changed/)
    expect(() => seenPreview(key, word, { ...now, tenant: asTenant(randomUUID()) })).toThrow(refused)
    expect(() => seenPreview(randomBytes(32), word, now)).toThrow(refused)
  })

  it('is no other text', () => {
    const now = { tenant, at, settingsVersion: 3 }
    fc.assert(
      fc.property(fc.string({ maxLength: 200 }), (word) => {
        expect(() => seenPreview(key, word, now)).toThrow(refused)
      }),
    )
  })
})

describe(`turning actions on (${databaseKind})`, () => {
  let database: Database
  let server: TestServer
  beforeAll(async () => {
    database = await openTestDatabase()
    server = await startTestServer(database, apiRoutes)
  })
  afterAll(async () => {
    await server.close()
    await database.close()
  })

  it('takes of a person the word of a fresh preview, and keeps what it said', async () => {
    const company = await addTenant(database)
    const cookie = await server.cookie(company, 'admin')
    const post = async (path: string, body: object) => {
      const answer = await server.fetch(path, {
        method: 'POST',
        headers: { cookie, 'sec-fetch-site': 'same-origin', 'content-type': 'application/json' },
        body: JSON.stringify(body),
      })
      return { status: answer.status, body: (await answer.json()) as Record<string, unknown> }
    }
    const activate = (seen?: unknown) =>
      post('/v1/activation', seen === undefined ? { confirm: true } : { confirm: true, seen })
    expect((await activate()).status).toBe(412)
    expect((await activate('made.up')).status).toBe(412)
    const old = (await post('/v1/preview', {})).body
    await database.withTenant(company, (tx) =>
      saveSettings(tx, { budget: 5 }, { expected: 0, author: 'a test' }),
    )
    const changed = await activate(old['seen'])
    expect([changed.status, changed.body['detail']]).toEqual([
      412,
      expect.stringContaining('settings changed'),
    ])
    const fresh = (await post('/v1/preview', {})).body
    expect(fresh).toMatchObject({ settingsVersion: 1, customers: 0 })
    const done = await activate(fresh['seen'])
    expect(done.status, JSON.stringify(done.body)).toBe(200)
    expect(done.body).toMatchObject({
      delivery: 'dry_run',
      installationPaused: null,
      activatedAt: expect.any(String) as string,
    })
    const audit = await database.withTenant(company, (tx) => listAudit(tx))
    expect(audit[0]).toMatchObject({
      action: 'tenant.activate',
      detail: { preview: { settingsVersion: 1, customers: 0, send: 0 } },
    })
  })
})
