/**
 * The draw of a customer and period: a keyed hash, so that the same plan comes out on every machine, in any
 * order of the file, whoever else is in it, and can be checked later with nothing but the identity.
 *
 * key = HMAC-SHA256(salt, JSON.stringify([tenant, period, policyVersion])), hash = HMAC-SHA256(key, customer).
 * The first 53 bits of bytes 0-7 are the draw, of bytes 8-15 the place among equals. SHA-256 stands here
 * (FIPS 180-4, HMAC: RFC 2104) because one call of node:crypto's createHmac takes 5.5 us, five times as long;
 * the tests hold it to node:crypto.
 */

/** What a draw depends on beside the customer. */
export interface DrawIdentity {
  readonly tenant: string
  /** The decision period, such as '2026-11'. */
  readonly period: string
  readonly policyVersion: string
  /** Changes every draw when changed; kept private it keeps draws unpredictable to customers. */
  readonly salt: string
}

export interface Draws {
  /** Uniform in [0, 1), one a customer: which action of the support is chosen. */
  readonly uniform: Float64Array
  /** Uniform in [0, 1), independent of the first: who goes first among equals. */
  readonly tie: Float64Array
}

/**
 * Draws for customers, in the order given.
 *
 * @example
 * drawCustomers({ tenant: 'default', period: '2026-11', policyVersion: '1', salt: '' }, ['C-1']).uniform[0]
 */
export function drawCustomers(identity: DrawIdentity, customers: readonly string[]): Draws {
  const draws = emptyDraws(customers.length)
  drawer(identity)(customers, draws, 0)
  return draws
}

/** Room for the draws of a file that is read in batches. */
export function emptyDraws(rows: number): Draws {
  return { uniform: new Float64Array(rows), tie: new Float64Array(rows) }
}

/**
 * Prepares the key once; the function returned writes the draws of a batch of customers at `offset`.
 * About 1 s for a million ids.
 */
export function drawer(
  identity: DrawIdentity,
): (customers: readonly string[], into: Draws, offset: number) => void {
  const { tenant, period, policyVersion, salt } = identity
  const key = new Uint8Array(32)
  const digest = new Int32Array(8)
  hmac(utf8.encode(salt))(utf8.encode(JSON.stringify([tenant, period, policyVersion])), digest)
  const view = new DataView(key.buffer)
  for (let word = 0; word < 8; word++) view.setInt32(4 * word, digest[word])
  const keyed = hmac(key)
  let bytes = new Uint8Array(256)
  return (customers, into, offset) => {
    for (let i = 0; i < customers.length; i++) {
      const customer = customers[i]
      if (bytes.length < 3 * customer.length) bytes = new Uint8Array(6 * customer.length)
      const { written } = utf8.encodeInto(customer, bytes)
      keyed(bytes, digest, written)
      into.uniform[offset + i] = unit(digest[0], digest[1])
      into.tie[offset + i] = unit(digest[2], digest[3])
    }
  }
}

const utf8 = new TextEncoder()

/** 53 bits of two words as a number in [0, 1). */
function unit(high: number, low: number): number {
  return ((high >>> 0) * 2097152 + (low >>> 11)) / 9007199254740992
}

/** HMAC with a fixed key: the two keyed first blocks are compressed once. */
function hmac(key: Uint8Array): (message: Uint8Array, out: Int32Array, length?: number) => void {
  const block = new Int32Array(16)
  const padded = new Uint8Array(64)
  if (key.length > 64) {
    const state = Int32Array.from(START)
    absorb(state, key, key.length, key.length, block)
    const view = new DataView(padded.buffer)
    for (let word = 0; word < 8; word++) view.setInt32(4 * word, state[word])
  } else padded.set(key)
  const keyBlock = new Int32Array(16)
  const view = new DataView(padded.buffer)
  for (let word = 0; word < 16; word++) keyBlock[word] = view.getInt32(4 * word)
  const inner = Int32Array.from(START)
  compress(
    inner,
    keyBlock.map((word) => word ^ 0x36363636),
  )
  const outer = Int32Array.from(START)
  compress(
    outer,
    keyBlock.map((word) => word ^ 0x5c5c5c5c),
  )
  const state = new Int32Array(8)
  return (message, out, length = message.length) => {
    state.set(inner)
    absorb(state, message, length, 64 + length, block)
    block.fill(0)
    block.set(state)
    block[8] = 0x80000000 | 0
    block[15] = (64 + 32) * 8
    out.set(outer)
    compress(out, block)
  }
}

