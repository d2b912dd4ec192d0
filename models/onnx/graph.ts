/**
 * An ONNX model as plain data, and its bytes. Only what Holdfast's own models are made of: a flat graph of
 * standard operators with its tensors inside the file. What is read is in decode.ts.
 *
 * Field numbers: https://github.com/onnx/onnx/blob/main/onnx/onnx.proto
 */
import { messageWriter } from './protobuf.ts'
import type { MessageWriter } from './protobuf.ts'

export type Attribute =
  | { readonly name: string; readonly kind: 'float' | 'int'; readonly value: number }
  | { readonly name: string; readonly kind: 'string'; readonly value: string }
  | { readonly name: string; readonly kind: 'floats' | 'ints'; readonly value: ArrayLike<number> }
  | { readonly name: string; readonly kind: 'strings'; readonly value: readonly string[] }

export interface GraphNode {
  readonly op: string
  /** '' is ai.onnx, else as in `ai.onnx.ml`. */
  readonly domain: string
  readonly inputs: readonly string[]
  readonly outputs: readonly string[]
  readonly attributes: readonly Attribute[]
}

export type TensorData = Float32Array | Float64Array | BigInt64Array

/** A constant; its element type follows from the array: float, double, int64. */
export interface Initializer {
  readonly name: string
  readonly dims: readonly number[]
  readonly data: TensorData
}

/** A float32 input or output; a dimension is a size or a name that stands for any ("rows"). */
export interface GraphValue {
  readonly name: string
  readonly dims: readonly (number | string)[]
}

export interface OnnxModel {
  readonly irVersion: number
  readonly producer: string
  readonly opsets: readonly { readonly domain: string; readonly version: number }[]
  readonly name: string
  readonly nodes: readonly GraphNode[]
  readonly initializers: readonly Initializer[]
  readonly inputs: readonly GraphValue[]
  readonly outputs: readonly GraphValue[]
}

/** Element types of TensorProto.DataType. */
export const ELEMENT = { float: 1, int64: 7, double: 11 } as const

/** AttributeProto.AttributeType, and the field that holds the value. */
export const ATTRIBUTE = {
  float: { type: 1, field: 2 },
  int: { type: 2, field: 3 },
  string: { type: 3, field: 4 },
  floats: { type: 6, field: 7 },
  ints: { type: 7, field: 8 },
  strings: { type: 8, field: 9 },
} as const

/** A node of the standard domain with one output. */
export function node(
  op: string,
  inputs: readonly string[],
  output: string,
  attributes: readonly Attribute[] = [],
): GraphNode {
  return { op, domain: '', inputs, outputs: [output], attributes }
}

/** A node that turns one element type into another. */
export function cast(input: string, to: keyof typeof ELEMENT, output: string): GraphNode {
  return node('Cast', [input], output, [{ name: 'to', kind: 'int', value: ELEMENT[to] }])
}

/** A float64 constant. */
export function scalar(name: string, value: number): Initializer {
  return { name, dims: [], data: Float64Array.of(value) }
}

/**
 * The bytes of an ONNX file: the same model gives the same bytes on every machine.
 *
 * @example
 * await writeFile('model.onnx', encodeModel(model))
 */
export function encodeModel(model: OnnxModel): Uint8Array {
  const graph = messageWriter()
  for (const node of model.nodes) graph.message(1, nodeMessage(node))
  graph.text(2, model.name)
  for (const initializer of model.initializers) graph.message(5, tensorMessage(initializer))
  for (const input of model.inputs) graph.message(11, valueMessage(input))
  for (const output of model.outputs) graph.message(12, valueMessage(output))

  const out = messageWriter()
  out.integer(1, model.irVersion)
  out.text(2, model.producer)
  out.message(7, graph)
  for (const opset of model.opsets) {
    const message = messageWriter()
    message.text(1, opset.domain)
    message.integer(2, opset.version)
    out.message(8, message)
  }
  return out.finish()
}

function nodeMessage(node: GraphNode): MessageWriter {
  const out = messageWriter()
  for (const input of node.inputs) out.text(1, input)
  for (const output of node.outputs) out.text(2, output)
  out.text(4, node.op)
  for (const attribute of node.attributes) out.message(5, attributeMessage(attribute))
  if (node.domain !== '') out.text(7, node.domain)
  return out
}

function attributeMessage(attribute: Attribute): MessageWriter {
  const out = messageWriter()
  const { type, field } = ATTRIBUTE[attribute.kind]
  out.text(1, attribute.name)
  switch (attribute.kind) {
    case 'float':
      out.float(field, attribute.value)
      break
    case 'int':
      out.integer(field, attribute.value)
      break
    case 'string':
      out.text(field, attribute.value)
      break
    case 'floats':
      out.floats(field, attribute.value)
      break
    case 'ints':
      out.integers(field, attribute.value)
      break
    case 'strings':
      for (const value of attribute.value) out.text(field, value)
      break
  }
  out.integer(20, type)
  return out
}

function tensorMessage(tensor: Initializer): MessageWriter {
  const size = tensor.dims.reduce((product, dim) => product * dim, 1)
  if (size !== tensor.data.length) {
    throw new RangeError(`${tensor.name} has ${tensor.data.length} values for ${tensor.dims.join(' x ')}`)
  }
  const out = messageWriter()
  out.integers(1, tensor.dims)
  out.integer(2, elementType(tensor.data))
  out.text(8, tensor.name)
  out.bytes(9, littleEndian(tensor.data))
  return out
}

function valueMessage(value: GraphValue): MessageWriter {
  const shape = messageWriter()
  for (const dim of value.dims) {
    const dimension = messageWriter()
    if (typeof dim === 'number') dimension.integer(1, dim)
    else dimension.text(2, dim)
    shape.message(1, dimension)
  }
  const tensor = messageWriter()
  tensor.integer(1, ELEMENT.float)
  tensor.message(2, shape)
  const type = messageWriter()
  type.message(1, tensor)
  const out = messageWriter()
  out.text(1, value.name)
  out.message(2, type)
  return out
}

function elementType(data: TensorData): number {
  if (data instanceof Float32Array) return ELEMENT.float
  return data instanceof Float64Array ? ELEMENT.double : ELEMENT.int64
}

function littleEndian(data: TensorData): Uint8Array {
  const view = new DataView(new ArrayBuffer(data.byteLength))
  if (data instanceof Float32Array) data.forEach((x, i) => view.setFloat32(i * 4, x, true))
  else if (data instanceof Float64Array) data.forEach((x, i) => view.setFloat64(i * 8, x, true))
  else data.forEach((x, i) => view.setBigInt64(i * 8, x, true))
  return new Uint8Array(view.buffer)
}
