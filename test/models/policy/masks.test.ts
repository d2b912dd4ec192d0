import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { referenceActions } from '../../../actions/catalogue.ts'
import { plannedCost } from '../../../src/contracts/actions.ts'
import {
  countReasons,
  MASK_REASONS,
  maskActions,
  type MaskContext,
  type MaskReason,
  type MaskRules,
  reasonSentences,
} from '../../../models/policy/masks.ts'

const rules: MaskRules = {
  actions: referenceActions,
  enabled: [true, true, true, true, true, true],
  digits: 2,
  budgetOff: false,
  requireConsent: false,
  cooldownDays: 14,
  contactsPerPeriod: 2,
  deepestDiscount: 0.3,
  discountsPerYear: 1,
  margin: 0.6,
  marginFloor: 0,
}

/** Reasons for the six actions of one customer, with only these facts known. */
function reasonsFor(
  facts: Readonly<Record<string, number>>,
  changed: Partial<MaskRules> = {},
  consent?: Readonly<Record<string, number>>,
): string[] {
  const column = (values: Readonly<Record<string, number>>) =>
    Object.fromEntries(Object.entries(values).map(([name, value]) => [name, Float64Array.of(value)]))
  const context: MaskContext = {
    rows: 1,
    recurring: Float64Array.of(60),
    ...column(facts),
    ...(consent === undefined ? {} : { consent: column(consent) }),
  }
  return [...maskActions(context, { ...rules, ...changed })].map((code) => MASK_REASONS[code])
}

const all = (reason: MaskReason) => ['open', reason, reason, reason, reason, reason]
const discounts = (reason: MaskReason) => ['open', 'open', 'open', reason, reason, reason]

