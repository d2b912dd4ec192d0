/** The card of a record, whole: what a person at the record in the CRM reads in five seconds. */
import type { CardNotice, RecordCard } from '../../contracts/record-card.ts'
import { actionNames } from '../../settings/planning.ts'
import { mayAnswer, maySee, type AtRecord } from '../../settings/cards.ts'
import type { ServiceSettings } from '../../settings/service.ts'
import type { SessionCaller } from '../../security/access.ts'
import type { ReadConnection } from '../../store/crm-readers.ts'
import type { Transaction } from '../../store/database.ts'
import { holdsOf } from '../../store/holds.ts'
import { championOf } from '../../store/models.ts'
import { objectors } from '../../store/objections.ts'
import { readPauses } from '../../store/pauses.ts'
import { readCustomerAtHand, type CustomerAtHand } from '../../store/reads/customer.ts'
import {
  customersOfContact,
  findRecord,
  readStanding,
  type FoundRecord,
  type ReadStanding,
} from '../../store/reads/record-card.ts'
import { currentSettings } from '../../store/settings-versions.ts'
import { readTenant } from '../../store/tenants.ts'
import { capital } from '../../admin/words/formats.ts'
import { customerNameFor } from '../api/shown.ts'
import { formatsFor, type Formats } from '../words/formats.ts'
import { LEVELS } from '../words/labels.ts'
import type { RouteServices } from '../services.ts'
import { connectionNotices, scoreNotices, SCORING, sendingNotices } from './card-notices.ts'
import { atRisk, consentOf, historyOf, reasonsOf, riskOf, valueOf } from './card-risk.ts'
import { NOTHING_SUGGESTED, suggestionOf, type Suggested } from './card-suggestion.ts'
import { CRMS, wordsOf, type CrmObject } from './crm.ts'
import type { CrmReader } from './reader.ts'

export interface RecordOf {
  readonly object: CrmObject
  /** Of the record in the CRM. */
  readonly id: string
}

/**
 * What of a customer's people somebody at the record is shown: a CRM says who asks, and not which record is on their screen.
 * So names and messages are for whoever is responsible for the customer, and for operators and admins, as in the app.
 */
export function callerAt(reader: CrmReader, at: AtRecord): SessionCaller {
  const role = at.role ?? 'viewer'
  return {
    kind: 'session',
    tenant: reader.tenant,
    subject: reader.email ?? reader.user,
    person: reader.person?.id ?? null,
    session: `${reader.crm} ${reader.account}`,
    means: 'service',
    role: at.responsible && role === 'viewer' ? 'operator' : role,
    installation: false,
    actor: reader.actor,
  }
}

/** Who somebody is to the record. */
export function atRecord(
  { email, owner, person }: CrmReader,
  responsible: FoundRecord['responsible'],
): AtRecord {
  const same =
    responsible !== null &&
    (responsible.id === owner || (email !== null && responsible.email?.toLowerCase() === email))
  return { responsible: same, role: person?.role ?? null }
}

type Services = Pick<
  RouteServices,
  'database' | 'clock' | 'publicUrl' | 'log' | 'secrets' | 'connectors' | 'feedbackPath' | 'channels'
>

/**
 * Whatever cannot be read of the suggestion takes nothing from the rest.
 *
 * @example
 * const card = await cardOf(services, reader, { object: 'companies', id: '512' })
 */
