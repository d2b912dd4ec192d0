import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { consentRoutes } from '../../../connectors/hubspot/sandbox/consent-page.ts'
import { sandboxRoutes } from '../../../connectors/hubspot/sandbox/routes.ts'
import { openRouter } from '../../../connectors/sandbox/router.ts'
import { webhooksJournalRoutes } from '../../../connectors/hubspot/sandbox/webhooks-journal-routes.ts'
import { keepExecution } from '../../../connectors/hubspot/sandbox/workflow-calls.ts'
import { startHubSpotSandbox, type HubSpotSandbox } from '../../../connectors/hubspot/sandbox/server.ts'
import type { Exchange } from '../../../connectors/sandbox/http.ts'
import { defineSubscription } from '../../../connectors/hubspot/sandbox/subscription-statuses.ts'
import { API_VERSION as V } from '../../../connectors/hubspot/version.ts'
import { calling, type Call, type Page } from './sandbox/calling.ts'
import { openJudge, specsAbsent, type Judge } from './sandbox/specs.ts'

const CRM = `/crm/objects/${V}`

/** Documented, but in none of the files that we have. */
const IN_NO_FILE = new Set([
  `GET /crm/associations/${V}/:fromObjectType/:toObjectType/labels`,
  `GET /crm/pipelines/${V}/:objectType`,
])

