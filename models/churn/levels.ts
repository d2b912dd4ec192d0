/**
 * HIGH, MEDIUM and LOW. By default a level is a multiple of the base rate, because a fixed probability means
 * little elsewhere: where 3 % churn in a quarter nobody ever reaches .7. HIGH is bounded by what the team
 * can work on.
 */
import type { Level } from '../../src/contracts/customer-terms.ts'
import { HoldfastError } from '../../src/contracts/errors.ts'

export type LevelSetting = (
  | {
      readonly kind: 'multiple'
      /** HIGH from so many times the base rate; default 2. */
      readonly high?: number
      /** MEDIUM from so many times the base rate; default 1. */
      readonly medium?: number
    }
  | { readonly kind: 'fixed'; readonly high: number; readonly medium: number }
  /** The reference system's: above .7 HIGH, above .4 MEDIUM. */
  | { readonly kind: 'reference' }
) & {
  /** At most so many customers, or this share of them (0 to 1), are HIGH. The smaller one counts. */
  readonly capacity?: { readonly customers?: number; readonly share?: number }
}

export interface LevelThresholds {
  /** HIGH from here on; may lie above 1, which no customer reaches. */
  readonly high: number
  /** MEDIUM from here on; never above `high`. */
  readonly medium: number
  /** True: a probability equal to a threshold is still below it. */
  readonly strict: boolean
  /** What set `high`. */
  readonly highBy: 'multiple' | 'fixed' | 'capacity'
}

export const defaultLevels: LevelSetting = { kind: 'multiple', high: 2, medium: 1 }
export const referenceLevels: LevelSetting = { kind: 'reference' }

/**
 * Thresholds in probability. m times the base rate b is taken as min(m b, 1 - (1 - b) / m): the second is
 * the same rule on the chance of staying, "m times less likely to stay", and takes over where m b would leave
 * no room below 1 (for m = 2: from a base rate of a third).
 *
 * @param baseRate share that churns, 0 < b < 1, in the same sense as the probabilities
 * @param probabilities of all customers, needed when the setting has a capacity; ties are never split: when
 *   those at the edge do not all fit, none of them is HIGH
 * @throws HoldfastError `settings_invalid` for a base rate or setting that makes no sense
 * @example
 * levelThresholds({ kind: 'multiple' }, 0.1) // { high: 0.2, medium: 0.1, strict: false, highBy: 'multiple' }
 * levelThresholds({ kind: 'multiple' }, 0.5) // { high: 0.75, medium: 0.5, … }
 */
export function levelThresholds(
  setting: LevelSetting,
  baseRate: number,
  probabilities?: ArrayLike<number>,
): LevelThresholds {
  const wished = wishedThresholds(setting, baseRate)
  const limit = capacityOf(setting.capacity, probabilities?.length ?? 0)
  if (limit === null) return wished
  if (probabilities === undefined) {
    throw new HoldfastError(
      'settings_invalid',
      'A capacity for HIGH can only be kept when the probabilities of all customers are known.',
    )
  }
  const reaches = wished.strict ? (p: number) => p > wished.high : (p: number) => p >= wished.high
  const high = Float64Array.from(probabilities).filter(reaches).sort()
  if (high.length <= limit) return wished
  return { ...wished, high: edge(high, limit), highBy: 'capacity' }
}

/**
 * @example
 * levelOf(0.25, levelThresholds({ kind: 'multiple' }, 0.1)) // 'HIGH'
 */
export function levelOf(probability: number, thresholds: LevelThresholds): Level {
  const { high, medium, strict } = thresholds
  if (strict ? probability > high : probability >= high) return 'HIGH'
  if (strict ? probability > medium : probability >= medium) return 'MEDIUM'
  return 'LOW'
}

function wishedThresholds(setting: LevelSetting, baseRate: number): LevelThresholds {
  if (setting.kind === 'reference') return { high: 0.7, medium: 0.4, strict: true, highBy: 'fixed' }
  if (setting.kind === 'fixed') {
    const { high, medium } = setting
    if (!(medium > 0 && high >= medium && high <= 1)) {
      throw new HoldfastError(
        'settings_invalid',
        `Level thresholds must satisfy 0 < medium <= high <= 1, not medium ${medium} and high ${high}.`,
      )
    }
    return { high, medium, strict: false, highBy: 'fixed' }
  }
  const { high = 2, medium = 1 } = setting
  if (!(baseRate > 0 && baseRate < 1)) {
    throw new HoldfastError(
      'settings_invalid',
      `Levels as multiples need a base rate between 0 and 1, not ${baseRate}. Use fixed thresholds.`,
    )
  }
  if (!(medium >= 1 && high >= medium)) {
    throw new HoldfastError(
      'settings_invalid',
      `Level multiples must satisfy 1 <= medium <= high, not medium ${medium} and high ${high}.`,
    )
  }
  const times = (multiple: number): number =>
    Math.min(multiple * baseRate, baseRate + (1 - baseRate) * (1 - 1 / multiple))
  return { high: times(high), medium: times(medium), strict: false, highBy: 'multiple' }
}

function capacityOf(capacity: LevelSetting['capacity'], customers: number): number | null {
  if (capacity === undefined) return null
  const { customers: count, share } = capacity
  if (count === undefined && share === undefined) return null
  if ((count !== undefined && !(count >= 0)) || (share !== undefined && !(share >= 0 && share <= 1))) {
    throw new HoldfastError(
      'settings_invalid',
      'The capacity for HIGH must be a number of customers, 0 or more, or a share between 0 and 1.',
    )
  }
  return Math.floor(Math.min(count ?? Infinity, (share ?? 1) * customers + 1e-9))
}

/** Half-way between the last value that fits in and the first that does not, so that no rounding moves it. */
function edge(ascending: Float64Array, limit: number): number {
  let first = ascending.length - limit
  const out = ascending[first - 1]
  while (first < ascending.length && ascending[first] === out) first++
  return first < ascending.length ? (out + ascending[first]) / 2 : out + Math.max(1 - out, 0.01) / 2
}
