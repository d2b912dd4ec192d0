import { describe, expect, it } from 'vitest'
import { summariseDecisions } from '../../../src/server/words/decided.ts'
import { periodWords } from '../../../src/server/words/period.ts'
import { decisionSentences } from '../../../src/server/words/decision-words.ts'
import { formatsFor } from '../../../src/server/words/formats.ts'
import { actionNames } from '../../../src/settings/planning.ts'
import { parseServiceSettings } from '../../../src/settings/service.ts'

const formats = formatsFor({ now: new Date('2026-11-21T08:00:00Z'), zone: 'UTC' })
const next = new Date('2026-12-01T00:00:00Z')

type Decision = Parameters<typeof decisionSentences>[0]
const action = (key: string, masked: string, gain: number | null, cost = 60, probability = 0) => ({
  key,
  masked,
  expectedValueMinor: gain,
  costMinor: cost,
  benefit: null,
  effectMean: 0,
  effectSd: 0,
  probability,
})
const ACTIONS = [
  action('no_action', 'open', 0, 0, 0.05),
  action('email', 'open', 512),
  action('sms', 'no_consent', 300),
  action('discount_10', 'discount_running', -120, 600),
  action('discount_20', 'discount_running', -800, 1200),
]
const told = (differs: Partial<Decision>, written = formats): string =>
  decisionSentences(
    {
      actionKey: 'email',
      actions: ACTIONS,
      budgetPrice: 0,
      currency: 'EUR',
      decidedAt: new Date('2026-11-01T06:00:00Z'),
      group: 'policy',
      propensity: 0.82,
      ...differs,
    },
    next,
    written,
  )
    .join(' ')
    .replaceAll('\u00a0', ' ')

describe('a decision in words', () => {
  it('tells what was possible, why not the rest, what it is worth, and how it was chosen', () => {
    expect(told({})).toBe(
      'Of 4 actions, 1 was possible. Send SMS: the customer has not agreed to this channel; Offer 10% Discount and Offer 20% Discount: the customer already has a discount: a second is not laid on top. ' +
        'Send Email is worth most: +€5.12 expected at a cost of €0.60. Chosen with a chance of 82 % on 1 Nov; the next decision is on 1 Dec.',
    )
  })

  it('calls an action of the company’s own as the admin named it', () => {
    const names = actionNames(
      parseServiceSettings({
        actions: {
          own: [{ key: 'gift', name: 'A box of pralines', channel: 'task', effect: { mean: 0.1, sd: 0.1 } }],
        },
      }),
    )
    const own = formatsFor({ now: new Date('2026-11-21T08:00:00Z'), zone: 'UTC', action: names })
    const actions = [
      action('no_action', 'open', 0),
      action('gift', 'open', 512),
      action('old_one', 'paused', 1),
    ]
    expect(told({ actionKey: 'gift', actions }, own)).toMatch(
      /possible\. Old one: [^.]+\. A box of pralines is worth most/,
    )
  })

  it('says that a customer is left in peace because nothing is worth its cost', () => {
    const actions = [ACTIONS[0], action('email', 'open', -30)]
    expect(told({ actionKey: 'no_action', actions, propensity: 1 })).toBe(
      'Every action was possible. None is worth its cost: even the best of them, Send Email, comes to −€0.30. So the customer is left in peace. Decided on 1 Nov; the next decision is on 1 Dec.',
    )
  })

  it('tells the budget from the wish to learn', () => {
    const nothing = { actionKey: 'no_action', actions: [ACTIONS[0], action('email', 'open', 512, 60)] }
    expect(told({ ...nothing, budgetPrice: 10 })).toContain('the budget does more for other customers')
    expect(told({ ...nothing, budgetPrice: 0 })).toContain('needed to learn what actions do')
    const two = [ACTIONS[0], action('email', 'open', 400, 60), action('discount_10', 'open', 500, 600)]
    expect(told({ actions: two, budgetPrice: 1 })).toContain('does most for what it takes of the budget')
    expect(told({ actions: two, budgetPrice: 0 })).toContain('was drawn')
  })

  it('says nothing of worth where what the customer pays is not known', () => {
    const actions = [
      ACTIONS[0],
      action('email', 'recurring_unknown', null),
      action('sms', 'recurring_unknown', null),
    ]
    const words = told({ actionKey: 'no_action', actions, propensity: 1 })
    expect(words).toContain('No action was possible: what the customer pays is not known')
    expect(words).not.toMatch(/NaN|null|undefined|Infinity/)
  })

  it.each([
    ['holdout', 'in the holdout'],
    ['usual', 'business as usual'],
    ['exempt', 'is exempt'],
  ])('says that a customer of the group %s is left alone on purpose', (group, words) => {
    expect(told({ group, actionKey: 'no_action', propensity: 1 })).toContain(words)
  })
})

describe('the decisions of a period', () => {
  const group = (differs: object) => ({
    actionKey: 'no_action',
    group: 'policy' as const,
    stage: 'not_worth' as const,
    heldReason: null,
    customers: 10,
    expectedValueMinor: 0,
    plannedCostMinor: 0,
    currency: 'EUR',
    ...differs,
  })

  it('tells who is left in peace and why from those acted on and those compared with', () => {
    const decided = summariseDecisions([
      group({
        actionKey: 'email',
        stage: 'chosen',
        customers: 5,
        expectedValueMinor: 500,
        plannedCostMinor: 50,
      }),
      group({ customers: 20 }),
      group({ customers: 7, stage: 'held_back', heldReason: 'suppressed' }),
      group({ customers: 3, stage: 'held_back', heldReason: 'no_consent' }),
      group({ customers: 4, group: 'holdout' }),
      group({ customers: 2, group: 'usual' }),
    ])
    expect(decided).toMatchObject({
      customers: 41,
      leftInPeace: 30,
      holdout: 4,
      usual: 2,
      exempt: 0,
      actions: [
        {
          key: 'email',
          customers: 5,
          sums: [{ currency: 'EUR', expectedValueMinor: 500, plannedCostMinor: 50 }],
        },
      ],
    })
    expect(decided.leftBecause.map(({ customers, heldReason }) => [customers, heldReason])).toEqual([
      [20, null],
      [7, 'suppressed'],
      [3, 'no_consent'],
    ])
    expect(decided.leftBecause[0].sentence).toBe('nothing is worth its cost')
    expect(decided.leftBecause[1].sentence).toContain('asked not to be contacted')
  })

  it('is named as people name it', () => {
    expect(periodWords('2026-11')).toBe('November 2026')
    expect(periodWords('2026-W47')).toBe('week 47 of 2026')
    expect(periodWords('2026-Q4')).toBe('quarter 4 of 2026')
  })
})
