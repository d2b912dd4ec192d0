/** Renewals that have passed: lists show the next one soon after midnight (UTC), whether anything else is done or not. */
import type { LoopServices } from './services.ts'
import { moveRenewalsOn, tenantsToMoveOn } from '../store/book.ts'

/** Rows of one transaction. */
const BATCH = 2000

/**
 * Goes round the companies that have one, a batch a transaction. Any number of processes may: what one holds the others
 * leave alone.
 *
 * @returns how many were moved on
 * @example
 * await passRenewals(services, { signal }) // 12
 */
export async function passRenewals(
  { database, clock, log }: Pick<LoopServices, 'database' | 'clock' | 'log'>,
  { signal, batch = BATCH }: { readonly signal: AbortSignal; readonly batch?: number },
): Promise<number> {
  const today = clock().toISOString().slice(0, 10)
  const tenants = await database.asSystem('renewals that have passed', (tx) => tenantsToMoveOn(tx, today))
  let moved = 0
  for (const tenant of tenants)
    try {
      for (let many = batch; many >= batch && !signal.aborted; moved += many)
        many = await database.withTenant(tenant, (tx) => moveRenewalsOn(tx, today, batch))
    } catch (err) {
      log.warn({ tenant, err }, 'renewals that have passed could not be moved on')
    }
  return moved
}
