/**
 * What the subscription starter believes, for the columns of somebody else's file: where there are too few
 * outcomes to learn from, they update these beliefs instead of starting from nothing.
 */
import type { Feature } from '../../../src/contracts/features.ts'
import { designOf } from '../../features/design.ts'
import type { CoefficientPrior } from '../logistic.ts'
import { assumptions } from './assumptions.ts'

/**
 * One prior a design column; undefined where the starter believes nothing, so that the fit's own weak prior
 * stands. Effects per unit hold within the range that the starter assumes; a file may go beyond it and mean
 * something else by a horizon, so the spread of each belief is doubled.
 *
 * @example
 * starterBeliefs([{ name: 'paymentFailures', label: 'failed payments', kind: 'number' }]) // [{ mean: 0.6, sd: 0.6, scale: 'natural' }]
 */
export function starterBeliefs(features: readonly Feature[]): (CoefficientPrior | undefined)[] {
  const { source } = designOf(features)
  return Array.from(source, (index, column) => {
    const { name, kind, categories = [] } = features[index]
    // Two categories share one column, "is it the second?", of which the starter says nothing.
    if (kind === 'category' && categories.length <= 2) return undefined
    const category = kind === 'category' ? categories[column - source.indexOf(index)] : undefined
    const found = assumptions.find((each) => each.feature === name && each.category === category)
    return found && { mean: found.mean, sd: 2 * found.sd, scale: found.scale }
  })
}
