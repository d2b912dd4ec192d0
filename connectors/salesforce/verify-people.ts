/** What follows for agreements, responsible users, recipients and consent from how the org is set up. */
import { listed, type Found } from '../checking.ts'
import { AGREEMENT_OBJECT, missingFields } from './agreements.ts'
import type { ContractAgreements, OpportunityAgreements } from './config.ts'
import { FLAGS } from './consent.ts'
import { INDIVIDUAL, PROFILING, REFUSALS } from './individuals.ts'
import { languageField, zoneField } from './contact-cells.ts'
import type { SalesforceContext } from './context.ts'
import { id18 } from './ids.ts'
import type { Field, ObjectFields } from './object-fields.ts'
import { orgOf } from './org.ts'
import { readableOf } from './readable.ts'
import { RELATION, ROLE } from './recipients.ts'
import { TEAM } from './responsible.ts'
import { isTrue, rowsOf, textIn } from './rows.ts'

export async function checkAgreements(context: SalesforceContext): Promise<Found> {
  const { agreements: source } = context.config
  if (source.from === 'properties')
    return { status: 'ok', message: 'They are read from fields of the record itself, as the mapping says.' }
  const object = AGREEMENT_OBJECT[source.from]
  const described = await context.describe(object)
  if (described === null || !described.queryable)
    return {
      status: 'failed',
      message: `They come from ${source.from}, but our user may not read ${object} records, or the org has none. Give the user "Read" on ${object}, or connect the org again with other renewals; until then no customer is synced.`,
    }
  const missing = missingFields(source, described.fields)
  if (missing.length > 0)
    return {
      status: 'failed',
      message: `${listed(missing.map(({ field }) => field))} of ${object} ${missing.length === 1 ? 'is' : 'are'} not there, or hidden from our user: ${missing.map(({ what, field }) => `${field} tells the ${what}`).join(', ')}. Restore what is gone, give the user "Read Access", or name other fields.`,
    }
  const unknown = unknownChoices(source, described)
  if (unknown.length > 0)
    return {
      status: 'warning',
      message: `${object} has no ${unknown.join(', no ')}: nothing that is named so counts as an agreement. Connect the org again with names that it has, as the API has them.`,
    }
  if (source.currencyField === undefined && !described.fields.has('CurrencyIsoCode')) {
    const { currency } = await orgOf(context)
    if (currency === null && context.config.currency === undefined)
      return {
        status: 'warning',
        message: `Salesforce does not tell our user the currency of the org, so no amount of ${source.from} is known. Say it in the settings of the connection, or name a field that holds it as a code.`,
      }
  }
  return { status: 'ok', message: `They come from ${source.from}, and every field for them is there.` }
}

/** Stages, types, statuses and record types that are named and that the org does not have. */
function unknownChoices(
  source: OpportunityAgreements | ContractAgreements,
  { fields, recordTypes }: ObjectFields,
): readonly string[] {
  const among = (field: string, what: string, named: readonly string[]): readonly string[] => {
    const known = fields.get(field)?.picklistValues ?? []
    return known.length === 0
      ? []
      : named.filter((name) => !known.some(({ value }) => value === name)).map((name) => `${what} "${name}"`)
  }
  if (source.from === 'contracts') return among('Status', 'status', source.statuses)
  const kinds = new Set(recordTypes.map(({ developerName }) => developerName))
  return [
    ...among('StageName', 'stage', source.stages),
    ...among('Type', 'type', source.types),
    ...source.recordTypes.filter((name) => !kinds.has(name)).map((name) => `record type "${name}"`),
  ]
}

export async function checkResponsible(context: SalesforceContext): Promise<Found> {
  const { responsible, fallbackOwner, object } = context.config
  const fallback = await fallbackProblem(context, fallbackOwner)
  if (fallback !== null) return { status: 'failed', message: fallback }
  const otherwise = fallbackOwner === null ? 'nobody, and their tasks have no owner' : 'the fallback'
  if ('teamRole' in responsible) {
    const { teamRole } = responsible
    const team = await context.describe(TEAM)
    if (team === null)
      return {
        status: 'failed',
        message: `It is whoever has the role "${teamRole}" in the account team, but the org has no account teams, or does not show them to our user: every customer has ${otherwise}. Enable them in Setup > Account Teams, or connect again with --responsible.`,
      }
    const roles = team.fields.get('TeamMemberRole')?.picklistValues ?? []
    if (roles.length > 0 && !roles.some(({ value }) => value === teamRole))
      return {
        status: 'warning',
        message: `Account teams have no role "${teamRole}", so every customer has ${otherwise}. There are: ${listed(roles.map(({ value }) => value))}.`,
      }
    return {
      status: 'ok',
      message: `It is whoever has the role "${teamRole}" in the account team; otherwise ${otherwise}.`,
    }
  }
  const field = (await context.describe(object))?.fields.get(responsible.field)
  if (field === undefined)
    return {
      status: 'failed',
      message: `The field "${responsible.field}" of ${object}, which names the responsible user, is not there, or hidden from our user. Restore it, give the user "Read Access", or connect again with --responsible.`,
    }
  return namesUsers(field)
    ? { status: 'ok', message: `It is the user in "${field.label}" (${field.name}).` }
    : {
        status: 'failed',
        message: `The field "${field.label}" (${field.name}) of ${object} names no users, so every customer has ${otherwise}. Name a lookup to a user with --responsible.`,
      }
}

