/**
 * How Holdfast calls Salesforce: each call waits for its turn, carries a session that is still good, ends in time, is
 * tried again where that is safe, and comes back parsed, or as one error that says what to do.
 */
import { setTimeout as wait } from 'node:timers/promises'
import type { Readable } from 'node:stream'
import { z } from 'zod'
import type { Clock } from '../../src/contracts/clock.ts'
import { HoldfastError } from '../../src/contracts/errors.ts'
import type { NoAnswer } from '../network.ts'
import { backoff, dateOf, pausing, retryAtOf } from '../retrying.ts'
import {
  failureOf,
  isConcurrencyLimit,
  isDailyLimit,
  isSessionGone,
  readFailure,
  says,
  translate,
  type SalesforceFailure,
} from './errors.ts'
import { parsed, pathTemplate, requestOf, templateOf, usageOf, type Untyped } from './exchange.ts'
import type { Governor, Usage } from './governor.ts'
import { id18 } from './ids.ts'
import type { Session, SessionSource } from './sessions.ts'
import { openTransport, type Outgoing, type Sending, type Sent } from './transport.ts'

export interface SalesforceCall<T> {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  /** Below `/services/data/<version>`: `/query`; or from the root: `/services/oauth2/userinfo`, a `nextRecordsUrl`. */
  readonly path: string
  /** Undefined ones are left out. */
  readonly query?: Readonly<Record<string, string | number | boolean | undefined>>
  /** Sent as JSON. */
  readonly body?: unknown
  /** Sent as CSV, instead of `body`. */
  readonly csv?: string | Buffer
  /** More headers: `Sforce-Query-Options`, `Accept: text/csv`, … */
  readonly headers?: Readonly<Record<string, string>>
  /** What the answer has to look like; of an empty answer `undefined` is parsed. */
  readonly schema: z.ZodType<T>
  /**
   * May be sent again when nobody knows whether it was carried out (a timeout, a 5xx). Default: whatever is no POST,
   * because what we PATCH is named by its id or by an external id.
   */
  readonly repeatable?: boolean | undefined
  /** May use the calls that are left to the customer's other tools. Default false. */
  readonly urgent?: boolean | undefined
  /** For the whole answer; default of the client. */
  readonly timeoutMs?: number | undefined
  readonly signal?: AbortSignal | undefined
}

export interface SalesforceAnswer<T> {
  /** 200 to 299. */
  readonly status: number
  readonly body: T
  /** By their names in lower case. */
  readonly headers: Readonly<Record<string, string>>
  /** Salesforce's clock. */
  readonly date: Date | null
}

/** A body that is taken as it comes: of CSV, mostly. */
export interface SalesforceStream {
  readonly headers: Readonly<Record<string, string>>
  /** To be read or destroyed: its turn lasts as long. Fails with the error of the network beneath. */
  readonly body: Readable
}

export interface QueryPage<T> {
  readonly records: readonly T[]
  /** Of the whole query, as of its first page. */
  readonly total: number
}

/** Who we are in the org. */
export interface SalesforceUser {
  /** Both of 18 characters. */
  readonly id: string
  readonly org: string
  readonly username: string
}

export interface SalesforceClient {
  readonly org: string
  /**
   * @throws HoldfastError as {@link translate} says, with the refusal as its cause (`failureOf(error)`); the signal's
   *   reason when it was aborted
   * @example
   * const { body } = await client.call({ method: 'GET', path: '/limits', schema: limits })
   */
  call<T>(call: SalesforceCall<T>): Promise<SalesforceAnswer<T>>
  /**
   * @throws HoldfastError as of {@link SalesforceClient.call}
   * @example
   * const { headers, body } = await client.stream({ method: 'GET', path: `/jobs/query/${job}/results` })
   */
  stream(call: Omit<SalesforceCall<never>, 'schema'>): Promise<SalesforceStream>
  /**
   * SOQL, a page an iteration, however small Salesforce makes its pages.
   *
   * @param options.all also what was deleted or archived (queryAll)
   * @example
   * for await (const { records } of client.query('SELECT Id FROM Account', row)) …
   */
  query<T>(
    soql: string,
    row: z.ZodType<T>,
    options?: {
      readonly all?: boolean | undefined
      readonly urgent?: boolean | undefined
      readonly signal?: AbortSignal | undefined
    },
  ): AsyncIterable<QueryPage<T>>
  /**
   * For the Pub/Sub API, which takes the same session.
   *
   * @param refused the access token that was refused there
   */
  session(refused?: string): Promise<Session>
  /** Asked once. */
  user(): Promise<SalesforceUser>
  /** As the last answer said; null before the first. */
  usage(): Usage | null
  /** Requests sent so far, repetitions included, by method and path with ids left out: `GET /sobjects/Account/{id}`. */
  counts(): Readonly<Record<string, number>>
}

