/** The people at a customer, as Contacts of the sample, and what they agreed to. */
import type { Random } from '../../../models/random.ts'
import { DAY } from '../../world/calendar.ts'
import type { Place } from '../../world/sample-firm.ts'
import { drawConsent, drawPerson, type Person } from '../../world/sample-person.ts'
import type { Values } from './sample-account.ts'
import type { SalesforceState } from './state.ts'

/** As many as the people of a customer: the first decides more often than the others. */
const ROLES = ['Decision Maker', 'Business User', 'Economic Buyer', 'Business User', 'Influencer'] as const

export interface PeopleOfCustomer {
  readonly account: string
  readonly owner: string
  readonly place: Place
  /** In the world of customers. */
  readonly index: number
  readonly count: number
  /** 'Yes', 'No', or null where nobody asked the first of them. */
  readonly consent: string | number | null
  readonly at: Date
}

/** @returns ids of the contacts, the first decides most often */
export function addPeople(state: SalesforceState, rng: Random, people: PeopleOfCustomer): readonly string[] {
  const { account, owner, place, index, at } = people
  return Array.from({ length: people.count }, (_, which) => {
    const person = drawPerson(rng, place, index, which)
    const consent = drawConsent(rng, which, people.consent)
    const stated = addConsent(state, rng, { person, consent, at })
    const contact = state.createRecord(
      'Contact',
      {
        AccountId: account,
        OwnerId: owner,
        FirstName: person.first,
        LastName: lastName(person),
        Email: person.email,
        Title: person.title,
        Phone: person.phone,
        MobilePhone: person.mobile,
        MailingCountry: place.country,
        HasOptedOutOfEmail: stated.optedOut,
        DoNotCall: rng.next() < 0.04,
        IndividualId: stated.individual,
        Preferred_Language__c: languageOf(person),
        Time_Zone__c: person.timezone,
      },
      undefined,
      { at },
    )
    const role = rng.next() < 0.6 ? ROLES[which % ROLES.length] : null
    if (role !== null) giveRole(state, contact, role, at)
    return contact
  })
}

/** The fields of a person account that say who it is. */
export function personFields(
  state: SalesforceState,
  rng: Random,
  { place, index, consent, at }: Pick<PeopleOfCustomer, 'place' | 'index' | 'consent' | 'at'>,
): Values {
  const person = drawPerson(rng, place, index, 0)
  const stated = addConsent(state, rng, { person, consent, at })
  return {
    FirstName: person.first,
    LastName: lastName(person),
    PersonEmail: person.email,
    PersonMobilePhone: person.mobile,
    PersonTitle: person.title,
    PersonMailingCountry: place.country,
    PersonHasOptedOutOfEmail: stated.optedOut,
    PersonDoNotCall: rng.next() < 0.04,
    PersonIndividualId: stated.individual,
    Preferred_Language__pc: languageOf(person),
    Time_Zone__pc: person.timezone,
  }
}

/** As web forms leave it: a contact cannot do without. */
const lastName = ({ last }: Person): string => last ?? '[not provided]'

/** The org has one for all kinds of English. */
const languageOf = ({ language }: Person): string | null => language?.slice(0, 2) ?? null

interface Stated {
  readonly individual: string | null
  /** The contact's own flag. */
  readonly optedOut: boolean
}

/** A yes is a statement of the Individual; a no the same, or the flag of the contact. */
function addConsent(
  state: SalesforceState,
  rng: Random,
  { person, consent, at }: { person: Person; consent: string | number | null; at: Date },
): Stated {
  const refusesAll = rng.next() < 0.4
  const asked = new Date(at.getTime() - rng.integer(400) * DAY)
  if (consent === null || person.email === null) return { individual: null, optedOut: false }
  const refused = consent !== 'Yes'
  const individual = state.createRecord(
    'Individual',
    {
      FirstName: person.first,
      LastName: lastName(person),
      HasOptedOutSolicit: refused && refusesAll,
    },
    undefined,
    { at: asked },
  )
  if (!refused) {
    state.createRecord(
      'ContactPointTypeConsent',
      {
        Name: 'E-mail about the subscription',
        PartyId: individual,
        ContactPointType: 'Email',
        PrivacyConsentStatus: 'OptIn',
        CaptureDate: asked,
        EffectiveFrom: asked,
        CaptureSource: 'Sign-up form',
      },
      undefined,
      { at: asked },
    )
  }
  return { individual, optedOut: refused && !refusesAll }
}

function giveRole(state: SalesforceState, contact: string, role: string, at: Date): void {
  for (const row of state.tables.table('AccountContactRelation').indexed('ContactId', contact)) {
    state.updateRecord('AccountContactRelation', row.id, { Roles: role }, undefined, { at })
    return
  }
}
