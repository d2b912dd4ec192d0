/**
 * How Holdfast calls HubSpot: each call waits for its turn, carries a token that is still good, ends in time, is tried
 * again where that is safe, and comes back parsed, or as one error that says what to do.
 */
import { setTimeout as wait } from 'node:timers/promises'
import type { z } from 'zod'
import type { Clock } from '../../src/contracts/clock.ts'
import { HoldfastError } from '../../src/contracts/errors.ts'
import { isDailyLimit, readFailure, translate, type HubSpotFailure } from './errors.ts'
import type { CallKind, Pacer } from './limiter.ts'
import type { TokenSource } from './tokens.ts'
import type { NoAnswer } from '../network.ts'
import { readAnswer } from '../read-answer.ts'
import { backoff, dateOf, pausing, retryAtOf } from '../retrying.ts'
import { openTransport, type Sent } from './transport.ts'

export interface HubSpotCall<T> {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  /** From the root, with the version: `/crm/objects/2026-09/companies`. */
  readonly path: string
  /** Lists are joined with commas, as HubSpot documents `properties`; undefined ones are left out. */
  readonly query?: Readonly<Record<string, string | number | boolean | readonly string[] | undefined>>
  /** Sent as JSON. */
  readonly body?: unknown
  /** Sent as a form, instead of `body`. */
  readonly form?: Readonly<Record<string, string>>
  /** Default `call`; `search` for paths that end in `/search`. */
  readonly kind?: CallKind
  /** What the answer has to look like; of an empty answer `undefined` is parsed. */
  readonly schema: z.ZodType<T>
  /**
   * May be sent again when nobody knows whether it was carried out (a timeout, a 5xx). Default: whatever only reads
   * (GET, `/search`, `/batch/read`) and PUT.
   */
  readonly repeatable?: boolean | undefined
  readonly signal?: AbortSignal | undefined
}

export interface HubSpotAnswer<T> {
  /** 200 to 299; a 207 carries `errors` beside `results`. */
  readonly status: number
  readonly body: T
  /** HubSpot's clock. */
  readonly date: Date | null
}

export interface HubSpotClient {
  /**
   * @throws HoldfastError as {@link translate} says, with the refusal as its cause (`failureOf(error)`); the signal's
   *   reason when it was aborted
   * @example
   * const { body } = await client.call({ method: 'GET', path: `/crm/owners/${API_VERSION}`, schema: owners })
   */
  call<T>(call: HubSpotCall<T>): Promise<HubSpotAnswer<T>>
  /** Requests sent so far, repetitions included, by method and path with ids left out: `GET /crm/…/{id}`. */
  counts(): Readonly<Record<string, number>>
}

export interface HubSpotClientOptions {
  /** `https://api.hubapi.com`, or where a sandbox listens. */
  readonly baseUrl: string
  readonly portal: string
  readonly tokens: TokenSource
  readonly pacer: Pacer
  readonly clock: Clock
  /** For a whole answer, after waiting for the turn. Default 30 seconds. */
  readonly timeoutMs?: number
  /** Between tries; tests and scaled clocks pass their own. */
  readonly sleep?: (ms: number) => Promise<unknown>
  /** Also what was refused for a scope a moment ago: whoever checks has to know how it is now. Default false. */
  readonly asksAnyway?: boolean
}

/** Tries of one call, the first included, where trying again is safe. */
const TRIES = 4
/** "we recommend including a delay of at least 2 seconds between your API requests": HubSpot on 423. */
const LOCKED_PAUSE_MS = 2000
/** A call does not wait longer than this for its next try: the whole step comes back instead. */
const LONGEST_WAIT_MS = 60_000
/** How long no call is made when HubSpot refuses all of them and does not say until when. */
const CLOSED_MS = 15 * 60_000

/** A refusal for too many calls that does not say until when: the window that is full has passed by then. */
const LIMIT_PAUSE_MS: Readonly<Record<CallKind, number>> = { call: 10_000, search: 1000 }

/**
 * Portals whose calls for the day are used up, or that move: asking again would only be refused again. By their pacer,
 * which all clients of a portal in this process share.
 */
const closed = new WeakMap<Pacer, { readonly failure: HubSpotFailure; readonly until: Date }>()

/** How long a scope that is lacking is believed to be so: HubSpot wants no call repeated that it refused for one. */
const LACKING_MS = 15 * 60_000

interface Lacking {
  readonly failure: HubSpotFailure
  /** A renewed or another token may carry the scope. */
  readonly token: string
  readonly until: Date
}

/**
 * Calls that were refused for a scope, by method and path without ids, for all clients of a portal in this process.
 *
 * @see https://developers.hubspot.com/docs/apps/developer-platform/list-apps/apply-for-certification/certification-requirements
 */
const lacking = new WeakMap<Pacer, Map<string, Lacking>>()

/**
 * @example
 * const client = openHubSpotClient({ baseUrl: HUBSPOT_API, portal, tokens: fixedToken(token), pacer, clock })
 */
