import { copyFileSync, mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { describe, expect, it, onTestFinished } from 'vitest'
import { signatureV3 } from '../../../../connectors/hubspot/sandbox/webhook-delivery.ts'
import {
  startWebhooks,
  type WebhookOptions,
  type WebhookSubscription,
} from '../../../../connectors/hubspot/sandbox/webhooks.ts'
import { parseHints, verifySignatureV3 } from '../../../../connectors/hubspot/webhook.ts'
import { openSandbox } from './opened.ts'

type Event = Record<string, unknown>

interface Received {
  readonly events: Event[]
  readonly body: string
  readonly headers: NodeJS.Dict<string | string[]>
  /** By our own check. */
  readonly genuine: boolean
}

const SUBSCRIPTIONS: WebhookSubscription[] = [
  { subscriptionType: 'object.propertyChange', objectType: 'company', propertyName: 'mrr' },
  { subscriptionType: 'object.creation', objectType: 'company' },
  { subscriptionType: 'company.deletion' },
  { subscriptionType: 'company.restore' },
  { subscriptionType: 'company.merge' },
  { subscriptionType: 'contact.associationChange' },
  { subscriptionType: 'object.associationChange', objectType: 'contact' },
  { subscriptionType: 'contact.deletion' },
  { subscriptionType: 'contact.privacyDeletion' },
  { subscriptionType: 'deal.propertyChange', propertyName: 'amount', active: false },
]

/** A portal whose app listens at an address of ours. `answer` says what the listener says; refused until it is 2xx. */
async function listening(
  options: Partial<WebhookOptions> = {},
  answer: (received: Received, request: number) => number | Promise<number> = () => 204,
  journal: string | null = null,
) {
  const { sandbox, pass } = await openSandbox({ journal })
  const received: Received[] = []
  let underWay = 0
  let most = 0
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      void (async () => {
        most = Math.max(most, ++underWay)
        const body = Buffer.concat(chunks)
        const one: Received = {
          events: JSON.parse(body.toString()) as Event[],
          body: body.toString(),
          headers: request.headers,
          genuine: verifySignatureV3({
            secret: sandbox.app.clientSecret,
            method: 'POST',
            url: targetUrl,
            body,
            timestamp: request.headers['x-hubspot-request-timestamp'] as string,
            signature: request.headers['x-hubspot-signature-v3'] as string,
            now: sandbox.state.now(),
          }),
        }
        received.push(one)
        const status = one.genuine ? await answer(one, received.length) : 401
        underWay--
        response.writeHead(status).end()
      })()
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const targetUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}/webhooks/hubspot?from=%2Fhub%20spot`
  const waits: number[] = []
  const webhooks = startWebhooks(sandbox, {
    targetUrl,
    subscriptions: SUBSCRIPTIONS,
    gatherMs: 1,
    // The hours between tries, without waiting for them.
    sleep: async (ms) => {
      waits.push(ms)
      await wait(1)
    },
    ...options,
  })
  onTestFinished(async () => {
    await webhooks.stop()
    server.closeAllConnections()
    server.close()
  })
  const events = (): Event[] => received.flatMap((one) => (one.genuine ? one.events : []))
  return { sandbox, state: sandbox.state, webhooks, received, events, waits, pass, most: () => most }
}

describe('webhooks of the sandbox', () => {
  it('sign as HubSpot does, by its own example', () => {
    const signature = signatureV3({
      secret: 'yyyyyyyy-yyyy-yyyy-yyyy-yyyyyyyyyyyy',
      url: 'https://www.example.com/webhook_uri',
      body: "{'example_field':'example_value'}",
      timestamp: 1693657560000,
    })
    expect(signature).toBe('K36dawei4A+QBNolUOqo7s91KQDWQ5MXZ/QufNYuk/Y=')
  })

  it('tell what changed, by whom, in the shape that the subscription asks for', async () => {
    const { sandbox, state, webhooks, events, received } = await listening()
    state.addProperty('companies', 'mrr', { type: 'number' })
    const by = { sourceType: 'CRM_UI', sourceId: 'userId:7' }
    const company = state.createRecord('companies', { name: 'Acme', mrr: 10 }, by)
    state.updateRecord('companies', company, { mrr: 12, name: 'Acme Ltd' }, by)
    await webhooks.idle()
    expect(received.every(({ genuine }) => genuine)).toBe(true)
    const common = {
      portalId: Number(sandbox.portal),
      appId: Number(sandbox.app.appId),
      objectId: Number(company),
      objectTypeId: '0-2',
      attemptNumber: 0,
      occurredAt: state.now().getTime(),
      changeSource: 'CRM_UI',
      sourceId: 'userId:7',
    }
    expect(events()).toMatchObject([
      { ...common, subscriptionType: 'object.creation', changeFlag: 'CREATED' },
      { ...common, subscriptionType: 'object.propertyChange', propertyName: 'mrr', propertyValue: '10' },
      { ...common, subscriptionType: 'object.propertyChange', propertyName: 'mrr', propertyValue: '12' },
    ])
    expect(received[0].headers['content-type']).toBe('application/json')
  })

  it('tell of deletions, restores, merges, associations and people who are to be forgotten', async () => {
    const { state, webhooks, events, received } = await listening()
    const [one, two] = ['One', 'Two'].map((name) => state.createRecord('companies', { name }))
    const contact = state.createRecord('contacts', { email: 'a@example.com' })
    state.associate('contacts', contact, 'companies', one, 279)
    state.dissociate('contacts', contact, 'companies', one)
    state.archiveRecord('companies', one)
    state.restoreRecord('companies', one)
    const merged = state.mergeRecords('companies', one, two, undefined, { newId: true })
    state.eraseRecord('contacts', contact)
    await webhooks.idle()
    const told = events().filter(({ subscriptionType }) => subscriptionType !== 'object.creation')
    const ids = { fromObjectId: Number(contact), toObjectId: Number(one) }
    expect(told).toMatchObject([
      {
        subscriptionType: 'contact.associationChange',
        associationType: 'CONTACT_TO_COMPANY',
        ...ids,
        associationRemoved: false,
      },
      {
        subscriptionType: 'object.associationChange',
        fromObjectTypeId: '0-1',
        toObjectTypeId: '0-2',
        associationTypeId: 279,
        ...ids,
      },
      { subscriptionType: 'contact.associationChange', associationRemoved: true },
      { subscriptionType: 'object.associationChange', associationRemoved: true },
      { subscriptionType: 'company.deletion', objectId: Number(one), changeFlag: 'DELETED' },
      { subscriptionType: 'company.restore', objectId: Number(one), changeFlag: 'RESTORED' },
      {
        subscriptionType: 'company.merge',
        primaryObjectId: Number(one),
        mergedObjectIds: [Number(two)],
        newObjectId: Number(merged),
      },
      // "The privacyDeletion event will also trigger the normal contact.delete event."
      { subscriptionType: 'contact.deletion', objectId: Number(contact) },
      { subscriptionType: 'contact.privacyDeletion', objectId: Number(contact) },
    ])
    // Each of them is a hint to our own reader.
    const kinds = received.flatMap(({ body }) => parseHints(Buffer.from(body)).map(({ kind }) => kind))
    expect(new Set(kinds)).toEqual(
      new Set(['created', 'associated', 'deleted', 'restored', 'merged', 'erased']),
    )
  })

  it('tell of an association from either end, when it comes and when it goes', async () => {
    const subscriptions = ['company', 'contact'].map((objectType) => ({
      subscriptionType: 'object.associationChange',
      objectType,
    }))
    const { state, webhooks, events } = await listening({ subscriptions })
    const company = state.createRecord('companies', { name: 'Acme' })
    const contact = state.createRecord('contacts', { email: 'a@example.com' })
    state.associate('contacts', contact, 'companies', company, 279)
    state.dissociate('contacts', contact, 'companies', company)
    await webhooks.idle()
    expect(
      events().map((one) => [one['fromObjectId'], one['associationTypeId'], one['associationRemoved']]),
    ).toEqual([
      [Number(contact), 279, false],
      [Number(company), 280, false],
      [Number(contact), 279, true],
      [Number(company), 280, true],
    ])
  })

  it('come a hundred at a time, and not more requests at once than the app allows', async () => {
    const { state, webhooks, received, most } = await listening(
      { maxConcurrentRequests: 2, gatherMs: 20 },
      async () => {
        await wait(5)
        return 204
      },
    )
    for (let i = 0; i < 730; i++) state.createRecord('companies', { name: `C${i}` })
    await webhooks.idle()
    expect(received.map(({ events }) => events.length)).toEqual([100, 100, 100, 100, 100, 100, 100, 30])
    expect(most()).toBe(2)
    expect(webhooks.counts()).toMatchObject({ events: 730, requests: 8, accepted: 8, refused: 0, lost: 0 })
  })

  it('are tried again up to ten times within a day, and then lost', async () => {
    const { state, webhooks, received, waits } = await listening({}, () => 500)
    state.createRecord('companies', { name: 'Acme' })
    await webhooks.idle()
    expect(received.map(({ events }) => events[0].attemptNumber)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10])
    expect(new Set(received.map(({ events }) => events[0].eventId)).size).toBe(1)
    const hours = waits.reduce((sum, ms) => sum + ms, 0) / 3_600_000
    expect(hours).toBeGreaterThan(12)
    expect(hours).toBeLessThanOrEqual(24)
    expect(webhooks.counts()).toMatchObject({ refused: 11, lost: 1 })
  })

  it('are tried again after a listener that is silent for too long', async () => {
    const { state, webhooks, received } = await listening({ timeoutMs: 400 }, async (_, request) => {
      if (request === 1) await wait(900)
      return 204
    })
    state.createRecord('companies', { name: 'Acme' })
    await webhooks.idle()
    expect(received.map(({ events }) => events[0].attemptNumber)).toEqual([0, 1])
    expect(webhooks.counts()).toMatchObject({ accepted: 1, refused: 1, lost: 0 })
  })

  it('come twice, in any order and with old timestamps on request, and none is lost by it', async () => {
    const { state, webhooks, received, events } = await listening({ gatherMs: 5, seed: 3 })
    webhooks.faults.duplicates(2)
    webhooks.faults.disorder(true)
    webhooks.faults.stale(0.5)
    const ids = Array.from({ length: 150 }, (_, i) =>
      Number(state.createRecord('companies', { name: `C${i}` })),
    )
    await webhooks.idle()
    const told = events().map(({ objectId }) => objectId as number)
    expect(new Set(told)).toEqual(new Set(ids))
    expect(told.length).toBeGreaterThan(ids.length)
    expect([...new Set(told)]).not.toEqual(ids)
    expect(received.some(({ genuine }) => !genuine)).toBe(true)
  })

  it('can be forged, held back and let go', async () => {
    const { sandbox, state, webhooks, received, events } = await listening()
    const forged = [{ portalId: Number(sandbox.portal), subscriptionType: 'company.deletion', objectId: 1 }]
    expect(await webhooks.faults.forge(forged)).toBe(401)
    expect(await webhooks.faults.forge(forged, sandbox.app.clientSecret)).toBe(204)
    expect(received.map(({ genuine }) => genuine)).toEqual([false, true])
    webhooks.faults.hold(true)
    state.createRecord('companies', { name: 'Acme' })
    await wait(20)
    expect(events()).toHaveLength(1)
    webhooks.faults.hold(false)
    await webhooks.idle()
    expect(events()).toHaveLength(2)
  })

  it('are only what HubSpot lets an app subscribe to', async () => {
    const { sandbox } = await openSandbox()
    const start = (subscription: WebhookSubscription) => () =>
      startWebhooks(sandbox, { targetUrl: 'http://127.0.0.1:1/', subscriptions: [subscription] })
    const refused: WebhookSubscription[] = [
      {
        subscriptionType: 'object.propertyChange',
        objectType: 'company',
        propertyName: 'hs_lastmodifieddate',
      },
      { subscriptionType: 'contact.propertyChange', propertyName: 'lastmodifieddate' },
      { subscriptionType: 'company.propertyChange' },
      { subscriptionType: 'company.creation', propertyName: 'name' },
      { subscriptionType: 'company.privacyDeletion' },
      { subscriptionType: 'company.sold' },
      { subscriptionType: 'object.creation' },
    ]
    for (const one of refused) expect(start(one), JSON.stringify(one)).toThrow(Error)
  })

  it('that nobody took when the sandbox was killed are sent when it is there again', async () => {
    const journal = join(mkdtempSync(join(tmpdir(), 'owed-')), 'hubspot.journal')
    onTestFinished(() => rmSync(dirname(journal), { recursive: true }))
    const killed = await listening({ gatherMs: 60_000 }, () => 204, journal)
    const company = killed.state.createRecord('companies', { name: 'Acme' })
    killed.state.archiveRecord('companies', company)
    await new Promise((resolve) => setImmediate(resolve))
    // What it has written so far is all that a killed one leaves.
    const left = `${journal}.left`
    copyFileSync(journal, left)
    const again = await listening({}, () => 204, left)
    await again.webhooks.idle()
    expect(again.events()).toMatchObject([
      { objectId: Number(company), subscriptionType: 'object.creation', attemptNumber: 0 },
      { objectId: Number(company), subscriptionType: 'company.deletion' },
    ])
    expect([...again.state.entries('webhooks_owed')]).toEqual([])
  })

  it('are not told after they were stopped', async () => {
    const { state, webhooks, received } = await listening()
    const first = state.createRecord('companies', { name: 'Acme' })
    await webhooks.idle()
    await webhooks.stop()
    const late = state.createRecord('companies', { name: 'Late' })
    await wait(20)
    const told = received.flatMap(({ events }) => events.map(({ objectId }) => objectId))
    expect(told).toContain(Number(first))
    expect(told).not.toContain(Number(late))
  })
})
