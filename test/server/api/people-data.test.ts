import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { erasureAnswer, peopleDataAnswer } from '../../../src/server/api/people-data.ts'
import { listAudit } from '../../../src/store/audit.ts'
import { databaseKind } from '../../support/database.ts'
import { ask, startTestApi, type TestApi } from '../../support/api.ts'
import { addHeldPerson, ANN, PLACE_NAMES, type HeldPerson } from '../../support/person.ts'
import { addTenant } from '../../support/database.ts'

let now = new Date('2026-11-22T08:00:00Z')
let api: TestApi
let person: HeldPerson
let key: string

beforeAll(async () => {
  api = await startTestApi(() => now)
})
beforeEach(async () => {
  now = new Date('2026-11-22T08:00:00Z')
  const tenant = await addTenant(api.database, 'Acme')
  const addressKey = await api.database.withTenant(tenant, (tx) => api.services.secrets.addressKey(tx))
  person = await addHeldPerson(api.database, { tenant, key: addressKey, at: now })
  key = await api.key(tenant)
})
afterAll(() => api.close())

interface Found {
  readonly records: readonly { readonly id: string; readonly kind: string; readonly name: string }[]
  readonly held: readonly {
    readonly place: string
    readonly count: number
    readonly erased: string
    readonly why: string | null
  }[]
  readonly fingerprint: string
  readonly erasures: readonly { readonly id: string; readonly seenAgainAt: string | null }[]
}

const post = <Body = Record<string, never>>(path: string, body?: unknown) =>
  ask<Body>(api, key, 'POST', path, { body })
const search = async (who: object) => (await post<Found>('/v1/people-data/search', who)).body
const ANN_BY_EMAIL = { email: ANN.email }
const erase = async (who: object = ANN_BY_EMAIL) =>
  post('/v1/erasures', { person: who, fingerprint: (await search(who)).fingerprint, reference: 'DSR-7' })

