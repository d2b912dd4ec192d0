/**
 * Addresses as consent and suppression keep them: an HMAC of the normalised address under a key of the tenant, so
 * that an erased person's "no" outlives every plain copy of the address.
 */
import { domainToASCII } from 'node:url'
import { hmacSha256 } from './hmac.ts'

/**
 * HMAC-SHA256(key, `<kind>:<normalised address>`).
 *
 * @param key of `Secrets.addressKey`, the tenant's
 * @returns 32 bytes; null when this is no address
 * @example
 * hashAddress(key, 'email', ' Ann@Example.com')?.equals(hashAddress(key, 'email', 'ann@example.COM')!) // true
 */
export function hashAddress(key: Buffer, kind: 'email' | 'phone', address: string): Buffer | null {
  const plain = kind === 'email' ? normaliseEmail(address) : normalisePhone(address)
  return plain === null ? null : hmacSha256(key).update(`${kind}:${plain}`).digest()
}

/** RFC 5321 4.5.3.1: octets of a local part, and of a path without its brackets. */
const LONGEST_LOCAL = 64
const LONGEST = 254

// Dots, quotes and tags stay: whether a provider ignores them is the provider's affair, and a wrong guess would make
// one person's refusal another's.
const LOCAL = /^[^\s@"(),:;<>[\\\]\p{Cc}]+$/u
const DOMAIN = /^(?=.{1,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/

/**
 * An e-mail address in the form that equal addresses share: trimmed, NFC, lower case, the domain in ASCII (Punycode).
 *
 * @returns null when this is no address that mail could be sent to
 * @example
 * normaliseEmail('Jörg@Bücher.example ') // 'jörg@xn--bcher-kva.example'
 */
export function normaliseEmail(address: string): string | null {
  const text = address.trim().normalize('NFC')
  const at = text.lastIndexOf('@')
  if (at < 1) return null
  const local = text.slice(0, at).toLowerCase()
  if (!LOCAL.test(local) || local.startsWith('.') || local.endsWith('.') || local.includes('..')) return null
  if (Buffer.byteLength(local) > LONGEST_LOCAL) return null
  const domain = domainToASCII(text.slice(at + 1).replace(/\.$/, ''))
  if (!DOMAIN.test(domain)) return null
  const whole = `${local}@${domain}`
  return Buffer.byteLength(whole) > LONGEST ? null : whole
}

/**
 * A telephone number as `+` and digits (E.164), without the marks that people group digits with.
 *
 * @returns null for a number without its country, which could be anybody's, and for what is no number
 * @example
 * normalisePhone('+49 (30) 1234-567') // '+49301234567'
 * normalisePhone('0049 30 1234567') // '+49301234567'
 */
export function normalisePhone(number: string): string | null {
  const text = number.trim().replace(/^00/, '+')
  if (!/^\+[0-9\s().\-/]+$/.test(text)) return null
  // The trunk zero that is written as in +49 (0)30 is not dialled from abroad.
  const digits = text.replace(/\(0\)/, '').replace(/[^0-9]/g, '')
  return /^[1-9][0-9]{6,14}$/.test(digits) ? `+${digits}` : null
}
