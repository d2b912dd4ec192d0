import { describe, expect, it } from 'vitest'
import type { Check } from '../../../src/contracts/checks.ts'
import { readOrg } from '../../../connectors/salesforce/org.ts'
import type { SalesforceClient } from '../../../connectors/salesforce/client.ts'
import { readFailure, translate } from '../../../connectors/salesforce/errors.ts'
import { conditionFor, countRecords, stageCounts } from '../../../connectors/salesforce/population.ts'
import { verify, type VerifyKnown } from '../../../connectors/salesforce/verify.ts'
import { anOrg, without, type AnOrg } from './an-org.ts'

type Config = Parameters<AnOrg['context']>[0]

async function checked(org: AnOrg, config: Config = {}, known: VerifyKnown = {}) {
  const checks = await verify(org.context(config), known)
  const of = (name: string): Check => checks.find((one) => one.name === name)!
  return { checks, of }
}

function refusalOf(status: number, errorCode: string, message: string): Error {
  const body = JSON.stringify([{ errorCode, message }])
  return translate(readFailure({ method: 'GET', path: '/query', status, body }))
}

describe('the org behind a sign-in', () => {
  it('of several currencies is told without the first one where our user may not see it', async () => {
    const org = await anOrg({ multiCurrency: true })
    without(org.state, 'CurrencyType')
    expect(await readOrg(org.client)).toMatchObject({ multiCurrency: true, currency: null })
  })

  it('is told with its currency, zone and kind', async () => {
    const { client, sandbox } = await anOrg({ personAccounts: true, isSandbox: true })
    expect(await readOrg(client)).toMatchObject({
      id: sandbox.org,
      sandbox: true,
      currency: 'EUR',
      multiCurrency: false,
      timeZone: 'Europe/Berlin',
      personAccounts: true,
    })
  })

  it('has a corporate currency where it has several', async () => {
    const { client } = await anOrg({ multiCurrency: true, personAccounts: false })
    expect(await readOrg(client)).toMatchObject({
      multiCurrency: true,
      currency: 'EUR',
      personAccounts: false,
    })
  })
})

describe('an org whose accounts are hidden from our user', () => {
  it('is still told', async () => {
    const { client, state, sandbox } = await anOrg()
    without(state, 'Account')
    expect(await readOrg(client)).toMatchObject({ id: sandbox.org, currency: 'EUR', personAccounts: false })
  })
})

