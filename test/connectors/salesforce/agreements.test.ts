import { describe, expect, it } from 'vitest'
import { agreementsOf } from '../../../connectors/salesforce/agreements.ts'
import type { SalesforceConfigInput } from '../../../connectors/salesforce/config.ts'
import { anOrg, without, type AnOrg } from './an-org.ts'

type Source = NonNullable<SalesforceConfigInput['agreements']>
const won: Source = { from: 'opportunities', periodMonths: 12 }

async function read({ context }: AnOrg, agreements: Source, ids: readonly string[], more = {}) {
  return agreementsOf(context({ agreements, ...more }), ids)
}

function opportunity(state: AnOrg['state'], AccountId: string, fields: object = {}): string {
  return state.createRecord('Opportunity', {
    AccountId,
    Name: 'Deal',
    StageName: 'Closed Won',
    CloseDate: '2027-03-31',
    Amount: 1200.5,
    ...fields,
  })
}

describe('agreements out of opportunities', () => {
  it('are those that were won, with the currency of the org', async () => {
    const org = await anOrg()
    const [one, none] = ['One', 'None'].map((Name) => org.state.createRecord('Account', { Name }))
    const id = opportunity(org.state, one)
    opportunity(org.state, one, { StageName: 'Closed Lost' })
    opportunity(org.state, one, { StageName: 'Qualification' })
    const found = await read(org, won, [one, none])
    expect(found.get(one)).toEqual([
      {
        externalId: id,
        amountMinor: 120_050,
        currency: 'EUR',
        periodMonths: 12,
        startDate: null,
        renewalDate: '2027-03-31',
        noticeDate: null,
        autoRenewal: null,
      },
    ])
    expect(found.get(none)).toEqual([])
  })

  it('are those of the stages, types and record types that are named', async () => {
    const org = await anOrg()
    const { state } = org
    const one = state.createRecord('Account', { Name: 'One' })
    const recordType = (DeveloperName: string) =>
      state.createRecord('RecordType', { Name: DeveloperName, DeveloperName, SobjectType: 'Opportunity' })
    const [renewals, projects] = [recordType('Renewals'), recordType('Projects')]
    const wanted = { StageName: 'Negotiation/Review', Type: 'Renewal', RecordTypeId: renewals }
    const id = opportunity(state, one, wanted)
    opportunity(state, one, { ...wanted, StageName: 'Closed Won' })
    opportunity(state, one, { ...wanted, Type: 'Upsell' })
    opportunity(state, one, { ...wanted, RecordTypeId: projects })
    opportunity(state, one, { ...wanted, RecordTypeId: null })
    const source: Source = {
      ...won,
      stages: ['Negotiation/Review', "it's"],
      types: ['Renewal'],
      recordTypes: ['Renewals'],
    }
    const found = await read(org, source, [one])
    expect(found.get(one)?.map(({ externalId }) => externalId)).toEqual([id])
    expect(org.queries().join()).toContain(String.raw`'it\'s'`)
  })

  it('have a currency of their own in an org with several, and no amount without it', async () => {
    const org = await anOrg({ multiCurrency: true })
    const one = org.state.createRecord('Account', { Name: 'One' })
    opportunity(org.state, one, { CurrencyIsoCode: 'USD', Name: 'a' })
    opportunity(org.state, one, { CurrencyIsoCode: null, Name: 'b' })
    const found = await read(org, won, [one])
    const amounts = found.get(one)!.map(({ amountMinor, currency }) => [amountMinor, currency])
    expect(amounts).toContainEqual([120_050, 'USD'])
    // A record that is made without one gets the org's; none at all says nothing.
    expect(amounts.every(([amount, currency]) => (amount === null) === (currency === null))).toBe(true)
  })

  it('tell period, start, notice and automatic renewal by fields of the org, in whatever way these keep it', async () => {
    const org = await anOrg()
    const { state } = org
    state.define('Opportunity', 'Term__c', { type: 'picklist', values: ['Quarterly', '24', 'sometimes'] })
    state.define('Opportunity', 'Start__c', { type: 'date' })
    state.define('Opportunity', 'Renews__c', { type: 'datetime' })
    state.define('Opportunity', 'Notice_Days__c', { type: 'double' })
    state.define('Opportunity', 'Auto__c', { type: 'boolean' })
    const one = state.createRecord('Account', { Name: 'One' })
    opportunity(state, one, {
      Term__c: 'Quarterly',
      Start__c: '2026-02-28',
      // Half past midnight in Berlin, the org's zone.
      Renews__c: new Date('2027-01-30T23:30:00Z'),
      Notice_Days__c: 30,
      Auto__c: true,
    })
    const source: Source = {
      from: 'opportunities',
      periodMonths: { field: 'Term__c' },
      startField: 'Start__c',
      renewalField: 'Renews__c',
      noticeField: 'Notice_Days__c',
      autoRenewalField: 'Auto__c',
    }
    const [agreement] = (await read(org, source, [one])).get(one)!
    expect(agreement).toMatchObject({
      periodMonths: 3,
      startDate: '2026-02-28',
      renewalDate: '2027-01-31',
      noticeDate: '2027-01-01',
      autoRenewal: true,
    })
  })

  it('never loses or gains a day, wherever the org is', async () => {
    const org = await anOrg()
    const one = org.state.createRecord('Account', { Name: 'One' })
    opportunity(org.state, one, { CloseDate: '2027-01-01' })
    org.state.updateRecord('Organization', org.sandbox.org, { TimeZoneSidKey: 'Pacific/Honolulu' })
    const [agreement] = (await read(org, won, [one])).get(one)!
    expect(agreement.renewalDate).toBe('2027-01-01')
  })

  it('are a contact’s where it plays a role in them', async () => {
    const org = await anOrg()
    const { state } = org
    const account = state.createRecord('Account', { Name: 'One' })
    const [ann, bob] = ['Ann', 'Bob'].map((LastName) => state.createRecord('Contact', { LastName }))
    const id = opportunity(state, account)
    const lost = opportunity(state, account, { StageName: 'Closed Lost' })
    for (const OpportunityId of [id, lost])
      state.createRecord('OpportunityContactRole', { OpportunityId, ContactId: ann })
    state.createRecord('OpportunityContactRole', { OpportunityId: id, ContactId: ann, Role: 'Evaluator' })
    const found = await read(org, won, [ann, bob], { object: 'Contact' })
    expect(found.get(ann)?.map(({ externalId }) => externalId)).toEqual([id])
    expect(found.get(bob)).toEqual([])
  })

  it('are asked for in pieces, and told for every id', async () => {
    const org = await anOrg({ pageSize: 200 })
    const ids = Array.from({ length: 1100 }, (_, n) => {
      const id = org.state.createRecord('Account', { Name: `A${n}` })
      opportunity(org.state, id, { Amount: n })
      return id
    })
    const found = await read(org, won, ids)
    expect(ids.every((id, n) => found.get(id)?.[0].amountMinor === n * 100)).toBe(true)
    expect(org.queries().filter((soql) => soql.includes('FROM Opportunity')).length).toBeLessThanOrEqual(3)
  })
})

