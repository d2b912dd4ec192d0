/** How features are distributed among the customers that a model was trained on: what a reason compares with. */
import type { Feature, FeaturePopulation, Frame, Population } from '../../src/contracts/features.ts'

/** Quantiles from 0 to 1 in steps of .05. */
const STEPS = 20

/**
 * @param labels 1 left, 0 stayed, NaN or absent unknown: `rows` long; null when nothing is known, then
 *   `stated` gives the rates
 * @param exposureMonths months that each customer was observed (its tenure), NaN unknown; null when it is not known
 * @param stated rates that were stated rather than measured, for a population without labels
 * @returns plain JSON: no NaN; the rate of a category without labelled customers is the base rate
 * @example
 * measurePopulation([{ name: 'a', label: 'a', kind: 'number' }], { rows: 2, columns: [Float32Array.of(1, 3)] }, Float64Array.of(0, 1), null).baseRate // 0.5
 */
export function measurePopulation(
  features: readonly Feature[],
  frame: Frame,
  labels: ArrayLike<number> | null,
  exposureMonths: ArrayLike<number> | null,
  stated?: { readonly baseRate: number; readonly monthlyRate: number | null },
): Population {
  const baseRate = (labels && meanOf(labels, frame.rows)) ?? stated?.baseRate ?? 0
  return {
    rows: frame.rows,
    baseRate,
    monthlyRate: monthlyRate(labels, exposureMonths, frame.rows) ?? stated?.monthlyRate ?? null,
    features: features.map((feature, i) =>
      feature.kind === 'number'
        ? numbers(frame.columns[i], frame.rows)
        : categories(frame.columns[i], frame.rows, feature.categories?.length ?? 0, labels, baseRate),
    ),
  }
}

/** Events over exposure; null without an event or any exposure. Customers of unknown exposure count in neither. */
function monthlyRate(
  labels: ArrayLike<number> | null,
  months: ArrayLike<number> | null,
  rows: number,
): number | null {
  if (!labels || !months) return null
  let events = 0
  let exposure = 0
  for (let row = 0; row < rows; row++) {
    if (Number.isNaN(labels[row]) || !(months[row] >= 0)) continue
    events += labels[row]
    exposure += months[row]
  }
  return exposure > 0 && events > 0 ? events / exposure : null
}

function meanOf(labels: ArrayLike<number>, rows: number): number | null {
  let sum = 0
  let known = 0
  for (let row = 0; row < rows; row++) {
    if (Number.isNaN(labels[row])) continue
    sum += labels[row]
    known++
  }
  return known === 0 ? null : sum / known
}

/** Above this many values quantiles are those of every k-th one: sorting a million took a quarter of a second. */
const ENOUGH = 200_000

/**
 * Quantiles between order statistics, linear (type 7 of Hyndman & Fan 1996, as NumPy's default). The smallest
 * and the largest are always exact.
 */
function numbers(values: Float32Array, rows: number): FeaturePopulation {
  const present = new Float32Array(rows)
  let count = 0
  let min = Infinity
  let max = -Infinity
  for (let row = 0; row < rows; row++) {
    // + 0 makes -0 a 0: JSON knows only the one.
    const value = values[row] + 0
    if (value !== value) continue
    present[count++] = value
    if (value < min) min = value
    if (value > max) max = value
  }
  const missing = rows === 0 ? 0 : 1 - count / rows
  if (count === 0) return { missing }
  const sorted = everyNth(present.subarray(0, count), Math.ceil(count / ENOUGH)).sort()
  const quantiles = Array.from({ length: STEPS + 1 }, (_, step) => {
    const position = ((sorted.length - 1) * step) / STEPS
    const below = Math.floor(position)
    const above = Math.min(sorted.length - 1, below + 1)
    const value = sorted[below] + (sorted[above] - sorted[below]) * (position - below)
    return Math.min(value, sorted[above]) + 0
  })
  quantiles[0] = min
  quantiles[STEPS] = max
  return { missing, quantiles }
}

function everyNth(values: Float32Array, n: number): Float32Array {
  return n <= 1
    ? values
    : Float32Array.from({ length: Math.floor(values.length / n) }, (_, i) => values[i * n])
}

function categories(
  values: Float32Array,
  rows: number,
  size: number,
  labels: ArrayLike<number> | null,
  baseRate: number,
): FeaturePopulation {
  const counts = new Float64Array(size)
  const known = new Float64Array(size)
  const left = new Float64Array(size)
  let missing = 0
  for (let row = 0; row < rows; row++) {
    const code = values[row]
    if (code !== code) {
      missing++
      continue
    }
    counts[code]++
    if (labels && !Number.isNaN(labels[row])) {
      known[code]++
      left[code] += labels[row]
    }
  }
  const shares = Array.from(counts, (count) => (rows === 0 ? 0 : count / rows))
  const share = { missing: rows === 0 ? 0 : missing / rows, shares }
  if (!labels) return share
  return {
    ...share,
    rates: Array.from(left, (count, code) => (known[code] === 0 ? baseRate : count / known[code])),
  }
}
