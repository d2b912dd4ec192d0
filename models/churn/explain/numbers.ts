/** Numbers as people write them in English: never more digits than anybody would say aloud. */

/**
 * A plain number: whole with groups of three from 100 on, else up to three digits that matter. Less than a
 * ten-thousandth is 0.
 *
 * @example
 * plainNumber(12345.6) // '12,346'
 * plainNumber(3.14159) // '3.14'
 */
export function plainNumber(value: number): string {
  if (Number.isInteger(value) || Math.abs(value) >= 100) return grouped(Math.round(value))
  const digits = Math.abs(value) >= 10 ? 1 : 2
  const small = Math.abs(value) >= 1e-4 && Math.abs(value) < 0.005
  return trimZeros(small ? value.toPrecision(1) : value.toFixed(digits))
}

/**
 * An amount: two decimals below 1,000 unless it is whole, none from there on.
 *
 * @example
 * money(105.5) // '105.50'
 * money(12000.4) // '12,000'
 */
export function money(value: number): string {
  const cents = Math.round(value * 100) / 100
  if (Math.abs(cents) >= 1000 || Number.isInteger(cents)) return grouped(Math.round(cents))
  return cents.toFixed(2)
}

/**
 * A share as a percentage: one decimal below 10 % where it matters.
 *
 * @example
 * percent(0.624) // '62 %'
 */
export function percent(share: number): string {
  const value = share * 100
  if (Math.abs(value) >= 9.95) return `${grouped(Math.round(value))} %`
  return `${trimZeros(value.toFixed(1))} %`
}

/**
 * A length of time, 0 or more: months below two years, then years, by halves below ten.
 *
 * @example
 * months(2) // '2 months'
 * months(60) // '5 years'
 */
export function months(value: number): string {
  if (value < 0.95) return 'less than a month'
  if (value < 23.5) return counted(Math.round(value), 'month')
  const years = value / 12
  return counted(years < 10 ? Math.round(years * 2) / 2 : Math.round(years), 'year')
}

/**
 * A length of time, 0 or more: days up to 90, then months and years.
 *
 * @example
 * days(45) // '45 days'
 */
export function days(value: number): string {
  if (value <= 90.5) return counted(Math.round(value), 'day')
  return months(value / 30.4375)
}

/**
 * @example
 * minutes(35.2) // '35 minutes'
 */
export function minutes(value: number): string {
  if (value > 0 && value < 0.95) return 'less than a minute'
  if (Math.round(value) === 60) return '1 hour'
  if (value < 119.5) return counted(Math.round(value), 'minute')
  const hours = value / 60
  return counted(hours < 10 ? Math.round(hours * 2) / 2 : Math.round(hours), 'hour')
}

/**
 * A number with its noun. Only nouns that take an s.
 *
 * @example
 * counted(1, 'seat') // '1 seat'
 */
export function counted(value: number, noun: string): string {
  const text = plainNumber(value)
  return `${text} ${noun}${text === '1' ? '' : 's'}`
}

const monthNames = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']

/**
 * @param value days since 1970-01-01 UTC
 * @example
 * date(20000) // '4 Oct 2024'
 */
export function date(value: number): string {
  const at = new Date(Math.floor(value) * 86_400_000)
  if (Number.isNaN(at.getTime())) return plainNumber(value)
  return `${at.getUTCDate()} ${monthNames[at.getUTCMonth()]} ${at.getUTCFullYear()}`
}

function grouped(value: number): string {
  const text = Math.abs(value) < 1e21 ? String(Math.abs(value)) : Math.abs(value).toPrecision(3)
  if (text.includes('e')) return (value < 0 ? '-' : '') + text
  let out = text
  for (let at = text.length - 3; at > 0; at -= 3) out = `${out.slice(0, at)},${out.slice(at)}`
  return value < 0 ? `-${out}` : out
}

function trimZeros(text: string): string {
  const trimmed = text.includes('.') ? text.replace(/\.?0+$/, '') : text
  return trimmed === '-0' ? '0' : trimmed
}
