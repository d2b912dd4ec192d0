/**
 * What was known of a connection that an admin left and wants erased goes, a batch a transaction: of any process, and from
 * where it was broken off.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import type { ConnectionId, TenantId } from '../contracts/ids.ts'
import { forgetByIds, forgetTexts, nextLeavers, TEXT_PLACES } from '../store/connection-erasure-words.ts'
import { eraseBatch, finishErasure, holdErasure, openErasures } from '../store/connection-erasures.ts'
import { readConnection } from '../store/connections.ts'
import type { Transaction } from '../store/database.ts'
import type { LoopServices } from './services.ts'

type EraseServices = Pick<LoopServices, 'database' | 'log' | 'forgetCopies' | 'forgetFile'>

/** Where the next page of a place begins; null: there is none, or it is the first. */
interface Page {
  readonly next: string | null
}

/** Customers of whom texts elsewhere are gone through at once: what these are called is held in memory. */
const MANY = 20_000
/** Customers that go in one transaction: years of rows hang on each. */
const CUSTOMERS = 50

/**
 * Goes on until nothing is left, somebody else is at it, or it is broken off.
 *
 * @returns whether all of it is gone now
 * @example
 * await eraseConnection(services, { tenant, connection, signal })
 */
export async function eraseConnection(
  { database, forgetCopies, forgetFile }: EraseServices,
  {
    tenant,
    connection,
    signal,
    batch = CUSTOMERS,
  }: {
    readonly tenant: TenantId
    readonly connection: ConnectionId
    readonly signal: AbortSignal
    readonly batch?: number
  },
): Promise<boolean> {
  /** Each in a transaction of its own that nobody else erases beside; null: it is not for us to go on. */
  const inTurn = <T>(work: (tx: Transaction) => Promise<T>): Promise<T | null> =>
    signal.aborted
      ? Promise.resolve(null)
      : database.withTenant(tenant, async (tx) =>
          (await holdErasure(tx, connection)) === 'ours' ? work(tx) : null,
        )
  for (;;) {
    const next = await inTurn(async (tx) => ({ leavers: await nextLeavers(tx, connection, MANY) }))
    if (next === null) return false
    const { leavers } = next
    if (leavers === null) break
    if ((await inTurn(async (tx) => (await forgetByIds(tx, leavers), true))) === null) return false
    for (const place of TEXT_PLACES) {
      let page: Page | null = { next: null }
      do {
        const { next: after }: Page = page
        page = await inTurn(async (tx) => ({ next: await forgetTexts(tx, leavers, { place, after }) }))
        if (page === null) return false
      } while (page.next !== null)
    }
    forgetCopies?.(leavers)
    for (;;) {
      const went = await inTurn((tx) => eraseBatch(tx, connection, { last: leavers.last, most: batch }))
      if (went === null) return false
      if (went < batch) break
    }
  }
  const { config } = await database.withTenant(tenant, (tx) => readConnection(tx, connection))
  // Before it counts as done: whoever goes on after a crash looks for it again.
  if (typeof config['path'] === 'string') await forgetFile?.(tenant, config['path'])
  return (await inTurn((tx) => finishErasure(tx, connection))) ?? false
}

/**
 * Looks for what is to be erased; any number of processes may.
 *
 * @returns `close` ends after the batch in hand
 * @example
 * const erasing = startErasing(services)
 * await erasing.close()
 */
export function startErasing(
  services: EraseServices,
  { everyMs = 3000 }: { readonly everyMs?: number } = {},
): { close(): Promise<void> } {
  const { database, log } = services
  const ending = new AbortController()
  const { signal } = ending

  async function round(): Promise<void> {
    for (const { tenant, connection } of await database.asSystem('what is to be erased', openErasures)) {
      try {
        if (await eraseConnection(services, { tenant, connection, signal }))
          log.info({ tenant, connection }, 'what was known of a connection is erased')
      } catch (err) {
        log.warn({ tenant, connection, err }, 'what was known of a connection could not all be erased yet')
      }
    }
  }

  const running = (async () => {
    while (!signal.aborted) {
      await sleep(everyMs, undefined, { signal, ref: false }).catch(() => undefined)
      if (signal.aborted) break
      await round().catch((err: unknown) => log.warn({ err }, 'a round of erasing could not be ended'))
    }
  })()
  return {
    close: async () => {
      ending.abort()
      await running
    },
  }
}
