/**
 * The HubSpot sandbox: a portal behind HubSpot's own HTTP interface. It behaves as the documents and OpenAPI files of
 * HubSpot say, not as our client happens to need, and lives on in a journal.
 *
 * On node:http rather than express: a sync of 100,000 records is answered by the same process that makes it, and the
 * routes need nothing but their path.
 */
import { createHash } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { openAnswering } from './answering.ts'
import type { Token } from './entries.ts'
import { openFaults, type FaultEffect, type Faults } from './faults.ts'
import { openKeptState } from './kept-state.ts'
import { HUBSPOT_LIMITS, openRateLimiter, type Limits } from './limits.ts'
import { CODES, issueAccess, issueRefresh } from './oauth.ts'
import { problemBody } from './problems.ts'
import type { SandboxAnswer, SandboxContext, SandboxRoute, SandboxSettings } from './route.ts'
import { sandboxRoutes } from './routes.ts'
import { ALL_SCOPES } from './scopes.ts'
import { openSearchIndex } from './search-index.ts'
import type { SandboxState } from './state.ts'
import { followContacts } from './subscription-statuses.ts'

export interface LoggedRequest {
  readonly method: string
  /** Without the query. */
  readonly path: string
  /** With it. */
  readonly url: string
  /** By the sandbox's clock. */
  readonly at: Date
  /** 0: no answer was given. */
  readonly status: number
}

/** One call in full, for checks against the OpenAPI files. */
export interface Exchange extends LoggedRequest {
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly requestBody: string
  /** Undefined: an answer without a body. */
  readonly body: unknown
}

export interface HubSpotSandbox {
  readonly url: string
  readonly port: number
  /** The portal's id. */
  readonly portal: string
  readonly state: SandboxState
  readonly app: { readonly clientId: string; readonly clientSecret: string; readonly appId: string }
  /** An installation of the app: as if an admin had agreed to the scopes. Default: all that the sandbox knows. */
  authorize(scopes?: readonly string[]): { readonly refreshToken: string; readonly accessToken: string }
  /** What the redirect after an install would carry; exchanged once at the token endpoint. */
  authorizationCode(scopes?: readonly string[]): string
  /** The same one each time for the same scopes. */
  privateAppToken(scopes?: readonly string[]): string
  readonly faults: Faults
  /** The latest calls, oldest first. */
  requests(): readonly LoggedRequest[]
  forgetRequests(): void
  /** Told of each call after it was answered. */
  onExchange(listener: (exchange: Exchange) => void): () => void
  close(): Promise<void>
}

export interface SandboxOptions {
  /** Default: any free one, on 127.0.0.1. */
  port?: number
  /** Also what rate limits, tokens and the search index go by: a clock that stands still never gives calls back. */
  clock: () => Date
  portal?: string
  /** File that the portal is kept in; null: only in memory. */
  journal?: string | null
  /** Entries beyond twice the least, at which the journal is written anew; default 50,000. */
  journalGrowth?: number
  limits?: Partial<Limits>
  settings?: Partial<Omit<SandboxSettings, 'daily'>>
  indexLagMs?: number
  accountType?: 'STANDARD' | 'SANDBOX' | 'DEVELOPER_TEST' | 'APP_DEVELOPER'
  /** Fills a portal that is empty: not called when the journal has one. */
  seed?: (state: SandboxState) => void
  /** Calls that are remembered; default 20,000. */
  requestLog?: number
  /** In addition to those of routes.ts. */
  routes?: readonly SandboxRoute[]
}

const SETTINGS = {
  batch: 100,
  customProperties: 1_000,
  associationsPage: 500,
  mergeMakesNewId: true,
} as const

const LARGEST_BODY = 10_000_000
/** Calls that are remembered; the address of one that names many properties is thousands of characters long. */
const LOGGED = 20_000
/** Entries beyond twice the least, at which the journal is written anew. */
const GROWTH = 50_000

/**
 * @example
 * const sandbox = await startHubSpotSandbox({ clock: () => new Date(), seed: (state) => state.createRecord('companies', { name: 'Acme' }) })
 * const client = openHubSpotClient({ baseUrl: sandbox.url, tokens: fixedToken(sandbox.privateAppToken()), … })
 */
