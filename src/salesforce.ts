/**
 * Salesforce as this installation reaches it: which org, whose session, how many of its calls. Opens the connector of a
 * connection. All that speaks to Salesforce is loaded with the first org that is spoken to: a process without one is
 * spared it.
 */
import type { Connector } from '../connectors/connector.ts'
import { openCrmMemory } from '../connectors/memory.ts'
import type { SalesforceClient } from '../connectors/salesforce/client.ts'
import { parseSalesforceConfig, type SalesforceConfig } from '../connectors/salesforce/config.ts'
import { openGovernors } from '../connectors/salesforce/governor.ts'
import type { Session, SessionSource } from '../connectors/salesforce/sessions.ts'
import { keepSalesforceOutOfHome, type SalesforceApp } from './config.ts'
import type { Check } from './contracts/checks.ts'
import type { Clock } from './contracts/clock.ts'
import { HoldfastError } from './contracts/errors.ts'
import type { TenantId } from './contracts/ids.ts'
import { expectAccount, keepConnectors, signInMark } from './kept-connectors.ts'
import type { ConnectorKind } from './loop/connectors.ts'
import type { Capability, ConnectionPlace } from './loop/services.ts'
import { openOrgSignIn, type OrgSignIn, type SignedInOrg, type WebSignIn } from './salesforce-sign-in.ts'
import { openSealedSessions, orgSecret } from './security/sealed-sessions.ts'
import type { Vault } from './security/vault.ts'
import type { Database } from './store/database.ts'

/** The sandbox of this process, while it runs. */
export interface BuiltInOrg {
  readonly url: string
  readonly org: string
  readonly app: { readonly clientId: string; readonly clientSecret: string }
  /** Host and port of its Pub/Sub API. */
  readonly events: string
}

export interface SalesforceOptions {
  readonly app: SalesforceApp
  readonly database: Database
  readonly vault: Vault
  readonly clock: Clock
  /** Null: this process hosts none. */
  readonly builtIn: () => BuiltInOrg | null
}

export interface Salesforce {
  /** For the registry of connectors. */
  readonly kind: ConnectorKind
  /** A client with the stored sign-in of a connection. */
  clientOf(place: ConnectionPlace): Promise<SalesforceClient>
  /** What `doctor` asks of an org; also of one that would not be opened. */
  verify(
    place: ConnectionPlace,
    known: {
      readonly mapped: readonly string[]
      readonly stored: number
      /** Who is a customer, in SOQL; null: told by the fields, or everybody. */
      readonly condition: string | null
    },
  ): Promise<readonly Check[]>
  /**
   * A client for an org that is not connected yet, with what is to be stored of the sign-in.
   *
   * @throws HoldfastError what Salesforce refuses
   */
  signIn(tenant: TenantId, how: OrgSignIn): Promise<SignedInOrg>
  /** A person's consent in the browser. */
  readonly web: WebSignIn
  /** Gives a person's consent back. @returns whether there was one */
  revoke(place: ConnectionPlace): Promise<boolean>
}

/** Known without loading the connector; a test holds it equal to the connector's own word. */
export const SALESFORCE_KIND_CAN: readonly Capability[] = [
  'tasks',
  'activities',
  'consent',
  'interventions',
  'events',
]

/**
 * @example
 * const salesforce = openSalesforce({ app: config.salesforce, database, vault, clock, builtIn: () => null })
 * openConnectors({ csv: openFile, salesforce: salesforce.kind })
 */
