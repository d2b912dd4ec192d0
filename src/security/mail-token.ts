/**
 * Tokens that stand in the local part of an e-mail address: by which a bounce, an answer or a mail that unsubscribes names
 * the message that it is about. Read by anybody, made by nobody else.
 *
 * A local part has 64 octets (RFC 5321 section 4.5.3.1.1) and some servers change its case, so a token is base32 of what
 * just fits: the first 6 bytes of the tenant's id, by which it is found, the 16 of the intervention, and 12 of the HMAC.
 */
import { timingSafeEqual } from 'node:crypto'
import { asIntervention, type InterventionId, type TenantId } from '../contracts/ids.ts'
import { hmacSha256 } from './hmac.ts'

/** What an address is for: `bounce` the envelope, `reply` people's answers, `stop` a mail that unsubscribes. */
export type MailPurpose = 'bounce' | 'reply' | 'stop'

const TENANT_BYTES = 6
const ID_BYTES = 16
const SEAL_BYTES = 12
const ALPHABET = 'abcdefghijklmnopqrstuvwxyz234567'
/** 34 bytes in base32. */
const LENGTH = 55

/**
 * @param key the tenant's, of `Secrets.linkKey`
 * @returns the local part: `bounce+` and 55 characters
 * @example
 * mailToken(linkKey, 'bounce', { tenant, intervention }) // 'bounce+mzxw6ytb…'
 */
export function mailToken(
  key: Buffer,
  purpose: MailPurpose,
  { tenant, intervention }: { readonly tenant: TenantId; readonly intervention: InterventionId },
): string {
  const body = Buffer.concat([bytesOf(tenant).subarray(0, TENANT_BYTES), bytesOf(intervention)])
  const seal = sealOf(key, purpose, tenant, intervention)
  return `${purpose}+${base32(Buffer.concat([body, seal]))}`
}

/** What a local part claims, not verified. */
export interface MailClaim {
  readonly purpose: MailPurpose
  readonly intervention: InterventionId
  /** First and last id that the tenant's may be: its own is between them. */
  readonly tenants: { readonly first: TenantId; readonly last: TenantId }
  readonly seal: Buffer
}

/** Null for what has not the form of one; in any case of letters. */
export function readMailToken(local: string): MailClaim | null {
  const found = FORM.exec(local.toLowerCase())
  if (found === null) return null
  const bytes = unbase32(found[2])
  // Three bits more than fit: only the spelling that we write counts.
  if (bytes === null || base32(bytes) !== found[2]) return null
  const start = bytes.subarray(0, TENANT_BYTES).toString('hex')
  return {
    purpose: found[1] as MailPurpose,
    intervention: asIntervention(
      uuidOf(bytes.subarray(TENANT_BYTES, TENANT_BYTES + ID_BYTES).toString('hex')),
    ),
    tenants: {
      first: uuidOf(start.padEnd(32, '0')) as TenantId,
      last: uuidOf(start.padEnd(32, 'f')) as TenantId,
    },
    seal: bytes.subarray(TENANT_BYTES + ID_BYTES),
  }
}

/** Whether a tenant's key made it; constant time in the seal. */
export function isSealed(key: Buffer, tenant: TenantId, { purpose, intervention, seal }: MailClaim): boolean {
  return timingSafeEqual(sealOf(key, purpose, tenant, intervention), seal)
}

const FORM = new RegExp(`^(bounce|reply|stop)\\+([a-z2-7]{${LENGTH}})$`)

function sealOf(key: Buffer, purpose: MailPurpose, tenant: string, intervention: string): Buffer {
  return hmacSha256(key).update(`mail.${purpose} ${tenant} ${intervention}`).digest().subarray(0, SEAL_BYTES)
}

function bytesOf(uuid: string): Buffer {
  return Buffer.from(uuid.replaceAll('-', ''), 'hex')
}

function uuidOf(hex: string): string {
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
}

/** RFC 4648 section 6, in lower case and without padding. */
function base32(bytes: Buffer): string {
  let text = ''
  let held = 0
  let bits = 0
  for (const byte of bytes) {
    held = ((held << 8) | byte) & 0xfff
    bits += 8
    while (bits >= 5) {
      bits -= 5
      text += ALPHABET[(held >> bits) & 31]
    }
  }
  return bits === 0 ? text : text + ALPHABET[(held << (5 - bits)) & 31]
}

function unbase32(text: string): Buffer | null {
  const bytes: number[] = []
  let held = 0
  let bits = 0
  for (const letter of text) {
    const value = ALPHABET.indexOf(letter)
    if (value < 0) return null
    held = ((held << 5) | value) & 0xfff
    bits += 5
    if (bits >= 8) {
      bits -= 8
      bytes.push((held >> bits) & 255)
    }
  }
  return Buffer.from(bytes)
}
