/**
 * HubSpot as this installation reaches it: which address, whose token, at which pace. Opens the connector of a
 * connection, and a client for a portal that is about to be connected.
 */
import type { Connector } from '../connectors/connector.ts'
import { readAccount } from '../connectors/hubspot/account.ts'
import {
  openHubSpotClient,
  type HubSpotClient,
  type HubSpotClientOptions,
} from '../connectors/hubspot/client.ts'
import { parseHubSpotConfig, type HubSpotConfig } from '../connectors/hubspot/config.ts'
import { HUBSPOT_CAN, openHubSpotConnector } from '../connectors/hubspot/connector.ts'
import { openPacers, pacersWith, type Limits, type Pacers } from '../connectors/hubspot/limiter.ts'
import {
  consentUrl,
  exchangeCode,
  introspectToken,
  privateAppScopes,
  refreshTokens,
  revokeToken,
  uninstallApp,
  type PortalTokens,
} from '../connectors/hubspot/oauth.ts'
import { fixedToken, type TokenSource } from '../connectors/hubspot/tokens.ts'
import { verify } from '../connectors/hubspot/verify.ts'
import { HUBSPOT_API } from '../connectors/hubspot/version.ts'
import type { HubSpotApp } from './config.ts'
import type { Check } from './contracts/checks.ts'
import type { Clock } from './contracts/clock.ts'
import { HoldfastError } from './contracts/errors.ts'
import type { TenantId } from './contracts/ids.ts'
import { openJournals } from './hubspot-journal.ts'
import { expectAccount, keepConnectors, signInMark } from './kept-connectors.ts'
import type { ConnectorKind } from './loop/connectors.ts'
import type { ConnectionPlace } from './loop/services.ts'
import { openPortalTokens, portalTokensPlace } from './security/portal-tokens.ts'
import { portalSecret, privateAppTokens } from './security/private-app-tokens.ts'
import type { Vault } from './security/vault.ts'
import type { Database } from './store/database.ts'
import { databaseSlots } from './store/pacing.ts'

/** The sandbox of this process, while it runs. */
export interface BuiltInPortal {
  readonly url: string
  readonly portal: string
  readonly app: { readonly clientId: string; readonly clientSecret: string }
}

export interface HubSpotOptions {
  readonly app: HubSpotApp
  readonly database: Database
  readonly vault: Vault
  readonly clock: Clock
  /** Null: this process hosts none. */
  readonly builtIn: () => BuiltInPortal | null
}

/** How a portal is signed in to before anything of it is stored. */
export type PortalSignIn =
  | { readonly auth: 'private_app'; readonly token: string }
  | { readonly auth: 'oauth'; readonly refreshToken: string }
  /** The app was installed there in the browser, and its sign-in is sealed. */
  | { readonly auth: 'installed'; readonly portal: string; readonly tenant: TenantId }

/** The installation's own app at HubSpot, for people to install. */
export interface InstallableApp {
  /** @see consentUrl */
  consentUrl(asked: Omit<Parameters<typeof consentUrl>[0], 'app'>): string
  /**
   * @returns what the consent gave, and of which account it is
   * @throws HoldfastError `connector_reconnect` for a code that was used or is too old; `connector_unavailable`
   */
  exchange(grant: {
    readonly code: string
    readonly redirectUri: string
    readonly codeVerifier: string
  }): Promise<{ readonly portal: string; readonly scopes: readonly string[]; readonly tokens: PortalTokens }>
  revoke(tokens: PortalTokens): Promise<void>
}

export interface HubSpot {
  /** Null where none is configured. */
  readonly app: InstallableApp | null
  /** For the registry of connectors. */
  readonly kind: ConnectorKind
  /** Whether the changes of a connection's account are read from HubSpot's journal: those of the installation's own app are. */
  hasJournal(config: Readonly<Record<string, unknown>>): boolean
  /** A client with the stored sign-in of a connection. */
  clientOf(place: ConnectionPlace): Promise<HubSpotClient>
  /** What `doctor` asks of a portal; also of one that would not be opened. */
  verify(
    place: ConnectionPlace,
    known: { readonly mapped: readonly string[]; readonly stored: number },
  ): Promise<readonly Check[]>
  /**
   * Takes the app out of an account and gives its tokens back.
   *
   * @returns false where there is none: a private app is its account's own
   */
  revoke(place: ConnectionPlace): Promise<boolean>
  /**
   * A client for a portal that is not connected yet.
   *
   * @returns with `tokens` as they are to be sealed: null where there are none, or they are sealed already
   * @throws HoldfastError `connector_configuration` for OAuth without the installation's own app; what HubSpot refuses
   */
  signIn(how: PortalSignIn): Promise<{
    readonly client: HubSpotClient
    readonly tokens: PortalTokens | null
    /** Scopes of the token; null where it does not say. */
    readonly granted: () => Promise<readonly string[] | null>
  }>
}

