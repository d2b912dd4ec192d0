/** Finding columns: by the header that somebody typed, and by the feature that they feed. */
import { HoldfastError } from '../../src/contracts/errors.ts'
import type { Feature } from '../../src/contracts/features.ts'
import type { ColumnProfile, TableProfile } from '../../src/contracts/table.ts'
import { canonical } from './dictionary.ts'
import type { MappedColumn, Mapping } from './mapping-file.ts'
import { key, nearestNames } from './words.ts'

/**
 * A column by the header that somebody typed: exactly, or the only one that differs in case, spaces and signs.
 *
 * @throws HoldfastError `target_missing` or `column_missing` with the nearest names and the list of columns
 */
export function findColumn(
  profile: TableProfile,
  name: string,
  what: 'target' | 'id' | 'keep' | 'columns',
): ColumnProfile {
  const exact = profile.columns.find((column) => column.header === name)
  if (exact) return exact
  const alike = profile.columns.filter((column) => key(column.header) === key(name) && key(name) !== '')
  if (alike.length === 1) return alike[0]
  const headers = profile.columns.map((column) => column.header)
  const near = nearestNames(name, headers)
  const hint = near.length > 0 ? ` Did you mean ${near.map((header) => `"${header}"`).join(' or ')}?` : ''
  const list =
    headers.length > 40
      ? `${headers.slice(0, 40).join(', ')}, … (${headers.length} in all)`
      : headers.join(', ')
  throw new HoldfastError(
    what === 'target' ? 'target_missing' : 'column_missing',
    `There is no column "${name}" in ${profile.path}.${hint} Its columns: ${list}. Name one of them with --${what}.`,
  )
}

/** The column that feeds a feature: by canonical or own name; own names also without regard to case and signs. */
export function columnFor(mapping: Mapping, feature: Pick<Feature, 'name'>): MappedColumn | undefined {
  const readable = mapping.columns.filter((entry) => entry.use === 'feature' || entry.use === 'context')
  const exact = readable.find((entry) => entry.feature === feature.name)
  if (exact || canonical(feature.name)) return exact
  return readable.find(
    (entry) =>
      entry.feature !== undefined && !canonical(entry.feature) && key(entry.feature) === key(feature.name),
  )
}
