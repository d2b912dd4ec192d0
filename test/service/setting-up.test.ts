import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Writable } from 'node:stream'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { seedSample } from '../../connectors/hubspot/sandbox/sample.ts'
import { startHubSpotSandbox, type HubSpotSandbox } from '../../connectors/hubspot/sandbox/server.ts'
import { seedSampleOrg } from '../../connectors/salesforce/sandbox/sample.ts'
import { startSalesforceSandbox, type SalesforceSandbox } from '../../connectors/salesforce/sandbox/server.ts'
import { readConfig } from '../../src/config.ts'
import { openSettingUp } from '../../src/control/setting-up.ts'
import { systemClock } from '../../src/contracts/clock.ts'
import type { TenantId } from '../../src/contracts/ids.ts'
import { pass } from '../../src/loop/pass.ts'
import { openLog } from '../../src/log.ts'
import type { QueueService } from '../../src/queue/service.ts'
import { createApiKey } from '../../src/security/api-keys.ts'
import { createSignInLink } from '../../src/security/sessions.ts'
import { apiRoutes } from '../../src/server/api/routes.ts'
import { salesforceCallback } from '../../src/server/oauth/salesforce.ts'
import { startServer, type RunningServer } from '../../src/server/server.ts'
import { openService, startServiceQueue, type Service } from '../../src/service.ts'
import { createTenant } from '../../src/store/tenants.ts'
import { csv, customers, telcoHeader } from '../cli/command.ts'
import { ownPage } from '../support/own-page.ts'

let folder: string
let portal: HubSpotSandbox
let other: HubSpotSandbox
let org: SalesforceSandbox
let service: Service
let queue: QueueService
let server: RunningServer
let log = ''

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'holdfast-setting-up-'))
  const seed = (state: HubSpotSandbox['state']) => void seedSample(state, { customers: 60, seed: 5 })
  portal = await startHubSpotSandbox({ clock: systemClock, portal: '4711', seed })
  other = await startHubSpotSandbox({ clock: systemClock, portal: '4712' })
  org = await startSalesforceSandbox({
    clock: systemClock,
    personAccounts: true,
    seed: (state) => void seedSampleOrg(state, { customers: 40, seed: 5 }),
  })
  const destination = new Writable({
    write: (chunk: Buffer, _encoding, done) => {
      log += chunk.toString()
      done()
    },
  })
  service = await openService({
    config: readConfig({
      HOLDFAST_DATA: folder,
      HUBSPOT_API_URL: portal.url,
      SALESFORCE_LOGIN_URL: org.url,
      SALESFORCE_CLIENT_ID: org.app.clientId,
      SALESFORCE_CLIENT_SECRET: org.app.clientSecret,
    }),
    clock: systemClock,
    log: openLog({ level: 'trace', destination }),
    alone: true,
  })
  queue = await startServiceQueue(service, 'all')
  server = await startServer({
    host: '127.0.0.1',
    port: 0,
    trustProxy: false,
    services: { ...service, queue, settingUp: openSettingUp(service, queue.wake) },
    routes: [...apiRoutes, salesforceCallback(service.salesforce.web.exchange)],
    version: '0',
  })
})
afterAll(async () => {
  await server?.close()
  await queue?.drain()
  await service?.close()
  await Promise.all([portal?.close(), other?.close(), org?.close()])
  rmSync(folder, { recursive: true, force: true })
})

/** Parsed and held against its route's schema; what a test looks at in it is what the test is about. */
type Answered = ReturnType<typeof JSON.parse>

interface Company {
  readonly tenant: TenantId
  ask(method: string, path: string, body?: unknown): Promise<{ status: number; body: Answered }>
  readonly cookie: string
}

