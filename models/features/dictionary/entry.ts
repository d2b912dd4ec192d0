/** What the feature dictionary says of one thing that a column can hold. */
import type { Unit } from '../../../src/contracts/features.ts'
import type { Conversions } from '../units.ts'

/**
 * What a column is to the product. Only `feature` feeds the churn model by itself; the other roles stay out of
 * it, are reported with their reason, and can be kept only by naming the column.
 */
export type Role =
  | 'feature'
  /** Decides who may be contacted, and how. */
  | 'consent'
  /** Needed to read other columns or to name money: currency, billing interval. */
  | 'context'
  | 'id'
  /** Names or reaches a person or company: name, e-mail, phone, address. */
  | 'person'
  /** A mark that law or decency keeps out of such decisions: sex, age, origin, health. */
  | 'protected'
  /** Who lives with the customer. */
  | 'household'
  /** Where exactly the customer lives: stands in for origin and income. */
  | 'location'
  /** Says whether the customer left. */
  | 'target'
  /** Known only after the customer left, or written because of it. */
  | 'outcome'
  /** Somebody else's prediction. */
  | 'prediction'
  /** Row numbers, record owners, import dates. */
  | 'bookkeeping'

export interface CategoryValue {
  readonly value: string
  readonly aliases: readonly string[]
}

/** Aliases are compared without case, accents, spaces and signs, so each is written once, in words. */
export interface CanonicalFeature {
  readonly name: string
  /** In plain words and lower case, as in a sentence. */
  readonly label: string
  /** What the value means, for whoever edits a mapping. */
  readonly about: string
  readonly role: Role
  /** `any` where only the role matters. */
  readonly kind: 'number' | 'category' | 'any'
  readonly unit?: Unit
  /** Headers that do not say their unit. The name itself is always one. */
  readonly aliases: readonly string[]
  /** Headers that say their unit, or are known for it: source unit -> aliases. `date` is a point in time. */
  readonly from?: Readonly<Record<string, readonly string[]>>
  /** Headers among the above that often mean something else, so that the values must fit too. */
  readonly weak?: readonly string[]
  /** Headers that ask the opposite question: their Yes is a No here (opt-outs). */
  readonly inverted?: readonly string[]
  /** Source units, when they are not simply those of `unit`. */
  readonly conversions?: Conversions
  /** A date counts backwards from the as-of date (`since`) or forwards (`until`). */
  readonly time?: 'since' | 'until'
  /** Smallest and largest value that makes sense, in the canonical unit. */
  readonly plausible?: readonly [min: number, max: number]
  /** Less than the smallest plausible value cannot be: such a column is something else. */
  readonly hard?: boolean
  /** The likely source unit from the column's range, where the header does not say it. */
  readonly guess?: (min: number, max: number) => string
  /** Categories in their natural order. */
  readonly categories?: readonly CategoryValue[]
  /** Other values than `categories` are to be expected, and kept as they are. */
  readonly open?: boolean
  /** The categories are steps of many scales: two products of one step are not the same product. */
  readonly steps?: boolean
  /** What it is for a customer without the line that it runs on. */
  readonly absent?: { readonly line: 'internet' | 'phone'; readonly mean: string }
  /** Words that stand for numbers: "negative" is -1. */
  readonly numbers?: Readonly<Record<string, number>>
}

export const NO: CategoryValue = {
  value: 'No',
  aliases: ['false', '0', 'n', 'f', 'none', 'off', 'nein', 'non', 'disabled', 'not subscribed', 'inactive'],
}
export const YES: CategoryValue = {
  value: 'Yes',
  aliases: ['true', '1', 'y', 't', 'on', 'ja', 'oui', 'si', 'sim', 'enabled', 'subscribed', 'active'],
}
export const noYes: readonly CategoryValue[] = [NO, YES]

/** An entry of which only the role matters. */
export const outside = (
  role: Role,
  name: string,
  label: string,
  about: string,
  aliases: readonly string[],
  more: Partial<CanonicalFeature> = {},
): CanonicalFeature => ({ name, label, about, role, kind: 'any', aliases, ...more })
