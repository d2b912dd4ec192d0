/** Which category of a feature a file's value means: by spelling, by the mapping, by the dictionary. */
import type { Feature } from '../../src/contracts/features.ts'
import { canonical, canonicalValue } from './dictionary.ts'
import type { CanonicalFeature } from './dictionary.ts'
import { opposite } from './evidence.ts'
import type { MappedColumn } from './mapping-file.ts'
import { valueKey } from './words.ts'

/** The category that stands for every value too rare for one of its own. Always the last. */
export const OTHER = '(other)'

const flags = new Map<string, 'Yes' | 'No'>()
for (const word of ['no', 'false', '0', 'n', 'f', 'nein', 'non', 'off']) flags.set(word, 'No')
for (const word of ['yes', 'true', '1', 'y', 't', 'ja', 'oui', 'si', 'on']) flags.set(word, 'Yes')

/** Yes or No, for a value that plainly says so. */
export function flagOf(value: string): 'Yes' | 'No' | undefined {
  return flags.get(valueKey(value))
}

/**
 * What a value of a mapped column means in the dictionary's words.
 *
 * @returns undefined where neither the mapping nor the dictionary says
 */
export function meaningOf(entry: MappedColumn, value: string): string | undefined {
  const stated = statedMeaning(entry, value)
  if (stated !== undefined) return stated
  const known = canonical(entry.feature ?? '')
  const meant = known && canonicalValue(known, value)
  return meant !== undefined && entry.inverted ? opposite(known!, meant) : meant
}

/**
 * A function from a value as written to the code of a category, NaN where the value is none of them.
 *
 * @example
 * codeOf({ name: 'contract', label: 'contract', kind: 'category', categories: ['Month-to-month', 'One year'] })('monthly') // 0
 */
export function codeOf(feature: Feature, entry?: MappedColumn): (value: string) => number {
  const categories = feature.categories ?? []
  const exact = new Map(categories.map((category, code) => [category, code]))
  const alike = uniqueCodes(categories, valueKey)
  const known = canonical(feature.name)
  const byMeaning = known && uniqueCodes(categories, (category) => meaningOfCategory(known, category))
  const byFlag = uniqueCodes(categories, (category) => flagOf(category) ?? null)
  const byLine = feature.name === 'productTier' ? uniqueCodes(categories, lineOf) : undefined
  const other = exact.get(OTHER) ?? NaN
  const spelt = (value: string): number | undefined => exact.get(value) ?? alike.get(valueKey(value))
  return (written) => {
    const value = written.trim()
    const stated = entry && statedMeaning(entry, value)
    const byStated = stated === undefined ? undefined : (spelt(stated) ?? byMeaning?.get(stated))
    if (byStated !== undefined) return byStated
    const meant =
      entry?.inverted || byMeaning
        ? entry
          ? meaningOf(entry, value)
          : known && canonicalValue(known, value)
        : undefined
    // An opt-out's "Yes" must never be matched by its spelling.
    if (entry?.inverted)
      return (meant === undefined ? undefined : (spelt(meant) ?? byMeaning?.get(meant))) ?? NaN
    const direct = spelt(value)
    if (direct !== undefined) return direct
    const byWord = meant === undefined ? undefined : byMeaning?.get(meant)
    return byWord ?? byLine?.get(lineOf(value) ?? '') ?? byFlag.get(flagOf(value) ?? '') ?? other
  }
}

const copper = ['dsl', 'adsl', 'vdsl', 'cable', 'broadband']
const fiber = ['fiberoptic', 'fibreoptic', 'fiber', 'fibre', 'ftth', 'glasfaser']

/** Kinds of internet line that go by several names; IBM's newer file splits its DSL into DSL and cable. */
function lineOf(value: string): 'copper' | 'fiber' | null {
  const text = valueKey(value)
  return copper.includes(text) ? 'copper' : fiber.includes(text) ? 'fiber' : null
}

/** The dictionary's word for a model's category; a fiber line is not every other premium product. */
function meaningOfCategory(known: CanonicalFeature, category: string): string | null {
  const meaning = canonicalValue(known, category)
  return meaning === undefined || (known.steps && meaning !== category) ? null : meaning
}

/** What the mapping file itself says that a value means. */
export function statedMeaning(entry: MappedColumn, value: string): string | undefined {
  if (!entry.values) return undefined
  return Object.hasOwn(entry.values, value) ? entry.values[value] : undefined
}

/** Code by some form of the category, without the forms that several categories share. */
function uniqueCodes(
  categories: readonly string[],
  form: (category: string) => string | null,
): ReadonlyMap<string, number> {
  const codes = new Map<string, number>()
  const shared = new Set<string>()
  for (const [code, category] of categories.entries()) {
    const text = form(category)
    if (text === null || category === OTHER) continue
    if (codes.has(text)) shared.add(text)
    codes.set(text, code)
  }
  for (const text of shared) codes.delete(text)
  return codes
}