export function openHubSpotClient({
  baseUrl,
  portal,
  tokens,
  pacer,
  clock,
  timeoutMs = 30_000,
  sleep = (ms) => wait(ms),
  asksAnyway = false,
}: HubSpotClientOptions): HubSpotClient {
  const send = openTransport(baseUrl)
  const refusedFor = lacking.get(pacer) ?? new Map<string, Lacking>()
  lacking.set(pacer, refusedFor)
  const counts = new Map<string, number>()

  async function once<T>(call: HubSpotCall<T>, token: string): Promise<Sent | NoAnswer> {
    const done = await pacer.take(kindOf(call), call.signal)
    try {
      const name = templateOf(call)
      counts.set(name, (counts.get(name) ?? 0) + 1)
      const { method, body, form, signal } = call
      const headers = { Authorization: `Bearer ${token}` }
      const request = { method, path: withQuery(call), headers, body, form }
      return await send(request, { timeoutMs, signal })
    } finally {
      done()
    }
  }

  /** @returns how long to wait before the next try; null: give up */
  function pauseAfter<T>(call: HubSpotCall<T>, failure: HubSpotFailure, attempt: number): number | null {
    const { status, retryAt } = failure
    const asked = retryAt === null ? null : Math.max(0, retryAt.getTime() - clock().getTime())
    if (isDailyLimit(failure) || status === 477) {
      closed.set(pacer, { failure, until: retryAt ?? new Date(clock().getTime() + CLOSED_MS) })
      return null
    }
    if (attempt >= TRIES || (asked ?? 0) > LONGEST_WAIT_MS) return null
    if (status === 429) {
      // The whole portal waits, not this call alone.
      const kind = kindOf(call) === 'search' && !/TEN/i.test(failure.policyName) ? 'search' : 'call'
      pacer.pause(kind, asked ?? LIMIT_PAUSE_MS[kind])
      return 0
    }
    if (status === 423) return Math.max(LOCKED_PAUSE_MS * attempt, asked ?? 0)
    if (status === 408 || status >= 500) return isRepeatable(call) ? (asked ?? backoff(attempt)) : null
    return null
  }

  function failureIn<T>({ method, path }: HubSpotCall<T>, { status, headers, text }: Sent): HubSpotFailure {
    const retryAt = retryAtOf(headers.get('retry-after'), clock(), dateOf(headers.get('date')))
    return readFailure({ portal, method, path: pathTemplate(path), status, body: text, retryAt })
  }

  function noAnswer<T>(call: HubSpotCall<T>, { why, cause }: NoAnswer): HoldfastError {
    const { method, path } = call
    const failure = readFailure({
      portal,
      method,
      path: pathTemplate(path),
      status: 0,
      body: '',
      retryAt: null,
    })
    return new HoldfastError(
      'connector_unavailable',
      `HubSpot (${baseUrl}) gave no answer to ${templateOf(call)}: ${why}. It is tried again; check that this machine may call out.`,
      { cause: { ...failure, message: why, cause }, retryable: true },
    )
  }

  function throwWhileClosed(): void {
    const now = closed.get(pacer)
    if (now === undefined) return
    if (clock() < now.until) throw translate(now.failure)
    closed.delete(pacer)
  }

  function throwWhileLacking(name: string, token: string): void {
    const known = refusedFor.get(name)
    if (known === undefined || asksAnyway) return
    if (known.token === token && clock() < known.until) throw translate(known.failure)
    refusedFor.delete(name)
  }

  async function call<T>(asked: HubSpotCall<T>): Promise<HubSpotAnswer<T>> {
    const name = templateOf(asked)
    let token: string | null = null
    let renewed = false
    for (let attempt = 1; ; attempt++) {
      throwWhileClosed()
      token ??= await tokens.current()
      throwWhileLacking(name, token)
      const sent = await once(asked, token)
      if ('kind' in sent) {
        const again = attempt < TRIES && (!sent.reached || isRepeatable(asked))
        if (!again) throw noAnswer(asked, sent)
        await pausing(backoff(attempt), { sleep, signal: asked.signal })
        continue
      }
      if (sent.status >= 200 && sent.status < 300) {
        refusedFor.delete(name)
        return parsed(asked, sent)
      }
      const failure = failureIn(asked, sent)
      if (failure.status === 401 && !renewed) {
        token = await tokens.renewed(token)
        renewed = true
        continue
      }
      if (failure.status === 403 && failure.category === 'MISSING_SCOPES')
        refusedFor.set(name, { failure, token, until: new Date(clock().getTime() + LACKING_MS) })
      const pause = pauseAfter(asked, failure, attempt)
      if (pause === null) throw translate(failure)
      if (pause > 0) await pausing(pause, { sleep, signal: asked.signal })
      token = null
    }
  }

  return { call, counts: () => Object.fromEntries(counts) }
}

function parsed<T>(call: HubSpotCall<T>, { status, headers, text }: Sent): HubSpotAnswer<T> {
  const body = readAnswer(text, call.schema, { crm: 'HubSpot', call: templateOf(call) })
  return { status, body, date: dateOf(headers.get('date')) }
}

function kindOf<T>({ kind, path }: HubSpotCall<T>): CallKind {
  return kind ?? (path.endsWith('/search') ? 'search' : 'call')
}

function isRepeatable<T>({ repeatable, method, path }: HubSpotCall<T>): boolean {
  return repeatable ?? (method === 'GET' || method === 'PUT' || /\/(search|batch\/read)$/.test(path))
}

function templateOf<T>({ method, path }: HubSpotCall<T>): string {
  return `${method} ${pathTemplate(path)}`
}

/** Ids and addresses are nobody's business in a log or a counter. */
function pathTemplate(path: string): string {
  return path.replace(
    /\/(\d+|[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}|[^/]*(?:@|%40)[^/]*)(?=\/|$)/gi,
    '/{id}',
  )
}

/** Commas stay as they are: `%2C` would make a list of properties a third longer, and the address may not be. */
function withQuery<T>({ path, query = {} }: HubSpotCall<T>): string {
  const pairs = Object.entries(query).flatMap(([name, value]) => {
    if (value === undefined) return []
    const values = typeof value === 'object' ? value : [String(value)]
    return [`${encodeURIComponent(name)}=${values.map(encodeURIComponent).join(',')}`]
  })
  return pairs.length === 0 ? path : `${path}?${pairs.join('&')}`
}
