/**
 * What a file of the Webhooks Journal says: events, each a hint that a record may have changed and no more.
 *
 * @see https://developers.hubspot.com/docs/api-reference/latest/webhooks-journal/guide at "Event data format"
 */
import { z } from 'zod'
import { HoldfastError } from '../../src/contracts/errors.ts'
import type { ChangeHint } from '../connector.ts'
import { isOurs } from './fields.ts'
import { hintKey, objectNamed } from './hint-key.ts'

export interface JournalPage {
  readonly hints: readonly ChangeHint[]
  /** The app was taken out of the account, says the journal: whether it still is out has to be asked. */
  readonly uninstalled: boolean
  /** Events that could not be read, or that mean nothing to us. */
  readonly skipped: number
  /** When HubSpot wrote the file; null where it does not say. */
  readonly publishedAt: Date | null
}

const id = z.union([z.string().min(1), z.number().int()]).transform(String)
const time = z
  .union([z.number().min(0).max(8.64e15), z.iso.datetime({ offset: true })])
  .transform((at) => new Date(at))

const file = z.object({
  journalEvents: z.array(z.unknown()),
  publishedAt: time.nullable().optional().catch(null),
})

const event = z.object({
  portalId: id,
  occurredAt: time,
  action: z.string(),
  objectTypeId: z.string().optional().catch(undefined),
  objectId: id.optional().catch(undefined),
  propertyChanges: z.record(z.string(), z.unknown()).optional().catch(undefined),
  mergedObjectIds: z.array(id).optional().catch(undefined),
  fromObjectTypeId: z.string().optional().catch(undefined),
  fromObjectId: id.optional().catch(undefined),
  toObjectTypeId: z.string().optional().catch(undefined),
  toObjectId: id.optional().catch(undefined),
})
type Event = z.infer<typeof event>

const KINDS: Readonly<Record<string, ChangeHint['kind']>> = {
  CREATE: 'created',
  UPDATE: 'changed',
  DELETE: 'deleted',
  RESTORE: 'restored',
  MERGE: 'merged',
  ASSOCIATION_ADDED: 'associated',
  ASSOCIATION_REMOVED: 'associated',
  GDPR_DELETE: 'erased',
}

/**
 * @param text as it came
 * @param portal the account that is asked about; events of others are none of its business
 * @throws HoldfastError `connector_unavailable`, not retryable, for what is no file of the journal; never for one of its events
 */
export function parseJournal(text: string, portal: string): JournalPage {
  const read = file.safeParse(jsonOf(text))
  if (!read.success)
    throw new HoldfastError(
      'connector_unavailable',
      "A file of HubSpot's journal of changes could not be read.",
      { cause: read.error },
    )
  const hints = new Map<string, ChangeHint>()
  let [skipped, uninstalled] = [0, false]
  for (const one of read.data.journalEvents) {
    const parsed = event.safeParse(one)
    if (!parsed.success || parsed.data.portalId !== portal) {
      skipped++
      continue
    }
    if (parsed.data.action === 'APP_UNINSTALL') {
      uninstalled = true
      continue
    }
    const found = hintsOf(parsed.data)
    if (found.length === 0) skipped++
    for (const hint of found) if (hints.get(hint.key)?.own !== false) hints.set(hint.key, hint)
  }
  return { hints: [...hints.values()], uninstalled, skipped, publishedAt: read.data.publishedAt ?? null }
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}

function hintsOf(one: Event): readonly ChangeHint[] {
  const kind = Object.hasOwn(KINDS, one.action) ? KINDS[one.action] : undefined
  if (kind === undefined) return []
  const hint = (type: string | undefined, objectId: string | undefined, others: readonly string[]) => {
    const object = objectNamed(type)
    if (object === undefined || objectId === undefined) return []
    const told = { origin: one.portalId, kind, object, id: objectId, others, at: one.occurredAt }
    return [{ ...told, own: isOwn(one), key: hintKey(told) }]
  }
  if (kind !== 'associated')
    return hint(
      one.objectTypeId,
      one.objectId,
      kind === 'merged' ? (one.mergedObjectIds ?? []).filter((other) => other !== one.objectId) : [],
    )
  return [
    ...hint(one.fromObjectTypeId, one.fromObjectId, one.toObjectId === undefined ? [] : [one.toObjectId]),
    ...hint(one.toObjectTypeId, one.toObjectId, one.fromObjectId === undefined ? [] : [one.fromObjectId]),
  ]
}

/** The journal does not say who wrote. Properties of ours are ours; none of them is subscribed to. */
function isOwn({ action, propertyChanges = {} }: Event): boolean {
  const names = Object.keys(propertyChanges)
  return action === 'UPDATE' && names.length > 0 && names.every(isOurs)
}
