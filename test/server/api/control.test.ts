import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { ConnectionId, TenantId } from '../../../src/contracts/ids.ts'
import { dueInterventions } from '../../../src/store/due.ts'
import { setConnectionStatus } from '../../../src/store/connections.ts'
import { dueSteps, requestStep } from '../../../src/store/steps.ts'
import { ask, startTestApi, type ApiAnswer, type TestApi } from '../../support/api.ts'
import { addConnection, addTenant, databaseKind } from '../../support/database.ts'
import { addCustomer, addIntervention } from '../../support/ledger.ts'

interface Answer {
  readonly version: number
  readonly settings: { readonly budget: number | null; readonly delivery: { readonly mode: string } }
  readonly status: string
  readonly statusReason: string | null
  readonly pausedReason: string | null
  readonly activatedAt: string | null
  readonly code: string
  readonly detail: string
}

let api: TestApi
let tenant: TenantId
let connection: ConnectionId
let key: string

beforeAll(async () => {
  api = await startTestApi()
})
afterAll(() => api.close())

beforeEach(async () => {
  tenant = await addTenant(api.database)
  connection = await addConnection(api.database, tenant, { name: 'The book' })
  key = await api.key(tenant, ['read', 'write', 'admin'])
})

const get = (path: string): Promise<ApiAnswer<Answer>> => ask<Answer>(api, key, 'GET', path)
const post = (path: string, body?: object): Promise<ApiAnswer<Answer>> =>
  ask<Answer>(api, key, 'POST', path, { body })
const put = (body: unknown, match?: string): Promise<ApiAnswer<Answer>> =>
  ask<Answer>(api, key, 'PUT', '/v1/settings', {
    body,
    headers: match === undefined ? {} : { 'if-match': match },
  })

describe(`activation and pause of the API (${databaseKind})`, () => {
  it('activates for good, and only when that is meant', async () => {
    expect((await get('/v1/standing')).body.activatedAt).toBeNull()
    expect((await post('/v1/activation', {})).status).toBe(400)
    expect((await post('/v1/activation', { confirm: false })).status).toBe(400)
    expect((await get('/v1/standing')).body.activatedAt).toBeNull()
    const { activatedAt } = (await post('/v1/activation', { confirm: true })).body
    expect(activatedAt).not.toBeNull()
    expect((await post('/v1/activation', { confirm: true })).body.activatedAt).toBe(activatedAt)
  })

  it('stops everything that is due until it is resumed, and then wakes the queue', async () => {
    const customer = await addCustomer(api.database, { tenant, connection })
    const id = await addIntervention(api.database, { tenant, connection, customer })
    expect(await due()).toEqual([id])
    expect((await post('/v1/pause', { reason: 'The templates are wrong.' })).body).toMatchObject({
      status: 'paused',
      pausedReason: 'The templates are wrong.',
    })
    expect(await due()).toEqual([])
    const woken = api.woken()
    expect((await post('/v1/resume')).body).toMatchObject({ status: 'active', pausedReason: null })
    expect(await due()).toEqual([id])
    expect(api.woken()).toBeGreaterThan(woken)
  })

  it('pauses one action or one channel, and names what is paused until it is resumed', async () => {
    const paused = (await post('/v1/pause', { action: 'sms', reason: 'No credit.' })).body
    expect(paused).toMatchObject({
      status: 'active',
      killSwitch: null,
      pauses: [{ scope: 'action', name: 'sms', reason: 'No credit.', actor: expect.stringMatching(/^key:/) }],
    })
    await post('/v1/pause', { channel: 'email', reason: 'A new domain.' })
    expect((await post('/v1/resume', { action: 'sms' })).body).toMatchObject({
      pauses: [{ scope: 'channel', name: 'email' }],
    })
    const both = await post('/v1/pause', { action: 'sms', channel: 'sms', reason: 'x' })
    expect([both.status, both.body.detail]).toEqual([400, expect.stringContaining('not both')])
    const unknown = await post('/v1/pause', { action: 'fax', reason: 'x' })
    expect([unknown.status, unknown.body.detail]).toEqual([400, expect.stringContaining('no action "fax"')])
    // What was paused as a whole is another thing.
    await post('/v1/resume')
    expect((await get('/v1/standing')).body).toMatchObject({ pauses: [{ name: 'email' }] })
  })

  it('stops all actions by the kill switch, and cancels what is open', async () => {
    const customer = await addCustomer(api.database, { tenant, connection })
    const id = await addIntervention(api.database, { tenant, connection, customer })
    const stopped = await post('/v1/kill-switch', { reason: 'A wrong list.' })
    expect(stopped.body).toMatchObject({ cancelled: 1, killSwitch: { reason: 'A wrong list.' } })
    expect(await due()).toEqual([])
    const again = await ask<{ state: string }>(api, key, 'GET', `/v1/interventions/${id}`)
    expect(again.body.state).toBe('cancelled')
    expect((await post('/v1/kill-switch', { reason: 'Again.' })).body).toMatchObject({
      cancelled: 0,
      killSwitch: { reason: 'A wrong list.' },
    })
    expect((await ask<Answer>(api, key, 'DELETE', '/v1/kill-switch')).body).toMatchObject({
      killSwitch: null,
    })
  })

  it('makes due at once what waited for other settings or the end of the pause', async () => {
    const customer = await addCustomer(api.database, { tenant, connection })
    const deferred = async (reasonCode: string): Promise<string> => {
      const id = await addIntervention(api.database, { tenant, connection, customer })
      await api.database.withTenant(tenant, (tx) =>
        tx.query(
          `update interventions set state = 'deferred', reason_code = $3, due_at = now() + interval '1 day'
           where tenant_id = $1 and id = $2`,
          [tenant, id, reasonCode],
        ),
      )
      return id
    }
    const [off, paused] = [await deferred('delivery_off'), await deferred('tenant_paused')]
    const wrong = [await deferred('smtp_auth'), await deferred('template_invalid')]
    expect(await due()).toEqual([])
    await put({}, '"0"')
    expect((await due()).toSorted()).toEqual([off, ...wrong].toSorted())
    await post('/v1/resume')
    expect((await due()).toSorted()).toEqual([off, ...wrong, paused].toSorted())
  })

  it('needs the scope admin', async () => {
    const writer = await api.key(tenant, ['read', 'write', 'score', 'export'])
    for (const [method, path] of [
      ['POST', '/v1/activation'],
      ['POST', '/v1/pause'],
      ['POST', '/v1/resume'],
      ['POST', '/v1/kill-switch'],
      ['DELETE', '/v1/kill-switch'],
      ['GET', '/v1/settings'],
      ['PUT', '/v1/settings'],
    ]) {
      const { status, body } = await ask<Answer>(api, writer, method, path)
      expect([path, status, body.code]).toEqual([path, 403, 'forbidden'])
    }
  })

  const due = async (): Promise<readonly string[]> => {
    const found = await api.database.asSystem('a test', (tx) =>
      dueInterventions(tx, { limitPerTenant: 10, limit: 10, tenants: [tenant] }),
    )
    return found.map(({ intervention }) => intervention)
  }
})

