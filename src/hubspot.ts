/**
 * HubSpot as this installation reaches it: which address, whose token, at which pace. Opens the connector of a
 * connection, and a client for a portal that is about to be connected.
 */
import { createHash } from 'node:crypto'
import type { Connector } from '../connectors/connector.ts'
import { readAccount } from '../connectors/hubspot/account.ts'
import {
  openHubSpotClient,
  type HubSpotClient,
  type HubSpotClientOptions,
} from '../connectors/hubspot/client.ts'
import { parseHubSpotConfig, type HubSpotConfig } from '../connectors/hubspot/config.ts'
import { HUBSPOT_CAN, openHubSpotConnector } from '../connectors/hubspot/connector.ts'
import { openPacers, type Limits, type Pacers } from '../connectors/hubspot/limiter.ts'
import {
  introspectToken,
  privateAppScopes,
  refreshTokens,
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
import type { ConnectorKind } from './loop/connectors.ts'
import type { ConnectionPlace } from './loop/services.ts'
import { openPortalTokens } from './security/portal-tokens.ts'
import { portalSecret, privateAppTokens } from './security/private-app-tokens.ts'
import type { Vault } from './security/vault.ts'
import { setConnectionStatus } from './store/connections.ts'
import type { Database } from './store/database.ts'
import { openDatabasePacers } from './store/pacing.ts'
import { markAsTest } from './store/portal-connections.ts'

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

export interface HubSpot {
  /** For the registry of connectors. */
  readonly kind: ConnectorKind
  /** A client with the stored sign-in of a connection. */
  clientOf(place: ConnectionPlace): Promise<HubSpotClient>
  /** What `doctor` asks of a portal; also of one that would not be opened. */
  verify(
    place: ConnectionPlace,
    known: { readonly mapped: readonly string[]; readonly stored: number },
  ): Promise<readonly Check[]>
  /**
   * A client for a portal that is not connected yet.
   *
   * @returns with `tokens` as they are to be sealed: null for a private app
   * @throws HoldfastError `connector_configuration` for OAuth without the installation's own app; what HubSpot refuses
   */
  signIn(how: PortalSignIn): Promise<{ readonly client: HubSpotClient; readonly tokens: PortalTokens | null }>
}

/** How long what is known of a portal is good: that it is the same one, and what of ours stands in it. */
const KEPT_MS = 10 * 60_000

interface OpenedPortal {
  readonly of: string
  readonly until: number
  readonly connector: Promise<Connector>
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
  const pacers: Pacers = database.kind === 'served' ? openDatabasePacers({ database }) : openPacers()
  // What is on this machine need not be waited for: a first start is to be seen within a minute.
  const builtInPacers = openPacers({ limits: { oauth: BUILT_IN_LIMITS } })
  const opened = new Map<string, OpenedPortal>()

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

  /**
   * One connector for everybody in this process, for a while: it knows what of ours stands in the portal, who its users
   * are, and that there is no use in asking before midnight.
   */
  async function openShared(place: ConnectionPlace): Promise<Connector> {
    const config = parseHubSpotConfig(place.config)
    const of = JSON.stringify([config, placeOf(config).baseUrl, await signInMark(place.tenant, config)])
    const known = opened.get(place.id)
    if (known !== undefined && known.of === of && clock().getTime() < known.until) return known.connector
    const connector = openChecked(place, config)
    const entry = { of, until: clock().getTime() + KEPT_MS, connector }
    opened.set(place.id, entry)
    connector.catch(() => {
      if (opened.get(place.id) === entry) opened.delete(place.id)
    })
    return connector
  }

  /**
   * Another one after each new sign-in, in whichever process that was: a token that HubSpot still takes is never looked
   * up again by itself, and one with more scopes would be waited for in vain.
   */
  async function signInMark(tenant: TenantId, { auth, portal }: HubSpotConfig): Promise<string> {
    const name = auth === 'oauth' ? 'oauth' : 'private_app_token'
    const sealed = await database.withTenant(tenant, (tx) => vault.unseal(tx, portalSecret(portal, name)))
    if (sealed === null) return ''
    const said = sealed.toString('utf8')
    // Access tokens come and go; what they are renewed with is the sign-in.
    const kept = auth === 'oauth' ? String((JSON.parse(said) as PortalTokens).refreshToken) : said
    return createHash('sha256').update(kept).digest('base64')
  }

  async function openChecked(place: ConnectionPlace, config: HubSpotConfig): Promise<Connector> {
    const client = clientWith(place.tenant, config)
    await checkPortal(place, config.portal, client)
    const connector = openHubSpotConnector({ config, client, clock })
    // Who closes it is done with it; others are not.
    return { ...connector, close: async () => undefined }
  }

  /** A token may have been replaced by one of another account, and a portal may have become a sandbox. */
  async function checkPortal(place: ConnectionPlace, portal: string, client: HubSpotClient): Promise<void> {
    const account = await readAccount(client)
    if (account.portal !== portal) {
      const reason = `The sign-in is for HubSpot account ${account.portal}, and this connection is for ${portal}: records of one would be written over those of the other. Connect ${portal} again with a token of its own, or connect ${account.portal} beside it.`
      await database.withTenant(place.tenant, (tx) => setConnectionStatus(tx, place.id, 'paused', reason))
      throw new HoldfastError('connector_configuration', reason)
    }
    if (account.test) await database.withTenant(place.tenant, (tx) => markAsTest(tx, place.id))
  }

  return {
    kind: { can: HUBSPOT_CAN, open: openShared },
    clientOf: async ({ tenant, config }) => clientWith(tenant, parseHubSpotConfig(config)),
    verify: async ({ tenant, config: stored }, known) => {
      const config = parseHubSpotConfig(stored)
      return verify(clientWith(tenant, config, { asksAnyway: true }), {
        config,
        ...known,
        granted: () => grantedTo(tenant, config),
      })
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
        }
      }
      const { refreshToken } = how
      const tokens = await refresher({ baseUrl, clientId, clientSecret }, clock)(refreshToken)
      const client = openHubSpotClient({
        baseUrl,
        portal: '',
        tokens: fixedToken(tokens.accessToken),
        pacer: probing,
        clock,
      })
      return { client, tokens }
    },
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
