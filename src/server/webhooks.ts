/**
 * What CRMs tell by themselves. A request is taken when its signature is right, kept, and answered at once: what its
 * events mean is found out by the step `refresh`. Whoever is not known here is answered like everybody else.
 */
import { APP_PATHS } from '../../connectors/hubspot/app.ts'
import { z } from 'zod'
import type { ChangeHint } from '../../connectors/connector.ts'
import { parseHints, verifySignatureV3 } from '../../connectors/hubspot/webhook.ts'
import { HoldfastError } from '../contracts/errors.ts'
import type { ConnectionId, TenantId } from '../contracts/ids.ts'
import { findConnectionsByExternalId, lockSyncPosition, type PlacedConnection } from '../store/connections.ts'
import type { Transaction } from '../store/database.ts'
import { eraseRecord } from '../store/erasure.ts'
import { requestStep } from '../store/steps.ts'
import { keepReceipts } from '../store/webhook-receipts.ts'
import { route, type Route } from './route.ts'
import type { RouteServices, AppKey } from './services.ts'

/** A hundred events are some 60 kB. */
const BODY_LIMIT = 1024 * 1024
/** The objects that anything here is read from. */
const OBJECTS: ReadonlySet<string> = new Set(['companies', 'contacts', 'deals'])

const headers = z.object({
  'x-hubspot-signature-v3': z.string().optional(),
  'x-hubspot-request-timestamp': z.string().optional(),
})

/**
 * @example
 * const routes = [...publicRoutes, ...webhookRoutes()]
 */
export function webhookRoutes(): readonly Route[] {
  const secrets = privateSecrets()
  return [
    route({
      method: 'post',
      path: APP_PATHS.webhooks,
      summary: 'Events of HubSpot, signed by it (version 3)',
      description:
        'An array of up to 100 events. Each is a hint: the record that it names is read again. Events that came before, and those of portals that are not connected here, change nothing.',
      tag: 'Public',
      access: 'public',
      crossSite: true,
      headers,
      bodyLimit: BODY_LIMIT,
      answers: { 204: { description: 'Taken' } },
      handle: async (request, services) => {
        const body = await request.bytes()
        const signed = {
          method: 'POST',
          body,
          timestamp: request.headers['x-hubspot-request-timestamp'],
          signature: request.headers['x-hubspot-signature-v3'],
          now: services.clock(),
        }
        const isOf = ({ secret, base }: AppKey): boolean =>
          verifySignatureV3({ ...signed, secret, url: base + request.url })
        // Each is tried, so that the answer takes as long whichever it is.
        const [key] = services.appKeys.filter(isOf)
        const isSigned = signed.signature !== undefined && signed.timestamp !== undefined
        const own = key === undefined && isSigned ? (await secrets.ofPortal(services, body)).filter(isOf) : []
        const signer = key ?? own[0]
        if (signer === undefined) {
          services.countWebhook('forged', 1)
          throw new HoldfastError('unauthenticated', 'The request is not signed as it has to be.')
        }
        await take(
          services,
          hintsOf(services, body, signer),
          key === undefined ? new Set(own.map(({ tenant }) => tenant)) : null,
        )
        return { status: 204 }
      },
    }),
  ]
}

function hintsOf({ countWebhook }: RouteServices, body: Buffer, { portal }: AppKey): readonly ChangeHint[] {
  if (eventsOf(body) === null) {
    countWebhook('unreadable', 1)
    throw new HoldfastError('request_invalid', 'The body is no JSON array of events.')
  }
  const hints = parseHints(body).filter(
    (hint) => OBJECTS.has(hint.object) && (portal === undefined || hint.origin === portal),
  )
  const others = hints.filter(({ own, kind }) => !(own && kind === 'changed'))
  if (others.length < hints.length) countWebhook('own', hints.length - others.length)
  return others
}

/** Null: it is not what HubSpot sends. */
function eventsOf(body: Buffer): readonly unknown[] | null {
  try {
    const events: unknown = JSON.parse(body.toString())
    return Array.isArray(events) ? events : null
  } catch {
    return null
  }
}

/**
 * @param only whose secret it was signed with; null: with that of an app of this installation, which speaks for all.
 *   A company's secret is the company's word, and no other company's customers are touched on it.
 */
