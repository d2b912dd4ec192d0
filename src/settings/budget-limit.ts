/** The budget as the settings have it, in the unit that the ledger counts in. */
import { minorDigits } from '../contracts/money.ts'
import { planLimits, reportingCurrency, reportingRate } from './planning.ts'
import type { Settings } from './schema.ts'

/** The limit in force; amounts in minor units of `currency`. */
export interface BudgetLimit {
  /** Null: no limit; 0: off. */
  readonly limitMinor: number | null
  readonly currency: string
  /** Minor units of `currency` for one minor unit of another. What has no rate cannot be reckoned with. */
  readonly rates: Readonly<Record<string, number>>
  readonly period: 'week' | 'month' | 'quarter'
}

/**
 * @example
 * budgetLimitOf(parseSettings({ budget: 100 })).limitMinor // 10000
 */
export function budgetLimitOf(settings: Settings): BudgetLimit {
  const currency = reportingCurrency(settings)
  const { file } = settings.currency
  const rate = reportingRate(settings) * 10 ** (minorDigits(currency) - minorDigits(file))
  return {
    limitMinor: planLimits(settings, []).budget,
    currency,
    rates: file === currency || Number.isNaN(rate) ? {} : { [file]: rate },
    period: settings.period,
  }
}