export async function cardOf(services: Services, reader: CrmReader, asked: RecordOf): Promise<RecordCard> {
  const { database } = services
  const now = services.clock()
  const read = await database.withTenant(reader.tenant, (tx) => readAll(tx, reader, asked, now), {
    byKeys: true,
  })
  const { settings, found, connection, standing } = read
  const formats = formatsFor({ now, zone: 'UTC', action: actionNames(settings) })
  const { crm } = reader
  const about = { crm, connection, standing, now, formats }
  const at = atRecord(reader, found?.responsible ?? null)
  if (!maySee(settings.cards, at))
    return empty({
      state: 'no_access',
      sentence: 'This is shown to whoever is responsible for the record, and to people of Holdfast.',
    })
  const notices = connectionNotices(about)
  const caller = callerAt(reader, at)
  if (found === null || read.whole === null)
    return { ...unread(reader, asked, read), notices: [...notices, ...(standing.reading ? [SCORING] : [])] }
  const { customer, champion, holds, objects, pauses, activated } = read.whole
  const link =
    services.publicUrl === null || reader.person === null
      ? null
      : { label: 'Open in Holdfast', href: `${services.publicUrl}/app/customers/${customer.id}` }
  const known = {
    name: customerNameFor(caller, { customerName: customer.name, person: customer.person }),
    more: link,
    history: historyOf(customer, { crm, caller, formats }),
    consent: consentOf(customer, formats),
  }
  if (objects)
    return empty({
      state: 'objects',
      sentence:
        'This customer does not want to be profiled: nothing is scored or suggested, and nothing is sent because of a risk.',
      ...known,
      notices,
    })
  const busy = standing.reading || found.due
  const mayScore = connection.status === 'active' && !busy
  const scoring: readonly CardNotice[] = busy && connection.status === 'active' ? [SCORING] : []
  if (customer.status !== 'active') {
    const gone = customer.status !== 'left'
    // Read before anybody said who is a customer: it never was one.
    const never = !gone && customer.score === null && customer.history.length === 0
    return empty({
      state: never ? 'outside' : 'left',
      sentence: gone ? goneFrom(crm) : never ? outsideWords(asked, mayScore) : leftWords(mayScore),
      ...known,
      mayScore: mayScore && !gone,
      notices: gone ? notices : [...notices, ...scoring],
    })
  }
  if (customer.score === null)
    return empty({
      state: 'waiting',
      sentence: `This customer is not scored yet.${mayScore ? ' Score it now, or wait for the next pass.' : ''}`,
      ...known,
      mayScore,
      notices: [...notices, ...scoring],
    })
  const { score } = customer
  const suggested = await suggestedOf(services, {
    tenant: reader.tenant,
    customer,
    settings,
    formats,
    caller,
    mayAnswer: mayAnswer(settings.cards, at),
    now,
    origin: services.publicUrl ?? '',
  })
  const sending =
    suggested.action === null
      ? []
      : sendingNotices({
          crm,
          activated,
          settings,
          pauses,
          sandbox: connection.sandbox,
          of: { action: suggested.action.key, channel: suggested.action.channel },
        })
  return {
    state: 'scored',
    sentence: scoredWords(customer, score, suggested, formats),
    ...known,
    notices: [
      ...notices,
      ...scoreNotices({ customer, champion, holds, caller }),
      ...suggested.notices,
      ...sending,
      ...scoring,
    ],
    risk: riskOf(customer, score, formats),
    value: valueOf(customer, score, { formats, now }),
    reasons: reasonsOf(score),
    suggestion: suggested.suggestion,
    answers: suggested.answers,
    mayScore,
    updated: `Scored ${formats.ago(score.scoredAt)}`,
  }
}

interface Read {
  readonly settings: ServiceSettings
  readonly found: FoundRecord | null
  readonly connection: ReadConnection
  readonly standing: ReadStanding
  /** Customers that the record is a contact of. */
  readonly belongsTo: readonly string[]
  /** Null: it is no customer that is known. */
  readonly whole: {
    readonly customer: CustomerAtHand
    readonly champion: Awaited<ReturnType<typeof championOf>>
    readonly holds: Awaited<ReturnType<typeof holdsOf>>
    readonly objects: boolean
    readonly pauses: Awaited<ReturnType<typeof readPauses>>
    readonly activated: boolean
  } | null
}

async function readAll(
  tx: Transaction,
  { connections }: CrmReader,
  asked: RecordOf,
  now: Date,
): Promise<Read> {
  const { settings } = await currentSettings(tx)
  const ids = connections.map(({ id }) => id)
  const found = await findRecord(tx, { connections: ids, ...asked })
  const connection =
    connections.find(({ id }) => id === found?.connection) ??
    connections.find(({ object }) => object === asked.object) ??
    connections[0]
  const standing = await readStanding(tx, connection.id, asked)
  if (found === null) {
    const { isContact } = wordsOf(asked.object)
    const belongsTo = isContact ? await customersOfContact(tx, { connections: ids, id: asked.id }) : []
    return { settings, found, connection, standing, belongsTo, whole: null }
  }
  const { customer: id } = found
  return {
    settings,
    found,
    connection,
    standing,
    belongsTo: [],
    whole: {
      customer: await readCustomerAtHand(tx, id, now),
      champion: await championOf(tx, connection.id),
      holds: await holdsOf(tx, [id]),
      objects: (await objectors(tx, [id])).has(id),
      pauses: await readPauses(tx),
      activated: (await readTenant(tx, tx.tenant!)).activatedAt !== null,
    },
  }
}

