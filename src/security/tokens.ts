/**
 * Secrets that are shown once and kept as hashes. 256 random bits need no slow hash and no salt: nobody can guess
 * them, and the hash alone gives nothing away.
 */
import { hash, randomBytes } from 'node:crypto'

/** 43 characters of base64url: 256 bits. */
export function newToken(): string {
  return randomBytes(32).toString('base64url')
}

/** Whether this could be a token at all: what could not never reaches the database. */
export function looksLikeToken(text: string): boolean {
  return /^[A-Za-z0-9_-]{43}$/.test(text)
}

/** SHA-256. */
export function tokenHash(token: string): Buffer {
  return Buffer.from(hash('sha256', token, 'hex'), 'hex')
}

export interface Verified<T> {
  /** What is known without asking anybody: a token found good within the last seconds; null for every other. */
  recall(token: string): T | null
  /** Whether this process ever found the token good, so that asking again is no guess. */
  seen(token: string): boolean
  /** At once where the answer is known; null: unknown, revoked or over. */
  verify(token: string): T | null | Promise<T | null>
  /** Forgets what it knows of everything that matches, so that a change counts at once in this process. */
  forget(matches: (value: T) => boolean): void
}

export interface VerifiedOptions<T> {
  /** Looks a token's hash up; called once for all who ask at the same time. */
  readonly find: (hash: Buffer) => Promise<T | null>
  /** How long an answer holds, and so how long a revocation in another process takes to be heeded. Default 5,000. */
  readonly keepMs?: number
  /** Answers kept; default 10,000. */
  readonly most?: number
  /** Milliseconds that only ever go forward, as performance.now. */
  readonly now: () => number
}

/** Remembers for a few seconds whom a token belongs to: thousands of requests a second must not each ask the database. */
export function rememberVerified<T>({
  find,
  keepMs = 5000,
  most = 10_000,
  now,
}: VerifiedOptions<T>): Verified<T> {
  const known = new Map<string, { readonly value: T | null; readonly until: number }>()
  const asked = new Map<string, Promise<T | null>>()
  /** Moves on with every forgetting: an answer that was asked for before it may be out of date, and is not kept. */
  let generation = 0

  async function ask(name: string): Promise<T | null> {
    const began = generation
    const value = await find(Buffer.from(name, 'hex'))
    if (began === generation) {
      if (known.size >= most) known.delete(known.keys().next().value!)
      known.set(name, { value, until: now() + keepMs })
    }
    return value
  }

  return {
    recall: (token) => {
      const found = known.get(hash('sha256', token, 'hex'))
      return found !== undefined && now() < found.until ? found.value : null
    },
    seen: (token) => (known.get(hash('sha256', token, 'hex'))?.value ?? null) !== null,
    verify: (token) => {
      const name = hash('sha256', token, 'hex')
      const found = known.get(name)
      if (found !== undefined && now() < found.until) return found.value
      const running = asked.get(name)
      if (running !== undefined) return running
      const question = ask(name).finally(() => {
        if (asked.get(name) === question) asked.delete(name)
      })
      asked.set(name, question)
      return question
    },
    forget: (matches) => {
      generation++
      asked.clear()
      for (const [name, { value }] of known) if (value !== null && matches(value)) known.delete(name)
    },
  }
}
