/** A mapping as a person edits it: changes laid over the one in force, and checked. */
import { ignoredByHand, isMappable, mappedByHand, outOfModelBy } from '../../models/features/by-hand.ts'
import { canonical, type CanonicalFeature } from '../../models/features/dictionary.ts'
import { parseMapping, type MappedColumn, type Mapping } from '../../models/features/mapping-file.ts'
import { HoldfastError } from '../contracts/errors.ts'
import type { ColumnProfile, TableProfile } from '../contracts/table.ts'
import type { Connection } from '../store/connections.ts'
import { mappingOf } from './mapping.ts'
import { neededColumns } from './needed-properties.ts'

/** A column that a person chose for a feature; a feature of null leaves the column out. */
export interface MappingChange {
  readonly column: string
  readonly feature: string | null
  readonly unit?: string | undefined
  readonly inverted?: boolean | undefined
}

/** The columns that the mapping in force reads. */
export function mappedNow(connection: Connection, today: number): readonly MappedColumn[] {
  return connection.profile === null ? [] : neededColumns(connection, today)
}

/**
 * The mapping with changes laid over it. A column that fed a feature which another one feeds now is left out.
 *
 * @throws HoldfastError `settings_invalid` for what cannot be: a column or feature that is not there, values that are no
 *   such thing, a mark that is kept out
 */
export function draftMapping(
  connection: Connection,
  changes: readonly MappingChange[],
  today: number,
): Mapping {
  const { profile } = connection
  if (profile === null) mappingOf(connection, { today })
  const known = profile!
  const columns = new Map(mappedNow(connection, today).map((entry) => [entry.column, entry]))
  for (const entry of connection.mapping?.columns ?? [])
    if (!columns.has(entry.column)) columns.set(entry.column, entry)
  const chosen = new Set(changes.map(({ column }) => column))
  for (const change of changes) {
    const entry = chosenEntry(change, known)
    if (entry.feature !== undefined)
      for (const other of columns.values())
        if (other.feature === entry.feature && other.column !== entry.column) {
          if (
            chosen.has(other.column) &&
            changes.some((one) => one.column === other.column && one.feature === entry.feature)
          )
            throw invalid(
              `"${labelled(known, other.column)}" and "${labelled(known, entry.column)}" cannot both feed "${canonical(entry.feature)!.label}". Choose one.`,
            )
          columns.set(other.column, ignoredByHand(other.column))
        }
    columns.set(change.column, entry)
  }
  const { holdfastMapping } = mappingOf(connection, { today })
  const draft = {
    holdfastMapping,
    asOf: connection.mapping?.asOf ?? 'newest',
    columns: [...columns.values()],
  }
  return parseMapping(JSON.stringify(draft), 'The mapping')
}

function chosenEntry(change: MappingChange, profile: TableProfile): MappedColumn {
  const column = profile.columns.find(({ header }) => header === change.column)
  if (column === undefined)
    throw invalid(
      `There is no property "${change.column}" in the CRM. Sync the connection if it is new there.`,
    )
  if (change.feature === null) return ignoredByHand(change.column)
  const entry = canonical(change.feature)
  if (entry === undefined || !isMappable(change.feature))
    throw invalid(`There is nothing called "${change.feature}" that a property could feed.`)
  const out = outOfModelBy(column, profile.rows)
  if (out?.never === true) throw invalid(`"${column.label ?? column.header}" cannot be used: it ${out.why}.`)
  const mapped = mappedByHand(column, entry, profile.rows, change)
  if (mapped !== null) return mapped
  throw invalid(
    `"${column.label ?? column.header}" cannot be ${entry.label}: it holds ${KINDS[column.kind]}, and that is ${wants(entry)}. Choose another property, or say what it is written in.`,
  )
}

const KINDS: Readonly<Record<ColumnProfile['kind'], string>> = {
  number: 'numbers',
  category: 'a few different texts',
  date: 'dates',
  text: 'free text',
  empty: 'nothing at all',
}

const wants = ({ kind, categories }: CanonicalFeature): string =>
  kind === 'number'
    ? 'a number'
    : categories === undefined
      ? 'a choice'
      : `one of ${categories.map(({ value }) => value).join(', ')}`

const labelled = (profile: TableProfile, header: string): string =>
  profile.columns.find((column) => column.header === header)?.label ?? header

const invalid = (message: string): HoldfastError =>
  new HoldfastError('settings_invalid', `The mapping is not saved. ${message}`)
