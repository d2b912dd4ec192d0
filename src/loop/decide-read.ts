/**
 * Reads everybody who is undecided, page by page, into columns: objects of a page are let go with it, so that a book
 * of a million customers takes some 300 bytes each and not some thousands.
 */
import type { Column } from '../../models/policy/masks.ts'
import { STATE_SIZE } from '../../models/policy/state.ts'
import type { Action } from '../contracts/actions.ts'
import type { EligibilityNumber } from '../contracts/eligibility.ts'
import type { ConnectionId } from '../contracts/ids.ts'
import { daysIntoPeriod } from '../settings/planning.ts'
import type { ServiceSettings } from '../settings/service.ts'
import type { Transaction } from '../store/database.ts'
import { addressFacts, ledgerFacts, personContacts } from '../store/decision-facts.ts'
import { undecidedCustomers, type UndecidedRow } from '../store/decisions.ts'
import { holdsOf } from '../store/holds.ts'
import { objectors } from '../store/objections.ts'
import { isFulfilled } from './carried-out.ts'
import { columnsOf, maskContextOf, withStoredFacts, type StoredContext } from './decide-context.ts'
import { isTranslated } from './guard-language.ts'
import { pausedActions, pauseFacts } from './pauses.ts'
import { recurringAmounts } from './recurring.ts'

/** Undecided customers in the order of their ids. */
export interface UndecidedColumns {
  readonly rows: number
  readonly ids: readonly number[]
  /** `<object>/<external id>` */
  readonly names: readonly string[]
  readonly groups: readonly string[]
  /** Of the scores: see {@link UndecidedRow}. */
  readonly versions: readonly string[]
  /** 'YYYY-MM-DD'. */
  readonly renewals: readonly (string | null)[]
  readonly hazards: Float32Array
  /** A month, major units of the records' currency; NaN unknown. */
  readonly recurring: Float64Array
  /** rows x STATE_SIZE. */
  readonly states: Float32Array
  readonly context: StoredContext
}

export interface ReadTerms {
  readonly connection: ConnectionId
  readonly period: string
  readonly cause: string
  readonly start: Date
  readonly now: Date
  readonly settings: ServiceSettings
  /** As the connection carries them out. */
  readonly actions: readonly Action[]
  /** Whether its CRM can be given tasks; absent: it can. */
  readonly tasks?: boolean
}

const DAY = 86_400_000

/** Customers read in one transaction: others wait for it on the embedded database. */
const PAGE = 10_000

/**
 * @param inTransaction runs each page in a transaction of its own
 * @param stopped asked before each page; what was read until then is what comes back
 */
export async function readUndecided(
  inTransaction: <T>(work: (tx: Transaction) => Promise<T>) => Promise<T>,
  terms: ReadTerms,
  stopped: () => boolean,
): Promise<UndecidedColumns> {
  const pages: UndecidedColumns[] = []
  const amounts = recurringAmounts(terms.settings)
  for (let after = 0; !stopped();) {
    const page = await inTransaction(async (tx) => {
      const found = await undecidedCustomers(tx, { ...terms, after, limit: PAGE })
      return found.length === 0 ? null : pageOf(tx, found, terms, amounts)
    })
    if (page === null) break
    pages.push(page)
    if (page.rows < PAGE) break
    after = page.ids[page.rows - 1]
  }
  return joined(pages)
}

async function pageOf(
  tx: Transaction,
  found: readonly UndecidedRow[],
  { start, now, settings, actions, tasks = true }: ReadTerms,
  amounts: ReturnType<typeof recurringAmounts>,
): Promise<UndecidedColumns> {
  const ids = found.map((row) => row.id)
  const groups = found.map((row) => row.group_name)
  const states = new Float32Array(found.length * STATE_SIZE)
  found.forEach((row, at) => states.set(row.state, at * STATE_SIZE))
  const known = maskContextOf(
    columnsOf(
      found.map((row) => row.context),
      actions,
    ),
    daysIntoPeriod(settings.period, now),
  )
  const addresses = await addressFacts(tx, ids)
  const ledger = await ledgerFacts(tx, { customers: ids, start, now })
  const recipients = [
    ...new Set(
      addresses.flatMap(({ people }) => Object.values(people).flatMap((one) => one.recipient ?? [])),
    ),
  ]
  const waiting = new Date(now.getTime() - settings.contact.cooldownDays * DAY)
  const since = waiting < start ? waiting : start
  const contacts = await personContacts(tx, { recipients, since, start })
  const holds = await holdsOf(tx, ids)
  const paused = pausedActions(await pauseFacts(tx), actions)
  const facts = {
    customers: ids,
    groups,
    addresses,
    ledger,
    contacts,
    holds,
    objecting: await objectors(tx, ids),
    levels: found.map((row) => row.level),
    objects: found.map((row) => row.object),
  }
  return {
    rows: found.length,
    ids,
    names: found.map((row) => `${row.object}/${row.external_id}`),
    groups,
    versions: found.map((row) => row.version),
    renewals: found.map((row) => row.renewal_date),
    hazards: Float32Array.from(found, (row) => row.monthly_hazard),
    recurring: Float64Array.from(found, (row) => amounts(row.monthly_minor, row.currency)),
    states,
    context: withStoredFacts(known, facts, {
      actions,
      now,
      paused: actions.map(({ key }) => paused.has(key)),
      unfulfilled: actions.map((action) => !isFulfilled(action, { tasks, settings })),
      translated: ({ key, channel }, language) =>
        channel === 'none' || isTranslated(settings, { channel, action: key, language }),
    }),
  }
}