describe('agreements out of contracts', () => {
  const contracts: Source = {
    from: 'contracts',
    amountField: 'Value__c',
    periodMonths: { field: 'ContractTerm' },
    noticeField: 'OwnerExpirationNotice',
  }

  it('are those that are activated, with notice counted back from their end', async () => {
    const org = await anOrg()
    const { state } = org
    state.define('Contract', 'Value__c', { type: 'currency' })
    const one = state.createRecord('Account', { Name: 'One' })
    const make = (Status: string) =>
      state.createRecord('Contract', {
        AccountId: one,
        Status,
        StartDate: '2026-01-01',
        ContractTerm: 24,
        OwnerExpirationNotice: '30',
        Value__c: 9600,
      })
    const id = make('Activated')
    make('Draft')
    expect((await read(org, contracts, [one])).get(one)).toEqual([
      {
        externalId: id,
        amountMinor: 960_000,
        currency: 'EUR',
        periodMonths: 24,
        startDate: '2026-01-01',
        renewalDate: '2027-12-31',
        noticeDate: '2027-12-01',
        autoRenewal: null,
      },
    ])
  })

  it('are a contact’s where it signed them', async () => {
    const org = await anOrg()
    const { state } = org
    state.define('Contract', 'Value__c', { type: 'currency' })
    const account = state.createRecord('Account', { Name: 'One' })
    const ann = state.createRecord('Contact', { LastName: 'Ann', AccountId: account })
    const id = state.createRecord('Contract', {
      AccountId: account,
      Status: 'Activated',
      CustomerSignedId: ann,
    })
    const found = await read(org, contracts, [ann], { object: 'Contact' })
    expect(found.get(ann)?.map(({ externalId }) => externalId)).toEqual([id])
  })

  it('are refused where the org has no contracts, or does not show them', async () => {
    const org = await anOrg()
    without(org.state, 'Contract')
    const one = org.state.createRecord('Account', { Name: 'One' })
    await expect(read(org, contracts, [one])).rejects.toMatchObject({
      code: 'connector_configuration',
      message: expect.stringContaining('may not read them in Salesforce, or the org has none'),
    })
  })
})

describe('fields of agreements that go away', () => {
  it.each([
    [
      'is hidden by field-level security',
      (state: AnOrg['state']) => state.setAccess('Opportunity', 'Mrr__c', { readable: false }),
    ],
    ['is deleted', (state: AnOrg['state']) => state.removeField('Opportunity', 'Mrr__c')],
  ])('are named, and nothing is read as empty, when one %s', async (_, take) => {
    const org = await anOrg()
    org.state.define('Opportunity', 'Mrr__c', { type: 'currency' })
    const one = org.state.createRecord('Account', { Name: 'One' })
    opportunity(org.state, one, { Mrr__c: 100 })
    const opened = org.context({ agreements: { ...won, amountField: 'Mrr__c' } })
    expect((await agreementsOf(opened, [one])).get(one)?.[0].amountMinor).toBe(10_000)
    take(org.state)
    // What was described a moment ago still has it: Salesforce refuses the query.
    await expect(agreementsOf(opened, [one])).rejects.toMatchObject({
      code: 'column_missing',
      retryable: true,
      message: expect.stringMatching(
        /^The field "Mrr__c" of opportunities, which tells the amount of agreements, is not/,
      ),
    })
  })

  it('asks nothing where agreements are read from the record itself', async () => {
    const org = await anOrg()
    const found = await read(org, { from: 'properties' }, ['001000000000001AAA'])
    expect([...found]).toEqual([['001000000000001AAA', []]])
    expect(org.queries()).toEqual([])
  })
})
