/** The people who may be written to: the contacts of an account, best first, the person itself, or the contact. */
import { countryOf, zoneOf } from '../csv/recipient-cells.ts'
import type { Recipient } from '../connector.ts'
import { ranking } from '../roles.ts'
import { CONSENT_FIELDS, consentsOf } from './consent.ts'
import type { SalesforceContext } from './context.ts'
import { languageField, languageIn, zoneField, zoneName } from './contact-cells.ts'
import { present } from './present.ts'
import { readableOf } from './readable.ts'
import { groupedBy, idIn, isTrue, rowsOf, textIn, timeIn, type Row } from './rows.ts'

/** How a contact belongs to an account. */
interface Belonging {
  readonly account: string
  readonly contact: string
  /** The account is the contact's own, rather than one of several that it has to do with. */
  readonly direct: boolean
  readonly roles: readonly string[]
}

/** Standard fields of a contact, beside those of its consent, language and zone. */
const CONTACT = [
  'Id',
  'AccountId',
  'FirstName',
  'LastName',
  'Title',
  'Email',
  'Phone',
  'MobilePhone',
  'MailingCountry',
  'MailingCountryCode',
  'LastActivityDate',
  'CreatedDate',
  'EmailBouncedDate',
]

/**
 * Names, addresses and opt-outs are read however an admin classified them: the mapping, by which the model learns, is
 * bound by that, but nobody is reached without an address.
 *
 * @param ids of customers
 * @returns those of a customer together, best first: whose address has not bounced, by the roles of the config, then
 *   those whose own account it is, then those with whom there was contact last
 * @example
 * (await recipientsOf(context, ['001…']))[0].email
 */
export async function recipientsOf(
  context: SalesforceContext,
  ids: readonly string[],
): Promise<readonly Recipient[]> {
  const described = await context.describe('Contact')
  if (ids.length === 0 || described === null || !described.queryable) return []
  const { fields: readable } = await readableOf(context, 'Contact')
  const language = languageField(readable.values())
  const zone = zoneField(readable.values())
  const also = [language, zone].flatMap((name) => name ?? [])
  const fields = [...CONTACT, ...CONSENT_FIELDS].filter((name) => described.fields.has(name)).concat(also)
  const { contacts, belonging } =
    context.config.object === 'Contact'
      ? await contactsThemselves(context, fields, ids)
      : await contactsOfAccounts(context, fields, ids)
  const consents = await consentsOf(context, [...contacts.values()])
  const rank = ranking(context.config.recipients.roles)
  const byCustomer = groupedBy(belonging, ({ account }) => account)
  return [...byCustomer].flatMap(([customerId, list]) =>
    list
      .flatMap((one) => {
        const row = contacts.get(one.contact)
        if (row === undefined) return []
        const last = timeIn(row, 'LastActivityDate') ?? timeIn(row, 'CreatedDate')
        const bounced = timeIn(row, 'EmailBouncedDate') !== null
        const found = { rank: rank(one.roles, textIn(row, 'Title') ?? ''), last: last?.getTime() ?? 0 }
        return [{ ...one, ...found, row, bounced }]
      })
      .sort(
        (a, b) =>
          Number(a.bounced) - Number(b.bounced) ||
          a.rank - b.rank ||
          Number(b.direct) - Number(a.direct) ||
          b.last - a.last ||
          (a.contact < b.contact ? -1 : 1),
      )
      .map(({ contact, roles, row }): Recipient => {
        const name = [textIn(row, 'FirstName'), textIn(row, 'LastName')]
          .filter((part) => part !== null)
          .join(' ')
        return {
          customerId,
          id: contact,
          name: name || null,
          role: textIn(row, 'Title') ?? roles[0] ?? null,
          email: textIn(row, 'Email'),
          phone: textIn(row, 'MobilePhone') ?? textIn(row, 'Phone'),
          language: languageIn(textIn(row, language ?? undefined)),
          zone: zoneOf(zoneName(textIn(row, zone ?? undefined))),
          country: countryOf(textIn(row, 'MailingCountryCode')) ?? countryOf(textIn(row, 'MailingCountry')),
          consent: consents.get(contact)!,
        }
      }),
  )
}

interface Found {
  readonly contacts: ReadonlyMap<string, Row>
  readonly belonging: readonly Belonging[]
}

