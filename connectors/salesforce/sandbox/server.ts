/**
 * The Salesforce sandbox: an org behind Salesforce's own HTTP interface. It behaves as Salesforce's documents say, not as
 * our client happens to need, and lives on in a journal.
 */
import { createHash, generateKeyPairSync } from 'node:crypto'
import { serveSandbox, type SandboxServer } from '../../sandbox/http.ts'
import { openKept } from '../../sandbox/kept.ts'
import { openAnswering } from './answering.ts'
import { snapshot } from './compaction.ts'
import { compositeRoutes } from './composite.ts'
import type { Entry } from './entries.ts'
import { openFaults, type Faults } from './faults.ts'
import { openDailyCount, UNLIMITED_SHOWN, type Limits } from './limits.ts'
import { sowOrg } from './new-org.ts'
import { oauthRoutes } from './oauth.ts'
import { problemBody } from './problems.ts'
import type { SandboxContext, SandboxRoute } from './route.ts'
import { dataRoutes } from './routes.ts'
import { openSessions } from './sessions.ts'
import { openSource } from './source.ts'
import { openState, type SalesforceState } from './state.ts'

/** Its `url` is where it signs in and where its data is. */
export interface SalesforceSandbox extends SandboxServer {
  /** The org's 18-character id. */
  readonly org: string
  readonly state: SalesforceState
  readonly app: { readonly clientId: string; readonly clientSecret: string }
  /** Whom the app acts as. */
  readonly user: { readonly id: string; readonly username: string }
  /** As if an admin had consented. */
  authorize(): { readonly accessToken: string; readonly refreshToken: string; readonly instanceUrl: string }
  /** What the redirect after a consent would carry, for this PKCE challenge; exchanged once. */
  authorizationCode(challenge: string): string
  /** An app that signs assertions, allowed for the user beforehand. The key is made when it is asked for. */
  readonly jwt: { readonly clientId: string; readonly username: string; readonly privateKey: string }
  readonly faults: Faults
  /** For other ways in: the session a token stands for, as the Pub/Sub API asks it. */
  isGoodSession(token: string): boolean
}

export interface SalesforceSandboxOptions {
  /** Default: any free one, on 127.0.0.1. */
  port?: number
  /** Also what sessions and the day's calls go by. */
  clock: () => Date
  /** 18 characters. */
  org?: string
  username?: string
  /** File that the org is kept in; null: only in memory. */
  journal?: string | null
  /** Entries beyond twice the least, at which the journal is written anew; default 50,000. */
  journalGrowth?: number
  isSandbox?: boolean
  personAccounts?: boolean
  multiCurrency?: boolean
  accountTeams?: boolean
  /** ISO code of the org's own currency; default EUR. */
  currency?: string
  /** Whether an admin installed ours; default true, without a namespace. */
  package?: boolean | { namespace: string }
  limits?: Partial<Limits>
  /** Rows a page of a query has at most; default 2,000. */
  pageSize?: number
  /** Rows a page of a Bulk API result has at most. */
  bulkPage?: number
  /** Milliseconds that a session lasts unused; default two hours. */
  sessionMs?: number
  /** Whether each use of a refresh token gives another; default true. */
  rotates?: boolean
  /** In addition to those of routes.ts; they come first. */
  routes?: readonly SandboxRoute[]
  /** Fills an org that is new: not called when the journal has one. */
  seed?: (state: SalesforceState) => void
  /** Calls that are remembered; default 20,000. */
  requestLog?: number
}

const ORG = '00D5g000000HFSBEA4'
const USERNAME = 'holdfast@sample.example'
/** Bulk uploads are at most 150 MB, in base64. */
const LARGEST_BODY = 160_000_000
const GROWTH = 50_000
const SESSION = 2 * 3_600_000

/**
 * @example
 * const sandbox = await startSalesforceSandbox({ clock: () => new Date(), seed: (state) => void state.createRecord('Account', { Name: 'Acme' }) })
 * const { accessToken } = sandbox.authorize()
 */
