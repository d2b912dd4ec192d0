/**
 * The canonical feature dictionary: what a column of a customer file, a CRM or a billing system can mean, by
 * which names it goes, in which units it is written, and what must stay out of a model. Generator, sandboxes,
 * starter models and the policy's state all speak these names.
 */
import { billing } from './dictionary/billing.ts'
import { company } from './dictionary/company.ts'
import { contact } from './dictionary/contact.ts'
import type { CanonicalFeature, Role } from './dictionary/entry.ts'
import { identity } from './dictionary/identity.ts'
import { money } from './dictionary/money.ts'
import { outcome } from './dictionary/outcome.ts'
import { people } from './dictionary/people.ts'
import { product } from './dictionary/product.ts'
import { relationship } from './dictionary/relationship.ts'
import { usage } from './dictionary/usage.ts'
import type { Conversions } from './units.ts'
import { conversionsTo } from './units.ts'
import { key, valueKey } from './words.ts'

export type { CanonicalFeature, Role } from './dictionary/entry.ts'

/** Every canonical feature, those that feed models first. */
export const dictionary: readonly CanonicalFeature[] = [
  ...relationship,
  ...money,
  ...billing,
  ...usage,
  ...product,
  ...contact,
  ...company,
  ...people,
  ...identity,
  ...outcome,
]

const byName = new Map(dictionary.map((entry) => [entry.name, entry]))

/**
 * @returns the entry, or undefined where the name is a file's own
 * @example
 * canonical('tenureMonths')?.unit // 'months'
 */
export function canonical(name: string): CanonicalFeature | undefined {
  return byName.get(name)
}

/** Source units that a feature's numbers may be written in; the first is its own. */
export function sourceUnits(entry: CanonicalFeature): Conversions {
  return entry.conversions ?? conversionsTo(entry.unit)
}

/** What an alias says besides the feature's name. */
export interface Alias {
  readonly entry: CanonicalFeature
  /** Source unit, where the alias says it. */
  readonly unit?: string
  readonly weak: boolean
  readonly inverted: boolean
}

/** Every alias of an entry with what it says; the name itself is the first. */
export function aliasesOf(entry: CanonicalFeature): readonly (Alias & { readonly text: string })[] {
  const weak = new Set((entry.weak ?? []).map(key))
  const alias = (text: string, more: Partial<Alias> = {}) => ({
    text,
    entry,
    weak: weak.has(key(text)),
    inverted: false,
    ...more,
  })
  return [
    alias(entry.name),
    ...entry.aliases.map((text) => alias(text)),
    ...Object.entries(entry.from ?? {}).flatMap(([unit, texts]) =>
      texts.map((text) => alias(text, { unit })),
    ),
    ...(entry.inverted ?? []).map((text) => alias(text, { inverted: true })),
  ]
}

const byAlias = new Map<string, Alias>()
for (const entry of dictionary) {
  for (const alias of aliasesOf(entry)) {
    const aliasKey = key(alias.text)
    if (!byAlias.has(aliasKey)) byAlias.set(aliasKey, alias)
  }
}

/** The alias with this {@link key}. */
export function findAlias(aliasKey: string): Alias | undefined {
  return byAlias.get(aliasKey)
}

/** Keys of all aliases, for looking for misspelt ones. */
export function aliasKeys(): Iterable<string> {
  return byAlias.keys()
}

const valuesByEntry = new Map<CanonicalFeature, Map<string, string>>()

/**
 * The canonical category that a file's value means.
 *
 * @returns undefined where the dictionary does not know the value
 * @example
 * canonicalValue(canonical('contract')!, 'M2M') // 'Month-to-month'
 */
export function canonicalValue(entry: CanonicalFeature, value: string): string | undefined {
  let known = valuesByEntry.get(entry)
  if (!known) {
    known = new Map()
    for (const category of entry.categories ?? []) {
      for (const text of [category.value, ...category.aliases]) known.set(valueKey(text), category.value)
    }
    valuesByEntry.set(entry, known)
  }
  return known.get(valueKey(value))
}

const outOfModel: Readonly<Record<Exclude<Role, 'feature'>, string>> = {
  consent: 'says who may be contacted, which decides on actions, not on the risk',
  context: 'only helps to read other columns',
  id: 'tells customers apart and says nothing about them',
  person: 'names or reaches a person',
  protected: 'is a protected mark of persons, left out of model, reasons and policy by default',
  household: 'says who lives with the customer, left out of model, reasons and policy by default',
  location: 'is an exact place, which stands in for origin and income, left out by default',
  target: 'says whether the customer left',
  outcome: 'is known only after the customer left, or was written because of it',
  prediction: 'is what somebody else predicted',
  bookkeeping: 'is record keeping',
}

/** Why a role stays out of the churn model, as a sentence whose subject is the column; null for `feature`. */
export function whyOutOfModel(role: Role): string | null {
  return role === 'feature' ? null : outOfModel[role]
}
