/**
 * A new description of a CRM against the mapping that was settled: what was mapped and cannot be read any more is left
 * out, so that its feature is missing and not wrong, and the admin is told.
 */
import { canonical } from '../../models/features/dictionary.ts'
import type { MappedColumn, Mapping } from '../../models/features/mapping-file.ts'
import { HoldfastError } from '../contracts/errors.ts'
import type { ColumnKind, TableProfile } from '../contracts/table.ts'
import type { Connection, ConnectionNote } from '../store/connections.ts'
import { mappingOf } from './mapping.ts'
import { neededColumns } from './needed-properties.ts'

export interface ComparedDescription {
  /** Without the properties that are of another type than they were mapped as. */
  readonly profile: TableProfile
  /** What was settled, and what came since that feeds something. Null: nothing does. */
  readonly mapping: Mapping | null
  readonly notes: readonly ConnectionNote[]
}

/**
 * @param connection as it was before this description
 * @example
 * comparedDescription(connection, profile, { like: undefined, today, now }).notes[0].message
 */
export function comparedDescription(
  connection: Connection,
  profile: TableProfile,
  { like, today, now }: { like: Mapping | undefined; today: number; now: Date },
): ComparedDescription {
  const notes: ConnectionNote[] = []
  const note = (code: string, subject: string, message: string, was?: string): void => {
    const known = connection.notes.find((one) => one.code === code && one.subject === subject)
    const since = known?.since ?? now.toISOString()
    notes.push({ code, subject, message, since, ...(was === undefined ? {} : { was }) })
  }
  const settled =
    connection.mapping?.columns.filter(({ use }) => use === 'feature' || use === 'context') ?? []
  const changed = new Set<string>()
  const lost = new Set<string>()
  for (const entry of settled) {
    const { column } = entry
    const kindNow = profile.columns.find(({ header }) => header === column)?.kind
    const was = kindBefore(connection, entry)
    if (kindNow === undefined) {
      note('property_missing', column, missingWords(entry))
      lost.add(entry.feature ?? column)
    } else if (was !== null && !alike(was, kindNow)) {
      note('property_type', column, typeWords(entry, was, kindNow), was)
      changed.add(column)
      lost.add(entry.feature ?? column)
    }
  }
  const { population } = connection
  if (
    population?.kind === 'property' &&
    !profile.columns.some(({ header }) => header === population.property)
  )
    note('population_missing', population.property, populationWords(population.property))
  const readable = { ...profile, columns: profile.columns.filter(({ header }) => !changed.has(header)) }
  return {
    profile: readable,
    mapping: settledMapping(connection, readable, { like, today, lost }),
    notes,
  }
}

/** @returns the error that stops reading while nothing says who is a customer; null: all is well */
export function populationProblem({ notes }: Pick<Connection, 'notes'>): HoldfastError | null {
  const found = notes.find(({ code }) => code === 'population_missing')
  return found === undefined ? null : new HoldfastError('connector_configuration', found.message)
}

/** As what the property was mapped: null where that is not known. */
function kindBefore({ profile, notes }: Connection, { column, kind }: MappedColumn): ColumnKind | null {
  const noted = notes.find(({ code, subject }) => code === 'property_type' && subject === column)
  if (noted?.was !== undefined) return noted.was as ColumnKind
  const before = profile?.columns.find(({ header }) => header === column)?.kind
  if (before !== undefined && before !== 'empty') return before
  // Of a category the values are what counts, and they may be numbers.
  return kind === 'number' || kind === 'date' ? kind : null
}

/** Whether a text has few values or many differs from one sample to the next. */
function alike(before: ColumnKind, now: ColumnKind): boolean {
  const text = (kind: ColumnKind): boolean => kind === 'category' || kind === 'text'
  return now === 'empty' || before === now || (text(before) && text(now))
}

function settledMapping(
  connection: Connection,
  profile: TableProfile,
  { like, today, lost }: { like: Mapping | undefined; today: number; lost: ReadonlySet<string> },
): Mapping | null {
  const known = new Set(connection.mapping?.columns.map(({ column }) => column))
  const place = { ...connection, profile }
  const fresh = neededColumns(place, today, like).filter(({ column }) => !known.has(column))
  const columns = [
    ...(connection.mapping?.columns ?? []),
    // What fed a feature is gone: nothing else takes its place without a word.
    ...fresh.map((entry): MappedColumn => {
      const { column, feature } = entry
      if (feature === undefined || !lost.has(feature)) return entry
      const why = `could feed ${feature} in place of the property that is gone, if you say so`
      return { column, use: 'ignore', confidence: 1, why }
    }),
  ]
  if (columns.length === 0) return null
  const { holdfastMapping } = mappingOf(place, { today })
  return { holdfastMapping, asOf: connection.mapping?.asOf ?? 'newest', columns }
}

const labelOf = ({ feature, column }: MappedColumn): string => canonical(feature ?? '')?.label ?? column

function missingWords(entry: MappedColumn): string {
  return `The property "${entry.column}" is not in the CRM any more, so "${labelOf(entry)}" is not known of any customer, and scores do without it. Restore the property there, or map another one to it.`
}

const KINDS: Readonly<Record<ColumnKind, string>> = {
  number: 'a number',
  date: 'a date',
  category: 'a choice or text',
  text: 'a choice or text',
  empty: 'empty',
}

function typeWords(entry: MappedColumn, was: ColumnKind, now: ColumnKind): string {
  return `The property "${entry.column}" was ${KINDS[was]} when it was mapped and is ${KINDS[now]} now, so "${labelOf(entry)}" is not known of any customer, and scores do without it. Change it back in the CRM, or map another property to it.`
}

function populationWords(property: string): string {
  return `The property "${property}" that says who is a customer is not in the CRM any more. Nothing is read until it is restored there or the population is stated anew; scores stay as they are.`
}
