/** What checking any CRM has in common: a check that fails says why, counts are compared, names are listed. */
import type { Check } from '../src/contracts/checks.ts'
import { HoldfastError } from '../src/contracts/errors.ts'

/** A check without its heading. */
export type Found = Omit<Check, 'name'>

/**
 * What keeps a check from being made is what it finds.
 *
 * @throws whatever is a defect of Holdfast itself
 * @example
 * await guarded('Consent', () => checkConsent(client)) // { name: 'Consent', status: 'ok', message: '…' }
 */
export async function guarded(name: string, check: () => Promise<Found>): Promise<Check> {
  try {
    return { name, ...(await check()) }
  } catch (error) {
    if (!(error instanceof HoldfastError)) throw error
    return { name, status: 'failed', message: error.message }
  }
}

/** Counts may differ by what changed since the last sync. */
const DRIFT = 0.01

/**
 * @param there in the CRM
 * @param stored those that Holdfast holds; null unknown
 * @param says "HubSpot has 812 companies"
 */
export function comparedCounts(there: number, stored: number | null, says: string): Found {
  if (stored === null) return { status: 'ok', message: `${says}.` }
  const both = `${says}, Holdfast holds ${count(stored)}.`
  return Math.abs(stored - there) > Math.max(10, DRIFT * there)
    ? {
        status: 'warning',
        message: `${both} That is so while a first sync runs; otherwise it mends itself within a week, when everything is read anew.`,
      }
    : { status: 'ok', message: both }
}

/** @example count(1234) // '1,234' */
export function count(value: number): string {
  return value.toLocaleString('en')
}

/** The first few by name. */
export function listed(names: readonly string[]): string {
  const shown = names.slice(0, 5).map((name) => `"${name}"`)
  const more = names.length - shown.length
  return more > 0 ? `${shown.join(', ')} and ${more} more` : shown.join(', ')
}