describe.skipIf(specsAbsent)(
  `HubSpot's OpenAPI files and the sandbox${specsAbsent ? ` (${specsAbsent})` : ''}`,
  () => {
    let sandbox: HubSpotSandbox
    let judge: Judge
    let call: Call
    let token: string
    const exchanges: Exchange[] = []
    const used = new Set<string>()
    const route = openRouter(sandboxRoutes)

    beforeAll(async () => {
      judge = openJudge()
      const now = new Date('2026-11-20T09:00:00Z')
      sandbox = await startHubSpotSandbox({
        clock: () => now,
        limits: { oauth: Infinity, privateApp: Infinity, search: Infinity },
        settings: { associationsPage: 2 },
      })
      sandbox.onExchange((exchange) => void exchanges.push(exchange))
      token = sandbox.authorize().accessToken
      const plain = calling(sandbox, () => token)
      // Each answer is judged as it comes.
      call = async <Body>(...given: Parameters<Call>) => {
        const before = exchanges.length
        const called = await plain<Body>(...given)
        const [exchange] = exchanges.slice(before)
        const judged = { ...exchange, contentType: String(exchange.headers['content-type'] ?? '') }
        const found = route(exchange.method, exchange.path)
        if (found) used.add(`${found.route.method} ${found.route.path}`)
        if (!found || !IN_NO_FILE.has(`${found.route.method} ${found.route.path}`)) {
          expect(judge.answer(judged), `${given[0]} ${given[1]} -> ${called.status}`).toEqual([])
        }
        return called
      }
      sandbox.state.setOwner({
        id: '71',
        email: 'ada@example.com',
        firstName: 'Ada',
        lastName: 'L',
        userId: 9,
        archived: false,
        createdAt: now.toISOString(),
        updatedAt: now.toISOString(),
        teams: [{ id: '1', name: 'East', primary: true }],
      })
    })
    afterAll(() => sandbox.close())

    it('has the records as the files say, one at a time and in pages', async () => {
      const made = await call<{ id: string }>('POST', `${CRM}/companies`, {
        properties: { name: 'Acme' },
        associations: [],
      })
      expect(made.status).toBe(201)
      for (let n = 0; n < 3; n++)
        sandbox.state.createRecord('companies', { name: `Co ${n}`, domain: `${n}.example` })
      const page = await call<Page>(
        'GET',
        `${CRM}/companies?limit=2&properties=name,domain&propertiesWithHistory=name&archived=false`,
      )
      expect(page.body.paging).toBeDefined()
      const person = await call<{ id: string }>('POST', `${CRM}/contacts`, {
        properties: { email: 'a@example.com' },
        associations: [
          {
            to: { id: made.body.id },
            types: [{ associationCategory: 'HUBSPOT_DEFINED', associationTypeId: 279 }],
          },
        ],
      })
      const read = await call<object>(
        'GET',
        `${CRM}/contacts/${person.body.id}?associations=companies&properties=email`,
      )
      expect(read.body).toHaveProperty('associations')
      await call('PATCH', `${CRM}/companies/${made.body.id}`, { properties: { name: 'Acme & Co' } })
      const other = sandbox.state.createRecord('companies', { name: 'Acme too' })
      await call('POST', `${CRM}/companies/merge`, { primaryObjectId: made.body.id, objectIdToMerge: other })
      await call('POST', `${CRM}/contacts/gdpr-delete`, { objectId: person.body.id })
      const gone = sandbox.state.createRecord('deals', { dealname: 'x' })
      expect((await call('DELETE', `${CRM}/deals/${gone}`)).status).toBe(204)
      const archived = await call<Page>('GET', `${CRM}/deals?archived=true`)
      expect(archived.body.results).toHaveLength(1)
      expect((await call('GET', `${CRM}/deals/${gone}`)).status).toBe(404)
      expect((await call('GET', `${CRM}/nonsense`)).status).toBe(400)
      expect(
        (await call('POST', `${CRM}/companies`, { properties: { nonsense: '1' }, associations: [] })).status,
      ).toBe(400)
    })

    it('searches as the files say', async () => {
      const found = await call<Page>('POST', `${CRM}/companies/search`, {
        filterGroups: [{ filters: [{ propertyName: 'name', operator: 'HAS_PROPERTY' }] }],
        sorts: ['hs_object_id'],
        properties: ['name'],
        limit: 1,
        after: '0',
      })
      expect(found.status).toBe(200)
      expect(found.body.paging).toBeDefined()
      expect(
        (
          await call('POST', `${CRM}/companies/search`, {
            filterGroups: [],
            limit: 201,
            after: '',
            sorts: [],
            properties: [],
          })
        ).status,
      ).toBe(400)
    })

    it('has batches as the files say, with what failed in them', async () => {
      const made = await call<Page>('POST', `${CRM}/companies/batch/create`, {
        inputs: [
          { objectWriteTraceId: 'a', properties: { name: 'One' }, associations: [] },
          { objectWriteTraceId: 'b', properties: { lifecyclestage: 'nonsense' }, associations: [] },
        ],
      })
      expect(made.status).toBe(207)
      const [{ id }] = made.body.results
      const updated = await call('POST', `${CRM}/companies/batch/update`, {
        inputs: [
          { id, properties: { name: 'Two' } },
          { id: '404', properties: { name: 'Nobody' } },
        ],
      })
      expect(updated.status).toBe(207)
      expect(
        (
          await call('POST', `${CRM}/companies/batch/update`, {
            inputs: [{ id, properties: { name: 'Three' } }],
          })
        ).status,
      ).toBe(200)
      const read = await call('POST', `${CRM}/companies/batch/read`, {
        inputs: [{ id }, { id: '404' }],
        properties: ['name'],
        propertiesWithHistory: ['name'],
      })
      expect(read.status).toBe(207)
      const many = Array.from({ length: 101 }, (_, n) => ({ id: String(n), properties: {} }))
      expect((await call('POST', `${CRM}/companies/batch/update`, { inputs: many })).status).toBe(400)
      sandbox.state.addProperty('tasks', 'key', { hasUniqueValue: true })
      const task = { id: 'k', idProperty: 'key', properties: { hs_timestamp: '2026-11-21T09:00:00Z' } }
      expect((await call('POST', `${CRM}/tasks/batch/upsert`, { inputs: [task] })).status).toBe(200)
      expect((await call('POST', `${CRM}/companies/batch/archive`, { inputs: [{ id }] })).status).toBe(204)
    })

    it('has properties and groups as the files say', async () => {
      const P = `/crm/properties/${V}/companies`
      const property = { name: 'risk', label: 'Risk', groupName: 'ours', type: 'number', fieldType: 'number' }
      expect((await call('POST', `${P}/groups`, { name: 'ours', label: 'Ours' })).status).toBe(201)
      expect((await call('POST', `${P}/groups`, { name: 'ours', label: 'Ours' })).status).toBe(409)
      await call('GET', `${P}/groups`)
      await call('GET', `${P}/groups/ours`)
      await call('PATCH', `${P}/groups/ours`, { label: 'Really ours' })
      expect((await call('POST', P, property)).status).toBe(201)
      expect((await call('POST', P, property)).status).toBe(409)
      await call('GET', `${P}?archived=false&dataSensitivity=non_sensitive`)
      await call('GET', `${P}/risk`)
      expect((await call('GET', `${P}/nonsense`)).status).toBe(404)
      await call('PATCH', `${P}/risk`, { label: 'Risk of leaving' })
      const batch = await call('POST', `${P}/batch/create`, {
        inputs: [{ ...property, name: 'level' }, property],
      })
      expect(batch.status).toBe(207)
      const read = await call('POST', `${P}/batch/read`, {
        archived: false,
        dataSensitivity: 'non_sensitive',
        inputs: [{ name: 'risk' }, { name: 'nonsense' }],
      })
      expect(read.status).toBe(207)
      await call('POST', `${P}/batch/archive`, { inputs: [{ name: 'level' }] })
      await call('DELETE', `${P}/risk`)
      await call('GET', `${P}?archived=true`)
      expect((await call('DELETE', `${P}/groups/ours`)).status).toBe(204)
    })

    it('has associations as the files say', async () => {
      const A = `/crm/associations/${V}/contacts/companies`
      const company = sandbox.state.createRecord('companies', { name: 'Associated' })
      const others = [1, 2, 3].map((n) => sandbox.state.createRecord('companies', { name: `Other ${n}` }))
      const person = sandbox.state.createRecord('contacts', { email: 'b@example.com' })
      const ends = { from: { id: person }, to: { id: company } }
      const types = [{ associationCategory: 'HUBSPOT_DEFINED', associationTypeId: 279 }]
      await call('POST', `${A}/batch/associate/default`, {
        inputs: [ends, { from: { id: person }, to: { id: '404' } }],
      })
      await call('PUT', `${CRM}/contacts/${person}/associations/default/companies/${others[0]}`)
      await call('PUT', `${CRM}/contacts/${person}/associations/companies/${others[1]}`, types)
      await call('POST', `${A}/batch/create`, {
        inputs: [{ from: { id: person }, to: { id: others[2] }, types }],
      })
      const read = await call<{ results: { paging?: object }[] }>('POST', `${A}/batch/read`, {
        inputs: [{ id: person }, { id: '404' }],
      })
      expect(read.status).toBe(207)
      expect(read.body.results[0].paging).toBeDefined()
      await call('POST', `${A}/batch/labels/archive`, { inputs: [{ ...ends, types }] })
      await call('POST', `${A}/batch/archive`, { inputs: [{ from: { id: person }, to: [{ id: company }] }] })
      await call('DELETE', `${CRM}/contacts/${person}/associations/companies/${others[0]}`)
      await call('GET', `${A}/labels`)
    })

    it('has owners, the account and what stops a call as the files say', async () => {
      expect((await call('GET', `/crm/pipelines/${V}/deals`)).status).toBe(200)
      await call('GET', `/crm/owners/${V}?limit=1&archived=false`)
      await call('GET', `/crm/owners/${V}/71?idProperty=id`)
      expect((await call('GET', `/crm/owners/${V}/72`)).status).toBe(404)
      await call('GET', `/account-info/${V}/details`)
      await call('GET', `/account-info/${V}/api-usage/daily/private-apps`)
      const good = token
      token = 'nonsense'
      expect((await call('GET', `/account-info/${V}/details`)).status).toBe(401)
      token = sandbox.authorize(['oauth']).accessToken
      expect((await call('GET', `${CRM}/companies`)).status).toBe(403)
      token = good
      sandbox.faults.dailyLimit(true)
      expect((await call('GET', `${CRM}/companies`)).status).toBe(429)
      sandbox.faults.clear()
      sandbox.faults.inject({ effect: { kind: 'locked' } })
      expect((await call('GET', `${CRM}/companies`)).status).toBe(423)
      sandbox.faults.inject({ effect: { kind: 'answer', status: 502 } })
      expect((await call('GET', `${CRM}/companies`)).status).toBe(502)
    })

    it('has preferences as the files say', async () => {
      const P = `/communication-preferences/${V}`
      const [id, email] = [501, 'c@example.com']
      defineSubscription(sandbox.state, {
        id,
        name: 'Marketing',
        description: 'Offers',
        purpose: 'Marketing',
      })
      sandbox.state.createRecord('contacts', { email })
      const basis = { legalBasis: 'CONSENT_WITH_NOTICE', legalBasisExplanation: 'Ticked a box' }
      const wanted = { channel: 'EMAIL', subscriptionId: id, statusState: 'SUBSCRIBED', ...basis }
      const one = { emailAddress: email, subscriptionId: String(id), ...basis }
      const asked = [
        ['GET', '/definitions'],
        ['POST', '/subscribe', one],
        ['GET', `/status/email/${email}`],
        ['POST', '/unsubscribe', one],
        ['POST', '/resubscribe', one],
        ['POST', `/statuses/${email}`, { ...wanted, statusState: 'UNSUBSCRIBED' }],
        ['GET', `/statuses/${email}?channel=EMAIL`],
        ['GET', `/statuses/${email}/unsubscribe-all?channel=EMAIL`],
        ['POST', `/statuses/${email}/unsubscribe-all?channel=EMAIL&verbose=true`],
        ['GET', `/statuses/${email}/unsubscribe-all?channel=EMAIL`],
        ['POST', '/statuses/batch/read?channel=EMAIL', { inputs: [email, 'no address'] }],
        ['POST', '/statuses/batch/write', { inputs: [{ ...wanted, subscriberIdString: email }] }],
        ['POST', '/statuses/batch/unsubscribe-all?channel=EMAIL', { inputs: [email] }],
        ['POST', '/statuses/batch/unsubscribe-all/read?channel=EMAIL', { inputs: [email] }],
      ] as const
      for (const [method, path, body] of asked) {
        expect((await call(method, P + path, body)).status, `${method} ${path}`).toBe(200)
      }
      expect((await call('POST', `${P}/unsubscribe`, one)).status).toBe(400)
    })

    it('is told what came of calls of workflows as the files say', async () => {
      const waiting = (callback: string) =>
        keepExecution(sandbox.state, {
          callback,
          url: 'https://holdfast.example/x',
          objectType: 'COMPANY',
          objectId: '1',
          inputs: {},
          state: 'waiting',
          result: null,
          outputs: {},
          expiresAt: Infinity,
          attempts: 1,
          completions: 0,
        })
      for (const callback of ['ap-1', 'ap-2', 'ap-3']) waiting(callback)
      const said = { outputFields: { hs_execution_state: 'SUCCESS', status: 'done' }, typedOutputs: {} }
      const C = `/automation/actions/callbacks/${V}`
      expect((await call('POST', `${C}/ap-1/complete`, said)).status).toBe(204)
      expect((await call('POST', `${C}/ap-1/complete`, said)).status).toBe(404)
      expect((await call('POST', `${C}/ap-2/complete`, { outputFields: {} })).status).toBe(400)
      const inputs = ['ap-2', 'ap-3'].map((callbackId) => ({ callbackId, ...said }))
      expect((await call('POST', `${C}/complete`, { inputs })).status).toBe(204)
    })

    it('hands out tokens as the files say', async () => {
      const app = { client_id: sandbox.app.clientId, client_secret: sandbox.app.clientSecret }
      const { refreshToken, accessToken } = sandbox.authorize()
      const T = `/oauth/${V}/token`
      const refresh = { ...app, grant_type: 'refresh_token', refresh_token: refreshToken }
      expect((await call('POST', T, undefined, refresh)).status).toBe(200)
      expect((await call('POST', T, undefined, { ...refresh, client_secret: 'no' })).status).toBe(400)
      expect((await call('POST', T, undefined, { ...refresh, refresh_token: 'no' })).status).toBe(400)
      await call('POST', `${T}/introspect`, undefined, { ...app, token: accessToken })
      await call('POST', `${T}/revoke`, undefined, { ...app, token: accessToken })
      expect((await call('DELETE', `/appinstalls/${V}/external-install`)).status).toBe(204)
    })

    it('notices what the files do not allow', () => {
      const given = {
        method: 'POST',
        url: `${CRM}/companies/search`,
        status: 200,
        contentType: 'application/json',
      }
      const asked = { filterGroups: [], limit: 1, sorts: [], properties: [], queri: 'x' }
      const answered = { results: [{ id: 1, properties: {}, createdAt: 'today', archived: false }] }
      const call = { ...given, requestBody: JSON.stringify(asked), body: answered }
      expect(judge.request(call).join()).toMatch(/required property 'after'.*"additionalProperty":"queri"/)
      expect(judge.answer(call).join()).toMatch(
        /'total'.*'updatedAt'.*createdAt must match format.*id must be string/,
      )
      const list = { ...call, method: 'GET', url: `${CRM}/companies?limit=all&nonsense=1`, requestBody: '' }
      expect(judge.request(list)).toHaveLength(2)
    })

    it('was asked for every route that it has', () => {
      // Pages for people are in no OpenAPI file.
      const unasked = sandboxRoutes
        .filter((route) => !consentRoutes.includes(route) && !webhooksJournalRoutes.includes(route))
        .map(({ method, path }) => `${method} ${path}`)
        .filter((name) => !used.has(name))
      expect(unasked).toEqual([])
    })
  },
)
