/** HubSpot as a worker of these suites reaches it: by a private app's token, at any pace. */
import type { Connector } from '../../connectors/connector.ts'
import { openHubSpotClient } from '../../connectors/hubspot/client.ts'
import type { HubSpotConfigInput } from '../../connectors/hubspot/config.ts'
import { openHubSpotConnector } from '../../connectors/hubspot/connector.ts'
import { openPacers } from '../../connectors/hubspot/limiter.ts'
import { fixedToken } from '../../connectors/hubspot/tokens.ts'
import { systemClock } from '../../src/contracts/clock.ts'

export interface HubSpotPlace {
  readonly url: string
  readonly token: string
  readonly portal: string
}

const FREELY = { calls: 1000, windowMs: 1000 }
const pacers = openPacers({ limits: { pro: { call: FREELY, search: FREELY } } })

export function openWorkerHubSpot({ url, token, portal }: HubSpotPlace): Connector {
  const config: HubSpotConfigInput = { portal, object: 'companies', auth: 'private_app', tier: 'pro' }
  const client = openHubSpotClient({
    baseUrl: url,
    portal,
    tokens: fixedToken(token),
    pacer: pacers.of(portal, 'pro'),
    clock: systemClock,
  })
  return openHubSpotConnector({ config, client, clock: systemClock })
}
