/** What HubSpot pushes: whether it is really from HubSpot, and what may have changed. Never more than a hint. */
import { createHash, createHmac, timingSafeEqual } from 'node:crypto'
import { z } from 'zod'
import type { ChangeHint } from '../connector.ts'
import { hintKey, objectNamed } from './hint-key.ts'

const MINUTES_5 = 5 * 60_000

/**
 * HubSpot's signature, version 3.
 *
 * @param input.url the public URL as it is configured, never one made from the Host header
 * @param input.body as it came, unparsed
 * @param input.timestamp header `X-HubSpot-Request-Timestamp`: milliseconds
 * @param input.signature header `X-HubSpot-Signature-v3`: base64
 * @returns false also for anything missing, and for a timestamp more than 5 minutes away either way; it takes as long
 *   whatever is wrong
 * @see https://developers.hubspot.com/docs/apps/developer-platform/build-apps/authentication/request-validation
 */
export function verifySignatureV3({
  secret,
  method,
  url,
  body,
  timestamp,
  signature,
  now,
}: {
  secret: string
  method: string
  url: string
  body: Buffer
  timestamp: string | undefined
  signature: string | undefined
  now: Date
}): boolean {
  const expected = createHmac('sha256', secret)
    .update(method.toUpperCase() + decodedUrl(url))
    .update(body)
    .update(timestamp ?? '')
    .digest('base64')
  // Everything is reckoned, whatever is wrong: how long it takes says nothing. As text, since other text may mean the same bytes.
  const given = Buffer.alloc(expected.length)
  given.write(signature ?? '')
  const same = timingSafeEqual(given, Buffer.from(expected))
  const whole = signature?.length === expected.length
  const dated = timestamp !== undefined && /^\d{1,15}$/.test(timestamp)
  const fresh = Math.abs(now.getTime() - Number(timestamp)) <= MINUTES_5
  return [same, whole, dated, fresh, secret !== ''].every((right) => right)
}

/**
 * HubSpot's signature, version 2, which it still puts on calls of custom workflow actions. It bears no time: whoever takes it has
 * to make sure that the same call twice does no harm.
 *
 * @param input.signature header `X-HubSpot-Signature`: hex
 * @see https://developers.hubspot.com/docs/apps/developer-platform/build-apps/authentication/request-validation
 */
export function verifySignatureV2({
  secret,
  method,
  url,
  body,
  signature,
}: {
  secret: string
  method: string
  url: string
  body: Buffer
  signature: string | undefined
}): boolean {
  const expected = createHash('sha256')
    .update(secret + method.toUpperCase() + url)
    .update(body)
    .digest('hex')
  const given = Buffer.alloc(expected.length)
  given.write(signature ?? '')
  const same = timingSafeEqual(given, Buffer.from(expected))
  return [same, signature?.length === expected.length, secret !== ''].every((right) => right)
}

/** HubSpot signs the URL with these decoded and no others; a question mark that begins the query stays. */
function decodedUrl(url: string): string {
  return url.replace(/%(3A|2F|3F|40|21|24|27|28|29|2A|2C|3B)/gi, (code) => decodeURIComponent(code))
}

const id = z.union([z.string().min(1), z.number().int()]).transform(String)

/** Every field that a subscription type documents; nothing but the first ones is there for all. */
const event = z.object({
  portalId: id,
  occurredAt: z.coerce.number().min(0).max(8.64e15),
  subscriptionType: z.string().optional(),
  /** As older apps get it, instead of `subscriptionType`. */
  eventType: z.string().optional(),
  appId: id.optional().catch(undefined),
  objectId: id.optional().catch(undefined),
  objectTypeId: z.string().optional().catch(undefined),
  changeSource: z.string().optional().catch(undefined),
  sourceId: id.optional().catch(undefined),
  propertyName: z.string().optional().catch(undefined),
  primaryObjectId: id.optional().catch(undefined),
  mergedObjectIds: z.array(id).optional().catch(undefined),
  newObjectId: id.optional().catch(undefined),
  fromObjectId: id.optional().catch(undefined),
  toObjectId: id.optional().catch(undefined),
  fromObjectTypeId: z.string().optional().catch(undefined),
  toObjectTypeId: z.string().optional().catch(undefined),
  associationType: z.string().optional().catch(undefined),
})
type Event = z.infer<typeof event>

