/** A column that a person maps to a feature: what it is read as, and when it is refused. */
import type { ColumnProfile } from '../../src/contracts/table.ts'
import { candidatesFor, ENOUGH, feeds } from './candidates.ts'
import { canonical, whyOutOfModel, type CanonicalFeature } from './dictionary.ts'
import { fitValues, looksLikeGender } from './evidence.ts'
import type { MappedColumn } from './mapping-file.ts'

export interface ChosenReading {
  /** What it is written in, where it is not what its values suggest. */
  readonly unit?: string | undefined
  /** It asks the opposite question. */
  readonly inverted?: boolean | undefined
}

/**
 * The mapping's entry for a column that somebody chose for a canonical feature.
 *
 * @param rows of the sample that the column's figures are of
 * @returns null where the column's values cannot be this feature
 * @example
 * mappedByHand(column, canonical('tenureMonths')!, 200).unit // 'date', of a column of dates
 */
export function mappedByHand(
  column: ColumnProfile,
  entry: CanonicalFeature,
  rows: number,
  { unit, inverted = false }: ChosenReading = {},
): MappedColumn | null {
  const found = candidatesFor(column, rows).find((candidate) => candidate.entry.name === entry.name)
  const alias = { entry, weak: false, inverted, ...(unit === undefined ? {} : { unit }) }
  const fit =
    unit === undefined && !inverted && found !== undefined ? found.fit : fitValues(alias, column, rows)
  if (fit === null) return null
  const isInverted = inverted || fit.inverted === true
  return {
    column: column.header,
    use: entry.role === 'feature' ? 'feature' : 'context',
    feature: entry.name,
    ...(fit.kind === undefined ? {} : { kind: fit.kind }),
    ...(unit === undefined ? (fit.unit === undefined ? {} : { unit: fit.unit }) : { unit }),
    ...(column.kind === 'date' && column.dateFormat !== undefined ? { format: column.dateFormat } : {}),
    ...(isInverted ? { inverted: true } : {}),
    ...(fit.values === undefined ? {} : { values: fit.values }),
    confidence: 1,
    why: 'set by hand',
  }
}

/** A column that nobody wants read. */
export function ignoredByHand(column: string): MappedColumn {
  return { column, use: 'ignore', confidence: 1, why: 'left out by hand' }
}

/** What stays out whoever names it: marks of persons that law or decency keeps out of such decisions. */
const NEVER: ReadonlySet<string> = new Set(['protected'])
/** What stays out unless somebody says so. */
const DOUBTFUL: ReadonlySet<string> = new Set([
  'household',
  'location',
  'person',
  'target',
  'outcome',
  'prediction',
  'bookkeeping',
  'id',
])

export interface OutOfModel {
  /** It cannot be chosen. */
  readonly never: boolean
  /** As the end of a sentence whose subject is the column. */
  readonly why: string
}

/**
 * Why a column should not feed a model: by its name and its values.
 *
 * @returns null: nothing speaks against it
 */
export function outOfModelBy(column: ColumnProfile, rows: number): OutOfModel | null {
  if (looksLikeGender(column))
    return { never: true, why: `${whyOutOfModel('protected')} (its values say gender)` }
  const out = candidatesFor(column, rows).find(
    ({ entry, confidence }) =>
      !feeds(entry) && confidence >= ENOUGH && (NEVER.has(entry.role) || DOUBTFUL.has(entry.role)),
  )
  if (out === undefined) return null
  const { role, label } = out.entry
  return { never: NEVER.has(role), why: `${whyOutOfModel(role)} (read as ${label})` }
}

/** Whether a name is of something that a column can be mapped to. */
export const isMappable = (name: string): boolean => {
  const entry = canonical(name)
  return entry !== undefined && feeds(entry)
}
