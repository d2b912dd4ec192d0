/** A sandbox for a test, with a clock that the test moves. */
import { onTestFinished } from 'vitest'
import {
  startHubSpotSandbox,
  type HubSpotSandbox,
  type SandboxOptions,
} from '../../../../connectors/hubspot/sandbox/server.ts'
import { calling, type Call } from './calling.ts'

export interface Opened {
  readonly sandbox: HubSpotSandbox
  readonly call: Call
  /** Calls with this token from now on. */
  use(token: string): void
  /** Moves the clock. */
  pass(seconds: number): void
}

/** At 2026-11-20, 09:00 UTC. Without rate limits unless given. */
export async function openSandbox(options: Partial<SandboxOptions> = {}): Promise<Opened> {
  let now = Date.parse('2026-11-20T09:00:00Z')
  const sandbox = await startHubSpotSandbox({
    clock: () => new Date(now),
    limits: { oauth: Infinity, privateApp: Infinity, search: Infinity },
    ...options,
  })
  onTestFinished(() => sandbox.close())
  let token = sandbox.authorize().accessToken
  return {
    sandbox,
    call: calling(sandbox, () => token),
    use: (next) => void (token = next),
    pass: (seconds) => void (now += seconds * 1000),
  }
}
