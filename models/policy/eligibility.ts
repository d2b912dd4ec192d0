/** Whether an action is for a customer at all: what its settings state, held against what is known. */
import type {
  Eligibility,
  EligibilityFacts,
  EligibilityNumber,
  Range,
} from '../../src/contracts/eligibility.ts'

/**
 * The first condition that does not hold, as a sentence; null where all do, or none is stated. Asked when deciding,
 * and again of what is known right before sending. A pure function.
 *
 * @example
 * ineligible({ where: { tenureMonths: { atLeast: 6 } } }, facts) // 'is for customers with at least 6 months as a customer; this one has 3'
 */
export function ineligible(rule: Eligibility | undefined, facts: EligibilityFacts): string | null {
  if (rule === undefined) return null
  const { levels, objects, countries, where } = rule
  return (
    notAmong('customers at the level', levels, facts.level) ??
    notAmong('records of the kind', objects, facts.object) ??
    notAmong('people in', countries, facts.country) ??
    (where === undefined ? null : outside(where, facts))
  )
}

function notAmong(what: string, wanted: readonly string[] | undefined, found: string | null): string | null {
  if (wanted === undefined || (found !== null && wanted.includes(found))) return null
  const those = wanted.length === 0 ? 'nobody' : `${what} ${wanted.join(', ')}`
  return found === null ? `is for ${those}; of this one it is not known` : `is for ${those}, not ${found}`
}

function outside(where: NonNullable<Eligibility['where']>, facts: EligibilityFacts): string | null {
  for (const name of Object.keys(where) as EligibilityNumber[]) {
    const range = where[name]
    if (range === undefined) continue
    const found = facts.number(name)
    if (within(range, found)) continue
    const has = Number.isNaN(found) ? 'of this one it is not known' : `this one has ${hundredths(found)}`
    return `is for customers with ${span(range)} ${WORDS[name]}; ${has}`
  }
  return null
}

/**
 * NaN is within nothing: each comparison with it is false. What is known of a customer may have been a float32 on its
 * way, so that .1 would be more than .1: both sides are rounded to one.
 */
function within({ atLeast = -Infinity, atMost = Infinity }: Range, value: number): boolean {
  const rounded = Math.fround(value)
  return rounded >= Math.fround(atLeast) && rounded <= Math.fround(atMost)
}

function span({ atLeast, atMost }: Range): string {
  if (atLeast === undefined) return atMost === undefined ? 'a known number of' : `at most ${atMost}`
  return atMost === undefined ? `at least ${atLeast}` : `${atLeast} to ${atMost}`
}

const hundredths = (value: number): number => Math.round(value * 100) / 100

const WORDS: Readonly<Record<EligibilityNumber, string>> = {
  monthlyAmount: 'paid a month',
  tenureMonths: 'months as a customer',
  contractMonths: 'months bound for',
  tier: 'as rank of the product (0 to 1)',
  engagement: 'points of engagement',
  responseRate: 'as share of messages answered',
  interventions: 'earlier actions',
  daysSinceContact: 'days since the last contact',
  monthsToNotice: 'months until the notice date',
  paymentFailures: 'failed payments',
  discountInForce: 'as share of a running discount',
}
