import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { TenantId } from '../../../src/contracts/ids.ts'
import type { DiffAnswer, VersionAnswer, VersionLine } from '../../../src/server/api/settings-history.ts'
import type { FormAnswer } from '../../../src/server/api/settings-form.ts'
import type { SavedAnswer } from '../../../src/server/api/settings.ts'
import { apiRoutes } from '../../../src/server/api/routes.ts'
import type { Problem } from '../../../src/server/problem.ts'
import { addTenant, databaseKind, openTestDatabase } from '../../support/database.ts'
import { startTestServer, type TestServer } from '../../support/server.ts'
import type { Database } from '../../../src/store/database.ts'

let database: Database
let server: TestServer
let tenant: TenantId
let admin: string
let viewer: string

beforeAll(async () => {
  database = await openTestDatabase()
  server = await startTestServer(database, apiRoutes)
})
afterAll(async () => {
  await server.close()
  await database.close()
})

beforeEach(async () => {
  tenant = await addTenant(database)
  admin = await server.cookie(tenant, 'admin')
  viewer = await server.cookie(tenant, 'viewer')
})

interface Answer<Body> {
  readonly status: number
  readonly etag: string | null
  readonly body: Body
}

interface Asking {
  readonly as?: string
  readonly body?: unknown
  readonly looked?: number
}