const namesUsers = ({ referenceTo }: Field): boolean => referenceTo.includes('User')

async function fallbackProblem(context: SalesforceContext, fallback: string | null): Promise<string | null> {
  if (fallback === null) return null
  const [row] = await rowsOf(context, {
    fields: ['Id', 'Name', 'IsActive'],
    from: 'User',
    by: 'Id',
    ids: [fallback],
  })
  if (row === undefined)
    return `The fallback ${id18(fallback)} is no user of the org. Connect again with another one.`
  return isTrue(row, 'IsActive')
    ? null
    : `The fallback ${textIn(row, 'Name') ?? id18(fallback)} is no longer active in Salesforce and gets nothing. Connect again with another one.`
}

export async function checkRecipients(context: SalesforceContext): Promise<Found> {
  const contact = await context.describe('Contact')
  if (contact === null || !contact.queryable)
    return {
      status: 'warning',
      message:
        'Our user may not read contacts, so no customer has anybody who could be written to. Give the user "Read" on Contact.',
    }
  if (!contact.fields.has('Email'))
    return {
      status: 'warning',
      message:
        'The e-mail address of contacts is hidden from our user by field-level security, so nobody can be written to. Give the user "Read Access" to it.',
    }
  const { fields } = await readableOf(context, 'Contact')
  const language = languageField(fields.values())
  const zone = zoneField(fields.values())
  const notes = [
    context.config.object === 'Account' ? await relationNote(context) : null,
    language === null
      ? 'Contacts have no field for the language, so they are written to in that of the company.'
      : `The language is in "${language}".`,
    zone === null
      ? 'They have none for the time zone either; the country and the company tell it.'
      : `The time zone is in "${zone}".`,
  ]
  return { status: 'ok', message: notes.filter((note) => note !== null).join(' ') }
}

async function relationNote(context: SalesforceContext): Promise<string> {
  const relations = await context.describe(RELATION)
  if (relations !== null) return 'They are the contacts of an account and those who are related to it.'
  const roles = context.config.recipients.roles.length > 0 && (await context.describe(ROLE)) === null
  return `They are the contacts of an account; relations to several accounts are not switched on.${roles ? ' Roles are not kept, so job titles alone tell whom to reach first.' : ''}`
}

export async function checkConsent(context: SalesforceContext): Promise<Found> {
  const contact = await context.describe('Contact')
  if (contact === null) return { status: 'off', message: 'Without contacts there is nobody to agree.' }
  const flags = Object.values(FLAGS)
  const hidden = flags.filter((flag) => !contact.fields.has(flag.contact))
  if (hidden.length > 0)
    return {
      status: 'failed',
      message: `${listed(hidden.map(({ label }) => label))} of contacts ${hidden.length === 1 ? 'is' : 'are'} hidden from our user by field-level security. Whoever opted out there cannot be told from the others, so nobody counts as having agreed. Give the user "Read Access" and "Edit Access".`,
    }
  const persons = await context.describe('Account')
  const fixed = [
    ...flags.filter((flag) => contact.fields.get(flag.contact)?.updateable !== true),
    ...flags.filter((flag) => persons?.fields.get(flag.person)?.updateable === false),
  ]
  if (fixed.length > 0)
    return {
      status: 'warning',
      message: `${listed([...new Set(fixed.map(({ label }) => label))])} cannot be changed by our user: who unsubscribes in Holdfast stays unmarked in Salesforce, where other tools may write to them. Give the user "Edit Access".`,
    }
  const individual = await context.describe(INDIVIDUAL)
  const unseen =
    individual === null ? [] : [...REFUSALS, PROFILING].filter((name) => !individual.fields.has(name))
  if (unseen.length > 0)
    return {
      status: 'warning',
      message: `${listed(unseen)} of Individuals ${unseen.length === 1 ? 'is' : 'are'} hidden from our user by field-level security: who said no there cannot be told from the others. Give the user "Read Access".`,
    }
  const protection =
    individual === null
      ? 'Data Protection and Privacy is switched off, so no Individual says more.'
      : 'An Individual that wants no marketing or no processing is a no as well.'
  const history =
    (await context.describe('ContactHistory')) === null
      ? ' Salesforce keeps no history of contacts, so when somebody opted out is not known: track "Email Opt Out" and "Do Not Call" in Setup > Object Manager > Contact > Set History Tracking.'
      : ''
  const who =
    context.config.consent === 'opt_out'
      ? 'Whoever has not opted out counts as having agreed, as the connection says.'
      : 'Not having opted out is no yes: nobody is written to live without a stated one.'
  return {
    status: 'ok',
    message: `It is kept in ${listed(flags.map(({ label }) => label))}, both ways. ${who} ${protection}${history}`,
  }
}
