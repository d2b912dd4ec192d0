/** Signing in to an org that is about to be connected, in each of the ways that Salesforce has for it. */
import { setTimeout as wait } from 'node:timers/promises'
import type { SalesforceClient } from '../connectors/salesforce/client.ts'
import type { SalesforceConfig } from '../connectors/salesforce/config.ts'
import type { Governors } from '../connectors/salesforce/governor.ts'
import type { Granted } from '../connectors/salesforce/oauth.ts'
import { id18 } from '../connectors/salesforce/ids.ts'
import { fixedSession } from '../connectors/salesforce/sessions.ts'
import { LOGIN_URL } from '../connectors/salesforce/version.ts'
import { keepSalesforceOutOfHome, type SalesforceApp } from './config.ts'
import type { Clock } from './contracts/clock.ts'
import { HoldfastError } from './contracts/errors.ts'
import type { TenantId } from './contracts/ids.ts'
import type { BuiltInOrg } from './salesforce.ts'
import { keepOrgSession, openSealedSessions, orgSecret, type OrgSession } from './security/sealed-sessions.ts'
import type { Vault } from './security/vault.ts'
import {
  beginWebSignIn,
  giveUpWebSignIn,
  signedInByWeb,
  WEB_MINUTES,
  type WaitingSignIn,
} from './security/web-sign-in.ts'
import type { Database, Transaction } from './store/database.ts'

/** How an org is signed in to before anything of it is stored. */
export type OrgSignIn =
  /** A person's consent, as the browser brought it. */
  | { readonly auth: 'web'; readonly granted: Granted; readonly loginUrl: string }
  | { readonly auth: 'web'; readonly refreshToken: string; readonly loginUrl?: string | undefined }
  | {
      readonly auth: 'jwt'
      readonly clientId: string
      readonly username: string
      /** PEM. */
      readonly privateKey: string
      readonly loginUrl?: string | undefined
    }
  | {
      readonly auth: 'client_credentials'
      readonly clientId: string
      readonly clientSecret: string
      /** The org's My Domain. */
      readonly loginUrl: string
    }
  /** A consent that was given before and lies in the vault. */
  | { readonly auth: 'stored'; readonly org: string; readonly loginUrl?: string | undefined }

export interface SignedInOrg {
  readonly client: SalesforceClient
  /** Of the connection's config. */
  readonly config: Pick<
    SalesforceConfig,
    'org' | 'auth' | 'username' | 'instanceUrl' | 'loginUrl' | 'clientId'
  >
  /** Whether the sign-in lies in the vault already: what a consent gave is kept at once, because it may be given once only. */
  readonly kept: boolean
  /** Puts the sign-in into the vault. */
  seal(tx: Transaction): Promise<void>
}

export interface WebSignIn {
  /**
   * @param asked.redirectUri where this installation answers browsers
   * @returns the address for a person to open; works once, within ten minutes
   * @throws HoldfastError `usage` without the installation's own app
   */
  begin(
    tenant: TenantId,
    asked: { readonly redirectUri: string; readonly loginUrl?: string | undefined },
  ): Promise<{ readonly address: string; readonly state: string }>
  /** For the callback: JSON of what Salesforce gave for the code. */
  exchange(code: string, waiting: WaitingSignIn): Promise<string>
  /**
   * Until somebody signed in there.
   *
   * @throws HoldfastError what the sign-in was refused with; `usage` when nobody did in time
   */
  wait(tenant: TenantId, state: string, signal: AbortSignal): Promise<OrgSignIn>
  /**
   * Looks once whether somebody signed in there; the answer is given once.
   *
   * @returns null: not yet
   * @throws HoldfastError as {@link WebSignIn.wait}
   */
  look(tenant: TenantId, state: string): Promise<OrgSignIn | null>
}

/** Looks for the answer this often. */
const LOOK_MS = 500

export interface SignInParts {
  readonly app: SalesforceApp
  readonly database: Database
  readonly vault: Vault
  readonly clock: Clock
  readonly governors: Governors
}