export interface SalesforceClientOptions {
  readonly tenant: string
  /** Of 18 characters; '' before it is known. */
  readonly org: string
  readonly username: string
  readonly sessions: SessionSource
  readonly governor: Governor
  readonly clock: Clock
  /** For a whole answer, after waiting for the turn. Default 125 seconds: Salesforce gives a query up after 120. */
  readonly timeoutMs?: number
  /** Between tries; tests and scaled clocks pass their own. */
  readonly sleep?: (ms: number) => Promise<unknown>
  /** From 0 to 1: how far the pause after a lock is spread. */
  readonly random?: () => number
}

/** Tries of one call, the first included, where trying again is safe. */
const TRIES = 4
/** Statuses that say no more than that our user may not see something. */
const HIDDEN: ReadonlySet<number> = new Set([403, 404])
/** A call does not wait longer than this for its next try: the whole step comes back instead. */
const LONGEST_WAIT_MS = 60_000

const userInfo = z.object({
  user_id: z.string(),
  organization_id: z.string(),
  preferred_username: z.string().catch(''),
})

const limits = z.object({ DailyApiRequests: z.object({ Max: z.number(), Remaining: z.number() }) })

/**
 * @example
 * const client = openSalesforceClient({ tenant, org, username, sessions, governor, clock })
 */
