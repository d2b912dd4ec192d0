import { describe, expect, it } from 'vitest'
import {
  languageField,
  languageIn,
  zoneField,
  zoneName,
} from '../../../connectors/salesforce/contact-cells.ts'
import { recipientsOf } from '../../../connectors/salesforce/recipients.ts'
import { responsiblesOf } from '../../../connectors/salesforce/responsible.ts'
import { anOrg, without, type AnOrg } from './an-org.ts'

function user(state: AnOrg['state'], name: string, active = true): string {
  const [FirstName, LastName] = name.split(' ')
  const Email = `${FirstName.toLowerCase()}@acme.example`
  return state.createRecord('User', { FirstName, LastName, Email, Username: Email, IsActive: active })
}

describe('who is responsible', () => {
  it('is the user of any lookup, by name and address, each asked for once', async () => {
    const { state, context, queries } = await anOrg()
    state.define('Account', 'Csm__c', { type: 'reference', referenceTo: ['User'] })
    const [ada, ben] = [user(state, 'Ada Reed'), user(state, 'Ben Ito')]
    const ids = ['One', 'Two', 'Three'].map((Name) => state.createRecord('Account', { Name }))
    const opened = context({ responsible: { field: 'Csm__c' } })
    const records = ids.map((id, at) => ({ id, userId: [ada, ben, null][at] }))
    expect(await responsiblesOf(opened, records)).toEqual(
      new Map([
        [ids[0], { id: ada, name: 'Ada Reed', email: 'ada@acme.example' }],
        [ids[1], { id: ben, name: 'Ben Ito', email: 'ben@acme.example' }],
        [ids[2], null],
      ]),
    )
    await responsiblesOf(opened, records)
    expect(queries().filter((soql) => soql.includes('FROM User'))).toHaveLength(1)
  })

  it('leaves those who can no longer sign in to the fallback, or to their name alone', async () => {
    const { state, context } = await anOrg()
    const [gone, ada] = [user(state, 'Gus Olt', false), user(state, 'Ada Reed')]
    const queue = state.createRecord('Group', { Name: 'Queue', Type: 'Queue' })
    const records = [
      { id: 'a', userId: gone },
      { id: 'b', userId: queue },
      { id: 'c', userId: '005000000000XYZAAA' },
    ]
    const to = async (fallbackOwner: string | null) =>
      [...(await responsiblesOf(context({ fallbackOwner }), records)).values()].map(
        (one) => one?.name ?? null,
      )
    expect(await to(null)).toEqual(['Gus Olt', null, null])
    expect(await to(ada)).toEqual(['Ada Reed', 'Ada Reed', 'Ada Reed'])
    expect(await to(gone)).toEqual(['Gus Olt', null, null])
    const [[, first]] = await responsiblesOf(context({ fallbackOwner: null }), records)
    expect(first).toEqual({ id: gone, name: 'Gus Olt', email: null })
  })

  it('is the first active one with the role in the account team', async () => {
    const { state, context } = await anOrg({ accountTeams: true })
    const [gone, ada, ben] = [user(state, 'Gus Olt', false), user(state, 'Ada Reed'), user(state, 'Ben Ito')]
    const [one, two] = ['One', 'Two'].map((Name) => state.createRecord('Account', { Name }))
    const join = (AccountId: string, UserId: string, TeamMemberRole: string, day: number) =>
      state.createRecord('AccountTeamMember', {
        AccountId,
        UserId,
        TeamMemberRole,
        CreatedDate: new Date(`2026-01-0${day}T00:00:00Z`),
      })
    join(one, ben, 'Customer Success Manager', 3)
    join(one, ada, 'Customer Success Manager', 2)
    join(one, gone, 'Customer Success Manager', 1)
    join(two, ben, 'Sales Rep', 1)
    const opened = context({ responsible: { teamRole: 'Customer Success Manager' } })
    const found = await responsiblesOf(opened, [
      { id: one, userId: null },
      { id: two, userId: null },
    ])
    expect([found.get(one)?.name, found.get(two)]).toEqual(['Ada Reed', null])
  })

  it('asks for no team where the org has none', async () => {
    const { context, queries } = await anOrg({ accountTeams: false })
    const opened = context({ responsible: { teamRole: 'Customer Success Manager' } })
    expect(await responsiblesOf(opened, [{ id: '001000000000001AAA', userId: null }])).toEqual(
      new Map([['001000000000001AAA', null]]),
    )
    expect(queries()).toEqual([])
  })

  it("quotes a role that is full of SOQL's own characters", async () => {
    const { state, context, queries } = await anOrg({ accountTeams: true })
    const id = state.createRecord('Account', { Name: 'One' })
    const opened = context({ responsible: { teamRole: String.raw`x' OR Name LIKE '%\ ` } })
    expect(await responsiblesOf(opened, [{ id, userId: null }])).toEqual(new Map([[id, null]]))
    expect(queries()[0]).toContain(String.raw`TeamMemberRole = 'x\' OR Name LIKE \'%\\'`)
  })
})

