/**
 * Customers that are described by the names of features instead of a connection's properties: a table whose columns
 * are the features, so that they are read and scored as any other records.
 */
import { readNumber } from '../../connectors/csv/numbers.ts'
import { isMissing, trimBlanks } from '../../connectors/csv/missing.ts'
import type { Properties, PropertyValue } from '../../connectors/connector.ts'
import { OTHER, codeOf, flagOf } from '../../models/features/categories.ts'
import { contextFeatures } from '../../models/features/context.ts'
import { canonical } from '../../models/features/dictionary.ts'
import { MAPPING_VERSION, type Mapping } from '../../models/features/mapping-file.ts'
import { DAYS_PER_MONTH } from '../../models/features/units.ts'
import { key, nearestNames } from '../../models/features/words.ts'
import { HoldfastError } from '../contracts/errors.ts'
import type { Feature } from '../contracts/features.ts'
import type { ColumnProfile, TableProfile } from '../contracts/table.ts'

/** A value by the canonical name of its feature. */
export type FeatureValues = Readonly<Record<string, PropertyValue>>

export interface FeatureTable {
  readonly profile: TableProfile
  readonly mapping: Mapping
  /**
   * @param today days since 1970-01-01
   * @throws HoldfastError `request_invalid`, `no_features`; the message counts customers from 1
   */
  rowsOf(features: readonly FeatureValues[], today: number): readonly Properties[]
}

type Cell = (value: Exclude<PropertyValue, null>, today: number) => PropertyValue

/**
 * @param features of the model; the policy's are added
 * @example
 * const { profile, mapping, rowsOf } = featureTable(bundle.features.features)
 * rowsOf([{ contract: 'monthly' }], today) // [{ contract: 'Month-to-month' }]
 */
export function featureTable(features: readonly Feature[]): FeatureTable {
  const own = new Map(features.map((feature) => [feature.name, understands(feature)]))
  const all = [...features, ...contextFeatures.filter(({ name }) => !own.has(name))]
  const columns = all.map((feature): ColumnProfile => {
    const listed = new Set([
      ...(feature.categories ?? []),
      ...(canonical(feature.name)?.categories ?? []).map(({ value }) => value),
    ])
    return {
      header: feature.name,
      kind: feature.kind,
      missing: 0,
      distinct: feature.kind === 'category' ? listed.size : 1,
      values: feature.kind === 'category' ? [...listed].map((value) => ({ value, count: 1 })) : [],
      unreadable: 0,
    }
  })
  const cells = new Map(all.map((feature) => [feature.name, cellOf(feature)]))

  return {
    profile: { path: 'the request', format: 'csv', rows: 1, columns },
    mapping: {
      holdfastMapping: MAPPING_VERSION,
      asOf: 'newest',
      columns: all.map(({ name, kind }) => ({
        column: name,
        use: 'feature',
        feature: name,
        kind,
        confidence: 1,
        why: 'named by the caller',
      })),
    },
    rowsOf: (rows, today) =>
      rows.map((given, at) => {
        const row: Record<string, PropertyValue> = {}
        let known = false
        for (const name in given) {
          if (!Object.hasOwn(given, name)) continue
          const cell = cells.get(name)
          if (cell === undefined) throw unknownName(name, at, [...cells.keys()])
          const value = given[name]
          if (value === null || (typeof value === 'string' && isMissing(value))) continue
          try {
            row[name] = cell(value, today)
          } catch (cause) {
            throw cause instanceof RangeError ? invalid(`${where(at)} ${cause.message}`) : cause
          }
          known ||= own.get(name)?.(row[name]) ?? false
        }
        if (!known) throw nothingKnown(at, features)
        return row
      }),
  }
}

function cellOf(feature: Feature): Cell {
  if (feature.kind === 'category') return categoryCell(feature)
  const known = canonical(feature.name)
  const perUnit = feature.unit === 'months' ? DAYS_PER_MONTH : 1
  return (value, today) => {
    if (typeof value === 'number') return value
    if (typeof value === 'boolean') return value ? 1 : 0
    const number = readNumber(trimBlanks(value), { decimal: '.', group: '' })
    if (number === number) return number
    const word = known?.numbers?.[key(value)]
    if (word !== undefined) return word
    const flag = flagOf(value)
    if (flag !== undefined) return flag === 'Yes' ? 1 : 0
    const day = known?.time === undefined ? NaN : dayOf(value)
    if (day === day) return ((known?.time === 'until' ? 1 : -1) * (day - today)) / perUnit
    throw new RangeError(
      `"${feature.name}" is ${feature.label}, a number${known?.time === undefined ? '' : ' or a date such as "2026-01-31"'}, not "${value.slice(0, 40)}". Correct it, or leave it out where it is unknown.`,
    )
  }
}

/** Different spellings that a feature remembers. */
const REMEMBERED = 1024

/** The model's own word for what was said; what it never saw stays as it is, and unknown. */
function categoryCell(feature: Feature): Cell {
  const code = codeOf(feature)
  const categories = feature.categories ?? []
  const remembered = new Map<string, string>()
  return (value) => {
    const text = String(value)
    const before = remembered.get(text)
    if (before !== undefined) return before
    const found = categories[code(text)]
    const meant = found === undefined || found === OTHER ? text : found
    if (remembered.size < REMEMBERED) remembered.set(text, meant)
    return meant
  }
}

/** Whether a cell tells the model anything. */
function understands(feature: Feature): (cell: PropertyValue) => boolean {
  const categories = new Set<PropertyValue>(feature.categories)
  return feature.kind === 'number' || categories.has(OTHER) ? () => true : (cell) => categories.has(cell)
}

function dayOf(text: string): number {
  return /^\d{4}-\d{2}-\d{2}$/.test(text) ? Date.parse(`${text}T00:00:00Z`) / 86_400_000 : NaN
}

const where = (at: number): string => `Customer ${at + 1}:`
const invalid = (message: string): HoldfastError => new HoldfastError('request_invalid', message)

function unknownName(name: string, at: number, names: readonly string[]): HoldfastError {
  const near = nearestNames(name, names, 1)[0]
  const hint = near === undefined ? `Features: ${names.join(', ')}.` : `Did you mean "${near}"?`
  return invalid(`${where(at)} "${name.slice(0, 60)}" is no feature. ${hint}`)
}

function nothingKnown(at: number, features: readonly Feature[]): HoldfastError {
  const names = features.slice(0, 12).map(({ name }) => name)
  return new HoldfastError(
    'no_features',
    `${where(at)} nothing is known that the model looks at. Give at least one of ${names.join(', ')}${features.length > 12 ? ', …' : ''}.`,
  )
}
