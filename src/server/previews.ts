/** Previews that are being made: whoever asks meanwhile waits for the same one, so that a company never makes the same twice at once. */
import { HoldfastError } from '../contracts/errors.ts'
import type { TenantId } from '../contracts/ids.ts'
import { previewBook } from '../loop/preview-book.ts'
import { previewJudge } from '../loop/preview-judge.ts'
import type { BookPreview } from '../loop/preview-tally.ts'
import type { Database } from '../store/database.ts'
import type { RouteServices } from './services.ts'

const running = new WeakMap<Database, Map<string, Promise<BookPreview>>>()

/** A book of 100,000 customers takes minutes on a busy machine; longer means that something hangs. */
const LONGEST_MS = 10 * 60_000

export interface AskedPreview {
  readonly tenant: TenantId
  /** Everybody anew: see {@link previewBook}. */
  readonly whole: boolean
  /** Of the page: links of e-mails lead there where no public address is set. */
  readonly origin: string
}

/**
 * @throws HoldfastError `conflict` when it took too long
 */
export function sharedPreview(services: RouteServices, asked: AskedPreview): Promise<BookPreview> {
  const ofTenants = running.get(services.database) ?? new Map<string, Promise<BookPreview>>()
  running.set(services.database, ofTenants)
  const key = `${asked.tenant} ${asked.whole}`
  const known = ofTenants.get(key)
  if (known !== undefined) return known
  const made = make(services, asked).finally(() => ofTenants.delete(key))
  ofTenants.set(key, made)
  return made
}

async function make(services: RouteServices, { tenant, whole, origin }: AskedPreview): Promise<BookPreview> {
  const judge = previewJudge({ ...services, localUrl: origin }, tenant)
  const done = await previewBook(services, { tenant, judge, whole, signal: AbortSignal.timeout(LONGEST_MS) })
  if (done !== null) return done
  throw new HoldfastError(
    'conflict',
    'The preview took longer than ten minutes and was broken off. Ask again.',
  )
}
