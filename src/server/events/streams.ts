/**
 * Streams of server-sent events: what happens in a company while people look at it.
 *
 * Nothing is announced by those who do the work. The database is the truth, and it is looked at once a second for each
 * company that somebody watches, however many do and whichever process the work is done in; where nobody watches, nothing
 * runs. With each look goes the question whether those who listen still may.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Logger } from 'pino'
import { HoldfastError } from '../../contracts/errors.ts'
import type { TenantId } from '../../contracts/ids.ts'
import type { SessionCaller } from '../../security/access.ts'
import { IDLE_MINUTES } from '../../security/sessions.ts'
import type { Database } from '../../store/database.ts'
import { missedSince, type LiveMarks } from '../../store/reads/live.ts'
import { liveSessions } from '../../store/sessions.ts'
import { HEARTBEAT, endFrame, openOwed, stateFrame, type EndReason, type LiveState } from './frames.ts'
import { isQuiet, openLook, type Looked } from './look.ts'

export interface StreamLimits {
  /** Milliseconds between two looks; default 1,000. */
  readonly everyMs: number
  /** Milliseconds of silence after which a sign of life is sent; default 15,000. */
  readonly heartbeatMs: number
  /** Milliseconds after which a listener that takes nothing is let go; default 30,000. */
  readonly stalledMs: number
  /** Milliseconds without a look, because the database is away, after which all streams end; default 30,000. */
  readonly awayMs: number
  /** Streams of one session; default 6. */
  readonly perSession: number
  /** Streams of this process; default 2,000. */
  readonly most: number
}

const DEFAULTS: StreamLimits = {
  everyMs: 1000,
  heartbeatMs: 15_000,
  stalledMs: 30_000,
  awayMs: 30_000,
  perSession: 6,
  most: 2000,
}

export interface ListenerRequest {
  readonly caller: SessionCaller
  /** SHA-256 of the session's token. */
  readonly session: Buffer
  /** What the listener saw last; null: it is new. */
  readonly seen: LiveMarks | null
  /** Aborted when the listener goes away. */
  readonly gone: AbortSignal
}

export interface Listening {
  /** Text to be sent as it comes; ends when the listener may listen no more. */
  readonly frames: AsyncIterable<string>
  /** Aborted when a listener takes nothing for so long that it is let go. */
  readonly until: AbortSignal
}

export interface LiveStreams {
  /** @throws HoldfastError `too_many_requests` */
  listen(request: ListenerRequest): Listening
  /** How many listen, and how many companies are looked at: for tests and figures. */
  counts(): { readonly listeners: number; readonly looks: number }
  /** Ends all streams; who comes later is told to come back. */
  close(): Promise<void>
}

interface Listener extends ListenerRequest {
  readonly place: Watched
  /** Null until the first frame, which says how everything stands. */
  owed: ReturnType<typeof openOwed> | null
  ended: EndReason | null
  /** Why there is no first frame. */
  failed: unknown
  beat: boolean
  /** When it was last given something, or waited for more; of a clock that only goes forward. */
  takenAt: number
  /** Set while it waits. */
  wake: (() => void) | null
  readonly letGo: AbortController
}

interface Watched {
  readonly listeners: Set<Listener>
  latest: LiveState | null
  /** Ends the wait between two looks. */
  hurry: AbortController
}

/**
 * @param options.now milliseconds of a clock that only goes forward
 * @example
 * const live = openLiveStreams({ database, log, now: () => performance.now() })
 * const { frames } = live.listen({ caller, session, seen: null, gone: request.signal })
 */
