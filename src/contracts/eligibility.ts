/** Whom an action is for, as settings state it and masks look at it. */
import type { Level } from './customer-terms.ts'

/** Numbers of a customer that a condition may name; `monthlyAmount` is in the reporting currency. */
export const ELIGIBILITY_NUMBERS = [
  'monthlyAmount',
  'tenureMonths',
  'contractMonths',
  'tier',
  'engagement',
  'responseRate',
  'interventions',
  'daysSinceContact',
  'monthsToNotice',
  'paymentFailures',
  'discountInForce',
] as const

export type EligibilityNumber = (typeof ELIGIBILITY_NUMBERS)[number]

/** Both ends belong to it; an end that is absent is open. */
export interface Range {
  readonly atLeast?: number
  readonly atMost?: number
}

/**
 * Whom an action is for. Everything that is stated has to hold, and what is unknown of a customer does not hold: an
 * action with a condition is for those of whom it can be shown. An empty list is nobody.
 */
export interface Eligibility {
  readonly levels?: readonly Level[]
  /** Kinds of records, as the CRM's API names them: `companies`, `Account`. */
  readonly objects?: readonly string[]
  /** ISO 3166-1 alpha-2, of the person who would be reached. */
  readonly countries?: readonly string[]
  readonly where?: Readonly<Partial<Record<EligibilityNumber, Range>>>
}

/** What conditions look at; null and NaN are unknown. */
export interface EligibilityFacts {
  readonly level: Level | null
  readonly object: string | null
  readonly country: string | null
  number(name: EligibilityNumber): number
}
