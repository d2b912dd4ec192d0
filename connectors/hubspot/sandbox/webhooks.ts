/**
 * Webhooks of the portal's app: which changes it is told of, and in which shape. Subscriptions are those of a
 * developer-platform project's `webhooks/*-hsmeta.json`; how they are sent is webhook-delivery.ts.
 *
 * @see https://developers.hubspot.com/docs/apps/developer-platform/add-features/configure-webhooks
 * @see https://developers.hubspot.com/docs/apps/legacy-apps/public-apps/create-generic-webhook-subscriptions fields of
 *   `object.*`
 * @see https://developers.hubspot.com/changelog/new-subscription-types-for-webhooks fields of merge and
 *   associationChange
 */
import { objectType, OBJECT_TYPES, primaryTypeId } from './object-types.ts'
import type { SandboxChange, SandboxState } from './state.ts'
import type { Source } from './tables.ts'
import {
  openDelivery,
  type DeliveryCounts,
  type DeliveryOptions,
  type WebhookEvent,
  type WebhookFaults,
} from './webhook-delivery.ts'

/** An entry of `crmObjects`, `legacyCrmObjects` or `hubEvents`. */
export interface WebhookSubscription {
  /** `object.propertyChange` with an `objectType`, `company.propertyChange`, `contact.privacyDeletion`, … */
  readonly subscriptionType: string
  /** `company`, `contact`, …; of `object.*` alone. */
  readonly objectType?: string
  /** Of `propertyChange` alone: HubSpot has no subscription to all properties. */
  readonly propertyName?: string
  /** Default true. */
  readonly active?: boolean
}

export interface WebhookOptions extends DeliveryOptions {
  readonly subscriptions: readonly WebhookSubscription[]
}

export interface Webhooks {
  readonly faults: WebhookFaults
  counts(): DeliveryCounts
  /** Resolves once nothing is under way or waits to be tried again. */
  idle(): Promise<void>
  stop(): Promise<void>
}

/** Of the sandbox: what `startHubSpotSandbox` gives has it all. */
export interface WebhookPortal {
  readonly portal: string
  readonly state: Pick<SandboxState, 'onChange' | 'now' | 'put' | 'entries'>
  readonly app: { readonly clientSecret: string; readonly appId: string }
}

/**
 * From now on the changes of the portal are told to the target URL.
 *
 * @throws Error for a subscription that HubSpot would not take
 * @example
 * startWebhooks(sandbox, {
 *   targetUrl: 'https://holdfast.example.com/webhooks/hubspot',
 *   subscriptions: [{ subscriptionType: 'object.propertyChange', objectType: 'company', propertyName: 'mrr' }],
 * })
 */
export function startWebhooks(sandbox: WebhookPortal, options: WebhookOptions): Webhooks {
  const wanted = options.subscriptions.filter(({ active }) => active !== false).map(checked)
  const delivery = openDelivery(sandbox, options)
  let event = 0
  const stopListening = sandbox.state.onChange((change) => {
    for (const subscription of wanted) {
      if (!concerns(subscription, change)) continue
      // Not unique, as HubSpot says: it begins anew with each run, and is one for all subscriptions of a change.
      const eventId = 100_000_000 + ((event * 7_919) % 900_000_000)
      delivery.send(eventOf(sandbox, subscription, change, eventId))
    }
    event++
  })
  return {
    faults: delivery.faults,
    counts: delivery.counts,
    idle: delivery.idle,
    stop() {
      stopListening()
      return delivery.stop()
    },
  }
}

interface Wanted extends WebhookSubscription {
  readonly id: number
  /** `companies`. */
  readonly type: string
  /** `propertyChange`. */
  readonly event: string
  /** In the shape of `object.*`. */
  readonly generic: boolean
}

const EVENTS = [
  'creation',
  'deletion',
  'merge',
  'restore',
  'propertyChange',
  'associationChange',
  'privacyDeletion',
]
/** "You cannot subscribe" to what changes with every other property. */
const UNSUBSCRIBABLE = new Set(['hs_lastmodifieddate', 'lastmodifieddate', 'hs_object_id'])