describe('checking an org', () => {
  it('finds everything in order, in the order in which it matters', async () => {
    const org = await anOrg()
    for (let n = 0; n < 20; n++) org.state.createRecord('Account', { Name: `A${n}`, Type: 'Customer' })
    const { checks, of } = await checked(org, {}, { mapped: ['Name', 'Industry'], stored: 20 })
    expect(checks.filter(({ status }) => status === 'failed')).toEqual([])
    expect(checks.map(({ name }) => name).slice(0, 3)).toEqual([
      'Salesforce org',
      'User of Holdfast',
      'Fields of Holdfast',
    ])
    expect(of('Salesforce org').message).toMatch(
      new RegExp(`^Org ${org.sandbox.org} ".*" \\(.*EUR, Europe/Berlin\\) accepts our sign-in as .+\\.$`),
    )
    expect(of('Fields of Holdfast').message).toBe('All of them are there and can be written.')
    expect(of('Mapped fields').message).toBe('All 2 that are read are there.')
    expect(of('Records').message).toBe('Salesforce has 20 Account records, Holdfast holds 20.')
    expect(of('Calls left today')).toMatchObject({
      status: 'ok',
      message: expect.stringMatching(
        /^[\d,]+ of [\d,]+ calls of the last 24 hours are left; .* leaves [\d,]+ of them alone\.$/,
      ),
    })
  })

  it('stops at a sign-in of another org, and at one that is no longer good', async () => {
    const org = await anOrg()
    const [other] = await verify(org.context({ org: '00D000000000999AAA' }))
    expect(other).toEqual({
      name: 'Salesforce org',
      status: 'failed',
      message: `The sign-in belongs to org ${org.sandbox.org}, but this connection is to org 00D000000000999AAA. Connect the org anew; nothing is read or written until then.`,
    })
    expect(await verify(org.context({ org: '00D000000000999AAA' }))).toHaveLength(1)
  })

  it('says that nothing is sent for a sandbox', async () => {
    const { of } = await checked(await anOrg({ isSandbox: true }))
    expect(of('Salesforce org').message).toMatch(
      /sandbox or scratch org: .* nobody is sent anything because of it\.$/,
    )
  })

  it('counts the calls that are left, and says what they are still used for', async () => {
    const org = await anOrg({ limits: { daily: 1000 } })
    const left = async (others: number) => {
      org.sandbox.faults.otherCalls(others)
      return (await checked(org)).of('Calls left today')
    }
    expect((await left(0)).status).toBe('ok')
    expect((await left(700)).status).toBe('warning')
    expect(await left(850)).toMatchObject({
      status: 'warning',
      message: expect.stringMatching(
        /of 1,000 .*leaves 200 of them alone\. It reads nothing before there are more/,
      ),
    })
    org.sandbox.faults.dailyLimit(true)
    const [only, ...others] = (await checked(org)).checks
    expect([only.status, others]).toEqual(['failed', []])
    expect(only.message).toContain('has used up its API calls of the last 24 hours')
  })

  it('names the package that is missing, and the permission set', async () => {
    const { of } = await checked(await anOrg({ package: false }))
    expect(of('Fields of Holdfast')).toMatchObject({
      status: 'failed',
      message: expect.stringMatching(/Install the Holdfast package.*Holdfast Integration/),
    })
  })

  it('names mapped fields that are gone or hidden, and those that are classified as sensitive', async () => {
    const org = await anOrg()
    org.state.define('Account', 'Health__c', { type: 'string', securityClassification: 'Restricted' })
    org.state.setAccess('Account', 'Industry', { readable: false })
    const { of } = await checked(org, {}, { mapped: ['Name', 'Industry', 'Mrr__c'] })
    expect(of('Mapped fields')).toMatchObject({
      status: 'failed',
      message: expect.stringMatching(
        /^"Industry", "Mrr__c" of Account are read by the mapping, but .* field-level security/,
      ),
    })
    const { of: sensitive } = await checked(org, {}, { mapped: ['Health__c'] })
    expect(sensitive('Mapped fields').message).toContain('marked as sensitive')
    expect(sensitive('Sensitive fields').message).toContain('"Health__c"')
    const { of: allowed } = await checked(org, { sensitive: ['Health__c'] }, { mapped: ['Health__c'] })
    expect(allowed('Mapped fields').status).toBe('ok')
  })

  it('warns of history that is not tracked', async () => {
    const org = await anOrg()
    const { of } = await checked(org, {}, { mapped: ['OwnerId', 'Rating'] })
    expect(of('Field history')).toMatchObject({
      status: 'ok',
      message: expect.stringMatching(
        /^1 of 2 fields .* Of "Rating" Holdfast knows only what it has seen itself\./,
      ),
    })
    const { of: all } = await checked(org, {}, { mapped: ['OwnerId'], history: ['Rating', 'Industry'] })
    expect(all('Field history').status).toBe('warning')
    const { of: kept } = await checked(org, {}, { history: ['OwnerId'] })
    expect(kept('Field history').status).toBe('ok')
    without(org.state, 'AccountHistory')
    const { of: none } = await checked(org, {}, { history: ['OwnerId'] })
    expect(none('Field history').message).toContain('keeps no history')
  })

  it('warns where records are missing on our side, and where none are shared with us', async () => {
    const org = await anOrg()
    const { of: nothing } = await checked(org)
    expect(nothing('Records')).toMatchObject({
      status: 'warning',
      message: expect.stringContaining('View All'),
    })
    const ids = Array.from({ length: 40 }, (_, n) =>
      org.state.createRecord('Account', { Name: `A${n}`, Type: n < 30 ? 'Customer' : 'Partner' }),
    )
    const { of } = await checked(org, {}, { condition: "Type = 'Customer'", stored: 3 })
    expect(of('Records')).toMatchObject({
      status: 'warning',
      message: expect.stringMatching(
        /^Salesforce has 30 Account records that count as customers, Holdfast holds 3\./,
      ),
    })
    for (const id of ids) org.state.hide('Account', id)
    const { of: hidden } = await checked(org)
    expect(hidden('Records').status).toBe('warning')
  })

  it('says why a condition cannot be used', async () => {
    const { of } = await checked(await anOrg(), {}, { condition: "Nope__c = 'x'" })
    expect(of('Records')).toMatchObject({ status: 'failed', message: expect.stringContaining('Nope__c') })
  })
})