const PARTIAL: CardNotice = {
  kind: 'partial',
  tone: 'warning',
  text: 'What is suggested could not be read just now. Everything else is as it stands; look again in a moment.',
}

/** In a transaction of its own: what fails there takes nothing from what was read before. */
async function suggestedOf(
  services: Services,
  asked: Parameters<typeof suggestionOf>[2],
): Promise<Suggested> {
  try {
    return await services.database.withTenant(asked.tenant, (tx) =>
      suggestionOf(tx, { ...services, localUrl: asked.origin }, asked),
    )
  } catch (error) {
    services.log.warn({ err: error, tenant: asked.tenant }, 'the suggestion of a card could not be read')
    return { ...NOTHING_SUGGESTED, notices: [PARTIAL] }
  }
}

/** A record that is not stored: not read yet, or none of the customers. */
function unread(
  { crm }: Pick<CrmReader, 'crm'>,
  { object }: RecordOf,
  { connection, standing, belongsTo }: Read,
): RecordCard {
  const { account } = CRMS[crm]
  const { one, many } = wordsOf(object)
  const looksAfter = wordsOf(connection.object)
  if (belongsTo.length > 0)
    return empty({
      state: 'outside',
      sentence: `This contact belongs to ${belongsTo.join(' and ')}: what Holdfast knows stands on the record of the ${looksAfter.one}.`,
    })
  if (connection.object !== object)
    return empty({
      state: 'outside',
      sentence: `Holdfast looks after ${looksAfter.many} in this ${account}, so there is nothing on ${/^[aeiou]/.test(one) ? 'an' : 'a'} ${one}.`,
    })
  if (!standing.populationStated)
    return empty({
      state: 'unknown',
      sentence: `Nobody has said yet which ${many} are customers. An admin of Holdfast says it in the set-up; then they are read and scored.`,
    })
  if ((standing.sync?.lastDoneAt ?? null) === null)
    return empty({
      state: 'unknown',
      sentence: `The ${many} of this ${account} are still being read for the first time. This one comes with them.`,
    })
  const mayScore = connection.status === 'active' && !standing.reading
  return empty({ state: 'outside', sentence: outsideWords({ object }, mayScore), mayScore })
}

function outsideWords({ object }: Pick<RecordOf, 'object'>, mayScore: boolean): string {
  return `This ${wordsOf(object).one} is not counted as a customer, so it is not scored, and nothing is done for it.${mayScore ? ' If it has just become one, score it now.' : ''}`
}

function leftWords(mayScore: boolean): string {
  return `No longer counted as a customer: it is not scored any more, and nothing is done for it.${mayScore ? ' If it is one again, score it now.' : ''}`
}

const goneFrom = (crm: CrmReader['crm']): string =>
  `The record is gone from the ${CRMS[crm].account}: it is not scored any more.`

function scoredWords(
  { decision }: CustomerAtHand,
  score: NonNullable<CustomerAtHand['score']>,
  { suggestion, notices }: Suggested,
  formats: Formats,
): string {
  const risk = [`${capital(LEVELS[score.level])} risk`, ...atRisk(score, formats)].join(': ')
  const next =
    suggestion !== null
      ? `${suggestion.title}: ${suggestion.standing.charAt(0).toLowerCase()}${suggestion.standing.slice(1)}.`
      : notices.some(({ kind }) => kind === 'in_peace')
        ? 'Nothing is worth doing now.'
        : decision === null
          ? 'What to do is not decided yet.'
          : ''
  return `${risk}. ${next}`.trim()
}

const empty = (said: Pick<RecordCard, 'state' | 'sentence'> & Partial<RecordCard>): RecordCard => ({
  name: null,
  notices: [],
  risk: null,
  value: null,
  reasons: [],
  suggestion: null,
  answers: null,
  history: [],
  consent: [],
  mayScore: false,
  updated: null,
  more: null,
  ...said,
})