describe('recipients', () => {
  it('are the contacts of an account: by roles, then its own, then those with whom there was contact last', async () => {
    const { state, context } = await anOrg()
    const [one, two] = ['One', 'Two'].map((Name) => state.createRecord('Account', { Name }))
    const contact = (LastName: string, fields: object = {}) =>
      state.createRecord('Contact', { AccountId: one, LastName, ...fields })
    const old = contact('Old', { CreatedDate: new Date('2020-01-01') })
    const late = contact('Late', { CreatedDate: new Date('2026-01-01') })
    const chief = contact('Chief', { Title: 'Interim CFO, EMEA' })
    const related = contact('Related', { AccountId: two, CreatedDate: new Date('2026-11-01') })
    const decides = contact('Decides', { AccountId: two })
    const left = contact('Left')
    const relate = (ContactId: string, fields: object) =>
      state.createRecord('AccountContactRelation', { AccountId: one, ContactId, ...fields })
    relate(related, {})
    relate(decides, { Roles: 'Influencer;Decision Maker' })
    relate(left, { IsActive: false })
    const found = await recipientsOf(context({ recipients: { roles: ['decision maker', 'CFO'] } }), [one])
    expect(found.map(({ id }) => id)).toEqual([decides, chief, late, old, related])
    expect(found.map(({ role }) => role)).toEqual(['Influencer', 'Interim CFO, EMEA', null, null, null])
    expect(new Set(found.map(({ customerId }) => customerId))).toEqual(new Set([one]))
  })

  it('come last while their address bounces, whatever their role', async () => {
    const { state, context } = await anOrg()
    const one = state.createRecord('Account', { Name: 'One' })
    const contact = (LastName: string, fields: object = {}) =>
      state.createRecord('Contact', { AccountId: one, LastName, ...fields })
    const chief = contact('Chief', { Title: 'CFO', EmailBouncedDate: new Date('2026-11-01T10:00:00Z') })
    const other = contact('Other')
    const found = await recipientsOf(context({ recipients: { roles: ['CFO'] } }), [one])
    expect(found.map(({ id }) => id)).toEqual([other, chief])
  })

  it('carry name, phone, country, and language and zone where the org has made fields for them', async () => {
    const { state, context } = await anOrg()
    state.define('Contact', 'Preferred_Language__c', { type: 'picklist', values: ['German', 'English'] })
    state.define('Contact', 'Time_Zone__c', { type: 'string' })
    state.define('Contact', 'MailingCountryCode', { type: 'picklist', values: ['AT', 'DE'] })
    const account = state.createRecord('Account', { Name: 'One' })
    const id = state.createRecord('Contact', {
      AccountId: account,
      FirstName: 'Ann',
      LastName: 'O’Neill',
      Title: 'CEO',
      Email: ' ann@one.example ',
      Phone: '+43 1 555',
      MobilePhone: '+43 664 555',
      MailingCountry: 'Nowhere',
      MailingCountryCode: 'AT',
      Preferred_Language__c: 'German',
      Time_Zone__c: '(GMT+01:00) Central European Standard Time (Europe/Vienna)',
    })
    expect(await recipientsOf(context(), [account])).toEqual([
      {
        customerId: account,
        id,
        name: 'Ann O’Neill',
        role: 'CEO',
        email: 'ann@one.example',
        phone: '+43 664 555',
        language: 'de',
        zone: 'Europe/Vienna',
        country: 'AT',
        consent: expect.objectContaining({ email: 'unknown', sms: 'unknown', call: 'unknown' }),
      },
    ])
  })

  it('are a person account itself, by the id of its contact, beside companies in the same org', async () => {
    const { state, context } = await anOrg({ personAccounts: true })
    const person = state.createRecord('Account', {
      FirstName: 'Pia',
      LastName: 'Roth',
      PersonEmail: 'pia@home.example',
      PersonMobilePhone: '+49 151 1',
      PersonHasOptedOutOfEmail: true,
    })
    const company = state.createRecord('Account', { Name: 'One' })
    const clerk = state.createRecord('Contact', { AccountId: company, LastName: 'Clerk' })
    const found = await recipientsOf(context(), [company, person])
    expect(found.map(({ customerId, id, name, email }) => [customerId, id, name, email])).toEqual(
      expect.arrayContaining([
        [company, clerk, 'Clerk', null],
        [person, state.value('Account', person, 'PersonContactId'), 'Pia Roth', 'pia@home.example'],
      ]),
    )
    expect(found.find(({ customerId }) => customerId === person)?.consent.email).toBe('refused')
  })

  it('are the contacts themselves where these are the customers', async () => {
    const { state, context } = await anOrg()
    const ids = Array.from({ length: 3 }, (_, n) => state.createRecord('Contact', { LastName: `C${n}` }))
    state.deleteRecord('Contact', ids[1])
    const found = await recipientsOf(context({ object: 'Contact' }), ids)
    expect(found.map(({ customerId, id }) => [customerId, id])).toEqual([
      [ids[0], ids[0]],
      [ids[2], ids[2]],
    ])
  })

  it('are found for thousands of accounts in few calls, over pages of any size', async () => {
    const { state, context, queries } = await anOrg({ pageSize: 100 })
    const accounts = Array.from({ length: 1200 }, (_, n) => {
      const id = state.createRecord('Account', { Name: `A${n}` })
      state.createRecord('Contact', { AccountId: id, LastName: `C${n}` })
      return id
    })
    const found = await recipientsOf(context(), [...accounts, 'not an id', accounts[0].slice(0, 15)])
    expect(new Set(found.map(({ customerId }) => customerId))).toEqual(new Set(accounts))
    expect(found).toHaveLength(1200)
    expect(queries().filter((soql) => soql.includes('FROM Contact ')).length).toBeLessThanOrEqual(3)
  })

  it('never asks for what an org does not have or hides: relations, roles, Individuals, single fields', async () => {
    const { state, context, queries } = await anOrg()
    without(state, 'AccountContactRelation', 'AccountContactRole', 'Individual', 'ContactHistory')
    for (const field of ['Title', 'MobilePhone', 'HasOptedOutOfEmail', 'LastActivityDate'])
      state.setAccess('Contact', field, { readable: false })
    const account = state.createRecord('Account', { Name: 'One' })
    const id = state.createRecord('Contact', {
      AccountId: account,
      LastName: 'Ann',
      Title: 'CFO',
      Phone: '1',
      HasOptedOutOfEmail: true,
    })
    const [found] = await recipientsOf(context({ recipients: { roles: ['CFO'] } }), [account])
    expect(found).toMatchObject({
      id,
      role: null,
      phone: '1',
      consent: { email: 'unknown', call: 'unknown' },
    })
    const asked = queries().filter((soql) => !soql.includes('FROM FieldDefinition'))
    expect(asked).toHaveLength(1)
    expect(asked[0]).not.toMatch(/Title|MobilePhone|HasOptedOutOfEmail|LastActivityDate/)
  })

  it('are none where contacts are hidden altogether', async () => {
    const { state, context, queries } = await anOrg()
    without(state, 'Contact')
    expect(await recipientsOf(context(), [state.createRecord('Account', { Name: 'One' })])).toEqual([])
    expect(queries()).toEqual([])
  })

  it('leaves out a contact that is shared away from our user while its relation is still there', async () => {
    const { state, context } = await anOrg()
    const account = state.createRecord('Account', { Name: 'One' })
    const [seen, hidden] = ['Seen', 'Hidden'].map((LastName) =>
      state.createRecord('Contact', { AccountId: account, LastName }),
    )
    state.createRecord('AccountContactRelation', { AccountId: account, ContactId: hidden })
    state.hide('Contact', hidden)
    expect((await recipientsOf(context(), [account])).map(({ id }) => id)).toEqual([seen])
  })
})