async function take(
  services: RouteServices,
  hints: readonly ChangeHint[],
  only: ReadonlySet<TenantId> | null,
): Promise<void> {
  const { database, countWebhook } = services
  const byPortal = Map.groupBy(hints, ({ origin }) => origin)
  if (byPortal.size === 0) return
  const places = await database.asSystem('whom a webhook is for', async (tx) => {
    const found: (readonly [PlacedConnection, readonly ChangeHint[]])[] = []
    for (const [portal, some] of byPortal) {
      const connections = await findConnectionsByExternalId(tx, 'hubspot', portal)
      const spoken = connections.filter(({ tenant }) => only === null || only.has(tenant))
      if (spoken.every(({ status }) => status === 'disconnected')) countWebhook('unknown_portal', some.length)
      for (const one of spoken) {
        const meant = some.filter(isFor[one.status])
        if (meant.length > 0) found.push([one, meant])
      }
    }
    return found
  })
  for (const [tenant, some] of Map.groupBy(places, ([{ tenant }]) => tenant))
    await database.withTenant(tenant, async (tx) => {
      let news = 0
      for (const [{ connection, status }, its] of some) {
        const waiting = status === 'active' ? its : await withoutErased(tx, services, connection, its)
        const kept = await keepReceipts(tx, connection, waiting)
        news += kept
        countWebhook('known', waiting.length - kept)
        if (kept > 0) await requestStep(tx, { connection, step: 'refresh', cause: 'webhook' })
      }
      countWebhook('taken', news)
      if (news > 0) tx.afterCommit(() => services.queue?.wake(tenant))
    })
}

/** What the next sync would not find by itself: for a connection that is not read now, nothing else is kept. */
const isNotFound = ({ kind }: ChangeHint): boolean => kind !== 'changed' && kind !== 'created'

/** Which hints concern a connection. Whoever asks to be forgotten is so also in what was read long ago. */
const isFor: Readonly<Record<PlacedConnection['status'], (hint: ChangeHint) => boolean>> = {
  active: () => true,
  paused: isNotFound,
  needs_reconnect: isNotFound,
  disconnected: ({ kind }) => kind === 'erased',
}

/** No step runs for a connection that is not active, and forgetting somebody waits for nobody: it is done here. */
async function withoutErased(
  tx: Transaction,
  { secrets }: RouteServices,
  connection: ConnectionId,
  hints: readonly ChangeHint[],
): Promise<readonly ChangeHint[]> {
  const erased = hints.filter(({ kind }) => kind === 'erased')
  if (erased.length > 0) await lockSyncPosition(tx, connection)
  for (const { object, id } of erased)
    await eraseRecord(tx, { connection, object, id, key: await secrets.addressKey(tx) })
  return hints.filter(({ kind }) => kind !== 'erased')
}

/** A private app's, and which company has it. */
interface OwnKey extends AppKey {
  readonly tenant: TenantId
}

/** How long a private app's secret, or that there is none, is remembered. */
const KNOWN_MS = 60_000
const MOST_KNOWN = 1000

/**
 * Private apps sign with a secret of their own, which the vault holds by portal. Which portal it is says the body, which
 * nobody has signed yet: it decides whose secret is tried, and nothing else.
 */
function privateSecrets() {
  const known = new Map<string, { readonly until: number; readonly keys: readonly OwnKey[] }>()

  async function read(services: RouteServices, portal: string): Promise<readonly OwnKey[]> {
    const { database, vault, publicUrl } = services
    if (publicUrl === null) return []
    const places = await database.asSystem('whose webhook secret is tried', (tx) =>
      findConnectionsByExternalId(tx, 'hubspot', portal),
    )
    const tenants = [...new Set(places.map(({ tenant }) => tenant))]
    const secrets = await Promise.all(
      tenants.map((tenant) =>
        database.withTenant(tenant, (tx) =>
          vault.unseal(tx, { owner: `hubspot:${portal}`, name: 'webhook_secret' }),
        ),
      ),
    )
    return secrets.flatMap((secret, at) =>
      secret === null
        ? []
        : [
            {
              secret: secret.toString(),
              base: publicUrl,
              portal,
              tenant: tenants[at],
            },
          ],
    )
  }

  return {
    async ofPortal(services: RouteServices, body: Buffer): Promise<readonly OwnKey[]> {
      const [first] = eventsOf(body) ?? []
      const named = z
        .object({ portalId: z.union([z.string(), z.number()]).transform(String) })
        .safeParse(first)
      if (!named.success || !/^\d{1,20}$/.test(named.data.portalId)) return []
      const portal = named.data.portalId
      const now = performance.now()
      const before = known.get(portal)
      if (before !== undefined && before.until > now) return before.keys
      const keys = await read(services, portal)
      if (known.size >= MOST_KNOWN) known.clear()
      known.set(portal, { until: now + KNOWN_MS, keys })
      return keys
    },
  }
}
