/**
 * Reads an ONNX file without running it, so that a foreign or damaged one is refused before native code ever
 * sees it: no external data (which would read files beside the model), no sub-graphs, functions or types that
 * Holdfast's own models have no use for.
 */
import { ATTRIBUTE, ELEMENT } from './graph.ts'
import type { Attribute, GraphNode, GraphValue, Initializer, OnnxModel, TensorData } from './graph.ts'
import { ProtobufError, readMessage, readPackedFloats, readPackedIntegers } from './protobuf.ts'
import type { WireField } from './protobuf.ts'

/** The file is an ONNX model, or looks like one, that Holdfast will not run; the message says why. */
export class OnnxFormatError extends Error {
  override readonly name = 'OnnxFormatError'
}

/**
 * @throws OnnxFormatError when the bytes are no ONNX model or hold what is not supported
 * @example
 * decodeModel(encodeModel(model)) // equals model
 */
export function decodeModel(bytes: Uint8Array): OnnxModel {
  try {
    return readModel(bytes)
  } catch (error) {
    if (error instanceof ProtobufError) {
      throw new OnnxFormatError(`not a whole ONNX file (${error.message})`, { cause: error })
    }
    throw error
  }
}

function readModel(bytes: Uint8Array): OnnxModel {
  let irVersion = 0
  let producer = ''
  let graph: Uint8Array | null = null
  const opsets: { domain: string; version: number }[] = []
  for (const field of readMessage(bytes)) {
    switch (field.field) {
      case 1:
        irVersion = integerOf(field)
        break
      case 2:
        producer = textOf(field)
        break
      case 7:
        graph = bytesOf(field)
        break
      case 8:
        opsets.push(readOpset(bytesOf(field)))
        break
      // Version, domain, documentation and metadata change no result.
      case 3:
      case 4:
      case 5:
      case 6:
      case 14:
        break
      case 20:
        throw new OnnxFormatError('training information is not supported')
      case 25:
        throw new OnnxFormatError('functions defined by the model are not supported')
      default:
        throw new OnnxFormatError(`field ${field.field} of the model is not supported`)
    }
  }
  if (graph === null) throw new OnnxFormatError('the file holds no graph')
  return { irVersion, producer, opsets, ...readGraph(graph) }
}

function readGraph(
  bytes: Uint8Array,
): Pick<OnnxModel, 'name' | 'nodes' | 'initializers' | 'inputs' | 'outputs'> {
  let name = ''
  const nodes: GraphNode[] = []
  const initializers: Initializer[] = []
  const inputs: GraphValue[] = []
  const outputs: GraphValue[] = []
  for (const field of readMessage(bytes)) {
    switch (field.field) {
      case 1:
        nodes.push(readNode(bytesOf(field)))
        break
      case 2:
        name = textOf(field)
        break
      case 5:
        initializers.push(readTensor(bytesOf(field)))
        break
      case 11:
        inputs.push(readValue(bytesOf(field)))
        break
      case 12:
        outputs.push(readValue(bytesOf(field)))
        break
      // Documentation, shapes of inner values and metadata.
      case 10:
      case 13:
      case 16:
        break
      default:
        throw new OnnxFormatError(`field ${field.field} of the graph is not supported`)
    }
  }
  return { name, nodes, initializers, inputs, outputs }
}

function readOpset(bytes: Uint8Array): { domain: string; version: number } {
  let domain = ''
  let version = 0
  for (const field of readMessage(bytes)) {
    if (field.field === 1) domain = textOf(field)
    if (field.field === 2) version = integerOf(field)
  }
  return { domain, version }
}

function readNode(bytes: Uint8Array): GraphNode {
  let op = ''
  let domain = ''
  const inputs: string[] = []
  const outputs: string[] = []
  const attributes: Attribute[] = []
  for (const field of readMessage(bytes)) {
    if (field.field === 1) inputs.push(textOf(field))
    else if (field.field === 2) outputs.push(textOf(field))
    else if (field.field === 4) op = textOf(field)
    else if (field.field === 5) attributes.push(readAttribute(bytesOf(field)))
    else if (field.field === 7) domain = textOf(field)
  }
  return { op, domain, inputs, outputs, attributes }
}

