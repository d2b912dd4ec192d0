/** Definitions of an object's properties, as the portal has them today. */
import { z } from 'zod'
import type { HubSpotClient } from './client.ts'
import { isOurs } from './fields.ts'
import { valueType, type ValueType } from './values.ts'
import { API_VERSION } from './version.ts'

export interface PropertyOption {
  /** As values have it. */
  readonly value: string
  /** As people see it. */
  readonly label: string
}

export interface Property {
  readonly name: string
  readonly label: string
  readonly type: ValueType
  /** Several options in one value, separated by semicolons. */
  readonly multiple: boolean
  readonly options: readonly PropertyOption[]
  /** Its options are the portal's users. */
  readonly owner: boolean
  readonly hidden: boolean
  readonly sensitive: boolean
}

const definition = z.object({
  name: z.string(),
  label: z.string().catch(''),
  type: z.string(),
  fieldType: z.string().catch(''),
  options: z.array(z.object({ value: z.coerce.string(), label: z.string().catch('') })).catch([]),
  archived: z.boolean().nullish().catch(null),
  hidden: z.boolean().nullish().catch(null),
  referencedObjectType: z.string().nullish().catch(null),
  dataSensitivity: z.string().nullish(),
})
const definitions = z.object({ results: z.array(definition) })

/**
 * Those of one object by name, ours and archived ones left out. Sensitive ones come only when some are allowed: HubSpot
 * lists them apart.
 *
 * @param sensitive names of sensitive properties that an admin allowed; all others are left out
 * @example
 * (await readProperties(client, 'companies', [])).get('lifecyclestage')?.options
 */
export async function readProperties(
  client: HubSpotClient,
  object: string,
  sensitive: readonly string[],
): Promise<ReadonlyMap<string, Property>> {
  const allowed = new Set(sensitive)
  const found = new Map<string, Property>()
  for (const level of ['non_sensitive', 'sensitive', 'highly_sensitive']) {
    if (level !== 'non_sensitive' && sensitive.every((name) => found.has(name))) break
    for (const property of await list(
      client,
      object,
      level === 'non_sensitive' ? {} : { dataSensitivity: level },
    ))
      if (!property.sensitive || allowed.has(property.name)) found.set(property.name, property)
  }
  return found
}

/** Names of the properties of an object that were archived: they can be restored for 90 days. */
export async function archivedProperties(
  client: HubSpotClient,
  object: string,
): Promise<ReadonlySet<string>> {
  return new Set((await list(client, object, { archived: true })).map(({ name }) => name))
}

async function list(
  client: HubSpotClient,
  object: string,
  query: { dataSensitivity?: string; archived?: boolean },
): Promise<readonly Property[]> {
  const { body } = await client.call({
    method: 'GET',
    path: `/crm/properties/${API_VERSION}/${object}`,
    query,
    schema: definitions,
  })
  return body.results
    .filter(({ name, archived }) => !isOurs(name) && (archived === true) === (query.archived === true))
    .map((one) => ({
      name: one.name,
      label: one.label === '' ? one.name : one.label,
      type: valueType(one.type),
      multiple: one.fieldType === 'checkbox',
      options: one.options.map(({ value, label }) => ({ value, label: label === '' ? value : label })),
      owner: one.referencedObjectType === 'OWNER',
      hidden: one.hidden === true,
      sensitive: (one.dataSensitivity ?? 'non_sensitive') !== 'non_sensitive',
    }))
}
