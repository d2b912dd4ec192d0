/**
 * What hangs on a record's timeline (tasks, e-mails), made once: upserted by a property of ours that HubSpot keeps
 * unique, then tied to the customer and to the contact. A call that is repeated after a crash makes nothing twice and
 * finishes what was left: search-before-create could not, since the index lags.
 */
import { z } from 'zod'
import { HoldfastError } from '../../src/contracts/errors.ts'
import type { WriteResult } from '../connector.ts'
import { associate, type Pair } from './associate.ts'
import { BATCH, sendBatch, type BatchOutcome, type Refusal } from './batch.ts'
import type { HubSpotClient } from './client.ts'
import { failureOf } from './errors.ts'
import { ACTION_PROPERTY, KEY_PROPERTY } from './fields.ts'
import { failed } from './refusals.ts'
import type { Schema } from './schema.ts'
import { API_VERSION } from './version.ts'

export interface Engagement {
  readonly key: string
  /** Null: it carries none out. */
  readonly action: string | null
  readonly customerId: string
  readonly recipientId: string | null
}

export interface EngagementKind<T> {
  readonly object: 'tasks' | 'emails' | 'communications'
  /** "the task": in messages before "for company 4711". */
  readonly name: string
  /** Without key and action. */
  readonly properties: (one: T) => Readonly<Record<string, string>>
  /** People work on it: one that is there already is not written again. */
  readonly kept: boolean
}

/** @returns a result for each: `id` is its key, `externalId` the engagement in HubSpot */
export async function makeOnce<T extends Engagement>(
  client: HubSpotClient,
  schema: Schema,
  all: readonly T[],
  kind: EngagementKind<T>,
): Promise<readonly WriteResult[]> {
  const things = [...new Map(all.map((one) => [one.key, one])).values()]
  if (things.length === 0) return []
  const standing = await schema.of(kind.object)
  if (!standing.usable.has(KEY_PROPERTY)) {
    const message =
      standing.problems.get(KEY_PROPERTY) ?? `The property "${KEY_PROPERTY}" is missing on ${kind.object}.`
    return things.map(({ key }) => ({
      id: key,
      ok: false,
      code: 'property_missing',
      message,
      retryable: false,
    }))
  }
  const there = kind.kept ? await readByKey(client, kind.object, things) : new Map<string, string>()
  const outcomes = new Map<string, BatchOutcome>(
    [...there].map(([key, id]) => [key, { ok: true, id, updatedAt: null }]),
  )
  const made = await upsert(
    client,
    schema,
    kind,
    things.filter(({ key }) => !there.has(key)),
  )
  for (const [key, outcome] of made) outcomes.set(key, outcome)
  const untied = await tie(client, schema, kind.object, things, outcomes)
  return things.map((one): WriteResult => {
    const named = { id: one.key, what: `${kind.name} for ${NAMES[schema.object]} ${one.customerId}` }
    const outcome = outcomes.get(one.key)
    if (outcome === undefined) return failed(named, NO_OUTCOME)
    if (!outcome.ok) return failed(named, outcome.refusal)
    const refusal = untied.get(one.key)
    if (refusal === undefined) return { id: one.key, ok: true, externalId: outcome.id }
    return failed({ id: one.key, what: `${NAMES[schema.object]} ${one.customerId}` }, refusal)
  })
}

const NAMES = { companies: 'company', contacts: 'contact' } as const

const NO_OUTCOME: Refusal = {
  category: 'NO_ANSWER',
  message: 'HubSpot did not say what became of it. It is tried again.',
  faults: [],
  gone: false,
  retryable: true,
}

const readSchema = z.object({
  results: z
    .array(z.object({ id: z.coerce.string(), properties: z.record(z.string(), z.unknown()) }))
    .catch([]),
})

/**
 * Read by key, which is not a search: there is no index that lags.
 *
 * @returns ids by key
 */
