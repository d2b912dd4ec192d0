import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Cursor, HintPage, Reading } from '../../../connectors/connector.ts'
import { openHubSpotClient } from '../../../connectors/hubspot/client.ts'
import { parseHubSpotConfig } from '../../../connectors/hubspot/config.ts'
import { followJournal } from '../../../connectors/hubspot/journal-follow.ts'
import { parseJournal } from '../../../connectors/hubspot/journal-parse.ts'
import {
  dropSubscriptions,
  keepSubscriptions,
  wantedSubscriptions,
} from '../../../connectors/hubspot/journal-subscriptions.ts'
import { appTokens } from '../../../connectors/hubspot/journal-token.ts'
import { openPacers } from '../../../connectors/hubspot/limiter.ts'
import { parseHints } from '../../../connectors/hubspot/webhook.ts'
import { HoldfastError } from '../../../src/contracts/errors.ts'
import { openSandbox } from './sandbox/opened.ts'

const PORTAL = '4711'
const AT = '2026-11-20T09:00:00.125Z'
const file = (...journalEvents: unknown[]) =>
  JSON.stringify({ offset: 'x', journalEvents, publishedAt: '2026-11-20T09:01:00Z' })
const company = { type: 'object', portalId: 4711, occurredAt: AT, objectTypeId: '0-2', objectId: 7 }
const hintsIn = (...events: unknown[]) => parseJournal(file(...events), PORTAL).hints