/**
 * @param body as it came; a JSON array of up to 100 events, in no order, some of them twice
 * @returns one hint an object that may have changed; none for events that mean nothing to us
 * @throws HoldfastError never: what cannot be read is no hint
 */
export function parseHints(body: Buffer): readonly ChangeHint[] {
  let events: unknown
  try {
    events = JSON.parse(body.toString('utf8'))
  } catch {
    return []
  }
  return (Array.isArray(events) ? events : [events]).flatMap((one) => {
    const read = event.safeParse(one)
    return read.success ? hintsOf(read.data) : []
  })
}

const KINDS: Readonly<Record<string, ChangeHint['kind']>> = {
  propertyChange: 'changed',
  creation: 'created',
  deletion: 'deleted',
  restore: 'restored',
  merge: 'merged',
  associationChange: 'associated',
  privacyDeletion: 'erased',
}

/** Names of the properties that we make begin with it. */
const OWN_PREFIX = 'holdfast_'

function hintsOf(one: Event): readonly ChangeHint[] {
  const [subject, change] = (one.subscriptionType ?? one.eventType ?? '').split('.')
  const kind = Object.hasOwn(KINDS, change ?? '') ? KINDS[change] : undefined
  if (kind === undefined) return []
  const common = { origin: one.portalId, kind, at: new Date(one.occurredAt), own: isOwn(one) }
  const hint = (type: string | undefined, objectId: string | undefined, others: readonly string[]) => {
    const object = objectNamed(type)
    if (object === undefined || objectId === undefined) return []
    const told = { ...common, object, id: objectId, others }
    return [{ ...told, key: hintKey(told) }]
  }
  if (kind === 'associated') {
    const [from, to] = endsOf(one, subject)
    return [
      ...hint(from, one.fromObjectId, one.toObjectId === undefined ? [] : [one.toObjectId]),
      ...hint(to, one.toObjectId, one.fromObjectId === undefined ? [] : [one.fromObjectId]),
    ]
  }
  const type = subject === 'object' ? one.objectTypeId : subject
  if (kind === 'merged') {
    // The record that remains is the new one where a merge makes one.
    const survivor = one.newObjectId ?? one.primaryObjectId ?? one.objectId
    const others = [one.primaryObjectId, one.objectId, ...(one.mergedObjectIds ?? [])].filter(
      (other) => other !== undefined && other !== survivor,
    ) as string[]
    return hint(type, survivor, [...new Set(others)])
  }
  return hint(type, one.objectId, [])
}

/** Types of both ends: of the generic format, or out of `CONTACT_TO_COMPANY`; the subject is the end that it is from. */
function endsOf(
  { fromObjectTypeId, toObjectTypeId, associationType = '' }: Event,
  subject: string,
): readonly [string, string | undefined] {
  const [from, to] = associationType.toLowerCase().split('_to_')
  return [fromObjectTypeId ?? (subject === 'object' ? from : subject), toObjectTypeId ?? to]
}

/**
 * Written by us: through the API, by the app that is told of it (`sourceId` is then the app's id), and in one of our
 * own properties. Anything else is looked at again, which does no harm.
 */
function isOwn({ changeSource, sourceId, appId, propertyName }: Event): boolean {
  if (changeSource !== 'INTEGRATION' && changeSource !== 'API') return false
  if (appId === undefined || sourceId?.replace(/^appId:/, '') !== appId) return false
  return propertyName === undefined || propertyName.startsWith(OWN_PREFIX)
}
