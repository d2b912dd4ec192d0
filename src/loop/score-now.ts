/**
 * Somebody at a record wants it read and scored now: the same as when the CRM says that it changed. What waits is read again,
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
  /** Of the record in the CRM. */
  readonly id: string
  readonly now: Date
}

/** As often as somebody may press within it, it is one hint. */
const SAME_MS = 5000

/**
 * @example
 * await scoreNow(tx, { connection, origin: '4711', object: 'companies', id: '512', now: clock() })
 */
export async function scoreNow(
  tx: Transaction,
  { connection, origin, object, id, now }: ScoreNow,
): Promise<void> {
  const key = ['asked', origin, object, id, Math.floor(now.getTime() / SAME_MS)].join(':')
  const hint = { origin, object, id, kind: 'changed', others: [], key, at: now, own: false } as const
  await keepReceipts(tx, connection, [hint])
  await requestStep(tx, { connection, step: 'refresh', cause: 'asked' })
}
