/** Whether a column's values are what its header promises, and in which unit they are. */
import type { ColumnProfile } from '../../src/contracts/table.ts'
import type { Alias, CanonicalFeature } from './dictionary.ts'
import { canonicalValue, sourceUnits } from './dictionary.ts'
import { guessDateUnit } from './units.ts'
import { key } from './words.ts'

export interface Fit {
  /** 0 to 1, multiplies how well the names agree. */
  readonly factor: number
  readonly kind?: 'number' | 'category' | 'date'
  /** Source unit, where it differs from the feature's own. */
  readonly unit?: string
  /** The unit was guessed from the range alone. */
  readonly guessed?: boolean
  readonly inverted?: boolean
  readonly values?: Readonly<Record<string, string>>
  /** As part of a sentence; empty when there is nothing to say. */
  readonly why: string
}

type Cell = ColumnProfile['values'][number]

/** By what people see in its place, else by the value itself: an option that is shown as "Two years" may be called 12. */
function meantBy(entry: CanonicalFeature, { value, label }: Cell): string | undefined {
  return (label === undefined ? undefined : canonicalValue(entry, label)) ?? canonicalValue(entry, value)
}

/** Below this many rows a column's range says little about its unit. */
const ROWS_FOR_GUESS = 100

/**
 * How well values fit a feature; null when they cannot be it.
 *
 * @param alias what the header says
 */
export function fitValues(alias: Alias, column: ColumnProfile, rows: number): Fit | null {
  if (column.kind === 'empty') return null
  const { kind } = alias.entry
  const fit =
    kind === 'number'
      ? fitNumber(alias, column, rows)
      : kind === 'category'
        ? fitCategory(alias, column)
        : fitRole(alias, column)
  if (!fit || !alias.weak) return fit
  return { ...fit, factor: fit.factor * 0.7, why: join(fit.why, 'the name can mean other things') }
}

function fitNumber(alias: Alias, column: ColumnProfile, rows: number): Fit | null {
  const { entry } = alias
  if (column.kind === 'date') {
    if (!entry.time) return null
    return { factor: alias.unit === 'date' ? 1 : 0.8, kind: 'date', unit: 'date', why: 'dates' }
  }
  if (column.kind === 'category') return fitWords(entry, column)
  if (column.kind !== 'number' || !column.range) return null
  const { min, max, mean } = column.range
  if (alias.unit === 'date') {
    const written = guessDateUnit(min, max)
    if (written) return { factor: 0.95, kind: 'date', unit: written, why: `numbers that are ${written}` }
  }
  const { unit, guessed } = numberUnit(alias, column, rows)
  const { factor, offset } = sourceUnits(entry)[unit]
  const inUnit = (x: number): boolean => {
    const value = x * factor + offset
    return !entry.plausible || (value >= entry.plausible[0] && value <= entry.plausible[1])
  }
  const own = Object.keys(sourceUnits(entry))[0]
  const range = `${short(min)} to ${short(max)}`
  const why = guessed
    ? `values ${range} and no unit, so ${unit}`
    : `values ${range}${unit === own ? '' : ` in ${unit}`}`
  const more = { kind: 'number' as const, guessed, ...(unit === own ? {} : { unit }) }
  if (inUnit(min) && inUnit(max))
    return { factor: guessed && unit !== own ? 0.75 : alias.unit === 'date' ? 0.7 : 1, why, ...more }
  if (entry.hard && !inUnit(min)) return { factor: 0.3, why: `${why}, less than there can be`, ...more }
  if (inUnit(mean)) return { factor: 0.75, why: `${why}, some beyond what makes sense`, ...more }
  return { factor: 0.3, why: `${why}, beyond what makes sense`, ...more }
}

function numberUnit(alias: Alias, column: ColumnProfile, rows: number): { unit: string; guessed: boolean } {
  const units = sourceUnits(alias.entry)
  const names = Object.keys(units)
  if (column.unit !== undefined && names.includes(column.unit)) return { unit: column.unit, guessed: false }
  if (alias.unit !== undefined && alias.unit !== 'date') {
    const stated =
      names.find((name) => name === alias.unit) ?? names.find((name) => name.startsWith(`${alias.unit} per `))
    if (stated !== undefined) return { unit: stated, guessed: false }
  }
  if (!alias.entry.guess || !column.range || rows < ROWS_FOR_GUESS) return { unit: names[0], guessed: false }
  return { unit: alias.entry.guess(column.range.min, column.range.max), guessed: true }
}

/** A category column for a number: only where its words stand for numbers. */
function fitWords(entry: CanonicalFeature, column: ColumnProfile): Fit | null {
  const { numbers } = entry
  if (!numbers) return null
  const share = understood(column, ({ value }) => Object.hasOwn(numbers, key(value)))
  return share >= 0.9
    ? { factor: 0.9, kind: 'category', unit: 'words', why: 'words that stand for numbers' }
    : null
}

