import { referenceActions } from '../../actions/catalogue.ts'
import { drawCustomers } from '../../models/policy/draw.ts'
import { random } from '../../models/random.ts'
import type { ScoredBook } from '../../src/loop/decide.ts'

/** Random customers, values as a policy might give them: the riskier, the more an action brings. */
export function scoredBook(rows: number, seed = 1, unknownAmounts = 0): ScoredBook {
  const chance = random(seed)
  const actions = referenceActions.length
  const value = new Float32Array(rows * actions)
  const recurring = new Float64Array(rows)
  const effect = [0, 0.03, 0.04, 0.08, 0.12, 0.2]
  for (let row = 0; row < rows; row++) {
    recurring[row] = chance.next() < unknownAmounts ? NaN : Math.round(2000 + 10_000 * chance.next()) / 100
    const risk = chance.next() ** 2
    const stay = 20 + 5 * chance.next()
    for (let a = 0; a < actions; a++) {
      const cost = referenceActions[a].cost.share * 12
      const gain = a === 0 ? 0 : 3 * risk * effect[a] * stay * (0.5 + chance.next()) - cost * (0.3 + risk)
      value[row * actions + a] = stay * (1 - risk) + gain
    }
  }
  const ids = Array.from({ length: rows }, (_, row) => `C-${row}`)
  return {
    values: { rows, actions, value },
    trained: {
      actions: referenceActions.map(({ key }) => key),
      margin: 0.6,
      gamma: 0.99,
      costs: referenceActions.map((action) => action.cost),
      priors: effect.map((mean) => ({ mean, sd: mean / 2 })),
    },
    hazard: new Float32Array(rows).fill(0.02),
    recurring,
    context: {},
    draws: drawCustomers({ tenant: 'default', period: '2026-11', policyVersion: '1', salt: '' }, ids),
  }
}
