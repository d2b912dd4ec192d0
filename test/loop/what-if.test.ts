import { describe, expect, it } from 'vitest'
import { changeSettings, compareSettings } from '../../src/loop/what-if.ts'
import { parseSettings } from '../../src/settings/settings.ts'
import { scoredBook } from './scored.ts'

const settings = parseSettings({ budget: 20_000 })
const scored = scoredBook(3000)

describe('what if', () => {
  it('moves nobody when nothing changes', () => {
    const [, same] = compareSettings(scored, settings, [{ label: 'the same' }]).outcomes
    expect(same.against).toMatchObject({ moved: 0, plannedSpend: 0, expectedValue: 0 })
  })

  it('shows who moves when discounts get dearer', () => {
    const { outcomes } = compareSettings(scored, parseSettings({}), [
      { label: 'dearer', costTimes: { discount_10: 1.5, discount_20: 1.5 } },
    ])
    const { against, summary } = outcomes[1]
    expect(against.counts[3] + against.counts[4]).toBeLessThan(0)
    expect(against.expectedValue).toBeLessThan(0)
    expect(against.counts.reduce((sum, n) => sum + n, 0)).toBe(0)
    const stayed = against.flow.reduce((sum, row, a) => sum + row[a], 0)
    expect(stayed + against.moved).toBe(3000)
    against.flow.forEach((row, a) => {
      expect(row.reduce((sum, n) => sum + n, 0)).toBe(outcomes[0].summary.actions[a].count)
      expect(against.flow.reduce((sum, from) => sum + from[a], 0)).toBe(summary.actions[a].count)
    })
  })

  it('earns more with more budget or more places and less with less, and less with offers cut short', () => {
    const calls = (capacity: number) => ({ catalogue: { call_discount_30: { capacity } } })
    const quiet = { exploration: { share: 0 } }
    const base = changeSettings(settings, { label: 'no exploration', settings: quiet })
    const { outcomes } = compareSettings(scored, base, [
      { label: 'more budget', settings: { budget: 30_000 } },
      { label: 'shorter', durationMonths: 3 },
      { label: 'less budget', settings: { budget: 4_000 } },
      { label: 'nothing', settings: { budget: 0 } },
    ])
    const gains = outcomes.map((o) => o.against.expectedValue)
    expect(gains[1]).toBeGreaterThan(0)
    expect(gains[2]).toBeLessThan(0)
    expect(gains[3]).toBeLessThan(0)
    expect(outcomes[3].summary.budgetPrice).toBeGreaterThan(outcomes[0].summary.budgetPrice)
    expect(outcomes[4].summary.plannedSpend).toBe(0)
    for (const { summary } of outcomes) expect(summary.plannedSpend).toBeLessThanOrEqual(summary.budget ?? 0)
    const unbound = changeSettings(base, { label: 'no budget', settings: { budget: null } })
    const more = compareSettings(scored, unbound, [{ label: 'more calls', settings: calls(300) }]).outcomes[1]
    expect(more.against.counts[5]).toBe(200)
    expect(more.against.expectedValue).toBeGreaterThan(0)
  })

  it('lays changes over the settings in force', () => {
    const base = parseSettings({ catalogue: { sms: { fixedCost: 0.1, capacity: 7 } } })
    const changed = changeSettings(base, { label: 'x', costTimes: { sms: 2 }, durationMonths: 6 })
    expect(changed.catalogue.sms).toEqual({ fixedCost: 0.2, share: 0.04, capacity: 7, durationMonths: 6 })
    expect(changeSettings(base, { label: 'x', settings: { levels: { kind: 'reference' } } }).levels).toEqual({
      kind: 'reference',
    })
  })

  it('refuses a change that makes no sense and says which', () => {
    const change = (what: object) => () => changeSettings(settings, { label: 'odd', ...what })
    expect(change({ costTimes: { mail: 2 } })).toThrow(/no action "mail".*email, sms/)
    expect(change({ costTimes: { call_discount_30: 9 } })).toThrow(/"odd".*call_discount_30\.share/)
    expect(change({ settings: { budget: -1 } })).toThrow(/"odd".*budget/)
    expect(change({ settings: { currency: { file: 'EUR' } } })).toThrow(/keep the reporting currency/)
  })
})
