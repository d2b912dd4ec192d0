/** What orgs do that most never meet. */
import { describe, expect, it } from 'vitest'
import type { Cursor } from '../../connectors/connector.ts'
import type { SalesforceClient } from '../../connectors/salesforce/client.ts'
import { readFailure, translate } from '../../connectors/salesforce/errors.ts'
import { openContext } from '../../connectors/salesforce/context.ts'
import { parseSalesforceConfig, type SalesforceConfigInput } from '../../connectors/salesforce/config.ts'
import { writeFields } from '../../connectors/salesforce/write.ts'
import { openCrmMemory } from '../../connectors/memory.ts'
import { defineConsents } from '../connectors/salesforce/an-org.ts'
import { idsOf, openReading, passOver } from '../connectors/salesforce/reading.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR
const NAMES = { properties: ['Name'], history: [] }

async function openAt(iso: string, options: Parameters<typeof openReading>[0] = {}) {
  let at = Date.parse(iso)
  const org = await openReading({ clock: () => new Date(at), ...options })
  return { ...org, later: (ms: number) => void (at += ms) }
}

function refusalOf(errorCode: string, path: string): Error {
  const body = JSON.stringify([{ errorCode, message: 'What went wrong.' }])
  return translate(readFailure({ method: 'GET', path, status: 400, body }))
}

describe('a bulk job whose results are gone while it is still told as complete', () => {
  it('is left, and everything is read by another one', async () => {
    const org = await openAt('2026-11-21T08:00:00Z')
    const ids = ['One', 'Two', 'Three'].map((Name) => org.state.createRecord('Account', { Name }))
    let gone = false
    const client: SalesforceClient = {
      ...org.client,
      stream: (call) =>
        gone ? Promise.reject(refusalOf('NOT_FOUND', '/jobs/query/{id}/results')) : org.client.stream(call),
    }
    const open = () => org.open({}, { client, bulkAbove: 1, bulkPage: 2 })
    gone = true
    let cursor: Cursor | null = null
    const pass = async (): Promise<void> => {
      for await (const page of open().changes(cursor, NAMES)) cursor = page.cursor
    }
    await expect(pass()).rejects.toMatchObject({ code: 'connector_unavailable', retryable: true })
    gone = false
    org.sandbox.forgetRequests()
    const { records } = await passOver(open(), cursor, NAMES)
    expect(idsOf(records).toSorted()).toEqual(ids.toSorted())
    const asked = org.sandbox.requests().map(({ method, url }) => `${method} ${url}`)
    expect(asked.filter((one) => /^POST .*\/jobs\/query$/.test(one))).toHaveLength(1)
  })
})

describe('an org whose bulk jobs of the day are used up', () => {
  const code = 'EXCEEDEDQUOTA'

  it('is read by pages, and written to by collections', async () => {
    const org = await openAt('2026-11-21T08:00:00Z')
    const ids = ['One', 'Two', 'Three'].map((Name) => org.state.createRecord('Account', { Name }))
    const client: SalesforceClient = {
      ...org.client,
      call: (call) =>
        call.method === 'POST' && call.path.startsWith('/jobs/')
          ? Promise.reject(refusalOf(code, call.path))
          : org.client.call(call),
    }
    const { records } = await passOver(org.open({}, { client, bulkAbove: 1 }), null, NAMES)
    expect(idsOf(records)).toEqual(ids)
    const context = openContext({
      client,
      clock: () => new Date(),
      memory: openCrmMemory({ clock: () => new Date() }),
      config: parseSalesforceConfig({
        org: org.sandbox.org,
        object: 'Account',
        auth: 'web',
        username: 'a@b.example',
        instanceUrl: org.sandbox.url,
      }),
    })
    const updates = ids.map((id) => ({ id, fields: { riskPercent: 71.5 } }))
    expect(await writeFields(context, updates, { bulkFrom: 2 })).toEqual(ids.map((id) => ({ id, ok: true })))
  })
})

