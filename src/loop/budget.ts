/** What is left of budget and places, and whether something fits: before anything is planned, and as it is written. */
import { HoldfastError } from '../contracts/errors.ts'
import { minorDigits } from '../contracts/money.ts'
import type { Action } from '../contracts/actions.ts'
import { budgetLimitOf, type BudgetLimit } from '../settings/budget-limit.ts'
import { periodEnd, periodOf, periodStart, planLimits, reportingCurrency } from '../settings/planning.ts'
import type { ServiceSettings } from '../settings/service.ts'
import { budgetHeld, setBudget, suggestedOnly, type HeldByAction } from '../store/budget.ts'
import type { Transaction } from '../store/database.ts'
import { currentSettings, type SettingsVersion } from '../store/settings-versions.ts'
import type { Left } from './decide.ts'

/**
 * Nobody else reserves for the tenant until the transaction ends, and the limit is that of the newest settings. The
 * first thing that a transaction does that plans something.
 *
 * @returns the settings that it is of
 * @example
 * const { settings } = await openBudget(tx)
 * if (!fits(await leftOf(tx, { settings, … }), cost)) …
 */
export async function openBudget(tx: Transaction): Promise<SettingsVersion> {
  const current = await currentSettings(tx)
  await setBudget(tx, budgetLimitOf(current.settings), current.version)
  return current
}

/** What of a period is asked about. */
export interface LeftQuestion {
  readonly settings: ServiceSettings
  readonly now: Date
  /** Whether decisions become interventions; else what was suggested counts as if it had been carried out. */
  readonly acting: boolean
  /** The catalogue, in its order. */
  readonly actions: readonly Action[]
}

/**
 * Budget and places less what is held of them. In a dry run what was recorded counts as if it had gone out, so that
 * what is shown keeps within the limits as the real thing would; where things go out, dry runs hold nothing.
 */
export async function leftOf(
  tx: Transaction,
  { settings, now, acting, actions }: LeftQuestion,
): Promise<Left> {
  const limit = budgetLimitOf(settings)
  const { capacity } = planLimits(settings, actions)
  const held = await budgetHeld(tx, {
    start: periodStart(settings.period, now),
    end: periodEnd(settings.period, now),
  })
  const suggested = acting ? [] : await suggestedOnly(tx, periodOf(settings.period, now))
  const dryRuns = !acting || settings.delivery.mode === 'dry_run'

  const money = held.map((one) => ({
    currency: one.currency,
    minor: one.reservedMinor + one.committedMinor + (dryRuns ? one.dryRunMinor : 0),
  }))
  const places = new Map<string, number>()
  const take = (key: string, count: number) => places.set(key, (places.get(key) ?? 0) + count)
  for (const one of held) take(one.actionKey, one.places + (dryRuns ? one.dryRunPlaces : 0))
  for (const one of suggested) take(one.actionKey, one.places)

  return {
    budget: leftOver(limit, [...money, ...suggested]),
    capacity: capacity.map((all, a) =>
      all === null ? null : Math.max(0, all - (places.get(actions[a].key) ?? 0)),
    ),
  }
}

/**
 * As `budget_held` of 0013-budget.sql reckons: other currencies at their rate, rounded up; nothing is left beside what
 * has no rate.
 *
 * @returns whole minor units; null is no limit
 * @example
 * leftOver({ limitMinor: 1000, currency: 'EUR', … }, [{ currency: 'EUR', minor: 400 }]) // 600
 */
export function leftOver(
  { limitMinor, currency, rates }: BudgetLimit,
  held: readonly { readonly currency: string; readonly minor: number }[],
): number | null {
  if (limitMinor === null) return null
  const byCurrency = new Map<string, number>()
  for (const one of held) byCurrency.set(one.currency, (byCurrency.get(one.currency) ?? 0) + one.minor)
  let used = 0
  for (const [of, minor] of byCurrency)
    if (minor !== 0) used += of === currency ? minor : Math.ceil(minor * (rates[of] ?? Infinity))
  return Math.max(0, limitMinor - used)
}

/**
 * @param costMinor whole minor units of the reporting currency
 * @example
 * fits({ budget: 500, capacity: [] }, 500) // true
 */
export function fits({ budget }: Pick<Left, 'budget'>, costMinor: number): boolean {
  return budget === null || costMinor <= budget
}

/**
 * That one more of an action fits, asked right before it is planned.
 *
 * @throws HoldfastError `conflict` saying what is left, and what to do
 */
export function expectRoom(left: Left, { action, at, costMinor, settings }: RoomWanted): void {
  const currency = reportingCurrency(settings)
  if (settings.budget === 0 && costMinor > 0)
    throw refused('The budget is 0, which switches off everything that costs something (settings: budget).')
  if (!fits(left, costMinor)) {
    const major = (minor: number) =>
      `${(minor / 10 ** minorDigits(currency)).toFixed(minorDigits(currency))} ${currency}`
    throw refused(
      `"${action.name}" costs ${major(costMinor)}, and ${major(left.budget ?? 0)} of the budget of this ${settings.period} is left. Raise the budget (settings: budget), stop something that is planned, or wait for the next ${settings.period}.`,
    )
  }
  const places = left.capacity[at]
  if (places !== null && places <= 0)
    throw refused(
      `${action.capacity === 1 ? `The one place of "${action.name}" in this ${settings.period} is` : `All ${action.capacity} places of "${action.name}" in this ${settings.period} are`} taken (settings: catalogue.${action.key}.capacity).`,
    )
}

export interface RoomWanted {
  readonly action: Action
  /** Its place in the catalogue. */
  readonly at: number
  readonly costMinor: number
  readonly settings: ServiceSettings
}

const refused = (message: string): HoldfastError => new HoldfastError('conflict', message)

/** Held in all, by currency: reserved and committed apart. */
export function heldByCurrency(
  held: readonly HeldByAction[],
): ReadonlyMap<string, { readonly reserved: number; readonly committed: number }> {
  const sums = new Map<string, { reserved: number; committed: number }>()
  for (const { currency, reservedMinor, committedMinor } of held) {
    const sum = sums.get(currency) ?? { reserved: 0, committed: 0 }
    sums.set(currency, {
      reserved: sum.reserved + reservedMinor,
      committed: sum.committed + committedMinor,
    })
  }
  return sums
}
