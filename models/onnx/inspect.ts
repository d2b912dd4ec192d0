/**
 * What an ONNX file must look like before the runtime may load it: of Holdfast's own making, or at least made
 * of the same operators, and of the shape that its bundle states. Native code never meets anything else.
 */
import { decodeModel, OnnxFormatError } from './decode.ts'
import type { GraphValue } from './graph.ts'

/** The input that the runtime is fed with, and the outputs that are asked for, by name. */
export interface OnnxShape {
  readonly input: string
  /** Columns of the input. */
  readonly width: number
  /** Columns of each output; null is an output with one dimension only, the rows. */
  readonly outputs: Readonly<Record<string, number | null>>
}

/** What a churn model of `width` design columns takes and gives. */
export function churnShape(width: number): OnnxShape {
  return { input: 'design', width, outputs: { margin: 1, probability: null } }
}

/** What a policy over `stateSize` numbers and `actions` actions takes and gives. */
export function policyShape(stateSize: number, actions: number): OnnxShape {
  return { input: 'state', width: stateSize, outputs: { values: actions } }
}

const standard =
  'Add Cast Div Gather Gemm GreaterOrEqual IsNaN MatMul Max Min Mul ReduceSum Relu Sigmoid Squeeze Sub Where'
const operators = new Set([...standard.split(' '), 'ai.onnx.ml.TreeEnsembleRegressor'])

/**
 * @throws OnnxFormatError with the first thing that is wrong
 * @example
 * inspectOnnx(bytes, churnShape(45))
 */
export function inspectOnnx(bytes: Uint8Array, shape: OnnxShape): void {
  const model = decodeModel(bytes)
  for (const { op, domain } of model.nodes) {
    const name = domain === '' || domain === 'ai.onnx' ? op : `${domain}.${op}`
    if (!operators.has(name))
      throw new OnnxFormatError(`the operator ${name} is not one of Holdfast's models`)
  }
  if (model.inputs.length !== 1) throw new OnnxFormatError(`it takes ${model.inputs.length} inputs, not one`)
  expectValue(model.inputs[0], shape.input, shape.width)
  for (const [name, columns] of Object.entries(shape.outputs)) {
    const output = model.outputs.find((one) => one.name === name)
    if (output === undefined) throw new OnnxFormatError(`it has no output "${name}"`)
    expectValue(output, name, columns)
  }
}

function expectValue(value: GraphValue, name: string, columns: number | null): void {
  const wanted = columns === null ? ['rows'] : ['rows', columns]
  const same =
    value.name === name &&
    value.dims.length === wanted.length &&
    (columns === null || value.dims[1] === columns)
  if (same && typeof value.dims[0] === 'string') return
  throw new OnnxFormatError(
    `"${value.name}" is [${value.dims.join(', ')}], not "${name}" [${wanted.join(', ')}]`,
  )
}
