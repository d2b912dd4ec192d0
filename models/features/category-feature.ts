/** A column of words as a feature: which categories it keeps, in which order, and when it can teach nothing. */
import type { Feature } from '../../src/contracts/features.ts'
import type { ColumnProfile } from '../../src/contracts/table.ts'
import { OTHER, flagOf, meaningOf, statedMeaning } from './categories.ts'
import { canonical } from './dictionary.ts'
import type { MappedColumn } from './mapping-file.ts'
import { plainWords } from './words.ts'

/** With more categories than this only the most frequent keep one of their own. */
const MANY = 32
const KEPT = 24
/** The kept categories must cover this share of the rows, or the column is too scattered to teach anything. */
const COVERED = 0.2

/** @returns the feature, or as a sentence without its subject why the column gives none */
export function categoryFeature(entry: MappedColumn, column: ColumnProfile, rows: number): Feature | string {
  const present = Math.max(1, rows - column.missing)
  if (column.distinct > 0.9 * present && present >= 20) return 'has a value of its own in nearly every row'
  const meant = categoriesOf(entry, column)
  if (meant.length < 2) return `has one value only, "${meant[0]?.value ?? ''}", in different spellings`
  if (column.distinct <= MANY) return { ...named(entry), kind: 'category', categories: foldRare(meant, rows) }
  const kept = meant.slice(0, KEPT)
  const covered = kept.reduce((sum, { count }) => sum + count, 0) / present
  if (covered < COVERED) {
    const share = `${(covered * 100).toFixed(covered < 0.1 ? 1 : 0)} %`
    return `has ${column.distinct.toLocaleString('en')} different values, the ${KEPT} most frequent in ${share} of the rows: too scattered`
  }
  return { ...named(entry), kind: 'category', categories: [...kept.map(({ value }) => value), OTHER] }
}

/** Name and label of the feature that a column gives. */
export function named(entry: MappedColumn): { name: string; label: string } {
  const name = entry.feature ?? entry.column
  const known = canonical(name)
  // A product or a country is better called what the file calls it; a CRM's internal name is not.
  const own = !known || known.kind === 'any' || (known.open && !/^hs_/iu.test(entry.column))
  return { name, label: own ? plainWords(known?.open ? entry.column : name) : known.label }
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
  const listed = entry.blanks
    ? [...column.values, { value: entry.blanks.mean, count: column.missing }]
    : column.values
  const spellings = merged(listed)
  const order = (known?.categories ?? []).map(({ value }) => value)
  if (known && !known.open && order.length > 0) {
    const meant = spellings.map(({ value, count }) => ({ value: meaningOf(entry, value), count }))
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
    ? spellings
    : merged(spellings.map(({ value, count }) => ({ value: statedMeaning(entry, value) ?? value, count })))
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

/** Values that differ only in case and spaces are one, spelt as most often. */
function merged(values: readonly Counted[]): Counted[] {
  const groups = new Map<string, Counted>()
  for (const { value, count } of values) {
    const form = value.toLowerCase().replace(/\s+/gu, ' ')
    const before = groups.get(form)
    groups.set(form, { value: before?.value ?? value, count: (before?.count ?? 0) + count })
  }
  return [...groups.values()].sort((a, b) => b.count - a.count || (a.value < b.value ? -1 : 1))
}

/** Categories with too few rows to learn from share one; a single rare one keeps its name. */
function foldRare(values: readonly Counted[], rows: number): string[] {
  const least = Math.max(5, rows * 0.0005)
  const frequent = values.filter(({ count }) => count >= least)
  const fold = values.length > 2 && values.length - frequent.length >= 2 && frequent.length >= 2
  return fold ? [...frequent.map(({ value }) => value), OTHER] : values.map(({ value }) => value)
}
