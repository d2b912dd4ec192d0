/** Which of our fields an org has, which of them our user may write, and what is wrong with the others. Only reads. */
import { z } from 'zod'
import type { CrmMemory } from '../memory.ts'
import type { SalesforceClient } from './client.ts'
import type { SalesforceConfig } from './config.ts'
import { isFailure } from './errors.ts'
import {
  fieldsOf,
  INTERVENTION,
  PERMISSION_SETS,
  type OurObject,
  type PackageField,
  type PackageFieldType,
  type PackageNames,
} from './package.ts'

/** What writing needs to know of an opened connection. */
export interface WritingContext {
  readonly client: SalesforceClient
  readonly config: Pick<SalesforceConfig, 'object' | 'username'>
  /** Of the org, where somebody keeps it for longer than the connector lives. */
  readonly memory: CrmMemory
  readonly ours: PackageNames
}

const definitionSchema = z.object({
  name: z.string(),
  label: z.string().catch(''),
  type: z.string().catch(''),
  length: z.number().catch(0),
  precision: z.number().catch(0),
  scale: z.number().catch(0),
  createable: z.boolean().catch(true),
  updateable: z.boolean().catch(true),
  calculated: z.boolean().nullish().catch(false),
  unique: z.boolean().catch(false),
  externalId: z.boolean().catch(false),
  restrictedPicklist: z.boolean().catch(false),
  picklistValues: z
    .array(z.object({ value: z.coerce.string(), active: z.boolean().catch(true) }))
    .nullish()
    .catch([]),
})
/** A field as describe has it, as far as writing is concerned. */
export type Definition = z.output<typeof definitionSchema>

const describeSchema = z.object({
  createable: z.boolean().catch(true),
  updateable: z.boolean().catch(true),
  fields: z.array(definitionSchema),
})

/** What of ours stands on an object. */
export interface Standing {
  /** Fields of ours that can be written, by their names without namespace. */
  readonly usable: ReadonlyMap<string, Definition>
  /** Why a field of ours cannot be written and what to do, by its name without namespace. */
  readonly problems: ReadonlyMap<string, string>
  /** A field by its name in the org, ours or not; undefined where it is not there or our user may not see it. */
  field(name: string): Definition | undefined
}

/**
 * As of the last five minutes, or as {@link renewStanding} read it since.
 *
 * @throws HoldfastError when Salesforce cannot be asked; an object that is not there, or hidden, is a problem of all
 * @example
 * (await standingOf(context, 'Account')).usable.has('Holdfast_Risk_Percent__c')
 */
export async function standingOf(context: WritingContext, object: OurObject): Promise<Standing> {
  const known = await recalled(context)
  return known.get(object) ?? read(context, known, object)
}

/** Reads it anew: Salesforce says that something is not as we know it. */
export async function renewStanding(context: WritingContext, object: OurObject): Promise<Standing> {
  return read(context, await recalled(context), object)
}

type Known = Map<OurObject, Promise<Standing>>

function recalled({ memory, ours }: WritingContext): Promise<Known> {
  return memory.recall<Known>(`what is ours there, ${ours.namespace ?? ''}`, async () => new Map())
}

function read(context: WritingContext, known: Known, object: OurObject): Promise<Standing> {
  const standing = readStanding(context, object)
  known.set(object, standing)
  standing.catch(() => {
    if (known.get(object) === standing) known.delete(object)
  })
  return standing
}

async function readStanding(context: WritingContext, object: OurObject): Promise<Standing> {
  const { client, ours } = context
  try {
    const { body } = await client.call({
      method: 'GET',
      path: `/sobjects/${ours.of(object)}/describe`,
      schema: describeSchema,
    })
    return judged(context, object, body)
  } catch (error) {
    if (!isFailure(error, 'NOT_FOUND', 'INVALID_TYPE')) throw error
    return judged(context, object, { createable: false, updateable: false, fields: [] })
  }
}

function judged(
  { ours, config }: WritingContext,
  object: OurObject,
  { createable, updateable, fields }: z.output<typeof describeSchema>,
): Standing {
  // Names of Salesforce do not differ by their letters' case.
  const byName = new Map(fields.map((one) => [one.name.toLowerCase(), one]))
  const wanted = fieldsOf(object)
  const usable = new Map<string, Definition>()
  const problems = new Map<string, string>()
  const missing: PackageField[] = []
  const readOnly: PackageField[] = []
  for (const field of wanted) {
    const found = byName.get(ours.of(field.name).toLowerCase())
    if (found === undefined) missing.push(field)
    else {
      const problem = problemWith(object, field, found)
      const isWritable = isRecord(object) ? found.updateable : found.createable
      if (problem !== null) problems.set(field.name, problem)
      else if (isWritable) usable.set(field.name, found)
      else readOnly.push(field)
    }
  }
  const isClosed = fields.length > 0 && !(isRecord(object) ? updateable : createable)
  if (isClosed) {
    for (const { name } of wanted) problems.set(name, closedObject(object, config.username))
    return { usable: new Map(), problems, field: (name) => byName.get(name.toLowerCase()) }
  }
  if (missing.length > 0) {
    const elsewhere = namespaceAmong(object, fields)
    const problem =
      missing.length < wanted.length
        ? someMissing(object, missing, config.username)
        : elsewhere !== undefined && elsewhere !== ours.namespace
          ? otherNamespace(object, elsewhere)
          : allMissing([object], config.username)
    for (const { name } of missing) problems.set(name, problem)
  }
  for (const { name } of readOnly) problems.set(name, notWritable(object, readOnly, config.username))
  return { usable, problems, field: (name) => byName.get(name.toLowerCase()) }
}

