/**
 * The Webhooks Journal: what happened to records that the app subscribed to, in files of events that are kept for three days.
 * Kept with the portal, so that it outlives the process, and gathered while nobody reads.
 *
 * @see https://developers.hubspot.com/docs/api-reference/latest/webhooks-journal/journal-entries/guide
 * @see https://developers.hubspot.com/docs/api-reference/latest/webhooks-journal/subscriptions/guide
 */
import { createHash } from 'node:crypto'
import { z } from 'zod'
import { objectType, OBJECT_TYPES, primaryTypeId } from './object-types.ts'
import type { SandboxChange, SandboxState } from './state.ts'

export const ACTIONS = [
  'CREATE',
  'UPDATE',
  'DELETE',
  'MERGE',
  'RESTORE',
  'ASSOCIATION_ADDED',
  'ASSOCIATION_REMOVED',
  'SNAPSHOT',
  'APP_INSTALL',
  'APP_UNINSTALL',
  'ADDED_TO_LIST',
  'REMOVED_FROM_LIST',
  'GDPR_DELETE',
] as const
type Action = (typeof ACTIONS)[number]

/** Event types of the app's own life. */
export const LIFECYCLE: Readonly<Record<string, 'APP_INSTALL' | 'APP_UNINSTALL'>> = {
  '4-1909196': 'APP_INSTALL',
  '4-1916193': 'APP_UNINSTALL',
}

const subscription = z.object({
  id: z.number(),
  subscriptionType: z.enum(['OBJECT', 'ASSOCIATION', 'APP_LIFECYCLE_EVENT', 'GDPR_PRIVACY_DELETION']),
  /** Of app events: the type of the event. */
  objectTypeId: z.string(),
  /** Absent: of the app in whichever account. */
  portalId: z.number().optional(),
  actions: z.array(z.enum(ACTIONS)),
  properties: z.array(z.string()).optional(),
  /** None: of all records. */
  objectIds: z.array(z.number()).optional(),
  associatedObjectTypeIds: z.array(z.string()).optional(),
  createdAt: z.string(),
  updatedAt: z.string(),
})
export type JournalSubscription = z.infer<typeof subscription>

export type JournalEvent = Readonly<Record<string, unknown>> & {
  readonly action: Action
  readonly occurredAt: string
}

const entry = z.object({
  offset: z.string(),
  /** Counts on. */
  order: z.number(),
  /** Milliseconds. */
  publishedAt: z.number(),
  events: z.array(z.custom<JournalEvent>()),
})
export type JournalEntry = z.infer<typeof entry>

export interface WebhooksJournal {
  subscriptions(): readonly JournalSubscription[]
  /** One of the same kind, account and object is brought up to date. */
  upsert(given: Omit<JournalSubscription, 'id' | 'createdAt' | 'updatedAt'>): JournalSubscription
  /** @returns false: there is none */
  remove(id: number): boolean
  removeOf(portal: number): void
  /** Something happened to the app itself in this account. */
  lifecycle(action: 'APP_INSTALL' | 'APP_UNINSTALL'): void
  /** Those that are still there, oldest first; what waited is published by that. */
  entries(): readonly JournalEntry[]
}

/** "the past 3 days" */
export const KEPT_MS = 3 * 86_400_000
/** HubSpot does not say how many events a file has. */
const MOST = 100
/** A file is published by what comes so long after its first event. */
const GATHERED_MS = 60_000

const [SUBSCRIPTIONS, WAITING, ENTRIES, COUNTS] = [
  'journal_subscriptions',
  'journal_waiting',
  'journal_entries',
  'journal_counts',
] as const

