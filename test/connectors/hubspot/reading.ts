/** A sandbox with connectors on it: what the tests of reading begin with. */
import { onTestFinished } from 'vitest'
import type { Connector } from '../../../connectors/connector.ts'
import { openHubSpotClient, type HubSpotClient } from '../../../connectors/hubspot/client.ts'
import type { HubSpotConfigInput } from '../../../connectors/hubspot/config.ts'
import { openHubSpotConnector } from '../../../connectors/hubspot/connector.ts'
import { openPacers } from '../../../connectors/hubspot/limiter.ts'
import {
  startHubSpotSandbox,
  type HubSpotSandbox,
  type SandboxOptions,
} from '../../../connectors/hubspot/sandbox/server.ts'
import { fixedToken } from '../../../connectors/hubspot/tokens.ts'

export { idsOf, passOver } from '../passes.ts'

/** Limits are tested on their own: here nothing waits. */
const FREE = { calls: 100_000, windowMs: 10 }
const UNLIMITED = { oauth: 1e9, privateApp: 1e9, search: 1e9, daily: 1e9 }

export interface ReadPortal {
  readonly sandbox: HubSpotSandbox
  readonly client: HubSpotClient
  /** A connector with nothing in its memory. */
  open(config?: Partial<HubSpotConfigInput>): Connector
  /** Calls since the last time it was asked, by method and path with ids left out. */
  calls(): Readonly<Record<string, number>>
}

export async function startReading(
  options: Partial<SandboxOptions> & { object?: 'companies' | 'contacts' } = {},
): Promise<ReadPortal> {
  const { object = 'companies', ...rest } = options
  const clock = rest.clock ?? (() => new Date())
  const sandbox = await startHubSpotSandbox({ limits: UNLIMITED, ...rest, clock })
  const client = clientOn(sandbox, clock)
  return {
    sandbox,
    client,
    open: (config = {}) =>
      openHubSpotConnector({
        config: { portal: sandbox.portal, object, auth: 'private_app', ...config },
        client,
        clock,
      }),
    calls() {
      const counts: Record<string, number> = {}
      for (const { method, path } of sandbox.requests()) {
        const name = `${method} ${path.replace(/\/\d+$/, '/{id}').replace(/\/\d{4}-\d{2}/, '')}`
        counts[name] = (counts[name] ?? 0) + 1
      }
      sandbox.forgetRequests()
      return counts
    },
  }
}

/** The same, closed with the test. */
export async function openReading(...options: Parameters<typeof startReading>): Promise<ReadPortal> {
  const portal = await startReading(...options)
  onTestFinished(() => portal.sandbox.close())
  return portal
}

export function clientOn(sandbox: HubSpotSandbox, clock: () => Date): HubSpotClient {
  return openHubSpotClient({
    baseUrl: sandbox.url,
    portal: sandbox.portal,
    tokens: fixedToken(sandbox.privateAppToken()),
    pacer: openPacers({ limits: { oauth: { call: FREE, search: FREE } } }).of(sandbox.portal, 'oauth'),
    clock,
    sleep: async () => {},
  })
}
