/**
 * What came of one decision by the end of a window, from what the store knows when it has closed. Pure.
 *
 * | cause        | churned | how it is known                                                                      |
 * | ------------ | ------- | ------------------------------------------------------------------------------------ |
 * | `stayed`     | no      | still a customer at the end, or seen as one after it                                 |
 * | `returned`   | no      | left and came back within the window                                                 |
 * | `left`       | yes     | the record says so: a change of it took it out of the population                     |
 * | `gone`       | yes     | the record is gone from a source in which everybody is a customer                    |
 * | `population` | unknown | somebody said anew who counts as a customer; the record itself did not change        |
 * | `deleted`    | unknown | the record was deleted where a property tells customers apart: tidied up, or merged  |
 * | `away`       | unknown | it came back after the window; when it had left is not known                         |
 * | `unseen`     | unknown | it left around the end of the window, when the source was not read                   |
 */
import { DAYS_PER_MONTH } from '../../models/features/units.ts'
import type { Action, ActionCost } from '../contracts/actions.ts'
import type { ClosedDecision, MeasuredOffer, Outcome, OutcomeCause } from '../store/outcomes.ts'

/** What the settings of the decision say of money. */
export interface OutcomeTerms {
  /** Gross margin, share of the recurring amount. */
  readonly margin: number
  /** Null for a key that the catalogue does not have. */
  actionOf(actionKey: string): Pick<Action, 'cost' | 'discount'> | null
  /** Whether an offer that a person made counts as taken where nobody said so. */
  readonly assumeTaken: boolean
  /** Minor units of the decision's currency; null where it cannot be said. */
  converted(minor: number | null, currency: string | null): number | null
}

export interface OutcomeRequest {
  readonly days: number
  /** Whether everybody in the source is a customer. */
  readonly everyone: boolean
  readonly terms: OutcomeTerms
  readonly now: Date
}

const DAY = 86_400_000
const MONTH = DAYS_PER_MONTH * DAY

/**
 * The reward of a window is margin x what was paid in it - what the action cost in it. A discount costs what its months
 * in the window were booked with once it was taken (offer-costs.ts), and nothing when nobody took it. What is charged as
 * a share is charged for the months that passed, never for all of them against the revenue of some. Recurring amounts
 * count as they are before a discount of ours.
 *
 * @example
 * measureOutcome(known, { days: 30, everyone: true, terms, now }).churned // false
 */
export function measureOutcome(
  known: ClosedDecision,
  { days, everyone, terms, now }: OutcomeRequest,
): Outcome {
  const end = new Date(known.decided_at.getTime() + days * DAY)
  const { cause, leftAt } = presenceOf(known, end, everyone)
  const churned = CHURNED[cause]
  const monthly = churned === true ? 0 : terms.converted(known.monthly_now_minor, known.currency_now)
  const revenue = churned === null ? null : revenueOf(known, leftAt, end)
  const went = known.sent_at === null || known.sent_at <= end
  const cost = known.delivery === 'live' && went ? costOf(known, terms, leftAt ?? end) : 0
  const payable = revenue === null || cost === null
  return {
    decision_id: known.id,
    days,
    customer_id: known.customer_id,
    decided_at: known.decided_at,
    churned,
    cause,
    left_at: leftAt,
    renewed: renewedOf(known, end, churned),
    currency: known.currency,
    monthly_minor: churned === null ? null : monthly,
    revenue_minor: revenue === null ? null : Math.round(revenue),
    intervention_id: known.intervention_id,
    intervention_state: known.intervention_state,
    delivery: went ? known.delivery : null,
    sent_at: went ? known.sent_at : null,
    opted_out_at: known.opted_out_at,
    cost_minor: cost === null ? null : Math.round(cost),
    reward_minor: payable ? null : Math.round(terms.margin * revenue - cost),
    observed_at: now,
  }
}