describe('what follows from how an org is set up', () => {
  it('is said for agreements: objects, fields and choices that are not there', async () => {
    const org = await anOrg()
    const agreements = { from: 'opportunities', periodMonths: 12 } as const
    expect((await checked(org, { agreements })).of('Agreements').status).toBe('ok')
    const { of: stage } = await checked(org, { agreements: { ...agreements, stages: ['Won!'] } })
    expect(stage('Agreements')).toMatchObject({
      status: 'warning',
      message: expect.stringContaining('no stage "Won!"'),
    })
    const { of: kind } = await checked(org, { agreements: { ...agreements, recordTypes: ['Renewals'] } })
    expect(kind('Agreements').message).toContain('no record type "Renewals"')
    const { of: field } = await checked(org, { agreements: { ...agreements, noticeField: 'Notice__c' } })
    expect(field('Agreements')).toMatchObject({
      status: 'failed',
      message: expect.stringContaining('Notice__c tells the notice'),
    })
    without(org.state, 'Opportunity')
    expect((await checked(org, { agreements })).of('Agreements').status).toBe('failed')
  })

  it('is said for the responsible user: field, team, fallback', async () => {
    const org = await anOrg({ accountTeams: true })
    const role = (teamRole: string) => checked(org, { responsible: { teamRole } })
    expect((await role('Customer Success Manager')).of('Responsible').status).toBe('ok')
    expect((await role('Nobody')).of('Responsible').message).toContain('"Account Manager"')
    const teamless = await checked(await anOrg({ accountTeams: false }), { responsible: { teamRole: 'Any' } })
    expect(teamless.of('Responsible')).toMatchObject({
      status: 'failed',
      message: expect.stringContaining('no account teams'),
    })
    const { of: none } = await checked(org, { responsible: { field: 'Csm__c' } })
    expect(none('Responsible').status).toBe('failed')
    const { of: parent } = await checked(org, { responsible: { field: 'ParentId' } })
    expect(parent('Responsible').message).toContain('names no users')
    const gone = org.state.createRecord('User', {
      LastName: 'Olt',
      Username: 'o@x.y',
      Email: 'o@x.y',
      IsActive: false,
    })
    const { of: fallback } = await checked(org, { fallbackOwner: gone })
    expect(fallback('Responsible')).toMatchObject({
      status: 'failed',
      message: expect.stringContaining('no longer active'),
    })
  })

  it('is said for recipients and consent: contacts, flags, Individuals, history', async () => {
    const org = await anOrg()
    const { of } = await checked(org)
    expect(of('Recipients').message).toContain('no field for the language')
    expect(of('Consent')).toMatchObject({ status: 'ok', message: expect.stringContaining('An Individual') })
    org.state.setAccess('Individual', 'ShouldForget', { readable: false })
    expect((await checked(org)).of('Consent')).toMatchObject({
      status: 'warning',
      message: expect.stringMatching(/^"ShouldForget" of Individuals is hidden/),
    })
    without(org.state, 'Individual', 'ContactHistory', 'AccountContactRelation')
    const { of: bare } = await checked(org)
    expect(bare('Consent').message).toMatch(/no Individual says more.*no history of contacts/)
    expect(bare('Recipients').message).toContain('not switched on')
    org.state.setAccess('Contact', 'DoNotCall', { editable: false })
    expect((await checked(org)).of('Consent')).toMatchObject({
      status: 'warning',
      message: expect.stringContaining('"Do Not Call"'),
    })
    org.state.setAccess('Contact', 'HasOptedOutOfEmail', { readable: false })
    expect((await checked(org)).of('Consent').status).toBe('failed')
    without(org.state, 'Contact')
    const { of: nobody } = await checked(org)
    expect([nobody('Recipients').status, nobody('Consent').status]).toEqual(['warning', 'off'])
  })

  it('is said for change events', async () => {
    const org = await anOrg()
    org.state.selectForChangeEvents([])
    expect((await checked(org)).of('Change events')).toMatchObject({
      status: 'off',
      message: expect.stringContaining('Change Data Capture'),
    })
    org.state.selectForChangeEvents(['Account'])
    expect((await checked(org)).of('Change events').status).toBe('ok')
    expect((await checked(org, { events: false })).of('Change events').message).toContain('by choice')
  })
})

