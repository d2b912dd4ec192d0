/** Which columns of a table a model is trained on, in which form, and why the others are not. */
import type { Feature } from '../../src/contracts/features.ts'
import { HoldfastError } from '../../src/contracts/errors.ts'
import type { ColumnProfile, TableProfile } from '../../src/contracts/table.ts'
import type { AsOf } from './as-of.ts'
import { asOfDay, looksAhead } from './as-of.ts'
import { OTHER, flagOf, meaningOf } from './categories.ts'
import { canonical, whyOutOfModel } from './dictionary.ts'
import type { MappedColumn, Mapping } from './mapping-file.ts'
import type { MappingOptions } from './mapping.ts'
import { proposeMapping } from './mapping.ts'
import { plainWords, words } from './words.ts'

export interface TrainingOptions extends Pick<MappingOptions, 'id' | 'keep' | 'asOf'> {
  readonly target: string
  /** An edited mapping; default: the proposal. Columns that it lacks are proposed. */
  readonly mapping?: Mapping
  /** Days since 1970-01-01: the as-of date is never taken to be later. */
  readonly today?: number
}

export interface TrainingFeatures {
  readonly features: readonly Feature[]
  readonly leftOut: readonly LeftOut[]
  /** To be written beside the model. */
  readonly mapping: Mapping
  readonly asOf: AsOf | null
}

export interface LeftOut {
  readonly column: string
  /** As a sentence without its subject: "is constant: …". */
  readonly why: string
}

/** With more categories than this only the most frequent keep one of their own. */
const MANY = 32
const KEPT = 24
/** The kept categories must cover this share of the rows, or the column is too scattered to teach anything. */
const COVERED = 0.2

/**
 * @throws HoldfastError `target_missing`, `column_missing`, or `no_features` when nothing is left to learn from
 * @example
 * const { features, leftOut, mapping } = trainingFeatures(await table.profile(), { target: 'Churn' })
 */
export function trainingFeatures(profile: TableProfile, options: TrainingOptions): TrainingFeatures {
  const { mapping: like, today, ...rest } = options
  const mapping = proposeMapping(profile, { ...rest, ...(like ? { like } : {}) })
  const asOf = asOfDay(profile, mapping, today)
  const features: Feature[] = []
  const leftOut: LeftOut[] = []
  for (const entry of mapping.columns) {
    const column = profile.columns.find(({ header }) => header === entry.column)
    if (!column) continue
    const found = entry.use === 'feature' ? featureOf(entry, column, profile.rows, asOf) : whyUnused(entry)
    if (typeof found === 'string') leftOut.push({ column: entry.column, why: found })
    else features.push(found)
  }
  if (features.length === 0) {
    const reasons = leftOut.slice(0, 10).map(({ column, why }) => `"${column}" ${why}`)
    throw new HoldfastError(
      'no_features',
      `No column of ${profile.path} can feed a model: ${reasons.join('; ')}. Use a file with more columns, or keep one by name with --keep.`,
    )
  }
  return { features, leftOut, mapping, asOf }
}

function whyUnused(entry: MappedColumn): string {
  if (entry.use === 'target') return 'is the target'
  if (entry.use === 'id') return `is the customer's id`
  const known = canonical(entry.feature ?? '')
  if (entry.use === 'context')
    return known
      ? `${whyOutOfModel(known.role) ?? 'is used by the policy only'}`
      : 'is used by the policy only'
  return entry.why === 'set by hand' ? 'is ignored by the mapping' : entry.why
}

/** The feature that a column gives, or why it gives none. */
function featureOf(
  entry: MappedColumn,
  column: ColumnProfile,
  rows: number,
  asOf: AsOf | null,
): Feature | string {
  if (column.kind === 'empty' || column.distinct === 0) return 'is empty in every row'
  if (column.distinct === 1) {
    const value = column.values[0]?.value ?? column.range?.min.toString() ?? ''
    if (column.kind === 'date')
      return column.missing > 0 ? 'has one date only, and blanks' : 'has the same date in every row'
    return column.missing > 0
      ? `has one value only, "${value}", and blanks`
      : `has the same value, "${value}", in every row`
  }
  const kind = readAs(entry, column)
  if (kind === 'date') return dateFeature(entry, asOf)
  if (kind === 'number')
    return isRunningNumber(entry, column, rows) ? 'numbers the rows' : numberFeature(entry)
  if (column.kind === 'text') return 'is free text'
  return categoryFeature(entry, column, rows)
}

function readAs(entry: MappedColumn, column: ColumnProfile): 'number' | 'category' | 'date' {
  const known = canonical(entry.feature ?? '')
  if (column.kind === 'date' || entry.kind === 'date') return 'date'
  if (known && known.kind !== 'any') return known.kind
  if (column.kind !== 'number') return 'category'
  if (entry.kind === 'category') return 'category'
  return isFlag(column) || isCode(column) ? 'category' : 'number'
}

const counting = new Set([
  'num',
  'number',
  'count',
  'cnt',
  'n',
  'nr',
  'total',
  'qty',
  'quantity',
  'times',
  'amount',
  'sum',
])

/** 0 and 1 alone are No and Yes, unless the header counts something. */
function isFlag({ values, distinct, header }: ColumnProfile): boolean {
  return (
    distinct === 2 &&
    values.every(({ value }) => Number(value) === 0 || Number(value) === 1) &&
    !words(header).some((word) => counting.has(word))
  )
}

const coding = new Set([
  'id',
  'code',
  'type',
  'category',
  'class',
  'segment',
  'region',
  'group',
  'kind',
  'zip',
])

