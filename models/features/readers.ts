/** How one feature is read from one file: which cells to ask for, and how they become numbers. */
import type { Feature } from '../../src/contracts/features.ts'
import type { ColumnProfile, ColumnRequest, TableProfile } from '../../src/contracts/table.ts'
import type { AsOf } from './as-of.ts'
import { looksAhead } from './as-of.ts'
import { OTHER, codeOf, flagOf } from './categories.ts'
import { columnFor } from './columns.ts'
import { canonical, sourceUnits } from './dictionary.ts'
import { intervalMonths } from './dictionary/billing.ts'
import type { MappedColumn, Mapping } from './mapping-file.ts'
import type { Conversion } from './units.ts'
import { DAYS_PER_MONTH, dateUnits } from './units.ts'
import { key } from './words.ts'

export interface ColumnReader {
  readonly column: string | null
  readonly requests: readonly ColumnRequest[]
  /** Writes `rows` values; NaN is missing. `inputs` are the requested columns. */
  fill(inputs: readonly Float64Array[], out: Float32Array, rows: number): void
  /** Why the feature stays missing; null when it is read. */
  readonly gap: string | null
  readonly note?: string
  unknown?(): { readonly rows: number; readonly values: readonly string[] }
}

/** The reader of a feature; where the file cannot give it, one that fills with NaN and says why. */
export function readerFor(
  feature: Feature,
  profile: TableProfile,
  mapping: Mapping,
  asOf: AsOf | null,
): ColumnReader {
  const entry = columnFor(mapping, feature)
  if (!entry) return absent(null, 'no column of the file feeds it')
  const column = profile.columns.find(({ header }) => header === entry.column)
  if (!column) return absent(entry.column, `the file has no column "${entry.column}"`)
  if (column.kind === 'empty') return absent(entry.column, `the column "${entry.column}" is empty`)
  if (feature.kind === 'category')
    return withBlanks(categoryReader(feature, entry, column), feature, entry, profile)
  return numberReader(feature, entry, column, profile, mapping, asOf)
}

function absent(column: string | null, gap: string): ColumnReader {
  return { column, requests: [], gap, fill: (_inputs, out, rows) => out.fill(NaN, 0, rows) }
}

function numberReader(
  feature: Feature,
  entry: MappedColumn,
  column: ColumnProfile,
  profile: TableProfile,
  mapping: Mapping,
  asOf: AsOf | null,
): ColumnReader {
  const known = canonical(feature.name)
  const dates =
    column.kind === 'date'
      ? dateUnits.date
      : column.kind === 'number'
        ? dateUnits[entry.unit ?? '']
        : undefined
  if (dates) return dateReader(feature, entry, column, dates, asOf)
  if (column.kind === 'number') {
    const units = known ? sourceUnits(known) : {}
    const conversion = units[entry.unit ?? Object.keys(units)[0]] ?? { factor: 1, offset: 0 }
    if (entry.unit?.endsWith(' per interval')) return intervalReader(entry, conversion, profile, mapping)
    return scaled({ column: entry.column, as: 'number' }, entry.column, conversion)
  }
  const numbers = known?.numbers
  const values = column.values.map(({ value }) => value)
  const asNumber = (value: string): number =>
    (numbers && Object.hasOwn(numbers, key(value)) ? numbers[key(value)] : undefined) ??
    (flagOf(value) === undefined ? NaN : Number(flagOf(value) === 'Yes'))
  if (column.kind === 'category' && values.some((value) => !Number.isNaN(asNumber(value)))) {
    return coded(entry.column, values, Float32Array.from(values, asNumber), NaN)
  }
  return absent(
    entry.column,
    `the column "${entry.column}" holds text such as "${values[0] ?? ''}", not numbers`,
  )
}

function scaled(
  request: ColumnRequest,
  column: string,
  { factor, offset }: Conversion,
  note?: string,
): ColumnReader {
  return {
    column,
    requests: [request],
    gap: null,
    ...(note === undefined ? {} : { note }),
    fill: ([input], out, rows) => {
      for (let row = 0; row < rows; row++) out[row] = finite(input[row] * factor + offset)
    },
  }
}

/** A number that float32 cannot hold is missing: an infinite one would outweigh everything else. */
function finite(value: number): number {
  const stored = Math.fround(value)
  return stored - stored === 0 ? stored : NaN
}

