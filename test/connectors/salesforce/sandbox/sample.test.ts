import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import type { SalesforceState } from '../../../../connectors/salesforce/sandbox/state.ts'
import { contactsOf, NOW, sampleOrg } from './sample-org.ts'

const OBJECTS = ['Account', 'Contact', 'Individual', 'Opportunity', 'Contract', 'AccountTeamMember'] as const

const values = (state: SalesforceState, type: string, field: string): unknown[] =>
  state.ids(type).map((id) => state.value(type, id, field))

function fingerprint(state: SalesforceState): string {
  const hash = createHash('sha256')
  for (const type of [...OBJECTS, 'AccountHistory'])
    if (state.tables.nameOf(type)) hash.update(JSON.stringify([...state.records(type)]))
  return hash.digest('hex')
}

describe('the sample org', () => {
  const state = sampleOrg({ personAccounts: true, accountTeams: true })
  const accounts = state.ids('Account')
  const persons = accounts.filter((id) => state.value('Account', id, 'IsPersonAccount') === true)

  it('is the same for the same seed, and another for another', () => {
    const [one, same, other] = [1, 1, 2].map((seed) => fingerprint(sampleOrg({ customers: 80, seed })))
    expect(same).toBe(one)
    expect(other).not.toBe(one)
  })

  it('has as many customers as it was asked for, and others beside them', () => {
    const types = values(state, 'Account', 'Type')
    expect(types.filter((type) => String(type).startsWith('Customer'))).toHaveLength(400)
    for (const other of ['Prospect', 'Partner', 'Former Customer', null]) expect(types).toContain(other)
    expect(state.count('Contact')).toBeGreaterThan(400)
  })

  it('has renewals both as open Opportunities and as Contracts that run up to them', () => {
    const open = state
      .ids('Opportunity')
      .filter((id) => state.value('Opportunity', id, 'Type') === 'Renewal')
      .filter((id) => state.value('Opportunity', id, 'StageName') !== 'Closed Won')
    expect(open.length).toBeGreaterThan(100)
    const contracts = state.tables.table('Contract')
    for (const id of open) {
      const account = state.value('Opportunity', id, 'AccountId')
      const running = [...contracts.indexed('AccountId', account)]
      expect(running.map((row) => contracts.get(row, 'Status'))).toEqual(['Activated'])
      const close = Date.parse(String(state.value('Opportunity', id, 'CloseDate')))
      const end = Date.parse(String(contracts.get(running[0], 'EndDate')))
      // It ends on the day before; a 29 February gives a day.
      expect(Math.abs(close - end) / 86_400_000).toBeLessThanOrEqual(2)
    }
  })

  it('has person accounts and account teams where the org has them, and none where not', () => {
    expect(persons.length).toBeGreaterThan(10)
    for (const id of persons) {
      const [contact] = contactsOf(state, id)
      expect(state.value('Account', id, 'PersonContactId')).toBe(contact)
      expect(state.value('Contact', contact, 'Email')).toBe(state.value('Account', id, 'PersonEmail'))
      expect(state.value('Account', id, 'ParentId')).toBeNull()
    }
    const roles = values(state, 'AccountTeamMember', 'TeamMemberRole')
    expect(roles.length).toBeGreaterThan(250)
    expect(new Set(roles)).toEqual(new Set(['Customer Success Manager']))
    const plain = sampleOrg({ customers: 60 })
    expect(plain.field('Account', 'IsPersonAccount')).toBeNull()
    expect(plain.tables.nameOf('AccountTeamMember')).toBeNull()
  })

  it('shows nobody who could be real', () => {
    const emails = values(state, 'Contact', 'Email').filter((email) => email !== null)
    expect(emails.every((email) => /@example\.(?:com|org)$/.test(String(email)))).toBe(true)
    expect(new Set(emails).size).toBe(emails.length)
    const sites = values(state, 'Account', 'Website').filter((site) => site !== null)
    expect(sites.every((site) => String(site).endsWith('.example.com'))).toBe(true)
  })

  it('says who agreed to what, in the three ways that orgs have', () => {
    const contacts = state.ids('Contact')
    const optedOut = contacts.filter((id) => state.value('Contact', id, 'HasOptedOutOfEmail') === true)
    const refusing = state
      .ids('Individual')
      .filter((id) => state.value('Individual', id, 'HasOptedOutSolicit') === true)
    const stated = values(state, 'ContactPointTypeConsent', 'PrivacyConsentStatus')
    expect(optedOut.length).toBeGreaterThan(20)
    expect(refusing.length).toBeGreaterThan(10)
    expect(stated.length).toBeGreaterThan(contacts.length / 2)
    expect(contacts.some((id) => state.value('Contact', id, 'IndividualId') === null)).toBe(true)
    expect(contacts.some((id) => state.value('Contact', id, 'DoNotCall') === true)).toBe(true)
    // Nobody who refuses has said yes.
    const yes = new Set(values(state, 'ContactPointTypeConsent', 'PartyId'))
    for (const id of refusing) expect(yes).not.toContain(id)
    for (const id of optedOut) expect(yes).not.toContain(state.value('Contact', id, 'IndividualId'))
  })

  it('is as messy as orgs are', () => {
    const big = sampleOrg({ customers: 700, seed: 12 })
    const names = values(big, 'Account', 'Name').map(String)
    expect(names.some((name) => name.length > 200)).toBe(true)
    expect(names.some((name) => /\p{Extended_Pictographic}/u.test(name))).toBe(true)
    const sites = values(big, 'Account', 'Website').filter((site) => site !== null)
    expect(new Set(sites).size).toBeLessThan(sites.length)
    const inactive = big.ids('User').filter((id) => big.value('User', id, 'IsActive') === false)
    expect(inactive).toHaveLength(1)
    expect(values(big, 'Account', 'OwnerId')).toContain(inactive[0])
    expect(values(big, 'Account', 'ParentId').filter((id) => id !== null).length).toBeGreaterThan(3)
    const merged = [...big.tables.table('Account').byId.values()].filter(({ master }) => master !== null)
    expect(merged.length).toBeGreaterThan(0)
    for (const field of ['Renewal_Date__c', 'MRR__c', 'Avg_Daily_Usage_Minutes__c', 'BillingCountry']) {
      expect(values(big, 'Account', field), field).toContain(null)
    }
    expect(
      values(big, 'Account', 'Customer_Since__c').some((day) => day !== null && String(day) < '1970'),
    ).toBe(true)
  })

  it('keeps what was before of the fields that it tracks', () => {
    const told = values(state, 'AccountHistory', 'Field')
    expect(new Set(told)).toEqual(new Set(['Avg_Daily_Usage_Minutes__c', 'Usage_Trend_30d__c']))
    expect(told.length).toBeGreaterThan(500)
  })

  it('changed nothing after now, and nothing before it was made', () => {
    for (const type of OBJECTS) {
      for (const { createdAt, modifiedAt, stamp } of state.tables.table(type).rows()) {
        expect(stamp).toBeLessThanOrEqual(NOW.getTime())
        expect(createdAt).toBeLessThanOrEqual(modifiedAt)
        expect(modifiedAt).toBeLessThanOrEqual(stamp)
      }
    }
  })

  it('has rules of its own, which none of its records breaks', () => {
    expect(state.validationRules('Account')).toHaveLength(1)
    expect(state.validationRules('Opportunity')).toHaveLength(1)
    const numbers = accounts.filter((id) => state.value('Account', id, 'Type') === 'Customer')
    for (const id of numbers) expect(state.value('Account', id, 'Customer_Number__c')).not.toBeNull()
  })
})
