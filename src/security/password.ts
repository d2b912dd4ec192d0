/**
 * Passwords as they are kept: scrypt with a salt of its own, its costs beside it, so that later ones may be dearer.
 *
 * @see https://cheatsheetseries.owasp.org/cheatsheets/Password_Storage_Cheat_Sheet.html#scrypt
 */
import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto'
import { HoldfastError } from '../contracts/errors.ts'

/** As OWASP has it: N = 2^17, r = 8, p = 1 take 128 MiB and some tenths of a second a guess. */
const COSTS: Costs = { log2N: 17, r: 8, p: 1 }
const KEY_BYTES = 32

/** NIST SP 800-63B-4, 3.1.1.2: a password that is the only proof has 15 characters at least. */
const SHORTEST_PASSWORD = 15
const LONGEST_PASSWORD = 256

interface Costs {
  readonly log2N: number
  readonly r: number
  readonly p: number
}

/**
 * @returns `scrypt$17$8$1$<salt>$<hash>`
 * @throws HoldfastError `usage` for one that is too short or too long
 * @example
 * const kept = await hashPassword('correct horse battery staple')
 * await isPassword(kept, 'correct horse battery staple') // true
 */
export async function hashPassword(password: string): Promise<string> {
  const { length } = [...password.normalize('NFC')]
  if (length < SHORTEST_PASSWORD || length > LONGEST_PASSWORD)
    throw new HoldfastError(
      'usage',
      `The password has ${length} characters; it needs ${SHORTEST_PASSWORD} to ${LONGEST_PASSWORD}. Four or five words that have nothing to do with one another are easy to keep.`,
    )
  const salt = randomBytes(16)
  const key = await derive(password, salt, COSTS)
  const { log2N, r, p } = COSTS
  return ['scrypt', log2N, r, p, salt.toString('base64url'), key.toString('base64url')].join('$')
}

/**
 * Takes as long whether the password is right, wrong, or none was ever set.
 *
 * @param kept of {@link hashPassword}; null: none is set, so that none is right
 */
export async function isPassword(kept: string | null, password: string): Promise<boolean> {
  const { costs, salt, key } = kept === null ? NONE : parse(kept)
  const given = await derive(password.slice(0, LONGEST_PASSWORD * 2), salt, costs)
  return timingSafeEqual(given, key) && kept !== null
}

interface Kept {
  readonly costs: Costs
  readonly salt: Buffer
  readonly key: Buffer
}

/** What is compared with where there is none. */
const NONE: Kept = { costs: COSTS, salt: randomBytes(16), key: randomBytes(KEY_BYTES) }

function parse(kept: string): Kept {
  const [kind, log2N, r, p, salt, key] = kept.split('$')
  const bytes = Buffer.from(key ?? '', 'base64url')
  if (kind !== 'scrypt' || bytes.length !== KEY_BYTES)
    throw new HoldfastError(
      'internal',
      'The local password is kept in a form that this version does not know.',
    )
  return {
    costs: { log2N: Number(log2N), r: Number(r), p: Number(p) },
    salt: Buffer.from(salt, 'base64url'),
    key: bytes,
  }
}

function derive(password: string, salt: Buffer, { log2N, r, p }: Costs): Promise<Buffer> {
  const N = 2 ** log2N
  return new Promise((done, failed) => {
    // What it needs is 128 * N * r bytes; Node allows 32 MiB unless it is told.
    scrypt(password.normalize('NFC'), salt, KEY_BYTES, { N, r, p, maxmem: 256 * N * r }, (cause, key) =>
      cause === null ? done(key) : failed(cause),
    )
  })
}
