/** A sandbox with a client and a schema on it: what the tests of writing begin with. */
import { onTestFinished } from 'vitest'
import { openHubSpotClient, type HubSpotClient } from '../../../connectors/hubspot/client.ts'
import { openPacers } from '../../../connectors/hubspot/limiter.ts'
import {
  startHubSpotSandbox,
  type HubSpotSandbox,
  type SandboxOptions,
} from '../../../connectors/hubspot/sandbox/server.ts'
import { openSchema, type Schema } from '../../../connectors/hubspot/schema.ts'
import { fixedToken } from '../../../connectors/hubspot/tokens.ts'

export interface Portal {
  readonly sandbox: HubSpotSandbox
  readonly client: HubSpotClient
  readonly schema: Schema
  /** Calls since the last time it was asked, as "POST …/batch/update 207". */
  calls(): readonly string[]
}

export async function openPortal(
  options: Partial<SandboxOptions> & { object?: 'companies' | 'contacts'; scopes?: readonly string[] } = {},
): Promise<Portal> {
  const { object = 'companies', scopes, ...rest } = options
  const clock = (): Date => new Date()
  const sandbox = await startHubSpotSandbox({ clock, ...rest })
  onTestFinished(() => sandbox.close())
  const client = openHubSpotClient({
    baseUrl: sandbox.url,
    portal: sandbox.portal,
    tokens: fixedToken(sandbox.privateAppToken(scopes)),
    pacer: openPacers().of(sandbox.portal, 'oauth'),
    clock,
    sleep: async () => undefined,
  })
  return {
    sandbox,
    client,
    schema: openSchema(client, object),
    calls() {
      const all = sandbox.requests().map(({ method, path, status }) => `${method} ${path} ${status}`)
      sandbox.forgetRequests()
      return all
    },
  }
}

/** A promise's error. */
export async function errorOf(promise: Promise<unknown>): Promise<Error> {
  try {
    await promise
  } catch (error) {
    if (error instanceof Error) return error
  }
  throw new Error('Nothing was thrown.')
}
