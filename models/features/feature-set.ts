/** The ordered, versioned list of features that a model is trained on, with the hash that names it. */
import { createHash } from 'node:crypto'
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

/**
 * JSON with keys in one order and without spaces, so that equal content has equal bytes. Keys whose value is
 * undefined are left out, as JSON.stringify does.
 */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map((item) => canonicalJson(item ?? null)).join(',')}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null'
  const fields = Object.entries(value)
    .filter(([, field]) => field !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, field]) => `${JSON.stringify(name)}:${canonicalJson(field)}`)
  return `{${fields.join(',')}}`
}
