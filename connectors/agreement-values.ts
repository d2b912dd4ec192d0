/** What a field says of an agreement, read from the ways in which people keep it: money, periods, yes and no, days. */
import { isCurrency, minorDigits } from '../src/contracts/money.ts'

/**
 * An amount without a currency that is one says nothing.
 *
 * @param amount in major units
 * @example moneyOf(12.5, 'eur') // { amountMinor: 1250, currency: 'EUR' }
 */
export function moneyOf(
  amount: number | null,
  currency: string | null,
): { readonly amountMinor: number | null; readonly currency: string | null } {
  const code = (currency ?? '').toUpperCase()
  if (amount === null || !Number.isFinite(amount) || !isCurrency(code))
    return { amountMinor: null, currency: null }
  return { amountMinor: Math.round(amount * 10 ** minorDigits(code)), currency: code }
}

/**
 * Months of a period as people write it: a number of months, ISO 8601 ("P1Y"), or a word.
 *
 * @returns null where it is none of these
 * @example readPeriod('P12M') // 12
 */
export function readPeriod(text: string): number | null {
  if (/^\d+(\.0+)?$/.test(text)) return positive(Number(text))
  const iso = /^P(?:(\d+)Y)?(?:(\d+)M)?$/i.exec(text)
  if (iso !== null) return positive(Number(iso[1] ?? 0) * 12 + Number(iso[2] ?? 0))
  return WORDS.get(text.toLowerCase().replaceAll(/[^a-z]/g, '')) ?? null
}

const positive = (months: number): number | null => (months >= 1 && months <= 1200 ? months : null)

const WORDS: ReadonlyMap<string, number> = new Map([
  ['monthly', 1],
  ['month', 1],
  ['quarterly', 3],
  ['quarter', 3],
  ['persixmonths', 6],
  ['semiannually', 6],
  ['biannually', 6],
  ['halfyearly', 6],
  ['annually', 12],
  ['annual', 12],
  ['yearly', 12],
  ['year', 12],
  ['pertwoyears', 24],
  ['perthreeyears', 36],
  ['perfouryears', 48],
  ['perfiveyears', 60],
])

/** @example yesOrNo('Ja') // true */
export function yesOrNo(text: string): boolean | null {
  if (/^(true|yes|ja|oui|si|sí|1)$/i.test(text)) return true
  return /^(false|no|nein|non|0)$/i.test(text) ? false : null
}

/**
 * The day that a moment is on for the people of an account.
 *
 * @param timeZone IANA; one that is not known counts as UTC
 * @example dayIn('America/New_York')('2026-12-01T04:59:00.000Z') // '2026-11-30'
 */
export function dayIn(timeZone: string): (iso: string) => string {
  try {
    const format = new Intl.DateTimeFormat('en-CA', { timeZone, dateStyle: 'short' })
    // Years before 1000 and after 9999 are not written as ISO 8601 has them.
    return (iso) => {
      const day = format.format(new Date(iso))
      return /^\d{4}-\d{2}-\d{2}$/.test(day) ? day : iso.slice(0, 10)
    }
  } catch {
    return (iso) => iso.slice(0, 10)
  }
}
