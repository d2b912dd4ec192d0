/** Tells one way of reading a CRM from another. */
import { createHash } from 'node:crypto'

/**
 * A cursor is only good for the reading that it was made by.
 *
 * @param parts all that decides what is handed over, in a fixed order
 * @returns 16 hex digits
 */
export function readingHash(parts: unknown): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 16)
}
