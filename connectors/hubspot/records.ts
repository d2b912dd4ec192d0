/** Records of the portal as customers: named, with typed properties, their responsible and their top parent. */
import { HoldfastError } from '../../src/contracts/errors.ts'
import type { CustomerRecord, PastValue, PropertyValue, Reading } from '../connector.ts'
import type { HubSpotConfig } from './config.ts'
import { isOurs } from './fields.ts'
import type { Objects, RawRecord, Wanted } from './objects.ts'
import type { Owners } from './owners.ts'
import { openParents } from '../parents.ts'
import type { Property } from './properties.ts'
import { readValue } from './values.ts'

export type CustomerObject = HubSpotConfig['object']

/** What the records themselves are asked for, beside what is mapped. */
const OWN: Readonly<Record<CustomerObject, readonly string[]>> = {
  companies: ['name', 'domain', 'hs_parent_company_id'],
  contacts: ['firstname', 'lastname', 'email', 'associatedcompanyid'],
}

export interface RecordReader {
  /** What has to be asked for, so that {@link RecordReader.customers} can be made of it. */
  readonly wanted: Wanted
  customers(records: readonly RawRecord[]): Promise<readonly CustomerRecord[]>
}

export interface RecordReaderOptions {
  readonly config: HubSpotConfig
  readonly objects: Objects
  readonly owners: Owners
  /** Of the object that the connection is about. */
  readonly properties: ReadonlyMap<string, Property>
  readonly reading: Reading
  /** Further properties that the caller wants with the records, such as addresses. */
  readonly also?: readonly string[]
  /** Asked when HubSpot passes over properties that were asked for; throws when they are gone. */
  readonly recheck: () => Promise<void>
}

/**
 * @param options.reading properties null: all that {@link describable} lets through
 * @example
 * const reader = openRecordReader({ config, objects, owners, properties, reading })
 * await reader.customers((await objects.list('companies', reader.wanted)).records)
 */
export function openRecordReader(options: RecordReaderOptions): RecordReader {
  const { config, objects, owners, properties, reading, also = [], recheck } = options
  const { object, responsible, fallbackOwner } = config
  const shown = (reading.properties ?? describable(properties)).filter((name) => !isOurs(name))
  const history = reading.history.filter((name) => !isOurs(name))
  const types = shown.map((name) => [name, properties.get(name)?.type ?? 'string'] as const)
  const parents = openParents(async (ids) =>
    (await objects.batch(object, ids, { properties: ['hs_parent_company_id'] })).map(
      (raw) => [raw.id, idOrNull(raw.properties['hs_parent_company_id'])] as const,
    ),
  )

  let rechecked = false

  /**
   * HubSpot tells an empty property as null, and passes over one that it does not know: one that went since the
   * definitions were read would look like a blank.
   */
  async function refusePassedOver(records: readonly RawRecord[]): Promise<void> {
    if (rechecked || records.length === 0) return
    if (shown.every((name) => records.some(({ properties: said }) => Object.hasOwn(said, name)))) return
    rechecked = true
    await recheck()
  }

  async function tops(records: readonly RawRecord[]): Promise<(id: string, raw: RawRecord) => string | null> {
    if (object === 'contacts') return (_, raw) => idOrNull(raw.properties['associatedcompanyid'])
    parents.note(records.map((raw) => [raw.id, idOrNull(raw.properties['hs_parent_company_id'])] as const))
    const found = await parents.tops(records.map(({ id }) => id))
    return (id) => found.get(id) ?? null
  }

  return {
    wanted: {
      properties: [...new Set([...shown, ...OWN[object], ...MERGED_INTO, responsible, ...also])],
      history,
    },
    async customers(records) {
      await refusePassedOver(records)
      const topOf = await tops(records)
      return Promise.all(
        records.map(async (raw): Promise<CustomerRecord> => {
          const merged = mergedInto(raw)
          return {
            object,
            id: raw.id,
            name: nameOf(object, raw.properties),
            properties: Object.fromEntries(
              types.map(([name, type]) => [name, readValue(type, raw.properties[name])]),
            ),
            topParentId: topOf(raw.id, raw),
            responsible: await owners.responsible(raw.properties[responsible] || null, fallbackOwner),
            agreements: null,
            updatedAt: raw.updatedAt,
            ...(merged.length > 0 && { merged }),
            ...(raw.propertiesWithHistory && { history: pastOf(raw, history, properties) }),
          }
        }),
      )
    },
  }
}

