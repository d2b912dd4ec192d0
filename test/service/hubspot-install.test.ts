/** The app is installed in a HubSpot account by consent, as a browser goes through it, against the sandbox. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Writable } from 'node:stream'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { APP_SCOPES } from '../../connectors/hubspot/scopes.ts'
import { seedSample } from '../../connectors/hubspot/sandbox/sample.ts'
import { startHubSpotSandbox, type HubSpotSandbox } from '../../connectors/hubspot/sandbox/server.ts'
import { readConfig } from '../../src/config.ts'
import { openSettingUp } from '../../src/control/setting-up.ts'
import { systemClock } from '../../src/contracts/clock.ts'
import { asConnection, type TenantId } from '../../src/contracts/ids.ts'
import { openLog } from '../../src/log.ts'
import type { QueueService } from '../../src/queue/service.ts'
import { createSignInLink } from '../../src/security/sessions.ts'
import { apiRoutes } from '../../src/server/api/routes.ts'
import { pageRoutes } from '../../src/server/pages/routes.ts'
import { startServer, type RunningServer } from '../../src/server/server.ts'
import { openService, startServiceQueue, type Service } from '../../src/service.ts'
import { startErasing } from '../../src/loop/erase-connection.ts'
import { createConnection, readConnection } from '../../src/store/connections.ts'
import { suppress, suppressionOf } from '../../src/store/suppressions.ts'
import { createTenant } from '../../src/store/tenants.ts'
import { ownPage } from '../support/own-page.ts'

const redirectUrls: string[] = []
const withoutScopes: string[] = ['communication_preferences.statuses.batch.write']
let folder: string
let portal: HubSpotSandbox
let service: Service
let queue: QueueService
let server: RunningServer
let log = ''

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'holdfast-install-'))
  portal = await startHubSpotSandbox({
    clock: systemClock,
    portal: '4711',
    seed: (state) => void seedSample(state, { customers: 40, seed: 5 }),
    app: { redirectUrls, requiredScopes: APP_SCOPES.required, optionalScopes: APP_SCOPES.optional },
    settings: { withoutScopes },
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
      HUBSPOT_CLIENT_ID: portal.app.clientId,
      HUBSPOT_CLIENT_SECRET: portal.app.clientSecret,
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
    routes: [...apiRoutes, ...pageRoutes],
    version: '0',
  })
  redirectUrls.push(`${server.url}/oauth/hubspot/callback`)
})
afterAll(async () => {
  await server?.close()
  await queue?.drain()
  await service?.close()
  await portal?.close()
  rmSync(folder, { recursive: true, force: true })
})

interface Gone {
  readonly status: number
  /** Where it leads to; empty: nowhere. */
  readonly to: string
  readonly text: string
}

/** What a browser is: it keeps cookies by host, and goes where it is sent. */
async function browser(tenant: TenantId, role: 'admin' | 'operator' = 'admin') {
  const cookies = new Map<string, string>()
  const go = async (url: string, form?: Record<string, string>): Promise<Gone> => {
    const own = url.startsWith(server.url)
    const answer = await fetch(url, {
      redirect: 'manual',
      ...(form === undefined ? {} : { method: 'POST', body: new URLSearchParams(form) }),
      headers: own ? { cookie: [...cookies].map((pair) => pair.join('=')).join('; ') } : {},
    })
    for (const set of own ? answer.headers.getSetCookie() : []) {
      const [name, value] = set.split(';')[0].split('=')
      if (value === '') cookies.delete(name)
      else cookies.set(name, value)
    }
    const to = answer.headers.get('location')
    return {
      status: answer.status,
      to: to === null ? '' : new URL(to, url).href,
      text: await answer.text(),
    }
  }
  const token = await service.database.withTenant(tenant, (tx) =>
    createSignInLink(tx, { subject: role, role, actor: 'a test' }),
  )
  await go(`${server.url}/sign-in`, { token })
  return {
    go,
    cookies,
    begin: (query = '') => go(`${server.url}/oauth/hubspot/install${query}`),
    /** Presses a button of the consent page. */
    async answers(address: string, answer: 'connect' | 'cancel'): Promise<Gone> {
      const { origin, pathname, searchParams } = new URL(address)
      return go(origin + pathname, { ...Object.fromEntries(searchParams), answer })
    },
    async ask(method: string, path: string, body?: unknown) {
      const session = [...cookies].find(([name]) => name.endsWith('holdfast_session'))!.join('=')
      const answer = await fetch(server.url + path, {
        method,
        headers: { ...ownPage(session), 'content-type': 'application/json' },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      })
      // What a test looks at in it is what the test is about.
      return { status: answer.status, body: (await answer.json()) as ReturnType<typeof JSON.parse> }
    },
  }
}