describe(`connections of the API (${databaseKind})`, () => {
  it('asks for a sync once however often it is asked for, and wakes the queue', async () => {
    const woken = api.woken()
    expect((await post(`/v1/connections/${connection}/sync`)).status).toBe(202)
    expect((await post(`/v1/connections/${connection}/sync`)).status).toBe(202)
    expect(api.woken()).toBe(woken + 2)
    expect(await dueNow()).toEqual(['sync'])
  })

  it('pauses one connection and lets it go on', async () => {
    await api.database.withTenant(tenant, (tx) =>
      requestStep(tx, { connection, step: 'score', cause: 'sync' }),
    )
    const other = await addConnection(api.database, tenant, { name: 'Another' })
    const paused = await post(`/v1/connections/${connection}/pause`, { reason: 'The file is moved.' })
    expect([paused.status, paused.body.status, paused.body.statusReason]).toEqual([
      200,
      'paused',
      'The file is moved.',
    ])
    expect(await dueNow()).toEqual([])
    const refused = await post(`/v1/connections/${connection}/sync`)
    expect(refused.status).toBe(409)
    expect(refused.body.detail).toBe(
      'The connection "The book" is paused (The file is moved.), so it does not sync. Resume it first.',
    )
    expect((await post(`/v1/connections/${other}/sync`)).status).toBe(202)
    const woken = api.woken()
    const resumed = await post(`/v1/connections/${connection}/resume`)
    expect(resumed.body).toMatchObject({ status: 'active', statusReason: null })
    expect(api.woken()).toBeGreaterThan(woken)
    expect((await dueNow()).toSorted()).toEqual(['score', 'sync'])
    expect((await post(`/v1/connections/${connection}/resume`)).status).toBe(200)
  })

  it('does not take a pause for a cure of a connection that somebody has to sign in to', async () => {
    await api.database.withTenant(tenant, (tx) =>
      setConnectionStatus(tx, connection, 'needs_reconnect', 'The token was revoked.'),
    )
    for (const [verb, body] of [['pause', { reason: 'x' }], ['resume'], ['sync']] as const) {
      const answer = await post(`/v1/connections/${connection}/${verb}`, body)
      expect([verb, answer.status]).toEqual([verb, 409])
      expect(answer.body.detail).toContain('Connect it again')
    }
  })

  it('knows no connection of another tenant', async () => {
    const stranger = await addTenant(api.database)
    const theirs = await addConnection(api.database, stranger)
    for (const id of [theirs, randomUUID()]) {
      for (const [verb, body] of [['pause', { reason: 'x' }], ['resume'], ['sync']] as const)
        expect((await post(`/v1/connections/${id}/${verb}`, body)).status).toBe(404)
    }
  })

  const dueNow = async (): Promise<readonly string[]> => {
    const found = await api.database.asSystem('a test', (tx) =>
      dueSteps(tx, { limitPerTenant: 10, limit: 10, tenants: [tenant] }),
    )
    return found.map(({ step }) => step)
  }
})
