/** A CRM's properties as columns of a table, with figures of a sample: what a mapping is proposed from. */
import type { ColumnProfile } from '../src/contracts/table.ts'
import type { PropertyValue } from './connector.ts'
import { countColumn, type ColumnCounts } from './csv/column-counter.ts'
import { columnFormat, fileHabits } from './csv/column-kind.ts'
import { dateReadings } from './csv/dates.ts'

export interface DescribedProperty {
  /** By its name in the CRM. */
  readonly name: string
  readonly label: string
  readonly type: 'number' | 'bool' | 'date' | 'datetime' | 'enumeration' | 'string'
  /** What people can choose, of an enumeration. */
  readonly options: readonly { readonly value: string; readonly label: string }[]
  /** Its values tell records apart, but are no categories to learn from: several options at once, ids of users. */
  readonly identifying: boolean
  /** Its numbers are per cent: 12 is 12 %. */
  readonly percent?: boolean
}

/** Most frequent values of a column that a profile shows, as for files. */
const TOP_VALUES = 256

/**
 * Kinds come from the types of the properties, those of texts from what stands in them; options are there whether or
 * not the sample has them.
 *
 * @param values of the sample, as the connector hands them over
 */
export function describedColumn(
  property: DescribedProperty,
  values: readonly PropertyValue[],
): ColumnProfile {
  const { name, type, label } = property
  const filled = values.filter((value) => value !== null)
  const missing = values.length - filled.length
  const counts = new Map<string, number>(optionValues(property).map((value) => [value, 0]))
  for (const value of filled) counts.set(String(value), (counts.get(String(value)) ?? 0) + 1)
  const distinct = [...counts.values()].filter((count) => count > 0).length
  const common = { header: name, label, missing, distinct, values: topOf(counts, property) }
  if (type === 'number') {
    const numbers = filled.filter((value) => typeof value === 'number')
    return {
      ...common,
      kind: 'number',
      numberFormat: { decimal: '.', group: '' },
      ...(property.percent === true && { unit: 'percent' }),
      ...rangeOf(numbers),
      ...unreadableOf(filled, (value) => typeof value === 'number'),
    }
  }
  if (type === 'date' || type === 'datetime') {
    const days = filled.flatMap((value) =>
      dateReadings(String(value))
        .slice(0, 1)
        .map((one) => one.days),
    )
    return {
      ...common,
      kind: 'date',
      dateFormat: '%Y-%m-%d',
      ...rangeOf(days),
      ...unreadableOf(filled, (value) => dateReadings(String(value)).length > 0),
    }
  }
  if (type === 'bool') return { ...common, kind: 'category', unreadable: 0 }
  if (type === 'enumeration') {
    return { ...common, kind: property.identifying ? 'text' : 'category', unreadable: 0 }
  }
  return { ...common, ...textColumn(values) }
}

/** Yes and no, and what people can choose. */
function optionValues({ type, options }: DescribedProperty): readonly string[] {
  if (type === 'bool') return ['true', 'false']
  return type === 'enumeration' ? options.map(({ value }) => value) : []
}

function topOf(
  counts: ReadonlyMap<string, number>,
  { type, options }: DescribedProperty,
): ColumnProfile['values'] {
  const labels = new Map(options.map(({ value, label }) => [value, label]))
  return [...counts]
    .map(([value, count]) => {
      const label = type === 'enumeration' ? labels.get(value) : undefined
      return { value, count, ...(label !== undefined && label !== value && { label }) }
    })
    .sort((a, b) => b.count - a.count || (a.value < b.value ? -1 : 1))
    .slice(0, TOP_VALUES)
}

function rangeOf(numbers: readonly number[]): Pick<ColumnProfile, 'range'> {
  if (numbers.length === 0) return {}
  const sum = numbers.reduce((total, value) => total + value, 0)
  return {
    range: {
      min: numbers.reduce((a, b) => Math.min(a, b)),
      max: numbers.reduce((a, b) => Math.max(a, b)),
      mean: sum / numbers.length,
    },
  }
}

function unreadableOf<T>(filled: readonly T[], readable: (value: T) => boolean): { unreadable: number } {
  return { unreadable: filled.filter((value) => !readable(value)).length }
}

/** Numbers and dates that a CRM keeps as texts are found as those of a file are. */
function textColumn(
  values: readonly PropertyValue[],
): Pick<ColumnProfile, 'kind' | 'unreadable' | 'range' | 'numberFormat' | 'percent' | 'dateFormat'> {
  const counter = countColumn(true)
  for (const value of values) counter.add(value === null ? null : String(value), 1)
  const counts: ColumnCounts = counter.counts
  const format = columnFormat(counts, fileHabits([counts], ','), counts.values?.size ?? counts.groups)
  const { kind, range, unreadable, percent } = format
  return {
    kind: kind === 'empty' ? 'text' : kind,
    unreadable,
    ...(range !== null && { range: { min: range.min, max: range.max, mean: range.sum / range.count } }),
    ...(kind === 'number' && { numberFormat: format.number }),
    ...(percent && { percent }),
    ...(kind === 'date' && format.date !== null && { dateFormat: format.date }),
  }
}