describe(`the data of a person (${databaseKind})`, () => {
  it('is shown with counts by place, what erasing does to each, and why something stays', async () => {
    const found = await search({ email: ` ${ANN.email.toUpperCase()} ` })
    expect(found.records.map(({ id, kind }) => [id, kind]).toSorted()).toEqual(
      [
        [person.record, 'customer'],
        [person.contact, 'contact'],
      ].toSorted(),
    )
    expect(found.held.map(({ place }) => place)).toEqual(
      expect.arrayContaining(['recipients', 'decisions', 'consents']),
    )
    expect(found.held).toHaveLength(PLACE_NAMES.length)
    for (const { erased, why } of found.held) expect(why === null).toBe(erased !== 'stays')
  })

  it('is named in bodies alone, never in an address or in the audit log', async () => {
    await search(ANN_BY_EMAIL)
    await erase()
    const entries = await api.database.withTenant(person.tenant, (tx) => listAudit(tx, { limit: 100 }))
    expect(entries.map(({ action }) => action)).toEqual(
      expect.arrayContaining(['person.search', 'person.erase']),
    )
    expect(JSON.stringify(entries)).not.toMatch(/ohara/i)
  })

  it('is looked for by exactly one thing, and by nothing that is no address', async () => {
    for (const body of [
      {},
      { email: ANN.email, customer: 1 },
      { email: 'ann' },
      { phone: '0170 123' },
      { name: 'Ann' },
    ]) {
      const { status, body: said } = await post<{ code: string; detail: string }>(
        '/v1/people-data/search',
        body,
      )
      expect([status, said.code], JSON.stringify(body)).toEqual([400, 'request_invalid'])
    }
  })

  it('is erased as it was looked at, and not when something else is held by now', async () => {
    const { fingerprint } = await search(ANN_BY_EMAIL)
    await api.database.withTenant(person.tenant, (tx) =>
      tx.query(
        `update recipients set email_hash = (select email_hash from recipients where external_id = $1) where name = 'Bo'`,
        [person.contact],
      ),
    )
    const refused = await post<{ code: string }>('/v1/erasures', { person: ANN_BY_EMAIL, fingerprint })
    expect([refused.status, refused.body.code]).toEqual([409, 'conflict'])
    expect((await search(ANN_BY_EMAIL)).held).toHaveLength(PLACE_NAMES.length)
  })

  it('is gone afterwards, which is said with what a CRM still shows and how long backups last', async () => {
    const { status, body } = await erase()
    expect(status).toBe(201)
    expect(body).toMatchObject({
      reference: 'DSR-7',
      source: 'admin',
      doneAt: null,
      crm: { emptied: 0, waiting: [{ connectionName: 'The portal', record: person.record, problem: null }] },
      backupsUntil: null,
    })
    expect(erasureAnswer.parse(body)).toEqual(body)
    const after = await search(ANN_BY_EMAIL)
    expect(peopleDataAnswer.parse(after)).toEqual(after)
    expect(after.records).toEqual([])
    expect(after.held.every(({ erased }) => erased === 'stays')).toBe(true)
    expect(after.erasures).toMatchObject([{ seenAgainAt: null }])
    const again = await erase()
    expect(again.status).toBe(200)
    expect(again.body['id']).toBe(body['id'])
    const list = await ask<{ items: unknown[] }>(api, key, 'GET', '/v1/erasures')
    expect(list.body.items).toHaveLength(1)
    expect(JSON.stringify(list.body)).not.toMatch(/ohara/i)
  })

  it('is listed as a file to keep elsewhere, which names nobody', async () => {
    const { body } = await erase()
    await post('/v1/data-exports', { person: ANN_BY_EMAIL, reference: 'DSR-8' })
    const lines = async (path: string) => {
      const answer = await fetch(`${api.url}${path}?format=csv`, {
        headers: { authorization: `Bearer ${key}` },
      })
      expect(answer.headers.get('content-type')).toBe('text/csv; charset=utf-8')
      return (await answer.text()).trim().split('\n')
    }
    const erasures = await lines('/v1/erasures')
    expect(erasures[0]).toMatch(/^id,askedAt,actor,source,reference,doneAt,went,/)
    expect(erasures).toHaveLength(2)
    expect(erasures[1]).toContain(String(body['id']))
    const went = Number(erasures[1].split(',')[6])
    expect(went).toBeGreaterThan(10)
    const exports = await lines('/v1/data-exports')
    expect(exports[1]).toContain('DSR-8')
    expect([...erasures, ...exports].join('\n')).not.toMatch(/ohara/i)
  })

  it('may come back once that was said, and that is said once', async () => {
    const { body } = await erase()
    const readmit = () => post(`/v1/erasures/${String(body['id'])}/readmit`)
    expect((await readmit()).body['readmittedAt']).not.toBeNull()
    expect((await readmit()).status).toBe(409)
    expect((await search(ANN_BY_EMAIL)).erasures).toEqual([])
  })

  it('takes no reference that could hold a name’s address', async () => {
    const { fingerprint } = await search(ANN_BY_EMAIL)
    const answer = await post('/v1/erasures', { person: ANN_BY_EMAIL, fingerprint, reference: ANN.email })
    expect(answer.status).toBe(400)
  })

  it('can be fetched whole, once and within a day, as JSON or as a page', async () => {
    const made = async (format: string) =>
      (await post<{ id: string }>('/v1/data-exports', { person: ANN_BY_EMAIL, format })).body.id
    const id = await made('json')
    const { status, body, headers } = await post<{
      parts: { name: string; rows: object[] }[]
      nothingIn: object[]
    }>(`/v1/data-exports/${id}/download`)
    expect(status).toBe(200)
    expect(headers.get('content-disposition')).toMatch(
      /^attachment; filename="holdfast-person-2026-11-22\.json"$/,
    )
    expect(headers.get('cache-control')).toBe('no-store')
    expect(body.parts.map(({ name }) => name)).toEqual(
      PLACE_NAMES.filter((name) => body.parts.some((one) => one.name === name)),
    )
    expect(body.parts).toHaveLength(PLACE_NAMES.length)
    expect(JSON.stringify(body.parts)).toContain('Stay with us.')
    const again = await post<{ code: string }>(`/v1/data-exports/${id}/download`)
    expect([again.status, again.body.code]).toEqual([409, 'conflict'])

    const page = await fetch(`${api.url}/v1/data-exports/${await made('html')}/download`, {
      method: 'POST',
      headers: { authorization: `Bearer ${key}` },
    })
    const html = await page.text()
    expect(html).toContain('O&quot;Hara')
    expect(html).not.toContain('<script')

    const late = await made('json')
    now = new Date(now.getTime() + 86_400_001)
    expect((await post(`/v1/data-exports/${late}/download`)).status).toBe(409)
    const list = await ask<{ items: { fetchedAt: string | null }[] }>(api, key, 'GET', '/v1/data-exports')
    expect(list.body.items.filter(({ fetchedAt }) => fetchedAt !== null)).toHaveLength(2)
  })

  it('is kept for as long as the settings say, each place in a sentence', async () => {
    const { body } = await ask<{
      places: { place: string; setting: string | null; kept: string }[]
      runs: object[]
    }>(api, key, 'GET', '/v1/retention')
    expect(body.places.map(({ place }) => place)).toEqual(PLACE_NAMES)
    expect(body.places.find(({ place }) => place === 'audit_log')).toMatchObject({
      setting: 'auditLog',
      kept: 'Kept for 1095 days.',
    })
    expect(body.runs).toEqual([])
  })
})
