/** What people import for offers, by the API or the command line: codes, and what was taken. */
import type { ErrorCode } from '../contracts/errors.ts'
import { recordAudit } from '../store/audit.ts'
import type { Transaction } from '../store/database.ts'
import { releaseDeferred } from '../store/intervention-sweeps.ts'
import { addCodes } from '../store/offer-codes.ts'
import { currentSettings } from '../store/settings-versions.ts'
import { readCodes, readRedemptions } from './offer-files.ts'
import { redeem } from './offer-redeem.ts'

/** How a pool may be called. */
export const POOL_NAME = /^[a-z0-9][a-z0-9_-]{0,49}$/

export interface Importing {
  /** The CSV file. */
  readonly text: string
  readonly actor: string
  readonly requestId?: string
}

export interface ImportedCodes {
  readonly added: number
  /** In this pool or another: left as they were. */
  readonly known: number
}

/**
 * Offers that wait for a code are looked at at once.
 *
 * @throws HoldfastError as `readCodes` of offer-files.ts: then nothing is imported
 * @example
 * await importCodes(tx, { pool: 'spring', text: 'SPRING-7F3A\n', actor: 'cli' }) // { added: 1, known: 0 }
 */
export async function importCodes(
  tx: Transaction,
  { pool, text, ...by }: Importing & { readonly pool: string },
): Promise<ImportedCodes> {
  const codes = readCodes(text)
  const added = await addCodes(tx, { pool, codes, actor: by.actor })
  await releaseDeferred(tx, ['offer_pool_empty'])
  const counts = { added, known: codes.length - added }
  await recordAudit(tx, { ...by, action: 'offer.import_codes', object: pool, detail: counts })
  return counts
}

export interface ImportedRedemptions {
  readonly redeemed: number
  readonly known: number
  readonly refused: number
  /** The first 100. */
  readonly problems: readonly { readonly line: number; readonly code: ErrorCode; readonly message: string }[]
}

/**
 * Lines that are refused change nothing; the others are recorded. The same file can come again.
 *
 * @throws HoldfastError as `readRedemptions` of offer-files.ts: then nothing is recorded
 * @example
 * await importRedemptions(tx, { text, now: clock(), actor: 'cli' }) // { redeemed: 12, known: 0, refused: 1, problems: […] }
 */
export async function importRedemptions(
  tx: Transaction,
  { text, now, ...by }: Importing & { readonly now: Date },
): Promise<ImportedRedemptions> {
  const lines = readRedemptions(text)
  const { settings } = await currentSettings(tx)
  const results = await redeem(tx, lines, { source: 'file', actor: by.actor, settings, now })
  const many = (outcome: string): number => results.filter((one) => one.outcome === outcome).length
  const counts = { redeemed: many('redeemed'), known: many('known'), refused: many('refused') }
  await recordAudit(tx, { ...by, action: 'offer.import_redemptions', detail: counts })
  const problems = results.flatMap((one, at) =>
    one.outcome === 'refused' ? [{ line: lines[at].line, code: one.error, message: one.message }] : [],
  )
  return { ...counts, problems: problems.slice(0, 100) }
}
