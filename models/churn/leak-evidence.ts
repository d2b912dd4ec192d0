/** What one column alone reveals of the target: figures only; leaks.ts judges them. */
import { random } from '../random.ts'
import { auc, aucLowerBound } from './metrics.ts'
import { wilson } from './statistics.ts'

export interface Evidence {
  readonly filled: number
  /** Share of customers with a value, among the churned and among the kept. */
  readonly filledOfChurned: number
  readonly filledOfKept: number
  /** Distinct values among the filled. */
  readonly distinct: number
  readonly allIntegers: boolean
  /** Largest minus smallest value. */
  readonly span: number
  /** How well the column ranks churn by itself, with the lower 95 % bound. */
  readonly auc: number
  readonly aucLow: number
  /** The same for nothing but whether there is a value. */
  readonly filledAuc: number
  readonly filledAucLow: number
  /** Lower 95 % bound of the churned share among those with, and without, a value. */
  readonly churnedOfFilledLow: number
  readonly churnedOfMissingLow: number
  /** The value whose customers nearly all churned, if it covers a fair part of the churned. */
  readonly sureValue: { readonly value: number; readonly count: number; readonly churned: number } | null
  /** Numbers: the highest or lowest values, as far as their customers nearly all churned, if half of the churned are there. */
  readonly sureEnd: SureEnd | null
}

export interface SureEnd {
  readonly end: 'highest' | 'lowest'
  readonly count: number
  readonly churned: number
  /** Share of all churned customers with a value, 0 to 1. */
  readonly share: number
}

const FOLDS = 5
const BINS = 20
/** A cross-fitted rate is drawn towards the overall one by so many rows. */
const PRIOR_ROWS = 5
/** Among so many values none is a matter of its own. */
const MANY = 1000

/**
 * @param values numbers or category codes, NaN missing
 * @param rows the sample that rankings are measured on; counts of missing values use all rows
 */
export function evidenceOf(
  kind: 'number' | 'category',
  values: ArrayLike<number>,
  labels: Uint8Array,
  rows: Uint32Array,
): Evidence {
  const counts = countFilled(values, labels)
  const sampleLabels = Uint8Array.from(rows, (row) => labels[row])
  const sample = Float64Array.from(rows, (row) => values[row])
  const groups = kind === 'category' ? sample : quantileBins(sample)
  const grouped = withBound(crossFittedAuc(groups, sampleLabels), sampleLabels)
  const ranked = kind === 'number' ? rankedAuc(sample, sampleLabels) : grouped
  const best = ranked.low > grouped.low ? ranked : grouped
  const isFilled = sample.map((x) => (x === x ? 1 : 0))
  const filledAuc = auc(sampleLabels, isFilled)
  const filled = withBound(Math.max(filledAuc, 1 - filledAuc), sampleLabels)
  const kept = labels.length - counts.churned
  const counted = distinctValues(values, sample, counts.filled)
  return {
    filled: counts.filled,
    filledOfChurned: counts.churnedFilled / counts.churned,
    filledOfKept: (counts.filled - counts.churnedFilled) / kept,
    ...counted,
    auc: best.value,
    aucLow: best.low,
    filledAuc: filled.value,
    filledAucLow: filled.low,
    churnedOfFilledLow: wilson(counts.churnedFilled, counts.filled).low,
    churnedOfMissingLow: wilson(counts.churned - counts.churnedFilled, labels.length - counts.filled).low,
    sureValue: counted.distinct > MANY ? null : sureValueOf(sample, sampleLabels),
    // With half of the churned at one end a column ranks well: the others need no look.
    sureEnd: kind === 'number' && best.low > 0.7 ? sureEndOf(sample, sampleLabels) : null,
  }
}

interface Bounded {
  readonly value: number
  readonly low: number
}

function withBound(value: number, labels: Uint8Array): Bounded {
  let churned = 0
  for (let row = 0; row < labels.length; row++) churned += labels[row]
  const kept = labels.length - churned
  return { value, low: churned > 1 && kept > 1 ? aucLowerBound(value, churned, kept) : 0 }
}

/** Either direction counts: a column that ranks upside down gives just as much away. */
function rankedAuc(sample: Float64Array, labels: Uint8Array): Bounded {
  const present = sample.filter((x) => x === x)
  const presentLabels = labels.filter((_, i) => sample[i] === sample[i])
  const value = auc(presentLabels, present)
  if (value !== value) return { value: 0.5, low: 0 }
  return withBound(Math.max(value, 1 - value), presentLabels)
}

/**
 * AUC of each group's churn rate, as known from the other folds. A column of many categories would flatter
 * itself if a row's own label entered the rate that it is judged by. Missing is a group like any other.
 */