/** Records are only ever updated; tasks and interventions are made. */
const isRecord = (object: OurObject): boolean => object === 'Account' || object === 'Contact'

/** The namespace under which our fields stand on an object; null: none, undefined: none of them is there. */
function namespaceAmong(object: OurObject, fields: readonly Definition[]): string | null | undefined {
  const names = new Set(fieldsOf(object).map(({ name }) => name.toLowerCase()))
  for (const { name } of fields) {
    const match = /^(?:(\w{1,15}?)__)?(\w+__c)$/i.exec(name)
    if (match !== null && names.has(match[2].toLowerCase())) return match[1] ?? null
  }
  return undefined
}

/** What describe calls each kind of field; a kind that holds the same is good as well. */
const KINDS: Readonly<Record<PackageFieldType, { readonly types: readonly string[]; readonly is: string }>> =
  {
    Text: { types: ['string', 'textarea'], is: 'text' },
    LongTextArea: { types: ['textarea', 'string'], is: 'text' },
    Number: { types: ['double', 'int', 'currency'], is: 'a number' },
    Percent: { types: ['percent', 'double'], is: 'a percentage' },
    Date: { types: ['date'], is: 'a date' },
    DateTime: { types: ['datetime'], is: 'a time' },
    Picklist: { types: ['picklist', 'string'], is: 'a choice' },
    Lookup: { types: ['reference'], is: 'a lookup' },
  }

function problemWith(object: OurObject, wanted: PackageField, found: Definition): string | null {
  const what = `The field ${nameOf(wanted)} of ${object}`
  const mend = `Nothing is written into it. Delete or rename that field, then install the Holdfast package.`
  const { types, is } = KINDS[wanted.type]
  if (!types.includes(found.type))
    return `${what} is of the type "${found.type}", where Holdfast writes ${is}: somebody else made it. ${mend}`
  if (found.calculated === true) return `${what} is a formula and cannot be written. ${mend}`
  if (wanted.unique && !(found.unique && found.externalId))
    return `${what} is not unique and an external id, without which an action could be made twice. ${mend}`
  return null
}

const nameOf = ({ label, name }: PackageField): string => `"${label}" (${name})`
const listed = (fields: readonly PackageField[]): string => fields.map(nameOf).join(', ')
const things = (object: OurObject): string =>
  object === INTERVENTION.name ? INTERVENTION.plural : `${object}s`

const give = (username: string): string =>
  `assign the permission set "${PERMISSION_SETS.integration.label}" to the user ${username} (Setup > Permission Sets)`

/** Nothing of ours is to be seen on these objects. */
export function allMissing(objects: readonly OurObject[], username: string): string {
  const on = objects.filter((object) => object !== INTERVENTION.name)
  const what = [
    ...(on.length === 0 ? [] : [`every field of Holdfast on ${on.join(' and ')}`]),
    ...(on.length === objects.length ? [] : [`the object ${INTERVENTION.name}`]),
  ].join(', and ')
  const is = on.length === 0 || on.length === objects.length ? 'is' : 'are'
  return `${what.slice(0, 1).toUpperCase()}${what.slice(1)} ${is} missing in Salesforce, or hidden from Holdfast's user. Install the Holdfast package in the org; where it is installed, ${give(username)}. Until then nothing is written there.`
}

function otherNamespace(object: OurObject, namespace: string | null): string {
  return `The fields of Holdfast on ${object} stand there ${namespace === null ? 'without a namespace' : `with the namespace "${namespace}"`}, which is not what the connection says, so nothing is written into them. Connect Salesforce again, so that it is read anew.`
}

function someMissing(object: OurObject, fields: readonly PackageField[], username: string): string {
  return `Fields of Holdfast on ${object} are missing in Salesforce, or hidden from Holdfast's user: ${listed(fields)}. To have them written, ${give(username)}; where that is done, install the current version of the Holdfast package. All others are written.`
}

function notWritable(object: OurObject, fields: readonly PackageField[], username: string): string {
  return `Holdfast's user may see but not edit these fields of ${object}: ${listed(fields)}. To have them written, ${give(username)}. All others are written.`
}

function closedObject(object: OurObject, username: string): string {
  const may = isRecord(object) ? 'edit' : 'make'
  return `Holdfast's user may not ${may} ${things(object)} in Salesforce, so nothing is written there. To have it written, ${give(username)}.`
}