export function openSalesforceClient({
  tenant,
  org,
  username,
  sessions,
  governor,
  clock,
  timeoutMs = 125_000,
  sleep = (ms) => wait(ms),
  random = Math.random,
}: SalesforceClientOptions): SalesforceClient {
  const transport = openTransport({ tenant, org, username })
  const counts = new Map<string, number>()
  let asked: Promise<SalesforceUser> | null = null

  /** Sends in whatever way, when it is our turn; the turn ends with the body of a stream. */
  async function once<Came extends Sent | Sending | NoAnswer>(
    call: Untyped,
    send: (request: Outgoing) => Promise<Came>,
    isLook: boolean,
  ): Promise<Came> {
    const { urgent = false, signal } = call
    // What asks how many calls are left is let through while nothing else is.
    const done = isLook ? () => undefined : await governor.take({ urgent, signal, look })
    let body: Readable | null = null
    try {
      const name = templateOf(call)
      counts.set(name, (counts.get(name) ?? 0) + 1)
      const came = await send(requestOf(call))
      if (!('kind' in came)) {
        const usage = usageOf(came.headers)
        if (usage !== null) governor.saw(usage)
        if ('body' in came) body = came.body
      }
      return came
    } finally {
      if (body === null) done()
      else body.once('close', done)
    }
  }

  /** Users without "View Setup and Configuration" may not ask. */
  async function look(): Promise<Usage | null> {
    const call = { method: 'GET', path: '/limits' } as const
    const sent = await attempts<Sent>(
      call,
      (request, session) => transport.send(request, session, { timeoutMs }),
      true,
    ).catch((error: unknown) => {
      if (HIDDEN.has(failureOf(error)?.status ?? 0) && !(error as HoldfastError).retryable) return null
      throw error
    })
    if (sent === null) return null
    const { Max, Remaining } = parsed({ ...call, schema: limits }, sent).body.DailyApiRequests
    return { used: Max - Remaining, max: Max }
  }

  /** @returns what came with 2xx */
  async function attempts<Came extends Sent | Sending>(
    call: Untyped,
    send: (request: Outgoing, session: Session) => Promise<Came | Sent | NoAnswer>,
    isLook = false,
  ): Promise<Came> {
    let session: Session | null = null
    let renewed = false
    for (let attempt = 1; ; attempt++) {
      const current: Session = session ?? (await sessions.current())
      const came = await once(call, (request) => send(request, current), isLook)
      if ('kind' in came) {
        if (attempt >= TRIES || (came.reached && !isRepeatable(call))) throw noAnswer(call, current, came)
        await pausing(backoff(attempt), { sleep, signal: call.signal })
        continue
      }
      if (came.status >= 200 && came.status < 300) return came as Came
      // What is no 2xx came whole.
      const failure = failureIn(call, came as Sent)
      if (isSessionGone(failure) && !renewed) {
        session = await sessions.renewed(current.accessToken)
        renewed = true
        // It was no try: nothing but the session was looked at.
        attempt--
        continue
      }
      const pause = pauseAfter(call, failure, attempt)
      if (pause === null) throw translate(failure)
      await pausing(pause, { sleep, signal: call.signal })
    }
  }

  /** @returns how long to wait before the next try; null: give up */
  function pauseAfter(call: Untyped, failure: SalesforceFailure, attempt: number): number | null {
    const { status, retryAt } = failure
    if (isDailyLimit(failure)) {
      governor.exhausted()
      return null
    }
    const asked = retryAt === null ? null : Math.max(0, retryAt.getTime() - clock().getTime())
    if (attempt >= TRIES || (asked ?? 0) > LONGEST_WAIT_MS) return null
    // Both are refused before anything is done: a lock that others hold, and too many calls at once.
    if (isConcurrencyLimit(failure) || says(failure, 'UNABLE_TO_LOCK_ROW'))
      return Math.round(backoff(attempt) * (0.5 + random()))
    if (status === 408 || status === 420 || status === 429 || status >= 500)
      return isRepeatable(call) ? (asked ?? backoff(attempt)) : null
    return null
  }

  function failureIn(call: Untyped, { status, headers, text }: Sent): SalesforceFailure {
    const retryAt = retryAtOf(headers['retry-after'] ?? null, clock(), dateOf(headers['date'] ?? null))
    const path = pathTemplate(call.path)
    return readFailure({ org, method: call.method, path, status, body: text, retryAt })
  }

  function noAnswer(call: Untyped, { instanceUrl }: Session, { why, cause }: NoAnswer): HoldfastError {
    const path = pathTemplate(call.path)
    const failure = readFailure({ org, method: call.method, path, status: 0, body: '' })
    return new HoldfastError(
      'connector_unavailable',
      `Salesforce (${instanceUrl}) gave no answer to ${templateOf(call)}: ${why}. It is tried again; check that this machine may call out.`,
      { cause: { ...failure, cause }, retryable: true },
    )
  }

  async function call<T>(asks: SalesforceCall<T>): Promise<SalesforceAnswer<T>> {
    const within = { timeoutMs: asks.timeoutMs ?? timeoutMs, signal: asks.signal }
    const sent = await attempts<Sent>(asks, (request, session) => transport.send(request, session, within))
    return parsed(asks, sent)
  }

  async function readUser(): Promise<SalesforceUser> {
    const path = '/services/oauth2/userinfo'
    const { body } = await call({ method: 'GET', path, schema: userInfo, urgent: true })
    return { id: id18(body.user_id), org: id18(body.organization_id), username: body.preferred_username }
  }

  return {
    org,
    call,
    stream: async (asks) => {
      const within = { timeoutMs: asks.timeoutMs ?? timeoutMs, signal: asks.signal }
      const { headers, body } = await attempts<Sending>(asks, (request, session) =>
        transport.stream(request, session, within),
      )
      return { headers, body }
    },
    query: async function* (soql, row, { all = false, urgent, signal } = {}) {
      const page = z.object({
        totalSize: z.number(),
        done: z.boolean().nullish(),
        nextRecordsUrl: z.string().nullish(),
        records: z.array(row),
      })
      let next: { path: string; query?: { q: string } } = {
        path: all ? '/queryAll' : '/query',
        query: { q: soql },
      }
      let total: number | null = null
      for (;;) {
        const { body } = await call({ method: 'GET', ...next, schema: page, urgent, signal })
        total ??= body.totalSize
        yield { records: body.records, total }
        const { done, nextRecordsUrl } = body
        if (done === true || (done !== false && !nextRecordsUrl)) return
        const path = pathOf(nextRecordsUrl ?? '')
        if (path === null || path === next.path) throw noNextPage()
        next = { path }
      }
    },
    session: (refused) => (refused === undefined ? sessions.current() : sessions.renewed(refused)),
    user: () => {
      asked ??= readUser().catch((cause: unknown) => {
        asked = null
        throw cause
      })
      return asked
    },
    usage: () => governor.usage(),
    counts: () => Object.fromEntries(counts),
  }
}

function isRepeatable({ repeatable, method }: Untyped): boolean {
  return repeatable ?? method !== 'POST'
}

/** Where a page of a query goes on: always at the org's own address, whichever one is named; null: nowhere. */
function pathOf(nextRecordsUrl: string): string | null {
  if (!URL.canParse(nextRecordsUrl, 'https://org')) return null
  const { pathname, search } = new URL(nextRecordsUrl, 'https://org')
  return pathname.startsWith('/services/') ? pathname + search : null
}

function noNextPage(): HoldfastError {
  return new HoldfastError(
    'connector_unavailable',
    'Salesforce says that a query has more pages, and not where they are. It is asked again.',
    { retryable: true },
  )
}
