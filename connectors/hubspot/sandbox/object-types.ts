/**
 * The kinds of objects of a portal: their names in paths, their type ids, and the ids of HubSpot's own associations
 * between them.
 *
 * @see https://developers.hubspot.com/docs/guides/api/crm/understanding-the-crm
 */

interface ObjectType {
  readonly singular: string
  readonly typeId: string
  /** Part of the names of its scopes: `crm.objects.<scope>.read`. Activities go with contacts. */
  readonly scope: string
  /** Returned where a request names no properties. */
  readonly shown: readonly string[]
}

/** Objects that people write to and about: HubSpot asks for the scopes of contacts (its OpenAPI file of tasks). */
const activity = (singular: string, typeId: string, shown: readonly string[] = []): ObjectType => ({
  singular,
  typeId,
  scope: 'contacts',
  shown,
})

export const OBJECT_TYPES: Readonly<Record<string, ObjectType>> = {
  contacts: {
    singular: 'contact',
    typeId: '0-1',
    scope: 'contacts',
    shown: ['email', 'firstname', 'lastname'],
  },
  companies: { singular: 'company', typeId: '0-2', scope: 'companies', shown: ['domain', 'name'] },
  deals: {
    singular: 'deal',
    typeId: '0-3',
    scope: 'deals',
    shown: ['amount', 'closedate', 'dealname', 'dealstage', 'pipeline'],
  },
  tickets: { singular: 'ticket', typeId: '0-5', scope: 'tickets', shown: ['content', 'subject'] },
  tasks: activity('task', '0-27'),
  emails: activity('email', '0-49'),
  calls: activity('call', '0-48'),
  notes: activity('note', '0-46'),
  meetings: activity('meeting', '0-47'),
  communications: activity('communication', '0-18'),
}

const byName = new Map<string, string>()
for (const [plural, { singular, typeId }] of Object.entries(OBJECT_TYPES)) {
  for (const name of [plural, singular, typeId]) byName.set(name, plural)
}

/** `companies` for any of `company`, `COMPANIES`, `0-2`; null where the portal has no such object. */
export const objectType = (name: string): string | null => byName.get(name.toLowerCase()) ?? null

/** The property that says when a record changed: contacts are older than the naming rule. */
export const modifiedProperty = (type: string): string =>
  type === 'contacts' ? 'lastmodifieddate' : 'hs_lastmodifieddate'

export const createdProperty = (type: string): string =>
  type === 'contacts' || type === 'companies' || type === 'deals' || type === 'tickets'
    ? 'createdate'
    : 'hs_createdate'

/**
 * HubSpot's unlabelled association between two objects, which `associate/default` makes.
 *
 * @see https://developers.hubspot.com/docs/guides/api/crm/associations/associations-v4#association-type-id-values
 */
const DEFAULT_TYPE_IDS: Readonly<Record<string, number>> = {
  'contacts>companies': 279,
  'companies>contacts': 280,
  'deals>contacts': 3,
  'contacts>deals': 4,
  'deals>companies': 341,
  'companies>deals': 342,
  'contacts>contacts': 449,
  'companies>companies': 450,
  'deals>deals': 451,
  'contacts>tickets': 15,
  'tickets>contacts': 16,
  'tickets>companies': 339,
  'companies>tickets': 340,
  'tickets>deals': 28,
  'deals>tickets': 27,
  'contacts>tasks': 203,
  'tasks>contacts': 204,
  'companies>tasks': 191,
  'tasks>companies': 192,
  'deals>tasks': 215,
  'tasks>deals': 216,
  'contacts>emails': 197,
  'emails>contacts': 198,
  'companies>emails': 185,
  'emails>companies': 186,
  'deals>emails': 209,
  'emails>deals': 210,
  'contacts>calls': 193,
  'calls>contacts': 194,
  'companies>calls': 181,
  'calls>companies': 182,
  'contacts>notes': 201,
  'notes>contacts': 202,
  'companies>notes': 189,
  'notes>companies': 190,
  'contacts>meetings': 199,
  'meetings>contacts': 200,
  'companies>meetings': 187,
  'meetings>companies': 188,
  'contacts>communications': 82,
  'communications>contacts': 81,
  'companies>communications': 88,
  'communications>companies': 87,
}

/** The labelled one that a first association between these gets as well. */
const PRIMARY_TYPE_IDS: Readonly<Record<string, number>> = {
  'contacts>companies': 1,
  'companies>contacts': 2,
  'deals>companies': 5,
  'companies>deals': 6,
  'tickets>companies': 26,
  'companies>tickets': 25,
}

export const defaultTypeId = (from: string, to: string): number | null =>
  DEFAULT_TYPE_IDS[`${from}>${to}`] ?? null

export const primaryTypeId = (from: string, to: string): number | null =>
  PRIMARY_TYPE_IDS[`${from}>${to}`] ?? null

/** The same association seen from the other end; null where the portal knows none. */
export function inverseTypeId(from: string, to: string, typeId: number): number | null {
  if (defaultTypeId(from, to) === typeId) return defaultTypeId(to, from)
  if (primaryTypeId(from, to) === typeId) return primaryTypeId(to, from)
  // Parent and child companies.
  if (from === 'companies' && to === 'companies') return typeId === 13 ? 14 : typeId === 14 ? 13 : null
  return null
}

/** The label of one of HubSpot's own association types; null for those without. */
export function labelOf(from: string, to: string, typeId: number): string | null {
  if (primaryTypeId(from, to) === typeId) return 'Primary'
  if (from === 'companies' && to === 'companies') {
    return typeId === 13 ? 'Child Company' : typeId === 14 ? 'Parent Company' : null
  }
  return null
}