describe('masks', () => {
  it('leaves everything open where nothing speaks against it, also when nothing is known', () => {
    expect(reasonsFor({})).toEqual(all('open'))
  })

  it('shuts only the action that is already under way', () => {
    const context = { rows: 1, recurring: Float64Array.of(60), inForce: Uint8Array.of(0, 1, 0, 0, 0, 0) }
    const names = [...maskActions(context, rules)].map((code) => MASK_REASONS[code])
    expect(names).toEqual(['open', 'in_force', 'open', 'open', 'open', 'open'])
  })

  it.each<[string, Record<string, number>, string[]]>([
    ['a suppressed customer', { suppressed: 1 }, all('suppressed')],
    ['a customer of a comparison group', { group: 1 }, all('group')],
    ['an open dispute', { dispute: 1 }, all('dispute')],
    ['notice given', { noticeGiven: 1 }, all('notice_given')],
    ['an unknown recurring amount', { recurring: NaN }, all('recurring_unknown')],
    ['a negative recurring amount', { recurring: -3 }, all('recurring_unknown')],
    ['a contact 13 days ago', { daysSinceContact: 13 }, all('cooldown')],
    ['a contact 14 days ago', { daysSinceContact: 14 }, all('open')],
    ['two contacts in the period', { contactsInPeriod: 2 }, all('contact_cap')],
    ['a failed payment', { paymentFailed: 1 }, discounts('payment_failed')],
    ['a discount that is running', { discountInForce: 0.1 }, discounts('discount_running')],
    ['a discount given this year', { discountsLastYear: 1 }, discounts('discounts_used')],
    ['a notice date within the lead window', { monthsToNotice: 2.5 }, all('open')],
    ['a notice date far away', { monthsToNotice: 7 }, all('lead_window')],
    ['a notice date that has passed', { monthsToNotice: -1 }, all('lead_window')],
    ['no term at all', { monthsToNotice: 0 }, all('open')],
  ])('says why for %s', (_, facts, expected) => {
    expect(reasonsFor(facts)).toEqual(expected)
  })

  it('asks consent of the channel: refused is masked, unknown is allowed in a plan', () => {
    const refused = ['open', 'no_consent', 'open', 'no_consent', 'no_consent', 'open']
    expect(reasonsFor({}, {}, { email: 0, sms: NaN, task: 1 })).toEqual(refused)
    expect(reasonsFor({}, { requireConsent: true }, { email: 1, task: NaN })).toEqual([
      'open',
      'open',
      'consent_unknown',
      'open',
      'open',
      'consent_unknown',
    ])
  })

  it('takes 0 for off and null for no limit', () => {
    expect(reasonsFor({}, { contactsPerPeriod: 0 })).toEqual(all('contact_cap'))
    expect(reasonsFor({ contactsInPeriod: 99 }, { contactsPerPeriod: null })).toEqual(all('open'))
    expect(reasonsFor({}, { discountsPerYear: 0 })).toEqual(discounts('discounts_used'))
    expect(reasonsFor({ discountsLastYear: 9 }, { discountsPerYear: null })).toEqual(all('open'))
    expect(reasonsFor({ daysSinceContact: 0 }, { cooldownDays: 0 })).toEqual(all('open'))
    expect(reasonsFor({}, { budgetOff: true })).toEqual(all('budget_off'))
  })

  it('says of an address that it is not known, or that all are on the suppression list', () => {
    const reach = { email: Float64Array.of(0), sms: Float64Array.of(-1), task: Float64Array.of(1) }
    const context = { rows: 1, recurring: Float64Array.of(60), reach }
    const names = [...maskActions(context, rules)].map((code) => MASK_REASONS[code])
    expect(names).toEqual(['open', 'no_address', 'suppressed', 'no_address', 'no_address', 'open'])
  })

  it('tells what earlier decisions used up from what is switched off', () => {
    const capacity = [false, false, false, false, false, true]
    const spent = all('budget_used')
    spent[5] = 'capacity_used'
    expect(reasonsFor({}, { used: { budget: true, capacity } })).toEqual(spent)
    expect(reasonsFor({}, { budgetOff: true, used: { budget: true, capacity: [] } })).toEqual(
      all('budget_off'),
    )
  })

  it('names the comparison group only where nothing else speaks against an action', () => {
    expect(reasonsFor({ group: 1, suppressed: 1 })).toEqual(all('suppressed'))
    expect(reasonsFor({ group: 1, paymentFailed: 1 })).toEqual([
      'open',
      'group',
      'group',
      'payment_failed',
      'payment_failed',
      'payment_failed',
    ])
  })

  it('leaves the margin its floor', () => {
    const shallow = ['open', 'open', 'open', 'open', 'margin_floor', 'margin_floor']
    expect(reasonsFor({}, { margin: 0.25, marginFloor: 0.1 })).toEqual(shallow)
  })

  it('refuses a discount deeper than the cap, and what is switched off', () => {
    expect(reasonsFor({}, { deepestDiscount: 0.2 })[5]).toBe('discount_too_deep')
    expect(reasonsFor({}, { enabled: [false, false, true, true, true, true] }).slice(0, 2)).toEqual([
      'open',
      'disabled',
    ])
  })

  it('has a sentence for every reason, and counts them by action', () => {
    for (const reason of MASK_REASONS) expect(reasonSentences[reason]).toMatch(/\w/)
    const context = { rows: 3, recurring: Float64Array.of(50, NaN, NaN) }
    const counts = countReasons(maskActions(context, rules), 6)
    expect([counts[0], counts[1], counts[MASK_REASONS.indexOf('recurring_unknown') * 6 + 1]]).toEqual([
      3, 1, 2,
    ])
  })

  it('breaks no rule for any customer under any settings, and masks nothing without one', () => {
    const unknownOr = (values: fc.Arbitrary<number>) => fc.oneof(fc.constant(NaN), values)
    const flag = unknownOr(fc.constantFrom(0, 1))
    const count = unknownOr(fc.integer({ min: 0, max: 4 }))
    const limit = fc.option(fc.integer({ min: 0, max: 3 }))
    const customer = fc.record({
      recurring: unknownOr(fc.integer({ min: -100, max: 50_000 }).map((cents) => cents / 100)),
      email: flag,
      sms: flag,
      task: flag,
      daysSinceContact: unknownOr(fc.constantFrom(0, 5, 14, 90, Infinity)),
      contactsInPeriod: count,
      discountsLastYear: count,
      discountInForce: flag,
      monthsToNotice: unknownOr(fc.integer({ min: -3, max: 24 })),
      paymentFailed: count,
      suppressed: flag,
      dispute: flag,
      noticeGiven: flag,
      group: flag,
      reach: unknownOr(fc.constantFrom(1, 1, 0, -1)),
    })
    type Customer = typeof customer extends fc.Arbitrary<infer T> ? T : never
    const anyRules = fc.record({
      enabled: fc.array(fc.boolean(), { minLength: 6, maxLength: 6 }),
      capacities: fc.array(limit, { minLength: 6, maxLength: 6 }),
      fixed: fc.constantFrom(0, 0, 150, 4000),
      lead: fc.integer({ min: 0, max: 12 }),
      budgetOff: fc.boolean(),
      used: fc.record({
        budget: fc.boolean(),
        capacity: fc.array(fc.boolean(), { minLength: 6, maxLength: 6 }),
      }),
      requireConsent: fc.boolean(),
      cooldownDays: fc.constantFrom(0, 14, 60),
      contactsPerPeriod: limit,
      deepestDiscount: fc.constantFrom(0, 0.1, 0.3, 1),
      discountsPerYear: limit,
      margin: fc.constantFrom(0.2, 0.6, 1),
      marginFloor: fc.constantFrom(0, 0.2),
    })
    fc.assert(
      fc.property(fc.array(customer, { minLength: 1, maxLength: 8 }), anyRules, (customers, drawn) => {
        const { capacities, fixed, lead, ...rest } = drawn
        const actions = referenceActions.map((action, a) => ({
          ...action,
          capacity: capacities[a],
          leadMonths: lead,
          cost: { ...action.cost, fixedMinor: a === 0 ? 0 : fixed },
        }))
        const used: MaskRules = { ...rest, actions, digits: 2 }
        const column = (name: keyof Customer) => Float64Array.from(customers, (c) => c[name])
        const context: MaskContext = {
          rows: customers.length,
          recurring: column('recurring'),
          consent: { email: column('email'), sms: column('sms'), task: column('task') },
          daysSinceContact: column('daysSinceContact'),
          contactsInPeriod: column('contactsInPeriod'),
          discountsLastYear: column('discountsLastYear'),
          discountInForce: column('discountInForce'),
          monthsToNotice: column('monthsToNotice'),
          paymentFailed: column('paymentFailed'),
          suppressed: column('suppressed'),
          dispute: column('dispute'),
          noticeGiven: column('noticeGiven'),
          group: column('group'),
          reach: { email: column('reach'), sms: column('reach'), task: column('reach') },
        }
        const reasons = maskActions(context, used)
        customers.forEach((c, row) => {
          expect(reasons[row * 6]).toBe(0)
          for (let a = 1; a < 6; a++) {
            const broken = brokenRules(c, used, a)
            const reason = MASK_REASONS[reasons[row * 6 + a]]
            expect(reason).toBe(broken[0] ?? 'open')
          }
        })
      }),
      { numRuns: 2000 },
    )
  })
})