/** Numbers that name things rather than measure them: their order means nothing. */
function isCode({ header, distinct, values }: ColumnProfile): boolean {
  return (
    coding.has(words(header).at(-1) ?? '') &&
    values.length === Math.min(distinct, 256) &&
    values.every(({ value }) => Number.isInteger(Number(value)))
  )
}

/** Whole numbers that are all different and without gaps, as row numbers are, or ids by their name. */
function isRunningNumber(
  entry: MappedColumn,
  { distinct, range, missing, header }: ColumnProfile,
  rows: number,
): boolean {
  if (canonical(entry.feature ?? '') || !range || rows < 20 || missing > 0) return false
  if (distinct < 0.95 * rows) return false
  const gapless = Number.isInteger(range.min) && range.max - range.min + 1 === rows
  return gapless || ['id', 'no', 'nr', 'number', 'key'].includes(words(header).at(-1) ?? '')
}

function numberFeature(entry: MappedColumn): Feature {
  const known = canonical(entry.feature ?? '')
  return { ...named(entry), kind: 'number', ...(known?.unit === undefined ? {} : { unit: known.unit }) }
}

function dateFeature(entry: MappedColumn, asOf: AsOf | null): Feature | string {
  if (!asOf) return 'holds dates, and no date says from when to count: give one with --as-of'
  const known = canonical(entry.feature ?? '')
  const { name, label } = named(entry)
  if (known && known.kind !== 'any') return { name, label, kind: 'number', unit: known.unit ?? 'days' }
  const what = label.replace(/ (?:date|at|on|datum|time|timestamp)$/u, '')
  return {
    name,
    label: `${looksAhead(entry) ? 'days until' : 'days since'} ${what}`,
    kind: 'number',
    unit: 'days',
  }
}

function named(entry: MappedColumn): { name: string; label: string } {
  const name = entry.feature ?? entry.column
  const known = canonical(name)
  // A product or a country is better called what the file calls it; a CRM's internal name is not.
  const own = !known || known.kind === 'any' || (known.open && !/^hs_/iu.test(entry.column))
  return { name, label: own ? plainWords(known?.open ? entry.column : name) : known.label }
}

function categoryFeature(entry: MappedColumn, column: ColumnProfile, rows: number): Feature | string {
  const present = Math.max(1, rows - column.missing)
  if (column.distinct > 0.9 * present && present >= 20) return 'has a value of its own in nearly every row'
  const meant = categoriesOf(entry, column)
  if (column.distinct <= MANY) return { ...named(entry), kind: 'category', categories: foldRare(meant, rows) }
  const kept = meant.slice(0, KEPT)
  const covered = kept.reduce((sum, { count }) => sum + count, 0) / present
  if (covered < COVERED) {
    const share = `${(covered * 100).toFixed(covered < 0.1 ? 1 : 0)} %`
    return `has ${column.distinct.toLocaleString('en')} different values, the ${KEPT} most frequent in ${share} of the rows: too scattered`
  }
  return { ...named(entry), kind: 'category', categories: [...kept.map(({ value }) => value), OTHER] }
}

interface Counted {
  readonly value: string
  readonly count: number
}

/**
 * The categories of a column in a stable order: the dictionary's words where every value has one of its own,
 * No before Yes, numbers by size, else by frequency.
 */
function categoriesOf(entry: MappedColumn, column: ColumnProfile): Counted[] {
  const known = canonical(entry.feature ?? '')
  const order = (known?.categories ?? []).map(({ value }) => value)
  if (known && !known.open && order.length > 0) {
    const meant = column.values.map(({ value, count }) => ({ value: meaningOf(entry, value), count }))
    const distinct = new Set(meant.map(({ value }) => value))
    if (
      distinct.size === meant.length &&
      meant.every(({ value }) => value !== undefined && order.includes(value))
    ) {
      return meant
        .map(({ value = '', count }) => ({ value, count }))
        .sort((a, b) => order.indexOf(a.value) - order.indexOf(b.value))
    }
  }
  const own = known
    ? [...column.values]
    : merged(column.values.map(({ value, count }) => ({ value: entry.values?.[value] ?? value, count })))
  if (own.length === 2) {
    const flags = own.map(({ value }) => flagOf(value))
    if (flags[0] !== undefined && flags[1] !== undefined && flags[0] !== flags[1]) {
      return own
        .map(({ count }, i) => ({ value: flags[i] ?? '', count }))
        .sort((a, b) => (a.value < b.value ? -1 : 1))
    }
  }
  const numeric = own.length <= MANY && own.every(({ value }) => value !== '' && !Number.isNaN(Number(value)))
  return numeric ? own.sort((a, b) => Number(a.value) - Number(b.value)) : own
}

function merged(values: readonly Counted[]): Counted[] {
  const counts = new Map<string, number>()
  for (const { value, count } of values) counts.set(value, (counts.get(value) ?? 0) + count)
  return [...counts]
    .map(([value, count]) => ({ value, count }))
    .sort((a, b) => b.count - a.count || (a.value < b.value ? -1 : 1))
}

/** Categories with too few rows to learn from share one; a single rare one keeps its name. */
function foldRare(values: readonly Counted[], rows: number): string[] {
  const least = Math.max(5, rows * 0.0005)
  const frequent = values.filter(({ count }) => count >= least)
  const fold = values.length > 2 && values.length - frequent.length >= 2 && frequent.length >= 2
  return fold ? [...frequent.map(({ value }) => value), OTHER] : values.map(({ value }) => value)
}
