/**
 * The rounds of telling: what is due goes out every few seconds, and each company is looked after every few minutes, for
 * what comes with time (the digest, risen risk, the groups). Any number of processes may go round at once: the database
 * gives each notice and each company to one of them.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import type { TenantId } from '../contracts/ids.ts'
import type { Transaction } from '../store/database.ts'
import { currentSettings } from '../store/settings-versions.ts'
import { setToldUntil, tenantsToLookAfter, tenantsToTell, toldUntil } from '../store/told.ts'
import { tellDigest } from './digest.ts'
import { tellRatio } from './group-ratio.ts'
import { tellLevels } from './level-alerts.ts'
import { tellCodes } from './tell-events.ts'
import { sendTold, type TellServices } from './telling.ts'

export interface Rounds {
  /** Between two looks at what is due; default 5,000. */
  readonly everyMs?: number
  /** Between two looks after one company; default 300. */
  readonly roundSeconds?: number
}

/** Companies in one look, so that each is long over before the next. */
const TENANTS = 100

/**
 * @returns `close` waits for what is being sent
 * @example
 * const telling = startTelling(services)
 * await telling.close()
 */
export function startTelling(
  services: TellServices,
  { everyMs = 5000, roundSeconds = 300 }: Rounds = {},
): { close(): Promise<void> } {
  const ending = new AbortController()
  const running = (async () => {
    while (!ending.signal.aborted) {
      try {
        await tellRound(services, { roundSeconds, signal: ending.signal })
      } catch (cause) {
        services.log.warn({ err: cause }, 'what is to be told waits: the round could not be ended')
      }
      await sleep(everyMs, undefined, { signal: ending.signal, ref: false }).catch(() => undefined)
    }
  })()
  return {
    close: async () => {
      ending.abort()
      await running
    },
  }
}

/**
 * One round. What fails for one company keeps nothing from the others.
 *
 * @returns how many notices went out
 */
export async function tellRound(
  services: TellServices,
  { roundSeconds = 300, signal }: { readonly roundSeconds?: number; readonly signal: AbortSignal },
): Promise<number> {
  const { database, log } = services
  const turns = await database.asSystem('whom to look after', (tx) =>
    tenantsToLookAfter(tx, { seconds: roundSeconds, limit: TENANTS }),
  )
  for (const tenant of turns) {
    if (signal.aborted) return 0
    await lookAfter(services, tenant).catch((err: unknown) =>
      log.warn({ tenant, err }, 'a company could not be looked after'),
    )
  }
  const due = await database.asSystem('who has something to be told', (tx) => tenantsToTell(tx, TENANTS))
  let sent = 0
  for (const tenant of due) {
    if (signal.aborted) break
    const counts = await sendTold(services, tenant, signal).catch((err: unknown) => {
      log.warn({ tenant, err }, 'what is to be told could not be sent')
      return { sent: 0 }
    })
    sent += counts.sent
  }
  return sent
}

/** Each in a transaction of its own: one that fails is no reason to keep the others back. */
async function lookAfter({ database, clock }: TellServices, tenant: TenantId): Promise<void> {
  const now = clock()
  const { settings } = await database.withTenant(tenant, currentSettings)
  const looks = [
    database.withTenant(tenant, (tx) => tellLevels(tx, settings.alerts, now)),
    database.withTenant(tenant, (tx) => tellDigest(tx, settings.alerts, now)),
    database.withTenant(tenant, (tx) => daily(tx, 'ratio', now, () => tellRatio(tx, now))),
    database.withTenant(tenant, (tx) => tellCodes(tx, settings, now)),
  ]
  const failed = (await Promise.allSettled(looks)).find((one) => one.status === 'rejected')
  if (failed !== undefined) throw failed.reason
}

const DAY = 86_400_000

/** What reads a whole book, and can wait. */
async function daily(tx: Transaction, name: string, now: Date, look: () => Promise<unknown>): Promise<void> {
  const last = await toldUntil(tx, name)
  if (last !== null && now.getTime() - last.getTime() < DAY) return
  await setToldUntil(tx, name, now)
  await look()
}
