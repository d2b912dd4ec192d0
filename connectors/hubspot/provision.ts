/**
 * Our group and properties in a portal: read first, then only what is missing is made, in one batch. What is not ours
 * is never changed; whatever is in the way becomes a sentence that says what to do.
 */
import { z } from 'zod'
import { HoldfastError } from '../../src/contracts/errors.ts'
import type { ProvisionReport } from '../connector.ts'
import { choiceOf } from '../risk-values.ts'
import type { HubSpotClient } from './client.ts'
import { failureOf, hubSpotError } from './errors.ts'
import { GROUP, propertiesOf, type OurObject, type OurProperty } from './fields.ts'
import {
  definitionSchema,
  nameOf,
  readDefinitions,
  standingOf,
  type Definition,
  type Standing,
} from './standing.ts'
import { API_VERSION } from './version.ts'

/** What stands after provisioning, and what was done for it. */
export interface Provisioned {
  readonly standing: Standing
  /** `companies.holdfast_risk_percent` */
  readonly created: readonly string[]
  readonly changed: readonly string[]
}

/**
 * Everything that writing to a connection's object needs: on the object itself, on tasks and on e-mails. The second
 * time it costs three calls and changes nothing. What texts need is made with the first one that is logged: few portals
 * ever have one.
 *
 * @throws HoldfastError when HubSpot cannot be asked; what an admin can mend, such as a missing scope, are problems
 * @example
 * await provision(client, 'companies') // { created: ['companies.holdfast_risk_percent', …], changed: [], problems: [] }
 */
export async function provision(
  client: HubSpotClient,
  object: 'companies' | 'contacts',
): Promise<ProvisionReport> {
  const done: Provisioned[] = []
  for (const one of [object, 'tasks', 'emails'] as const) done.push(await provisionObject(client, one))
  return {
    created: done.flatMap(({ created }) => created),
    changed: done.flatMap(({ changed }) => changed),
    problems: [...new Set(done.flatMap(({ standing }) => [...standing.problems.values()]))],
  }
}

/** {@link provision} for one object. */
export async function provisionObject(client: HubSpotClient, object: OurObject): Promise<Provisioned> {
  let before: Standing
  try {
    before = standingOf(object, await readDefinitions(client, object))
  } catch (error) {
    const wanted = propertiesOf(object)
    const problem = refusedWholly(error, object)
    const problems = new Map(wanted.map(({ name }) => [name, problem]))
    return { standing: { usable: new Map(), problems, missing: wanted }, created: [], changed: [] }
  }
  const usable = new Map(before.usable)
  const problems = new Map(before.problems)
  const changed: string[] = []
  for (const wanted of propertiesOf(object)) {
    const found = usable.get(wanted.name)
    if (found === undefined) continue
    const offered = await offer(
      client,
      object,
      found,
      wanted.options.map(({ value }) => value),
    )
    if (offered === found) continue
    if (typeof offered === 'string') problems.set(wanted.name, offered)
    else {
      usable.set(wanted.name, offered)
      changed.push(`${object}.${wanted.name}`)
    }
  }
  const made = before.missing.length === 0 ? NONE : await make(client, object, before.missing)
  for (const one of made.created) usable.set(one.name, one)
  for (const [name, problem] of made.problems) problems.set(name, problem)
  const missing = before.missing.filter(({ name }) => !usable.has(name))
  return {
    standing: { usable, problems, missing },
    created: made.created.map(({ name }) => `${object}.${name}`),
    changed,
  }
}

/**
 * Adds the values that a list of values lacks; those that are there stay as they are, the customer's too.
 *
 * @returns the property as it is now; a sentence when they could not be added
 */
export async function offer(
  client: HubSpotClient,
  object: OurObject,
  found: Definition,
  values: readonly string[],
): Promise<Definition | string> {
  if (found.type !== 'enumeration') return found
  const known = new Set(found.options.map(({ value }) => value))
  const lacking = [...new Set(values)].filter((value) => !known.has(value))
  if (lacking.length === 0) return found
  const labels = new Map(
    propertiesOf(object)
      .find(({ name }) => name === found.name)
      ?.options.map(({ value, label }) => [value, label]),
  )
  const added = lacking.map((value, at) => ({
    value,
    label: labels.get(value) ?? choiceOf(value).label,
    displayOrder: found.options.length + at,
    hidden: false,
  }))
  const problem = `The property ${nameOf(object, found)} has no choice ${lacking.map((value) => `"${value}"`).join(', ')}, and HubSpot does not let Holdfast add one`
  const mend = 'Add it in HubSpot (Settings > Properties), with this as its internal value.'
  if (found.modificationMetadata.readOnlyOptions) return `${problem}: its choices are locked. ${mend}`
  try {
    // The list is replaced whole: what is left out would be gone.
    const { body } = await client.call({
      method: 'PATCH',
      path: `/crm/properties/${API_VERSION}/${object}/${found.name}`,
      body: { options: [...found.options, ...added] },
      schema: definitionSchema,
      repeatable: true,
    })
    return body
  } catch (error) {
    const failure = failureOf(error)
    if (failure === null || failure.status >= 429) throw error
    return `${problem}: ${sentence(failure.message)} ${mend}`
  }
}

interface Made {
  readonly created: readonly Definition[]
  readonly problems: ReadonlyMap<string, string>
}

const NONE: Made = { created: [], problems: new Map() }

