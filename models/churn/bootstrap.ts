/** Intervals for any figure that is made of sums over customers, fast for a million of them. */
import { random } from '../random.ts'
import type { Estimate } from './statistics.ts'

/** Customers are gathered at random into at most so many groups, and the groups are drawn. */
const GROUPS = 2000
export const RESAMPLES = 1000

/**
 * Seeded percentile bootstrap (Efron) of 95 %. Each row contributes `terms` numbers; a figure is a function
 * of their sums, so that one set of resamples serves all figures. Beyond 2,000 rows whole random groups of
 * rows are drawn in place of single ones: groups drawn at random are exchangeable, so the spread is the same,
 * and a million rows cost as much as two thousand.
 *
 * A figure that sums absolute deviations, such as the calibration error, grows with resampling noise: its
 * interval lies rather too high than too low.
 *
 * @param addRow adds the row's terms to `sums` from `offset` on
 * @param figures figures from the sums, in a fixed order; NaN where one is undefined
 * @returns an estimate each, `value` from all rows; the interval ignores undefined resamples
 * @example
 * bootstrap(rows, 2, (row, sums, at) => { sums[at] += loss[row]; sums[at + 1]++ }, ([loss, n]) => [loss / n], 42)
 */
export function bootstrap(
  rows: number,
  terms: number,
  addRow: (row: number, sums: Float64Array, offset: number) => void,
  figures: (sums: Float64Array) => number[],
  seed: number,
): Estimate[] {
  const groups = Math.min(rows, GROUPS)
  const groupSums = sumGroups(rows, groups, terms, addRow, seed)
  const total = new Float64Array(terms)
  for (let at = 0; at < groupSums.length; at++) total[at % terms] += groupSums[at]
  const values = figures(total)
  const drawn = values.map(() => new Float64Array(RESAMPLES))
  const chance = random(seed).fork('bootstrap draws')
  const sums = new Float64Array(terms)
  for (let resample = 0; resample < RESAMPLES; resample++) {
    sums.fill(0)
    for (let draw = 0; draw < groups; draw++) {
      const base = chance.integer(groups) * terms
      for (let term = 0; term < terms; term++) sums[term] += groupSums[base + term]
    }
    figures(sums).forEach((figure, i) => {
      drawn[i][resample] = figure
    })
  }
  return values.map((value, i) => ({ value, ...percentiles(drawn[i]) }))
}

function sumGroups(
  rows: number,
  groups: number,
  terms: number,
  addRow: (row: number, sums: Float64Array, offset: number) => void,
  seed: number,
): Float64Array {
  const sums = new Float64Array(groups * terms)
  const order = Uint32Array.from({ length: rows }, (_, row) => row)
  if (groups < rows) shuffle(order, seed)
  for (let i = 0; i < rows; i++) addRow(order[i], sums, (i % groups) * terms)
  return sums
}

function shuffle(order: Uint32Array, seed: number): void {
  const chance = random(seed).fork('bootstrap groups')
  for (let i = order.length - 1; i > 0; i--) {
    const j = chance.integer(i + 1)
    const held = order[i]
    order[i] = order[j]
    order[j] = held
  }
}

function percentiles(values: Float64Array): { low: number; high: number } {
  const defined = values.filter((value) => value === value).sort()
  if (defined.length === 0) return { low: NaN, high: NaN }
  const at = (share: number): number => {
    const place = share * (defined.length - 1)
    const below = Math.floor(place)
    const next = defined[Math.min(below + 1, defined.length - 1)]
    return defined[below] + (place - below) * (next - defined[below])
  }
  return { low: at(0.025), high: at(0.975) }
}
