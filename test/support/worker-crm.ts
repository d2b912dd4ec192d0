/** A sandbox's CRM as a process of its own reaches it: by a token that it is given, at any pace. */
import type { Connector } from '../../connectors/connector.ts'
import { openHubSpotClient } from '../../connectors/hubspot/client.ts'
import { HUBSPOT_CAN, openHubSpotConnector } from '../../connectors/hubspot/connector.ts'
import { openPacers } from '../../connectors/hubspot/limiter.ts'
import { fixedToken } from '../../connectors/hubspot/tokens.ts'
import { openSalesforceClient } from '../../connectors/salesforce/client.ts'
import { openSalesforceConnector, SALESFORCE_CAN } from '../../connectors/salesforce/connector.ts'
import { openGovernors } from '../../connectors/salesforce/governor.ts'
import { fixedSession } from '../../connectors/salesforce/sessions.ts'
import { keepSalesforceOutOfHome } from '../../src/config.ts'
import { systemClock, type Clock } from '../../src/contracts/clock.ts'
import { openConnectors } from '../../src/loop/connectors.ts'
import type { Connectors } from '../../src/loop/services.ts'

interface Reached {
  readonly url: string
  readonly token: string
}

export interface HubSpotPlace extends Reached {
  readonly kind: 'hubspot'
  readonly portal: string
}

export interface SalesforcePlace extends Reached {
  readonly kind: 'salesforce'
  readonly org: string
  readonly username: string
  /** Everything is read by the Bulk API above so many records, in pages of so many. */
  readonly bulk?: { readonly above: number; readonly page: number }
}

/** Goes through JSON. */
export type CrmPlace = HubSpotPlace | SalesforcePlace

const FREELY = { calls: 10_000, windowMs: 10 }
const pacers = openPacers({ limits: { pro: { call: FREELY, search: FREELY } } })

/** What is stored with a connection to it. */
export function configOf(place: CrmPlace) {
  return place.kind === 'hubspot'
    ? ({ portal: place.portal, object: 'companies', auth: 'private_app', tier: 'pro' } as const)
    : ({
        org: place.org,
        object: 'Account',
        auth: 'web',
        username: place.username,
        instanceUrl: place.url,
      } as const)
}

export function openCrm(place: CrmPlace, clock: Clock = systemClock): Connector {
  const config = configOf(place)
  if (place.kind === 'hubspot') {
    const { url: baseUrl, portal, token } = place
    const pacer = pacers.of(portal, 'pro')
    return openHubSpotConnector({
      config,
      client: openHubSpotClient({ baseUrl, portal, tokens: fixedToken(token), pacer, clock }),
      clock,
    })
  }
  const { url: instanceUrl, org, username, token: accessToken, bulk } = place
  keepSalesforceOutOfHome()
  const client = openSalesforceClient({
    tenant: 'one',
    org,
    username,
    sessions: fixedSession({ accessToken, instanceUrl }),
    governor: openGovernors({ clock }).of(org, 0.2),
    clock,
  })
  return openSalesforceConnector({
    config,
    client,
    clock,
    ...(bulk && { bulkAbove: bulk.above, bulkPage: bulk.page }),
  })
}

/** The registry of a process that knows this CRM alone; none with null. */
export function crmConnectors(place: CrmPlace | null, clock: Clock = systemClock): Connectors {
  if (place === null) return openConnectors({})
  const can = place.kind === 'hubspot' ? HUBSPOT_CAN : SALESFORCE_CAN
  return openConnectors({ [place.kind]: { open: () => openCrm(place, clock), can } })
}