async function contactsThemselves(
  context: SalesforceContext,
  fields: readonly string[],
  ids: readonly string[],
): Promise<Found> {
  const contacts = byId(await rowsOf(context, { fields, from: 'Contact', by: 'Id', ids }))
  const belonging = [...contacts.keys()].map((id) => ({ account: id, contact: id, direct: true, roles: [] }))
  return { contacts, belonging }
}

/** A person account's own contact has the account in its `AccountId`, as those of other accounts have theirs. */
async function contactsOfAccounts(
  context: SalesforceContext,
  fields: readonly string[],
  ids: readonly string[],
): Promise<Found> {
  const own = byId(await rowsOf(context, { fields, from: 'Contact', by: 'AccountId', ids }))
  const relations = await relationsOf(context, ids)
  const others = [...relations.keys()].map((key) => key.split(' ')[1]).filter((id) => !own.has(id))
  const contacts = new Map([
    ...own,
    ...byId(await rowsOf(context, { fields, from: 'Contact', by: 'Id', ids: others })),
  ])
  const roles = await rolesOf(context, ids)
  const pairs = new Set([
    ...[...own].flatMap(([contact, row]) => pairOf(idIn(row, 'AccountId'), contact) ?? []),
    ...relations.keys(),
  ])
  const belonging = [...pairs].flatMap((pair): readonly Belonging[] => {
    const [account, contact] = pair.split(' ')
    const relation = relations.get(pair)
    // Who has left a company is no longer reached for it, also where it is still the contact's own account.
    if (relation?.ended === true) return []
    const direct = own.get(contact) !== undefined && idIn(own.get(contact)!, 'AccountId') === account
    return [{ account, contact, direct, roles: [...(relation?.roles ?? []), ...(roles.get(pair) ?? [])] }]
  })
  return { contacts, belonging }
}

const byId = (rows: readonly Row[]): ReadonlyMap<string, Row> =>
  new Map(rows.flatMap((row) => ((id) => (id === null ? [] : [[id, row] as const]))(idIn(row, 'Id'))))

const pairOf = (account: string | null, contact: string | null): string | null =>
  account === null || contact === null ? null : `${account} ${contact}`

interface Relation {
  readonly roles: readonly string[]
  readonly ended: boolean
}

/**
 * By account and contact; empty where contacts have one account each.
 *
 * @see https://developer.salesforce.com/docs/atlas.en-us.object_reference.meta/object_reference/sforce_api_objects_accountcontactrelation.htm
 */
async function relationsOf(
  context: SalesforceContext,
  ids: readonly string[],
): Promise<ReadonlyMap<string, Relation>> {
  const fields = await present(context, RELATION, ['AccountId', 'ContactId', 'IsActive', 'Roles', 'EndDate'])
  if (fields === null) return new Map()
  const rows = await rowsOf(context, { fields, from: RELATION, by: 'AccountId', ids })
  const today = context.clock().toISOString().slice(0, 10)
  return new Map(
    rows.flatMap((row) => {
      const pair = pairOf(idIn(row, 'AccountId'), idIn(row, 'ContactId'))
      if (pair === null) return []
      const end = textIn(row, 'EndDate')
      const inactive = fields.includes('IsActive') && !isTrue(row, 'IsActive')
      return [
        [pair, { roles: listIn(row, 'Roles'), ended: inactive || (end !== null && end < today) }] as const,
      ]
    }),
  )
}

export const RELATION = 'AccountContactRelation'
export const ROLE = 'AccountContactRole'

/** The older way to give contacts roles; only read where roles matter. */
async function rolesOf(
  context: SalesforceContext,
  ids: readonly string[],
): Promise<ReadonlyMap<string, readonly string[]>> {
  if (context.config.recipients.roles.length === 0) return new Map()
  const fields = await present(context, ROLE, ['AccountId', 'ContactId', 'Role'])
  if (fields === null || fields.length < 3) return new Map()
  const rows = await rowsOf(context, { fields, from: ROLE, by: 'AccountId', ids })
  const grouped = groupedBy(rows, (row) => pairOf(idIn(row, 'AccountId'), idIn(row, 'ContactId')))
  return new Map([...grouped].map(([pair, of]) => [pair, of.flatMap((row) => textIn(row, 'Role') ?? [])]))
}

/** Of a multi-select picklist. */
const listIn = (row: Row, field: string): readonly string[] =>
  (textIn(row, field) ?? '').split(';').filter((one) => one !== '')
