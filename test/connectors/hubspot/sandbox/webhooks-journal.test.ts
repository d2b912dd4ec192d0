import { afterAll, describe, expect, it } from 'vitest'
import { API_VERSION as V } from '../../../../connectors/hubspot/version.ts'
import type { Exchange } from '../../../../connectors/sandbox/http.ts'
import type { Called, Refusal } from './calling.ts'
import { openSandbox } from './opened.ts'
import { openJudge, specsAbsent } from './specs.ts'

const TOKEN = `/oauth/${V}/token`
const SUBSCRIPTIONS = '/webhooks-journal/subscriptions/2026-03'
const JOURNAL = '/webhooks-journal/journal-local/2026-03'
const SCOPES = [
  'developer.webhooks_journal.read',
  'developer.webhooks_journal.subscriptions.read',
  'developer.webhooks_journal.subscriptions.write',
  'crm.objects.companies.read',
  'crm.objects.contacts.read',
].join(' ')

interface Ref {
  readonly url: string
  readonly expiresAt: string
  readonly currentOffset: string
}
interface File {
  readonly offset: string
  readonly journalEvents: readonly Record<string, unknown>[]
}

const judge = specsAbsent ? null : openJudge('2026-03')
const judged = new Set<string>()

async function open(options: Parameters<typeof openSandbox>[0] = {}) {
  const opened = await openSandbox(options)
  const { sandbox, use, pass } = opened
  const exchanges: Exchange[] = []
  sandbox.onExchange((exchange) => void exchanges.push(exchange))
  // Each call and its answer is held to HubSpot's own file.
  const call = async <Body = unknown>(...given: Parameters<typeof opened.call>): Promise<Called<Body>> => {
    const before = exchanges.length
    const called = await opened.call<Body>(...given)
    const [exchange] = exchanges.slice(before)
    if (judge !== null && exchange.path.startsWith('/webhooks-journal/')) {
      const one = { ...exchange, contentType: String(exchange.headers['content-type'] ?? '') }
      if (!exchange.path.includes('/files/')) {
        expect(judge.answer(one), `${given[0]} ${given[1]}`).toEqual([])
        if (called.status < 300) expect(judge.request(one), `${given[0]} ${given[1]}`).toEqual([])
        judged.add(judge.operation(exchange.method, exchange.url) ?? '')
      }
    }
    return called
  }
  const app = { client_id: sandbox.app.clientId, client_secret: sandbox.app.clientSecret }
  const grant = (scope = SCOPES) =>
    call<{ access_token: string; expires_in: number; refresh_token?: string }>('POST', TOKEN, undefined, {
      ...app,
      grant_type: 'client_credentials',
      scope,
    })
  const signIn = async (scope?: string) => use((await grant(scope)).body.access_token)
  const portalId = Number(sandbox.portal)
  const subscribe = (more: Record<string, unknown> = {}) =>
    call<{ id: number; createdAt: string }>('POST', SUBSCRIPTIONS, {
      subscriptionType: 'OBJECT',
      portalId,
      objectTypeId: '0-2',
      objectIds: [],
      actions: ['CREATE', 'UPDATE', 'DELETE', 'MERGE', 'RESTORE'],
      properties: ['mrr'],
      ...more,
    })
  const file = async (url: string) => {
    const answer = await fetch(url)
    return { status: answer.status, file: answer.ok ? ((await answer.json()) as File) : null }
  }
  const eventsOf = async (path = 'batch/earliest/100') => {
    const { body } = await call<{ results: readonly Ref[] }>('GET', `${JOURNAL}/${path}`)
    const files = await Promise.all(body.results.map(({ url }) => file(url)))
    return files.flatMap((one) => one.file?.journalEvents ?? [])
  }
  sandbox.state.addProperty('companies', 'mrr', { type: 'number' })
  return { ...opened, call, grant, signIn, subscribe, file, eventsOf, portalId, pass, exchanges }
}