/** Nothing of it depends on the page that a customer was read with, but what is the same for all. */
function joined(pages: readonly UndecidedColumns[]): UndecidedColumns {
  const floats = (of: (page: UndecidedColumns) => Column): Float32Array =>
    concatenated(pages.map(of), (length) => new Float32Array(length))
  const masked = (of: (context: StoredContext) => Column | undefined): Float32Array =>
    floats((page) => of(page.context) ?? new Float32Array(page.rows).fill(NaN))
  const bytes = (of: (context: StoredContext) => Uint8Array): Uint8Array =>
    concatenated(
      pages.map((page) => of(page.context)),
      (length) => new Uint8Array(length),
    )
  const byChannel = <T>(of: (channel: 'email' | 'sms' | 'task') => T) => ({
    email: of('email'),
    sms: of('sms'),
    task: of('task'),
  })
  const numbers = Object.keys(pages[0]?.context.who.numbers ?? {}) as EligibilityNumber[]
  return {
    rows: pages.reduce((sum, page) => sum + page.rows, 0),
    ids: pages.flatMap((page) => page.ids),
    names: pages.flatMap((page) => page.names),
    groups: pages.flatMap((page) => page.groups),
    versions: pages.flatMap((page) => page.versions),
    renewals: pages.flatMap((page) => page.renewals),
    hazards: floats((page) => page.hazards),
    recurring: concatenated(
      pages.map((page) => page.recurring),
      (length) => new Float64Array(length),
    ),
    states: floats((page) => page.states),
    context: {
      consent: byChannel((channel) => masked((context) => context.consent?.[channel])),
      reach: byChannel((channel) => masked((context) => context.reach?.[channel])),
      // Unknown is no contact: whoever got nothing has no row.
      person: byChannel((channel) => ({
        daysSinceContact: masked((context) => context.person?.[channel]?.daysSinceContact),
        contactsInPeriod: masked((context) => context.person?.[channel]?.contactsInPeriod),
      })),
      daysSinceContact: masked((context) => context.daysSinceContact),
      contactsInPeriod: masked((context) => context.contactsInPeriod),
      discountsLastYear: masked((context) => context.discountsLastYear),
      discountInForce: masked((context) => context.discountInForce),
      monthsToNotice: masked((context) => context.monthsToNotice),
      paymentFailed: masked((context) => context.paymentFailed),
      suppressed: masked((context) => context.suppressed),
      profilingObjection: masked((context) => context.profilingObjection),
      vulnerable: masked((context) => context.vulnerable),
      dispute: masked((context) => context.dispute),
      held: masked((context) => context.held),
      negotiation: masked((context) => context.negotiation),
      urgentTicket: masked((context) => context.urgentTicket),
      sequence: masked((context) => context.sequence),
      noticeGiven: masked((context) => context.noticeGiven),
      group: masked((context) => context.group),
      inForce: bytes((context) => context.inForce),
      untranslated: bytes((context) => context.untranslated),
      // The last page knows best what is stopped by now.
      paused: pages.at(-1)?.context.paused ?? [],
      unfulfilled: pages.at(-1)?.context.unfulfilled ?? [],
      who: {
        level: pages.flatMap((page) => page.context.who.level),
        object: pages.flatMap((page) => page.context.who.object),
        country: byChannel((channel) =>
          pages.flatMap((page) => page.context.who.country[channel] ?? Array<null>(page.rows).fill(null)),
        ),
        numbers: Object.fromEntries(
          numbers.map((name) => [name, masked((context) => context.who.numbers[name])]),
        ),
      },
    },
  }
}

type Numbers = Float32Array | Float64Array | Uint8Array

function concatenated<T extends Numbers>(parts: readonly Numbers[], make: (length: number) => T): T {
  const all = make(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    all.set(part, at)
    at += part.length
  }
  return all
}
