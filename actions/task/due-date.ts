/** When a task is due: days on which people work. */

const DAY = 86_400_000

/**
 * Noon in UTC of the n-th business day after a date, which is the same day nearly everywhere; no later than the day
 * on which the action's time is over.
 *
 * @param days business days, Monday to Friday; holidays differ from company to company, and are not known
 * @example
 * dueDate(new Date('2026-11-20T09:00Z'), 2, new Date('2026-12-01')).toISOString() // a Friday: '2026-11-24T12:00:00.000Z'
 */
export function dueDate(from: Date, days: number, end: Date): Date {
  let day = Date.UTC(from.getUTCFullYear(), from.getUTCMonth(), from.getUTCDate())
  for (let left = days; left > 0;) {
    day += DAY
    if (isBusinessDay(day)) left--
  }
  // The moment at which it ends belongs to the day before.
  const last = new Date(end.getTime() - 1)
  const lastDay = Date.UTC(last.getUTCFullYear(), last.getUTCMonth(), last.getUTCDate())
  const noon = Math.min(day, lastDay) + DAY / 2
  return new Date(Math.max(noon, from.getTime()))
}

function isBusinessDay(day: number): boolean {
  const weekday = new Date(day).getUTCDay()
  return weekday !== 0 && weekday !== 6
}