const CHURNED: Readonly<Record<OutcomeCause, boolean | null>> = {
  stayed: false,
  returned: false,
  left: true,
  gone: true,
  population: null,
  deleted: null,
  away: null,
  unseen: null,
}

interface Presence {
  readonly cause: OutcomeCause
  readonly leftAt: Date | null
}

function presenceOf(
  { decided_at, status, status_since, changed_at, seen_after, before }: ClosedDecision,
  end: Date,
  everyone: boolean,
): Presence {
  if (status === 'active') {
    if (status_since <= decided_at) return { cause: 'stayed', leftAt: null }
    return { cause: status_since <= end ? 'returned' : 'away', leftAt: null }
  }
  const turned = changed_at ?? status_since
  // The record can only have been seen after the window where its end was not known to be later.
  if (turned > end) return { cause: seen_after ? 'stayed' : 'unseen', leftAt: null }
  const leftAt = turned > decided_at ? turned : decided_at
  if (status === 'left')
    return changed_at === null ? { cause: 'population', leftAt: null } : { cause: 'left', leftAt }
  // Whoever had left already has not come back by being deleted.
  if (before !== null && before.churned === true && before.left_at !== null)
    return { cause: 'left', leftAt: new Date(before.left_at) }
  return everyone ? { cause: 'gone', leftAt } : { cause: 'deleted', leftAt: null }
}

/** Each stretch between two windows is paid with the amount that was known at its beginning. */
function revenueOf(
  { decided_at, monthly_minor, before }: ClosedDecision,
  leftAt: Date | null,
  end: Date,
): number | null {
  const until = leftAt ?? end
  if (before !== null && before.churned === true && leftAt !== null) return before.revenue_minor
  if (before !== null && before.revenue_minor !== null && before.monthly_minor !== null) {
    const from = decided_at.getTime() + before.days * DAY
    if (from <= until.getTime())
      return before.revenue_minor + (before.monthly_minor * (until.getTime() - from)) / MONTH
  }
  return monthly_minor === null ? null : (monthly_minor * (until.getTime() - decided_at.getTime())) / MONTH
}

/** Null: what a share is of, or what an offer cost, is not known. */
function costOf(known: ClosedDecision, terms: OutcomeTerms, until: Date): number | null {
  const action = terms.actionOf(known.action_key)
  if (action === null) return null
  const { cost, discount } = action
  const { offer } = known
  if (discount === 0 || offer === null || isAssumed(offer, terms))
    return costOfShare(known, { cost, share: cost.share, until })
  const given = offer.currency === known.currency ? offer.minor : null
  // What it takes to make the offer, such as a call, costs whether or not it is taken.
  const making = costOfShare(known, { cost, share: roundedShare(Math.max(0, cost.share - discount)), until })
  return given === null || making === null ? null : making + given
}

const isAssumed = ({ fulfilment, redeemed }: MeasuredOffer, { assumeTaken }: OutcomeTerms): boolean =>
  assumeTaken && fulfilment === 'person' && !redeemed

/** 0.35 - 0.3 is 0.05. */
const roundedShare = (share: number): number => Math.round(share * 1e9) / 1e9

function costOfShare(
  known: ClosedDecision,
  { cost, share, until }: { cost: ActionCost; share: number; until: Date },
): number | null {
  if (share === 0) return cost.fixedMinor
  const since = (known.sent_at ?? known.decided_at).getTime()
  const months = Math.min(cost.durationMonths, Math.max(0, until.getTime() - since) / MONTH)
  return known.monthly_minor === null ? null : cost.fixedMinor + share * months * known.monthly_minor
}

/** A term that goes on past the renewal that was due is renewed, whatever became of the customer later. */
function renewedOf(
  { renewal_date, renewal_now, auto_renewal }: ClosedDecision,
  end: Date,
  churned: boolean | null,
): boolean | null {
  if (renewal_date === null || churned === null || new Date(renewal_date) > end) return null
  if (renewal_now !== null && renewal_now > renewal_date) return true
  if (churned) return false
  return auto_renewal === true ? true : null
}