describe('language and zone of a contact', () => {
  it.each([
    ['Preferred_Language__c', true],
    ['acme__Language__c', true],
    ['Sprache__c', true],
    ['Programming_Language__c', false],
    ['Language_Skills__c', false],
  ])('takes %s for the language: %s', (name, taken) => {
    expect(languageField([{ name, type: 'picklist' }]) === name).toBe(taken)
  })

  it('takes no field for it that is neither a text nor a choice', () => {
    expect(languageField([{ name: 'Language__c', type: 'multipicklist' }])).toBeNull()
    expect(zoneField([{ name: 'Time_Zone__c', type: 'double' }])).toBeNull()
    expect(zoneField([{ name: 'TimeZone__c', type: 'string' }])).toBe('TimeZone__c')
  })

  it.each([
    ['German', 'de'],
    ['Deutsch', 'de'],
    ['français', 'fr'],
    ['Französisch', 'fr'],
    ['de_AT', 'de-AT'],
    ['EN', 'en'],
    ['pt-BR', 'pt-BR'],
    ['Klingon', null],
    ['English, German', null],
    [null, null],
  ])('reads the language "%s" as %s', (cell, language) => expect(languageIn(cell)).toBe(language))

  it('reads a zone out of how Salesforce writes it', () => {
    expect(zoneName('(GMT-05:00) Eastern Standard Time (America/New_York)')).toBe('America/New_York')
    expect(zoneName('Europe/Berlin')).toBe('Europe/Berlin')
  })
})
