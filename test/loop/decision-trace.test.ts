import { describe, expect, it } from 'vitest'
import { nameOfAction } from '../../actions/catalogue.ts'
import { traceOf, type LoggedDecision } from '../../src/loop/decision-trace.ts'

const action = (key: string, masked: string, gain: number | null, cost = 60, probability = 0) => ({
  key,
  masked,
  expectedValueMinor: gain,
  costMinor: cost,
  benefit: 0.7,
  effectMean: 0,
  effectSd: 0,
  probability,
})
const decision: LoggedDecision = {
  actionKey: 'email',
  actions: [
    action('no_action', 'open', 0, 0, 0.15),
    action('email', 'open', 512, 60, 0.85),
    action('sms', 'no_consent', 300),
    action('discount_10', 'discount_running', -120, 600),
    action('discount_20', 'discount_running', -800, 1200),
  ],
  budgetPrice: 0,
  currency: 'EUR',
  group: 'policy',
  propensity: 0.85,
}

describe('the trace of a decision', () => {
  it('goes from the candidates to the choice, with every probability', () => {
    const { sentence, suppressed, policy, ...rest } = traceOf(decision, nameOfAction)
    expect(rest).toEqual({
      candidates: ['no_action', 'email', 'sms', 'discount_10', 'discount_20'],
      eligible: ['email'],
      chosen: { key: 'email', probability: 0.85 },
    })
    expect(suppressed.map(({ key, reason }) => [key, reason])).toEqual([
      ['sms', 'no_consent'],
      ['discount_10', 'discount_running'],
      ['discount_20', 'discount_running'],
    ])
    expect(policy.map(({ key, probability }) => [key, probability])).toEqual([
      ['no_action', 0.15],
      ['email', 0.85],
    ])
    expect(sentence).toBe(
      'Of 4 actions, 1 was possible (Send SMS: the customer has not agreed to this channel; Offer 10% Discount and Offer 20% Discount: the customer already has a discount: a second is not laid on top); ' +
        'Send Email was chosen with a chance of 85 %, which promises EUR 5.12 at a cost of EUR 0.60.',
    )
  })

  it.each<[string, Partial<LoggedDecision>, RegExp]>([
    ['a comparison group', { group: 'holdout' }, /^The customer is in a group that is left as it is/],
    [
      'nothing that was possible',
      { actionKey: 'no_action', actions: [decision.actions[0], action('sms', 'held', 1)] },
      /none was possible \(Send SMS: a person has to look .*\); so the customer was left in peace\.$/,
    ],
    [
      'nothing that was worth it',
      { actionKey: 'no_action', actions: [decision.actions[0], action('sms', 'open', -1)] },
      /none was worth its cost, so the customer was left in peace\.$/,
    ],
    ['a mask of another version', { actions: [action('email', 'full_moon', 1)] }, /Send Email: full moon/],
  ])('tells %s in a sentence', (_, differs, expected) => {
    expect(traceOf({ ...decision, ...differs }, nameOfAction).sentence).toMatch(expected)
  })
})
