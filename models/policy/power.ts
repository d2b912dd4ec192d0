/**
 * How small an effect the comparison groups can show, and when: a comparison of two shares, two-sided, by the normal
 * approximation (Fleiss, Levin & Paik, Statistical Methods for Rates and Proportions, 3rd ed., ch. 4). And whether the
 * groups are as large as they should be (chi-squared; Fabijan et al., KDD 2019, "Diagnosing Sample Ratio Mismatch").
 */
import { normalCdf } from './gate.ts'

export interface PowerInput {
  /** Customers, or parent accounts where they are drawn together. */
  readonly treated: number
  readonly compared: number
  /** Chance to leave in a month where nothing is done, 0 to 1. */
  readonly monthlyHazard: number
  /** Chance to find an effect where there is none; default .05. */
  readonly alpha?: number
  /** Chance to find the effect where there is one; default .8. */
  readonly power?: number
}

const DAYS_PER_MONTH = 365.25 / 12

/**
 * The smallest share of departures that has to be prevented for the difference to show after so many weeks.
 *
 * @returns above 0 to 1: .2 is a fifth fewer chances to leave in a month; null: not even preventing all of them shows
 * @example
 * smallestEffect({ treated: 8000, compared: 1000, monthlyHazard: 0.02 }, 26)
 */
export function smallestEffect(input: PowerInput, weeks: number): number | null {
  if (!isSeen(input, 1, weeks)) return null
  let [low, high] = [0, 1]
  for (let step = 0; step < 40; step++) {
    const middle = (low + high) / 2
    if (isSeen(input, middle, weeks)) high = middle
    else low = middle
  }
  return high
}

/**
 * Weeks until an effect shows; more customers leave with time, so that it shows the clearer (as long as few have left).
 *
 * @param effect share of the monthly chance to leave that is prevented, above 0 to 1
 * @param most weeks that are looked at; default 104
 * @returns null: not within them
 * @example
 * weeksToSee({ treated: 8000, compared: 1000, monthlyHazard: 0.02 }, 0.15)
 */
export function weeksToSee(input: PowerInput, effect: number, most = 104): number | null {
  for (let weeks = 1; weeks <= most; weeks++) if (isSeen(input, effect, weeks)) return weeks
  return null
}

function isSeen(
  { treated, compared, monthlyHazard, alpha = 0.05, power = 0.8 }: PowerInput,
  effect: number,
  weeks: number,
): boolean {
  if (treated < 1 || compared < 1 || !(monthlyHazard > 0)) return false
  const months = (weeks * 7) / DAYS_PER_MONTH
  const left = (hazard: number): number => 1 - (1 - Math.min(hazard, 1)) ** months
  const [p0, p1] = [left(monthlyHazard), left(monthlyHazard * (1 - effect))]
  const pooled = (treated * p1 + compared * p0) / (treated + compared)
  const under0 = Math.sqrt(pooled * (1 - pooled) * (1 / treated + 1 / compared))
  const under1 = Math.sqrt((p1 * (1 - p1)) / treated + (p0 * (1 - p0)) / compared)
  return p0 - p1 >= normalQuantile(1 - alpha / 2) * under0 + normalQuantile(power) * under1
}

/** Of the standard normal, by bisection: it is asked rarely. */
export function normalQuantile(probability: number): number {
  let [low, high] = [-10, 10]
  for (let step = 0; step < 60; step++) {
    const middle = (low + high) / 2
    if (normalCdf(middle) < probability) low = middle
    else high = middle
  }
  return (low + high) / 2
}

/**
 * The chance that groups as they should be differ by so much: Pearson's chi-squared.
 *
 * @param expected numbers above 0 that sum up to those observed; where one is 0 nothing may be observed
 * @returns 0 to 1; 1 with fewer than two groups
 * @example
 * ratioChance([100, 100, 800], [100, 100, 800]) // 1
 * ratioChance([50, 150, 800], [100, 100, 800]) // 1.4e-11
 */
export function ratioChance(observed: readonly number[], expected: readonly number[]): number {
  if (observed.some((many, at) => expected[at] === 0 && many > 0)) return 0
  const used = expected.flatMap((many, at) => (many > 0 ? [at] : []))
  if (used.length < 2) return 1
  const chi = used.reduce((sum, at) => sum + (observed[at] - expected[at]) ** 2 / expected[at], 0)
  return used.length === 2 ? 2 * (1 - normalCdf(Math.sqrt(chi))) : chiUpper(chi, used.length - 1)
}

/** Upper tail for an even number of degrees of freedom is a short sum (Poisson); odd ones go by Wilson and Hilferty. */
function chiUpper(chi: number, degrees: number): number {
  if (degrees % 2 === 1) {
    const c = 2 / (9 * degrees)
    return 1 - normalCdf((Math.cbrt(chi / degrees) - (1 - c)) / Math.sqrt(c))
  }
  let [term, sum] = [1, 1]
  for (let at = 1; at < degrees / 2; at++) {
    term *= chi / 2 / at
    sum += term
  }
  return Math.exp(-chi / 2) * sum
}