/**
 * Names of the properties that a description shows. Left out: hidden ones, and those in which HubSpot notes that a
 * record was written to, which would make each write of ours look like a change.
 */
export function describable(properties: ReadonlyMap<string, Property>): readonly string[] {
  return [...properties.values()]
    .filter(({ name, hidden }) => !hidden && !BOOKKEEPING.has(name))
    .map(({ name }) => name)
}

const BOOKKEEPING: ReadonlySet<string> = new Set([
  'hs_lastmodifieddate',
  'lastmodifieddate',
  'hs_updated_by_user_id',
  'hs_merged_object_ids',
  'hs_calculated_merged_vids',
])

/**
 * A property that is mapped and gone would make its feature missing for everyone, and blank what is stored.
 *
 * @throws HoldfastError `column_missing` naming it
 */
export async function refuseMissing(
  object: string,
  { properties, history }: Reading,
  known: ReadonlyMap<string, Property>,
  archived: () => Promise<ReadonlySet<string>>,
): Promise<void> {
  const asked = new Set([...(properties ?? []), ...history])
  const gone = [...asked].filter((name) => !isOurs(name) && !known.has(name))
  if (gone.length === 0) return
  const [name] = gone
  const others = gone.length === 1 ? '' : ` (and ${gone.length - 1} more: ${gone.slice(1, 6).join(', ')})`
  const what = (await archived()).has(name)
    ? 'was archived in HubSpot. Restore it there (Settings > Properties > Archived)'
    : 'is not in HubSpot any more, or is marked as sensitive and not allowed. Restore or allow it'
  throw new HoldfastError(
    'column_missing',
    `The property "${name}" of ${object}${others}, which the mapping reads, ${what}, or map another one. Nothing was changed for the customers.`,
    { retryable: true },
  )
}

/** People give companies no name and contacts no name either: then what tells them apart. */
function nameOf(object: CustomerObject, properties: RawRecord['properties']): string | null {
  if (object === 'companies') return properties['name'] || properties['domain'] || null
  const name = [properties['firstname'], properties['lastname']].filter((part) => part).join(' ')
  return name || properties['email'] || null
}

/** Where a record says what was merged into it; the second is that of contacts of old: "vid:time;vid:time". */
export const MERGED_INTO: readonly string[] = ['hs_merged_object_ids', 'hs_calculated_merged_vids']

/** Ids of the records that were merged into this one, its own left out. */
export function mergedInto({ id, properties }: Pick<RawRecord, 'id' | 'properties'>): readonly string[] {
  const texts = MERGED_INTO.map((name) => properties[name])
  const ids = texts.flatMap((text) => (text ?? '').split(/[;,\s]+/)).map((part) => part.split(':')[0])
  return [...new Set(ids)].filter((one) => /^\d+$/.test(one) && one !== id)
}

function pastOf(
  { propertiesWithHistory }: RawRecord,
  names: readonly string[],
  properties: ReadonlyMap<string, Property>,
): readonly PastValue[] {
  return names.flatMap((property) => {
    const type = properties.get(property)?.type ?? 'string'
    const versions = (propertiesWithHistory?.[property] ?? [])
      // HubSpot tells the newest first; of equal times the one that it tells first is the newer.
      .toReversed()
      .sort((a, b) => a.timestamp.getTime() - b.timestamp.getTime())
      .map(({ value, timestamp }) => ({ property, value: readValue(type, value), from: timestamp }))
    return versions.filter(({ value }, i) => value !== (i === 0 ? null : versions[i - 1].value))
  })
}

const idOrNull = (text: PropertyValue | undefined): string | null =>
  typeof text === 'string' && /^\d+$/.test(text) ? text : null
