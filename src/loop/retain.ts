/**
 * Retention: once a day, what has been kept for as long as the settings say goes (src/settings/retention.ts,
 * src/store/retention.ts). A batch a transaction, so that nobody waits for it; broken off anywhere, the next turn goes on.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import type { TenantId } from '../contracts/ids.ts'
import type { AgeSetting } from '../settings/retention.ts'
import { settleBookCounts } from '../store/book.ts'
import type { Transaction } from '../store/database.ts'
import { expireExports } from '../store/data-exports.ts'
import { giveUpClearings } from '../store/erasures.ts'
import {
  beginRetention,
  giveTurnBack,
  saveRetention,
  sweep,
  sweepAudit,
  sweepCustomers,
  sweepHistory,
  sweepMessages,
  SWEPT,
  tenantsToAge,
} from '../store/retention.ts'
import { currentSettings } from '../store/settings-versions.ts'
import { passRenewals } from './renewals.ts'
import type { LoopServices } from './services.ts'

type RetainServices = Pick<LoopServices, 'database' | 'clock' | 'log'>

const DAY = 86_400_000
/** Rows of one transaction, and customers whose history is gone over in one. */
const BATCH = 1000
/** Customers that go whole in one transaction: years of rows hang on each. */
const CUSTOMERS = 50
/** Days after which an id of a record that cannot be emptied is given up. */
const GIVE_UP_DAYS = 30

/**
 * What is due for one company.
 *
 * @returns what went, by the names of the settings; null when it was broken off
 * @example
 * await retain(services, tenant, { signal }) // { scoreHistory: 120, messages: 12 }
 */
export async function retain(
  { database, clock }: RetainServices,
  tenant: TenantId,
  { signal, batch = BATCH }: { readonly signal: AbortSignal; readonly batch?: number },
): Promise<Readonly<Record<string, number>> | null> {
  const now = clock()
  const inTurn = <T>(work: (tx: Transaction) => Promise<T>): Promise<T> => database.withTenant(tenant, work)
  const { run, settings } = await inTurn(async (tx) => ({
    run: await beginRetention(tx, now),
    settings: (await currentSettings(tx)).settings.retention,
  }))
  const before = (setting: AgeSetting): Date | null => {
    const days = settings[setting]
    return days === null ? null : new Date(now.getTime() - days * DAY)
  }
  const { counts } = run
  let { after } = run
  const note = (name: string, many: number): void => {
    if (many > 0) counts[name] = (counts[name] ?? 0) + many
  }

  /** Batch by batch until less than a batch is left. */
  async function drain(
    setting: AgeSetting,
    most: number,
    work: (tx: Transaction, range: { readonly before: Date; readonly most: number }) => Promise<number>,
  ): Promise<void> {
    const end = before(setting)
    if (end === null) return
    for (let many = most; many >= most && !signal.aborted;) {
      many = await inTurn(async (tx) => {
        const gone = await work(tx, { before: end, most })
        note(setting, gone)
        await saveRetention(tx, { id: run.id, after, counts, finishedAt: null })
        return gone
      })
    }
  }

  await inTurn(async (tx) => {
    // Of somebody who answers for nobody any more, by whose id or address customers were counted.
    await settleBookCounts(tx)
    note('clearings', await giveUpClearings(tx, GIVE_UP_DAYS))
    await expireExports(tx, now)
  })
  for (const setting of SWEPT) await drain(setting, batch, (tx, range) => sweep(tx, setting, range))
  await drain('auditLog', batch, sweepAudit)
  await drain('messages', batch, sweepMessages)
  await drain('customersLeft', Math.min(batch, CUSTOMERS), sweepCustomers)
  const [scores, changes] = [before('scoreHistory'), before('propertyChanges')]
  for (let more = scores !== null || changes !== null; more && !signal.aborted;)
    more = await inTurn(async (tx) => {
      const page = await sweepHistory(tx, { after, page: batch, scores, changes })
      if (page.last === null) return false
      after = page.last
      note('scoreHistory', page.scores)
      note('propertyChanges', page.changes)
      await saveRetention(tx, { id: run.id, after, counts, finishedAt: null })
      return true
    })
  if (signal.aborted) {
    await inTurn(giveTurnBack)
    return null
  }
  await inTurn((tx) => saveRetention(tx, { id: run.id, after, counts, finishedAt: clock() }))
  return counts
}

/** Companies in one look. */
const TENANTS = 20

/**
 * Goes round the companies, each once a day, and moves on the renewals that passed, which a day does too; any number of
 * processes may, the database gives each turn to one of them.
 *
 * @returns `close` ends after the batch in hand
 * @example
 * const ageing = startRetention(services)
 * await ageing.close()
 */
export function startRetention(
  services: RetainServices,
  {
    everyMs = 60_000,
    daySeconds = DAY / 1000,
  }: { readonly everyMs?: number; readonly daySeconds?: number } = {},
): { close(): Promise<void> } {
  const { database, log } = services
  const ending = new AbortController()
  const { signal } = ending

  async function round(): Promise<void> {
    const turns = await database.asSystem('what has been kept for long enough', (tx) =>
      tenantsToAge(tx, { seconds: daySeconds, limit: TENANTS }),
    )
    for (const tenant of turns) {
      try {
        const counts = await retain(services, tenant, { signal })
        if (counts !== null) log.info({ tenant, counts }, 'what was kept for long enough is gone')
      } catch (err) {
        log.warn({ tenant, err }, 'what was kept for long enough could not all be deleted')
      }
    }
  }

  const running = (async () => {
    while (!signal.aborted) {
      await sleep(everyMs, undefined, { signal, ref: false }).catch(() => undefined)
      if (signal.aborted) break
      await passRenewals(services, { signal }).catch((err: unknown) =>
        log.warn({ err }, 'a round of renewals could not be ended'),
      )
      await round().catch((err: unknown) => log.warn({ err }, 'a round of retention could not be ended'))
    }
  })()
  return {
    close: async () => {
      ending.abort()
      await running
    },
  }
}
