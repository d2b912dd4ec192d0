/** The journals of accounts, as this installation's app reads them: with a token of its own, at one pace for all accounts. */
import type { Connector } from '../connectors/connector.ts'
import { readAccount } from '../connectors/hubspot/account.ts'
import { openHubSpotClient, type HubSpotClient } from '../connectors/hubspot/client.ts'
import type { HubSpotConfig } from '../connectors/hubspot/config.ts'
import { followJournal } from '../connectors/hubspot/journal-follow.ts'
import { dropSubscriptions } from '../connectors/hubspot/journal-subscriptions.ts'
import { appTokens } from '../connectors/hubspot/journal-token.ts'
import { openPacers, pacersWith, type Limits, type Pacers } from '../connectors/hubspot/limiter.ts'
import type { Clock } from './contracts/clock.ts'
import { findConnectionsByExternalId } from './store/connections.ts'
import type { Database } from './store/database.ts'
import { databaseSlots } from './store/pacing.ts'

/** Where the app is, and what it signs in with; null: there is none, and so no journal. */
export interface JournalAddress {
  readonly baseUrl: string
  readonly clientId: string | null
  readonly clientSecret: string | null
}

export interface Journals {
  /** Undefined where the account's changes are in no journal of ours: without an app, and with a private one. */
  of(
    address: JournalAddress,
    config: HubSpotConfig,
    account: HubSpotClient,
  ): NonNullable<Connector['subscribe']> | undefined
  /** Nothing more of the account is kept for us. */
  drop(address: JournalAddress, config: Pick<HubSpotConfig, 'portal'>): Promise<void>
}

/**
 * HubSpot allows an app 100 calls of the journal a second, and 50 of its subscriptions: one pace below both.
 *
 * @see https://developers.hubspot.com/docs/api-reference/latest/webhooks-journal/guide
 */
const LIMITS: Limits = {
  call: { calls: 40, windowMs: 1000 },
  search: { calls: 40, windowMs: 1000 },
}

export function openJournals({ database, clock }: { database: Database; clock: Clock }): Journals {
  const limits = { oauth: LIMITS }
  const pacers: Pacers =
    database.kind !== 'served'
      ? openPacers({ limits })
      : pacersWith({
          limits,
          slots: (app, kind, limit) =>
            databaseSlots({ database, name: `hubspot-journal:${app}:${kind}`, limit }),
        })
  const clients = new Map<string, HubSpotClient>()

  function clientOf({ baseUrl, clientId, clientSecret }: JournalAddress): HubSpotClient | null {
    if (clientId === null || clientSecret === null) return null
    const name = JSON.stringify([baseUrl, clientId, clientSecret])
    const known = clients.get(name)
    if (known !== undefined) return known
    const client = openHubSpotClient({
      baseUrl,
      portal: '',
      tokens: appTokens({ baseUrl, clientId, clientSecret, clock }),
      pacer: pacers.of(clientId, 'oauth'),
      clock,
    })
    clients.set(name, client)
    return client
  }

  async function isAlone(portal: string): Promise<boolean> {
    const all = await database.asSystem('who reads a HubSpot account', (tx) =>
      findConnectionsByExternalId(tx, 'hubspot', portal),
    )
    return all.filter(({ status }) => status !== 'disconnected').length <= 1
  }

  return {
    of(address, config, account) {
      const client = config.auth === 'oauth' ? clientOf(address) : null
      if (client === null) return undefined
      return followJournal({
        client,
        baseUrl: address.baseUrl,
        config,
        clock,
        alone: () => isAlone(config.portal),
        askAccount: () => readAccount(account),
      })
    },
    drop: async (address, { portal }) => {
      const client = clientOf(address)
      if (client !== null) await dropSubscriptions(client, portal)
    },
  }
}
