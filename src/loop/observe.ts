/**
 * Observe: what came of decisions, measured once for each window after them (30, 60, 90 and 180 days) and never
 * changed afterwards. Whoever has no intervention is measured like everybody else: the comparison is the point.
 *
 * A window is measured when it has closed and the source was read since: that somebody stayed is known only then.
 * What becomes known later of an earlier window does not change it; the next window has it. `outcome.ts` says what is
 * measured and how. What offers cost is booked first (offer-costs.ts). What people made of their tasks is read back
 * from the CRM afterwards (call-outcomes.ts), so that a CRM that is away keeps nothing from being measured.
 */
import { minorDigits } from '../contracts/money.ts'
import { actionsOf, reportingCurrency, reportingRate } from '../settings/planning.ts'
import type { ServiceSettings } from '../settings/service.ts'
import { expireApprovals } from '../store/approvals.ts'
import { readConnection } from '../store/connections.ts'
import type { Transaction } from '../store/database.ts'
import {
  appendOutcomes,
  closedDecisions,
  countClosed,
  lastRead,
  outcomePosition,
  type Outcome,
} from '../store/outcomes.ts'
import { expireInterventions } from '../store/intervention-sweeps.ts'
import { currentSettings, settingsOfVersion } from '../store/settings-versions.ts'
import { followTasks } from './call-outcomes.ts'
import { followOffers } from './offer-costs.ts'
import { measureOutcome, type OutcomeTerms } from './outcome.ts'
import { recurringAmounts } from './recurring.ts'
import type { LoopServices, LoopStep, StepContext } from './services.ts'
import { watchStops } from './stop-watch.ts'
import { tellStop } from './tell-events.ts'

/** Days from a decision; each in the order in which it is measured, since a longer one builds on the shorter. */
export const WINDOWS = [30, 60, 90, 180] as const

const PAGE = 2000
const DAY = 86_400_000

/**
 * Safe to repeat: what was measured is left alone.
 *
 * @returns `{ observed, left, renewed, optedOut, unknown }`: windows, and how many of them ended so; of a CRM with tasks
 *   `{ tasksDone, tasksCancelled, approved, rejected }` as well
 * @throws HoldfastError what the CRM throws when its tasks cannot be asked about
 * @example
 * await observe(services, { tenant, connection, run, cause: 'schedule', signal, progress })
 */
export const observe: LoopStep = async (services, context) => {
  const measured = await measure(services, context)
  return { ...measured, ...(await followTasks(services, context)) }
}

const measure: LoopStep = async (services, context) => {
  const { tenant, connection, signal, progress } = context
  const counts = { observed: 0, left: 0, renewed: 0, optedOut: 0, unknown: 0 }
  await followAll(services, context)
  const begun = await services.database.withTenant(tenant, async (tx) => {
    // What waits for a person is sent to no worker that would see its time pass.
    await expireInterventions(tx)
    const { settings } = await currentSettings(tx)
    await expireApprovals(tx, settings.delivery.approval.waitDays)
    await watchStops(tx, settings, tellStop)
    const read = await lastRead(tx, connection)
    if (read === null) return null
    const now = services.clock()
    const known = read < now ? read : now
    const until = WINDOWS.map((days) => new Date(known.getTime() - days * DAY))
    let total = 0
    for (const [at, days] of WINDOWS.entries())
      total += await countClosed(tx, connection, {
        after: await outcomePosition(tx, connection, days),
        until: until[at],
      })
    const { population } = await readConnection(tx, connection)
    return { until, total, everyone: population?.kind === 'everyone', now }
  })
  if (begun === null || begun.total === 0) return counts
  const termsOf = termsByVersion()
  for (const [at, days] of WINDOWS.entries()) {
    for (let more = true; more && !signal.aborted;) {
      const page = { ...begun, days, until: begun.until[at] }
      const { outcomes, added } = await observePage(services, context, page, termsOf)
      more = outcomes.length === PAGE
      counts.observed += added
      // Where another pass was quicker, these are its.
      if (added < outcomes.length) continue
      for (const { churned, renewed, opted_out_at } of outcomes) {
        if (churned === true) counts.left++
        if (churned === null) counts.unknown++
        if (renewed === true) counts.renewed++
        if (opted_out_at !== null) counts.optedOut++
      }
      progress(counts.observed, begun.total)
    }
  }
  return counts
}

/** Before anything is measured: what a window cost is what is booked by then. */
async function followAll({ database, clock }: LoopServices, { tenant, connection, signal }: StepContext) {
  for (let more = true; more && !signal.aborted;) {
    const pass = await database.withTenant(tenant, (tx) => followOffers(tx, { connection, now: clock() }))
    more = pass !== null
  }
}

type TermsOf = (tx: Transaction, version: number) => Promise<OutcomeTerms>

function observePage(
  { database }: LoopServices,
  { tenant, connection }: StepContext,
  { days, until, everyone, now }: { days: number; until: Date; everyone: boolean; now: Date },
  termsOf: TermsOf,
): Promise<{ outcomes: readonly Outcome[]; added: number }> {
  return database.withTenant(tenant, async (tx) => {
    const after = await outcomePosition(tx, connection, days)
    const decisions = await closedDecisions(tx, connection, { days, after, until, limit: PAGE })
    const outcomes: Outcome[] = []
    for (const known of decisions) {
      const terms = await termsOf(tx, known.settings_version)
      outcomes.push(measureOutcome(known, { days, everyone, terms, now }))
    }
    return { outcomes, added: await appendOutcomes(tx, connection, outcomes) }
  })
}

/** Costs, margin and rates are those that the decision was made under. */
function termsByVersion(): TermsOf {
  const known = new Map<number, OutcomeTerms>()
  return async (tx, version) => {
    const found = known.get(version)
    if (found !== undefined) return found
    const terms = termsUnder(await settingsOfVersion(tx, version))
    known.set(version, terms)
    return terms
  }
}

function termsUnder(settings: ServiceSettings): OutcomeTerms {
  const actions = actionsOf(settings)
  const amounts = recurringAmounts(settings)
  const scale = reportingRate(settings) * 10 ** minorDigits(reportingCurrency(settings))
  return {
    margin: settings.margin.gross,
    actionOf: (key) => actions.find((action) => action.key === key) ?? null,
    assumeTaken: settings.offers.assumeTaken,
    converted: (minor, currency) => {
      const amount = Math.round(amounts(minor, currency) * scale)
      return Number.isNaN(amount) ? null : amount
    },
  }
}