/** What the sandbox of this process takes: ten times what HubSpot does. */
export const BUILT_IN_LIMITS: Limits = {
  call: { calls: 1000, windowMs: 10_000 },
  search: { calls: 40, windowMs: 1000 },
}

/**
 * @example
 * const hubspot = openHubSpot({ app: config.hubspot, database, vault, clock, builtIn: () => null })
 * openConnectors({ csv: openFile, hubspot: hubspot.kind })
 */
export function openHubSpot({ app, database, vault, clock, builtIn }: HubSpotOptions): HubSpot {
  // Of a served database several processes share a portal's limit, and so its pacer.
  const pacers: Pacers =
    database.kind !== 'served'
      ? openPacers()
      : pacersWith({
          slots: (portal, kind, limit) =>
            databaseSlots({ database, name: `hubspot:${portal}:${kind}`, limit }),
        })
  // What is on this machine need not be waited for: a first start is to be seen within a minute.
  const builtInPacers = openPacers({ limits: { oauth: BUILT_IN_LIMITS } })
  const kept = keepConnectors(clock)
  const journals = openJournals({ database, clock })

  const placeOf = (config: Pick<HubSpotConfig, 'builtIn'>): Address => {
    if (config.builtIn !== true)
      return { baseUrl: app.apiUrl ?? HUBSPOT_API, clientId: app.clientId, clientSecret: app.clientSecret }
    const running = builtIn()
    if (running === null)
      throw new HoldfastError(
        'connector_unavailable',
        'The HubSpot sandbox that this connection belongs to is not running: it lives in the server process that does everything (npm start). It is tried again.',
        { retryable: true },
      )
    return { baseUrl: running.url, ...running.app }
  }

  function tokensOf(tenant: TenantId, config: HubSpotConfig): TokenSource {
    const { auth, portal } = config
    if (auth === 'private_app') return privateAppTokens({ database, vault, tenant, portal })
    return openPortalTokens({
      database,
      vault,
      tenant,
      portal,
      refresh: refresher(placeOf(config), clock),
      clock,
    })
  }

  function clientWith(
    tenant: TenantId,
    config: HubSpotConfig,
    more: Pick<HubSpotClientOptions, 'asksAnyway'> = {},
  ): HubSpotClient {
    const { portal, auth, tier, builtIn: hosted } = config
    return openHubSpotClient({
      baseUrl: placeOf(config).baseUrl,
      portal,
      tokens: tokensOf(tenant, config),
      pacer: (hosted === true ? builtInPacers : pacers).of(portal, auth === 'oauth' ? 'oauth' : tier),
      clock,
      ...more,
    })
  }

  /** Null where the token does not say. */
  async function grantedTo(tenant: TenantId, config: HubSpotConfig): Promise<readonly string[] | null> {
    const { baseUrl, clientId, clientSecret } = placeOf(config)
    if (config.auth === 'private_app')
      return privateAppScopes({ baseUrl, token: await tokensOf(tenant, config).current() })
    if (clientId === null || clientSecret === null) return null
    const token = await tokensOf(tenant, config).current()
    return (await introspectToken({ baseUrl, clientId, clientSecret, token, kind: 'access_token' })).scopes
  }

  async function openShared(place: ConnectionPlace): Promise<Connector> {
    const config = parseHubSpotConfig(place.config)
    const mark = await signInMark(
      { database, vault },
      place.tenant,
      portalSecret(config.portal, config.auth === 'oauth' ? 'oauth' : 'private_app_token'),
      // Access tokens come and go; what they are renewed with is the sign-in.
      config.auth === 'oauth'
        ? (sealed) => String((JSON.parse(sealed) as PortalTokens).refreshToken)
        : undefined,
    )
    return kept.get(place.id, [config, placeOf(config).baseUrl, mark], async () => {
      const client = clientWith(place.tenant, config)
      const { portal, test } = await readAccount(client)
      await expectAccount(database, place, config.portal, { word: 'HubSpot account', id: portal, test })
      const subscribe = journals.of(placeOf(config), config, client)
      return openHubSpotConnector({ config, client, clock, subscribe })
    })
  }

  return {
    app: installable(placeOf({}), clock),
    kind: { can: HUBSPOT_CAN, open: openShared },
    hasJournal: ({ auth, builtIn: hosted }) => {
      if (auth !== 'oauth') return false
      return hosted === true ? builtIn() !== null : app.clientId !== null && app.clientSecret !== null
    },
    clientOf: async ({ tenant, config }) => clientWith(tenant, parseHubSpotConfig(config)),
    verify: async ({ tenant, config: stored }, known) => {
      const config = parseHubSpotConfig(stored)
      return verify(clientWith(tenant, config, { asksAnyway: true }), {
        config,
        ...known,
        granted: () => grantedTo(tenant, config),
      })
    },
    revoke: async ({ tenant, config: stored }) => {
      const config = parseHubSpotConfig(stored)
      if (config.auth !== 'oauth') return false
      // The journal ends with the app; what it was asked to keep is taken back while that is ours to say.
      await journals.drop(placeOf(config), config).catch(() => undefined)
      await uninstallApp(clientWith(tenant, config))
      const { baseUrl, clientId, clientSecret } = placeOf(config)
      const sealed = await database.withTenant(tenant, (tx) =>
        vault.unseal(tx, portalTokensPlace(config.portal)),
      )
      if (sealed !== null && clientId !== null && clientSecret !== null) {
        const { refreshToken } = JSON.parse(sealed.toString('utf8')) as PortalTokens
        // The grant ended with the app: a token that HubSpot does not know any more is as good as given back.
        await revokeToken({ baseUrl, clientId, clientSecret, refreshToken }).catch(() => undefined)
      }
      return true
    },
    signIn: async (how) => {
      const { baseUrl, clientId, clientSecret } = placeOf({})
      // Which portal it is, is only known once it answered; the few calls until then have a pace of their own.
      const probing = openPacers().of('', 'free')
      if (how.auth === 'private_app') {
        const tokens = fixedToken(how.token)
        return {
          client: openHubSpotClient({ baseUrl, portal: '', tokens, pacer: probing, clock }),
          tokens: null,
          granted: () => privateAppScopes({ baseUrl, token: how.token }),
        }
      }
      const refresh = refresher({ baseUrl, clientId, clientSecret }, clock)
      const fresh = how.auth === 'oauth' ? await refresh(how.refreshToken) : null
      const tokens =
        fresh === null
          ? openPortalTokens({ database, vault, ...(how as Installed), refresh, clock })
          : fixedToken(fresh.accessToken)
      const client = openHubSpotClient({ baseUrl, portal: '', tokens, pacer: probing, clock })
      const granted = async (): Promise<readonly string[] | null> => {
        if (clientId === null || clientSecret === null) return null
        const token = await tokens.current()
        return (await introspectToken({ baseUrl, clientId, clientSecret, token, kind: 'access_token' }))
          .scopes
      }
      return { client, tokens: fresh, granted }
    },
  }
}