describe('the history of fields', () => {
  it('is asked for none that it does not list, since Salesforce takes no other name', async () => {
    const org = await openAt('2026-11-21T08:00:00Z')
    org.state.createRecord('Account', { Name: 'One' })
    org.state.define('Account', 'Seats__c', { type: 'double' })
    const asked: string[] = []
    const client: SalesforceClient = {
      ...org.client,
      query: (soql, row, options) => {
        if (soql.includes('AccountHistory')) asked.push(soql)
        return org.client.query(soql, row, options)
      },
      call: async (call) => {
        if (!call.path.includes('AccountHistory/describe')) return org.client.call(call)
        const picklistValues = [{ value: 'Type' }, { value: 'Owner' }]
        const fields = [{ name: 'Field', type: 'picklist', picklistValues }]
        return {
          status: 200,
          headers: {},
          date: null,
          body: call.schema.parse({ name: 'AccountHistory', fields }),
        }
      },
    }
    const names = ['Seats__c', 'Type', 'OwnerId']
    await passOver(org.open({}, { client }), null, { properties: names, history: names })
    expect(asked).toHaveLength(1)
    expect(asked[0]).toContain("Field IN ('Type','Owner')")
    const alone = { properties: ['Seats__c'], history: ['Seats__c'] }
    const { records } = await passOver(org.open({}, { client }), null, alone)
    expect(asked).toHaveLength(1)
    expect(records[0].history).toEqual([])
  })
})

describe('what changed around a customer', () => {
  it.each(['Account', 'Contact'] as const)(
    'leads to %s records from consents of an Individual',
    async (object) => {
      const { open, state, later } = await openAt('2026-11-21T08:00:00Z', { object })
      defineConsents(state)
      const account = state.createRecord('Account', { Name: 'One' })
      const other = state.createRecord('Account', { Name: 'Two' })
      const IndividualId = state.createRecord('Individual', { LastName: 'Reed' })
      const contact = state.createRecord('Contact', { LastName: 'Reed', AccountId: account, IndividualId })
      state.createRecord('Contact', { LastName: 'Ito', AccountId: other })
      state.createRecord('AccountContactRelation', { AccountId: other, ContactId: contact })
      const reading = object === 'Account' ? NAMES : { properties: ['LastName'], history: [] }
      const first = await passOver(open(), null, reading)
      later(HOUR)
      const consent = state.createRecord('ContactPointTypeConsent', {
        Name: 'Mail',
        PartyId: IndividualId,
        ContactPointType: 'Email',
        PrivacyConsentStatus: 'OptOut',
      })
      const second = await passOver(open(), first.cursor, reading)
      const concerned = object === 'Account' ? [account, other] : [contact]
      expect(idsOf(second.records).toSorted()).toEqual(concerned.toSorted())
      expect(second.records.every(({ related }) => related === true)).toBe(true)
      expect(new Set(await open().customersOf!('ContactPointTypeConsent', [consent]))).toEqual(
        new Set(concerned),
      )
      later(HOUR)
      expect((await passOver(open(), second.cursor, reading)).records).toEqual([])
    },
  )

  it('leads to all accounts that a contact has to do with', async () => {
    const { open, state, later } = await openAt('2026-11-21T08:00:00Z')
    const [own, other, third] = ['One', 'Two', 'Three'].map((Name) => state.createRecord('Account', { Name }))
    const contact = state.createRecord('Contact', { LastName: 'Reed', AccountId: own })
    const relation = state.createRecord('AccountContactRelation', { AccountId: other, ContactId: contact })
    const first = await passOver(open(), null, NAMES)
    later(HOUR)
    state.updateRecord('Contact', contact, { HasOptedOutOfEmail: true })
    const second = await passOver(open(), first.cursor, NAMES)
    expect(idsOf(second.records).toSorted()).toEqual([own, other].toSorted())
    expect(new Set(await open().customersOf!('Contact', [contact]))).toEqual(new Set([own, other]))
    later(HOUR)
    state.updateRecord('AccountContactRelation', relation, { Roles: 'Decision Maker' })
    const young = state.createRecord('AccountContactRelation', { AccountId: third, ContactId: contact })
    const next = await passOver(open(), second.cursor, NAMES)
    expect(idsOf(next.records).toSorted()).toEqual([other, third].toSorted())
    later(HOUR)
    state.deleteRecord('AccountContactRelation', young)
    expect(idsOf((await passOver(open(), next.cursor, NAMES)).records)).toEqual([third])
  })
})

