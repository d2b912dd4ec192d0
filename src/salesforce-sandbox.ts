/** The Salesforce sandbox that this process hosts: an org of a made-up company, with its stream of change events. */
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { startPubSub } from '../connectors/salesforce/sandbox/pubsub.ts'
import { seedSampleOrg } from '../connectors/salesforce/sandbox/sample.ts'
import { startSalesforceSandbox } from '../connectors/salesforce/sandbox/server.ts'
import { startOrgWorld } from '../connectors/salesforce/sandbox/world.ts'
import type { Clock } from './contracts/clock.ts'
import type { BuiltInOrg } from './salesforce.ts'
import { sandboxDay, SANDBOX_PACE, SANDBOX_TICK_MS, type SandboxHost } from './sandbox-hosts.ts'
import type { OrgSession } from './security/sealed-sessions.ts'

/** Fewer than in the HubSpot sample: both live in one process. */
const CUSTOMERS = 600
const SEED = 43
/** Of no org that Salesforce has given out. */
const SANDBOX_ORG = '00D000000000077EAA'
const USERNAME = 'holdfast@sample.example'
/** What an admin of the sample chose under Setup > Change Data Capture. */
const EVENTS = ['Account', 'Contact', 'Opportunity']

export interface SalesforceSandboxHost extends SandboxHost, BuiltInOrg {
  readonly username: string
  /** What an admin who consents to the app gives. */
  authorize(): OrgSession
}

/**
 * Goes on with the org that the journal holds; begins one where there is none.
 *
 * @example
 * const sandbox = await openSalesforceSandbox({ folder: config.data, clock })
 */
export async function openSalesforceSandbox({
  folder,
  clock,
}: {
  folder: string
  clock: Clock
}): Promise<SalesforceSandboxHost> {
  await mkdir(join(folder, 'sandbox'), { recursive: true, mode: 0o700 })
  const sandbox = await startSalesforceSandbox({
    clock,
    org: SANDBOX_ORG,
    username: USERNAME,
    journal: join(folder, 'sandbox', 'salesforce.journal'),
    isSandbox: true,
    personAccounts: true,
    requestLog: 1_000,
    seed: (state) => {
      state.selectForChangeEvents(EVENTS)
      seedSampleOrg(state, { customers: CUSTOMERS, seed: SEED })
    },
  })
  const events = await startPubSub(sandbox)
  const still = startOrgWorld(sandbox, { clock, pace: 0 })
  const living: { stop(): unknown }[] = []
  return {
    url: sandbox.url,
    org: sandbox.org,
    app: sandbox.app,
    username: sandbox.user.username,
    events: events.address,
    authorize: () => sandbox.authorize(),
    live: () => {
      living.push(startOrgWorld(sandbox, { clock, pace: SANDBOX_PACE, everyMs: SANDBOX_TICK_MS }))
    },
    passMonth: () => void still.passMonth(),
    today: () => sandboxDay(clock(), still.months()),
    close: async () => {
      still.stop()
      await Promise.all(living.splice(0).map((one) => one.stop()))
      await events.close()
      await sandbox.close()
    },
  }
}
