/**
 * The days that `THIS_YEAR` and its like stand for, in UTC: the sandbox's users live there.
 *
 * @see https://developer.salesforce.com/docs/atlas.en-us.soql_sosl.meta/soql_sosl/sforce_api_calls_soql_select_dateformats.htm
 */

const DAY = 86_400_000

/** From the first day until before the other, as milliseconds; null: no such word. */
export function rangeOf(word: string, now: Date): readonly [from: number, before: number] | null {
  const [name, given] = word.split(':')
  const count = given === undefined ? null : Number(given)
  const today = Math.floor(now.getTime() / DAY) * DAY
  const days = (from: number, length: number): readonly [number, number] => [
    today + from * DAY,
    today + (from + length) * DAY,
  ]
  if (count === null) {
    if (name === 'TODAY') return days(0, 1)
    if (name === 'YESTERDAY') return days(-1, 1)
    if (name === 'TOMORROW') return days(1, 1)
    if (name === 'LAST_90_DAYS') return days(-89, 90)
    if (name === 'NEXT_90_DAYS') return days(1, 90)
    const [, which, unit] = /^(THIS|LAST|NEXT)_(WEEK|MONTH|QUARTER|YEAR)$/.exec(name) ?? []
    if (!unit) return null
    const shift = { THIS: 0, LAST: -1, NEXT: 1 }[which] ?? 0
    return [startOf(unit, now, shift), startOf(unit, now, shift + 1)]
  }
  const [, which, unit] = /^(LAST|NEXT)_N_(DAY|WEEK|MONTH|QUARTER|YEAR)S$/.exec(name) ?? []
  if (unit === 'DAY') return which === 'LAST' ? [today - count * DAY, today + DAY] : days(1, count)
  if (unit) {
    return which === 'LAST'
      ? [startOf(unit, now, -count), startOf(unit, now, 0)]
      : [startOf(unit, now, 1), startOf(unit, now, count + 1)]
  }
  const [, old] = /^N_(DAY|WEEK|MONTH|QUARTER|YEAR)S_AGO$/.exec(name) ?? []
  if (old === 'DAY') return days(-count, 1)
  if (old) return [startOf(old, now, -count), startOf(old, now, 1 - count)]
  return null
}

/** The first day of the week (Sunday), month, quarter or year that is so many away. */
function startOf(unit: string, now: Date, shift: number): number {
  const year = now.getUTCFullYear()
  const month = now.getUTCMonth()
  switch (unit) {
    case 'WEEK':
      return Date.UTC(year, month, now.getUTCDate() - now.getUTCDay() + 7 * shift)
    case 'MONTH':
      return Date.UTC(year, month + shift, 1)
    case 'QUARTER':
      return Date.UTC(year, Math.floor(month / 3) * 3 + 3 * shift, 1)
    default:
      return Date.UTC(year + shift, 0, 1)
  }
}
