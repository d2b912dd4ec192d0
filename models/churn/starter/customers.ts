import type { Feature, FeaturePopulation, Frame } from '../../../src/contracts/features.ts'
import { canonical } from '../../features/dictionary.ts'
import { type Random, random } from '../../random.ts'

/**
 * The customers that the starter imagines where it knows none: how each feature is spread, all of it assumed,
 * features independent of one another but for the renewal, which only term contracts have. A file's own
 * distributions take their place as soon as there is a file.
 */
export const assumedFeatures: readonly Feature[] = [
  feature('tenureMonths'),
  feature('recurringAmount'),
  feature('recurringAmountChange'),
  feature('usagePerDay'),
  feature('usageTrend', -1),
  feature('daysSinceLastActivity', 1),
  feature('supportTickets'),
  feature('paymentFailures', 1),
  feature('sentiment'),
  feature('contract'),
  feature('monthsToRenewal'),
]

/** A feature as the dictionary describes it, so that files map on to it by themselves. */
function feature(name: string, monotone?: -1 | 1): Feature {
  const entry = canonical(name)
  if (entry === undefined || entry.kind === 'any')
    throw new TypeError(`${name} is no feature of the dictionary`)
  return {
    name,
    label: entry.label,
    kind: entry.kind,
    ...(entry.unit === undefined ? {} : { unit: entry.unit }),
    ...(entry.categories === undefined ? {} : { categories: entry.categories.map(({ value }) => value) }),
    ...(monotone === undefined ? {} : { monotone }),
  }
}

/** Code of the contract without a term: its customers have no renewal. */
const MONTH_TO_MONTH = 0
const contractIndex = assumedFeatures.findIndex((feature) => feature.name === 'contract')

/** Standard normal quantiles at 0 (cut at .5 %), .05, … 1. */
const normal = [
  -2.576, -1.645, -1.282, -1.036, -0.842, -0.674, -0.524, -0.385, -0.253, -0.126, 0, 0.126, 0.253, 0.385,
  0.524, 0.674, 0.842, 1.036, 1.282, 1.645, 2.576,
]
const twoDecimals = (x: number): number => Math.round(x * 100) / 100
const skewed = (median: number, spread: number): number[] =>
  normal.map((z) => twoDecimals(median * Math.exp(spread * z)))
const bell = (mean: number, sd: number, low: number, high: number): number[] =>
  normal.map((z) => twoDecimals(Math.min(high, Math.max(low, mean + sd * z))))

const quantiles: Readonly<Record<string, readonly number[]>> = {
  tenureMonths: [0, 1, 3, 5, 8, 10, 13, 16, 20, 24, 28, 32, 37, 42, 48, 54, 60, 68, 78, 92, 120],
  recurringAmount: skewed(50, 0.8),
  recurringAmountChange: [
    -0.3, -0.05, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0.02, 0.03, 0.05, 0.06, 0.08, 0.1, 0.3,
  ],
  usagePerDay: skewed(30, 1),
  usageTrend: bell(-0.02, 0.25, -0.9, 1),
  daysSinceLastActivity: skewed(3, 1.3),
  supportTickets: [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 2, 2, 3, 6],
  paymentFailures: [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 3],
  sentiment: bell(0.15, 0.4, -1, 1),
  monthsToRenewal: [
    0, 0.7, 1.4, 2.1, 2.8, 3.5, 4.2, 4.9, 5.6, 6.3, 7, 7.7, 8.4, 9.1, 9.8, 10.5, 11.2, 12, 16, 20, 24,
  ],
}
const contractShares = [0.45, 0.4, 0.15]

/** How a feature is spread, assumed. The renewal is missing for customers without a term. */
export function assumedSpread(feature: Feature): FeaturePopulation {
  if (feature.kind === 'category') return { missing: 0, shares: contractShares }
  const missing = feature.name === 'monthsToRenewal' ? contractShares[MONTH_TO_MONTH] : 0
  return { missing, quantiles: quantiles[feature.name] }
}

/** Customers drawn so that each feature fills its quantiles evenly (Latin hypercube). */
export interface ImaginedCustomers {
  /** With missing values where they are expected. */
  readonly frame: Frame
  /** Every value present: what centre and range are taken from. */
  readonly complete: Frame
}

/**
 * @param observed distributions of a file, by feature, in place of the assumed ones
 * @example
 * imagineCustomers(new Map(), 4096, 1).frame.columns.length // 11
 */
export function imagineCustomers(
  observed: ReadonlyMap<string, FeaturePopulation>,
  rows: number,
  seed: number,
): ImaginedCustomers {
  const complete = assumedFeatures.map((feature) => {
    const spread = usable(observed.get(feature.name)) ?? assumedSpread(feature)
    const chance = evenly(rows, random(seed).fork(feature.name))
    return chance.map((u) =>
      spread.shares === undefined
        ? atQuantile(spread.quantiles ?? [0], u, feature)
        : atShare(spread.shares, u),
    )
  })
  const columns = assumedFeatures.map((feature, i) => {
    const known = observed.get(feature.name)
    if (known === undefined && feature.name === 'monthsToRenewal') {
      return complete[i].map((x, r) => (complete[contractIndex][r] === MONTH_TO_MONTH ? NaN : x))
    }
    const chance = evenly(rows, random(seed).fork(`${feature.name} missing`))
    return complete[i].map((x, r) => (chance[r] < (known?.missing ?? 0) ? NaN : x))
  })
  return { frame: { rows, columns }, complete: { rows, columns: complete } }
}

/** A column that is all missing says nothing of how the feature is spread. */
function usable(spread: FeaturePopulation | undefined): FeaturePopulation | undefined {
  const known = spread?.quantiles !== undefined || (spread?.shares?.some((share) => share > 0) ?? false)
  return known ? spread : undefined
}

/** The middles of `rows` equal parts of [0, 1], in random order. */
function evenly(rows: number, chance: Random): Float32Array {
  const out = Float32Array.from({ length: rows }, (_, i) => (i + 0.5) / rows)
  for (let i = rows - 1; i > 0; i--) {
    const j = chance.integer(i + 1)
    const swap = out[i]
    out[i] = out[j]
    out[j] = swap
  }
  return out
}

function atQuantile(values: readonly number[], u: number, feature: Feature): number {
  const position = u * (values.length - 1)
  const below = Math.min(Math.floor(position), values.length - 2)
  const value =
    values.length === 1 ? values[0] : values[below] + (values[below + 1] - values[below]) * (position - below)
  return feature.unit === 'count' ? Math.round(value) : value
}

function atShare(shares: readonly number[], u: number): number {
  const total = shares.reduce((sum, share) => sum + share, 0)
  let left = u * total
  for (let code = 0; code < shares.length - 1; code++) {
    left -= shares[code]
    if (left < 0) return code
  }
  return shares.length - 1
}
