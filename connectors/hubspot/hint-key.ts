/** What webhooks and the journal have in common: how objects are named, and by what a change is known that both tell of. */
import type { ChangeHint } from '../connector.ts'

/** Objects as the paths of the API name them. */
const OBJECTS: Readonly<Record<string, string>> = {
  contact: 'contacts',
  company: 'companies',
  deal: 'deals',
  ticket: 'tickets',
  product: 'products',
  line_item: 'line_items',
  '0-1': 'contacts',
  '0-2': 'companies',
  '0-3': 'deals',
  '0-5': 'tickets',
  '0-7': 'products',
  '0-8': 'line_items',
  '0-27': 'tasks',
  '0-49': 'emails',
}

/** @returns undefined for one that means nothing to us */
export const objectNamed = (type: string | undefined): string | undefined =>
  type !== undefined && Object.hasOwn(OBJECTS, type) ? OBJECTS[type] : undefined

/** Ids of types, for subscriptions. */
export const TYPE_IDS = { contacts: '0-1', companies: '0-2', deals: '0-3' } as const

/**
 * The same for the same change, whichever way it comes and however often. HubSpot's `eventId` is no part of it: it is not
 * unique, and the journal has none. Two changes of one record in one millisecond share a key, and lose nothing by it: a hint
 * comes after both, and has the record read as it then is.
 *
 * @example
 * hintKey({ origin: '62515', kind: 'changed', object: 'companies', id: '7', others: [], at }) // '62515:changed:companies:7::1564113600000'
 */
export const hintKey = ({ origin, kind, object, id, others, at }: Omit<ChangeHint, 'key' | 'own'>): string =>
  [origin, kind, object, id, others.toSorted().join('+'), at.getTime()].join(':')