function fitCategory(alias: Alias, column: ColumnProfile): Fit | null {
  const { entry } = alias
  if (column.kind !== 'category' && column.kind !== 'number') return null
  const share = understood(column, (value) => meantBy(entry, value) !== undefined)
  const factor = entry.open ? openFactor(entry, column, share, alias.weak) : closedFactor(share, column.kind)
  if (factor === 0) return null
  const values: Record<string, string> = {}
  for (const cell of column.values) {
    const { value } = cell
    const meant = meantBy(entry, cell)
    if (meant !== undefined) values[value] = alias.inverted ? opposite(entry, meant) : meant
  }
  const example = column.values[0]?.value ?? ''
  const why = !entry.categories
    ? ''
    : share >= 0.9
      ? 'known values'
      : share > 0
        ? `${percent(share)} of its values are known`
        : `unknown values such as "${example}"`
  return {
    factor,
    kind: 'category',
    why: alias.inverted ? join(why, 'asks the opposite, so Yes is No') : why,
    ...(alias.inverted ? { inverted: true } : {}),
    ...(Object.keys(values).length > 0 ? { values } : {}),
  }
}

function openFactor(entry: CanonicalFeature, column: ColumnProfile, share: number, weak: boolean): number {
  // A number, or a weak name, needs values that the dictionary knows before it is believed.
  if (entry.categories && (column.kind === 'number' || weak) && share < 0.5) return 0
  if (column.kind === 'number') return 0.6
  return entry.categories ? 0.6 + 0.4 * share : 0.9
}

function closedFactor(share: number, kind: ColumnProfile['kind']): number {
  if (share >= 0.95) return 1
  // Among numbers a 0 and a 1 alone do not make a count a No or Yes; among words a new value is no surprise.
  return share >= 0.5 && kind === 'category' ? 0.75 : 0
}

/** The category that the opposite answer means, for opt-outs; the two categories swap. */
export function opposite(entry: CanonicalFeature, value: string): string {
  const values = (entry.categories ?? []).map((category) => category.value)
  return values.length === 2 ? values[1 - values.indexOf(value)] : value
}

/** Roles outside the model: what the values must look like for the header to be believed. */
function fitRole(alias: Alias, column: ColumnProfile): Fit | null {
  const { entry } = alias
  const two = column.distinct <= 2
  if (entry.role === 'person') return column.distinct <= 3 || column.kind === 'date' ? null : ok(1)
  if (entry.name === 'partner' || entry.name === 'seniorCitizen') return column.distinct <= 4 ? ok(1) : null
  if (entry.name === 'age')
    return column.range && column.kind === 'number' && column.range.max > 2100 ? null : ok(1)
  if (entry.name === 'customerStatus') return fitStatus(entry, column)
  if (entry.role === 'target')
    return two ? ok(1, 'two values') : ok(0.6, `${column.distinct.toLocaleString('en')} different values`)
  return ok(1)
}

const ok = (factor: number, why = ''): Fit => ({ factor, why })

function fitStatus(entry: CanonicalFeature, column: ColumnProfile): Fit | null {
  const share = understood(column, (value) => meantBy(entry, value) !== undefined)
  const meanings = new Set(column.values.map((cell) => meantBy(entry, cell)))
  if (share < 0.9) return null
  const both = meanings.has('Kept') && meanings.has('Left')
  return { factor: both ? 0.9 : 0.6, why: both ? 'values that say who left' : 'known values' }
}

/** Share of the cells, 0 to 1, whose value passes; cells of values that the profile does not list count against it. */
function understood(column: ColumnProfile, passes: (cell: Cell) => boolean): number {
  let all = 0
  let known = 0
  for (const cell of column.values) {
    all += cell.count
    if (passes(cell)) known += cell.count
  }
  if (all === 0) return 0
  // The profile lists at most 256 values: beyond, the share of values stands for the share of cells.
  return (known / all) * Math.min(1, column.values.length / Math.max(1, column.distinct))
}

/** Whether the values are those of a gender column, whatever its header. */
export function looksLikeGender(column: ColumnProfile): boolean {
  if (column.kind !== 'category' || column.distinct > 6) return false
  const found = new Set(column.values.map(({ value }) => key(value)))
  const pairs = [
    ['male', 'female'],
    ['m', 'f'],
    ['man', 'woman'],
    ['men', 'women'],
    ['mr', 'mrs'],
    ['herr', 'frau'],
    ['masculino', 'femenino'],
    ['mannlich', 'weiblich'],
    ['homme', 'femme'],
  ]
  return pairs.some(([a, b]) => found.has(a) && found.has(b))
}

function join(...parts: string[]): string {
  return parts.filter((part) => part !== '').join(', ')
}

function percent(share: number): string {
  return `${Math.round(share * 100)} %`
}

/** A number for a sentence: at most four significant digits, no exponent. */
export function short(value: number): string {
  const rounded = Math.abs(value) >= 1000 ? Math.round(value) : Number(value.toPrecision(4))
  return rounded.toLocaleString('en', { maximumFractionDigits: 6 })
}
