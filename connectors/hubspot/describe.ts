/** The properties that a portal has today, with figures of a sample: what a mapping is proposed from. */
import type { ColumnProfile, TableProfile } from '../../src/contracts/table.ts'
import { countColumn, type ColumnCounts } from '../csv/column-counter.ts'
import { columnFormat, fileHabits } from '../csv/column-kind.ts'
import { dateReadings } from '../csv/dates.ts'
import type { ObjectDescription } from '../connector.ts'
import type { CustomerObject } from './records.ts'
import { describable } from './records.ts'
import type { Objects } from './objects.ts'
import type { Property } from './properties.ts'
import { readValue } from './values.ts'

export interface DescribeSource {
  readonly objects: Objects
  readonly object: CustomerObject
  readonly portal: string
  readonly properties: ReadonlyMap<string, Property>
}

/** Most frequent values of a column that a profile shows, as for files. */
const TOP_VALUES = 256

/**
 * Kinds come from the types of the properties, those of texts from what stands in them; options are there whether or
 * not the sample has them. The sample: the records that were modified last, at most 200. One call.
 *
 * @example
 * (await describeObject(source)).profile.columns.find(({ header }) => header === 'lifecyclestage')
 */
export async function describeObject({
  objects,
  object,
  portal,
  properties,
}: DescribeSource): Promise<ObjectDescription> {
  const names = describable(properties)
  const { records } = await objects.search(object, {
    filters: [],
    properties: names,
    // The latest first: those that are in use, and not the leads of years ago.
    sort: object === 'contacts' ? '-lastmodifieddate' : '-hs_lastmodifieddate',
  })
  const columns = names.map((name) => {
    const cells = records.map((record) => record.properties[name] || null)
    return columnOf(properties.get(name)!, cells)
  })
  const profile: TableProfile = {
    path: `hubspot:${portal}/${object}`,
    format: 'crm',
    rows: records.length,
    columns,
  }
  return { object, label: object, profile }
}

function columnOf(property: Property, cells: readonly (string | null)[]): ColumnProfile {
  const { name, type, label } = property
  const values = cells.map((cell) => readValue(type, cell))
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
    // Ids of users and several options at once tell customers apart, but are no categories to learn from.
    return { ...common, kind: property.multiple || property.owner ? 'text' : 'category', unreadable: 0 }
  }
  return { ...common, ...textColumn(cells) }
}

/** Yes and no, and what people can choose. */
function optionValues({ type, options, owner }: Property): readonly string[] {
  if (type === 'bool') return ['true', 'false']
  return type === 'enumeration' && !owner ? options.map(({ value }) => value) : []
}

function topOf(counts: ReadonlyMap<string, number>, { type, options }: Property): ColumnProfile['values'] {
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

/** Numbers and dates that a portal keeps as texts are found as those of a file are. */
function textColumn(
  cells: readonly (string | null)[],
): Pick<ColumnProfile, 'kind' | 'unreadable' | 'range' | 'numberFormat' | 'percent' | 'dateFormat'> {
  const counter = countColumn(true)
  for (const cell of cells) counter.add(cell, 1)
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
