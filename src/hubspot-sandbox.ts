/**
 * The HubSpot sandbox that a process which does everything hosts: a portal of a made-up company that lives on, kept in a
 * journal in the data folder. Nothing of the engine reaches into it; what is read and written goes over HTTP, by the
 * same client as to HubSpot.
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

/** Enough for levels and a plan that mean something, few enough to be there within seconds. */
const CUSTOMERS = 2000
const SEED = 42
/** Of no portal that HubSpot has given out yet, and still of 31 bits, as ids of portals are. */
export const SANDBOX_PORTAL = '2147000001'

export interface SandboxHost extends BuiltInPortal {
  /** What a portal's admin who agrees to the app gives. */
  authorize(): PortalTokens
  /** From now on time passes in it, and changes are told to this address. */
  live(webhooks: string): void
  /** Lets a month pass at once. */
  passMonth(): void
  /** 'YYYY-MM-DD' of its world, which is ahead of the calendar by the months that passed. */
  today(): string
  close(): Promise<void>
}

/**
 * Months of its world in an hour: slow enough that a sample is not worn out in a day, fast enough that something
 * changes every minute.
 */
const PACE = 0.25
const TICK_MS = 10_000

/**
 * Goes on with the portal that the journal holds; begins one where there is none.
 *
 * @example
 * const sandbox = await openSandboxHost({ folder: config.data, clock })
 */
export async function openSandboxHost({
  folder,
  clock,
}: {
  folder: string
  clock: Clock
}): Promise<SandboxHost> {
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
    live: (webhooks) => {
      living.push(
        startWebhooks(sandbox, { targetUrl: webhooks, subscriptions: subscriptionsOf(sandbox.state) }),
        startWorld(sandbox, { clock, pace: PACE, everyMs: TICK_MS }),
      )
    },
    passMonth: () => void still.passMonth(),
    today: () => {
      const days = still.months() * (365.25 / 12)
      return new Date(clock().getTime() + days * 86_400_000).toISOString().slice(0, 10)
    },
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