function crossFittedAuc(groups: Float64Array, labels: Uint8Array): number {
  const rows = groups.length
  const chance = random(rows).fork('leak folds')
  const foldOf = Uint8Array.from({ length: rows }, () => chance.integer(FOLDS))
  const code = new Map<number, number>()
  const groupOf = Uint32Array.from(groups, (value) => {
    const known = code.get(value)
    if (known !== undefined) return known
    code.set(value, code.size)
    return code.size - 1
  })
  const size = code.size
  const count = new Float64Array(size * (FOLDS + 1))
  const churned = new Float64Array(size * (FOLDS + 1))
  let total = 0
  for (let row = 0; row < rows; row++) {
    total += labels[row]
    for (const at of [groupOf[row] * (FOLDS + 1) + foldOf[row], groupOf[row] * (FOLDS + 1) + FOLDS]) {
      count[at]++
      churned[at] += labels[row]
    }
  }
  const overall = total / rows
  const rate = new Float64Array(rows)
  for (let row = 0; row < rows; row++) {
    const all = groupOf[row] * (FOLDS + 1) + FOLDS
    const own = groupOf[row] * (FOLDS + 1) + foldOf[row]
    rate[row] = (churned[all] - churned[own] + PRIOR_ROWS * overall) / (count[all] - count[own] + PRIOR_ROWS)
  }
  return auc(labels, rate)
}

function quantileBins(sample: Float64Array): Float64Array {
  const sorted = sample.filter((x) => x === x).sort()
  const cuts: number[] = []
  for (let bin = 1; bin < BINS; bin++) {
    const cut = sorted[Math.floor((bin * sorted.length) / BINS)]
    if (cut !== undefined && cut !== cuts[cuts.length - 1]) cuts.push(cut)
  }
  return sample.map((x) => {
    if (x !== x) return NaN
    let bin = 0
    while (bin < cuts.length && x >= cuts[bin]) bin++
    return bin
  })
}

function countFilled(
  values: ArrayLike<number>,
  labels: Uint8Array,
): { churned: number; filled: number; churnedFilled: number } {
  let churned = 0
  let filled = 0
  let churnedFilled = 0
  for (let row = 0; row < labels.length; row++) {
    churned += labels[row]
    const x = values[row]
    if (x !== x) continue
    filled++
    churnedFilled += labels[row]
  }
  return { churned, filled, churnedFilled }
}

function distinctValues(
  values: ArrayLike<number>,
  sample: Float64Array,
  filled: number,
): { distinct: number; allIntegers: boolean; span: number } {
  const seen = new Set<number>()
  let present = 0
  let allIntegers = true
  let min = Infinity
  let max = -Infinity
  for (const x of sample) {
    if (x !== x) continue
    present++
    seen.add(x)
    allIntegers &&= Number.isInteger(x)
    if (x < min) min = x
    if (x > max) max = x
  }
  if (seen.size < present * 0.95 || present === filled || !allIntegers) {
    return { distinct: Math.min(seen.size, filled), allIntegers, span: max - min }
  }
  // In a sample nearly everything looks unique: only whole numbers and codes that still do are counted in full.
  const all = new Set<number>()
  for (let row = 0; row < values.length; row++) {
    const x = values[row]
    if (x !== x) continue
    all.add(x)
    if (x < min) min = x
    if (x > max) max = x
  }
  return { distinct: all.size, allIntegers, span: max - min }
}

/**
 * A date that nobody writes any more once a customer has left stands still: then the oldest dates are those of
 * the churned alone, however the rest mixes.
 */
function sureEndOf(sample: Float64Array, labels: Uint8Array): SureEnd | null {
  const rows = Uint32Array.from(sample.keys()).filter((row) => sample[row] === sample[row])
  rows.sort((a, b) => sample[a] - sample[b])
  let total = 0
  for (const row of rows) total += labels[row]
  let best: SureEnd | null = null
  // Sorted upwards, and turned round for each end in turn.
  for (const end of ['highest', 'lowest'] as const) {
    rows.reverse()
    let churned = 0
    for (let i = 0; i < rows.length; i++) {
      churned += labels[rows[i]]
      const count = i + 1
      const whole = count === rows.length || sample[rows[count]] !== sample[rows[i]]
      if (!whole || count < 20 || churned < total / 2 || wilson(churned, count).low < 0.95) continue
      if (best === null || churned > best.churned) best = { end, count, churned, share: churned / total }
    }
  }
  return best
}

/** Looks for a value with at least 20 customers, nearly all churned, and a tenth of all who churned. */
function sureValueOf(sample: Float64Array, labels: Uint8Array): Evidence['sureValue'] {
  const groups = new Map<number, { count: number; churned: number }>()
  let total = 0
  for (let i = 0; i < sample.length; i++) {
    total += labels[i]
    if (sample[i] !== sample[i]) continue
    const group = groups.get(sample[i])
    if (group === undefined) groups.set(sample[i], { count: 1, churned: labels[i] })
    else {
      group.count++
      group.churned += labels[i]
    }
  }
  let best: Evidence['sureValue'] = null
  for (const [value, { count, churned }] of groups) {
    if (count < 20 || churned < total / 10 || wilson(churned, count).low < 0.95) continue
    if (best === null || churned > best.churned) best = { value, count, churned }
  }
  return best
}