describe('what a file of the journal says', () => {
  it('is a hint for each change', () => {
    const page = parseJournal(
      file(
        { ...company, action: 'UPDATE', propertyChanges: { mrr: '7' } },
        { ...company, action: 'DELETE' },
        { ...company, action: 'MERGE', mergedObjectIds: [5, 7] },
        { ...company, objectTypeId: '0-1', action: 'GDPR_DELETE' },
      ),
      PORTAL,
    )
    expect(page).toMatchObject({
      uninstalled: false,
      skipped: 0,
      publishedAt: new Date('2026-11-20T09:01:00Z'),
    })
    expect(page.hints).toMatchObject([
      { origin: PORTAL, object: 'companies', id: '7', kind: 'changed', at: new Date(AT), own: false },
      { kind: 'deleted', id: '7' },
      { kind: 'merged', id: '7', others: ['5'] },
      { kind: 'erased', object: 'contacts', id: '7' },
    ])
  })

  it('is one for each end of an association', () => {
    const ends = { fromObjectTypeId: '0-2', fromObjectId: 7, toObjectTypeId: '0-1', toObjectId: 8 }
    expect(
      hintsIn({
        ...ends,
        portalId: 4711,
        occurredAt: AT,
        action: 'ASSOCIATION_REMOVED',
        type: 'association',
      }),
    ).toMatchObject([
      { kind: 'associated', object: 'companies', id: '7', others: ['8'] },
      { kind: 'associated', object: 'contacts', id: '8', others: ['7'] },
    ])
  })

  it('passes over what it does not know, and counts it', () => {
    const page = parseJournal(
      file(
        { ...company, action: 'SNAPSHOT' },
        { ...company, action: 'UPDATE', objectTypeId: '2-99' },
        { ...company, action: 'UPDATE', portalId: 1 },
        'nonsense',
        { ...company, action: 'CREATE' },
      ),
      PORTAL,
    )
    expect(page).toMatchObject({ skipped: 4, hints: [{ kind: 'created' }] })
  })

  it('says that the app was taken out', () => {
    const event = { type: 'app_lifecycle_event', portalId: 4711, occurredAt: AT, action: 'APP_UNINSTALL' }
    expect(parseJournal(file(event), PORTAL)).toMatchObject({ uninstalled: true, hints: [] })
    expect(parseJournal(file({ ...event, portalId: 1 }), PORTAL).uninstalled).toBe(false)
  })

  it('has the key that the webhook of the same change has', () => {
    const webhook = (more: object) =>
      parseHints(
        Buffer.from(JSON.stringify([{ portalId: 4711, eventId: 3, occurredAt: Date.parse(AT), ...more }])),
      )
    const keys = (hints: readonly { key: string }[]) => hints.map(({ key }) => key)
    expect(keys(hintsIn({ ...company, action: 'UPDATE', propertyChanges: { a: '1', b: '2' } }))).toEqual(
      keys(webhook({ subscriptionType: 'company.propertyChange', propertyName: 'a', objectId: 7 })),
    )
    expect(keys(hintsIn({ ...company, action: 'MERGE', mergedObjectIds: [5, 6] }))).toEqual(
      keys(
        webhook({
          subscriptionType: 'object.merge',
          objectTypeId: '0-2',
          objectId: 7,
          newObjectId: 7,
          primaryObjectId: 6,
          mergedObjectIds: [5],
        }),
      ),
    )
  })

  it('is no news when only properties of ours changed', () => {
    const changed = (...names: string[]) =>
      hintsIn({
        ...company,
        action: 'UPDATE',
        propertyChanges: Object.fromEntries(names.map((name) => [name, '1'])),
      })[0].own
    expect(changed('holdfast_risk_percent')).toBe(true)
    expect(changed('holdfast_risk_percent', 'mrr')).toBe(false)
    expect(changed()).toBe(false)
  })

  it('never ends in anything but a page or one sentence, whatever it is', () => {
    const events = fc.oneof(
      fc.jsonValue(),
      fc.record(
        {
          portalId: fc.constantFrom(4711, '4711', 1, null),
          occurredAt: fc.oneof(fc.constant(AT), fc.jsonValue(), fc.integer()),
          action: fc.constantFrom(
            'CREATE',
            'UPDATE',
            'MERGE',
            'GDPR_DELETE',
            'ASSOCIATION_ADDED',
            '__proto__',
          ),
          objectTypeId: fc.oneof(fc.constantFrom('0-1', '0-2', '__proto__', 'constructor'), fc.jsonValue()),
          objectId: fc.oneof(fc.integer(), fc.jsonValue()),
          propertyChanges: fc.jsonValue(),
          mergedObjectIds: fc.jsonValue(),
          fromObjectTypeId: fc.jsonValue(),
          fromObjectId: fc.jsonValue(),
        },
        { requiredKeys: [] },
      ),
    )
    fc.assert(
      fc.property(fc.array(events, { maxLength: 8 }), (all) => {
        const { hints, skipped } = parseJournal(JSON.stringify({ journalEvents: all }), PORTAL)
        expect(skipped).toBeLessThanOrEqual(all.length)
        expect(new Set(hints.map(({ key }) => key)).size).toBe(hints.length)
        for (const hint of hints) {
          expect(hint.origin).toBe(PORTAL)
          expect(['contacts', 'companies']).toContain(hint.object)
          expect(hint.id).not.toBe('')
        }
      }),
    )
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
        try {
          parseJournal(text, PORTAL)
        } catch (error) {
          expect(error).toBeInstanceOf(HoldfastError)
          expect((error as HoldfastError).retryable).toBe(false)
        }
      }),
    )
  })

  it('hands over every change of the account once, in whatever company it comes', () => {
    const ids = fc.uniqueArray(fc.integer({ min: 1, max: 1e9 }), { maxLength: 30 })
    fc.assert(
      fc.property(ids, fc.array(fc.jsonValue(), { maxLength: 5 }), (numbers, noise) => {
        const events = numbers.map((objectId) => ({ ...company, objectId, action: 'UPDATE' }))
        const mixed = [...noise, ...events, ...events]
        expect(hintsIn(...mixed).map(({ id }) => id)).toEqual(numbers.map(String))
      }),
    )
  })
})

const config = (portal: string) =>
  parseHubSpotConfig({
    portal,
    object: 'companies',
    auth: 'oauth',
    agreements: {
      from: 'deals',
      pipeline: null,
      stages: ['s'],
      periodMonths: 12,
      renewalProperty: 'closedate',
    },
  })

async function open() {
  const opened = await openSandbox({
    limits: { oauth: 1e9, privateApp: 1e9, search: 1e9, journal: 1e9, journal_subscriptions: 1e9 },
  })
  const { sandbox } = opened
  const clock = () => sandbox.state.now()
  const client = openHubSpotClient({
    baseUrl: sandbox.url,
    portal: '',
    tokens: appTokens({ baseUrl: sandbox.url, ...sandbox.app, clock }),
    pacer: openPacers().of('', 'oauth'),
    clock,
    sleep: async () => {},
  })
  sandbox.state.addProperty('companies', 'mrr', { type: 'number' })
  const { portal } = sandbox
  const listed = async () => {
    const grant = {
      grant_type: 'client_credentials',
      client_id: sandbox.app.clientId,
      client_secret: sandbox.app.clientSecret,
      scope: 'developer.webhooks_journal.subscriptions.read',
    }
    const { body } = await opened.call<{ access_token: string }>(
      'POST',
      '/oauth/2026-09/token',
      undefined,
      grant,
    )
    const answer = await fetch(`${sandbox.url}/webhooks-journal/subscriptions/2026-03`, {
      headers: { authorization: `Bearer ${body.access_token}` },
    })
    return (
      (await answer.json()) as {
        results: { subscriptionType: string; objectTypeId: string; properties?: string[]; id: number }[]
      }
    ).results
  }
  return { ...opened, client, clock, portal, listed }
}

