/** HMACs under keys that are used again and again. */
import { createHmac, createSecretKey, type Hmac, type KeyObject } from 'node:crypto'

const prepared = new WeakMap<Buffer, KeyObject>()

/**
 * HMAC-SHA256 as `createHmac` has it. Node makes a key object of the bytes each time, which takes longer than the hash
 * of a short text; here each buffer is made into one once. What is in the buffer must not change.
 *
 * @example
 * hmacSha256(key).update('email:ann@example.com').digest() // 32 bytes
 */
export function hmacSha256(key: Buffer): Hmac {
  const known = prepared.get(key)
  if (known !== undefined) return createHmac('sha256', known)
  const made = createSecretKey(key)
  prepared.set(key, made)
  return createHmac('sha256', made)
}
