import { describe, expect, it } from 'vitest'
import { random } from '../../models/random.ts'
import { decide } from '../../src/loop/decide.ts'
import { parseSettings } from '../../src/settings/settings.ts'
import { chiSquareOf, type LoggedChoice } from './frequencies.ts'
import { scoredBook } from './scored.ts'

const CUSTOMERS = 100_000

describe('over 100,000 customers', () => {
  it('actions are taken as often as the logged propensities say, in every group of alike customers', () => {
    const plan = decide(scoredBook(CUSTOMERS, 7), parseSettings({ gate: { threshold: 0 } }))
    const choices: LoggedChoice[] = []
    for (let row = 0; row < CUSTOMERS; row++) {
      const probabilities = plan.probabilities(row)
      if (plan.propensity[row] !== probabilities[plan.action[row]]) expect.fail(`row ${row}`)
      choices.push({ probabilities, action: plan.action[row] })
    }
    const { z, freedom, taken } = chiSquareOf(choices)
    expect(taken).toBeGreaterThan(CUSTOMERS / 2)
    expect(freedom).toBeGreaterThan(5)
    // p = .0001 on each side: too even is as wrong as too uneven.
    expect(Math.abs(z)).toBeLessThan(3.9)
  })

  it('the check sees a draw that is a percent off', () => {
    const chance = random(3)
    const choices = Array.from({ length: CUSTOMERS }, () => ({
      probabilities: [0.075, 0.85, 0.075],
      action: chance.next() < 0.84 ? 1 : chance.next() < 0.5 ? 0 : 2,
    }))
    expect(chiSquareOf(choices).z).toBeGreaterThan(3.9)
  })
})
