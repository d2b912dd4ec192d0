/**
 * Calibration in standard operators, in float64, so that a steep piece between two close knots loses no more
 * than the margin itself has lost.
 */
import type { Calibrator } from '../churn/model.ts'
import type { GraphPart } from './encode.ts'
import { cast, node, scalar } from './graph.ts'
import type { Initializer } from './graph.ts'

/** From `margin` [rows, 1] to `probability` [rows]. */
export function calibratorNodes(calibrator: Calibrator): GraphPart {
  const curve = curveOf(calibrator)
  return {
    nodes: [
      cast('margin', 'double', 'margin_64'),
      ...curve.nodes,
      cast('probability_64', 'float', 'probability_column'),
      node('Squeeze', ['probability_column', 'columns_axis'], 'probability'),
    ],
    initializers: [...curve.initializers, { name: 'columns_axis', dims: [1], data: BigInt64Array.of(1n) }],
  }
}

/** From `margin_64` to `probability_64`, both [rows, 1]. */
function curveOf(calibrator: Calibrator): GraphPart {
  switch (calibrator.kind) {
    case 'identity':
      return { nodes: [node('Sigmoid', ['margin_64'], 'probability_64')], initializers: [] }
    case 'platt':
      return {
        nodes: [
          node('Mul', ['margin_64', 'slope'], 'sloped'),
          node('Add', ['sloped', 'offset'], 'log_odds'),
          node('Sigmoid', ['log_odds'], 'probability_64'),
        ],
        initializers: [scalar('slope', calibrator.slope), scalar('offset', calibrator.offset)],
      }
    case 'isotonic':
      return isotonicNodes(calibrator.margin, calibrator.probability)
  }
}

/**
 * The piece that a margin falls in is the number of knots at or below it; its start, width and rise are looked
 * up. Piece 0 lies below the first knot and the last above the last: both are flat. Nothing is summed over
 * knots, so at a knot the result is its probability, exactly.
 */
function isotonicNodes(margin: readonly number[], probability: readonly number[]): GraphPart {
  const knots = margin.length
  if (knots === 0 || probability.length !== knots) {
    throw new RangeError(
      `An isotonic calibrator has ${knots} margins and ${probability.length} probabilities.`,
    )
  }
  const start = new Float64Array(knots + 1)
  const width = new Float64Array(knots + 1).fill(1)
  const low = new Float64Array(knots + 1)
  const rise = new Float64Array(knots + 1)
  start[0] = margin[0]
  low[0] = probability[0]
  for (let i = 0; i < knots; i++) {
    start[i + 1] = margin[i]
    low[i + 1] = probability[i]
    if (i === knots - 1) continue
    if (!(margin[i + 1] > margin[i])) throw new RangeError(`Knot ${i + 1} of the calibrator does not ascend.`)
    width[i + 1] = margin[i + 1] - margin[i]
    rise[i + 1] = probability[i + 1] - probability[i]
  }
  const table = (name: string, data: Float64Array): Initializer => ({ name, dims: [knots + 1], data })
  return {
    nodes: [
      node('GreaterOrEqual', ['margin_64', 'knots'], 'reached'),
      cast('reached', 'int64', 'reached_count'),
      node('ReduceSum', ['reached_count', 'knots_axis'], 'piece'),
      node('Gather', ['piece_start', 'piece'], 'start'),
      node('Gather', ['piece_width', 'piece'], 'width'),
      node('Gather', ['piece_low', 'piece'], 'low'),
      node('Gather', ['piece_rise', 'piece'], 'rise'),
      node('Sub', ['margin_64', 'start'], 'into'),
      node('Div', ['into', 'width'], 'share'),
      node('Mul', ['share', 'rise'], 'risen'),
      node('Add', ['low', 'risen'], 'probability_64'),
    ],
    initializers: [
      { name: 'knots', dims: [knots], data: Float64Array.from(margin) },
      { name: 'knots_axis', dims: [1], data: BigInt64Array.of(1n) },
      table('piece_start', start),
      table('piece_width', width),
      table('piece_low', low),
      table('piece_rise', rise),
    ],
  }
}
