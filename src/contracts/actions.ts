/** The catalogue of what may be done for a customer, as every part of the product sees it. */

import type { Eligibility } from './eligibility.ts'

export type ChannelName = 'none' | 'email' | 'sms' | 'task'

/**
 * Cost of an action for one customer =
 * `fixedMinor` + `share` of the monthly recurring amount x `durationMonths`: see {@link plannedCost}.
 */
export interface ActionCost {
  /** Paid once, in whole minor units of the reporting currency (cents for USD, yen for JPY). */
  readonly fixedMinor: number
  /** Share of the monthly recurring amount, 0 to 1, paid for each month of `durationMonths`. */
  readonly share: number
  /** Months that the share is charged for; default 12. How long an offer lasts is a setting, never implied. */
  readonly durationMonths: number
}

export interface Action {
  /** Position in the catalogue; the six reference actions are 0 to 5, others follow. The key is what names an action. */
  readonly id: number
  /** Stable name in settings and logs: `no_action`, `email`, `sms`, `discount_10`, … */
  readonly key: string
  /** As people read it: "Offer 10% Discount". */
  readonly name: string
  readonly channel: ChannelName
  readonly cost: ActionCost
  /** Share of the recurring amount that the customer is given off, 0 when the action is no discount. */
  readonly discount: number
  /** How many a decision period (default a month) the team can carry out; null is no limit, 0 is off. */
  readonly capacity: number | null
  /** An action that takes a person's time is never drawn for exploration. */
  readonly explorable: boolean
  /** Months before a notice date in which the action can still matter: its lead window. */
  readonly leadMonths: number
  /** What it puts right, and so the only case that it is for: a payment that failed. Absent: it is to keep people. */
  readonly remedy?: 'payment'
  /** Whom it is for; absent: everybody. */
  readonly eligibility?: Eligibility
}

/**
 * What an action is planned to cost for a customer, as liability in the month of the decision, in the unit
 * of `recurringMonthly`.
 *
 * @param recurringMonthly the customer's recurring amount normalised to a month, in major units
 * @param digits decimals of the currency (`minorDigits` of money.ts), 2 for most
 * @example
 * plannedCost({ fixedMinor: 0, share: 0.1, durationMonths: 12 }, 50) // 60
 */
export function plannedCost(cost: ActionCost, recurringMonthly: number, digits = 2): number {
  return cost.fixedMinor / 10 ** digits + cost.share * cost.durationMonths * recurringMonthly
}