/** Takes in the message with its padding; `total` bytes is the length that the padding states. */
function absorb(
  state: Int32Array,
  message: Uint8Array,
  length: number,
  total: number,
  block: Int32Array,
): void {
  let at = 0
  for (let left = length + 9; left > 0; left -= 64) {
    for (let word = 0; word < 16; word++, at += 4) {
      let value = 0
      for (let byte = 0; byte < 4; byte++) {
        const index = at + byte
        const next = index < length ? message[index] : index === length ? 0x80 : 0
        value = (value << 8) | next
      }
      block[word] = value
    }
    if (left <= 64) {
      block[14] = Math.floor((total * 8) / 4294967296)
      block[15] = (total * 8) | 0
    }
    compress(state, block)
  }
}

/** SHA-256's constants: the first 32 bits of the fractions of cube and square roots of the first primes. */
const PRIMES = firstPrimes(64)
const ROUND = Int32Array.from(PRIMES, (prime) => fraction(Math.cbrt(prime)))
const START = Int32Array.from(PRIMES.slice(0, 8), (prime) => fraction(Math.sqrt(prime)))
const schedule = new Int32Array(64)

function fraction(x: number): number {
  return ((x - Math.floor(x)) * 4294967296) | 0
}

function firstPrimes(count: number): number[] {
  const primes: number[] = []
  for (let n = 2; primes.length < count; n++) if (primes.every((prime) => n % prime !== 0)) primes.push(n)
  return primes
}

/** One block of SHA-256, FIPS 180-4 section 6.2.2. */
function compress(state: Int32Array, block: Int32Array): void {
  const w = schedule
  for (let t = 0; t < 16; t++) w[t] = block[t]
  for (let t = 16; t < 64; t++) {
    const x = w[t - 15]
    const y = w[t - 2]
    const s0 = ((x >>> 7) | (x << 25)) ^ ((x >>> 18) | (x << 14)) ^ (x >>> 3)
    const s1 = ((y >>> 17) | (y << 15)) ^ ((y >>> 19) | (y << 13)) ^ (y >>> 10)
    w[t] = (s0 + w[t - 16] + w[t - 7] + s1) | 0
  }
  let a = state[0]
  let b = state[1]
  let c = state[2]
  let d = state[3]
  let e = state[4]
  let f = state[5]
  let g = state[6]
  let h = state[7]
  for (let t = 0; t < 64; t++) {
    const s1 = ((e >>> 6) | (e << 26)) ^ ((e >>> 11) | (e << 21)) ^ ((e >>> 25) | (e << 7))
    const t1 = (h + s1 + ((e & f) ^ (~e & g)) + ROUND[t] + w[t]) | 0
    const s0 = ((a >>> 2) | (a << 30)) ^ ((a >>> 13) | (a << 19)) ^ ((a >>> 22) | (a << 10))
    const t2 = (s0 + ((a & b) ^ (a & c) ^ (b & c))) | 0
    h = g
    g = f
    f = e
    e = (d + t1) | 0
    d = c
    c = b
    b = a
    a = (t1 + t2) | 0
  }
  state[0] = (state[0] + a) | 0
  state[1] = (state[1] + b) | 0
  state[2] = (state[2] + c) | 0
  state[3] = (state[3] + d) | 0
  state[4] = (state[4] + e) | 0
  state[5] = (state[5] + f) | 0
  state[6] = (state[6] + g) | 0
  state[7] = (state[7] + h) | 0
}