describe('what the journal is asked to hold', () => {
  it('is what is read: chosen properties, people, deals, what belongs together, and who is to be forgotten', () => {
    const wanted = wantedSubscriptions(config(PORTAL), [
      'mrr',
      'holdfast_risk_percent',
      'hs_lastmodifieddate',
    ])
    expect(wanted.map(({ subscriptionType, objectTypeId }) => `${subscriptionType} ${objectTypeId}`)).toEqual(
      ['OBJECT 0-2', 'OBJECT 0-1', 'OBJECT 0-3', 'ASSOCIATION 0-2', 'GDPR_PRIVACY_DELETION 0-1'],
    )
    expect(wanted[0].properties).toEqual(['hubspot_owner_id', 'mrr', 'name'])
    expect(wanted[1].properties).toEqual(expect.arrayContaining(['email', 'jobtitle']))
    expect(wanted[2].properties).toEqual(expect.arrayContaining(['amount', 'closedate', 'dealstage']))
    expect(wanted[3].associatedObjectTypeIds).toEqual(['0-1', '0-3'])
  })

  it('is made once, follows the mapping, and goes again', async () => {
    const { client, portal, listed } = await open()
    const keep = (properties: readonly string[], alone = true) =>
      keepSubscriptions(client, { portal, wanted: wantedSubscriptions(config(portal), properties), alone })
    expect(await keep(['mrr'])).toBe(true)
    expect(await keep(['mrr'])).toBe(false)
    expect((await listed()).map(({ subscriptionType }) => subscriptionType).toSorted()).toEqual([
      'APP_LIFECYCLE_EVENT',
      'ASSOCIATION',
      'GDPR_PRIVACY_DELETION',
      'OBJECT',
      'OBJECT',
      'OBJECT',
    ])
    const ofCompanies = async () =>
      (await listed()).find((one) => one.subscriptionType === 'OBJECT' && one.objectTypeId === '0-2')
        ?.properties
    expect(await keep(['industry'])).toBe(true)
    expect(await ofCompanies()).toEqual(['hubspot_owner_id', 'industry', 'name'])
    // Another connection of the same account has what it needs, and loses nothing.
    expect(await keep(['mrr'], false)).toBe(true)
    expect(await ofCompanies()).toEqual(['hubspot_owner_id', 'industry', 'mrr', 'name'])
    expect(await keep(['industry'], false)).toBe(false)
    await keepSubscriptions(client, { portal, wanted: [], alone: true })
    expect((await listed()).map(({ subscriptionType }) => subscriptionType)).toEqual(['APP_LIFECYCLE_EVENT'])
    await keep(['mrr'])
    await dropSubscriptions(client, portal)
    expect(await listed()).toHaveLength(1)
  })
})

