import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { shippedActions } from '../../actions/catalogue.ts'
import { NO_ACTION } from '../../models/policy/policy.ts'
import { columnsOf, maskContextOf, type KnownContext } from '../../src/loop/decide-context.ts'
import { decide } from '../../src/loop/decide.ts'
import { openPolicy } from '../../src/loop/models.ts'
import { trainingOf } from '../../src/loop/policy-terms.ts'
import { createSuggester, type SuggestInput } from '../../src/loop/suggest.ts'
import { daysIntoPeriod } from '../../src/settings/planning.ts'
import { parseSettings, type Settings } from '../../src/settings/settings.ts'

const policy = await openPolicy()
const trained = trainingOf(policy)
const catalogue = shippedActions.map(({ key }) => key)
const now = new Date('2026-11-20T10:00:00Z')

/** What decide gives the customer when nobody else is there, there is no budget, and nothing is left to the draw. */
function alone(record: SuggestInput, settings: Settings) {
  const free = { ...settings, budget: null, exploration: { ...settings.exploration, share: 0 } }
  return decide(
    {
      values: { rows: 1, actions: policy.actions.length, value: record.values },
      trained,
      hazard: Float64Array.of(record.monthlyHazard),
      recurring: Float64Array.of(record.recurring),
      context: maskContextOf(columnsOf([record.context]), daysIntoPeriod(settings.period, now)),
      draws: { uniform: Float64Array.of(0.01), tie: Float64Array.of(0.5) },
    },
    free,
  )
}

const flag = fc.option(fc.constantFrom(0, 1), { nil: undefined, freq: 3 })
const context = fc
  .record({
    emailConsent: flag,
    smsConsent: flag,
    callConsent: flag,
    profilingConsent: fc.constantFrom(undefined, 1, 1, 1, 0),
    openDispute: fc.constantFrom(undefined, 0, 0, 1),
    paymentFailures: fc.constantFrom(undefined, 0, 0, 2),
    discountInForce: fc.constantFrom(undefined, 0, 0, 0.1),
    daysSinceContact: fc.constantFrom(undefined, 3, 17, 60),
    monthsToNotice: fc.constantFrom(undefined, 0, 1.5, 7),
  })
  .map((known): KnownContext =>
    Object.fromEntries(Object.entries(known).filter(([, value]) => value !== undefined)),
  )
const record = fc
  .record({
    gains: fc.array(
      fc.integer({ min: -300, max: 600 }).map((n) => n / 100),
      { minLength: 5, maxLength: 5 },
    ),
    base: fc.double({ min: 1, max: 40, noNaN: true }),
    monthlyHazard: fc.double({ min: 0.001, max: 0.3, noNaN: true }),
    context,
    recurring: fc.oneof(
      { weight: 9, arbitrary: fc.double({ min: 0, max: 500, noNaN: true }) },
      fc.constant(NaN),
    ),
  })
  .map(({ gains, base, ...rest }): SuggestInput => ({
    ...rest,
    values: Float32Array.of(base, ...gains.map((gain) => base + gain)),
  }))
const settings = fc.constantFrom(
  parseSettings({}),
  parseSettings({ contact: { requireConsent: true, perPeriod: 1, cooldownDays: 0 }, margin: { floor: 0.2 } }),
  parseSettings({ currency: { reporting: 'JPY', rate: 150 }, catalogue: { sms: { fixedCost: 30 } } }),
  parseSettings({ catalogue: { email: { enabled: false }, call_discount_30: { capacity: 0 } } }),
)

describe('a suggestion', () => {
  it('is what decide gives a customer alone, without a budget and a draw', () => {
    const seen = new Set<string>()
    fc.assert(
      fc.property(fc.array(record, { minLength: 1, maxLength: 8 }), settings, (records, used) => {
        const suggestions = createSuggester({ policy, settings: used })(records, now)
        records.forEach((each, at) => {
          const plan = alone(each, used)
          const { action, expectedValue, actions } = suggestions[at]
          seen.add(action.key)
          expect(action.key).toBe(catalogue[plan.action[0]])
          const known = plan.expectedValue[0]
          expect(expectedValue).toBe(Number.isNaN(known) ? null : known)
          expect(actions.map(({ masked }) => masked === 'open')).toEqual(
            [...plan.reasons].map((code) => code === 0),
          )
        })
      }),
      { numRuns: 400, seed: 7 },
    )
    expect([...seen].sort()).toEqual([...catalogue].sort())
  })

  it('says what every action is worth and costs, and why it cannot be done', () => {
    const values = Float32Array.of(20, 21, 22, 23, 24, 25)
    const suggest = createSuggester({ policy, settings: parseSettings({}) })
    const known = { values, monthlyHazard: 0.02, recurring: 50 }
    const [open, disputed, unknown] = suggest(
      [
        { ...known, context: {} },
        { ...known, context: { openDispute: 1 } },
        { ...known, context: {}, recurring: NaN },
      ],
      now,
    )
    expect(open.actions.map(({ key }) => key)).toEqual(catalogue)
    expect(open.actions[NO_ACTION]).toMatchObject({ expectedValue: 0, cost: 0, masked: 'open' })
    expect(open.actions[3]).toMatchObject({ cost: 60, name: 'Offer 10% Discount' })
    expect(open.action.key).toBe('call_discount_30')
    expect(disputed.action).toEqual({ key: 'no_action', name: 'No Action' })
    expect(disputed.actions[1]).toMatchObject({ masked: 'dispute', cost: 6 })
    expect(unknown).toMatchObject({ action: { key: 'no_action' }, expectedValue: null })
    expect(unknown.actions[1]).toMatchObject({ masked: 'recurring_unknown', cost: null, expectedValue: null })
  })

  it('answers nothing for nobody', () => {
    expect(createSuggester({ policy, settings: parseSettings({}) })([], now)).toEqual([])
  })
})
