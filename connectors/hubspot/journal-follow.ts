/**
 * Following the Webhooks Journal of an account: the connector's stream of hints. A journal remembers for three days, so that what
 * happened while nobody listened is told afterwards, one change after the other.
 *
 * Whether the app really was taken out of the account, which the journal may tell of long after, is asked of HubSpot itself: an
 * account that came back meanwhile is not cut off.
 */
import { setTimeout as wait } from 'node:timers/promises'
import { z } from 'zod'
import type { Clock } from '../../src/contracts/clock.ts'
import { HoldfastError } from '../../src/contracts/errors.ts'
import type { Connector, Cursor, HintPage } from '../connector.ts'
import type { HubSpotClient } from './client.ts'
import type { HubSpotConfig } from './config.ts'
import { JOURNAL_KEPT_MS, openJournal, type JournalRef } from './journal.ts'
import type { JournalPage } from './journal-parse.ts'
import { keepSubscriptions, wantedSubscriptions } from './journal-subscriptions.ts'

export interface FollowJournalOptions {
  /** With the token of the app. */
  readonly client: HubSpotClient
  /** Where the files of a sandbox are. */
  readonly baseUrl: string
  readonly config: HubSpotConfig
  readonly clock: Clock
  /** Whether no other connection reads the same account. */
  readonly alone: () => Promise<boolean>
  /** @throws HoldfastError `connector_reconnect` when the account does not know the app any more */
  readonly askAccount: () => Promise<unknown>
  /** Between two looks when nothing came; default 10,000. */
  readonly everyMs?: number
  readonly sleep?: (ms: number, signal: AbortSignal) => Promise<void>
}

const positionSchema = z.object({
  /** Null: nothing was read yet. */
  offset: z.string().nullable(),
  /** All that was written until then has been read. */
  until: z.iso.datetime(),
})
type Position = z.infer<typeof positionSchema>

/** Clocks differ, and an entry may go a little early. */
const MARGIN_MS = 3_600_000
/** How often it is stored that nothing came, so that how far everything was read is known after an outage. */
const HEARTBEAT_MS = 5 * 60_000
/** How often it is looked whether the journal still holds what is read. */
const SUBSCRIPTIONS_MS = 60_000

/**
 * @example
 * const subscribe = followJournal({ client, config, … })
 * for await (const page of subscribe(position, signal, wanted)) await store(page)
 */
export function followJournal(options: FollowJournalOptions): NonNullable<Connector['subscribe']> {
  const { client, config, clock, alone, askAccount, baseUrl } = options
  const { everyMs = 10_000, sleep = pause } = options
  const { portal } = config
  const journal = openJournal({ client, portal, baseUrl })

  async function* one(ref: JournalRef, position: Position, signal: AbortSignal): AsyncGenerator<HintPage> {
    let page: JournalPage
    try {
      page = await journal.read(ref, signal)
    } catch (error) {
      if (!(error instanceof HoldfastError) || error.retryable) throw error
      // It would be as unreadable the next time.
      yield {
        hints: [],
        position: { ...position, offset: ref.currentOffset },
        missed: UNREADABLE,
        whole: true,
      }
      return
    }
    if (page.uninstalled) await askAccount()
    const written = page.publishedAt?.getTime() ?? 0
    const until = new Date(Math.max(Date.parse(position.until), written)).toISOString()
    const { hints, skipped } = page
    yield { hints, skipped, position: { offset: ref.currentOffset, until } }
  }

  return async function* follow(from, signal, wanted) {
    let position = readPosition(from)
    let [toldAt, keptAt] = [-Infinity, 0]
    let [isKept, isIdle] = [false, false]
    while (!signal.aborted) {
      const now = clock()
      const age = now.getTime() - (keptAt ||= now.getTime())
      // What has been written is read first: it may say that the app is out.
      const isDue = position === null || age >= 10 * SUBSCRIPTIONS_MS
      if (isDue || (isIdle && (!isKept || age >= SUBSCRIPTIONS_MS))) {
        const reading = (await wanted?.()) ?? null
        await keepSubscriptions(client, {
          portal,
          wanted: wantedSubscriptions(config, reading?.properties ?? null),
          alone: await alone(),
        })
        keptAt = now.getTime()
        isKept = true
      }
      if (position === null) {
        const last = await journal.latest(signal)
        position = { offset: last?.currentOffset ?? null, until: now.toISOString() }
        yield { hints: [], position }
      }
      if (now.getTime() - Date.parse(position.until) > JOURNAL_KEPT_MS - MARGIN_MS) {
        position = { ...position, until: now.toISOString() }
        // Told once; what is still there is read beside.
        yield { hints: [], position, missed: missedSince(now), whole: true }
      }
      const found = await journal.after(position.offset, signal)
      if (found === 'gone') {
        // All until then was read: what is there still is either known or news.
        position = { ...position, offset: null }
        continue
      }
      for (const ref of found)
        for await (const page of one(ref, position, signal)) {
          yield page
          position = page.position as unknown as Position
          toldAt = now.getTime()
        }
      isIdle = found.length === 0
      if (!isIdle) continue
      position = { ...position, until: now.toISOString() }
      if (now.getTime() - toldAt >= HEARTBEAT_MS) {
        yield { hints: [], position }
        toldAt = now.getTime()
      }
      await sleep(everyMs, signal)
    }
  }
}

const missedSince = (now: Date): string =>
  `HubSpot's journal of changes goes back three days, and it was last read before ${new Date(now.getTime() - JOURNAL_KEPT_MS).toISOString().slice(0, 10)}. Everything is read anew.`
const UNREADABLE = "A part of HubSpot's journal of changes could not be read. Everything is read anew."

/** @returns null for none, and for what another version stored */
function readPosition(from: Cursor | null): Position | null {
  const read = positionSchema.safeParse(from)
  return read.success ? read.data : null
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await wait(ms, undefined, { signal }).catch(() => undefined)
}