/** Keyed hash of an address whose owner said no. */
const NO = Buffer.alloc(32, 7)

const company = (name: string): Promise<TenantId> =>
  service.database.asSystem('a test', (tx) => createTenant(tx, name))
const sealed = (tenant: TenantId) =>
  service.database.withTenant(tenant, (tx) => tx.query('select owner, name from credentials'))
const codeOf = (address: string): string => new URL(address).searchParams.get('code')!

describe('the app in a HubSpot account', () => {
  let acme: TenantId
  let id: string

  beforeAll(async () => {
    acme = await company('Acme')
  })

  it('is installed by whoever agrees there, with exactly the scopes of its definition', async () => {
    const ines = await browser(acme)
    expect((await ines.ask('GET', '/v1/setup')).body).toMatchObject({ hubspotApp: true })
    const begun = await ines.begin('?object=companies')
    expect(begun.status).toBe(303)
    const asked = new URL(begun.to)
    expect(asked.origin + asked.pathname).toBe(`${portal.url}/oauth/authorize`)
    expect(asked.searchParams.get('scope')?.split(' ')).toEqual(APP_SCOPES.required)
    expect(asked.searchParams.get('code_challenge_method')).toBe('S256')
    const page = await ines.go(begun.to)
    expect(page.text).toContain('Connect this app to HubSpot account 4711')
    expect(page.text).toContain('communication_preferences.statuses.batch.read')
    expect(page.text).not.toContain('<li>communication_preferences.statuses.batch.write</li>')

    const agreed = await ines.answers(begun.to, 'connect')
    expect(agreed.to).toContain(`${server.url}/oauth/hubspot/callback?code=`)
    const back = await ines.go(agreed.to)
    expect([back.status, back.to]).toEqual([
      303,
      `${server.url}/app/setup?step=connect&kind=hubspot&installed=4711&object=companies`,
    ])
    const made = await ines.ask('POST', '/v1/setup/connect', { to: { kind: 'hubspot', portal: '4711' } })
    expect(made.status, JSON.stringify(made.body)).toBe(201)
    ;({ id } = made.body)
    expect((await ines.ask('GET', `/v1/connections/${id}`)).body).toMatchObject({
      externalId: '4711',
      population: null,
      signIn: { how: 'oauth', state: 'valid' },
    })
    expect(portal.state.properties('companies').map(({ name }) => name)).toContain('holdfast_risk_percent')
    const audit = await service.database.withTenant(acme, (tx) =>
      tx.query(`select actor, action, object from audit_log where action like 'hubspot.%'`),
    )
    expect(audit).toEqual([{ actor: 'user:admin', action: 'hubspot.install', object: '4711' }])
    expect(log).not.toContain(codeOf(agreed.to))
    // Once more: somebody loaded the page again while it was connected.
    expect(
      (await ines.ask('POST', '/v1/setup/connect', { to: { kind: 'hubspot', portal: '4711' } })).body,
    ).toMatchObject({ id, reconnected: true })
  })

  it('is not installed where nobody agrees, and says how to begin again', async () => {
    const globex = await company('Globex')
    const jon = await browser(globex)
    const begun = await jon.begin()
    const back = await jon.go((await jon.answers(begun.to, 'cancel')).to)
    expect(back.status).toBe(400)
    expect(back.text).toContain('Nobody agreed to the app there')
    expect(back.text).toContain('href="/app/setup?step=connect&amp;kind=hubspot"')
    expect(await sealed(globex)).toEqual([])
  })

  it('takes an answer only in the browser and for the company that began, and once', async () => {
    const mine = await company('Mine')
    const theirs = await company('Theirs')
    const victim = await browser(mine)
    const attacker = await browser(theirs)
    const begun = await attacker.begin()
    const { to } = await attacker.answers(begun.to, 'connect')
    // Another's answer in my browser: with no attempt of mine, and with one.
    expect((await victim.go(to)).status).toBe(401)
    await victim.begin()
    expect((await victim.go(to)).status).toBe(401)
    // Their cookie with my session, which is of another company.
    victim.cookies.set('holdfast_install', attacker.cookies.get('holdfast_install')!)
    expect((await victim.go(to)).status).toBe(401)
    expect(await sealed(mine)).toEqual([])

    // "4711" is connected to Acme: what is kept elsewhere would write over it.
    const refused = await attacker.go(to)
    expect(refused.status).toBe(409)
    expect(refused.text).toContain('connected to another company of this installation')
    expect(await sealed(theirs)).toEqual([])
    // The cookie is gone with it, and the code was used.
    expect((await attacker.go(to)).status).toBe(401)
  })

  it('is begun anew where HubSpot sends somebody who did not begin here', async () => {
    const ines = await browser(acme)
    expect(await ines.go(`${server.url}/oauth/hubspot/callback?code=from-a-marketplace`)).toMatchObject({
      status: 303,
      to: `${server.url}/oauth/hubspot/install`,
    })
  })

  it('waits for whoever has to sign in first, and is not for operators', async () => {
    const answer = await fetch(`${server.url}/oauth/hubspot/install?object=contacts`, { redirect: 'manual' })
    expect(answer.status).toBe(401)
    expect(await answer.text()).toContain(
      'href="/sign-in?next=%2Foauth%2Fhubspot%2Finstall%3Fobject%3Dcontacts"',
    )
    const operator = await browser(acme, 'operator')
    expect((await operator.begin()).status).toBe(403)
  })

  it('gives a consent back that lacks a scope, and names it', async () => {
    const initech = await company('Initech')
    const ines = await browser(initech)
    const begun = await ines.begin('?object=contacts')
    const state = new URL(begun.to).searchParams.get('state')!
    const code = portal.authorizationCode(APP_SCOPES.required.filter((one) => !one.includes('owners')))
    const back = await ines.go(`${server.url}/oauth/hubspot/callback?code=${code}&state=${state}`)
    expect(back.status).toBe(422)
    expect(back.text).toContain('crm.objects.owners.read is missing')
    expect(await sealed(initech)).toEqual([])
  })

  it('is signed in to again after it was uninstalled, with its customers as they were', async () => {
    const ines = await browser(acme)
    portal.uninstall()
    const looked = await ines.ask('POST', `/v1/connections/${id}/check`)
    expect(JSON.stringify(looked.body)).toContain('Connect the account again')
    // This installation has no public address: what of the app is off is named.
    expect(JSON.stringify(looked.body)).toContain('workflow actions of the app there find no way here')
    const begun = await ines.begin(`?again=${id}`)
    expect(new URL(begun.to).pathname).toBe('/oauth/4711/authorize')
    const back = await ines.go((await ines.answers(begun.to, 'connect')).to)
    expect(back.to).toContain(`installed=4711&object=companies&again=${id}`)
    const made = await ines.ask('POST', '/v1/setup/connect', {
      to: { kind: 'hubspot', portal: '4711' },
      again: id,
    })
    expect(made.body).toMatchObject({ id, reconnected: true })
    expect((await ines.ask('GET', `/v1/connections/${id}`)).body).toMatchObject({ status: 'active' })
  })

  it('finds its connection where it is installed once more without a word on which', async () => {
    const ines = await browser(acme)
    const begun = await ines.begin()
    expect((await ines.go((await ines.answers(begun.to, 'connect')).to)).to).toContain(`again=${id}`)
  })

  it('is not taken for another account than the one that is signed in to again', async () => {
    const other = await service.database.withTenant(acme, async (tx) => {
      const { config } = await readConnection(tx, asConnection(id))
      return createConnection(tx, {
        name: 'Another account',
        kind: 'hubspot',
        externalId: '4799',
        config: { ...config, portal: '4799' },
        population: null,
        sandbox: false,
      })
    })
    const ines = await browser(acme)
    const begun = await ines.begin(`?again=${other}`)
    expect((await ines.go(begun.to)).text).toContain('access to the account 4799')
    const state = new URL(begun.to).searchParams.get('state')!
    const code = portal.authorizationCode()
    const back = await ines.go(`${server.url}/oauth/hubspot/callback?code=${code}&state=${state}`)
    expect(back.status).toBe(409)
    expect(back.text).toContain('The consent is of HubSpot account 4711')
  })
  it('is taken out of the account by whoever disconnects it, and what it was granted is given back', async () => {
    const ines = await browser(acme)
    const { body } = await ines.ask('GET', `/v1/connections/${id}`)
    portal.forgetRequests()
    const left = await ines.ask('POST', `/v1/connections/${id}/disconnect`, { confirm: body.name })
    expect(left, JSON.stringify(left.body)).toMatchObject({
      status: 200,
      body: { uninstalled: true, status: 'disconnected' },
    })
    const calls = portal.requests().map(({ method, path, status }) => `${method} ${path} ${status}`)
    expect(calls).toContainEqual(expect.stringMatching(/^DELETE \/appinstalls\/.*\/external-install 204$/))
    expect(calls).toContainEqual(expect.stringMatching(/^POST \/oauth\/.*\/token\/revoke 204$/))
    expect(calls).toContainEqual(expect.stringMatching(/^DELETE \/webhooks-journal\/.*\/portals\/\d+ 204$/))
    // Of the app itself, whom no account granted anything, one may be left.
    expect([...portal.state.tokens().values()].filter(({ kind }) => kind !== 'app')).toEqual([])
  })

  it('keeps what was known until an admin says otherwise, and then nothing but the no is left', async () => {
    const ines = await browser(acme)
    const { name } = (await ines.ask('GET', `/v1/connections/${id}`)).body
    await service.database.withTenant(acme, async (tx) => {
      await tx.query(
        `insert into customers (tenant_id, connection_id, object, external_id, name, properties, properties_hash, group_key,
           group_name) select $1, $2, 'companies', i::text, 'Kept ' || i, '{}', 'x', 'g', 'policy' from generate_series(1, 60) i`,
        [acme, id],
      )
      await suppress(tx, { hash: NO, channel: 'email', reason: 'unsubscribed', source: 'unsubscribe' })
    })
    const kept = await ines.ask('POST', `/v1/connections/${id}/disconnect`, { confirm: name })
    expect(kept.body).toMatchObject({ erasing: false, status: 'disconnected' })
    expect((await ines.ask('GET', `/v1/connections/${id}/counts`)).body.active).toBe(60)
    const unmeant = await ines.ask('POST', `/v1/connections/${id}/disconnect`, {
      confirm: 'Something else',
      data: 'erase',
    })
    expect(unmeant.status).toBe(409)
    const operator = await browser(acme, 'operator')
    const forbidden = { confirm: name, data: 'erase' }
    expect((await operator.ask('POST', `/v1/connections/${id}/disconnect`, forbidden)).status).toBe(403)

    const gone = await ines.ask('POST', `/v1/connections/${id}/disconnect`, { confirm: name, data: 'erase' })
    expect(gone, JSON.stringify(gone.body)).toMatchObject({ status: 200, body: { erasing: true } })
    // Asked twice is asked once; and nobody connects it again meanwhile.
    await ines.ask('POST', `/v1/connections/${id}/disconnect`, { confirm: name, data: 'erase' })
    const asked = (await ines.ask('GET', `/v1/connections/${id}`)).body.erasure
    expect(asked).toMatchObject({ gone: 0, doneAt: null })
    // With the records of the account that were read, and are nobody's customers.
    const all: number = asked.customers
    expect(all).toBeGreaterThan(60)
    const early = await ines.begin()
    const back = await ines.go((await ines.answers(early.to, 'connect')).to)
    expect(back.status).toBe(409)
    expect(back.text).toContain(`still being erased: 0 of ${all} customers are gone`)

    const erasing = startErasing(service, { everyMs: 10 })
    const erasure = async () => (await ines.ask('GET', `/v1/connections/${id}`)).body.erasure
    await expect.poll(erasure, { timeout: 30_000 }).toMatchObject({ gone: all, doneAt: expect.any(String) })
    await erasing.close()
    const [{ left }] = await service.database.withTenant(acme, (tx) =>
      tx.query('select count(*)::integer as left from customers where connection_id = $1', [id]),
    )
    expect(left).toBe(0)
    const said = await service.database.withTenant(acme, (tx) =>
      tx.query(`select actor, action, detail from audit_log where action like 'connection.e%' order by id`),
    )
    expect(said.map(({ action }) => action)).toEqual([
      'connection.erase',
      'connection.erase',
      'connection.erased',
    ])
    expect(said[2]).toMatchObject({ actor: 'user:admin', detail: { customers: all } })
    // Whoever said no is still not written to.
    const no = await service.database.withTenant(acme, (tx) => suppressionOf(tx, NO, 'email'))
    expect(no).toBe('unsubscribed')
  })

  it('begins anew in the same account after that', async () => {
    const ines = await browser(acme)
    const begun = await ines.begin()
    expect((await ines.go((await ines.answers(begun.to, 'connect')).to)).to).toContain(`again=${id}`)
    const made = await ines.ask('POST', '/v1/setup/connect', { to: { kind: 'hubspot', portal: '4711' } })
    expect(made.body, JSON.stringify(made.body)).toMatchObject({ id, reconnected: true })
    expect((await ines.ask('GET', `/v1/connections/${id}`)).body).toMatchObject({
      status: 'active',
      population: null,
      erasure: null,
    })
  })
})
