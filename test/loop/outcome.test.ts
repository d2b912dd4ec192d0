import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { measureOutcome, type OutcomeTerms } from '../../src/loop/outcome.ts'
import type { ClosedDecision, EarlierOutcome, Outcome } from '../../src/store/outcomes.ts'

const DAY = 86_400_000
const decided = new Date('2026-01-10T08:00:00Z')
const after = (days: number): Date => new Date(decided.getTime() + days * DAY)

const terms: OutcomeTerms = {
  margin: 0.6,
  assumeTaken: false,
  actionOf: (key) => {
    if (key === 'call_discount_30')
      return { discount: 0.3, cost: { fixedMinor: 0, share: 0.35, durationMonths: 12 } }
    return key === 'discount_20'
      ? { discount: 0.2, cost: { fixedMinor: 50, share: 0.2, durationMonths: 2 } }
      : { discount: 0, cost: { fixedMinor: 0, share: 0, durationMonths: 12 } }
  },
  converted: (minor, currency) => (currency === 'USD' ? minor : null),
}

const stayed: ClosedDecision = {
  id: 1,
  customer_id: 1,
  decided_at: decided,
  settings_version: 0,
  action_key: 'no_action',
  monthly_minor: 6000,
  currency: 'USD',
  renewal_date: null,
  status: 'active',
  status_since: after(-100),
  changed_at: null,
  seen_after: false,
  monthly_now_minor: 6000,
  currency_now: 'USD',
  renewal_now: null,
  auto_renewal: null,
  intervention_id: null,
  intervention_state: null,
  delivery: null,
  sent_at: null,
  opted_out_at: null,
  offer: null,
  before: null,
}

const measure = (known: ClosedDecision, days: number): Outcome =>
  measureOutcome(known, { days, everyone: true, terms, now: after(days) })

const earlier = ({ days, churned, left_at, monthly_minor, revenue_minor }: Outcome): EarlierOutcome => ({
  days,
  churned,
  left_at: left_at?.toISOString() ?? null,
  monthly_minor,
  revenue_minor,
})

