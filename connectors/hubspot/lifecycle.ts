/** Who could be a customer: how many records the portal has for each value of the properties that say where a record is in its life. */
import { z } from 'zod'
import { HoldfastError } from '../../src/contracts/errors.ts'
import type { StageCounts, ValueCount } from '../value-counts.ts'
import type { HubSpotClient } from './client.ts'
import { API_VERSION } from './version.ts'

export type { StageCounts }

const definition = z.object({
  name: z.string(),
  label: z.string().catch(''),
  type: z.string(),
  options: z.array(z.object({ value: z.coerce.string(), label: z.string().catch('') })).catch([]),
})

const total = z.object({ total: z.coerce.number().int().min(0) })

/** Properties of HubSpot's own that tell customers from others, by object. */
const STAGE_PROPERTIES = { companies: ['lifecyclestage', 'type'], contacts: ['lifecyclestage'] } as const

/** Values of one property that are counted at most: each is a search, of which there are four a second. */
const MOST_VALUES = 20

/**
 * Counted by searching, which lags by moments; one search a value.
 *
 * @param also a further property that an admin names
 * @example
 * await stageCounts(client, 'companies') // [{ property: 'lifecyclestage', values: [{ value: 'customer', records: 812, … }] }]
 */
export async function stageCounts(
  client: HubSpotClient,
  object: 'companies' | 'contacts',
  also: readonly string[] = [],
): Promise<readonly StageCounts[]> {
  const found: StageCounts[] = []
  for (const name of new Set([...STAGE_PROPERTIES[object], ...also])) {
    const property = await definitionOf(client, object, name)
    if (property === null || property.options.length === 0) continue
    const values: ValueCount[] = []
    for (const { value, label } of property.options.slice(0, MOST_VALUES)) {
      const records = await countRecords(client, object, valueIn(name, [value]))
      if (records > 0) values.push({ value, label: label || value, records })
    }
    if (values.length > 0)
      found.push({
        property: name,
        label: property.label || name,
        values: values.toSorted((a, b) => b.records - a.records),
      })
  }
  return found
}

/** One condition of a search, as HubSpot takes it. */
export type SearchFilter =
  | { readonly propertyName: string; readonly operator: 'IN'; readonly values: readonly string[] }
  | { readonly propertyName: string; readonly operator: 'HAS_PROPERTY' }

/** Records of which the property has one of the values. */
export const valueIn = (property: string, values: readonly string[]): SearchFilter => ({
  propertyName: property,
  operator: 'IN',
  values: [...values],
})

/**
 * How many records the portal has, by search.
 *
 * @param where null: all of them
 */
export async function countRecords(
  client: HubSpotClient,
  object: 'companies' | 'contacts',
  where: SearchFilter | null,
): Promise<number> {
  const { body } = await client.call({
    method: 'POST',
    path: `/crm/objects/${API_VERSION}/${object}/search`,
    body: {
      filterGroups: where === null ? [] : [{ filters: [where] }],
      sorts: [],
      properties: [],
      limit: 1,
      after: '0',
    },
    schema: total,
  })
  return body.total
}

async function definitionOf(
  client: HubSpotClient,
  object: string,
  name: string,
): Promise<z.infer<typeof definition> | null> {
  try {
    const { body } = await client.call({
      method: 'GET',
      path: `/crm/properties/${API_VERSION}/${object}/${encodeURIComponent(name)}`,
      schema: definition,
    })
    return body
  } catch (cause) {
    if (cause instanceof HoldfastError && cause.code === 'not_found') return null
    throw cause
  }
}
