/** Logistic regression in standard operators, in float64: a missing value adds nothing. */
import type { LogisticModel } from '../churn/model.ts'
import type { GraphPart } from './encode.ts'
import { cast, node, scalar } from './graph.ts'
import type { Initializer } from './graph.ts'

/** From `design` to `margin` [rows, 1]. */
export function logisticNodes(model: LogisticModel, width: number): GraphPart {
  const lengths = [model.weight, model.center, model.scale, model.min, model.max].map((part) => part.length)
  if (lengths.some((length) => length !== width)) {
    throw new RangeError(`The weights are for ${lengths.join(', ')} columns, the design matrix has ${width}.`)
  }
  const row = (name: string, data: Float64Array): Initializer => ({ name, dims: [width], data })
  return {
    nodes: [
      cast('design', 'double', 'design_64'),
      node('IsNaN', ['design_64'], 'is_missing'),
      node('Max', ['design_64', 'min'], 'not_below'),
      node('Min', ['not_below', 'max'], 'clamped'),
      node('Sub', ['clamped', 'center'], 'centred'),
      node('Div', ['centred', 'scale'], 'scaled'),
      node('Where', ['is_missing', 'nothing', 'scaled'], 'known'),
      node('MatMul', ['known', 'weight'], 'weighted'),
      node('Add', ['weighted', 'intercept'], 'margin_of_weights'),
      cast('margin_of_weights', 'float', 'margin'),
    ],
    initializers: [
      row('min', model.min),
      row('max', model.max),
      row('center', model.center),
      row('scale', model.scale),
      scalar('nothing', 0),
      { name: 'weight', dims: [width, 1], data: model.weight },
      scalar('intercept', model.intercept),
    ],
  }
}
