/** Days and months as the world and its sandboxes count them. */

export const DAY = 86_400_000
export const HOUR = 3_600_000
export const DAYS_IN_MONTH = 365.25 / 12

/** 'YYYY-MM-DD' of a day since 1970-01-01. */
export const dayText = (day: number): string => new Date(day * DAY).toISOString().slice(0, 10)

/** Months of a term, by the world's name of the contract; 0: it ends any month. */
export const termMonths = (contract: string | number | null): number =>
  contract === 'One year' ? 12 : contract === 'Two year' ? 24 : 0

/** The same day of a later month, at most the 28th; days since 1970-01-01. */
export function addMonths(day: number, months: number): number {
  if (months === 0) return day
  const from = new Date(day * DAY)
  return Date.UTC(from.getUTCFullYear(), from.getUTCMonth() + months, Math.min(28, from.getUTCDate())) / DAY
}
