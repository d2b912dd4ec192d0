/**
 * Rules that people and simpler systems follow, over the served state: what a learned policy must beat in the
 * simulator. Each acts every month unless it is told to leave customers alone for a while after a contact.
 */
import type { StatePolicy } from '../evaluate.ts'
import { INPUT, STATE_SIZE, hazardOfState, probabilityOfState } from '../state.ts'
import type { Assumptions } from './assumptions.ts'

/** The same action for everybody. */
export function alwaysRule(action: number): StatePolicy {
  return () => (_row, inForce) => (action > inForce ? action : 0)
}

/** The presets of the reference: 10 % off above .4 within a year, a call with 30 % off above .7. */
export function riskRule(): StatePolicy {
  return (states) => (row, inForce) => {
    const risk = probabilityOfState(states, row)
    const action = risk > 0.7 ? 5 : risk > 0.4 ? 3 : 0
    return action > inForce ? action : 0
  }
}

/**
 * The best expected value of one step: effect x chance to leave in the months in force x what a customer who
 * stays is worth (36 months' margin, the reference's horizon), less the planned cost. Blind to fatigue, habit
 * and sleeping dogs, and to what acting now takes from later.
 */
export function oneStepRule(assumptions: Assumptions): StatePolicy {
  const { actions, economics } = assumptions
  return (states) => (row, inForce) => {
    const hazard = hazardOfState(states, row)
    let best = 0
    let most = 0
    for (let a = inForce + 1; a < actions.length; a++) {
      const { effectMean, durationMonths, share, fixedMonths } = actions[a]
      const leaves = 1 - (1 - hazard) ** durationMonths
      const value = effectMean * leaves * 36 * economics.margin - share * durationMonths - fixedMonths
      if (value > most) {
        most = value
        best = a
      }
    }
    return best
  }
}

/** The same policy, but nobody is contacted within `days` of the last contact where that is known. */
export function withCooldown(policy: StatePolicy, days: number): StatePolicy {
  return (states, rows) => {
    const choose = policy(states, rows)
    return (row, inForce) =>
      states[row * STATE_SIZE + INPUT.days] * 90 < days && states[row * STATE_SIZE + 9 + INPUT.days] === 0
        ? 0
        : choose(row, inForce)
  }
}
