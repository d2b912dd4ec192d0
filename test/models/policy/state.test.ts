import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  INPUT,
  STATE_NAMES,
  STATE_SIZE,
  annualProbability,
  hazardOfState,
  probabilityOfState,
  unknownState,
  writeState,
} from '../../../models/policy/state.ts'

const number = fc.oneof(fc.double(), fc.constant(NaN), fc.constant(Infinity), fc.constant(-Infinity))

describe('the served state', () => {
  it('stays in the trained range whatever the customer, and flags what is unknown', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.array(number, { minLength: 9, maxLength: 9 }),
        (monthlyHazard, rest) => {
          const [contractMonths, tier, tenureMonths, monthlyCharge, interventions] = rest
          const [, , , , , daysSinceContact, responseRate, engagement, monthsToNotice] = rest
          const state = new Float32Array(2 * STATE_SIZE).fill(7)
          writeState(state, 1, {
            monthlyHazard,
            contractMonths,
            tier,
            tenureMonths,
            monthlyCharge,
            interventions,
            daysSinceContact,
            responseRate,
            engagement,
            monthsToNotice,
          })
          expect(state.subarray(0, STATE_SIZE).every((x) => x === 7)).toBe(true)
          for (let i = STATE_SIZE; i < 2 * STATE_SIZE; i++) {
            expect(state[i]).toBeGreaterThanOrEqual(0)
            expect(state[i]).toBeLessThanOrEqual(1)
          }
          rest.forEach((value, i) => expect(state[STATE_SIZE + 10 + i]).toBe(Number.isNaN(value) ? 1 : 0))
        },
      ),
    )
  })

  it('has a name for every input, and a flag for all but the churn probability', () => {
    expect(STATE_NAMES).toHaveLength(STATE_SIZE)
    expect(new Set(STATE_NAMES).size).toBe(STATE_SIZE)
    expect(STATE_NAMES.filter((name) => name.endsWith('_missing'))).toHaveLength(9)
  })

  it('carries the 12-month probability of a monthly hazard, and gives both back', () => {
    const state = new Float32Array(STATE_SIZE)
    for (const hazard of [0.0005, 0.0082, 0.05, 0.3]) {
      writeState(state, 0, { ...unknownState, monthlyHazard: hazard })
      expect(probabilityOfState(state, 0)).toBeCloseTo(annualProbability(hazard), 6)
      expect(hazardOfState(state, 0) / hazard).toBeCloseTo(1, 3)
    }
  })

  it('does not tell a customer who pays 5,000 a month from one who pays 120', () => {
    const state = new Float32Array(2 * STATE_SIZE)
    writeState(state, 0, { ...unknownState, monthlyHazard: 0.02, monthlyCharge: 5_000 })
    writeState(state, 1, { ...unknownState, monthlyHazard: 0.02, monthlyCharge: 120 })
    expect([...state.subarray(0, STATE_SIZE)]).toEqual([...state.subarray(STATE_SIZE)])
    expect(state[INPUT.charge]).toBe(1)
  })
})
