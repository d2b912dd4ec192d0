/** Sums of money in several currencies, and in the one of reports as far as there are rates. */
import { z } from 'zod'
import type { BudgetLimit } from '../../settings/budget-limit.ts'
import * as shape from './shapes.ts'

export const moneySum = z.object({
  byCurrency: z
    .array(z.object({ currency: shape.currency, minor: z.int() }))
    .meta({ description: 'Most first, in minor units' }),
  reporting: z
    .object({
      currency: shape.currency,
      minor: z.int(),
      complete: z.boolean().meta({ description: 'Whether every amount is in it: there was a rate for each' }),
    })
    .meta({ description: 'All of it in the currency of budget and plan, at the rates of the settings' }),
})
export type MoneySum = z.infer<typeof moneySum>

/**
 * @param amounts minor units; those of no currency are left out
 * @example
 * sumMoney([{ currency: 'EUR', minor: 400 }, { currency: 'EUR', minor: 100 }], budgetLimitOf(settings)).reporting.minor // 500
 */
export function sumMoney(
  amounts: readonly { readonly currency: string | null; readonly minor: number }[],
  { currency: reporting, rates }: Pick<BudgetLimit, 'currency' | 'rates'>,
): MoneySum {
  const sums = new Map<string, number>()
  for (const { currency, minor } of amounts)
    if (currency !== null) sums.set(currency, (sums.get(currency) ?? 0) + minor)
  let minor = 0
  let complete = true
  for (const [currency, sum] of sums) {
    const rate = currency === reporting ? 1 : rates[currency]
    if (rate === undefined) complete &&= sum === 0
    else minor += Math.round(sum * rate)
  }
  return {
    byCurrency: [...sums]
      .filter(([, sum]) => sum !== 0)
      .map(([currency, sum]) => ({ currency, minor: sum }))
      .toSorted((a, b) => b.minor - a.minor),
    reporting: { currency: reporting, minor, complete },
  }
}