export function openSalesforce(options: SalesforceOptions): Salesforce {
  const { app, database, vault, clock, builtIn } = options
  const governors = openGovernors({ clock })
  const kept = keepConnectors(clock)
  const signIn = openOrgSignIn({ app, database, vault, clock, governors })

  function running(config: SalesforceConfig): BuiltInOrg | null {
    if (config.builtIn !== true) return null
    const found = builtIn()
    if (found !== null) return found
    throw new HoldfastError(
      'connector_unavailable',
      'The Salesforce sandbox that this connection belongs to is not running: it lives in the server process that does everything (npm start). It is tried again.',
      { retryable: true },
    )
  }

  function sessionsOf(tenant: TenantId, config: SalesforceConfig): SessionSource {
    const host = running(config)
    const sessions = openSealedSessions({
      database,
      vault,
      tenant,
      org: config.org,
      renew: signIn.renewal(tenant, config, host),
      clock,
      hasConsent: config.auth === 'web',
    })
    if (host === null) return sessions
    // Where the sandbox listens is another place after each start.
    const here = async (session: Promise<Session>): Promise<Session> => ({
      accessToken: (await session).accessToken,
      instanceUrl: host.url,
    })
    return {
      current: () => here(sessions.current()),
      renewed: (refused) => here(sessions.renewed(refused)),
    }
  }

  async function clientWith(tenant: TenantId, config: SalesforceConfig): Promise<SalesforceClient> {
    const { openSalesforceClient } = await import('../connectors/salesforce/client.ts')
    keepSalesforceOutOfHome()
    const { org, username, reserve } = config
    return openSalesforceClient({
      tenant,
      org,
      username,
      sessions: sessionsOf(tenant, config),
      governor: governors.of(org, reserve),
      clock,
    })
  }

  async function open(place: ConnectionPlace): Promise<Connector> {
    const config = parseSalesforceConfig(place.config)
    const { tenant } = place
    const mark = await signInMark({ database, vault }, tenant, ...signInOf(config))
    const host = running(config)
    return kept.get(place.id, [config, host?.url, mark], async () => {
      const client = await clientWith(tenant, config)
      const { readOrg } = await import('../connectors/salesforce/org.ts')
      const { openSalesforceConnector } = await import('../connectors/salesforce/connector.ts')
      const { id, sandbox } = await readOrg(client)
      await expectAccount(database, place, config.org, { word: 'Salesforce org', id, test: sandbox })
      return openSalesforceConnector({
        config,
        client,
        clock,
        ...(host === null ? {} : { eventsAddress: host.events }),
      })
    })
  }

  return {
    kind: { can: SALESFORCE_KIND_CAN, open },
    clientOf: ({ tenant, config }) => clientWith(tenant, parseSalesforceConfig(config)),
    verify: async ({ tenant, config: stored }, known) => {
      const config = parseSalesforceConfig(stored)
      const { openContext } = await import('../connectors/salesforce/context.ts')
      const { verify } = await import('../connectors/salesforce/verify.ts')
      const client = await clientWith(tenant, config)
      return verify(openContext({ client, config, memory: openCrmMemory({ clock }), clock }), known)
    },
    signIn: signIn.signIn,
    web: signIn.web,
    revoke: async ({ tenant, config: stored }) => {
      const config = parseSalesforceConfig(stored)
      if (config.auth !== 'web') return false
      const sealed = await database.withTenant(tenant, (tx) =>
        vault.unseal(tx, orgSecret(config.org, 'oauth')),
      )
      if (sealed === null) return false
      const { revoke } = await import('../connectors/salesforce/oauth.ts')
      await revoke({ loginUrl: config.loginUrl, token: refreshTokenIn(sealed.toString('utf8')) })
      return true
    },
  }
}

/** Where the sign-in lies, and what of it another sign-in changes: sessions come and go by themselves. */
function signInOf({
  org,
  auth,
}: SalesforceConfig): [ReturnType<typeof orgSecret>, ((sealed: string) => string)?] {
  if (auth === 'jwt') return [orgSecret(org, 'jwt_key')]
  if (auth === 'client_credentials') return [orgSecret(org, 'client_secret')]
  return [orgSecret(org, 'oauth'), refreshTokenIn]
}

const refreshTokenIn = (sealed: string): string =>
  String((JSON.parse(sealed) as { readonly refreshToken?: unknown }).refreshToken)