type Installed = Extract<PortalSignIn, { readonly auth: 'installed' }>

function installable({ baseUrl, clientId, clientSecret }: Address, clock: Clock): InstallableApp | null {
  if (clientId === null || clientSecret === null) return null
  const app = { baseUrl, clientId, clientSecret }
  return {
    consentUrl: (asked) => consentUrl({ app, ...asked }),
    exchange: async (grant) => {
      const tokens = await exchangeCode({ ...app, ...grant, clock })
      const { portal, scopes } = await introspectToken({
        ...app,
        token: tokens.accessToken,
        kind: 'access_token',
      })
      if (portal === null || scopes === null)
        throw new HoldfastError(
          'connector_unavailable',
          'HubSpot does not say of which account the consent is. Install the app again.',
        )
      return { portal, scopes, tokens }
    },
    revoke: ({ refreshToken }) => revokeToken({ ...app, refreshToken }),
  }
}

interface Address {
  readonly baseUrl: string
  readonly clientId: string | null
  readonly clientSecret: string | null
}

function refresher(
  { baseUrl, clientId, clientSecret }: Address,
  clock: Clock,
): (refreshToken: string) => Promise<PortalTokens> {
  return (refreshToken) => {
    if (clientId === null || clientSecret === null)
      throw new HoldfastError(
        'connector_configuration',
        'A portal that is connected by OAuth needs the app of this installation: set HUBSPOT_CLIENT_ID and HUBSPOT_CLIENT_SECRET (HubSpot shows both on the Auth page of the app) and start again.',
      )
    return refreshTokens({ baseUrl, clientId, clientSecret, refreshToken, clock })
  }
}