describe('the Webhooks Journal of the sandbox', () => {
  it('is for a token of the app itself, which is good for nothing else', async () => {
    const { call, grant, use, sandbox, pass } = await open()
    use(sandbox.authorize().accessToken)
    expect((await call('GET', SUBSCRIPTIONS)).status).toBe(401)
    const { status, body } = await grant()
    expect({ status, body }).toMatchObject({ status: 200, body: { expires_in: 1800, token_type: 'bearer' } })
    expect(body.refresh_token).toBeUndefined()
    use(body.access_token)
    expect(await call('GET', SUBSCRIPTIONS)).toMatchObject({ status: 200, body: { results: [] } })
    expect((await call('GET', `/crm/objects/${V}/companies`)).status).toBe(401)
    pass(1800)
    expect((await call<Refusal>('GET', SUBSCRIPTIONS)).body.category).toBe('EXPIRED_AUTHENTICATION')
  })

  it('gives no token for a scope that there is not, and refuses calls that the token has no scope for', async () => {
    const { call, grant, signIn, subscribe } = await open()
    expect((await grant('developer.webhooks_journal.everything')).body).toMatchObject({
      error: 'invalid_scope',
    })
    await signIn('developer.webhooks_journal.subscriptions.write developer.webhooks_journal.read')
    expect((await call('GET', SUBSCRIPTIONS)).status).toBe(403)
    expect((await subscribe()).status).toBe(403)
    expect((await call('GET', `${JOURNAL}/latest`)).status).toBe(204)
  })

  it('brings a subscription of the same object up to date, and lists, and deletes', async () => {
    const { call, signIn, subscribe, portalId } = await open()
    await signIn()
    const first = await subscribe()
    const second = await subscribe({ properties: ['mrr', 'name'] })
    expect(second.body.id).toBe(first.body.id)
    await subscribe({ objectTypeId: '0-1', properties: ['email'] })
    const listed = async () => (await call<{ results: unknown[] }>('GET', SUBSCRIPTIONS)).body.results.length
    expect(await listed()).toBe(2)
    expect((await call('DELETE', `${SUBSCRIPTIONS}/${first.body.id}`)).status).toBe(204)
    expect(await listed()).toBe(1)
    expect((await call('DELETE', `${SUBSCRIPTIONS}/portals/${portalId}`)).status).toBe(204)
    expect(await listed()).toBe(0)
  })

  it('has one event a write with what was subscribed to, and none of the rest', async () => {
    const { sandbox, signIn, subscribe, eventsOf, portalId } = await open()
    await signIn()
    await subscribe({ properties: ['mrr', 'name'] })
    const id = sandbox.state.createRecord('companies', { name: 'Acme', domain: 'acme.example' })
    sandbox.state.createRecord('contacts', { email: 'a@example.com' })
    expect(await eventsOf()).toEqual([
      {
        type: 'object',
        portalId,
        occurredAt: '2026-11-20T09:00:00.000Z',
        objectTypeId: '0-2',
        objectId: Number(id),
        action: 'CREATE',
        propertyChanges: { name: 'Acme' },
      },
    ])
    sandbox.state.updateRecord('companies', id, { domain: 'other.example' })
    expect(await eventsOf()).toHaveLength(1)
    sandbox.state.updateRecord('companies', id, { mrr: 7, name: 'Acme 2' })
    expect((await eventsOf()).at(-1)).toMatchObject({
      action: 'UPDATE',
      propertyChanges: { mrr: '7', name: 'Acme 2' },
    })
  })

  it('tells of associations, privacy deletions, and the app that is taken out', async () => {
    const { sandbox, signIn, subscribe, eventsOf, portalId, call } = await open()
    await signIn()
    await subscribe({
      subscriptionType: 'ASSOCIATION',
      properties: undefined,
      associatedObjectTypeIds: ['0-1'],
      actions: ['ASSOCIATION_ADDED', 'ASSOCIATION_REMOVED'],
    })
    await call('POST', SUBSCRIPTIONS, {
      subscriptionType: 'GDPR_PRIVACY_DELETION',
      portalId,
      objectTypeId: '0-1',
      actions: ['GDPR_DELETE'],
    })
    await call('POST', SUBSCRIPTIONS, {
      subscriptionType: 'APP_LIFECYCLE_EVENT',
      eventTypeId: '4-1916193',
      properties: [],
    })
    const company = sandbox.state.createRecord('companies', { name: 'Acme' })
    const contact = sandbox.state.createRecord('contacts', { email: 'a@example.com' })
    sandbox.state.associate('contacts', contact, 'companies', company, 279)
    sandbox.state.eraseRecord('contacts', contact)
    sandbox.uninstall()
    const events = await eventsOf()
    expect(events).toMatchObject([
      {
        action: 'ASSOCIATION_ADDED',
        fromObjectTypeId: '0-2',
        fromObjectId: Number(company),
        toObjectTypeId: '0-1',
        toObjectId: Number(contact),
      },
      { action: 'GDPR_DELETE', objectTypeId: '0-1', objectId: Number(contact) },
      { type: 'app_lifecycle_event', action: 'APP_UNINSTALL', portalId },
    ])
  })

  it('goes on from an offset, in batches, and says nothing of another account', async () => {
    const { sandbox, signIn, subscribe, call, pass, eventsOf, portalId } = await open()
    await signIn()
    await subscribe()
    const ids: string[] = []
    for (let at = 0; at < 250; at++) {
      ids.push(sandbox.state.createRecord('companies', { name: `C${at}` }))
      pass(at % 10 === 0 ? 30 : 0)
    }
    const offsets: string[] = []
    for (let path = 'earliest'; ; path = `offset/${offsets.at(-1)}/next`) {
      const { status, body } = await call<Ref>('GET', `${JOURNAL}/${path}?installPortalId=${portalId}`)
      if (status === 204) break
      offsets.push(body.currentOffset)
    }
    expect(offsets.length).toBeGreaterThan(5)
    const events = [
      ...(await eventsOf('batch/earliest/3')),
      ...(await eventsOf(`batch/${offsets[2]}/next/100`)),
    ]
    expect(events.map(({ objectId }) => String(objectId))).toEqual(ids)
    expect((await call('GET', `${JOURNAL}/earliest?installPortalId=1`)).status).toBe(204)
    expect((await call('GET', `${JOURNAL}/batch/earliest/101`)).status).toBe(400)
  })

  it('keeps three days, and has no entry behind an offset that is gone', async () => {
    const { sandbox, signIn, subscribe, call, pass } = await open()
    await signIn()
    await subscribe()
    sandbox.state.createRecord('companies', { name: 'First' })
    const { body: first } = await call<Ref>('GET', `${JOURNAL}/latest`)
    pass(3 * 86_400)
    sandbox.state.createRecord('companies', { name: 'Second' })
    await signIn()
    expect((await call('GET', `${JOURNAL}/offset/${first.currentOffset}/next`)).status).toBe(200)
    pass(1)
    const gone = await call<Refusal>('GET', `${JOURNAL}/offset/${first.currentOffset}/next`)
    expect(gone).toMatchObject({ status: 404, body: { category: 'OBJECT_NOT_FOUND' } })
    expect((await call('GET', `${JOURNAL}/batch/${first.currentOffset}/next/10`)).status).toBe(404)
    expect((await call('GET', `${JOURNAL}/earliest`)).status).toBe(200)
  })

  it('gives a file under an address that is signed and runs out', async () => {
    const { sandbox, signIn, subscribe, call, pass, file } = await open()
    await signIn()
    await subscribe()
    sandbox.state.createRecord('companies', { name: 'Acme' })
    const { body } = await call<Ref>('GET', `${JOURNAL}/latest`)
    expect((await file(body.url)).file).toMatchObject({ offset: body.currentOffset })
    expect((await file(body.url.replace(/.$/, (last) => (last === '0' ? '1' : '0')))).status).toBe(403)
    pass((Date.parse(body.expiresAt) - sandbox.state.now().getTime()) / 1000)
    expect((await file(body.url)).status).toBe(403)
  })

  it('takes a hundred calls a second, and fifty of subscriptions, beside all other limits', async () => {
    const { signIn, call } = await open({ limits: { oauth: 1 } })
    await signIn()
    const statuses: number[] = []
    for (let at = 0; at < 101; at++) statuses.push((await call('GET', `${JOURNAL}/latest`)).status)
    expect(statuses.indexOf(429)).toBe(100)
    const refused = await call<Refusal>('GET', `${JOURNAL}/latest`)
    expect(refused.headers.get('retry-after')).toBe('1')
    const more: number[] = []
    for (let at = 0; at < 51; at++) more.push((await call('GET', SUBSCRIPTIONS)).status)
    expect(more.indexOf(429)).toBe(50)
  })
})

describe.skipIf(specsAbsent)("HubSpot's OpenAPI file and the journal of the sandbox", () => {
  afterAll(() => {
    // Every operation that the connector uses was called above, and held to the file.
    expect([...judged].toSorted()).toEqual(
      expect.arrayContaining([
        'DELETE /webhooks-journal/subscriptions/2026-03/portals/{portalId}',
        'DELETE /webhooks-journal/subscriptions/2026-03/{subscriptionId}',
        'GET /webhooks-journal/journal-local/2026-03/batch/earliest/{count}',
        'GET /webhooks-journal/journal-local/2026-03/batch/{offset}/next/{count}',
        'GET /webhooks-journal/journal-local/2026-03/latest',
        'GET /webhooks-journal/subscriptions/2026-03',
        'POST /webhooks-journal/subscriptions/2026-03',
      ]),
    )
  })
  it('hold each other', () => expect(judged.size).toBeGreaterThan(6))
})