describe('an outcome', () => {
  it('charges a discount for the months that passed, and for no more than it lasts', () => {
    const given = { ...stayed, action_key: 'discount_20', delivery: 'live', sent_at: decided } as const
    expect(measure(given, 30).cost_minor).toBe(Math.round(50 + (0.2 * 6000 * 30) / 30.436875))
    expect(measure(given, 90).cost_minor).toBe(50 + 0.2 * 6000 * 2)
    const left = { ...given, status: 'left', status_since: after(10), changed_at: after(10) } as const
    expect(measure(left, 30).cost_minor).toBe(Math.round(50 + (0.2 * 6000 * 10) / 30.436875))
    expect(measure({ ...given, sent_at: after(31) }, 30)).toMatchObject({ cost_minor: 0, delivery: null })
  })

  it('charges an offer with what was booked for it, and one that nobody took with nothing', () => {
    const sent = { ...stayed, action_key: 'discount_20', delivery: 'live', sent_at: decided } as const
    const offer = { fulfilment: 'pool', redeemed: false, minor: 0, currency: 'USD' } as const
    expect(measure({ ...sent, offer }, 90).cost_minor).toBe(50)
    const taken = { ...offer, redeemed: true, minor: 1200 }
    expect(measure({ ...sent, offer: taken }, 90).cost_minor).toBe(1250)
    expect(measure({ ...sent, offer: { ...taken, minor: null } }, 90)).toMatchObject({
      cost_minor: null,
      reward_minor: null,
    })
    expect(measure({ ...sent, offer: { ...taken, currency: 'EUR' } }, 90).cost_minor).toBe(null)
    expect(measure({ ...sent, offer: taken, delivery: 'sandbox' }, 90).cost_minor).toBe(0)
  })

  it('charges what it takes to make an offer whether or not it is taken', () => {
    const called = { ...stayed, action_key: 'call_discount_30', delivery: 'live', sent_at: decided } as const
    const offer = { fulfilment: 'person', redeemed: false, minor: 0, currency: 'USD' } as const
    const call = Math.round((0.05 * 6000 * 30) / 30.436875)
    expect(measure({ ...called, offer }, 30).cost_minor).toBe(call)
    expect(measure({ ...called, offer: { ...offer, redeemed: true, minor: 1800 } }, 30).cost_minor).toBe(
      call + 1800,
    )
  })

  it('takes an offer of a person for taken only where the settings say so', () => {
    const called = { ...stayed, action_key: 'call_discount_30', delivery: 'live', sent_at: decided } as const
    const offer = { fulfilment: 'person', redeemed: false, minor: 0, currency: 'USD' } as const
    const assuming = (known: ClosedDecision): number | null =>
      measureOutcome(known, {
        days: 30,
        everyone: true,
        terms: { ...terms, assumeTaken: true },
        now: after(30),
      }).cost_minor
    expect(assuming({ ...called, offer })).toBe(Math.round((0.35 * 6000 * 30) / 30.436875))
    expect(assuming({ ...called, offer: { ...offer, fulfilment: 'pool' } })).toBe(
      Math.round((0.05 * 6000 * 30) / 30.436875),
    )
  })

  it('says nothing in money where the amount is not known', () => {
    const unknown = { ...stayed, monthly_minor: null, monthly_now_minor: 100, currency_now: 'XYZ' }
    expect(measure(unknown, 30)).toMatchObject({
      churned: false,
      monthly_minor: null,
      revenue_minor: null,
      reward_minor: null,
    })
    const discount = { ...unknown, action_key: 'discount_20', delivery: 'live', sent_at: decided } as const
    expect(measure(discount, 30).cost_minor).toBe(null)
  })

  it('pays each stretch with the amount known at its beginning', () => {
    const first = measure({ ...stayed, monthly_now_minor: 9000 }, 30)
    const second = measure({ ...stayed, monthly_now_minor: 1, before: earlier(first) }, 60)
    expect(second.revenue_minor).toBe(Math.round((30 * (6000 + 9000)) / 30.436875))
  })

  it('counts whoever was said to stay and is known to have left before as left', () => {
    const first = measure({ ...stayed, monthly_now_minor: 9000 }, 30)
    const known = { ...stayed, status: 'left', status_since: after(40), changed_at: after(20) } as const
    const second = measure({ ...known, before: earlier(first) }, 60)
    expect(second).toMatchObject({ churned: true, left_at: after(20) })
    expect(second.revenue_minor).toBe(Math.round((6000 * 20) / 30.436875))
  })

  it('never pays less in a longer window, nor more than the amount for its days', () => {
    fc.assert(
      fc.property(
        fc.record({
          monthly: fc.integer({ min: 0, max: 1e6 }),
          leaves: fc.option(fc.double({ min: 0.01, max: 200, noNaN: true })),
        }),
        ({ monthly, leaves }) => {
          let before: Outcome | null = null
          for (const days of [30, 60, 90, 180]) {
            const gone = leaves !== null && leaves <= days
            const known: ClosedDecision = {
              ...stayed,
              monthly_minor: monthly,
              monthly_now_minor: monthly,
              ...(gone ? { status: 'left', status_since: after(leaves), changed_at: after(leaves) } : {}),
              before: before === null ? null : earlier(before),
            }
            const now = measure(known, days)
            expect(now.churned).toBe(gone)
            const paidDays = gone ? leaves : days
            // Rounded once a window.
            expect(Math.abs(now.revenue_minor! - (monthly * paidDays) / 30.436875)).toBeLessThan(3)
            expect(now.revenue_minor!).toBeGreaterThanOrEqual(before?.revenue_minor ?? 0)
            before = now
          }
        },
      ),
    )
  })

  it('is known or censored, never both, whatever happened', () => {
    const at = fc.option(
      fc.integer({ min: -10, max: 200 }).map((days) => after(days)),
      { nil: null },
    )
    fc.assert(
      fc.property(
        fc.constantFrom('active', 'left', 'deleted'),
        at,
        at,
        fc.boolean(),
        fc.boolean(),
        (status, since, changed, seen, everyone) => {
          const known = {
            ...stayed,
            status,
            status_since: since ?? after(-100),
            changed_at: status === 'left' ? changed : null,
            seen_after: seen,
          } as const
          const one = measureOutcome(known, { days: 60, everyone, terms, now: after(60) })
          expect(one.revenue_minor === null).toBe(one.churned === null)
          expect(one.left_at === null).toBe(one.churned !== true)
          if (one.left_at !== null) {
            expect(one.left_at >= decided && one.left_at <= after(60)).toBe(true)
            expect(one.monthly_minor).toBe(0)
          }
          expect(one.reward_minor === null || one.reward_minor <= 0.6 * one.revenue_minor! + 1).toBe(true)
        },
      ),
    )
  })
})
