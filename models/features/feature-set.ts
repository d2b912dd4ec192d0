/** The ordered, versioned list of features that a model is trained on, with the hash that names it. */
import { createHash } from 'node:crypto'
import { canonicalJson } from '../canonical-json.ts'
import type { Feature, FeatureSet } from '../../src/contracts/features.ts'

/** Raised whenever the meaning of a feature changes: a unit, a conversion, how categories are matched. */
export const FEATURE_VERSION = 1

/**
 * @example
 * makeFeatureSet([{ name: 'tenureMonths', label: 'months as a customer', kind: 'number', unit: 'months' }]).hash.length // 64
 */
export function makeFeatureSet(features: readonly Feature[]): FeatureSet {
  const hash = createHash('sha256')
    .update(canonicalJson({ version: FEATURE_VERSION, features }))
    .digest('hex')
  return { version: FEATURE_VERSION, hash, features }
}
