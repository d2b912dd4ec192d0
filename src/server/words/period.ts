/** Periods as people say them. */
const MONTHS = new Intl.DateTimeFormat('en-GB', { timeZone: 'UTC', month: 'long', year: 'numeric' })

/**
 * A period of {@link periodOf} in words.
 *
 * @example
 * periodWords('2026-11') // 'November 2026'; '2026-W47' is 'week 47 of 2026', '2026-Q4' 'quarter 4 of 2026'
 */
export function periodWords(period: string): string {
  const [year, part] = period.split('-')
  if (part === undefined) return period
  if (part.startsWith('W')) return `week ${Number(part.slice(1))} of ${year}`
  if (part.startsWith('Q')) return `quarter ${part.slice(1)} of ${year}`
  const date = new Date(`${period}-01T00:00:00Z`)
  return Number.isNaN(date.getTime()) ? period : MONTHS.format(date)
}