function readAttribute(bytes: Uint8Array): Attribute {
  const fields = readMessage(bytes)
  const named = fields.find((field) => field.field === 1)
  const name = named === undefined ? '' : textOf(named)
  const type = fields.find((field) => field.field === 20)
  const found = Object.entries(ATTRIBUTE).find(
    ([, one]) => type !== undefined && one.type === integerOf(type),
  )
  if (found === undefined) throw new OnnxFormatError(`the kind of attribute "${name}" is not supported`)
  const kind = found[0] as keyof typeof ATTRIBUTE
  const values = fields.filter((field) => field.field === ATTRIBUTE[kind].field)
  switch (kind) {
    case 'float':
      return { name, kind, value: values.length === 0 ? 0 : floatOf(values[0]) }
    case 'int':
      return { name, kind, value: values.length === 0 ? 0 : integerOf(values[0]) }
    case 'string':
      return { name, kind, value: values.length === 0 ? '' : textOf(values[0]) }
    case 'floats':
      return { name, kind, value: Float32Array.from(values.flatMap((field) => floatsOf(field))) }
    case 'ints':
      return { name, kind, value: values.flatMap((field) => integersOf(field)) }
    case 'strings':
      return { name, kind, value: values.map(textOf) }
  }
}

function readTensor(bytes: Uint8Array): Initializer {
  let name = ''
  let type = 0
  const dims: number[] = []
  let raw: Uint8Array | null = null
  for (const field of readMessage(bytes)) {
    if (field.field === 1) dims.push(...integersOf(field))
    else if (field.field === 2) type = integerOf(field)
    else if (field.field === 8) name = textOf(field)
    else if (field.field === 9) raw = bytesOf(field)
    else if (field.field === 13 || (field.field === 14 && integerOf(field) !== 0)) {
      throw new OnnxFormatError('the model keeps its weights in another file (external data)')
    }
  }
  const data = tensorData(name, type, raw ?? new Uint8Array(0))
  const size = dims.reduce((product, dim) => product * dim, 1)
  if (size !== data.length) {
    throw new OnnxFormatError(`tensor "${name}" has ${data.length} values for ${dims.join(' x ')}`)
  }
  return { name, dims, data }
}

function tensorData(name: string, type: number, raw: Uint8Array): TensorData {
  const width = type === ELEMENT.float ? 4 : 8
  if (type !== ELEMENT.float && type !== ELEMENT.double && type !== ELEMENT.int64) {
    throw new OnnxFormatError(`element type ${type} of tensor "${name}" is not supported`)
  }
  if (raw.length % width !== 0) throw new OnnxFormatError(`tensor "${name}" is cut short`)
  const view = new DataView(raw.buffer, raw.byteOffset, raw.byteLength)
  const length = raw.length / width
  if (type === ELEMENT.float) return Float32Array.from({ length }, (_, i) => view.getFloat32(i * 4, true))
  if (type === ELEMENT.double) return Float64Array.from({ length }, (_, i) => view.getFloat64(i * 8, true))
  return BigInt64Array.from({ length }, (_, i) => view.getBigInt64(i * 8, true))
}

function readValue(bytes: Uint8Array): GraphValue {
  const fields = readMessage(bytes)
  const named = fields.find((field) => field.field === 1)
  const name = named === undefined ? '' : textOf(named)
  const tensor = within(within(bytes, 2), 1)
  const element = readMessage(tensor).find((field) => field.field === 1)
  if (element === undefined || integerOf(element) !== ELEMENT.float) {
    throw new OnnxFormatError(`"${name}" is no float tensor`)
  }
  const dims = readMessage(within(tensor, 2)).map((dimension): number | string => {
    for (const field of readMessage(bytesOf(dimension))) {
      if (field.field === 1) return integerOf(field)
      if (field.field === 2) return textOf(field)
    }
    return ''
  })
  return { name, dims }
}

/** The message inside a message; empty where it is absent. */
function within(bytes: Uint8Array, number: number): Uint8Array {
  const field = readMessage(bytes).find((one) => one.field === number)
  return field === undefined ? new Uint8Array(0) : bytesOf(field)
}

function integerOf(field: WireField): number {
  if (field.kind === 'integer') return field.integer
  throw new OnnxFormatError(`field ${field.field} should be an integer`)
}

function floatOf(field: WireField): number {
  if (field.kind === 'float') return field.float
  throw new OnnxFormatError(`field ${field.field} should be a float`)
}

function bytesOf(field: WireField): Uint8Array {
  if (field.kind === 'bytes') return field.bytes
  throw new OnnxFormatError(`field ${field.field} should be bytes`)
}

function textOf(field: WireField): string {
  return decoder.decode(bytesOf(field))
}

const decoder = new TextDecoder()

/** Repeated numbers may be packed or written one by one: readers must take both. */
function integersOf(field: WireField): number[] {
  return field.kind === 'integer' ? [field.integer] : readPackedIntegers(bytesOf(field))
}

function floatsOf(field: WireField): number[] {
  return field.kind === 'float' ? [field.float] : Array.from(readPackedFloats(bytesOf(field)))
}