export function openLiveStreams({
  database,
  log,
  now,
  limits: given = {},
}: {
  readonly database: Database
  readonly log: Logger
  readonly now: () => number
  readonly limits?: Partial<StreamLimits>
}): LiveStreams {
  const limits = { ...DEFAULTS, ...given }
  const watched = new Map<TenantId, Watched>()
  const running = new Set<Promise<void>>()
  let total = 0
  let looks = 0
  const closing = new AbortController()

  async function watch(tenant: TenantId, place: Watched): Promise<void> {
    const look = openLook()
    let lookedAt = now()
    let failing = false
    while (place.listeners.size > 0 && !closing.signal.aborted) {
      try {
        looks++
        // Who comes while it is looked is asked about the next time.
        const asked = [...place.listeners]
        const sessions = new Map(asked.map(({ session }) => [session.toString('hex'), session]))
        const { looked, still } = await database.withTenant(
          tenant,
          async (tx) => ({
            still: await liveSessions(tx, [...sessions.values()], IDLE_MINUTES),
            looked: await look(tx),
          }),
          { byKeys: true },
        )
        lookedAt = now()
        failing = false
        for (const listener of asked) expectAccess(listener, still)
        hand(place, looked)
      } catch (cause) {
        if (!failing)
          log.warn({ err: cause, tenant }, 'what happens could not be looked at; it is tried again')
        failing = true
        // Who is only coming is told at once.
        for (const listener of place.listeners)
          if (listener.owed === null) {
            listener.failed = cause
            listener.wake?.()
          }
        if (now() - lookedAt >= limits.awayMs) for (const listener of place.listeners) end(listener, 'away')
      }
      for (const listener of place.listeners) care(listener)
      if (place.listeners.size > 0 && !closing.signal.aborted)
        await sleep(limits.everyMs, undefined, { signal: place.hurry.signal }).catch(() => undefined)
      if (place.hurry.signal.aborted) place.hurry = new AbortController()
    }
    // In the same turn as the last look at who listens: who comes now begins anew.
    if (watched.get(tenant) === place) watched.delete(tenant)
  }

  function hand(place: Watched, { state, change }: Looked): void {
    place.latest = state
    for (const listener of place.listeners) {
      if (listener.owed === null) listener.wake?.()
      else if (change !== null && !isQuiet(change)) {
        listener.owed.add(change, state.marks)
        listener.wake?.()
      }
    }
  }

  /** A sign of life for who heard nothing, an end for who takes nothing. */
  function care(listener: Listener): void {
    if (listener.wake === null) {
      if (now() - listener.takenAt >= limits.stalledMs) listener.letGo.abort()
    } else if (now() - listener.takenAt >= limits.heartbeatMs) {
      listener.beat = true
      listener.wake()
    }
  }

  function end(listener: Listener, why: EndReason): void {
    listener.ended ??= why
    listener.wake?.()
  }

  function expectAccess(listener: Listener, still: Awaited<ReturnType<typeof liveSessions>>): void {
    const found = still.get(listener.session.toString('hex'))
    if (found === undefined) end(listener, 'signed_out')
    else if (found.role !== listener.caller.role || found.subject !== listener.caller.subject)
      end(listener, 'access_changed')
  }

  function leave(listener: Listener): void {
    const { place } = listener
    if (!place.listeners.delete(listener)) return
    total--
    listener.wake?.()
    if (place.listeners.size === 0) place.hurry.abort()
  }

  function placeOf(tenant: TenantId): Watched {
    return watched.get(tenant) ?? { listeners: new Set(), latest: null, hurry: new AbortController() }
  }

  function join(listener: Listener): void {
    const { place, caller } = listener
    place.listeners.add(listener)
    total++
    if (watched.has(caller.tenant)) return
    watched.set(caller.tenant, place)
    const work = watch(caller.tenant, place).finally(() => running.delete(work))
    running.add(work)
  }

  async function* framesOf(listener: Listener): AsyncGenerator<string> {
    const { place } = listener
    const wait = async (): Promise<void> => {
      listener.takenAt = now()
      await new Promise<void>((resolve) => (listener.wake = resolve))
      listener.wake = null
      listener.takenAt = now()
    }
    try {
      while (place.latest === null && listener.ended === null && !listener.gone.aborted) {
        if (listener.failed !== null) throw listener.failed
        await wait()
      }
      if (listener.ended === null && !listener.gone.aborted) {
        const state = place.latest!
        listener.owed = openOwed()
        const { seen } = listener
        const missed =
          seen === null
            ? null
            : await database.withTenant(listener.caller.tenant, (tx) => missedSince(tx, seen), {
                byKeys: true,
              })
        yield stateFrame(state, missed)
      }
      while (!listener.gone.aborted) {
        const text = listener.owed?.take() ?? ''
        const beat = listener.beat
        listener.beat = false
        if (text !== '') yield text
        else if (listener.ended !== null) break
        else if (beat) yield HEARTBEAT
        else await wait()
      }
      if (listener.ended !== null) yield endFrame(listener.ended)
    } finally {
      leave(listener)
    }
  }

  return {
    listen: (request) => {
      const key = request.session.toString('hex')
      const place = placeOf(request.caller.tenant)
      const own = [...place.listeners].filter(({ session }) => session.toString('hex') === key)
      if (closing.signal.aborted || total >= limits.most || own.length >= limits.perSession)
        throw new HoldfastError(
          'too_many_requests',
          own.length >= limits.perSession
            ? `This session has ${own.length} streams open already, as many as it may. Close a window of Holdfast.`
            : 'No more streams can be opened at this moment. It is tried again.',
          { retryable: true },
        )
      const listener: Listener = {
        ...request,
        place,
        owed: null,
        ended: null,
        failed: null,
        beat: false,
        takenAt: now(),
        wake: null,
        letGo: new AbortController(),
      }
      request.gone.addEventListener('abort', () => leave(listener), { once: true })
      join(listener)
      return { frames: framesOf(listener), until: listener.letGo.signal }
    },
    counts: () => ({ listeners: total, looks }),
    close: async () => {
      closing.abort()
      for (const { listeners, hurry } of watched.values()) {
        for (const listener of listeners) end(listener, 'closing')
        hurry.abort()
      }
      await Promise.all(running)
    },
  }
}
