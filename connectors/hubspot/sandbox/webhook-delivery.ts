/**
 * How HubSpot delivers webhooks: POSTs of up to 100 events in no order, signed with the app's secret, each to be
 * answered within 5 s with a 2xx; otherwise it is tried again up to 10 times within 24 hours.
 *
 * @see https://developers.hubspot.com/docs/api/webhooks
 */
import { createHash, createHmac } from 'node:crypto'
import { random } from '../../../models/random.ts'
import { openOwed, type OwedEvent } from './webhook-owed.ts'
import type { WebhookPortal } from './webhooks.ts'

/** One event as it stands in the array. */
export type WebhookEvent = Readonly<Record<string, unknown>> & { readonly attemptNumber: number }

export interface DeliveryOptions {
  /** The public address, exactly as the app states it: it is part of the signature. */
  readonly targetUrl: string
  /** Requests under way at a time; default 10, as in a project's file. */
  readonly maxConcurrentRequests?: number
  /** Events are gathered for so long before they are sent, milliseconds; default 20. */
  readonly gatherMs?: number
  /** Default 5,000. */
  readonly timeoutMs?: number
  /** Waits until the next try; tests make it short. Aborted when delivery stops. */
  readonly sleep?: (ms: number, signal: AbortSignal) => Promise<void>
  /** Default: the app's. */
  readonly secret?: string
  readonly seed?: number
}

/** What goes wrong on purpose. */
export interface WebhookFaults {
  /** So many times each request is sent again; default 0. */
  duplicates(times: number): void
  /** Events are sent in any order, late ones among them; default false. */
  disorder(on: boolean): void
  /** Part of the requests, from 0 to 1, that come with a timestamp of ten minutes ago: they must be refused. */
  stale(share: number): void
  /** Nothing is sent until it is taken back, as when HubSpot is behind. */
  hold(on: boolean): void
  /**
   * Sends events under a signature that is not HubSpot's, once.
   *
   * @returns the status of the answer
   */
  forge(events: readonly unknown[], secret?: string): Promise<number>
}

export interface DeliveryCounts {
  readonly events: number
  readonly requests: number
  readonly accepted: number
  readonly refused: number
  /** Events that nobody took in 10 further tries. */
  readonly lost: number
}

export interface Delivery {
  readonly faults: WebhookFaults
  send(event: WebhookEvent): void
  counts(): DeliveryCounts
  idle(): Promise<void>
  stop(): Promise<void>
}

const BATCH = 100
const MINUTE = 60_000
/** "up to 10 times … spread out over the next 24 hours": together 23 h 51 min, each a little more or less. */
const RETRIES = [1, 5, 15, 30, 60, 120, 180, 240, 300, 480].map((minutes) => minutes * MINUTE)
const STALE = 10 * MINUTE
/** Part of the events that wait for the next ones, in disorder. */
const LATE = 0.3

