/**
 * Consent, both ways. A contact's "Email Opt Out" and "Do Not Call", its Individual and what was stated for a kind of
 * contact point are read together, and a no in any of them is a no, as Salesforce's own Consent API has it. Not having
 * opted out is no yes, unless the connection says so: that takes a statement, or somebody who took an opt-out back.
 *
 * @see https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/resources_consent_action.htm
 */
import type { ConsentStatus, Recipient } from '../connector.ts'
import type { SalesforceContext } from './context.ts'
import { isListed } from './history.ts'
import { individualsOf, type Channel, type Individual, type Statement } from './individuals.ts'
import { idIn, isTrue, rowsOf, textIn, timeIn, type Row } from './rows.ts'
import { oneOf } from './soql.ts'

/** The flag of a contact by which a channel is refused, and the same on a person account. */
export const FLAGS = {
  email: { contact: 'HasOptedOutOfEmail', person: 'PersonHasOptedOutOfEmail', label: 'Email Opt Out' },
  call: { contact: 'DoNotCall', person: 'PersonDoNotCall', label: 'Do Not Call' },
} as const satisfies Record<Channel, { contact: string; person: string; label: string }>

/** What has to be read of a contact to know what it agreed to, where the org has it. */
export const CONSENT_FIELDS: readonly string[] = [
  FLAGS.email.contact,
  FLAGS.call.contact,
  'IndividualId',
  'IsPersonAccount',
]

const CHANNELS = Object.keys(FLAGS) as readonly Channel[]

/**
 * @param contacts with {@link CONSENT_FIELDS}
 * @returns by id of the contact, an entry for each; consent to SMS is kept nowhere in Salesforce, but an Individual
 *   that refuses everything refuses that too
 * @example
 * (await consentsOf(context, rows)).get('003…') // { email: 'refused', sms: 'unknown', call: 'unknown', … }
 */
export async function consentsOf(
  context: SalesforceContext,
  contacts: readonly Row[],
): Promise<ReadonlyMap<string, Recipient['consent']>> {
  const standing = await consentStandingOf(context, contacts)
  return new Map(
    [...standing].map(([id, { email, call, individual }]) => [
      id,
      {
        email: email.status,
        sms: individual?.refuses === true ? 'refused' : 'unknown',
        call: call.status,
        profiling: individual?.objects === true ? 'refused' : 'unknown',
        changedAt: null,
        changedAtBy: { email: email.at, call: call.at },
      },
    ]),
  )
}

export interface ChannelStanding {
  readonly status: ConsentStatus
  /** When it came to be so, as far as Salesforce says. */
  readonly at: Date | null
  /** The contact's own flag; null where our user may not read it. */
  readonly flag: boolean | null
  /** Its last change; null where nobody knows of one, as without field history. */
  readonly change: FlagChange | null
}

export interface FlagChange {
  readonly at: Date
  /** Id of the user. */
  readonly by: string | null
}

export interface ConsentStanding {
  readonly email: ChannelStanding
  readonly call: ChannelStanding
  /** Null: the contact has none. */
  readonly individual: Individual | null
  readonly row: Row
}

/** All that the org says of the consent of contacts, by their ids. */
export async function consentStandingOf(
  context: SalesforceContext,
  contacts: readonly Row[],
): Promise<ReadonlyMap<string, ConsentStanding>> {
  const individuals = await individualsOf(
    context,
    contacts.flatMap((row) => idIn(row, 'IndividualId') ?? []),
  )
  const changes = await flagChanges(context, contacts)
  return new Map(
    contacts.flatMap((row) => {
      const id = idIn(row, 'Id')
      if (id === null) return []
      const individual = individuals.get(idIn(row, 'IndividualId') ?? '') ?? null
      const optOut = context.config.consent === 'opt_out'
      const of = (channel: Channel): ChannelStanding =>
        standing(row, channel, { change: changes.get(`${id} ${channel}`) ?? null, individual, optOut })
      return [[id, { email: of('email'), call: of('call'), individual, row }] as const]
    }),
  )
}

