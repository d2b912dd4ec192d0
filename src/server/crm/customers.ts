/** Customers by value at risk inside the CRM: whom to call first. */
import { capital } from '../../admin/words/formats.ts'
import { customerFilter } from '../../contracts/customer-filter.ts'
import type { CardLine, CardList } from '../../contracts/record-card.ts'
import { maySee } from '../../settings/cards.ts'
import { actionNames } from '../../settings/planning.ts'
import type { ServiceSettings } from '../../settings/service.ts'
import type { Transaction } from '../../store/database.ts'
import { OPEN_STATES } from '../../store/intervention-states.ts'
import { objectors } from '../../store/objections.ts'
import { readPauses } from '../../store/pauses.ts'
import { countCustomers, type CustomerCount } from '../../store/reads/customer-counts.ts'
import { resolveFilter } from '../../store/reads/customer-filter.ts'
import { listCustomers, type CustomerLine } from '../../store/reads/customers.ts'
import { readStanding } from '../../store/reads/record-card.ts'
import { currentSettings } from '../../store/settings-versions.ts'
import { readTenant } from '../../store/tenants.ts'
import { customerNameFor } from '../api/shown.ts'
import type { RouteServices } from '../services.ts'
import { formatsFor, type Formats } from '../words/formats.ts'
import { LEVELS, STATES } from '../words/labels.ts'
import { callerAt } from './card.ts'
import { connectionNotices, distinct, sendingNotices } from './card-notices.ts'
import { CRMS, wordsOf } from './crm.ts'
import { OBJECT_OF_TYPE } from './hubspot-reader.ts'
import type { CrmReader } from './reader.ts'

const PAGE = 25

export interface ListAsked {
  /** `mine`: those that the reader is the owner of; `all`: of the account, where the settings let them be seen. */
  readonly whose: 'mine' | 'all'
  /** `next` of the page before. */
  readonly after?: string | undefined
}

export async function listOf(
  { database, clock, publicUrl }: RouteServices,
  reader: CrmReader,
  { whose: asked, after }: ListAsked,
): Promise<CardList> {
  const now = clock()
  return database.withTenant(reader.tenant, async (tx) => {
    const { settings } = await currentSettings(tx)
    const mayAll = maySee(settings.cards, { responsible: false, role: reader.person?.role ?? null })
    const whose = mayAll ? asked : 'mine'
    const formats = formatsFor({ now, zone: 'UTC', action: actionNames(settings) })
    const more =
      publicUrl === null || reader.person === null
        ? null
        : { label: 'All customers in Holdfast', href: `${publicUrl}/app/customers` }
    const about = { notices: await noticesOf(tx, reader, { settings, now, formats }), whose, mayAll, more }
    if (whose === 'mine' && reader.owner === null)
      return {
        ...about,
        sentence: `${CRMS[reader.crm].label} names you as the owner of none of the customers that Holdfast knows.`,
        lines: [],
        next: null,
      }
    const filter = customerFilter.parse({
      connection: reader.connections.map(({ id }) => id),
      level: ['HIGH', 'MEDIUM', 'LOW'],
      ...(whose === 'mine' ? { responsible: [reader.owner!] } : {}),
    })
    const wanted = await resolveFilter(tx, filter, { now, addressKey: null, people: false })
    const count = await countCustomers(tx, wanted, { interruptible: database.kind === 'served' })
    const page = await listCustomers(tx, wanted, { sort: 'value', limit: PAGE, cursor: after })
    // Whoever does not want to be profiled is not shown, from the moment on that they say so.
    const objecting = await objectors(
      tx,
      page.items.map(({ id }) => id),
    )
    const shown = page.items.filter(({ id }) => !objecting.has(id))
    const caller = callerAt(reader, { responsible: whose === 'mine', role: reader.person?.role ?? null })
    return {
      ...about,
      sentence: sentenceOf(count, whose, formats),
      lines: shown.map((line) =>
        lineOf(line, customerNameFor(caller, { ...line, customerName: line.name }), formats),
      ),
      next: page.next,
    }
  })
}

async function noticesOf(
  tx: Transaction,
  { crm, connections, tenant }: CrmReader,
  {
    settings,
    now,
    formats,
  }: { readonly settings: ServiceSettings; readonly now: Date; readonly formats: Formats },
): Promise<CardList['notices']> {
  const notices = []
  for (const connection of connections) {
    const standing = await readStanding(tx, connection.id)
    notices.push(...connectionNotices({ crm, connection, standing, now, formats }))
  }
  const activated = (await readTenant(tx, tenant)).activatedAt !== null
  const pauses = await readPauses(tx)
  const { sandbox } = connections[0]
  notices.push(...sendingNotices({ crm, activated, settings, pauses, sandbox, of: null }))
  return distinct(notices)
}

/** "€412,300 a year is at risk in your 143 customers." */
function sentenceOf(
  { customers, exact, valueAtRisk }: CustomerCount,
  whose: CardList['whose'],
  { money, count }: Pick<Formats, 'money' | 'count'>,
): string {
  if (customers === 0)
    return whose === 'mine' ? 'None of your customers is scored yet.' : 'No customer is scored yet.'
  const many = `${exact ? '' : 'at least '}${count(customers)} ${customers === 1 ? 'customer' : 'customers'}`
  const who = whose === 'mine' ? `your ${many}` : many
  const amounts = valueAtRisk.map(({ minor, currency }) => money(minor, currency))
  if (amounts.length === 0) return `${capital(who)}: what they pay is not known.`
  return `${exact ? '' : 'At least '}${amounts.join(' and ')} a year is at risk in ${who}.`
}

/** As the CRM calls it where a record is opened: HubSpot by the number of its type, Salesforce by its name. */
const TYPE_OF_OBJECT: Readonly<Record<string, string>> = Object.fromEntries(
  Object.entries(OBJECT_OF_TYPE).map(([type, object]) => [object, type]),
)

function lineOf(line: CustomerLine, name: string | null, formats: Formats): CardLine {
  const { object, externalId, probability, level, valueAtRiskMinor, currency, renewalDate, reasons } = line
  return {
    objectTypeId: TYPE_OF_OBJECT[object] ?? object,
    objectId: externalId,
    name: name ?? `${capital(wordsOf(object).one)} ${externalId}`,
    // Only who is scored is listed.
    risk: formats.percent(probability ?? 0),
    level: level ?? 'LOW',
    levelText: capital(LEVELS[level ?? 'LOW']),
    valueAtRisk:
      valueAtRiskMinor === null || currency === null ? null : formats.money(valueAtRiskMinor, currency),
    renews: renewalDate === null ? null : formats.day(renewalDate),
    reason: reasons.at(0)?.sentence ?? null,
    suggestion: suggestionOf(line, formats),
  }
}

/** What was decided and how far it is; of groups that are left as they are nothing of what would have been. */
function suggestionOf(
  { group, decision, intervention }: CustomerLine,
  { action }: Pick<Formats, 'action'>,
): string | null {
  if (group !== 'policy') return null
  if (intervention !== null && OPEN_STATES.some((state) => state === intervention.state))
    return `${action(intervention.actionKey)}, ${STATES[intervention.state as keyof typeof STATES]}`
  if (decision === null || decision.actionKey === 'no_action') return null
  const done = intervention !== null && intervention.updatedAt >= decision.decidedAt ? intervention : null
  return done === null
    ? action(decision.actionKey)
    : `${action(done.actionKey)}, ${STATES[done.state as keyof typeof STATES]}`
}
