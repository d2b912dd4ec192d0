/**
 * The HubSpot sandbox that this process hosts: a portal of a made-up company.
 */
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { seedSample } from '../connectors/hubspot/sandbox/sample.ts'
import { startHubSpotSandbox } from '../connectors/hubspot/sandbox/server.ts'
import type { SandboxState } from '../connectors/hubspot/sandbox/state.ts'
import { startWebhooks, type WebhookSubscription } from '../connectors/hubspot/sandbox/webhooks.ts'
import { startWorld } from '../connectors/hubspot/sandbox/world.ts'
import type { PortalTokens } from '../connectors/hubspot/oauth.ts'
import type { Clock } from './contracts/clock.ts'
import type { BuiltInPortal } from './hubspot.ts'
import { sandboxDay, SANDBOX_PACE, SANDBOX_TICK_MS, type SandboxHost } from './sandbox-hosts.ts'

/** Enough for levels and a plan that mean something, few enough to be there within seconds. */
const CUSTOMERS = 2000
const SEED = 42
/** Of no portal that HubSpot has given out yet, and still of 31 bits, as ids of portals are. */
export const SANDBOX_PORTAL = '2147000001'

export interface HubSpotSandboxHost extends SandboxHost, BuiltInPortal {
  /** What a portal's admin who agrees to the app gives. */
  authorize(): PortalTokens
}

/**
 * Goes on with the portal that the journal holds; begins one where there is none.
 *
 * @example
 * const sandbox = await openHubSpotSandbox({ folder: config.data, clock })
 */
export async function openHubSpotSandbox({
  folder,
  clock,
}: {
  folder: string
  clock: Clock
}): Promise<HubSpotSandboxHost> {
  await mkdir(join(folder, 'sandbox'), { recursive: true, mode: 0o700 })
  const sandbox = await startHubSpotSandbox({
    clock,
    portal: SANDBOX_PORTAL,
    journal: join(folder, 'sandbox', 'hubspot.journal'),
    accountType: 'SANDBOX',
    requestLog: 1_000,
    limits: { oauth: 1100, search: 50 },
    seed: (state) => void seedSample(state, { customers: CUSTOMERS, seed: SEED }),
  })
  const still = startWorld(sandbox, { clock, pace: 0 })
  const living: { stop(): unknown }[] = []
  return {
    url: sandbox.url,
    portal: sandbox.portal,
    app: sandbox.app,
    authorize: () => {
      const { accessToken, refreshToken } = sandbox.authorize()
      // Renewed at once: how long it holds is HubSpot's to say.
      return { accessToken, refreshToken, expiresAt: clock().toISOString() }
    },
    live: ({ webhooks }) => {
      living.push(
        startWebhooks(sandbox, { targetUrl: webhooks, subscriptions: subscriptionsOf(sandbox.state) }),
        startWorld(sandbox, { clock, pace: SANDBOX_PACE, everyMs: SANDBOX_TICK_MS }),
      )
    },
    passMonth: () => void still.passMonth(),
    today: () => sandboxDay(clock(), still.months()),
    close: async () => {
      still.stop()
      await Promise.all(living.splice(0).map((one) => one.stop()))
      await sandbox.close()
    },
  }
}

/**
 * As an app for this portal would have them: what comes and goes, and the properties that billing and product keep.
 * Associations are left to the sync: most would be those of our own tasks and e-mails.
 */
function subscriptionsOf(state: Pick<SandboxState, 'properties'>): readonly WebhookSubscription[] {
  const watched = state
    .properties('companies')
    .filter(({ groupName }) => GROUPS.has(groupName))
    .map(({ name }) => name)
  const changes = (objectType: string, names: readonly string[]): readonly WebhookSubscription[] =>
    names.map((propertyName) => ({ subscriptionType: 'object.propertyChange', objectType, propertyName }))
  const lives = ['creation', 'deletion', 'merge', 'restore'].flatMap((event) =>
    ['company', 'contact'].map((objectType) => ({ subscriptionType: `object.${event}`, objectType })),
  )
  return [
    ...lives,
    ...changes('company', [...watched, 'name', 'lifecyclestage', 'hubspot_owner_id']),
    ...changes('contact', ['email', 'jobtitle', 'hs_email_optout']),
    { subscriptionType: 'contact.privacyDeletion' },
  ]
}

/** Groups of properties that the sample's own systems fill. */
const GROUPS: ReadonlySet<string> = new Set(['billing', 'product_usage'])
