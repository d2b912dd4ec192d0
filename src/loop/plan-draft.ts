/**
 * Actions before they are saved: what a whole period would come to under other costs, limits and groups. Everybody is
 * decided on as if nobody had been, by the code that decides; nothing is written.
 */
import { minorDigits } from '../contracts/money.ts'
import { asRun, type TenantId } from '../contracts/ids.ts'
import { actionsOf, planLimits, reportingCurrency } from '../settings/planning.ts'
import { budgetLimitOf } from '../settings/budget-limit.ts'
import type { ServiceSettings } from '../settings/service.ts'
import { listConnections } from '../store/connections.ts'
import type { Transaction } from '../store/database.ts'
import { groupSizes } from '../store/group-counts.ts'
import { carriedOut } from './carried-out.ts'
import { readTerms } from './decide-book.ts'
import { planBook } from './decide-plan.ts'
import { readUndecided } from './decide-read.ts'
import { groupPower, type GroupPower } from './group-power.ts'
import type { LoopServices } from './services.ts'
import { solvedPolicy } from './solved-policy.ts'

export interface DraftedAction {
  readonly key: string
  readonly name: string
  readonly customers: number
  readonly spendMinor: number
  /** Expected margin over doing nothing. */
  readonly expectedMinor: number
}

export interface DraftedPlan {
  readonly currency: string
  /** Customers who were decided on: scored, in the population, of the group that the policy acts on. */
  readonly customers: number
  readonly nothing: number
  readonly actions: readonly DraftedAction[]
  readonly spendMinor: number
  readonly expectedMinor: number
  /** Null: no limit. */
  readonly budgetMinor: number | null
  /** What can be learnt from the groups, and when. */
  readonly power: GroupPower
  /** What is not in the figures, as sentences. */
  readonly notes: readonly string[]
}

/** Decides on everybody whatever was decided: no decision has this cause. */
const WHOLE_PERIOD = 'preview'

/**
 * @param settings the draft, whole
 * @param signal aborted when nobody waits for the answer any more
 * @returns null when it was broken off
 */
export async function draftPlan(
  { database, engines, connectors, clock }: LoopServices,
  {
    tenant,
    settings,
    signal,
  }: { readonly tenant: TenantId; readonly settings: ServiceSettings; readonly signal: AbortSignal },
): Promise<DraftedPlan | null> {
  const inTenant = <T>(work: (tx: Transaction) => Promise<T>): Promise<T> => database.withTenant(tenant, work)
  const now = clock()
  const currency = reportingCurrency(settings)
  const digits = 10 ** minorDigits(currency)
  const connections = (await inTenant(listConnections)).filter(({ status }) => status === 'active')
  const totals = new Map<string, { name: string; customers: number; spend: number; expected: number }>()
  const limits = planLimits(settings, actionsOf(settings))
  let budget = budgetLimitOf(settings).limitMinor
  let places = new Map(actionsOf(settings).map(({ key }, at) => [key, limits.capacity[at]]))
  let customers = 0
  const unsolved = new Set<string>()
  for (const { id: connection, kind } of connections) {
    if (signal.aborted) return null
    const terms = await inTenant((tx) => readTerms(tx, { tenant, connection, now, connectors }))
    if (terms === null) continue
    const engine = await engines.get(terms.location, solvedPolicy(database, tenant, terms.policy))
    const solved = new Set<string>(engine.policy.actions)
    const wanted = carriedOut(actionsOf(settings), { tasks: connectors.can(kind, 'tasks'), settings })
    const actions = wanted.filter(
      ({ key }) => solved.has(key) || terms.actions.some((one) => one.key === key),
    )
    for (const { key, name } of wanted) if (!actions.some((one) => one.key === key)) unsolved.add(name)
    const acting = { ...terms, settings, actions, acting: true, killed: false }
    const read = await readUndecided(
      inTenant,
      { ...acting, connection, cause: WHOLE_PERIOD },
      () => signal.aborted,
    )
    if (read.rows === 0 || signal.aborted) continue
    const left = { budget, capacity: actions.map(({ key }) => places.get(key) ?? null) }
    const { plan } = await planBook({ ...acting, left, customers: read }, engine, {
      tenant,
      connection,
      run: asRun('00000000-0000-0000-0000-000000000000'),
    })
    customers += read.rows
    const own = plan.summary.actions.map(({ count, plannedSpend, expectedValue }) => ({
      customers: count,
      spend: Math.round(plannedSpend * digits),
      expected: Math.round(expectedValue * digits),
    }))
    for (const [at, { key, name }] of actions.entries()) {
      const before = totals.get(key) ?? { name, customers: 0, spend: 0, expected: 0 }
      totals.set(key, {
        name,
        customers: before.customers + own[at].customers,
        spend: before.spend + own[at].spend,
        expected: before.expected + own[at].expected,
      })
    }
    // What one connection would use is not there for the next.
    const spent = own.reduce((sum, { spend }) => sum + spend, 0)
    budget = budget === null ? null : Math.max(0, budget - spent)
    places = new Map(
      [...places].map(([key, all]) => {
        const at = actions.findIndex((one) => one.key === key)
        return [key, all === null || at < 0 ? all : Math.max(0, all - own[at].customers)]
      }),
    )
  }
  if (signal.aborted) return null
  const power = await inTenant(async (tx) => groupPower(await groupSizes(tx), settings.groups))
  const acted = [...totals].filter(([key]) => key !== 'no_action')
  return {
    currency,
    customers,
    nothing: totals.get('no_action')?.customers ?? 0,
    actions: acted.map(([key, { name, customers: many, spend, expected }]) => ({
      key,
      name,
      customers: many,
      spendMinor: spend,
      expectedMinor: expected,
    })),
    spendMinor: acted.reduce((sum, [, { spend }]) => sum + spend, 0),
    expectedMinor: acted.reduce((sum, [, { expected }]) => sum + expected, 0),
    budgetMinor: budgetLimitOf(settings).limitMinor,
    power,
    notes: notesOf([...unsolved], customers),
  }
}

function notesOf(unsolved: readonly string[], customers: number): readonly string[] {
  const assumed =
    'Expected margin is what the policy expects: nobody measured it on these customers. Only the holdout does.'
  return [
    ...(unsolved.length === 0
      ? []
      : [
          `${unsolved.join(', ')} ${unsolved.length === 1 ? 'is' : 'are'} not in these figures: the policy learns of an action of your own once it is saved.`,
        ]),
    ...(customers === 0 ? ['Nobody is scored yet, so that there is nobody to decide on.'] : [assumed]),
  ]
}
