/** Recurring amounts as they are stored, as numbers that the policy computes with. */
import { minorDigits } from '../contracts/money.ts'
import { reportingCurrency, reportingRate } from '../settings/planning.ts'
import type { Settings } from '../settings/settings.ts'

/**
 * @returns a function of an amount in minor units and its currency: major units of the records' currency, NaN where
 *   the amount or the rate of its currency is unknown
 * @example
 * recurringAmounts(parseSettings({}))(4999, 'USD') // 49.99
 */
export function recurringAmounts(
  settings: Settings,
): (minor: number | null, currency: string | null) => number {
  const { file } = settings.currency
  const reporting = reportingCurrency(settings)
  const units = new Map([
    [reporting, 10 ** minorDigits(reporting) * reportingRate(settings)],
    [file, 10 ** minorDigits(file)],
  ])
  return (minor, currency) => {
    const unit = units.get(currency ?? '')
    return minor === null || unit === undefined ? NaN : minor / unit
  }
}
