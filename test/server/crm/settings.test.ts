import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { setConnectionStatus } from '../../../src/store/connections.ts'
import type { Database } from '../../../src/store/database.ts'
import { addPause } from '../../../src/store/pauses.ts'
import { currentSettings } from '../../../src/store/settings-versions.ts'
import { readTenant } from '../../../src/store/tenants.ts'
import { databaseKind, openTestDatabase } from '../../support/database.ts'
import { startTestServer, type TestServer } from '../../support/server.ts'
import { addPerson, APP_KEY, asking, BASE, change, connectAccount, type Account } from './rig.ts'

let database: Database
let server: TestServer
beforeAll(async () => {
  database = await openTestDatabase()
  server = await startTestServer(database, [], {}, { publicUrl: BASE, appKeys: [APP_KEY] })
})
afterAll(async () => {
  await server.close()
  await database.close()
})

const ADMIN = { email: 'ada@acme.example' }
const OPERATOR = { email: 'opal@acme.example' }
let account: Account
let ask: ReturnType<typeof asking>
beforeEach(async () => {
  account = await connectAccount(database)
  ask = asking(server, account)
  await addPerson(database, account.tenant, { ...ADMIN, role: 'admin' })
  await addPerson(database, account.tenant, { ...OPERATOR, role: 'operator' })
})

const page = async (by: { email: string } = ADMIN) => {
  const { status, body } = await ask.settings(by)
  expect(status, JSON.stringify(body)).toBe(200)
  return body
}
const save = async (values: Record<string, unknown>, version?: number, by = ADMIN) => {
  const { status, body } = await ask.changeSettings(
    { version: version ?? (await page()).version, values },
    by,
  )
  return { status, ...body }
}
const field = ({ sections }: { sections: Awaited<ReturnType<typeof page>>['sections'] }, key: string) =>
  sections.flatMap(({ fields }) => fields).find((one) => one.key === key)
const inForce = () => database.withTenant(account.tenant, currentSettings)

