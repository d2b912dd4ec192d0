/**
 * The HubSpot sandbox: a portal behind HubSpot's own HTTP interface. It behaves as the documents and OpenAPI files of
 * HubSpot say, not as our client happens to need, and lives on in a journal.
 */
import { serveSandbox, type SandboxAnswer, type SandboxServer } from '../../sandbox/http.ts'
import { openAnswering } from './answering.ts'
import type { Token } from './entries.ts'
import { openFaults, type Faults } from './faults.ts'
import { openKeptState } from './kept-state.ts'
import { HUBSPOT_LIMITS, openRateLimiter, type Limits } from './limits.ts'
import { issueAccess, issueRefresh, keepCode, uninstallApp } from './oauth.ts'
import { problemBody } from './problems.ts'
import type { AppDefinition, SandboxApp, SandboxContext, SandboxRoute, SandboxSettings } from './route.ts'
import { sandboxRoutes } from './routes.ts'
import { ALL_SCOPES } from './scopes.ts'
import { openSearchIndex } from './search-index.ts'
import type { SandboxState } from './state.ts'
import { followContacts } from './subscription-statuses.ts'
import { openWebhooksJournal, uuidOf, type WebhooksJournal } from './webhooks-journal.ts'

export interface HubSpotSandbox extends SandboxServer {
  /** The portal's id. */
  readonly portal: string
  readonly state: SandboxState
  readonly app: SandboxApp
  /** What happened to what the app subscribed to. */
  readonly journal: WebhooksJournal
  /** An installation of the app: as if an admin had agreed to the scopes. Default: all that the sandbox knows. */
  authorize(scopes?: readonly string[]): { readonly refreshToken: string; readonly accessToken: string }
  /** What the redirect after an install would carry; exchanged once at the token endpoint. */
  authorizationCode(scopes?: readonly string[]): string
  /** As an admin does on the page of connected apps: HubSpot tells the app nothing, its tokens are refused. */
  uninstall(): void
  /** The same one each time for the same scopes. */
  privateAppToken(scopes?: readonly string[]): string
  readonly faults: Faults
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
  /** How the app is defined at HubSpot; default: whatever it asks for is right. */
  app?: AppDefinition
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
  withoutScopes: [],
} as const

const LARGEST_BODY = 10_000_000
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
  const app: SandboxApp = {
    definition: options.app ?? null,
    clientId: uuidOf(`${portal} client`),
    clientSecret: uuidOf(`${portal} secret`),
    appId: String(1_000_000 + (Number(portal) % 1_000_000)),
  }
  const context: SandboxContext = {
    state,
    index,
    app,
    settings: { ...SETTINGS, ...options.settings, daily: limits.daily },
    journal: openWebhooksJournal(state, app.appId),
    url: () => server.url,
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
  const server = await serveSandbox({
    port: options.port,
    clock,
    faults,
    answer: ({ call, ...asked }) => answer({ ...asked, correlationId: correlationId(call) }),
    refusal: refusalOf,
    headers: (call) => ({ 'X-HubSpot-Correlation-Id': correlationId(call) }),
    contentType: 'application/json;charset=utf-8',
    flush: () => kept.flush(),
    requestLog: options.requestLog,
    largestBody: LARGEST_BODY,
  })

  return {
    ...server,
    portal,
    state,
    app,
    journal: context.journal,
    authorize(scopes = ALL_SCOPES) {
      const refresh = issueRefresh(context, scopes)
      const access = issueAccess(context, refresh, clock())
      kept.flush()
      return { refreshToken: refresh.token, accessToken: access.token }
    },
    authorizationCode(scopes = ALL_SCOPES) {
      return keepCode(context, { scopes, redirectUri: null, challenge: null, madeAt: clock().getTime() })
    },
    uninstall() {
      uninstallApp(context)
      kept.flush()
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
    async close() {
      await server.close()
      kept.close()
    },
  }
}

function refusalOf(effect: { kind: 'answer' | 'locked'; status: number }, call: number): SandboxAnswer {
  const id = correlationId(call)
  if (effect.kind === 'locked') {
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
  const { status } = effect
  return {
    status,
    body: problemBody(
      { status, category: 'SERVER_ERROR', message: `The sandbox was told to answer ${status}.` },
      id,
    ),
  }
}

/** The same number, the same id: logs of two runs can be compared. */
const correlationId = (calls: number): string =>
  `00000000-0000-4000-8000-${calls.toString(16).padStart(12, '0')}`