describe('following the journal', () => {
  async function follow(more: { askAccount?: () => Promise<unknown> } = {}) {
    const opened = await open()
    const { client, clock, sandbox, portal } = opened
    const wanted = async (): Promise<Reading> => ({ properties: ['mrr'], history: [] })
    /** Pages until nothing more comes. */
    async function pages(from: Cursor | null): Promise<{ all: HintPage[]; position: Cursor | null }> {
      const stop = new AbortController()
      const idle = followJournal({
        client,
        baseUrl: sandbox.url,
        config: config(portal),
        clock,
        alone: async () => true,
        askAccount: more.askAccount ?? (async () => undefined),
        sleep: async () => stop.abort(),
      })
      const all: HintPage[] = []
      for await (const page of idle(from, stop.signal, wanted)) all.push(page)
      return { all, position: all.at(-1)?.position ?? from }
    }
    const ids = ({ all }: { all: readonly HintPage[] }) =>
      all.flatMap(({ hints }) => hints.map(({ id }) => id))
    return { ...opened, pages, ids }
  }

  it('begins with what happens from now on, and goes on where the last page ended', async () => {
    const { pages, ids, sandbox } = await follow()
    const acme = sandbox.state.createRecord('companies', { name: 'Acme' })
    const first = await pages(null)
    expect(ids(first)).toEqual([])
    sandbox.state.updateRecord('companies', acme, { mrr: 5 })
    const second = await pages(first.position)
    expect(ids(second)).toEqual([acme])
    expect(ids(await pages(second.position))).toEqual([])
    expect(ids(await pages(first.position))).toEqual([acme])
  })

  it('tells every change of a day after it, in the order in which they came', async () => {
    const { pages, ids, sandbox, pass } = await follow()
    const { position } = await pages(null)
    const made: string[] = []
    for (let minute = 0; minute < 1440; minute++) {
      pass(60)
      made.push(sandbox.state.createRecord('companies', { name: `C${minute}` }))
    }
    const { all } = await pages(position)
    expect(ids({ all })).toEqual(made)
    expect(all.every(({ missed }) => missed === undefined)).toBe(true)
  })

  it('has everything read anew after more than three days, and still tells what is there', async () => {
    const { pages, ids, sandbox, pass } = await follow()
    const acme = sandbox.state.createRecord('companies', { name: 'Acme' })
    const begun = await pages(null)
    sandbox.state.updateRecord('companies', acme, { mrr: 1 })
    const { position } = await pages(begun.position)
    sandbox.state.updateRecord('companies', acme, { mrr: 2 })
    pass(4 * 86_400)
    const late = sandbox.state.createRecord('companies', { name: 'Late' })
    const { all, position: after } = await pages(position)
    expect(all.filter(({ whole }) => whole)).toMatchObject([
      { missed: expect.stringContaining('three days') },
    ])
    expect(ids({ all })).toEqual([late])
    expect((await pages(after)).all.some(({ missed }) => missed !== undefined)).toBe(false)
  })

  it('misses nothing while nothing happens, however long: it says now and then how far it is', async () => {
    const { pages, sandbox, pass, ids } = await follow()
    sandbox.state.createRecord('companies', { name: 'Acme' })
    let { position } = await pages(null)
    for (let day = 0; day < 10; day++) {
      pass(86_400)
      const next = await pages(position)
      expect(next.all).toMatchObject([{ hints: [] }])
      expect(next.all[0].missed).toBeUndefined()
      position = next.position
    }
    const late = sandbox.state.createRecord('companies', { name: 'Late' })
    expect(ids(await pages(position))).toEqual([late])
  })

  it('asks the account when the journal says that the app was taken out, before it goes on', async () => {
    const gone = new HoldfastError('connector_reconnect', 'The app is out.')
    let out = true
    let calls = 0
    const { pages, sandbox, ids } = await follow({
      askAccount: async () => {
        calls++
        if (out) throw gone
      },
    })
    const { position } = await pages(null)
    sandbox.state.createRecord('companies', { name: 'Acme' })
    sandbox.uninstall()
    await expect(pages(position)).rejects.toBe(gone)
    // Installed again: the same entries are read, and the account is asked anew.
    out = false
    expect(ids(await pages(position))).toHaveLength(1)
    expect(calls).toBe(2)
  })

  it('begins anew where it is interrupted in a file, and loses none', async () => {
    const { pages, sandbox, ids } = await follow()
    const { position } = await pages(null)
    const made = Array.from({ length: 350 }, (_, at) =>
      sandbox.state.createRecord('companies', { name: `C${at}` }),
    )
    const { all } = await pages(position)
    expect(all.length).toBeGreaterThan(3)
    // As if each page was the last one that was stored.
    const told = all.map(({ position: at }) => at)
    for (const at of told.slice(0, 3)) {
      const known = all.slice(0, told.indexOf(at) + 1)
      expect([...ids({ all: known }), ...ids(await pages(at))]).toEqual(made)
    }
  })

  it('waits for what cannot be had now, and does not stumble over what can never be read', async () => {
    const { pages, sandbox, ids } = await follow()
    const { position } = await pages(null)
    const acme = sandbox.state.createRecord('companies', { name: 'Acme' })
    sandbox.faults.inject({ path: '/files/', effect: { kind: 'answer', status: 503 } })
    await expect(pages(position)).rejects.toMatchObject({ code: 'connector_unavailable', retryable: true })
    expect(ids(await pages(position))).toEqual([acme])
    sandbox.faults.inject({ path: '/files/', effect: { kind: 'answer', status: 200, body: 'no JSON' } })
    const { all } = await pages(position)
    expect(all).toMatchObject([{ hints: [], whole: true, missed: expect.stringContaining('anew') }])
    expect(ids(await pages(all[0].position))).toEqual([])
  })
})