export function openOrgSignIn({ app, database, vault, clock, governors }: SignInParts): {
  readonly signIn: (tenant: TenantId, how: OrgSignIn) => Promise<SignedInOrg>
  readonly web: WebSignIn
  /** How a connection's session is renewed, or opened anew. @param host the sandbox of this process, where it is in it */
  readonly renewal: (
    tenant: TenantId,
    config: SalesforceConfig,
    host: BuiltInOrg | null,
  ) => (refreshToken: string | null) => Promise<OrgSession>
} {
  const ownLogin = app.loginUrl ?? LOGIN_URL

  async function granted(how: Exclude<OrgSignIn, { readonly auth: 'stored' }>): Promise<Granted> {
    const oauth = await import('../connectors/salesforce/oauth.ts')
    const loginUrl = how.loginUrl ?? ownLogin
    switch (how.auth) {
      case 'jwt':
        return oauth.jwtSession({ ...how, loginUrl, clock })
      case 'client_credentials':
        return oauth.clientCredentialsSession({ ...how, loginUrl })
      case 'web':
        if ('granted' in how) return how.granted
        return oauth.refreshSession({ ...installationApp(app), loginUrl, refreshToken: how.refreshToken })
    }
  }

  async function signIn(tenant: TenantId, how: OrgSignIn): Promise<SignedInOrg> {
    if (how.auth === 'stored') return goOn(tenant, how)
    const session = await granted(how)
    const { accessToken, instanceUrl } = session
    // Salesforce may have replaced the refresh token just now, and a code is good for one use: nothing may come between.
    const keep = (org: string): Promise<void> =>
      database.withTenant(tenant, (tx) => keepOrgSession(tx, { vault, org, session, clock }))
    const kept = how.auth === 'web'
    if (kept && session.org !== null) await keep(session.org)
    const { openSalesforceClient } = await import('../connectors/salesforce/client.ts')
    keepSalesforceOutOfHome()
    const clientFor = (org: string, username: string): SalesforceClient =>
      openSalesforceClient({
        tenant,
        org,
        username,
        sessions: fixedSession({ accessToken, instanceUrl }),
        governor: governors.of(org, 0),
        clock,
      })
    // Salesforce's own word on who we are, whatever the sign-in said.
    const { org, username } = await clientFor(session.org ?? '', '').user()
    if (kept && session.org !== org) await keep(org)
    return {
      client: clientFor(org, username),
      kept,
      config: {
        org,
        auth: how.auth,
        username: username === '' && how.auth === 'jwt' ? how.username : username,
        instanceUrl,
        loginUrl: how.loginUrl ?? ownLogin,
        ...(how.auth === 'web' ? {} : { clientId: how.clientId }),
      },
      seal: async (tx) => {
        if (how.auth === 'jwt') await vault.seal(tx, orgSecret(org, 'jwt_key'), how.privateKey)
        if (how.auth === 'client_credentials')
          await vault.seal(tx, orgSecret(org, 'client_secret'), how.clientSecret)
        if (!kept) await keepOrgSession(tx, { vault, org, session, clock })
      },
    }
  }

  async function goOn(
    tenant: TenantId,
    { org: said, loginUrl = ownLogin }: Extract<OrgSignIn, { readonly auth: 'stored' }>,
  ): Promise<SignedInOrg> {
    const org = id18(said)
    const { openSalesforceClient } = await import('../connectors/salesforce/client.ts')
    const { refreshSession } = await import('../connectors/salesforce/oauth.ts')
    keepSalesforceOutOfHome()
    const sessions = openSealedSessions({
      database,
      vault,
      tenant,
      org,
      renew: (refreshToken) =>
        refreshSession({ ...installationApp(app), loginUrl, refreshToken: refreshToken ?? '' }),
      clock,
    })
    const { instanceUrl } = await sessions.current()
    const governor = governors.of(org, 0)
    const client = openSalesforceClient({ tenant, org, username: '', sessions, governor, clock })
    const { username } = await client.user()
    return {
      client,
      config: { org, auth: 'web', username, instanceUrl, loginUrl },
      kept: true,
      seal: async () => undefined,
    }
  }

  async function sealed(tenant: TenantId, org: string, name: 'jwt_key' | 'client_secret'): Promise<string> {
    const found = await database.withTenant(tenant, (tx) => vault.unseal(tx, orgSecret(org, name)))
    if (found !== null) return found.toString('utf8')
    throw new HoldfastError(
      'connector_reconnect',
      `There is no ${name === 'jwt_key' ? 'key' : 'secret'} for the Salesforce org ${org} any more. Connect the org again.`,
    )
  }

  async function look(tenant: TenantId, state: string): Promise<OrgSignIn | null> {
    const found = await database.withTenant(tenant, (tx) => signedInByWeb(tx, vault, state))
    if (found === null) return null
    return { auth: 'web', ...(JSON.parse(found) as { granted: Granted; loginUrl: string }) }
  }

  return {
    signIn,
    renewal: (tenant, config, host) => async (refreshToken) => {
      const oauth = await import('../connectors/salesforce/oauth.ts')
      const { auth, org, username, clientId = '' } = config
      const loginUrl = host?.url ?? config.loginUrl
      if (auth === 'jwt') {
        const privateKey = await sealed(tenant, org, 'jwt_key')
        return oauth.jwtSession({ loginUrl, clientId, username, privateKey, clock })
      }
      if (auth === 'client_credentials') {
        const clientSecret = await sealed(tenant, org, 'client_secret')
        return oauth.clientCredentialsSession({ loginUrl, clientId, clientSecret })
      }
      const own = host?.app ?? installationApp(app)
      return oauth.refreshSession({ ...own, loginUrl, refreshToken: refreshToken ?? '' })
    },
    web: {
      begin: async (tenant, { redirectUri, loginUrl = ownLogin }) => {
        const { clientId } = installationApp(app)
        const { authorizeUrl, pkce } = await import('../connectors/salesforce/oauth.ts')
        const { verifier, challenge } = pkce()
        const state = await database.withTenant(tenant, (tx) =>
          beginWebSignIn(tx, vault, tenant, { verifier, redirectUri, loginUrl }),
        )
        return { state, address: authorizeUrl({ loginUrl, clientId, redirectUri, state, challenge }) }
      },

      exchange: async (code, { verifier, redirectUri, loginUrl }) => {
        const { exchangeCode } = await import('../connectors/salesforce/oauth.ts')
        const given = await exchangeCode({ ...installationApp(app), loginUrl, code, verifier, redirectUri })
        if (given.refreshToken === null)
          throw new HoldfastError(
            'connector_configuration',
            'Salesforce gave no refresh token, so the sign-in would end within hours. Add the scope "Perform requests at any time (refresh_token, offline_access)" to the External Client App, and begin again.',
          )
        return JSON.stringify({ granted: given, loginUrl })
      },

      look,

      wait: async (tenant, state, signal) => {
        try {
          // The answer may still be on its way when the address stops working.
          const looks = (WEB_MINUTES * 60_000 + 60_000) / LOOK_MS
          for (let asked = 0; asked < looks; asked++) {
            const found = await look(tenant, state)
            if (found !== null) return found
            await wait(LOOK_MS, undefined, { signal })
          }
          throw new HoldfastError(
            'connector_unavailable',
            'The answer of Salesforce came to a server that did not get done with it. Begin again.',
          )
        } finally {
          await database.withTenant(tenant, (tx) => giveUpWebSignIn(tx, vault, state))
        }
      },
    },
  }
}

/** @throws HoldfastError `connector_configuration` */
export function installationApp({ clientId, clientSecret }: SalesforceApp): {
  readonly clientId: string
  readonly clientSecret: string | null
} {
  if (clientId !== null) return { clientId, clientSecret }
  throw new HoldfastError(
    'connector_configuration',
    "A person's consent needs the app of this installation: set SALESFORCE_CLIENT_ID (the consumer key of the External Client App) and start again. Without an app of its own an org is connected with --jwt-key-file or --client-secret-file.",
  )
}