describe('who could be a customer', () => {
  it('is counted by the fields that tell, most first', async () => {
    const org = await anOrg()
    org.state.define('Account', 'Customer_Status__c', { type: 'picklist', values: ['Live', 'Gone'] })
    for (let n = 0; n < 7; n++)
      org.state.createRecord('Account', {
        Name: `A${n}`,
        Type: n < 5 ? 'Customer' : 'Partner',
        Customer_Status__c: n < 2 ? 'Gone' : null,
      })
    const counts = await stageCounts(org.context(), ['Rating', 'nothing', 'a b'])
    expect(counts).toEqual([
      {
        property: 'Type',
        label: 'Account Type',
        values: [
          { value: 'Customer', label: 'Customer', records: 5 },
          { value: 'Partner', label: 'Partner', records: 2 },
        ],
      },
      {
        property: 'Customer_Status__c',
        label: 'Customer Status',
        values: [{ value: 'Gone', label: 'Gone', records: 2 }],
      },
    ])
  })

  it('goes by the account for contacts, and by record type where there are several', async () => {
    const org = await anOrg()
    const [sold, asks] = ['Sold', 'Asks'].map((Name) =>
      org.state.createRecord('RecordType', { Name, DeveloperName: `${Name}_Type`, SobjectType: 'Contact' }),
    )
    const account = org.state.createRecord('Account', { Name: 'A', Type: 'Customer' })
    for (const RecordTypeId of [sold, sold, asks])
      org.state.createRecord('Contact', { LastName: 'C', AccountId: account, RecordTypeId })
    const counts = await stageCounts(org.context({ object: 'Contact' }))
    expect(
      counts.map(({ property, values }) => [
        property,
        values.map((one) => [one.value, one.label, one.records]),
      ]),
    ).toEqual([
      ['Account.Type', [['Customer', 'Customer', 3]]],
      [
        'RecordType.DeveloperName',
        [
          ['Sold_Type', 'Sold', 2],
          ['Asks_Type', 'Asks', 1],
        ],
      ],
    ])
    expect(await countRecords(org, 'Contact', conditionFor('Account.Type', ['Customer']))).toBe(3)
    expect(
      await countRecords(org, 'Contact', conditionFor('RecordType.DeveloperName', ['Sold_Type', "x'y"])),
    ).toBe(2)
    expect(await countRecords(org, 'Contact', null)).toBe(3)
  })

  it('is told by yes and no, and by numbers, as Salesforce has them', async () => {
    const org = await anOrg()
    org.state.define('Account', 'Is_Customer__c', { type: 'boolean' })
    org.state.define('Account', 'Tier__c', { type: 'int' })
    for (const Tier__c of [1, 2, 2])
      org.state.createRecord('Account', { Name: 'A', Is_Customer__c: Tier__c === 2, Tier__c })
    const counts = await stageCounts(org.context(), ['Is_Customer__c', 'Tier__c'])
    const found = counts.map(({ property, type }) =>
      countRecords(org, 'Account', conditionFor(property, [property === 'Tier__c' ? '2' : 'true'], type)),
    )
    expect(await Promise.all(found)).toEqual([2, 2])
    expect(await countRecords(org, 'Account', conditionFor('Tier__c', ['1', '2'], 'number'))).toBe(3)
  })

  it('is counted by no field that Salesforce cannot group by, or not in time', async () => {
    const org = await anOrg()
    org.state.define('Account', 'Story__c', { type: 'textarea', length: 32_000 })
    org.state.createRecord('Account', { Name: 'A', Type: 'Customer', Story__c: 'x' })
    const told = async (context = org.context()) =>
      (await stageCounts(context, ['Story__c', 'Rating'])).map(({ property }) => property)
    org.state.createRecord('Account', { Name: 'B', Rating: 'Hot' })
    expect(await told()).toEqual(['Rating', 'Type'])
    const context = org.context()
    const query: SalesforceClient['query'] = (soql, row, options) => {
      if (!soql.includes('Rating')) return context.client.query(soql, row, options)
      throw refusalOf(
        400,
        'EXCEEDED_ID_LIMIT',
        'exceeded id limit: Aggregate query does not support queryMore()',
      )
    }
    expect(await told({ ...context, client: { ...context.client, query } })).toEqual(['Type'])
  })

  it('tells persons from companies', async () => {
    const org = await anOrg({ personAccounts: true })
    org.state.createRecord('Account', { LastName: 'Roth' })
    org.state.createRecord('Account', { Name: 'One' })
    expect(await countRecords(org, 'Account', conditionFor('IsPersonAccount', ['true']))).toBe(1)
    expect(
      (await stageCounts(org.context())).find(({ property }) => property === 'IsPersonAccount')?.values,
    ).toHaveLength(2)
  })
})
