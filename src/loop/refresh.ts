/** Refresh: records that the CRM says have changed are read again at once, beside whatever sync is running. */
import { requestStep } from '../store/steps.ts'
import { markProcessed, pendingReceipts } from '../store/webhook-receipts.ts'
import type { LoopStep } from './services.ts'

const BATCH = 500

/** Counts: `hints`. */
export const refresh: LoopStep = async ({ database }, { tenant, connection, signal }) => {
  let hints = 0
  while (!signal.aborted) {
    const taken = await database.withTenant(tenant, async (tx) => {
      const pending = await pendingReceipts(tx, connection, BATCH)
      await markProcessed(
        tx,
        connection,
        pending.map(({ key }) => key),
      )
      if (pending.length > 0) await requestStep(tx, { connection, step: 'sync', cause: 'webhook' })
      return pending.length
    })
    hints += taken
    if (taken < BATCH) break
  }
  return { hints }
}