describe('a pass that finds nothing', () => {
  it('costs a call for each object that is followed, one for what was deleted, and two to see the fields', async () => {
    const { open, state, sandbox, client, later } = await openAt('2026-11-21T08:00:00Z', {
      accountTeams: true,
    })
    const account = state.createRecord('Account', { Name: 'One' })
    state.createRecord('Contact', { LastName: 'Reed', AccountId: account })
    let at = 0
    const memory = openCrmMemory({ clock: () => new Date(at) })
    const config: Partial<SalesforceConfigInput> = {
      agreements: { from: 'opportunities', stages: [], periodMonths: 12 },
    }
    let { cursor } = await passOver(open(config, { memory }), null, NAMES)
    later(HOUR)
    const next = await passOver(open(config, { memory }), cursor, NAMES)
    sandbox.forgetRequests()
    at += 10 * MINUTE
    later(10 * MINUTE)
    expect((await passOver(open(config, { memory }), next.cursor, NAMES)).records).toEqual([])
    const asked = sandbox.requests().map(({ url }) => decodeURIComponent(url))
    const from = asked.flatMap((url) => /FROM (\w+)/.exec(url)?.[1] ?? [])
    expect(from.toSorted()).toEqual([
      'Account',
      'AccountContactRelation',
      'Contact',
      'FieldDefinition',
      'Individual',
      'Opportunity',
    ])
    const others = asked
      .filter((url) => !url.includes('FROM '))
      .map((url) => url.replace(/.*v67.0|\?.*/g, ''))
    expect(others).toEqual(['/sobjects/Account/describe', '/sobjects/Account/deleted/'])
    // Hidden from our user meanwhile: one pass says so, and the one after it goes on without.
    state.setObjectAccess('Individual', { read: false })
    cursor = next.cursor
    await expect(passOver(open(config, { memory, client }), cursor, NAMES)).rejects.toThrow(/Individual/)
    expect((await passOver(open(config, { memory, client }), cursor, NAMES)).records).toEqual([])
  })
})

describe('an org whose recycle bin was emptied', () => {
  it('is read whole once, and not with every pass from then on', async () => {
    const org = await openAt('2026-11-21T08:00:00Z')
    org.state.createRecord('Account', { Name: 'One' })
    let emptied = 0
    const client: SalesforceClient = {
      ...org.client,
      call: (call) => {
        const start = Date.parse(String(call.query?.['start'] ?? ''))
        return call.path.includes('/deleted') && start < emptied
          ? Promise.reject(refusalOf('INVALID_REPLICATION_DATE', '/sobjects/Account/deleted'))
          : org.client.call(call)
      },
    }
    const open = () => org.open({}, { client })
    const pass = async (cursor: Cursor | null) => {
      org.later(10 * MINUTE)
      return passOver(open(), cursor, NAMES)
    }
    let { cursor } = await pass(null)
    org.later(2 * DAY)
    emptied = Date.parse('2026-11-23T07:00:00Z')
    const complete: boolean[] = []
    for (let i = 0; i < 6; i++) {
      const next = await pass(cursor)
      cursor = next.cursor
      complete.push(next.pages.at(-1)?.complete === true)
    }
    expect(complete).toEqual([false, true, false, false, false, false])
  })
})