export async function startSalesforceSandbox(options: SalesforceSandboxOptions): Promise<SalesforceSandbox> {
  const org = options.org ?? ORG
  const username = options.username ?? USERNAME
  const features = {
    personAccounts: options.personAccounts ?? false,
    multiCurrency: options.multiCurrency ?? false,
    accountTeams: options.accountTeams ?? true,
  }
  let shift = 0
  const clock = (): Date => new Date(options.clock().getTime() + shift)
  const kept = openKept<SalesforceState, Entry>(
    {
      open: (write) => openState({ org, clock, features, write }),
      apply: (state, entry) => state.tables.apply(entry),
      snapshot: (state) => snapshot(state.tables),
      count: countRecords,
      journal: options.journal ?? null,
      growth: options.journalGrowth ?? GROWTH,
    },
    (state) => {
      sowOrg(state, {
        name: 'Sample Org',
        username,
        isSandbox: options.isSandbox ?? false,
        currency: options.currency ?? 'EUR',
        package: options.package ?? true,
      })
      options.seed?.(state)
    },
  )
  const { state } = kept
  const daily = openDailyCount({ daily: options.limits?.daily ?? 105_000 })
  const app = {
    clientId: `3MVG9${textOf(`${org} app`)}`,
    clientSecret: textOf(`${org} secret`).toUpperCase(),
  }
  const jwtClientId = `3MVG9${textOf(`${org} jwt`)}`
  const user = { id: state.users.integration, username }
  let url = ''

  const context: SandboxContext = {
    state,
    app,
    user,
    settings: {
      pageSize: options.pageSize ?? 2_000,
      bulkPage: options.bulkPage ?? 250_000,
      session: options.sessionMs ?? SESSION,
      rotates: options.rotates ?? true,
      jwtClientId,
      get publicKey() {
        return keysOf(state).publicKey
      },
    },
    url: () => url,
    secret(kind) {
      const count = Number(state.get('secrets', kind) ?? 0) + 1
      state.put('secrets', kind, count)
      return textOf(`${org} ${kind} ${count}`)
    },
    source: openSource(state),
    usage: () => ({
      used: daily.used(clock().getTime()),
      max: options.limits?.daily === Infinity ? UNLIMITED_SHOWN : (options.limits?.daily ?? 105_000),
    }),
  }
  const sessions = openSessions(context)
  const faults = openFaults({
    expireTokens: () => sessions.expireAll(),
    revokeTokens: () => sessions.revokeAll(),
    dailyLimit: (reached) => void (daily.reached = reached),
    otherCalls: (count) => void (daily.others = count),
    moveClock: (ms) => void (shift += ms),
  })
  const { answer, dispatch } = openAnswering({
    routes: [
      ...(options.routes ?? []),
      ...compositeRoutes(() => dispatch),
      ...dataRoutes,
      ...oauthRoutes(sessions),
    ],
    context,
    sessions,
    daily,
    refusesSessions: () => faults.refusesSessions(),
  })
  const server = await serveSandbox({
    port: options.port,
    clock,
    faults,
    answer,
    refusal: ({ kind, status }) =>
      kind === 'locked'
        ? { status: 400, body: problemBody({ status: 400, errors: [LOCKED] }) }
        : {
            status,
            body: problemBody({
              status,
              errors: [{ errorCode: codeOf(status), message: `The sandbox was told to answer ${status}.` }],
            }),
          },
    headers: () => ({}),
    contentType: 'application/json;charset=UTF-8',
    flush: () => kept.flush(),
    requestLog: options.requestLog,
    largestBody: LARGEST_BODY,
  })
  url = server.url

  return {
    ...server,
    org,
    state,
    app,
    user,
    authorize() {
      const grant = { family: sessions.family(), clientId: app.clientId }
      const granted = {
        accessToken: sessions.open(grant, clock()),
        refreshToken: sessions.refreshToken(grant),
        instanceUrl: url,
      }
      kept.flush()
      return granted
    },
    authorizationCode(challenge) {
      const code = sessions.code({ challenge, redirectUri: null }, clock())
      kept.flush()
      return code
    },
    get jwt() {
      return { clientId: jwtClientId, username, privateKey: keysOf(state).privateKey }
    },
    faults,
    isGoodSession: (token) => !faults.refusesSessions() && sessions.isGood(token, clock()),
    async close() {
      await server.close()
      kept.close()
    },
  }
}

const LOCKED = {
  errorCode: 'UNABLE_TO_LOCK_ROW',
  message: 'unable to obtain exclusive access to this record',
  fields: [],
}

function codeOf(status: number): string {
  if (status === 401) return 'INVALID_SESSION_ID'
  return status === 503 ? 'SERVER_UNAVAILABLE' : 'UNKNOWN_EXCEPTION'
}

/** Made once and kept with the org. */
function keysOf(state: SalesforceState): { readonly publicKey: string; readonly privateKey: string } {
  const known = state.get('secrets', 'jwt_keys') as { publicKey: string; privateKey: string } | undefined
  if (known) return known
  const made = generateKeyPairSync('rsa', {
    modulusLength: 2_048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  })
  state.put('secrets', 'jwt_keys', made)
  return made
}

function countRecords(state: SalesforceState): number {
  let count = 0
  for (const { name } of state.objects()) count += state.tables.table(name).byId.size
  return count
}

const textOf = (given: string): string => createHash('sha256').update(given).digest('base64url').slice(0, 40)
