/** Whether an action is still for a customer right before it is carried out: what was so when deciding may have changed. */
import { ineligible } from '../../models/policy/eligibility.ts'
import { reasonSentences } from '../../models/policy/masks.ts'
import type { Action } from '../contracts/actions.ts'
import { actionNames, reportingRate } from '../settings/planning.ts'
import type { ServiceSettings } from '../settings/service.ts'
import type { EligibilityFact } from '../store/eligibility-facts.ts'
import { recurringAmounts } from './recurring.ts'

export interface NotEligible {
  readonly to: 'suppressed'
  readonly code: 'profiling_objection' | 'not_eligible'
  /** A sentence. */
  readonly reason: string
}

/**
 * A pure function of what `eligibilityFacts` read. An objection stops what followed from a score, not what a person asked
 * for by hand; a condition of the action stops both.
 *
 * @param country of the person whom it would reach, ISO 3166-1 alpha-2; null unknown
 * @param byPolicy whether the policy chose it
 * @example
 * stillEligible(facts.get(customer), { action, country: 'AT', settings, byPolicy: true }) // null: it may go on
 */
export function stillEligible(
  fact: EligibilityFact | undefined,
  {
    action,
    country,
    settings,
    byPolicy,
  }: {
    readonly action: Pick<Action, 'key' | 'eligibility'>
    readonly country: string | null
    readonly settings: ServiceSettings
    readonly byPolicy: boolean
  },
): NotEligible | null {
  if (byPolicy && fact?.objects === true)
    return {
      to: 'suppressed',
      code: 'profiling_objection',
      reason: `Not sent: ${reasonSentences.profiling_objection}.`,
    }
  const amount =
    fact === undefined
      ? NaN
      : recurringAmounts(settings)(fact.monthlyMinor, fact.currency) * reportingRate(settings)
  const why = ineligible(action.eligibility, {
    level: fact?.level ?? null,
    object: fact?.object ?? null,
    country,
    number: (name) => (name === 'monthlyAmount' ? amount : (fact?.context[name] ?? NaN)),
  })
  return why === null
    ? null
    : {
        to: 'suppressed',
        code: 'not_eligible',
        reason: `Not sent: by the settings "${actionNames(settings)(action.key)}" ${why}.`,
      }
}
