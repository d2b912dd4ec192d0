/** From a file's columns to what they mean: a proposal with a confidence and its reasons, to be edited by people. */
import { HoldfastError } from '../../src/contracts/errors.ts'
import type { ColumnProfile, TableProfile } from '../../src/contracts/table.ts'
import type { Candidate } from './candidates.ts'
import { candidatesFor, feeders } from './candidates.ts'
import { flagOf } from './categories.ts'
import { findColumn } from './columns.ts'
import { withBlanksExplained, withIntervalAmount, withTenureChecked } from './cross-checks.ts'
import { canonical } from './dictionary.ts'
import { columnMatches } from './header.ts'
import { likelyId, likelyTarget } from './likely.ts'
import { MAPPING_VERSION, isAsOf } from './mapping-file.ts'
import type { MappedColumn, Mapping } from './mapping-file.ts'
import { kept, outside, proposal } from './proposal.ts'
import { key, valueKey } from './words.ts'

export interface MappingOptions {
  /** Header of the target; otherwise the column that looks most like one. */
  readonly target?: string
  /** Header of the customer's id; otherwise the column that looks most like one. */
  readonly id?: string
  /** Columns (or canonical names such as `gender`) that feed the model although they stay out by default. */
  readonly keep?: readonly string[]
  /** A mapping made before: a column of the same name stays what it was, whatever this file's values suggest. */
  readonly like?: Mapping
  /** Day that dates are counted from, `YYYY-MM-DD`; default: the newest date in the file. */
  readonly asOf?: string
}

/**
 * What each column of a file most likely is. One column feeds one canonical feature (the surest; of equals the
 * first in the file), every other column is a feature by its own name, or stays out with the reason.
 *
 * @throws HoldfastError `target_missing` or `column_missing` when a named column is not in the file, `usage`
 *   for an as-of that is no date
 * @example
 * proposeMapping(profile, { target: 'Churn' }).columns[5]
 * // { column: 'tenure', use: 'feature', feature: 'tenureMonths', kind: 'number', confidence: 0.98, why: '…' }
 */
export function proposeMapping(profile: TableProfile, options: MappingOptions = {}): Mapping {
  if (options.asOf !== undefined && !isAsOf(options.asOf)) {
    throw new HoldfastError(
      'usage',
      `"${options.asOf}" is no date. Give --as-of as YYYY-MM-DD, such as 2026-01-31.`,
    )
  }
  const keep = keptColumns(profile, options.keep ?? [])
  const settled = settledColumns(profile, options.like)
  const candidates = profile.columns.map((column) =>
    settled.has(column.header) ? [] : candidatesFor(column, profile.rows),
  )
  const named = {
    target: options.target === undefined ? undefined : findColumn(profile, options.target, 'target').header,
    id: options.id === undefined ? undefined : findColumn(profile, options.id, 'id').header,
  }
  const target = named.target ?? settledUse(settled, 'target') ?? likelyTarget(profile, candidates)
  const id = named.id ?? settledUse(settled, 'id') ?? likelyId(profile, candidates, target)
  const fed = feeders(profile, candidates, settled, new Set([target, id]))

  const columns = profile.columns.map((column, i): MappedColumn => {
    const before = settled.get(column.header)
    if (column.header === target)
      return before?.use === 'target' ? before : marked(column, 'target', named, candidates[i])
    if (column.header === id)
      return before?.use === 'id' ? before : marked(column, 'id', named, candidates[i])
    const keeps = keep.has(column.header)
    if (before?.use === 'id' || before?.use === 'target') {
      return outside(column, 'ignore', 1, `was the ${before.use} in the mapping given`)
    }
    if (before && !(keeps && before.use === 'ignore')) return before
    return keeps ? kept(column, candidates[i], fed) : proposal(column, candidates[i], fed)
  })
  return {
    holdfastMapping: MAPPING_VERSION,
    asOf: options.asOf ?? options.like?.asOf ?? 'newest',
    columns: withBlanksExplained(
      withTenureChecked(withIntervalAmount(columns, fed), profile, fed),
      profile,
      fed,
    ),
  }
}

/** The target's or the id's entry: named by somebody, or read from header and values. */
function marked(
  column: ColumnProfile,
  use: 'target' | 'id',
  named: Readonly<Record<'target' | 'id', string | undefined>>,
  candidates: readonly Candidate[],
): MappedColumn {
  if (named[use] === column.header) return outside(column, use, 1, `named as the ${use}`)
  const read = candidates.find(({ entry }) => entry.role === use)
  return outside(column, use, read?.confidence ?? 0.5, read?.why ?? 'every row has a value of its own')
}

/**
 * Headers of the columns that were named to be kept: by header, or by a canonical name such as `gender`.
 *
 * @throws HoldfastError `column_missing`
 */
export function keptColumns(profile: TableProfile, names: readonly string[]): ReadonlySet<string> {
  const headers = new Set<string>()
  for (const name of names) {
    const byMeaning = canonical(name)
      ? profile.columns
          .filter((column) => columnMatches(column)[0]?.entry.name === name)
          .map((column) => column.header)
      : []
    const found = byMeaning.length > 0 ? byMeaning : [findColumn(profile, name, 'keep').header]
    for (const header of found) headers.add(header)
  }
  return headers
}

function settledColumns(profile: TableProfile, like: Mapping | undefined): ReadonlyMap<string, MappedColumn> {
  const settled = new Map<string, MappedColumn>()
  for (const entry of like?.columns ?? []) {
    const same = profile.columns.find((column) => column.header === entry.column)
    const alike =
      same ??
      profile.columns.find(
        (column) =>
          key(column.header) === key(entry.column) &&
          !like?.columns.some((e) => e.column === column.header) &&
          speaksAlike(entry, column),
      )
    if (alike && !settled.has(alike.header)) settled.set(alike.header, { ...entry, column: alike.header })
  }
  return settled
}

/** Of a header that is only spelt alike the values must be known too: "Internet Service" may be Yes and No. */
function speaksAlike({ values }: MappedColumn, column: ColumnProfile): boolean {
  if (!values) return true
  const known = new Set(Object.keys(values).map(valueKey))
  return (
    column.values.some(({ value }) => known.has(valueKey(value)) && flagOf(value) === undefined) ||
    column.values.every(({ value }) => known.has(valueKey(value)))
  )
}

function settledUse(settled: ReadonlyMap<string, MappedColumn>, use: 'id' | 'target'): string | undefined {
  return [...settled.values()].find((entry) => entry.use === use)?.column
}
