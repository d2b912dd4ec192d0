/**
 * The preview: what would be sent today. Decisions are planned and judged by the same code as the real thing, over the
 * whole book, and nothing is written. Before actions are turned on everybody is decided on anew, as if they were on;
 * afterwards it is those who are still undecided, and what is open and due today.
 *
 * A book of 100,000 customers is columns of numbers, as when it is decided on; who would be acted on is judged page by
 * page, and only counts and a few examples are kept.
 */
import { NO_ACTION } from '../../models/policy/policy.ts'
import { asCustomer, asRun, type ConnectionId, type InterventionId, type TenantId } from '../contracts/ids.ts'
import { minorDigits } from '../contracts/money.ts'
import { periodEnd, reportingCurrency } from '../settings/planning.ts'
import type { ServiceSettings } from '../settings/service.ts'
import { listConnections } from '../store/connections.ts'
import type { Transaction } from '../store/database.ts'
import { peekOpen, type HeldIntervention } from '../store/interventions.ts'
import { currentSettings } from '../store/settings-versions.ts'
import { readTenant } from '../store/tenants.ts'
import { leftOf } from './budget.ts'
import { adding, NOTHING_USED, without, type Used } from './book-share.ts'
import { readTerms } from './decide-book.ts'
import { CAUSE, planBook, type PlannedBook } from './decide-plan.ts'
import { readUndecided } from './decide-read.ts'
import { interventionIdOf } from './intervention-id.ts'
import { tallies, type BookPreview, type Judged } from './preview-tally.ts'
import type { LoopServices } from './services.ts'
import { solvedPolicy } from './solved-policy.ts'

/** What would become of interventions, without anything being written: preview-judge.ts. */
export interface PreviewJudge {
  /** The settings as if everything were switched on. */
  asLive(settings: ServiceSettings): ServiceSettings
  /** What is still to be set up before any of it goes out, as sentences. */
  missing(tx: Transaction, settings: ServiceSettings): Promise<readonly string[]>
  judge(
    tx: Transaction,
    rows: readonly HeldIntervention[],
    settings: ServiceSettings,
  ): Promise<ReadonlyMap<InterventionId, Judged>>
}

export interface PreviewRequest {
  readonly tenant: TenantId
  readonly judge: PreviewJudge
  /** Everybody is decided on anew, also after actions were turned on; what is open is then left out. */
  readonly whole?: boolean
  /** Aborted when nobody waits for the answer any more. */
  readonly signal: AbortSignal
}

/** Decides on everybody whatever was decided: no decision has this cause. */
const WHOLE_BOOK = 'preview'
/** Judged in one transaction: others wait for it on the embedded database. */
const PAGE = 500

/**
 * @returns null when it was broken off
 * @example
 * const preview = await previewBook(services, { tenant, judge: previewJudge(services, tenant), signal })
 * preview.actions // [{ key: 'email', chosen: 40, would: { send: 31, suppressed: 6, later: 3, … }, … }]
 */
export async function previewBook(
  services: LoopServices,
  { tenant, judge, whole = false, signal }: PreviewRequest,
): Promise<BookPreview | null> {
  const { database, clock, engines, connectors } = services
  const inTenant = <T>(work: (tx: Transaction) => Promise<T>): Promise<T> => database.withTenant(tenant, work)
  const now = clock()
  const begun = await inTenant(async (tx) => {
    const { settings, version } = await currentSettings(tx)
    const { activatedAt } = await readTenant(tx, tenant)
    const activated = activatedAt !== null && activatedAt <= now
    return {
      settings,
      settingsVersion: version,
      book: activated && !whole ? ('today' as const) : ('whole' as const),
      connections: (await listConnections(tx)).filter(({ status }) => status === 'active'),
      missing: await judge.missing(tx, settings),
    }
  })
  const settings = judge.asLive(begun.settings)
  const currency = reportingCurrency(settings)
  const { book, missing, settingsVersion } = begun
  const tally = tallies({ now, currency, book, missing, settingsVersion })
  const judgeAll = async (rows: readonly HeldIntervention[]): Promise<void> => {
    if (rows.length > 0) tally.judged(rows, await inTenant((tx) => judge.judge(tx, rows, settings)))
  }

  if (begun.book === 'today') {
    const until = endOfDay(now)
    for (let after: InterventionId | null = null; !signal.aborted;) {
      const open: readonly HeldIntervention[] = await inTenant((tx) =>
        peekOpen(tx, { dueBefore: until, after, limit: PAGE }),
      )
      await judgeAll(open)
      if (open.length < PAGE) break
      after = open[open.length - 1].id
    }
  }
  // Nothing is reserved meanwhile, so what one connection would use is not there for the next.
  let used: Used = NOTHING_USED
  for (const { id: connection } of begun.connections) {
    if (signal.aborted) break
    const terms = await inTenant((tx) => readTerms(tx, { tenant, connection, now, connectors }))
    if (terms === null) continue
    const { actions } = terms
    const acting = { ...terms, settings, acting: true }
    const left = await inTenant((tx) => leftOf(tx, acting))
    const customers = await readUndecided(
      inTenant,
      { ...acting, connection, cause: begun.book === 'today' ? CAUSE : WHOLE_BOOK },
      () => signal.aborted,
    )
    if (customers.rows === 0 || signal.aborted) continue
    const book = { ...acting, left: without(left, used, actions), customers }
    const policy = solvedPolicy(database, tenant, terms.policy)
    const planned = await planBook(book, await engines.get(terms.location, policy), {
      tenant,
      connection,
      run: asRun('00000000-0000-0000-0000-000000000000'),
    })
    tally.planned(planned.plan.summary, actions)
    used = adding(used, planned.plan.summary)
    let page: HeldIntervention[] = []
    for (const row of chosenOf(planned, connection)) {
      if (signal.aborted) break
      if (page.push(row) < PAGE) continue
      await judgeAll(page)
      page = []
    }
    await judgeAll(page)
  }
  return signal.aborted ? null : tally.result()
}

/** What was planned, as it would stand in the ledger. Under the ids that it would have, too. */
function* chosenOf({ book, plan }: PlannedBook, connection: ConnectionId): Generator<HeldIntervention> {
  const { customers, actions, settings, now, period } = book
  const currency = reportingCurrency(settings)
  const minor = 10 ** minorDigits(currency)
  const expiresAt = periodEnd(settings.period, now)
  for (let at = 0; at < plan.rows; at++) {
    const action = actions[plan.action[at]]
    if (plan.action[at] === NO_ACTION || action.channel === 'none') continue
    yield {
      ...NOT_THERE_YET,
      id: interventionIdOf(connection, customers.names[at], action.key, period, CAUSE),
      customer: asCustomer(customers.ids[at]),
      connection,
      actionKey: action.key,
      channel: action.channel,
      dueAt: now,
      expiresAt,
      plannedCostMinor: Math.round(plan.plannedCost[at] * minor),
      currency,
      createdAt: now,
      updatedAt: now,
    }
  }
}

const NOT_THERE_YET = {
  decision: null,
  recipient: null,
  idempotencyKey: '',
  state: 'planned',
  reasonCode: null,
  reason: null,
  leaseOwner: null,
  leaseUntil: null,
  attempts: 0,
  sendingAt: null,
  providerId: null,
  message: null,
  actualCostMinor: null,
  createdBy: 'policy',
  sentAt: null,
  approvedBy: null,
  approvedAt: null,
  due: true,
  expired: false,
  leaseOver: true,
} as const

function endOfDay(now: Date): Date {
  const end = new Date(now)
  end.setUTCHours(24, 0, 0, 0)
  return end
}