function checked(subscription: WebhookSubscription, index: number): Wanted {
  const { subscriptionType, objectType: given, propertyName } = subscription
  const [subject, event] = subscriptionType.split('.')
  const generic = subject === 'object'
  const type = objectType((generic ? given : subject) ?? '')
  if (type === null || !EVENTS.includes(event)) {
    throw new Error(`HubSpot has no webhook subscription "${subscriptionType}" for "${given ?? subject}".`)
  }
  if (event === 'privacyDeletion' && subscriptionType !== 'contact.privacyDeletion') {
    throw new Error('Privacy deletions can only be subscribed to as contact.privacyDeletion.')
  }
  if ((event === 'propertyChange') !== (propertyName !== undefined)) {
    throw new Error(`A propertyName goes with propertyChange, and with nothing else: ${subscriptionType}.`)
  }
  if (propertyName !== undefined && UNSUBSCRIBABLE.has(propertyName)) {
    throw new Error(`HubSpot takes no subscription to changes of ${propertyName}.`)
  }
  return { ...subscription, id: 5_000_001 + index, type, event, generic }
}

function concerns({ type, event, propertyName }: Wanted, change: SandboxChange): boolean {
  if (change.type !== type) return false
  switch (change.kind) {
    case 'created':
      return event === 'creation'
    case 'archived':
      return event === 'deletion'
    case 'restored':
      return event === 'restore'
    case 'merged':
      return event === 'merge'
    // "The privacyDeletion event will also trigger the normal contact.delete event":
    // https://developers.hubspot.com/changelog/now-live-webhooks-now-support-privacy-compliant-contact-deletions
    case 'erased':
      return event === 'privacyDeletion' || event === 'deletion'
    case 'property':
      return event === 'propertyChange' && propertyName === change.property
    case 'association':
      return event === 'associationChange'
  }
}

function eventOf(
  { portal, app }: WebhookPortal,
  subscription: Wanted,
  change: SandboxChange,
  eventId: number,
): WebhookEvent {
  const common = {
    eventId,
    subscriptionId: subscription.id,
    portalId: Number(portal),
    appId: Number(app.appId),
    occurredAt: change.at.getTime(),
    subscriptionType: subscription.subscriptionType,
    attemptNumber: 0,
    ...sourceOf(change.source),
  }
  const { typeId } = OBJECT_TYPES[change.type]
  const object = {
    ...common,
    objectId: Number(change.id),
    ...(subscription.generic ? { objectTypeId: typeId } : {}),
  }
  switch (change.kind) {
    case 'created':
      return { ...object, changeFlag: 'CREATED' }
    case 'archived':
    case 'erased':
      return { ...object, changeFlag: 'DELETED' }
    case 'restored':
      return { ...object, changeFlag: 'RESTORED' }
    case 'property':
      return { ...object, propertyName: change.property, propertyValue: change.value, isSensitive: false }
    case 'merged':
      return {
        ...object,
        changeFlag: 'MERGED',
        primaryObjectId: Number(change.primary),
        mergedObjectIds: change.merged.filter((id) => id !== change.primary).map(Number),
        newObjectId: Number(change.id),
      }
    case 'association':
      return { ...common, ...associationOf(subscription, change) }
  }
}

function associationOf(
  { generic }: Wanted,
  { type, id, toType, toId, typeId, removed }: Extract<SandboxChange, { kind: 'association' }>,
): Readonly<Record<string, unknown>> {
  const ends = {
    fromObjectId: Number(id),
    toObjectId: Number(toId),
    associationRemoved: removed,
    isPrimaryAssociation: typeId === primaryTypeId(type, toType),
  }
  const [from, to] = [OBJECT_TYPES[type], OBJECT_TYPES[toType]]
  if (!generic) {
    return { associationType: `${from.singular}_to_${to.singular}`.toUpperCase(), ...ends }
  }
  return {
    ...ends,
    fromObjectTypeId: from.typeId,
    toObjectTypeId: to.typeId,
    associationCategory: 'HUBSPOT_DEFINED',
    associationTypeId: typeId,
  }
}

const sourceOf = ({ sourceType, sourceId }: Source): Readonly<Record<string, string>> =>
  sourceId === null ? { changeSource: sourceType } : { changeSource: sourceType, sourceId }
