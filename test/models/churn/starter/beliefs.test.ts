import { describe, expect, it } from 'vitest'
import { fitLogistic } from '../../../../models/churn/logistic.ts'
import { starterBeliefs } from '../../../../models/churn/starter/beliefs.ts'
import type { Feature } from '../../../../src/contracts/features.ts'

const features: Feature[] = [
  { name: 'shoeSize', label: 'shoe size', kind: 'number' },
  { name: 'paymentFailures', label: 'failed payments', kind: 'number' },
  {
    name: 'contract',
    label: 'contract',
    kind: 'category',
    categories: ['Month-to-month', 'One year', 'Two year'],
  },
  { name: 'contract', label: 'contract', kind: 'category', categories: ['One year', 'Two year'] },
]

describe('beliefs about the columns of a file', () => {
  const beliefs = starterBeliefs(features)

  it('are one a design column, and none where the starter knows nothing', () => {
    expect(beliefs).toHaveLength(6)
    expect([beliefs[0], beliefs[5]]).toEqual([undefined, undefined])
  })

  it('raise the risk with failed payments and lower it with longer contracts', () => {
    expect(beliefs[1]!.mean).toBeGreaterThan(0)
    expect(beliefs[4]!.mean).toBeLessThan(beliefs[3]!.mean)
    expect(beliefs[3]!.mean).toBeLessThan(beliefs[2]!.mean)
  })

  it('give a fit on a few customers the direction that their outcomes cannot show', () => {
    const data = {
      design: Float32Array.of(40, 0, 41, 2, 42, 0, 43, 2),
      rows: 4,
      width: 2,
      labels: Uint8Array.of(0, 1, 1, 0),
    }
    const churnRate = { rate: 0.5, sd: 2.5 }
    const blank = fitLogistic(data, { sd: 0.5, churnRate })
    const informed = fitLogistic(data, { sd: 0.5, churnRate, priors: starterBeliefs(features.slice(0, 2)) })
    expect(Math.abs(blank.weight[1])).toBeLessThan(0.05)
    expect(informed.weight[1]).toBeGreaterThan(0.1)
  })
})
