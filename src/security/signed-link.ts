/** Tokens of links that leave the house: what they say can be read by anybody and changed by nobody. */
import { timingSafeEqual } from 'node:crypto'
import { hmacSha256 } from './hmac.ts'

/** Bytes of the HMAC that a token carries: 128 bits keep links short and cannot be guessed. */
const SIGNATURE_BYTES = 16

/**
 * @param key the tenant's, of `Secrets.linkKey`
 * @param payload short text; it can be read by whoever sees the link, so it holds ids and no addresses
 * @returns `<base64url of the payload>.<base64url of HMAC-SHA256, 128 bits>`, safe in a URL's path
 * @example
 * const token = signLink(key, `${tenant} ${intervention}`)
 * verifyLink(key, token) // `${tenant} ${intervention}`
 */
export function signLink(key: Buffer, payload: string): string {
  const body = Buffer.from(payload).toString('base64url')
  return `${body}.${signatureOf(key, body).toString('base64url')}`
}

/** The payload of a token that this key signed; null for everything else. Constant time in the signature. */
export function verifyLink(key: Buffer, token: string): string | null {
  const parts = partsOf(token)
  if (parts === null) return null
  const expected = signatureOf(key, parts.body)
  return timingSafeEqual(expected, parts.signature) ? parts.payload : null
}

/**
 * What a token claims, not verified: only to find the tenant whose key {@link verifyLink} needs.
 *
 * @returns null when this has not the form of a token
 */
export function claimOfLink(token: string): string | null {
  return partsOf(token)?.payload ?? null
}

// 1,024 characters bound the work that a stranger's request causes.
const FORM = /^(?=.{1,1024}$)([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]{22})$/

function partsOf(token: string): { body: string; payload: string; signature: Buffer } | null {
  const found = FORM.exec(token)
  if (found === null) return null
  const [, body, signature] = found
  const bytes = Buffer.from(body, 'base64url')
  const seal = Buffer.from(signature, 'base64url')
  // base64url has several spellings of the last character; only the one that we write counts.
  if (bytes.toString('base64url') !== body || seal.toString('base64url') !== signature) return null
  return { body, payload: bytes.toString(), signature: seal }
}

function signatureOf(key: Buffer, body: string): Buffer {
  return hmacSha256(key).update('link.').update(body).digest().subarray(0, SIGNATURE_BYTES)
}
