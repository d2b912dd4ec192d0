/** How stored properties are read: where that changes, the same properties mean something else. */
import { asOfDay } from '../../models/features/as-of.ts'
import { canonicalJson } from '../../models/canonical-json.ts'
import type { MappedColumn, Mapping } from '../../models/features/mapping-file.ts'
import type { ColumnProfile, TableProfile } from '../contracts/table.ts'

export interface Reading {
  readonly profile: TableProfile
  readonly mapping: Mapping
}

/**
 * Whether equal properties give equal features under both. A category that nobody had before changes nothing for
 * those who are there.
 *
 * @param today days since 1970-01-01
 */
export function readsAlike(before: Reading, after: Reading, today: number): boolean {
  const [old, now] = [columnsOf(before), columnsOf(after)]
  return (
    day(before, today) === day(after, today) &&
    old.length === now.length &&
    old.every((column, i) => sameColumn(column, now[i]))
  )
}

interface ReadColumn {
  readonly entry: MappedColumn
  readonly found: ColumnProfile | undefined
}

function columnsOf({ profile, mapping }: Reading): readonly ReadColumn[] {
  return mapping.columns
    .filter(({ use }) => use === 'feature' || use === 'context')
    .map((entry) => ({ entry, found: profile.columns.find(({ header }) => header === entry.column) }))
}

const day = ({ profile, mapping }: Reading, today: number): number | null =>
  asOfDay(profile, mapping, today)?.day ?? null

function sameColumn(before: ReadColumn, after: ReadColumn): boolean {
  const had = new Set(before.found?.values.map(({ value }) => value))
  const kept = (after.found?.values ?? []).filter(({ value }) => had.has(value))
  return (
    spelling(before) === spelling(after) &&
    kept.every(({ value }) => meaning(before.entry, value) === meaning(after.entry, value))
  )
}

const meaning = ({ values }: MappedColumn, value: string): string | null =>
  values !== undefined && Object.hasOwn(values, value) ? values[value] : null

function spelling({ entry, found }: ReadColumn): string {
  const { column, feature, kind, unit, inverted, blanks } = entry
  const { kind: written, numberFormat: number, percent, dateFormat: date } = found ?? {}
  return canonicalJson({ column, feature, kind, unit, inverted, blanks, written, number, percent, date })
}