export function openDelivery({ state, app }: WebhookPortal, options: DeliveryOptions): Delivery {
  const { targetUrl, maxConcurrentRequests = 10, gatherMs = 20, timeoutMs = 5_000 } = options
  const { secret = app.clientSecret, sleep = sleepReally } = options
  const rng = random(options.seed ?? 1)
  const owed = openOwed(state)
  const stopping = new AbortController()
  const counts = { events: 0, requests: 0, accepted: 0, refused: 0, lost: 0 }
  const faults = { duplicates: 0, disorder: false, stale: 0, held: false }
  /** What an earlier run had not got rid of goes out with the first. */
  let waiting: OwedEvent[] = owed.found()
  let gathering: NodeJS.Timeout | undefined
  let [active, retrying] = [0, 0]
  const idlers = new Set<() => void>()

  const isIdle = (): boolean => waiting.length === 0 && active === 0 && retrying === 0
  const settle = (): void => {
    if (!isIdle() && !stopping.signal.aborted) return
    for (const resolve of idlers) resolve()
    idlers.clear()
  }

  const post = async (body: string, at: number, key: string): Promise<number> => {
    counts.requests++
    try {
      const response = await fetch(targetUrl, {
        method: 'POST',
        body,
        redirect: 'manual',
        headers: {
          'Content-Type': 'application/json',
          'User-Agent': 'HubSpot Connect 2.0 (http://dev.hubspot.com/) - Webhooks',
          'X-HubSpot-Signature': createHash('sha256').update(`${key}${body}`).digest('hex'),
          'X-HubSpot-Signature-Version': 'v1',
          'X-HubSpot-Signature-v3': signatureV3({ secret: key, url: targetUrl, body, timestamp: at }),
          'X-HubSpot-Request-Timestamp': String(at),
        },
        signal: AbortSignal.any([AbortSignal.timeout(timeoutMs), stopping.signal]),
      })
      await response.arrayBuffer()
      return response.status
    } catch {
      return 0
    }
  }

  const deliver = async (events: readonly OwedEvent[]): Promise<void> => {
    const body = JSON.stringify(events.map(({ event }) => event))
    let taken = false
    for (let copy = 0; copy <= faults.duplicates; copy++) {
      const now = state.now().getTime()
      const status = await post(body, rng.next() < faults.stale ? now - STALE : now, secret)
      const accepted = status >= 200 && status < 300
      if (accepted) counts.accepted++
      else counts.refused++
      taken ||= accepted
    }
    if (taken) owed.settle(events)
    else if (!stopping.signal.aborted) void again(events)
  }

  const again = async (events: readonly OwedEvent[]): Promise<void> => {
    const { attemptNumber } = events[0].event
    if (attemptNumber >= RETRIES.length) {
      counts.lost += events.length
      owed.settle(events)
      return
    }
    retrying++
    try {
      await sleep(RETRIES[attemptNumber] * (0.8 + 0.2 * rng.next()), stopping.signal)
    } finally {
      retrying--
    }
    if (stopping.signal.aborted) return settle()
    start(events.map(({ key, event }) => owed.keep({ ...event, attemptNumber: attemptNumber + 1 }, key)))
  }

  const queue: (readonly OwedEvent[])[] = []
  const start = (events: readonly OwedEvent[]): void => {
    queue.push(events)
    pump()
  }
  const pump = (): void => {
    while (queue.length > 0 && active < maxConcurrentRequests && !stopping.signal.aborted) {
      active++
      const events = queue.shift() as readonly OwedEvent[]
      void deliver(events).finally(() => {
        active--
        pump()
        settle()
      })
    }
  }

  const flush = (): void => {
    gathering = undefined
    if (faults.held || stopping.signal.aborted) return
    const late = faults.disorder ? waiting.filter(() => rng.next() < LATE) : []
    const due = waiting.filter((event) => !late.includes(event))
    const events = faults.disorder ? shuffled(due, () => rng.next()) : due
    waiting = late
    gather()
    // Only what was tried as often goes together.
    for (const same of Map.groupBy(events, ({ event }) => event.attemptNumber).values()) {
      for (let at = 0; at < same.length; at += BATCH) start(same.slice(at, at + BATCH))
    }
    settle()
  }
  const gather = (): void => {
    if (waiting.length > 0) gathering ??= setTimeout(flush, gatherMs)
  }
  gather()

  return {
    faults: {
      duplicates: (times) => void (faults.duplicates = times),
      disorder: (on) => void (faults.disorder = on),
      stale: (share) => void (faults.stale = share),
      hold(on) {
        faults.held = on
        if (!on) gather()
      },
      forge: (events, key = 'not-the-secret') => post(JSON.stringify(events), state.now().getTime(), key),
    },
    send(event) {
      if (stopping.signal.aborted) return
      counts.events++
      waiting.push(owed.keep(event))
      if (!faults.held) gather()
    },
    counts: () => ({ ...counts }),
    idle: () => new Promise((resolve) => (isIdle() ? resolve() : void idlers.add(resolve))),
    async stop() {
      clearTimeout(gathering)
      waiting = []
      queue.length = 0
      const ended =
        active === 0 ? Promise.resolve() : new Promise<void>((resolve) => void idlers.add(resolve))
      stopping.abort()
      await ended
      settle()
    },
  }
}

/**
 * HubSpot's signature of the third version: base64 of an HMAC-SHA256 over method, address, body and timestamp. A few
 * encoded characters of the address are decoded first.
 *
 * @see https://developers.hubspot.com/docs/apps/developer-platform/build-apps/authentication/request-validation
 * @example
 * signatureV3({ secret, url: 'https://www.example.com/webhook_uri', body: '[]', timestamp: 1693657560000 })
 */
export function signatureV3(signed: {
  secret: string
  url: string
  body: string
  timestamp: number
}): string {
  const url = signed.url.replaceAll(/%(?:3A|2F|3F|40|21|24|27|28|29|2A|2C|3B)/gi, decodeURIComponent)
  return createHmac('sha256', signed.secret)
    .update(`POST${url}${signed.body}${signed.timestamp}`)
    .digest('base64')
}

function shuffled<T>(list: readonly T[], chance: () => number): T[] {
  const result = [...list]
  for (let i = result.length - 1; i > 0; i--) {
    const j = Math.floor(chance() * (i + 1))
    ;[result[i], result[j]] = [result[j], result[i]]
  }
  return result
}

/** Wakes up early when delivery stops. Does not keep the process alive. */
function sleepReally(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms).unref()
    signal.addEventListener('abort', () => (clearTimeout(timer), resolve()), { once: true })
  })
}
