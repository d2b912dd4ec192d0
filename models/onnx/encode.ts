/**
 * Holdfast's models as ONNX files, so that one runtime serves them and any other can. Deterministic: the same
 * model gives the same bytes.
 *
 * ONNX opset 17 with ai.onnx.ml 3, IR 8: https://onnx.ai/onnx/operators/
 */
import type { ChurnModel } from '../churn/model.ts'
import { calibratorNodes } from './encode-calibrator.ts'
import { logisticNodes } from './encode-logistic.ts'
import { treeNodes } from './encode-trees.ts'
import { encodeModel, node } from './graph.ts'
import type { GraphNode, Initializer, OnnxModel } from './graph.ts'

/** A stretch of a graph: what joins on to it takes the name of its output. */
export interface GraphPart {
  readonly nodes: readonly GraphNode[]
  readonly initializers: readonly Initializer[]
}

/** One dense layer: y = activation(weights x + bias). */
export interface NetworkLayer {
  /** Row-major, outputs x inputs. */
  readonly weights: Float32Array
  /** One an output. */
  readonly bias: Float32Array
  readonly activation: 'relu' | 'identity'
}

const header = {
  irVersion: 8,
  producer: 'holdfast',
  opsets: [
    { domain: '', version: 17 },
    { domain: 'ai.onnx.ml', version: 3 },
  ],
} as const satisfies Partial<OnnxModel>

/**
 * A churn model with its calibrator. Input `design` [rows, width] float32, NaN is missing. Outputs `margin`
 * [rows, 1] in log-odds and `probability` [rows], float32.
 *
 * The runtime adds leaves up in float32 (float64 in `margins`), which costs about 1e-6 of margin: see
 * encode-trees.ts. Logistic regression and calibration are computed in float64 and rounded once.
 *
 * @param width columns of the design matrix
 * @throws RangeError when the model points outside of the design matrix
 * @example
 * await writeFile('model.onnx', encodeChurnModel(model, 45))
 */
export function encodeChurnModel(model: ChurnModel, width: number): Uint8Array {
  const scorer = model.kind === 'trees' ? treeNodes(model.trees, width) : logisticNodes(model.logistic, width)
  const calibrator = calibratorNodes(model.calibrator)
  return encodeModel({
    ...header,
    name: 'churn',
    nodes: [...scorer.nodes, ...calibrator.nodes],
    initializers: [...scorer.initializers, ...calibrator.initializers],
    inputs: [{ name: 'design', dims: ['rows', width] }],
    outputs: [
      { name: 'margin', dims: ['rows', 1] },
      { name: 'probability', dims: ['rows'] },
    ],
  })
}

/**
 * A multilayer perceptron. Input `state` [rows, k] float32, output `values` [rows, actions] float32.
 *
 * @throws RangeError when the layers do not fit one another
 * @example
 * encodeNetwork([{ weights: new Float32Array([1, 2]), bias: new Float32Array([0]), activation: 'identity' }])
 */
export function encodeNetwork(
  layers: readonly NetworkLayer[],
  names: { readonly input: string; readonly output: string } = { input: 'state', output: 'values' },
): Uint8Array {
  if (layers.length === 0) throw new RangeError('A network needs at least one layer.')
  const nodes: GraphNode[] = []
  const initializers: Initializer[] = []
  const inputs = layers[0].weights.length / layers[0].bias.length
  let width = inputs
  let value = names.input
  layers.forEach((layer, index) => {
    const outputs = layer.bias.length
    if (outputs === 0 || !Number.isInteger(width) || layer.weights.length !== outputs * width) {
      throw new RangeError(`Layer ${index} has ${layer.weights.length} weights for ${outputs} x ${width}.`)
    }
    const last = index === layers.length - 1
    const dense = last && layer.activation === 'identity' ? names.output : `dense_${index}`
    initializers.push({ name: `weights_${index}`, dims: [outputs, width], data: layer.weights })
    initializers.push({ name: `bias_${index}`, dims: [outputs], data: layer.bias })
    const inputs = [value, `weights_${index}`, `bias_${index}`]
    nodes.push(node('Gemm', inputs, dense, [{ name: 'transB', kind: 'int', value: 1 }]))
    value = dense
    if (layer.activation === 'relu') {
      value = last ? names.output : `active_${index}`
      nodes.push(node('Relu', [dense], value))
    }
    width = outputs
  })
  return encodeModel({
    ...header,
    name: 'network',
    nodes,
    initializers,
    inputs: [{ name: names.input, dims: ['rows', inputs] }],
    outputs: [{ name: names.output, dims: ['rows', width] }],
  })
}