/** The rules once more, each by itself, in its plainest form and in the order of the reasons. */
function brokenRules(c: Readonly<Record<string, number>>, r: MaskRules, a: number): MaskReason[] {
  const action = r.actions[a]
  const isDiscount = action.discount > 0
  const cost = plannedCost(action.cost, c.recurring)
  const consent = c[action.channel]
  const tests: [MaskReason, boolean][] = [
    ['disabled', !r.enabled[a]],
    ['capacity_off', action.capacity === 0],
    ['capacity_used', r.used?.capacity[a] === true],
    ['discount_too_deep', action.discount > r.deepestDiscount],
    ['suppressed', c.suppressed === 1],
    ['dispute', c.dispute === 1],
    ['notice_given', c.noticeGiven === 1],
    ['recurring_unknown', Number.isNaN(c.recurring) || c.recurring < 0],
    ['budget_off', r.budgetOff && cost > 0],
    ['budget_used', r.used?.budget === true && cost > 0],
    ['suppressed', c.reach === -1],
    ['no_address', c.reach === 0],
    ['no_consent', consent === 0],
    ['consent_unknown', r.requireConsent && Number.isNaN(consent)],
    ['cooldown', c.daysSinceContact < r.cooldownDays],
    ['contact_cap', r.contactsPerPeriod === 0 || c.contactsInPeriod >= (r.contactsPerPeriod ?? Infinity)],
    ['payment_failed', isDiscount && c.paymentFailed > 0],
    ['discount_running', isDiscount && c.discountInForce > 0],
    [
      'discounts_used',
      isDiscount && (r.discountsPerYear === 0 || c.discountsLastYear >= (r.discountsPerYear ?? Infinity)),
    ],
    ['margin_floor', cost > (r.margin - r.marginFloor) * c.recurring * action.cost.durationMonths + 1e-9],
    ['lead_window', c.monthsToNotice < 0 || c.monthsToNotice > action.leadMonths],
    ['group', c.group === 1],
  ]
  return tests.filter(([, broken]) => broken).map(([reason]) => reason)
}
