/**
 * As much of the Protocol Buffers wire format as an ONNX file needs, with no generated code: a writer whose
 * bytes depend only on the calls, and a reader that trusts no length.
 *
 * Format: https://protobuf.dev/programming-guides/encoding/ (varint, 32- and 64-bit, length-delimited; groups
 * are obsolete and refused).
 */

export interface MessageWriter {
  /** int32, int64, enum or bool; negative numbers take ten bytes, as int64 does. */
  integer(field: number, value: number): void
  /** A packed repeated int64; written also when empty, so that its field is there. */
  integers(field: number, values: ArrayLike<number>): void
  float(field: number, value: number): void
  /** A packed repeated float. */
  floats(field: number, values: ArrayLike<number>): void
  text(field: number, value: string): void
  bytes(field: number, value: Uint8Array): void
  message(field: number, value: MessageWriter): void
  /** All that was written, in the order of the calls. */
  finish(): Uint8Array
}

/** A field as it came off the wire; what it means is for the reader of the message to know. */
export type WireField =
  | { readonly field: number; readonly kind: 'integer'; readonly integer: number }
  | { readonly field: number; readonly kind: 'float'; readonly float: number }
  | { readonly field: number; readonly kind: 'double'; readonly double: number }
  | { readonly field: number; readonly kind: 'bytes'; readonly bytes: Uint8Array }

/** The bytes are no protobuf: cut short, an impossible length, a wire type that does not exist. */
export class ProtobufError extends Error {
  override readonly name = 'ProtobufError'
}

const VARINT = 0
const FIXED64 = 1
const DELIMITED = 2
const FIXED32 = 5

/**
 * @example
 * const message = messageWriter()
 * message.integer(1, 8)
 * message.finish() // Uint8Array [8, 8]
 */
export function messageWriter(): MessageWriter {
  let buffer = new Uint8Array(256)
  let length = 0

  const reserve = (more: number): void => {
    if (length + more <= buffer.length) return
    const grown = new Uint8Array(Math.max(buffer.length * 2, length + more))
    grown.set(buffer.subarray(0, length))
    buffer = grown
  }
  const varint = (value: number): void => {
    reserve(10)
    length = writeVarint(buffer, length, value)
  }
  const tag = (field: number, wire: number): void => varint(field * 8 + wire)
  const delimited = (field: number, value: Uint8Array): void => {
    tag(field, DELIMITED)
    varint(value.length)
    reserve(value.length)
    buffer.set(value, length)
    length += value.length
  }

  return {
    integer: (field, value) => {
      tag(field, VARINT)
      varint(value)
    },
    integers: (field, values) => {
      const packed = new Uint8Array(values.length * 10)
      let end = 0
      for (let i = 0; i < values.length; i++) end = writeVarint(packed, end, values[i])
      delimited(field, packed.subarray(0, end))
    },
    float: (field, value) => {
      tag(field, FIXED32)
      reserve(4)
      new DataView(buffer.buffer).setFloat32(length, value, true)
      length += 4
    },
    floats: (field, values) => {
      const packed = new DataView(new ArrayBuffer(values.length * 4))
      for (let i = 0; i < values.length; i++) packed.setFloat32(i * 4, values[i], true)
      delimited(field, new Uint8Array(packed.buffer))
    },
    text: (field, value) => delimited(field, new TextEncoder().encode(value)),
    bytes: delimited,
    message: (field, value) => delimited(field, value.finish()),
    finish: () => buffer.slice(0, length),
  }
}

/**
 * The fields of a message, in the order of the bytes.
 *
 * @throws ProtobufError where the bytes are none
 * @example
 * readMessage(new Uint8Array([8, 8])) // [{ field: 1, kind: 'integer', integer: 8 }]
 */
export function readMessage(bytes: Uint8Array): WireField[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const fields: WireField[] = []
  let at = 0
  const take = (count: number): number => {
    const start = at
    if (count > bytes.length - at) throw new ProtobufError(`cut short at byte ${start} of ${bytes.length}`)
    at += count
    return start
  }
  while (at < bytes.length) {
    const tag = readVarint(bytes, at)
    at = tag.next
    const field = Math.floor(tag.value / 8)
    const wire = tag.value % 8
    if (tag.value < 0 || field === 0) throw new ProtobufError(`field ${field} at byte ${at}`)
    if (wire === VARINT) {
      const integer = readVarint(bytes, at)
      at = integer.next
      fields.push({ field, kind: 'integer', integer: integer.value })
    } else if (wire === DELIMITED) {
      const size = readVarint(bytes, at)
      at = size.next
      if (size.value < 0) throw new ProtobufError(`a length of ${size.value} at byte ${at}`)
      const start = take(size.value)
      fields.push({ field, kind: 'bytes', bytes: bytes.subarray(start, start + size.value) })
    } else if (wire === FIXED32) {
      fields.push({ field, kind: 'float', float: view.getFloat32(take(4), true) })
    } else if (wire === FIXED64) {
      fields.push({ field, kind: 'double', double: view.getFloat64(take(8), true) })
    } else {
      throw new ProtobufError(`wire type ${wire} at byte ${at}`)
    }
  }
  return fields
}

/**
 * The integers of a packed field.
 *
 * @throws ProtobufError where the bytes end within one
 */
export function readPackedIntegers(bytes: Uint8Array): number[] {
  const values: number[] = []
  let at = 0
  while (at < bytes.length) {
    const { value, next } = readVarint(bytes, at)
    values.push(value)
    at = next
  }
  return values
}

/**
 * The floats of a packed field.
 *
 * @throws ProtobufError where the bytes end within one
 */
export function readPackedFloats(bytes: Uint8Array): Float32Array {
  if (bytes.length % 4 !== 0) throw new ProtobufError(`${bytes.length} bytes are no whole number of floats`)
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const values = new Float32Array(bytes.length / 4)
  for (let i = 0; i < values.length; i++) values[i] = view.getFloat32(i * 4, true)
  return values
}

function writeVarint(into: Uint8Array, at: number, value: number): number {
  if (!Number.isSafeInteger(value)) throw new RangeError(`${value} is no integer that a number can hold`)
  if (value < 0) {
    let bits = BigInt.asUintN(64, BigInt(value))
    for (; bits > 127n; bits >>= 7n) into[at++] = Number(bits & 127n) | 128
    into[at++] = Number(bits)
    return at
  }
  let rest = value
  // Arithmetic, for bit operators would cut at 32 bits.
  for (; rest > 127; rest = Math.floor(rest / 128)) into[at++] = (rest % 128) + 128
  into[at++] = rest
  return at
}

function readVarint(bytes: Uint8Array, start: number): { value: number; next: number } {
  let value = 0
  let scale = 1
  for (let at = start; at < bytes.length && at < start + 10; at++) {
    const byte = bytes[at]
    value += (byte & 127) * scale
    if (byte < 128) {
      if (at - start < 7) return { value, next: at + 1 }
      return { value: readLong(bytes, start, at), next: at + 1 }
    }
    scale *= 128
  }
  throw new ProtobufError(`no end to the integer at byte ${start}`)
}

/** Beyond seven bytes a double no longer holds the sum: negative numbers and refused giants. */
function readLong(bytes: Uint8Array, first: number, last: number): number {
  let bits = 0n
  for (let at = last; at >= first; at--) bits = (bits << 7n) | BigInt(bytes[at] & 127)
  const value = Number(BigInt.asIntN(64, bits))
  if (!Number.isSafeInteger(value)) throw new ProtobufError(`the integer at byte ${first} is too large`)
  return value
}
