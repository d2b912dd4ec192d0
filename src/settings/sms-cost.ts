/** What a text costs by the prices of the settings. */
import { minorDigits } from '../contracts/money.ts'
import type { SmsSettings } from './sms.ts'

/**
 * What a text costs: each of its parts is paid for.
 *
 * @param segments parts that it travels in
 * @param country of the number, ISO 3166-1 alpha-2; null: of none
 * @param currency of the prices: the reporting one
 * @returns minor units of it, rounded up, so that a budget is never overdrawn; null where no price is known
 * @example
 * smsCost(2, 'DE', { pricePerSegment: 0.05, pricesByCountry: { DE: 0.075 } }, 'EUR') // 15
 */
export function smsCost(
  segments: number,
  country: string | null,
  { pricePerSegment, pricesByCountry }: Pick<SmsSettings, 'pricePerSegment' | 'pricesByCountry'>,
  currency: string,
): number | null {
  const own = country !== null && Object.hasOwn(pricesByCountry, country) ? pricesByCountry[country] : null
  const each = own ?? pricePerSegment
  if (each === null) return null
  // What binary fractions add to a product (0.075 * 100 is 7.500000000000001 elsewhere) must not cost a cent.
  return Math.ceil(Number((segments * each * 10 ** minorDigits(currency)).toFixed(6)))
}
