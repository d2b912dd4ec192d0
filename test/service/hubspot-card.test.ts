/** The card of a record in a HubSpot account that the loop really goes round for: scored on demand, answered, written back. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { APP_PATHS } from '../../connectors/hubspot/app.ts'
import { seedSample } from '../../connectors/hubspot/sandbox/sample.ts'
import { startHubSpotSandbox, type HubSpotSandbox } from '../../connectors/hubspot/sandbox/server.ts'
import { readConfig } from '../../src/config.ts'
import { systemClock } from '../../src/contracts/clock.ts'
import type { TenantId } from '../../src/contracts/ids.ts'
import type { CardPressed, RecordCard } from '../../src/contracts/record-card.ts'
import { openSettingUp } from '../../src/control/setting-up.ts'
import { openLog } from '../../src/log.ts'
import type { QueueService } from '../../src/queue/service.ts'
import { createSignInLink } from '../../src/security/sessions.ts'
import { apiRoutes } from '../../src/server/api/routes.ts'
import { startServer, type RunningServer } from '../../src/server/server.ts'
import { openService, startServiceQueue, type Service } from '../../src/service.ts'
import { createTenant } from '../../src/store/tenants.ts'
import { signHubSpot } from '../support/hubspot-signing.ts'
import { ownPage } from '../support/own-page.ts'

const BASE = 'https://holdfast.example'
let folder: string
let portal: HubSpotSandbox
let service: Service
let queue: QueueService
let server: RunningServer
let tenant: TenantId

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'holdfast-card-'))
  portal = await startHubSpotSandbox({
    clock: systemClock,
    portal: '4711',
    seed: (state) => void seedSample(state, { customers: 40, seed: 5 }),
  })
  service = await openService({
    config: readConfig({
      HOLDFAST_DATA: folder,
      HUBSPOT_API_URL: portal.url,
      HUBSPOT_CLIENT_ID: portal.app.clientId,
      HUBSPOT_CLIENT_SECRET: portal.app.clientSecret,
    }),
    clock: systemClock,
    log: openLog({ level: 'silent' }),
    alone: true,
  })
  queue = await startServiceQueue(service, 'all')
  server = await startServer({
    host: '127.0.0.1',
    port: 0,
    trustProxy: false,
    services: {
      ...service,
      queue,
      settingUp: openSettingUp(service, queue.wake),
      appKeys: [{ secret: portal.app.clientSecret, base: BASE }],
    },
    routes: apiRoutes,
    version: '0',
  })
  tenant = await service.database.asSystem('a test', (tx) => createTenant(tx, 'Acme'))
  const session = await signIn()
  const ask = async (method: string, path: string, body: unknown) => {
    const answer = await fetch(server.url + path, {
      method,
      headers: { ...ownPage(session), 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })
    const text = await answer.text()
    if (!answer.ok) throw new Error(text)
    return JSON.parse(text) as { id: string }
  }
  const { id } = await ask('POST', '/v1/setup/connect', {
    to: { kind: 'hubspot', token: portal.privateAppToken() },
  })
  await ask('PUT', `/v1/connections/${id}/population`, {
    population: { kind: 'property', property: 'lifecyclestage', values: ['customer'] },
  })
}, 120_000)
afterAll(async () => {
  await server?.close()
  await queue?.drain()
  await service?.close()
  await portal?.close()
  rmSync(folder, { recursive: true, force: true })
})

async function signIn(): Promise<string> {
  const token = await service.database.withTenant(tenant, (tx) =>
    createSignInLink(tx, { subject: 'admin', role: 'admin', actor: 'a test' }),
  )
  const answer = await fetch(`${server.url}/sign-in`, {
    method: 'POST',
    redirect: 'manual',
    body: new URLSearchParams({ token }),
  })
  return answer.headers.getSetCookie()[0].split(';')[0]
}

let asked = 0
async function hubspot<T>(
  method: 'GET' | 'POST',
  path: string,
  record: { objectTypeId: string; objectId: string },
): Promise<T> {
  const { path: whole, ...init } = signHubSpot({
    secret: portal.app.clientSecret,
    base: BASE,
    method,
    path,
    query: { ...(method === 'GET' ? record : {}), n: String(asked++) },
    ...(method === 'POST' ? { body: record } : {}),
    by: { portal: '4711', email: 'jon@acme.example' },
    now: systemClock(),
  })
  const answer = await fetch(server.url + whole, init)
  expect(answer.status, await answer.clone().text()).toBe(200)
  return (await answer.json()) as T
}
const card = (objectId: string) =>
  hubspot<RecordCard>('GET', APP_PATHS.card, { objectTypeId: '0-2', objectId })

/** As a page that asks again until something is so. */
async function until(objectId: string, so: (card: RecordCard) => boolean): Promise<RecordCard> {
  for (let tries = 0; tries < 240; tries++) {
    const found = await card(objectId)
    if (so(found)) return found
    await sleep(250)
  }
  return card(objectId)
}

const ofStage = (stage: string): string =>
  portal.state.ids('companies').find((id) => portal.state.value('companies', id, 'lifecyclestage') === stage)!

describe('the card of a record in a HubSpot account', () => {
  it('has what the loop found out, and says of others that they are none of the customers', async () => {
    const found = await until(ofStage('customer'), ({ state }) => state === 'scored')
    expect(found).toMatchObject({ state: 'scored', mayScore: expect.any(Boolean) })
    expect(found.risk?.probability).toBeGreaterThan(0)
    expect(found.reasons.length).toBeGreaterThan(0)
    expect(found.updated).toMatch(/^Scored /)
    expect(await until(ofStage('lead'), ({ state }) => state === 'outside')).toMatchObject({
      state: 'outside',
      mayScore: true,
    })
  })

  it('scores a record that has just become a customer, when somebody asks', async () => {
    const lead = ofStage('lead')
    await until(lead, ({ state }) => state === 'outside')
    portal.state.updateRecord('companies', lead, { lifecyclestage: 'customer' })
    const pressed = await hubspot<CardPressed>('POST', APP_PATHS.cardScore, {
      objectTypeId: '0-2',
      objectId: lead,
    })
    expect(pressed).toMatchObject({ tone: 'success', said: expect.stringMatching(/^It is being read/) })
    const found = await until(lead, ({ state }) => state === 'scored')
    expect(found.state).toBe('scored')
    // It is on the record in the account, too.
    for (let tries = 0; tries < 120; tries++) {
      if (portal.state.value('companies', lead, 'holdfast_risk_level')) break
      await sleep(250)
    }
    expect(portal.state.value('companies', lead, 'holdfast_risk_level')).toMatch(/HIGH|MEDIUM|LOW/i)
  })
})