async function company(name: string, role: 'admin' | 'viewer' = 'admin', of?: TenantId): Promise<Company> {
  const tenant = of ?? (await service.database.asSystem('a test', (tx) => createTenant(tx, name)))
  const token = await service.database.withTenant(tenant, (tx) =>
    createSignInLink(tx, { subject: role, role, actor: 'a test' }),
  )
  const signedIn = await fetch(`${server.url}/sign-in`, {
    method: 'POST',
    body: new URLSearchParams({ token }),
    redirect: 'manual',
  })
  const cookie = signedIn.headers.getSetCookie()[0].split(';')[0]
  return {
    tenant,
    cookie,
    ask: async (method, path, body) => {
      const answer = await fetch(server.url + path, {
        method,
        headers: {
          ...ownPage(cookie),
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      })
      const text = await answer.text()
      const parsed: unknown = text === '' ? null : JSON.parse(text)
      const route = apiRoutes.find(
        (one) =>
          one.method === method.toLowerCase() &&
          new RegExp(`^${one.path.replace(/\{\w+\}/g, '[^/]+')}$`).test(path.split('?')[0]),
      )
      const schema = route?.answers[answer.status]?.schema
      // An answer has what its schema says, and nothing else.
      if (schema !== undefined) expect(schema.parse(parsed)).toEqual(parsed)
      return { status: answer.status, body: parsed }
    },
  }
}

const stepsOf = async (of: Company): Promise<Record<string, string>> => {
  const { body } = await of.ask('GET', '/v1/setup')
  return Object.fromEntries(body.steps.map((one: { step: string; state: string }) => [one.step, one.state]))
}

describe('a HubSpot account set up in the app', () => {
  let acme: Company
  let id: string
  const token = (scopes?: string[]) => portal.privateAppToken(scopes)
  beforeAll(async () => {
    acme = await company('Acme')
  })

  it('begins with nothing: the first step is to be done, and what comes after waits for it', async () => {
    expect(await stepsOf(acme)).toEqual({
      connect: 'current',
      customers: 'blocked',
      mapping: 'blocked',
      levels: 'blocked',
      actions: 'blocked',
    })
  })

  it('is looked at before anything is kept: who it is, what the app may do, who could be a customer', async () => {
    const { status, body } = await acme.ask('POST', '/v1/setup/look', { kind: 'hubspot', token: token() })
    expect(status, JSON.stringify(body)).toBe(200)
    expect(body).toMatchObject({
      system: 'HubSpot',
      account: { id: '4711', currency: 'EUR', test: false },
      connectedAs: null,
      proposed: { kind: 'property', property: 'lifecyclestage', values: ['customer', 'evangelist'] },
      sensitive: ['iban'],
    })
    expect(body.checks.find((one: { name: string }) => one.name === 'Scopes')).toMatchObject({ status: 'ok' })
    expect(body.recognised.map((one: { feature: string }) => one.feature)).toContain('recurringAmount')
    expect((await acme.ask('GET', '/v1/connections')).body.items).toEqual([])
    expect(
      await service.database.withTenant(acme.tenant, (tx) => tx.query('select 1 from credentials')),
    ).toEqual([])
  })

  it('says which scopes a token lacks, and refuses one that is none with nothing kept', async () => {
    const poor = await acme.ask('POST', '/v1/setup/look', {
      kind: 'hubspot',
      token: token(['crm.objects.companies.read', 'crm.schemas.companies.read', 'crm.objects.contacts.read']),
    })
    const scopes = poor.body.checks?.find((one: { name: string }) => one.name === 'Scopes')
    expect(scopes ?? poor.body).toMatchObject({ status: 'failed' })
    const wrong = await acme.ask('POST', '/v1/setup/connect', {
      to: { kind: 'hubspot', token: 'pat-eu1-not-a-token' },
    })
    expect(wrong.status).toBeGreaterThanOrEqual(400)
    expect(wrong.status).toBeLessThan(500)
    expect((await acme.ask('GET', '/v1/connections')).body.items).toEqual([])
    expect(log).not.toContain('pat-eu1-not-a-token')
  })

  it('is connected without a word on who is a customer: nobody is scored, and its fields are known at once', async () => {
    const secret = token()
    const made = await acme.ask('POST', '/v1/setup/connect', { to: { kind: 'hubspot', token: secret } })
    expect(made.status, JSON.stringify(made.body)).toBe(201)
    ;({ id } = made.body)
    const shown = await acme.ask('GET', `/v1/connections/${id}`)
    expect(shown.body).toMatchObject({
      system: 'HubSpot',
      externalId: '4711',
      population: null,
      signIn: { how: 'private_app', state: 'valid' },
      trouble: false,
    })
    expect(JSON.stringify(shown.body)).not.toContain(secret)
    expect(log).not.toContain(secret)
    expect(await stepsOf(acme)).toMatchObject({ connect: 'done', customers: 'current', mapping: 'to_do' })
    const twice = await acme.ask('POST', '/v1/setup/connect', { to: { kind: 'hubspot', token: secret } })
    expect(twice.body.detail ?? '').toMatch(/connected already, as "HubSpot 4711"/)
    expect(twice.status).toBe(409)
  })

  it('previews who would be a customer, with five of them, and viewers ask nothing of the CRM', async () => {
    const population = { kind: 'property', property: 'lifecyclestage', values: ['customer'] }
    const { body } = await acme.ask('POST', `/v1/connections/${id}/population/preview`, { population })
    expect(body.customers).toBeGreaterThan(0)
    expect(body.customers).toBeLessThan(body.records)
    expect(body.examples).toHaveLength(5)
    const viewer = await company('Acme', 'viewer', acme.tenant)
    const refused = await viewer.ask('POST', `/v1/connections/${id}/population/preview`, { population })
    expect([refused.status, refused.body.code]).toEqual([403, 'forbidden'])
    const stages = await acme.ask('GET', `/v1/connections/${id}/population`)
    expect(
      stages.body.stages[0].values.find((one: { value: string }) => one.value === 'customer').records,
    ).toBe(body.customers)
  })

  it('refuses a population of nobody, one that is not there, and one in another language', async () => {
    const put = (population: unknown) => acme.ask('PUT', `/v1/connections/${id}/population`, { population })
    const nobody = await put({ kind: 'property', property: 'lifecyclestage', values: ['alumni'] })
    expect([nobody.status, nobody.body.code]).toEqual([422, 'column_values'])
    const unknown = await put({ kind: 'property', property: 'stage', values: ['x'] })
    expect([unknown.status, unknown.body.code]).toEqual([422, 'column_missing'])
    const soql = await put({ kind: 'condition', condition: "Type = 'Customer'" })
    expect([soql.status, soql.body.code]).toEqual([422, 'connector_configuration'])
    expect((await acme.ask('GET', `/v1/connections/${id}`)).body.population).toBeNull()
  })

  it('saves who is a customer, and reads and scores them by itself', async () => {
    const population = { kind: 'property', property: 'lifecyclestage', values: ['customer'] }
    const saved = await acme.ask('PUT', `/v1/connections/${id}/population`, { population })
    expect(saved.status, JSON.stringify(saved.body)).toBe(200)
    for (let n = 0; n < 240; n++) {
      if ((await acme.ask('GET', `/v1/connections/${id}/counts`)).body.scored >= saved.body.customers) break
      await new Promise((done) => setTimeout(done, 250))
    }
    const counts = (await acme.ask('GET', `/v1/connections/${id}/counts`)).body
    expect(counts).toMatchObject({ active: saved.body.customers, scored: saved.body.customers })
    expect(await stepsOf(acme)).toEqual({
      connect: 'done',
      customers: 'done',
      mapping: 'current',
      levels: 'to_do',
      actions: 'to_do',
    })
  })

  it('chooses who is responsible among the fields that name users', async () => {
    const { body } = await acme.ask('GET', `/v1/connections/${id}/responsible`)
    expect(body.current).toEqual({ field: 'hubspot_owner_id' })
    expect(body.fields[0]).toMatchObject({ field: 'hubspot_owner_id' })
    expect(body.fields[0].records).toBeGreaterThan(0)
    const put = (stated: unknown) => acme.ask('PUT', `/v1/connections/${id}/responsible`, stated)
    expect((await put({ field: 'name' })).body.code).toBe('column_missing')
    expect((await put({ fallback: '1' })).body.code).toBe('column_values')
    expect((await put({ teamRole: 'CSM' })).body.code).toBe('connector_configuration')
    expect((await put({ field: 'hubspot_owner_id', fallback: body.users[0].id })).status).toBe(204)
    expect((await acme.ask('GET', `/v1/connections/${id}/responsible`)).body.fallback).toBe(body.users[0].id)
  })

  it('saves nothing over what another admin said since one looked', async () => {
    const asked = async (path: string, body: unknown) =>
      (await acme.ask('PUT', `/v1/connections/${id}/${path}`, body)).status
    const population = { kind: 'property', property: 'lifecyclestage', values: ['customer'] }
    expect(await asked('population', { population: { kind: 'everyone' }, was: null })).toBe(409)
    expect(await asked('population', { population: { kind: 'everyone' }, was: { kind: 'everyone' } })).toBe(
      409,
    )
    expect((await acme.ask('GET', `/v1/connections/${id}`)).body.population).toEqual(population)
    expect(await asked('population', { population, was: population })).toBe(200)
    const { current, fallback } = (await acme.ask('GET', `/v1/connections/${id}/responsible`)).body
    const late = { fallback: null, was: { current, fallback: null } }
    expect(await asked('responsible', late)).toBe(409)
    expect((await acme.ask('GET', `/v1/connections/${id}/responsible`)).body.fallback).toBe(fallback)
    expect(await asked('responsible', { fallback, was: { current, fallback } })).toBe(204)
    const properties = { from: 'properties' }
    const deals = { from: 'deals', pipeline: null, stages: [], periodMonths: 12 }
    expect(await asked('agreements', { agreements: properties, was: deals })).toBe(409)
    expect(await asked('agreements', { agreements: properties, was: properties })).toBe(204)
  })

  it('shows what feeds what with why, tries a change on customers, and keeps the one that was looked at', async () => {
    const view = (await acme.ask('GET', `/v1/connections/${id}/mapping`)).body
    const amount = view.features.find((one: { feature: string }) => one.feature === 'recurringAmount')
    expect(amount.mapped).toMatchObject({ column: 'mrr', byHand: false })
    expect(view.written.map((one: { name: string }) => one.name)).toContain('holdfast_risk_percent')
    const changes = [{ column: 'mrr', feature: null }]
    const heaviest = view.features
      .filter(
        (one: { mapped: unknown; importance: number | null }) =>
          one.mapped !== null && one.importance !== null,
      )
      .toSorted((a: { importance: number }, b: { importance: number }) => b.importance - a.importance)[0]
    const tried = (
      await acme.ask('POST', `/v1/connections/${id}/mapping/preview`, {
        changes: [{ column: heaviest.mapped.column, feature: null }],
      })
    ).body
    expect(tried.sample).toBeGreaterThan(10)
    expect(tried.after.known[heaviest.feature]).toBe(0)
    expect(tried.before.known[heaviest.feature]).toBeGreaterThan(0.5)
    expect(tried.after.confidence).toBeLessThan(tried.before.confidence)
    expect(tried.moved).toBeGreaterThan(0)
    // Nothing was saved by it.
    expect((await acme.ask('GET', `/v1/connections/${id}/mapping`)).body.mark).toBe(view.mark)
    const saved = await acme.ask('PUT', `/v1/connections/${id}/mapping`, { changes, mark: view.mark })
    expect(saved.status, JSON.stringify(saved.body)).toBe(200)
    const after = saved.body.features.find((one: { feature: string }) => one.feature === 'recurringAmount')
    expect(after.mapped?.column).not.toBe('mrr')
    const late = await acme.ask('PUT', `/v1/connections/${id}/mapping`, { changes, mark: view.mark })
    expect([late.status, late.body.code]).toEqual([409, 'conflict'])
    const back = [{ column: 'mrr', feature: 'recurringAmount' }]
    const again = await acme.ask('PUT', `/v1/connections/${id}/mapping`, {
      changes: back,
      mark: saved.body.mark,
    })
    expect(
      again.body.features.find((one: { feature: string }) => one.feature === 'recurringAmount').mapped,
    ).toMatchObject({ column: 'mrr', byHand: true })
  })

  it.each([
    [{ column: 'nowhere', feature: 'recurringAmount' }, /no property "nowhere"/],
    [{ column: 'mrr', feature: 'shoeSize' }, /nothing called "shoeSize"/],
    [{ column: 'name', feature: 'recurringAmount' }, /cannot be/],
  ])('refuses to map %j, and says why', async (change, why) => {
    const { mark } = (await acme.ask('GET', `/v1/connections/${id}/mapping`)).body
    const refused = await acme.ask('PUT', `/v1/connections/${id}/mapping`, { changes: [change], mark })
    expect([refused.status, refused.body.code]).toEqual([422, 'settings_invalid'])
    expect(refused.body.detail).toMatch(why)
  })

  it('reads agreements from deals where that is said, tried on customers first', async () => {
    const { body } = await acme.ask('GET', `/v1/connections/${id}/agreements`)
    expect(body.current).toEqual({ from: 'properties' })
    const [{ pipelines, amounts }] = body.groups
    const { id: pipeline, stages } =
      pipelines.find((one: { label: string }) => /renewal/i.test(one.label)) ?? pipelines[0]
    expect(amounts.map((one: { value: string }) => one.value)).toContain('amount')
    const agreements = {
      from: 'deals',
      pipeline,
      stages: stages.map((one: { value: string }) => one.value),
      periodMonths: 12,
      renewalProperty: 'closedate',
    }
    const tried = (await acme.ask('POST', `/v1/connections/${id}/agreements/preview`, { agreements })).body
    expect(tried.preview.sample).toBeGreaterThan(10)
    expect(tried.preview.withAgreement).toBeGreaterThan(0)
    expect(tried.preview.withAmount).toBeLessThanOrEqual(tried.preview.withAgreement)
    const wrong = await acme.ask('PUT', `/v1/connections/${id}/agreements`, {
      agreements: { ...agreements, periodMonths: 0 },
    })
    expect([wrong.status, wrong.body.code]).toEqual([422, 'connector_configuration'])
    const soql = await acme.ask('PUT', `/v1/connections/${id}/agreements`, {
      agreements: { from: 'contracts' },
    })
    expect(soql.body.code).toBe('connector_configuration')
    expect((await acme.ask('GET', `/v1/connections/${id}/agreements`)).body.current).toEqual({
      from: 'properties',
    })
    expect((await acme.ask('PUT', `/v1/connections/${id}/agreements`, { agreements })).status).toBe(204)
    expect((await acme.ask('GET', `/v1/connections/${id}/agreements`)).body.current).toMatchObject(agreements)
  })

  it('drafts levels and actions over the scored, and is done once somebody agreed to what is there', async () => {
    await pass(service.database, {
      tenant: acme.tenant,
      connection: id as never,
      steps: ['sync', 'score'],
      act: false,
      cause: 'api',
      signal: AbortSignal.timeout(60_000),
      wake: queue.wake,
      onRun: () => undefined,
    })
    const drafted = (
      await acme.ask('POST', '/v1/setup/levels', {
        levels: { kind: 'fixed', high: 0.9, medium: 0.0001, capacity: { customers: 2 } },
      })
    ).body.connections[0]
    const sum = (of: string) =>
      drafted.levels.reduce((all: number, one: Record<string, number>) => all + one[of], 0)
    expect(sum('customers')).toBe(drafted.customers)
    expect(sum('before')).toBe(drafted.customers)
    expect(sum('came')).toBe(sum('went'))
    expect(drafted.levels[0].customers).toBeLessThanOrEqual(2)
    const settings = (await acme.ask('GET', '/v1/settings')).body.settings
    const rich = (await acme.ask('POST', '/v1/setup/actions', { settings })).body
    expect(rich.customers).toBe(drafted.customers)
    expect(rich.actions.length).toBeGreaterThan(3)
    const none = (await acme.ask('POST', '/v1/setup/actions', { settings: { ...settings, budget: 0 } })).body
    expect(none.spendMinor).toBe(0)
    const wrong = await acme.ask('POST', '/v1/setup/actions', { settings: { ...settings, budget: -1 } })
    expect([wrong.status, wrong.body.code]).toEqual([422, 'settings_invalid'])
    for (const step of ['mapping', 'levels', 'actions'])
      expect((await acme.ask('POST', `/v1/setup/steps/${step}/confirmation`)).status).toBe(200)
    const done = (await acme.ask('GET', '/v1/setup')).body
    expect(done.missing).toEqual([])
    expect(done.steps.every((one: { state: string }) => one.state === 'done')).toBe(true)
  })

  it('is no longer done where what was agreed to broke', async () => {
    await service.database.withTenant(acme.tenant, (tx) =>
      tx.query(`update connections set notes = $2::jsonb where tenant_id = $1`, [
        acme.tenant,
        JSON.stringify([
          {
            code: 'property_missing',
            subject: 'mrr',
            message: 'The property "mrr" is gone.',
            since: new Date(),
          },
        ]),
      ]),
    )
    const { steps } = (await acme.ask('GET', '/v1/setup')).body
    expect(steps[2]).toMatchObject({ step: 'mapping', state: 'current', why: 'The property "mrr" is gone.' })
    await service.database.withTenant(acme.tenant, (tx) => tx.query(`update connections set notes = '[]'`))
  })

  it('is looked at on demand, and the figures of its quota stay with it', async () => {
    const { status, body } = await acme.ask('POST', `/v1/connections/${id}/check`)
    expect(status, JSON.stringify(body)).toBe(200)
    expect(body.checks.some((one: { name: string }) => one.name === 'HubSpot account')).toBe(true)
    const { quota, check } = (await acme.ask('GET', `/v1/connections/${id}`)).body
    expect(quota).toMatchObject({ of: 625_000 })
    expect(check.checks).toEqual(body.checks)
  })

  it('is signed in to anew by a sign-in of the same account alone', async () => {
    const strange = await acme.ask('POST', '/v1/setup/connect', {
      to: { kind: 'hubspot', token: other.privateAppToken() },
      again: id,
    })
    expect(strange.status).toBeGreaterThanOrEqual(400)
    const anew = await acme.ask('POST', '/v1/setup/connect', {
      to: { kind: 'hubspot', token: token() },
      again: id,
    })
    expect(anew.body, JSON.stringify(anew.body)).toMatchObject({ id, reconnected: true })
    expect((await acme.ask('GET', '/v1/connections')).body.items).toHaveLength(1)
  })

  it('is left by its name, its sign-in forgotten and its customers kept', async () => {
    expect((await acme.ask('POST', `/v1/connections/${id}/disconnect`, { confirm: 'HubSpot' })).status).toBe(
      409,
    )
    await acme.ask('PATCH', `/v1/connections/${id}`, { name: 'Our CRM' })
    const left = await acme.ask('POST', `/v1/connections/${id}/disconnect`, { confirm: 'Our CRM' })
    expect(left.body).toMatchObject({ status: 'disconnected', forgotten: true })
    const kept = (await acme.ask('GET', `/v1/connections/${id}`)).body
    expect((await acme.ask('GET', `/v1/connections/${id}/counts`)).body.active).toBeGreaterThan(0)
    expect(kept).toMatchObject({ signIn: { state: 'missing' }, freshness: { state: 'stopped' } })
    expect(await stepsOf(acme)).toMatchObject({ connect: 'current' })
  })
})

describe('a Salesforce org set up in the app', () => {
  let acme: Company
  let id: string
  const byKey = () => ({
    how: 'key',
    key: org.jwt.privateKey,
    clientId: org.jwt.clientId,
    username: org.jwt.username,
  })
  beforeAll(async () => {
    acme = await company('Acme on Salesforce')
  })

  it('is looked at and connected by a key, which is never given back', async () => {
    const found = await acme.ask('POST', '/v1/setup/look', { kind: 'salesforce', signIn: byKey() })
    expect(found.status, JSON.stringify(found.body)).toBe(200)
    expect(found.body).toMatchObject({ system: 'Salesforce', object: 'Account', connectedAs: null })
    expect(found.body.proposed.property).toBe('Type')
    const made = await acme.ask('POST', '/v1/setup/connect', { to: { kind: 'salesforce', signIn: byKey() } })
    expect(made.status, JSON.stringify(made.body)).toBe(201)
    ;({ id } = made.body)
    const shown = JSON.stringify((await acme.ask('GET', `/v1/connections/${id}`)).body)
    for (const told of [shown, log, JSON.stringify(made.body)]) expect(told).not.toContain('PRIVATE KEY')
  })

  it.each([
    'http://169.254.169.254/latest',
    'https://salesforce.com.evil.example',
    'http://acme.my.salesforce.com',
    'https://localhost:1',
  ])('asks nobody but Salesforce: not %s', async (loginUrl) => {
    const signIn = { how: 'secret', secret: 'x', clientId: 'y', loginUrl }
    for (const path of ['/v1/setup/look', '/v1/setup/connect']) {
      const to = { kind: 'salesforce', signIn }
      const refused = await acme.ask('POST', path, path.endsWith('look') ? to : { to })
      expect([refused.status, refused.body.code]).toEqual([422, 'connector_configuration'])
    }
    expect((await acme.ask('POST', '/v1/setup/salesforce/sign-in', { loginUrl })).status).toBe(422)
  })

  it('keeps a property and its values as a condition, which the org alone evaluates', async () => {
    const population = { kind: 'property', property: 'Type', values: ['Customer'] }
    const tried = await acme.ask('POST', `/v1/connections/${id}/population/preview`, { population })
    expect(tried.body.population).toEqual({ kind: 'condition', condition: "Type = 'Customer'" })
    expect(tried.body.examples.length).toBeGreaterThan(0)
    const own = { kind: 'condition', condition: "Type = 'Customer'" }
    const same = await acme.ask('POST', `/v1/connections/${id}/population/preview`, { population: own })
    expect(same.body.customers).toBe(tried.body.customers)
    for (const condition of [
      "Type = 'Customer' LIMIT 1",
      'Nowhere__c = 1',
      "Name = 'x') OR (Name != 'x'",
      '',
    ])
      expect(
        (
          await acme.ask('POST', `/v1/connections/${id}/population/preview`, {
            population: { ...own, condition },
          })
        ).status,
        condition,
      ).toBeGreaterThanOrEqual(400)
    const saved = await acme.ask('PUT', `/v1/connections/${id}/population`, { population })
    expect(saved.body).toMatchObject({ customers: tried.body.customers })
  })

  it('chooses who is responsible and where agreements come from', async () => {
    const { body } = await acme.ask('GET', `/v1/connections/${id}/responsible`)
    expect(body.fields.map((one: { field: string }) => one.field)).toContain('OwnerId')
    expect(body.users.length).toBeGreaterThan(0)
    const put = await acme.ask('PUT', `/v1/connections/${id}/responsible`, { fallback: body.users[0].id })
    expect(put.status, JSON.stringify(put.body)).toBe(204)
    const { groups } = (await acme.ask('GET', `/v1/connections/${id}/agreements`)).body
    expect(groups[0]).toMatchObject({ from: 'opportunities' })
    const agreements = { from: 'opportunities', periodMonths: 12 }
    const tried = await acme.ask('POST', `/v1/connections/${id}/agreements/preview`, { agreements })
    expect(tried.status, JSON.stringify(tried.body)).toBe(200)
    expect((await acme.ask('PUT', `/v1/connections/${id}/agreements`, { agreements })).status).toBe(204)
  })

  it('is signed in to by consent, whose answer only the company that began it can ask for', async () => {
    const beta = await company('Beta')
    const { body } = await beta.ask('POST', '/v1/setup/salesforce/sign-in', {})
    const answer = () => beta.ask('POST', '/v1/setup/salesforce/answer', { state: body.state })
    expect((await answer()).body).toEqual({ signedIn: null })
    const asked = new URL(body.address).searchParams
    const back = new URL(asked.get('redirect_uri')!)
    expect(back.href).toBe(body.callback)
    back.searchParams.set('code', org.authorizationCode(asked.get('code_challenge')!))
    back.searchParams.set('state', asked.get('state')!)
    expect(await (await fetch(back)).text()).toContain('You are signed in to Salesforce')
    const thief = await acme.ask('POST', '/v1/setup/salesforce/answer', { state: body.state })
    expect(thief.status).toBe(404)
    const { signedIn } = (await answer()).body
    expect(signedIn.org).toBe(org.org)
    const to = { kind: 'salesforce', object: 'Contact', signIn: { how: 'web', org: signedIn.org } }
    const made = await beta.ask('POST', '/v1/setup/connect', { to })
    expect(made.status, JSON.stringify(made.body)).toBe(201)
  })
})

describe('a file set up in the app', () => {
  const bring = async (of: Company, name: string, bytes: string | Uint8Array) => {
    const answer = await fetch(`${server.url}/v1/setup/files?name=${encodeURIComponent(name)}`, {
      method: 'POST',
      headers: ownPage(of.cookie),
      body: bytes,
    })
    return { status: answer.status, body: (await answer.json()) as Answered }
  }

  it('is brought, looked at, and read by the connection that is made of it', async () => {
    const shop = await company('Shop')
    const brought = await bring(shop, '../../etc/customers.csv', csv(telcoHeader, customers(80)))
    expect(brought).toMatchObject({ status: 201, body: { name: 'customers.csv' } })
    const found = await shop.ask('POST', '/v1/setup/look', { kind: 'file', file: brought.body.id })
    expect(found.body, JSON.stringify(found.body)).toMatchObject({ system: 'File', records: 80 })
    const made = await shop.ask('POST', '/v1/setup/connect', { to: { kind: 'file', file: brought.body.id } })
    expect(made.status).toBe(201)
    const preview = await shop.ask('POST', `/v1/connections/${made.body.id}/population/preview`, {
      population: { kind: 'everyone' },
    })
    expect(preview.body).toMatchObject({ customers: 80, records: 80 })
    expect(preview.body.examples).toHaveLength(5)
    const stranger = await company('Stranger')
    expect(
      (await stranger.ask('POST', '/v1/setup/look', { kind: 'file', file: brought.body.id })).status,
    ).toBe(404)
  })

  it.each([
    ['customers.csv', ''],
    ['customers.exe', 'MZ'],
    ['customers.csv', '\0\0\0\0'],
  ])('refuses %s with %j before anything of it is connected', async (name, content) => {
    const shop = await company(`Shop ${name} ${content.length}`)
    const brought = await bring(shop, name, content)
    const last =
      brought.status === 201
        ? await shop.ask('POST', '/v1/setup/connect', { to: { kind: 'file', file: brought.body.id } })
        : brought
    expect(last.status, JSON.stringify(last.body)).toBeGreaterThanOrEqual(400)
    expect(last.status).toBeLessThan(500)
    expect((await shop.ask('GET', '/v1/connections')).body.items).toEqual([])
  })

  it('is a sample where somebody only wants to see: customers made up, and nobody ever written to', async () => {
    const trial = await company('Trial')
    const made = await trial.ask('POST', '/v1/setup/connect', { to: { kind: 'sample' } })
    expect(made.status, JSON.stringify(made.body)).toBe(201)
    const { sandbox, steps } = (await trial.ask('GET', '/v1/setup')).body
    expect(sandbox).toBe(true)
    expect(steps[1]).toMatchObject({ step: 'customers', state: 'done' })
  })
})

it('a program cannot bring secrets, whatever its key may do', async () => {
  const of = await company('Keys')
  const { key } = await service.database.withTenant(of.tenant, (tx) =>
    createApiKey(tx, { name: 'A program', scopes: ['admin', 'read', 'write'], actor: 'a test' }),
  )
  const answer = await fetch(`${server.url}/v1/setup/connect`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body: JSON.stringify({ to: { kind: 'sample' } }),
  })
  expect(answer.status).toBe(403)
})