export async function readByKey(
  client: HubSpotClient,
  object: EngagementKind<Engagement>['object'],
  things: readonly Pick<Engagement, 'key'>[],
): Promise<ReadonlyMap<string, string>> {
  const found = new Map<string, string>()
  for (let from = 0; from < things.length; from += BATCH) {
    const keys = things.slice(from, from + BATCH)
    try {
      const { body } = await client.call({
        method: 'POST',
        path: `/crm/objects/${API_VERSION}/${object}/batch/read`,
        body: {
          idProperty: KEY_PROPERTY,
          inputs: keys.map(({ key }) => ({ id: key })),
          properties: [KEY_PROPERTY],
          propertiesWithHistory: [],
        },
        schema: readSchema,
      })
      for (const { id, properties } of body.results) {
        const key = properties[KEY_PROPERTY]
        if (typeof key === 'string') found.set(key, id)
      }
    } catch (error) {
      // None of them is there.
      if (failureOf(error)?.status !== 404) throw error
    }
  }
  return found
}

async function upsert<T extends Engagement>(
  client: HubSpotClient,
  schema: Schema,
  kind: EngagementKind<T>,
  things: readonly T[],
): Promise<ReadonlyMap<string, BatchOutcome>> {
  if (things.length === 0) return new Map()
  const path = `/crm/objects/${API_VERSION}/${kind.object}/batch/upsert`
  const round = async (some: readonly T[], last: boolean): Promise<ReadonlyMap<string, BatchOutcome>> => {
    const { usable } = await schema.of(kind.object)
    const inputs = some.map((one) => ({
      trace: one.key,
      input: {
        id: one.key,
        idProperty: KEY_PROPERTY,
        properties: {
          ...kind.properties(one),
          [KEY_PROPERTY]: one.key,
          ...(one.action !== null && usable.has(ACTION_PROPERTY) ? { [ACTION_PROPERTY]: one.action } : {}),
        },
      },
    }))
    return sendBatch(client, path, inputs, last ? {} : { hold: isAboutOurs })
  }
  const first = await round(things, false)
  const again = things.filter(({ key }) => {
    const outcome = first.get(key)
    return outcome?.ok === false && isAboutOurs(outcome.refusal)
  })
  if (again.length === 0) return first
  await schema.renew(kind.object)
  return new Map([...first, ...(await round(again, true))])
}

/** Our property was deleted meanwhile; HubSpot calls a key that is none a non-unique property. */
function isAboutOurs({ faults, message }: Refusal): boolean {
  return (
    faults.some(
      ({ code, property }) =>
        code === 'PROPERTY_DOESNT_EXIST' && (property === KEY_PROPERTY || property === ACTION_PROPERTY),
    ) || /non-unique .*holdfast_key/.test(message)
  )
}

/** @returns by key why it could not be tied to its customer; a contact that is gone is no reason to fail */
async function tie(
  client: HubSpotClient,
  schema: Schema,
  object: string,
  things: readonly Engagement[],
  outcomes: ReadonlyMap<string, BatchOutcome>,
): Promise<ReadonlyMap<string, Refusal>> {
  const untied = new Map<string, Refusal>()
  const customers = new Map<Pair, string>()
  const contacts: Pair[] = []
  for (const { key, customerId, recipientId } of things) {
    const outcome = outcomes.get(key)
    if (outcome?.ok !== true) continue
    customers.set({ from: outcome.id, to: customerId }, key)
    const isCustomer = schema.object === 'contacts' && recipientId === customerId
    if (recipientId !== null && !isCustomer) contacts.push({ from: outcome.id, to: recipientId })
  }
  try {
    const refused = await associate(client, object, schema.object, [...customers.keys()])
    for (const [pair, refusal] of refused) untied.set(customers.get(pair)!, refusal)
    await associate(client, object, 'contacts', contacts)
  } catch (error) {
    if (!(error instanceof HoldfastError)) throw error
    const { code: category, message, retryable } = error
    const again = retryable || category === 'connector_reconnect'
    const refusal: Refusal = { category, message, faults: [], gone: false, retryable: again }
    for (const key of customers.values()) if (!untied.has(key)) untied.set(key, refusal)
  }
  return untied
}
