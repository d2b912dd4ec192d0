/**
 * A very small WebAssembly assembler: enough to write the trainer's inner loops (kernels.ts) as nested calls
 * that read like the text format, and to get a module's bytes without a build step or a binary in the
 * repository. Opcodes: https://webassembly.github.io/spec/core/binary/instructions.html
 *
 * `Code` is the byte sequence of an expression or of statements; operands come before their operator.
 */

export type Code = readonly number[]
export type ValueType = 'i32' | 'i64' | 'f32' | 'f64'

/** A function of the module; all of its parameters are i32, and it returns one i32 or nothing. */
export interface WasmFunction {
  readonly name: string
  readonly parameters: number
  readonly returnsI32: boolean
  readonly locals: readonly ValueType[]
  readonly body: Code
}

const typeCode: Record<ValueType, number> = { i32: 0x7f, i64: 0x7e, f32: 0x7d, f64: 0x7c }

const unary =
  (opcode: number) =>
  (a: Code): Code => [...a, opcode]

const binary =
  (opcode: number) =>
  (a: Code, b: Code): Code => [...a, ...b, opcode]

/** `align` is the base-two logarithm of the natural alignment; `offset` is added to the address for free. */
const load =
  (opcode: number, align: number) =>
  (address: Code, offset = 0): Code => [...address, opcode, align, ...unsigned(offset)]

const store =
  (opcode: number, align: number) =>
  (address: Code, value: Code, offset = 0): Code => [...address, ...value, opcode, align, ...unsigned(offset)]

export const i32 = {
  const: (n: number): Code => [0x41, ...signed(n)],
  add: binary(0x6a),
  sub: binary(0x6b),
  mul: binary(0x6c),
  and: binary(0x71),
  or: binary(0x72),
  xor: binary(0x73),
  shl: binary(0x74),
  shrU: binary(0x76),
  eq: binary(0x46),
  ltU: binary(0x49),
  load: load(0x28, 2),
  load8U: load(0x2d, 0),
  store: store(0x36, 2),
  store8: store(0x3a, 0),
  /** Towards zero; the value must be in range. */
  fromF64: unary(0xaa),
  unsignedFromF64: unary(0xab),
}

export const i64 = {
  const: (n: number): Code => [0x42, ...signed(n)],
  add: binary(0x7c),
  sub: binary(0x7d),
  shl: binary(0x86),
  load: load(0x29, 3),
  store: store(0x37, 3),
  fromI32: unary(0xac),
}

export const f32 = {
  load: load(0x2a, 2),
  ge: binary(0x60),
  ne: binary(0x5c),
  gt: binary(0x5e),
  const: (x: number): Code => [0x43, ...new Uint8Array(Float32Array.of(x).buffer)],
}

export const f64 = {
  const: (x: number): Code => [0x44, ...new Uint8Array(Float64Array.of(x).buffer)],
  load: load(0x2b, 3),
  store: store(0x39, 3),
  add: binary(0xa0),
  sub: binary(0xa1),
  mul: binary(0xa2),
  div: binary(0xa3),
  min: binary(0xa4),
  max: binary(0xa5),
  floor: unary(0x9c),
  /** To the nearest whole number. */
  nearest: unary(0x9e),
  fromF32: unary(0xbb),
  fromU32: unary(0xb8),
  /** The number with these bits. */
  fromBits: unary(0xbf),
}

export const get = (local: number): Code => [0x20, local]
export const set = (local: number, value: Code): Code => [...value, 0x21, local]
/** One or the other value; both are evaluated. */
export const select = (condition: Code, then: Code, otherwise: Code): Code => [
  ...then,
  ...otherwise,
  ...condition,
  0x1b,
]
export const when = (condition: Code, body: readonly Code[]): Code => [
  ...condition,
  0x04,
  0x40,
  ...body.flat(),
  0x0b,
]
/** Runs the body, and again for as long as `condition` (evaluated after it) is not 0. */
export const repeatWhile = (body: readonly Code[], condition: Code): Code => [
  0x03,
  0x40,
  ...body.flat(),
  ...condition,
  0x0d,
  0x00,
  0x0b,
]

/**
 * Names parameters and locals once, so that a body speaks of `local.row` and not of local 4.
 *
 * @example
 * wasmFunction('twice', ['n'], {}, true, (local) => [i32.add(get(local.n), get(local.n))])
 */
export function wasmFunction<P extends string, L extends string>(
  name: string,
  parameters: readonly P[],
  locals: Readonly<Record<L, ValueType>>,
  returnsI32: boolean,
  body: (local: Readonly<Record<P | L, number>>) => readonly Code[],
): WasmFunction {
  const localNames = Object.keys(locals) as L[]
  const index: Record<string, number> = {}
  for (const [i, key] of [...parameters, ...localNames].entries()) index[key] = i
  return {
    name,
    parameters: parameters.length,
    returnsI32,
    locals: localNames.map((key) => locals[key]),
    body: body(index as Record<P | L, number>).flat(),
  }
}

/**
 * The bytes of a module that imports the shared memory `env.memory` (sizes in pages of 64 KiB) and exports
 * every function by its name.
 */
export function wasmModule(pages: number, functions: readonly WasmFunction[]): Uint8Array<ArrayBuffer> {
  const types = functions.map((f) => [
    0x60,
    ...vector(Array.from({ length: f.parameters }, () => [typeCode.i32])),
    ...vector(f.returnsI32 ? [[typeCode.i32]] : []),
  ])
  const shared = 0x03
  const memory = [...name('env'), ...name('memory'), 0x02, shared, ...unsigned(pages), ...unsigned(pages)]
  const code = functions.map((f) => {
    const locals = vector(f.locals.map((type) => [0x01, typeCode[type]]))
    return sized([...locals, ...f.body, 0x0b])
  })
  return Uint8Array.from([
    ...header,
    ...section(1, vector(types)),
    ...section(2, vector([memory])),
    ...section(3, vector(functions.map((_, i) => unsigned(i)))),
    ...section(7, vector(functions.map((f, i) => [...name(f.name), 0x00, ...unsigned(i)]))),
    ...section(10, vector(code)),
  ])
}

/** "\0asm", version 1. */
const header: Code = [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00]
const section = (id: number, content: Code): Code => [id, ...sized(content)]
const sized = (content: Code): Code => [...unsigned(content.length), ...content]
const vector = (items: readonly Code[]): Code => [...unsigned(items.length), ...items.flat()]
const name = (text: string): Code => vector([...new TextEncoder().encode(text)].map((byte) => [byte]))

/** LEB128 of a whole number from 0 to 2^32 - 1. */
function unsigned(n: number): Code {
  const bytes: number[] = []
  let rest = n
  do {
    bytes.push((rest % 128) + (rest >= 128 ? 128 : 0))
    rest = Math.floor(rest / 128)
  } while (rest > 0)
  return bytes
}

/** Signed LEB128 of a 32-bit whole number. */
function signed(n: number): Code {
  const bytes: number[] = []
  let rest = n | 0
  for (;;) {
    const low = rest & 0x7f
    rest >>= 7
    const done = (rest === 0 && (low & 0x40) === 0) || (rest === -1 && (low & 0x40) !== 0)
    bytes.push(done ? low : low | 0x80)
    if (done) return bytes
  }
}
