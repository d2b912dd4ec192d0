/**
 * What a churn model is fed with: the ordered, versioned list of features (a feature set), and a frame of
 * values for it. A frame holds the customer's own columns; how a model widens them (one column a category)
 * is the model's affair.
 */

export type Unit = 'months' | 'days' | 'money' | 'share' | 'count' | 'minutes' | 'score' | 'date'

export interface Feature {
  /** Canonical name out of the feature dictionary, or the file's own header where the dictionary has none. */
  readonly name: string
  /** In plain words and lower case, as in a sentence: "monthly charges". */
  readonly label: string
  readonly kind: 'number' | 'category'
  readonly unit?: Unit
  /** For kind `category`: code i stands for categories[i]. */
  readonly categories?: readonly string[]
  /** +1: risk may only rise with the value; -1: only fall. */
  readonly monotone?: -1 | 1
}

export interface FeatureSet {
  /** Raised whenever the meaning of a feature changes. */
  readonly version: number
  /** SHA-256 (hex) of version and features in canonical JSON. */
  readonly hash: string
  readonly features: readonly Feature[]
}

/**
 * Values for a feature set: one array a feature, each `rows` long. Numbers as they are, categories as their
 * code; NaN is missing (also a category that the model never saw).
 */
export interface Frame {
  readonly rows: number
  readonly columns: readonly Float32Array[]
}

/** How one feature is distributed among the customers a model was trained on. */
export interface FeaturePopulation {
  /** Share of customers without a value, 0 to 1. */
  readonly missing: number
  /** Numbers: 21 quantiles from 0 to 1 in steps of .05 (index 10 is the median). */
  readonly quantiles?: readonly number[]
  /** Categories: share of customers and churn rate by code. */
  readonly shares?: readonly number[]
  readonly rates?: readonly number[]
}

export interface Population {
  readonly rows: number
  /** Share that churned, 0 to 1, in the sense of the model's kind. */
  readonly baseRate: number
  /** Churn events over customer-months of exposure, where it can be known; null otherwise. */
  readonly monthlyRate: number | null
  /** In the order of the feature set. */
  readonly features: readonly FeaturePopulation[]
}
