/**
 * Somebody at a record, or at a list of them, wants it read and scored now: the same as when the CRM says that it changed. What waits is read again,
 * scored, decided on and written back by the steps that do so anyway.
 */
import type { ConnectionId } from '../contracts/ids.ts'
import type { Transaction } from '../store/database.ts'
import { requestStep } from '../store/steps.ts'
import { keepReceipts } from '../store/webhook-receipts.ts'

export interface ScoreNow {
  readonly connection: ConnectionId
  /** Portal or org as the CRM names it. */
  readonly origin: string
  /** As the CRM's API names it: `companies`. */
  readonly object: string
  /** Of the records in the CRM. */
  readonly ids: readonly string[]
  readonly now: Date
}

/** As often as somebody may press within it, it is one hint. */
const SAME_MS = 5000

/**
 * @example
 * await scoreNow(tx, { connection, origin: '4711', object: 'companies', ids: ['512'], now: clock() })
 */
export async function scoreNow(
  tx: Transaction,
  { connection, origin, object, ids, now }: ScoreNow,
): Promise<void> {
  const moment = Math.floor(now.getTime() / SAME_MS)
  const hints = [...new Set(ids)].map((id) => ({
    origin,
    object,
    id,
    kind: 'changed' as const,
    others: [],
    key: ['asked', origin, object, id, moment].join(':'),
    at: now,
    own: false,
  }))
  await keepReceipts(tx, connection, hints)
  await requestStep(tx, { connection, step: 'refresh', cause: 'asked' })
}
