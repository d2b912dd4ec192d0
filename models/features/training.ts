/** Which columns of a table a model is trained on, in which form, and why the others are not. */
import type { Feature } from '../../src/contracts/features.ts'
import { HoldfastError } from '../../src/contracts/errors.ts'
import type { ColumnProfile, TableProfile } from '../../src/contracts/table.ts'
import type { AsOf } from './as-of.ts'
import { asOfDay, looksAhead } from './as-of.ts'
import { categoryFeature, named } from './category-feature.ts'
import { canonical, whyOutOfModel } from './dictionary.ts'
import type { MappedColumn, Mapping } from './mapping-file.ts'
import type { MappingOptions } from './mapping.ts'
import { proposeMapping } from './mapping.ts'
import { key, nearestNames, words } from './words.ts'

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
  /** Things to tell: guesses that deserve a look, columns of the mapping that the file does not have. */
  readonly notes: readonly string[]
}

export interface LeftOut {
  readonly column: string
  /** As a sentence without its subject: "is constant: …". */
  readonly why: string
}

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
  return {
    features,
    leftOut,
    mapping,
    asOf,
    notes: [...strayColumns(profile, like), ...guesses(mapping, features)],
  }
}

/** Columns of an edited mapping that the file lacks: most often misspelt, so that the edit has no effect. */
export function strayColumns(profile: TableProfile, mapping: Mapping | undefined): string[] {
  const headers = profile.columns.map(({ header }) => header)
  const stray =
    mapping?.columns.filter(({ column }) => !headers.some((header) => key(header) === key(column))) ?? []
  return stray.map(({ column }) => {
    const [near] = nearestNames(column, headers, 1)
    const hint = near === undefined ? '' : ` Did you mean "${near}"?`
    return `The mapping names a column "${column}" that ${profile.path} does not have.${hint}`
  })
}

/** Below this confidence a person should look at what a column was taken for. */
const SURE = 0.8

function guesses(mapping: Mapping, features: readonly Feature[]): string[] {
  return mapping.columns.flatMap((entry) => {
    const feature = features.find(({ name }) => name === entry.feature)
    if (!feature || !canonical(feature.name) || entry.confidence >= SURE) return []
    const unit = entry.unit === undefined ? '' : ` in ${entry.unit}`
    const sure = `${Math.round(entry.confidence * 100)} % sure: ${entry.why}`
    return `"${entry.column}" is taken for ${feature.label}${unit} (${sure}). Correct the mapping if that is wrong.`
  })
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
    return isRunningNumber(entry, column, rows) ? 'numbers the rows' : numberFeature(entry, column)
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
  'status',
  'plan',
  'tariff',
  'area',
  'channel',
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

function numberFeature(entry: MappedColumn, column: ColumnProfile): Feature {
  const known = canonical(entry.feature ?? '')
  const unit = known ? known.unit : column.percent ? 'share' : undefined
  return { ...named(entry), kind: 'number', ...(unit === undefined ? {} : { unit }) }
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