export function openWebhooksJournal(state: SandboxState, appId: string): WebhooksJournal {
  const next = (what: string): number => {
    const count = Number(state.get(COUNTS, what) ?? 0) + 1
    state.put(COUNTS, what, count)
    return count
  }
  let known: readonly JournalSubscription[] | null = null
  const subscriptions = (): readonly JournalSubscription[] =>
    (known ??= [...state.entries(SUBSCRIPTIONS)].map(([, value]) => subscription.parse(value)))
  const save = (id: number, value: JournalSubscription | null): void => {
    state.put(SUBSCRIPTIONS, String(id), value)
    known = null
  }

  let waiting: { key: string; event: JournalEvent }[] = [...state.entries(WAITING)]
    .map(([key, event]) => ({ key, event: event as JournalEvent }))
    .toSorted((a, b) => Number(a.key) - Number(b.key))

  let all: JournalEntry[] = [...state.entries(ENTRIES)]
    .map(([, value]) => entry.parse(value))
    .toSorted((a, b) => a.order - b.order)

  function publish(): void {
    if (waiting.length === 0) return
    const order = next('entry')
    const offset = uuidOf(`${state.portal} journal ${order}`)
    const events = waiting.map(({ event }) => event)
    const publishedAt = Date.parse(events.at(-1)?.occurredAt ?? '')
    const made = { offset, order, publishedAt, events }
    all.push(made)
    state.put(ENTRIES, offset, made)
    for (const { key } of waiting) state.put(WAITING, key, null)
    waiting = []
  }

  function add(event: JournalEvent): void {
    const last = waiting.at(-1)
    if (last !== undefined && isSameUpdate(last.event, event)) {
      const propertyChanges = {
        ...(last.event['propertyChanges'] as object),
        ...(event['propertyChanges'] as object),
      }
      last.event = { ...last.event, propertyChanges }
      state.put(WAITING, last.key, last.event)
      return
    }
    const first = waiting.at(0)?.event.occurredAt
    const isLate = first !== undefined && Date.parse(event.occurredAt) - Date.parse(first) > GATHERED_MS
    if (waiting.length >= MOST || isLate) publish()
    const key = String(next('event'))
    waiting.push({ key, event })
    state.put(WAITING, key, event)
  }

  state.onChange((change) => {
    for (const one of subscriptions()) {
      const event = eventOf(state.portal, one, change)
      if (event !== null) add(event)
    }
  })

  return {
    subscriptions,
    upsert(given) {
      const same = subscriptions().find((one) => placeOf(one) === placeOf(given))
      const now = state.now().toISOString()
      const made = {
        ...given,
        id: same?.id ?? 60_000_000 + next('subscription'),
        createdAt: same?.createdAt ?? now,
        updatedAt: now,
      }
      save(made.id, made)
      return made
    },
    remove(id) {
      if (!subscriptions().some((one) => one.id === id)) return false
      save(id, null)
      return true
    },
    removeOf(portal) {
      for (const { id, portalId } of subscriptions()) if (portalId === portal) save(id, null)
    },
    lifecycle(action) {
      const found = subscriptions().find(
        (one) => one.subscriptionType === 'APP_LIFECYCLE_EVENT' && one.actions.includes(action),
      )
      if (found === undefined) return
      add({
        type: 'app_lifecycle_event',
        portalId: Number(state.portal),
        occurredAt: state.now().toISOString(),
        action,
        eventTypeId: found.objectTypeId,
        properties: { hs_app_id: appId, hs_app_install_level: 'PORTAL' },
      })
    },
    entries() {
      publish()
      const gone = state.now().getTime() - KEPT_MS
      const expired = all.filter(({ publishedAt }) => publishedAt < gone)
      for (const { offset } of expired) state.put(ENTRIES, offset, null)
      if (expired.length > 0) all = all.filter(({ publishedAt }) => publishedAt >= gone)
      return all
    },
  }
}

const placeOf = (one: Pick<JournalSubscription, 'subscriptionType' | 'portalId' | 'objectTypeId'>): string =>
  [one.subscriptionType, one.portalId, one.objectTypeId].join()

/** All that one write changed is one event. */
function isSameUpdate(before: JournalEvent, event: JournalEvent): boolean {
  const same = (name: string): boolean => before[name] === event[name]
  return (
    event.action === 'UPDATE' &&
    ['UPDATE', 'CREATE'].includes(before.action) &&
    ['objectTypeId', 'objectId', 'occurredAt', 'portalId'].every(same)
  )
}

const OF_OBJECTS: Readonly<Partial<Record<SandboxChange['kind'], Action>>> = {
  created: 'CREATE',
  property: 'UPDATE',
  archived: 'DELETE',
  erased: 'DELETE',
  restored: 'RESTORE',
  merged: 'MERGE',
}

/** Null: the subscription is not about it. */
function eventOf(portal: string, one: JournalSubscription, change: SandboxChange): JournalEvent | null {
  if (objectType(one.objectTypeId) !== change.type || one.portalId !== Number(portal)) return null
  if ((one.objectIds ?? []).length > 0 && one.objectIds?.includes(Number(change.id)) !== true) return null
  const of = { portalId: Number(portal), occurredAt: change.at.toISOString() }
  const object = { ...of, objectTypeId: one.objectTypeId, objectId: Number(change.id) }
  if (one.subscriptionType === 'GDPR_PRIVACY_DELETION')
    return change.kind === 'erased'
      ? { type: 'gdpr_privacy_deletion', ...object, action: 'GDPR_DELETE' }
      : null
  if (one.subscriptionType === 'ASSOCIATION') {
    if (change.kind !== 'association') return null
    const action = change.removed ? 'ASSOCIATION_REMOVED' : 'ASSOCIATION_ADDED'
    const to = OBJECT_TYPES[change.toType].typeId
    if (!one.actions.includes(action) || one.associatedObjectTypeIds?.includes(to) !== true) return null
    return {
      type: 'association',
      ...of,
      action,
      fromObjectTypeId: one.objectTypeId,
      fromObjectId: Number(change.id),
      toObjectTypeId: to,
      toObjectId: Number(change.toId),
      associationTypeId: change.typeId,
      associationCategory: 'HUBSPOT_DEFINED',
      isPrimary: change.typeId === primaryTypeId(change.type, change.toType),
    }
  }
  if (one.subscriptionType !== 'OBJECT') return null
  const action = OF_OBJECTS[change.kind]
  if (action === undefined || !one.actions.includes(action)) return null
  if (change.kind === 'property' && one.properties?.includes(change.property) !== true) return null
  return {
    type: 'object',
    ...object,
    action,
    propertyChanges: change.kind === 'property' ? { [change.property]: change.value } : {},
    ...(change.kind === 'merged' && {
      mergedObjectIds: [...change.merged, change.primary].filter((id) => id !== change.id).map(Number),
    }),
  }
}

export function uuidOf(text: string): string {
  const hex = createHash('sha256').update(text).digest('hex')
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`
}