export async function startHubSpotSandbox(options: SandboxOptions): Promise<HubSpotSandbox> {
  const portal = options.portal ?? '147000001'
  const limits: Limits = { ...HUBSPOT_LIMITS, ...options.limits }
  let shift = 0
  const clock = (): Date => new Date(options.clock().getTime() + shift)

  const kept = openKeptState(
    {
      portal,
      clock,
      account: options.accountType ? { accountType: options.accountType } : {},
      journal: options.journal ?? null,
      growth: options.journalGrowth ?? GROWTH,
    },
    options.seed,
  )
  const { state } = kept
  followContacts(state)
  const index = openSearchIndex(state.tables, options.indexLagMs ?? 0)
  const limiter = openRateLimiter(limits)
  const app = {
    clientId: uuidOf(`${portal} client`),
    clientSecret: uuidOf(`${portal} secret`),
    appId: String(1_000_000 + (Number(portal) % 1_000_000)),
  }
  const context: SandboxContext = {
    state,
    index,
    app,
    settings: { ...SETTINGS, ...options.settings, daily: limits.daily },
    secret(kind) {
      const count = Number(state.get('secrets', kind) ?? 0) + 1
      state.put('secrets', kind, count)
      return `${kind === 'private' ? 'pat-' : ''}eu1-${uuidOf(`${portal} ${kind} ${count}`)}`
    },
    callsToday: () => limiter.callsToday(clock().getTime()),
  }
  const faults = openFaults({
    expireTokens() {
      for (const token of state.tokens().values()) {
        if (token.kind === 'access') state.setToken({ ...token, expiresAt: clock().getTime() })
      }
    },
    revokeTokens() {
      for (const token of state.tokens().keys()) state.removeToken(token)
    },
    dailyLimit(reached) {
      limiter.dailyReached = reached
    },
    indexLag(ms) {
      index.lagMs = ms
    },
    moveClock(ms) {
      shift += ms
    },
  })
  const answer = openAnswering({
    routes: [...sandboxRoutes, ...(options.routes ?? [])],
    context,
    limiter,
    faults,
  })
  const log: LoggedRequest[] = []
  const logged = options.requestLog ?? LOGGED
  const listeners = new Set<(exchange: Exchange) => void>()
  let calls = 0

  const server = createServer(
    { maxHeaderSize: 256 * 1024, keepAliveTimeout: 60_000 },
    (incoming, outgoing) => {
      void serve(incoming, outgoing).catch(() => outgoing.destroy())
    },
  )

  const serve = async (incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> => {
    const requestBody = await readBody(incoming)
    calls++
    const at = clock()
    const method = incoming.method ?? 'GET'
    const path = (incoming.url ?? '/').split('?', 1)[0]
    const effect = faults.next(method, path)
    const note = (status: number, body?: unknown): void => {
      const entry = { method, path, url: incoming.url ?? '/', at, status }
      log.push(entry)
      if (log.length > logged) log.splice(0, Math.ceil(logged / 4))
      for (const listener of listeners) listener({ ...entry, headers: incoming.headers, requestBody, body })
    }
    if (effect && isBefore(effect)) {
      note(0)
      if (effect.kind === 'drop') incoming.socket.destroy()
      return
    }
    const id = correlationId(calls)
    const url = incoming.url ?? '/'
    const given =
      instead(effect, id) ??
      answer({ method, url, headers: incoming.headers, body: requestBody, at, correlationId: id })
    kept.flush()
    if (effect?.kind === 'hang') return note(0)
    if (effect?.kind === 'drop') {
      note(0)
      incoming.socket.destroy()
      return
    }
    if (effect?.kind === 'slow') await new Promise((resolve) => setTimeout(resolve, effect.ms))
    note(given.status, given.body)
    send(outgoing, given, at, id)
  }

  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(options.port ?? 0, '127.0.0.1', resolve)
  })
  const { port } = server.address() as AddressInfo
  kept.flush()

  return {
    url: `http://127.0.0.1:${port}`,
    port,
    portal,
    state,
    app,
    authorize(scopes = ALL_SCOPES) {
      const refresh = issueRefresh(context, scopes)
      const access = issueAccess(context, refresh, clock())
      kept.flush()
      return { refreshToken: refresh.token, accessToken: access.token }
    },
    authorizationCode(scopes = ALL_SCOPES) {
      const code = context.secret('code')
      state.put(CODES, code, scopes)
      return code
    },
    privateAppToken(scopes = ALL_SCOPES) {
      const same = [...state.tokens().values()].find(
        (token) => token.kind === 'private' && token.scopes.join() === scopes.join(),
      )
      if (same) return same.token
      const token: Token = {
        token: context.secret('private'),
        kind: 'private',
        scopes,
        expiresAt: null,
        from: null,
      }
      state.setToken(token)
      kept.flush()
      return token.token
    },
    faults,
    requests: () => log,
    forgetRequests: () => void log.splice(0),
    onExchange(listener) {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
    async close() {
      server.closeAllConnections()
      await new Promise<void>((resolve) => void server.close(() => resolve()))
      kept.close()
    },
  }
}

const isBefore = (effect: FaultEffect): boolean =>
  (effect.kind === 'drop' && effect.when === 'before') || (effect.kind === 'hang' && effect.done !== true)

function instead(effect: FaultEffect | null, id: string): SandboxAnswer | null {
  if (effect?.kind === 'locked') {
    return {
      status: 423,
      headers: { 'Retry-After': '2' },
      body: problemBody(
        {
          status: 423,
          category: 'RATE_LIMITS',
          message: 'The requested resource is locked. Try again after 2 seconds.',
        },
        id,
      ),
    }
  }
  if (effect?.kind !== 'answer') return null
  const { status, body, headers } = effect
  return {
    status,
    body:
      body ??
      problemBody(
        { status, category: 'SERVER_ERROR', message: `The sandbox was told to answer ${status}.` },
        id,
      ),
    ...(headers ? { headers } : {}),
  }
}

async function readBody(incoming: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of incoming) {
    size += (chunk as Buffer).length
    if (size > LARGEST_BODY) throw new Error('body too large')
    chunks.push(chunk as Buffer)
  }
  return Buffer.concat(chunks).toString('utf8')
}

function send(
  outgoing: ServerResponse,
  { status, body, headers }: SandboxAnswer,
  at: Date,
  id: string,
): void {
  const text = body === undefined ? '' : typeof body === 'string' ? body : JSON.stringify(body)
  outgoing.writeHead(status, {
    // HubSpot's time, by which a client knows until when it has read.
    Date: at.toUTCString(),
    'X-HubSpot-Correlation-Id': id,
    ...(body === undefined
      ? {}
      : { 'Content-Type': 'application/json;charset=utf-8', 'Content-Length': Buffer.byteLength(text) }),
    ...headers,
  })
  outgoing.end(text)
}

/** The same number, the same id: logs of two runs can be compared. */
const correlationId = (calls: number): string =>
  `00000000-0000-4000-8000-${calls.toString(16).padStart(12, '0')}`

function uuidOf(text: string): string {
  const hex = createHash('sha256').update(text).digest('hex')
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`
}