/** Days or months between a date and the as-of date, counted so that the usual case is positive. */
function dateReader(
  feature: Feature,
  entry: MappedColumn,
  column: ColumnProfile,
  written: Conversion,
  asOf: AsOf | null,
): ColumnReader {
  if (!asOf)
    return absent(
      entry.column,
      `the dates of "${entry.column}" need a day to count from: give one with --as-of`,
    )
  const perUnit = feature.unit === 'months' ? DAYS_PER_MONTH : 1
  const sign = (looksAhead(entry) ? 1 : -1) / perUnit
  const note =
    entry.format !== undefined && column.dateFormat !== undefined && entry.format !== column.dateFormat
      ? `"${entry.column}" was written as ${entry.format} before and is read as ${column.dateFormat} now: check that day and month are not swapped.`
      : undefined
  const request = column.kind === 'date' ? 'date' : 'number'
  const conversion = { factor: sign * written.factor, offset: sign * (written.offset - asOf.day) }
  return scaled({ column: entry.column, as: request }, entry.column, conversion, note)
}

/** An amount for each billing interval, brought to a month by the column that names the interval. */
function intervalReader(
  entry: MappedColumn,
  { factor }: Conversion,
  profile: TableProfile,
  mapping: Mapping,
): ColumnReader {
  const interval = columnFor(mapping, { name: 'billingInterval' })
  const column = profile.columns.find(({ header }) => header === interval?.column)
  const amount: ColumnRequest = { column: entry.column, as: 'number' }
  // Without the interval's column a month is the only honest guess, and the mapping says what was taken.
  if (!interval || !column)
    return scaled(
      amount,
      entry.column,
      { factor, offset: 0 },
      `"${entry.column}" is taken as an amount for a month: no column says the billing interval.`,
    )
  const categories = (canonical('billingInterval')?.categories ?? []).map(({ value }) => value)
  const code = codeOf({ name: 'billingInterval', label: '', kind: 'category', categories }, interval)
  const listed = column.values.map(({ value }) => value)
  const months = Float64Array.from(listed, (value) => intervalMonths[code(value)] ?? NaN)
  return {
    column: entry.column,
    requests: [amount, { column: column.header, as: 'category', categories: listed }],
    gap: null,
    fill: ([amounts, codes], out, rows) => {
      for (let row = 0; row < rows; row++)
        out[row] = codes[row] >= 0 ? (amounts[row] * factor) / months[codes[row]] : NaN
    },
  }
}

function categoryReader(feature: Feature, entry: MappedColumn, column: ColumnProfile): ColumnReader {
  const code = codeOf(feature, entry)
  const listed = new Set([...column.values.map(({ value }) => value), ...Object.keys(entry.values ?? {})])
  // Values beyond the profile's 256 are still found where they are spelt as the model knows them.
  for (const category of feature.categories ?? []) if (category !== OTHER) listed.add(category)
  const values = [...listed]
  const other = (feature.categories ?? []).indexOf(OTHER)
  return coded(entry.column, values, Float32Array.from(values, code), other >= 0 ? other : NaN)
}

/** Blanks that mean something where another column says so. */
function withBlanks(
  reader: ColumnReader,
  feature: Feature,
  { blanks }: MappedColumn,
  profile: TableProfile,
): ColumnReader {
  const code = blanks ? codeOf(feature)(blanks.mean) : NaN
  if (!blanks || Number.isNaN(code) || !profile.columns.some(({ header }) => header === blanks.where))
    return reader
  return {
    ...reader,
    requests: [...reader.requests, { column: blanks.where, as: 'category', categories: [blanks.is] }],
    fill: (inputs, out, rows) => {
      const [input, where] = inputs
      reader.fill(inputs, out, rows)
      for (let row = 0; row < rows; row++) if (input[row] !== input[row] && where[row] === 0) out[row] = code
    },
  }
}

/**
 * @param table code of the feature by code of the request
 * @param rest code of a value that is not listed
 */
function coded(column: string, values: readonly string[], table: Float32Array, rest: number): ColumnReader {
  const seen = new Float64Array(values.length)
  let unlisted = 0
  return {
    column,
    requests: [{ column, as: 'category', categories: values }],
    gap: null,
    fill: ([input], out, rows) => {
      for (let row = 0; row < rows; row++) {
        const code = input[row]
        if (code >= 0) {
          const value = table[code]
          out[row] = value
          if (value !== value) seen[code]++
        } else if (code < 0) {
          out[row] = rest
          if (rest !== rest) unlisted++
        } else out[row] = NaN
      }
    },
    unknown: () => {
      const found = values.map((value, i) => ({ value, count: seen[i] })).filter(({ count }) => count > 0)
      found.sort((a, b) => b.count - a.count)
      const rows = found.reduce((sum, { count }) => sum + count, unlisted)
      return { rows, values: found.slice(0, 5).map(({ value }) => value) }
    },
  }
}
