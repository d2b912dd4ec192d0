/** Which of our properties a portal has, and what is wrong with those that cannot be written. Only reads. */
import { z } from 'zod'
import type { HubSpotClient } from './client.ts'
import { GROUP, propertiesOf, type OurObject, type OurProperty } from './fields.ts'
import { API_VERSION } from './version.ts'

/** A property as the portal has it, as far as writing is concerned. */
export const definitionSchema = z.object({
  name: z.string(),
  label: z.string().catch(''),
  description: z.string().catch(''),
  groupName: z.string().catch(''),
  type: z.string(),
  fieldType: z.string().catch(''),
  // Sent back whole when one is added: one that is lost here would be gone there.
  options: z
    .array(z.looseObject({ value: z.coerce.string(), label: z.string().catch('') }))
    .nullish()
    .transform((all) => all ?? []),
  hasUniqueValue: z.boolean().catch(false),
  calculated: z.boolean().catch(false),
  externalOptions: z.boolean().catch(false),
  hubspotDefined: z.boolean().catch(false),
  modificationMetadata: z
    .object({ readOnlyValue: z.boolean().catch(false), readOnlyOptions: z.boolean().catch(false) })
    .nullish()
    .catch(null)
    .transform((said) => said ?? { readOnlyValue: false, readOnlyOptions: false }),
})
export type Definition = z.infer<typeof definitionSchema>

const definitionsSchema = z.object({ results: z.array(definitionSchema) })

/** What of ours stands on an object. */
export interface Standing {
  /** Properties that can be written, by name, as the portal has them. */
  readonly usable: ReadonlyMap<string, Definition>
  /** By name: why a property cannot be written, and what to do. */
  readonly problems: ReadonlyMap<string, string>
  /** Those that are not there at all. */
  readonly missing: readonly OurProperty[]
}

/** @param archived those in the recycling bin instead */
export async function readDefinitions(
  client: HubSpotClient,
  object: string,
  { archived = false }: { archived?: boolean } = {},
): Promise<readonly Definition[]> {
  const { body } = await client.call({
    method: 'GET',
    path: `/crm/properties/${API_VERSION}/${object}`,
    query: { archived },
    schema: definitionsSchema,
  })
  return body.results
}

/**
 * @example
 * standingOf('companies', await readDefinitions(client, 'companies')).missing.map(({ name }) => name)
 */
export function standingOf(object: OurObject, definitions: readonly Definition[]): Standing {
  const byName = new Map(definitions.map((one) => [one.name, one]))
  const usable = new Map<string, Definition>()
  const problems = new Map<string, string>()
  const missing: OurProperty[] = []
  for (const wanted of propertiesOf(object)) {
    const found = byName.get(wanted.name)
    if (found === undefined) {
      missing.push(wanted)
      continue
    }
    const problem = problemWith(object, wanted, found)
    if (problem === null) usable.set(wanted.name, found)
    else problems.set(wanted.name, problem)
  }
  return { usable, problems, missing }
}

/** "Churn risk (%)" (holdfast_risk_percent of companies) */
export function nameOf(object: string, { label, name }: { label: string; name: string }): string {
  return `"${label}" (${name} of ${object})`
}

function problemWith(object: OurObject, wanted: OurProperty, found: Definition): string | null {
  const what = `The property ${nameOf(object, { label: found.label, name: wanted.name })}`
  const mend = `Nothing is written into it. Free the name in HubSpot (Settings > Properties: archive it, then delete it for good under "Archived properties") and set Holdfast up again.`
  if (found.type !== wanted.type)
    return `${what} holds ${KINDS[found.type] ?? found.type}, where Holdfast writes ${KINDS[wanted.type]}. ${mend}`
  if (!isLikeOurs(wanted, found)) return `${what} was made by somebody else. ${mend}`
  if (found.calculated || found.externalOptions || found.modificationMetadata.readOnlyValue)
    return `${what} is worked out by HubSpot and cannot be written. ${mend}`
  // "Once set, this can't be changed" (description of hasUniqueValue in the OpenAPI file of properties).
  if (wanted.hasUniqueValue && !found.hasUniqueValue)
    return `${what} does not insist on unique values, without which an action could be made twice. ${mend}`
  return null
}

/** Labels, help texts and groups can be changed by an admin, all three at once hardly. */
function isLikeOurs(wanted: OurProperty, found: Definition): boolean {
  return (
    found.groupName === GROUP.name || found.label === wanted.label || /\bHoldfast\b/.test(found.description)
  )
}

const KINDS: Readonly<Record<string, string>> = {
  string: 'text',
  number: 'a number',
  date: 'a date',
  datetime: 'a time',
  enumeration: 'a choice',
  bool: 'yes or no',
  phone_number: 'a phone number',
}