describe(`the settings page in HubSpot (${databaseKind})`, () => {
  it('says how things stand, and has what an admin needs there', async () => {
    const body = await page()
    expect(body.sentence).toBe(
      'Holdfast looks after 11 companies of this account. Dry run: whatever is approved is recorded, and nobody gets it.',
    )
    expect(body).toMatchObject({ mayChange: true, mayPause: true, paused: null, notices: [] })
    expect(body.sections.map(({ title }) => title)).toEqual([
      'Connection: companies',
      'Levels',
      'Actions',
      'Limits',
      'Delivery and approval',
      'On the record',
    ])
    expect(body.sections[0].more?.href).toBe(`${BASE}/app/connections/${account.connection}`)
    expect(field(body, 'discounts.deepest')).toMatchObject({ kind: 'number', value: 30, max: 100, unit: '%' })
    expect(field(body, 'budget')).toMatchObject({ value: null, min: 0, unit: 'USD' })
    expect(field(body, 'budget')?.help).toMatch(/ Empty: no limit\.$/)
    expect(field(body, 'delivery.mode')).toMatchObject({ kind: 'choice', value: 'dry_run' })
    expect(field(body, 'catalogue.sms.enabled')).toMatchObject({ kind: 'switch', value: true })
    for (const { label, help } of body.sections.flatMap(({ fields }) => fields))
      expect(`${label} ${help ?? ''}`).not.toMatch(/undefined|null|\.\./)
  })

  it('shows those who are not of Holdfast how things stand and no settings', async () => {
    expect(await page({ email: 'rep1@example.com' })).toMatchObject({
      mayChange: false,
      mayPause: false,
      sections: [],
    })
    expect(await page(OPERATOR)).toMatchObject({ mayChange: false, mayPause: true })
  })

  it('saves what an admin changed, shares as percent, into the settings of the company', async () => {
    const saved = await save({
      'discounts.deepest': 7,
      'guard.perWeek': null,
      'catalogue.sms.enabled': false,
      'delivery.mode': 'off',
      budget: 1250.5,
    })
    expect(saved).toMatchObject({ status: 200, tone: 'success', problems: {} })
    const { settings, version } = await inForce()
    expect(saved.settings.version).toBe(version)
    expect(settings.discounts.deepest).toBe(0.07)
    expect(settings.guard.perWeek).toBeNull()
    expect(settings.catalogue['sms']?.enabled).toBe(false)
    expect(settings.delivery.mode).toBe('off')
    expect(settings.budget).toBe(1250.5)
    expect(field(saved.settings, 'discounts.deepest')).toMatchObject({ value: 7 })
    const audit = await database.withTenant(account.tenant, (tx) =>
      tx.query<{ actor: string }>(`select actor from audit_log where action = 'settings.save'`),
    )
    expect(audit).toEqual([{ actor: 'user:ada@acme.example' }])
  })

  it('takes another kind of levels with numbers to begin with, then the numbers', async () => {
    const other = await save({ 'levels.kind': 'fixed' })
    expect(field(other.settings, 'levels.high')).toMatchObject({ value: 70, unit: '%' })
    await save({ 'levels.high': 65, 'levels.medium': 35 })
    expect((await inForce()).settings.levels).toEqual({ kind: 'fixed', high: 0.65, medium: 0.35 })
    const wrong = await save({ 'levels.high': 20 })
    expect(wrong).toMatchObject({ tone: 'warning', problems: { 'levels.high': expect.any(String) } })
    expect((await inForce()).settings.levels).toMatchObject({ high: 0.65 })
  })

  it('saves nothing where something is wrong, and says it at the field', async () => {
    const { version } = await page()
    const answer = await save({ 'guard.perDay': -1, budget: 5 })
    expect(answer).toMatchObject({
      status: 200,
      tone: 'warning',
      problems: { 'guard.perDay': 'At least 0.' },
      settings: { version },
    })
    expect((await inForce()).version).toBe(version)
    expect((await save({ 'tenant.name': 'x' })).status).toBe(400)
    expect((await save({ 'smtp.host': 'mail.example' })).detail).toMatch(/does not have smtp\.host/)
    expect((await save({})).status).toBe(400)
  })

  it('keeps what somebody else changed meanwhile, and asks where both changed the same', async () => {
    const { version } = await page()
    await change(database, account.tenant, { budget: 900 })
    expect(await save({ 'guard.perDay': 3 }, version)).toMatchObject({ status: 200, tone: 'success' })
    expect((await inForce()).settings).toMatchObject({ budget: 900, guard: { perDay: 3 } })
    const conflict = await save({ budget: 1000 }, version)
    expect(conflict.status).toBe(409)
    expect(conflict.detail).toMatch(/Both of you changed “Budget of a period”/)
    expect((await inForce()).settings.budget).toBe(900)
  })

  it('is changed by admins and by nobody else', async () => {
    const { version } = await page()
    for (const by of [OPERATOR, { email: 'rep1@example.com' }])
      expect(await save({ budget: 5 }, version, by)).toMatchObject({
        status: 403,
        detail: 'Admins of Holdfast change settings. Ask one of them.',
      })
    expect((await inForce()).version).toBe(version)
  })

  it('pauses everything for operators, and lets it go on for admins', async () => {
    const paused = (await ask.pause(true, OPERATOR)).body
    expect(paused).toMatchObject({
      tone: 'success',
      settings: { paused: 'Paused in HubSpot by opal.', mayPause: false },
    })
    const status = async () =>
      (await database.withTenant(account.tenant, (tx) => readTenant(tx, account.tenant))).status
    expect(await status()).toBe('paused')
    expect((await ask.pause(false, OPERATOR)).status).toBe(403)
    expect((await ask.pause(true, { email: 'rep1@example.com' })).status).toBe(403)
    expect((await ask.pause(true, ADMIN)).body).toMatchObject({ said: 'It is paused already.', tone: 'info' })
    expect((await ask.pause(false, ADMIN)).body).toMatchObject({
      said: 'It goes on: what is due is sent.',
      settings: { paused: null },
    })
    expect(await status()).toBe('active')
  })

  it('says what stands in the way, and has no button for the kill switch', async () => {
    await database.withTenant(account.tenant, (tx) =>
      addPause(tx, { scope: 'everything', name: '', reason: 'Wrong prices', actor: 'a test' }),
    )
    await database.withTenant(account.tenant, (tx) =>
      setConnectionStatus(tx, account.connection, 'paused', 'a test'),
    )
    const { notices, paused } = await page()
    expect(notices.map(({ kind }) => kind)).toEqual(['disconnected', 'paused'])
    expect(paused).toBeNull()
  })
})