async function ask<Body = Problem>(
  route: string,
  { as = admin, body, looked }: Asking = {},
): Promise<Answer<Body>> {
  const [method, path] = route.split(' ')
  const answer = await server.fetch(path, {
    method,
    headers: {
      cookie: as,
      'sec-fetch-site': 'same-origin',
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...(looked === undefined ? {} : { 'if-match': `"${looked}"` }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  return { status: answer.status, etag: answer.headers.get('etag'), body: (await answer.json()) as Body }
}

const put = (body: unknown, looked: number, query = '') =>
  ask<SavedAnswer & Problem>(`PUT /v1/settings${query}`, { body, looked })
const set = (fields: object, looked: number, query = '') =>
  ask<SavedAnswer & Problem>(`PATCH /v1/settings${query}`, { body: { set: fields }, looked })
const current = async () => (await ask<SavedAnswer>('GET /v1/settings')).body

describe(`settings of the API (${databaseKind})`, () => {
  it('saves a change that was made from the newest version', async () => {
    const before = await ask<SavedAnswer>('GET /v1/settings')
    expect([before.etag, before.body.version]).toEqual(['"0"', 0])
    const saved = await put({ budget: 500, delivery: { mode: 'off' } }, 0)
    expect([saved.status, saved.etag, saved.body.version, saved.body.merged]).toEqual([200, '"1"', 1, false])
    expect(saved.body.settings).toMatchObject({ budget: 500, delivery: { mode: 'off' } })
    // What GET gives can be put back as it is.
    const { settings } = await current()
    const again = await put({ ...(settings as object), budget: 600 }, 1)
    expect(again.body.settings).toEqual({ ...(settings as object), budget: 600 })
    const audited = await database.withTenant(tenant, (tx) =>
      tx.query("select object from audit_log where tenant_id = $1 and action = 'settings.save' order by id", [
        tenant,
      ]),
    )
    expect(audited).toEqual([{ object: 'version 1' }, { object: 'version 2' }])
  })

  it('changes single fields, and puts them back to how they ship', async () => {
    await set({ 'catalogue.sms.fixedCost': 0.07, 'delivery.mode': 'off', budget: 5 }, 0)
    const reset = await ask<SavedAnswer>('PATCH /v1/settings', {
      body: { set: { 'calls.people.a\\.b.zone': 'UTC' }, reset: ['catalogue.sms.fixedCost', 'budget'] },
      looked: 1,
    })
    expect(reset.body.settings).toMatchObject({
      budget: null,
      catalogue: {},
      delivery: { mode: 'off' },
      calls: { people: { 'a.b': { zone: 'UTC', from: null } } },
    })
  })

  it('says who saved meanwhile and what, and what was not saved for it', async () => {
    await set({ budget: 100 }, 0)
    await set({ budget: 200, 'catalogue.sms.fixedCost': 0.07 }, 1)
    const { status, body } = await set({ period: 'week' }, 1)
    expect([status, body.code]).toEqual([409, 'conflict'])
    expect(body.conflict).toMatchObject({
      version: 2,
      saves: [{ version: 2, who: 'admin' }],
      theirs: [
        { path: 'budget', before: 'USD 100', after: 'USD 200' },
        { path: 'catalogue.sms.fixedCost', before: 'As it ships', after: 'USD 0.07' },
      ],
      yours: [{ path: 'period', label: 'Decisions are taken every', before: 'Month', after: 'Week' }],
      both: [],
      mergeable: true,
    })
    expect(body.detail).toContain('onConflict=merge')
    const same = await set({ budget: 300 }, 1)
    expect(same.body.conflict).toMatchObject({ both: ['budget'], mergeable: false })
    expect((await current()).version).toBe(2)
  })

  it('keeps what both changed where that is asked for, and never the same field of both', async () => {
    await set({ budget: 100 }, 0)
    await set({ budget: 200 }, 1)
    const merged = await set({ period: 'week' }, 1, '?onConflict=merge')
    expect([merged.status, merged.body.merged, merged.body.version]).toEqual([200, true, 3])
    expect(merged.body.settings).toMatchObject({ budget: 200, period: 'week' })
    const refused = await set({ budget: 300 }, 1, '?onConflict=merge')
    expect([refused.status, refused.body.conflict?.both]).toEqual([409, ['budget']])
    // Wholes are merged by their fields too: this one was made from version 1.
    const whole = await put({ budget: 100, delivery: { mode: 'off' } }, 1, '?onConflict=merge')
    expect(whole.body.settings).toMatchObject({ budget: 200, period: 'week', delivery: { mode: 'off' } })
  })

  it('checks what comes of a merge as anything that is saved', async () => {
    await set({ 'calls.from': 8, 'calls.until': 12 }, 0)
    await set({ 'calls.until': 10 }, 1)
    const { status, body } = await set({ 'calls.from': 11 }, 1, '?onConflict=merge')
    expect([status, body.fields]).toEqual([
      422,
      [{ path: 'calls.until', message: 'It has to be after calls.from.' }],
    ])
    expect((await current()).version).toBe(2)
  })

  it('lets nobody overwrite anybody who saves at the same time', async () => {
    const paths = ['budget', 'margin.floor', 'contact.cooldownDays', 'discounts.perYear', 'offers.fewCodes']
    const refusing = await Promise.all(paths.map((path) => set({ [path]: 1 }, 0)))
    expect(refusing.map(({ status }) => status).toSorted()).toEqual([200, 409, 409, 409, 409])
    const won = paths[refusing.findIndex(({ status }) => status === 200)]
    const others = paths.filter((path) => path !== won)
    const merging = await Promise.all(others.map((path) => set({ [path]: 1 }, 0, '?onConflict=merge')))
    expect(merging.map(({ status }) => status)).toEqual(others.map(() => 200))
    const { version, settings } = await current()
    expect(version).toBe(paths.length)
    expect(settings).toMatchObject({
      budget: 1,
      margin: { floor: 1 },
      contact: { cooldownDays: 1 },
      discounts: { perYear: 1 },
      offers: { fewCodes: 1 },
    })
  })

  it('names each field that is wrong, rules across fields and lines of templates among them', async () => {
    const { status, body } = await put(
      {
        budgett: 3,
        delivery: { mode: 'loud' },
        margin: { gross: 1.5 },
        calls: { from: 18, until: 9 },
        catalogue: { sms: { capacity: -1 } },
        sender: { address: 'ines' },
      },
      0,
    )
    expect([status, body.code]).toEqual([422, 'settings_invalid'])
    expect(body.fields).toEqual([
      { path: 'margin.gross', message: 'At most 100 %.' },
      { path: 'catalogue.sms.capacity', message: 'At least 0.' },
      { path: 'delivery.mode', message: expect.stringMatching(/^One of off \(Nothing\)/) },
      { path: 'sender.address', message: 'That is no e-mail address.' },
      { path: 'calls.until', message: 'It has to be after calls.from.' },
      { path: 'budgett', message: 'There is no such setting.' },
    ])
    const mail = { subject: '{{ x }}', text: 'Hello\n{{ recipient.nam }}', html: '<p>Hello</p>' }
    const template = await set({ 'templates.en.email': mail, 'templates.en.sms': mail }, 0)
    expect(template.body.fields).toEqual([
      { path: 'templates.en.sms', message: expect.stringMatching(/^It has to be one of email/) },
    ])
    const lines = await set({ 'templates.en.email': mail, 'sms.templates.de.sms': '{% if %}' }, 0)
    expect([lines.status, lines.body.code]).toEqual([422, 'template_invalid'])
    expect(lines.body.fields).toMatchObject([
      {
        path: 'templates.en.email.subject',
        message: expect.stringMatching(/^The subject, line 1: it names "x"/),
      },
      { path: 'templates.en.email.text', message: expect.stringMatching(/^The text, line 2: /) },
      { path: 'sms.templates.de.sms' },
    ])
    expect((await current()).version).toBe(0)
  })

  it('takes no path that leads nowhere, none twice, and none within another', async () => {
    for (const [body, path] of [
      [{ set: { colours: 1 } }, 'colours'],
      [{ set: { delivery: {} } }, 'delivery'],
      [{ set: { __proto__x: 1 } }, '__proto__x'],
      [{ set: { 'templates.en': {}, 'templates.en.email': {} } }, 'templates.en.email'],
      [{ set: { budget: 1 }, reset: ['budget'] }, 'budget'],
    ] as const) {
      const { status, body: answer } = await ask('PATCH /v1/settings', { body, looked: 0 })
      expect([status, answer.fields?.map((one) => one.path)]).toEqual([422, [path]])
    }
    expect((await ask('PATCH /v1/settings', { body: {}, looked: 0 })).status).toBe(400)
  })

  it('refuses what was made from a version that never was', async () => {
    expect((await set({ budget: 1 }, 7)).status).toBe(404)
    const missing = await ask('PUT /v1/settings', { body: {} })
    expect([missing.status, missing.body.detail]).toEqual([400, expect.stringContaining('ETag')])
  })
})

describe(`the history of settings (${databaseKind})`, () => {
  it('tells who changed what, the newest first, page by page', async () => {
    await set({ budget: 100 }, 0)
    await set({ 'delivery.mode': 'sandbox' }, 1)
    await set({ budget: 200, period: 'week' }, 2)
    interface Page {
      readonly items: readonly VersionLine[]
      readonly next: string | null
    }
    const first = await ask<Page>('GET /v1/settings/versions?limit=2')
    expect(first.body.items).toMatchObject([
      { version: 3, who: 'admin', changes: 2, summary: 'Decisions are taken every and Budget of a period.' },
      {
        version: 2,
        changes: 1,
        summary:
          'What leaves Holdfast: Nothing: it is recorded as if it were sent, now Into the sandbox inbox only.',
      },
    ])
    const second = await ask<Page>(`GET /v1/settings/versions?limit=2&cursor=${first.body.next}`)
    expect(second.body).toMatchObject({
      items: [{ version: 1, summary: 'Budget of a period: No limit, now USD 100.' }],
      next: null,
    })
    expect((await ask('GET /v1/settings/versions?limit=51')).status).toBe(400)
  })

  it('says what differs between any two, the whole texts of templates among it', async () => {
    const mail = { subject: 'Hello', text: 'One\nTwo', html: '<p>One</p>' }
    await set({ 'templates.en.email': mail, budget: 5 }, 0)
    await set({ 'templates.en.email.text': 'One\nThree' }, 1)
    const near = await ask<DiffAnswer>('GET /v1/settings/diff?from=1&to=2')
    expect(near.body).toMatchObject({
      from: { version: 1 },
      to: { version: 2, who: 'admin' },
      changes: [
        {
          path: 'templates.en.email.text',
          label: 'E-mail templates: English: Send Email: Text',
          before: 'One Two',
          after: 'One Three',
          texts: { before: 'One\nTwo', after: 'One\nThree' },
        },
      ],
    })
    const far = await ask<DiffAnswer>('GET /v1/settings/diff?from=2&to=0')
    expect(far.body.changes.map(({ path }) => path)).toEqual(['budget', 'templates.en'])
    expect((await ask('GET /v1/settings/diff?from=1&to=9')).status).toBe(404)
  })

  it('goes back as a new version, by whoever saw the newest', async () => {
    await set({ budget: 100 }, 0)
    await set({ budget: 200, 'delivery.mode': 'off' }, 1)
    const stale = await ask('POST /v1/settings/versions/1/restore', { looked: 1 })
    expect([stale.status, stale.body.code]).toEqual([409, 'conflict'])
    const back = await ask<SavedAnswer>('POST /v1/settings/versions/1/restore', { looked: 2 })
    expect([back.status, back.body.version]).toEqual([200, 3])
    expect((await ask<DiffAnswer>('GET /v1/settings/diff?from=1&to=3')).body.changes).toEqual([])
    const { body } = await ask<VersionAnswer>('GET /v1/settings/versions/3')
    expect(body).toMatchObject({ note: 'Version 1 again', fits: true, fields: [] })
    expect(
      (await ask<SavedAnswer>('POST /v1/settings/versions/0/restore', { looked: 3 })).body.settings,
    ).toMatchObject({ budget: null })
  })

  it('tells field by field what of an old version no longer fits, and goes back to nothing of it', async () => {
    // As an earlier Holdfast with other settings would have saved them.
    const saved = [{ budget: 100, delivery: { mode: 'loud' }, colours: 1 }, { budget: 5 }]
    for (const [at, value] of saved.entries())
      await database.withTenant(tenant, (tx) =>
        tx.query(
          "insert into settings_versions (tenant_id, version, settings, author) values ($1, $2, $3, 'cli')",
          [tenant, at + 1, JSON.stringify(value)],
        ),
      )
    const { body } = await ask<VersionAnswer>('GET /v1/settings/versions/1')
    expect(body).toMatchObject({ fits: false, settings: { budget: 100, delivery: { mode: 'loud' } } })
    const refused = await ask('POST /v1/settings/versions/1/restore', { looked: 2 })
    expect([refused.status, refused.body.fields]).toEqual([
      422,
      [
        { path: 'delivery.mode', message: expect.stringMatching(/^One of/) },
        { path: 'colours', message: 'There is no such setting.' },
      ],
    ])
    // Histories are read all the same.
    expect((await ask('GET /v1/settings/versions')).status).toBe(200)
    expect((await ask<DiffAnswer>('GET /v1/settings/diff?from=1&to=2')).body.changes).toMatchObject([
      { path: 'budget' },
      { path: 'delivery.mode', before: 'loud' },
    ])
    // Whoever looked at it can still save on top of the newest.
    expect((await set({ period: 'week' }, 1, '?onConflict=merge')).status).toBe(422)
    expect((await current()).version).toBe(2)
  })

  it('shows viewers no addresses, and nobody who may not save them a secret', async () => {
    await set({ 'delivery.testList': ['ines.vogt@acme.example'], 'exploration.salt': 'canary-7f3a' }, 0)
    for (const path of ['', '/versions', '/versions/1', '/diff?from=0&to=1']) {
      const { status, body } = await ask<unknown>(`GET /v1/settings${path}`, { as: viewer })
      expect(status).toBe(200)
      expect(JSON.stringify(body)).not.toMatch(/ines\.vogt|canary/)
    }
    expect((await ask<SavedAnswer>('GET /v1/settings', { as: viewer })).body).toMatchObject({ masked: true })
    const told = await ask<DiffAnswer>('GET /v1/settings/diff?from=0&to=1')
    expect(JSON.stringify(told.body)).toContain('ines.vogt')
    expect(JSON.stringify(told.body)).not.toContain('canary')
  })

  it('is each company’s own', async () => {
    await set({ budget: 100 }, 0)
    const other = await server.cookie(await addTenant(database), 'admin')
    expect((await ask('GET /v1/settings/versions/1', { as: other })).status).toBe(404)
    expect((await ask<{ items: unknown[] }>('GET /v1/settings/versions', { as: other })).body.items).toEqual(
      [],
    )
  })
})

describe(`the form of the API (${databaseKind})`, () => {
  it('has the actions of the company as rows, with what they cost and who says yes', async () => {
    const gift = {
      key: 'gift',
      name: 'Gift',
      channel: 'email',
      fixedCost: 5,
      effect: { mean: 0.05, sd: 0.03 },
    }
    await put(
      {
        currency: { file: 'EUR' },
        actions: { own: [gift] },
        catalogue: { sms: { fixedCost: 0.07, capacity: 40 } },
        offers: { fulfilment: { discount_10: { by: 'billing' } } },
      },
      0,
    )
    const { body } = await ask<FormAnswer>('GET /v1/settings/form')
    expect([body.version, body.currency, body.sections[0].key]).toEqual([1, 'EUR', 'customers'])
    const rows = new Map(body.actions.map((row) => [row.key, row]))
    expect([...rows.keys()]).toEqual([
      'email',
      'sms',
      'discount_10',
      'discount_20',
      'call_discount_30',
      'update_payment',
      'gift',
    ])
    expect(rows.get('sms')).toMatchObject({
      base: 'catalogue.sms',
      cost: { fixedCostMinor: 7, share: 0.02, durationMonths: 12 },
      shipped: { fixedCostMinor: 0 },
      capacity: 40,
      approval: { needed: false, path: 'delivery.approval.sms' },
    })
    expect(rows.get('discount_10')).toMatchObject({
      carriedOutBy: 'email',
      approval: { needed: true, path: 'delivery.approval.discounts' },
    })
    expect(rows.get('discount_20')).toMatchObject({ channel: 'email', carriedOutBy: 'task' })
    expect(rows.get('gift')).toMatchObject({ base: 'actions.own.gift', own: true, shipped: null })
    // What a row names can be changed by it.
    await set({ [`${rows.get('gift')!.base}.fixedCost`]: 6 }, 1)
    expect((await current()).settings).toMatchObject({ actions: { own: [{ key: 'gift', fixedCost: 6 }] } })
  })
})