async function make(
  client: HubSpotClient,
  object: OurObject,
  missing: readonly OurProperty[],
): Promise<Made> {
  const problems = new Map<string, string>()
  const created: Definition[] = []
  try {
    // What HubSpot does when one of an archived property's name is made is documented nowhere; it has been seen to
    // bring the old one back, of whatever type it was. That an admin archived it was on purpose, and is left so.
    const archived = new Set(
      (await readDefinitions(client, object, { archived: true })).map(({ name }) => name),
    )
    for (const one of missing)
      if (archived.has(one.name)) problems.set(one.name, archivedProblem(object, one))
    const free = missing.filter(({ name }) => !archived.has(name))
    if (free.length === 0) return { created, problems }
    await makeGroup(client, object)
    await makeSome(free)
  } catch (error) {
    const problem = refusedWholly(error, object)
    for (const { name } of missing)
      if (!problems.has(name) && !created.some((one) => one.name === name)) problems.set(name, problem)
  }
  return { created, problems }

  /** The most important ones first, so that a portal that is nearly full shows those. */
  async function makeSome(some: readonly OurProperty[]): Promise<void> {
    if ([...problems.values()].includes(fullProblem(object))) {
      for (const { name } of some) problems.set(name, fullProblem(object))
      return
    }
    try {
      const { body } = await client.call({
        method: 'POST',
        path: `/crm/properties/${API_VERSION}/${object}/batch/create`,
        body: { inputs: some.map((one) => createInput(one, propertiesOf(object).indexOf(one))) },
        schema: madeSchema,
      })
      created.push(...body.results)
      const left = some.filter(({ name }) => !body.results.some((one) => one.name === name))
      for (const one of left) {
        const why =
          body.errors.find((error) => JSON.stringify([error.message, error.context]).includes(one.name)) ??
          body.errors[0]
        problems.set(one.name, refusedProblem(object, one, why ?? { message: '', subCategory: '' }))
      }
    } catch (error) {
      const failure = failureOf(error)
      if (failure === null || ![400, 409].includes(failure.status)) throw error
      if (some.length === 1) {
        problems.set(some[0].name, refusedProblem(object, some[0], failure))
        return
      }
      const middle = some.length >> 1
      await makeSome(some.slice(0, middle))
      await makeSome(some.slice(middle))
    }
  }
}

const madeSchema = z.object({
  results: z.array(definitionSchema).catch([]),
  errors: z.array(hubSpotError).catch([]),
})

const groupsSchema = z.object({ results: z.array(z.object({ name: z.string() })) })

async function makeGroup(client: HubSpotClient, object: OurObject): Promise<void> {
  const path = `/crm/properties/${API_VERSION}/${object}/groups`
  const { body } = await client.call({ method: 'GET', path, schema: groupsSchema })
  if (body.results.some(({ name }) => name === GROUP.name)) return
  try {
    await client.call({
      method: 'POST',
      path,
      body: { ...GROUP, displayOrder: -1 },
      schema: z.unknown(),
    })
  } catch (error) {
    // Another process was faster.
    if (failureOf(error)?.status !== 409) throw error
  }
}

function createInput(wanted: OurProperty, displayOrder: number): Record<string, unknown> {
  const { name, label, description, type, fieldType, hasUniqueValue, hidden, options } = wanted
  return {
    name,
    label,
    description,
    type,
    fieldType,
    groupName: GROUP.name,
    hasUniqueValue,
    hidden,
    formField: false,
    displayOrder,
    options: options.map((one, order) => ({ ...one, displayOrder: order, hidden: false })),
  }
}

/**
 * @returns the sentence for all of an object's properties
 * @throws what no admin can mend
 */
function refusedWholly(error: unknown, object: OurObject): string {
  const failure = failureOf(error)
  if (!(error instanceof HoldfastError) || error.retryable || error.code === 'connector_reconnect')
    throw error
  if (failure === null) throw error
  if (failure.status === 403)
    return `Holdfast's properties cannot be made on ${object}: the app in HubSpot lacks the scope ${SCHEMA_SCOPES[object]}. Add it to the app, let an admin of the HubSpot account approve it, and set Holdfast up again.`
  return `Holdfast's properties cannot be made on ${object}: ${sentence(failure.message)}`
}

/** Scopes by which properties are made; those of tasks, e-mails and texts go with contacts. */
export const SCHEMA_SCOPES: Readonly<Record<OurObject, string>> = {
  companies: 'crm.schemas.companies.write',
  contacts: 'crm.schemas.contacts.write',
  tasks: 'crm.schemas.contacts.write',
  emails: 'crm.schemas.contacts.write',
  communications: 'crm.schemas.contacts.write',
}

function archivedProblem(object: OurObject, wanted: OurProperty): string {
  return `The property ${nameOf(object, wanted)} is archived in HubSpot, so nothing is written into it. Restore it (Settings > Properties > Archived properties), or delete it there for good and set Holdfast up again.`
}

function fullProblem(object: OurObject): string {
  return `The HubSpot account has no room for more properties on ${object}, so Holdfast could not make all of its own. Delete some that nobody uses (Settings > Properties) and set Holdfast up again.`
}

function refusedProblem(
  object: OurObject,
  wanted: OurProperty,
  { message, subCategory }: { message: string; subCategory: string },
): string {
  if (/limit|maximum|too many/i.test(`${subCategory} ${message}`)) return fullProblem(object)
  const what = nameOf(object, wanted)
  if (/EXISTS|already exists/i.test(`${subCategory} ${message}`))
    return `The name of the property ${what} is taken in HubSpot by a property that Holdfast may not see, such as a sensitive one. Free the name and set Holdfast up again.`
  return `HubSpot refused to make the property ${what}: ${sentence(message)}`
}

function sentence(message: string): string {
  const text = message === '' ? 'it did not say why' : message.slice(0, 300)
  return /[.!?…]$/.test(text) ? text : `${text}.`
}
