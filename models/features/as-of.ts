/** The day that dates are counted from. Features are what was known then: later days would leak the outcome. */
import type { TableProfile } from '../../src/contracts/table.ts'
import { canonical } from './dictionary.ts'
import { columnMatches } from './header.ts'
import type { MappedColumn, Mapping } from './mapping-file.ts'
import { dateUnits } from './units.ts'
import { words } from './words.ts'

export interface AsOf {
  /** Days since 1970-01-01 UTC. */
  readonly day: number
  /** The column that it was taken from; null when it was given. */
  readonly column: string | null
}

/**
 * The mapping's fixed day; else the newest day of a column that dates the data; else the newest date among
 * the columns that look back. Renewal and end dates look ahead and never count, nor does what is ignored.
 *
 * @param today days since 1970-01-01: no later day is believed (a stray 9999-12-31)
 * @returns null when the file has no date to go by
 */
export function asOfDay(profile: TableProfile, mapping: Mapping, today = Infinity): AsOf | null {
  if (mapping.asOf !== 'newest')
    return { day: Date.parse(`${mapping.asOf}T00:00:00Z`) / 86400000, column: null }
  const stamp = profile.columns.find(
    (column) => column.kind === 'date' && columnMatches(column)[0]?.entry.name === 'snapshotDate',
  )
  if (stamp?.range) return { day: Math.min(stamp.range.max, today), column: stamp.header }
  let newest: AsOf | null = null
  for (const entry of mapping.columns) {
    if (entry.use !== 'feature' && entry.use !== 'context') continue
    const column = profile.columns.find((other) => other.header === entry.column)
    const written = dateUnits[column?.kind === 'date' ? 'date' : (entry.unit ?? '')]
    if (!column?.range || !written || looksAhead(entry)) continue
    const day = Math.floor(column.range.max * written.factor + written.offset)
    if (!newest || day > newest.day) newest = { day, column: column.header }
  }
  return newest && newest.day > today ? { ...newest, day: today } : newest
}

const ahead = new Set([
  'end',
  'ends',
  'ending',
  'expiry',
  'expires',
  'expiration',
  'renewal',
  'renews',
  'next',
  'due',
  'until',
  'valid',
  'upcoming',
  'ende',
  'deadline',
  'expected',
])

/** Whether a column's dates lie ahead of the as-of date by what they mean: renewals, ends, the next payment. */
export function looksAhead(entry: Pick<MappedColumn, 'column' | 'feature'>): boolean {
  const known = canonical(entry.feature ?? '')
  if (known) return known.time === 'until'
  return words(entry.feature ?? entry.column).some((word) => ahead.has(word))
}
