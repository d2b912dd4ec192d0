import { describe, expect, it } from 'vitest'
import { levelThresholds } from '../../models/churn/levels.ts'
import {
  hasCapacity,
  sameThresholds,
  storedThresholds,
  thresholdsInForce,
} from '../../src/loop/book-levels.ts'
import { parseSettings } from '../../src/settings/settings.ts'

const { levels } = parseSettings({})
const { capacity: _, ...plain } = levels
const bounded = { ...plain, capacity: { customers: 50 } }

describe('thresholds of a connection', () => {
  it('survive being stored, and what nobody can read is none', () => {
    const thresholds = levelThresholds(plain, 0.1)
    expect(storedThresholds(JSON.parse(JSON.stringify(thresholds)))).toEqual(thresholds)
    for (const broken of [null, 7, {}, { ...thresholds, high: 'much' }])
      expect(storedThresholds(broken)).toBe(null)
  })

  it('follow the settings where no capacity bounds them', () => {
    const wished = levelThresholds(plain, 0.1)
    const saved = { ...wished, high: 0.99 }
    expect(hasCapacity(plain)).toBe(false)
    expect(thresholdsInForce(plain, 0.1, saved)).toEqual(wished)
  })

  it('stay what the whole book made them under a capacity, until the settings say otherwise', () => {
    const wished = levelThresholds(plain, 0.1)
    const raised = { ...wished, high: wished.high + 0.1, highBy: 'capacity' } as const
    expect(hasCapacity(bounded)).toBe(true)
    expect(thresholdsInForce(bounded, 0.1, raised)).toEqual(raised)
    expect(thresholdsInForce(bounded, 0.1, null)).toEqual(wished)
    // A capacity only ever raises: lower ones are of other settings.
    expect(thresholdsInForce(bounded, 0.1, { ...raised, high: wished.high / 2 })).toEqual(wished)
    expect(thresholdsInForce(bounded, 0.1, { ...raised, medium: wished.medium / 2 })).toEqual(wished)
  })

  it('are the same when they divide customers alike', () => {
    const one = levelThresholds(plain, 0.1)
    expect(sameThresholds(one, { ...one, highBy: 'fixed' })).toBe(true)
    expect(sameThresholds(one, { ...one, medium: one.medium / 2 })).toBe(false)
    expect(sameThresholds(null, one)).toBe(false)
  })
})