function standing(
  row: Row,
  channel: Channel,
  {
    change,
    individual,
    optOut,
  }: {
    readonly change: FlagChange | null
    readonly individual: Individual | null
    /** Who has not opted out has agreed. */
    readonly optOut: boolean
  },
): ChannelStanding {
  const name = FLAGS[channel].contact
  const flag = Object.hasOwn(row, name) ? isTrue(row, name) : null
  const stated = individual?.statements[channel] ?? []
  const said: readonly Statement[] = [
    ...stated,
    ...(individual?.refuses === true ? [{ status: 'refused', at: null } as const] : []),
    ...(flag === true ? [{ status: 'refused', at: change?.at ?? null } as const] : []),
    // Nobody's history begins with it: the flag was set, and somebody took it back.
    ...(flag === false && change !== null ? [{ status: 'granted', at: change.at } as const] : []),
  ]
  const refusals = said.filter(({ status }) => status === 'refused')
  if (refusals.length > 0) return { status: 'refused', at: latest(refusals), flag, change }
  // A yes says nothing while there may be a no that we do not see.
  if (flag === null || (said.length === 0 && !optOut)) return { status: 'unknown', at: null, flag, change }
  return { status: 'granted', at: latest(said), flag, change }
}

/** Null without any, and as soon as one has no date: it may be the latest. */
function latest(statements: readonly Statement[]): Date | null {
  const times = statements.map(({ at }) => at?.getTime() ?? NaN)
  const last = Math.max(...times)
  return !Number.isFinite(last) ? null : new Date(last)
}

/**
 * When the flags were changed last, by "contact channel", where the org tracks their history. That of a person account
 * is its Account's.
 *
 * @see https://developer.salesforce.com/docs/atlas.en-us.object_reference.meta/object_reference/sforce_api_objects_contacthistory.htm
 */
async function flagChanges(
  context: SalesforceContext,
  contacts: readonly Row[],
): Promise<ReadonlyMap<string, FlagChange>> {
  const persons = new Map(
    contacts
      .filter((row) => isTrue(row, 'IsPersonAccount'))
      .flatMap((row) =>
        ((account) => (account === null ? [] : [[account, idIn(row, 'Id')] as const]))(
          idIn(row, 'AccountId'),
        ),
      ),
  )
  const own = contacts.flatMap((row) => idIn(row, 'Id') ?? [])
  const changes = new Map<string, FlagChange>()
  await note('ContactHistory', 'ContactId', 'contact', own, (id) => id)
  await note('AccountHistory', 'AccountId', 'person', [...persons.keys()], (id) => persons.get(id) ?? null)
  return changes

  async function note(
    from: string,
    by: string,
    kind: 'contact' | 'person',
    ids: readonly string[],
    contactOf: (id: string) => string | null,
  ): Promise<void> {
    const history = ids.length === 0 ? null : await context.describe(from)
    if (history === null) return
    const fields = CHANNELS.map((channel) => FLAGS[channel][kind]).filter((name) => isListed(history, name))
    if (fields.length === 0) return
    const rows = await rowsOf(context, {
      fields: [by, 'Field', 'CreatedDate', 'CreatedById'],
      from,
      by,
      ids,
      where: oneOf('Field', fields),
    })
    for (const row of rows) {
      const contact = contactOf(idIn(row, by) ?? '')
      const channel = CHANNELS.find((one) => FLAGS[one][kind] === textIn(row, 'Field'))
      const at = timeIn(row, 'CreatedDate')
      if (contact === null || channel === undefined || at === null) continue
      const known = changes.get(`${contact} ${channel}`)
      if (known === undefined || known.at < at)
        changes.set(`${contact} ${channel}`, { at, by: idIn(row, 'CreatedById') })
    }
  }
}
