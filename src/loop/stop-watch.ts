/**
 * The automatic stop: when people turn away from an action or a channel more than is usual, it is paused until a person
 * has looked. Looked at before more is sent, so it stops within the minute in which it can be known.
 */
import type { ServiceSettings } from '../settings/service.ts'
import type { TenantId } from '../contracts/ids.ts'
import type { Transaction } from '../store/database.ts'
import { readPauses } from '../store/pauses.ts'
import { mayHaveTurned, sentCounts } from '../store/stop-counts.ts'
import { pauseKnown } from './pausing.ts'
import { stopsOf, type Jump, type Stop } from './stop-test.ts'

/** Who stopped it, in the audit log and on the pages. */
export const WATCH = 'watch'

/** Somebody has to hear of it: the outbox of alerts (`tell`). In the transaction of the pause. */
export type TellStop = (
  tx: Transaction,
  told: { readonly stop: Stop; readonly reason: string; readonly dedupKey: string },
) => Promise<void>

/**
 * Safe to repeat, by several processes at once: one pause, one line in the audit log, one alert.
 *
 * @returns what was stopped now
 * @example
 * await watchStops(tx, settings, tell) // [{ scope: 'action', name: 'sms', jump: { what: 'optOuts', answers: 9, … } }]
 */
export async function watchStops(
  tx: Transaction,
  { automation: { stop } }: Pick<ServiceSettings, 'automation'>,
  tell?: TellStop,
): Promise<readonly Stop[]> {
  if (!stop.enabled || !(await mayHaveTurned(tx, stop))) return []
  const { running } = await readPauses(tx)
  const paused = new Set(running.map(({ scope, name }) => `${scope} ${name}`))
  const stopped: Stop[] = []
  for (const one of stopsOf(await sentCounts(tx, stop.windowHours), stop, paused)) {
    const reason = reasonOf(one.jump)
    const added = await pauseKnown(tx, one, { reason, evidence: one.jump, actor: WATCH })
    if (!added) continue
    stopped.push(one)
    await tell?.(tx, { stop: one, reason, dedupKey: `stop ${one.scope} ${one.name} ${await pausedAt(tx)}` })
  }
  return stopped
}

/** The transaction's own time: another pause, another alert. */
async function pausedAt(tx: Transaction): Promise<string> {
  const [{ at }] = await tx.query<{ at: Date }>('select now() as at')
  return at.toISOString()
}

const WORDS: Readonly<Record<Jump['what'], string>> = {
  optOuts: 'opted out',
  complaints: 'were complained of',
  bounces: 'bounced or failed',
}

/**
 * @example
 * reasonOf({ what: 'bounces', answers: 9, messages: 120, usual: 0.02, chance: 1e-4 })
 * // 'It stopped by itself: 9 of the last 120 messages bounced or failed, …'
 */
export function reasonOf({ what, answers, messages, usual }: Jump): string {
  const subject = what === 'optOuts' ? 'recipients' : 'messages'
  const percent = new Intl.NumberFormat('en', { style: 'percent', maximumSignificantDigits: 2 })
  return `It stopped by itself: ${answers} of the last ${messages} ${subject} ${WORDS[what]}, where ${percent.format(usual)} is usual. Look at what was sent, then let it go on.`
}

/** Between two looks at a tenant in one process. */
const EVERY_MS = 30_000

/**
 * {@link watchStops} for whoever is about to send, at most every half minute for each tenant.
 *
 * @param now milliseconds of any clock that goes forward
 * @example
 * const look = openStopWatch(() => performance.now())
 * await look(tx, settings)
 */
export function openStopWatch(
  now: () => number,
  tell?: TellStop,
): (tx: Transaction, settings: Pick<ServiceSettings, 'automation'>) => Promise<readonly Stop[]> {
  const looked = new Map<TenantId, number>()
  return async (tx, settings) => {
    const tenant = tx.tenant
    if (tenant === null) return []
    const last = looked.get(tenant) ?? -Infinity
    if (now() - last < EVERY_MS) return []
    looked.set(tenant, now())
    return watchStops(tx, settings, tell)
  }
}
