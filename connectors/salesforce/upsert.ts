/**
 * What is made in an org once: upserted by a field of ours that is an external id and unique there, so that a call that
 * is repeated after a crash, or runs twice at the same time, makes nothing twice.
 *
 * Custom fields of activities can be both: orgs have text fields on Activity with `externalId` and `unique` set, and
 * upsert() is among the calls that Task supports.
 *
 * @see https://developer.salesforce.com/docs/platform/object-reference/references/standard-objects/object-task.html
 * @see https://developer.salesforce.com/docs/platform/api-rest/guide/resources-composite-sobjects-collections-upsert.html
 */
import { z } from 'zod'
import type { WriteResult } from '../connector.ts'
import { PAUSES, sendRows, type Outcome, type Pauses } from './collections.ts'
import { id18 } from './ids.ts'
import type { INTERVENTION, OurObject } from './package.ts'
import { refused } from './refusals.ts'
import { isFieldMissing, isValueRefused, NO_ANSWER, type Refusal } from './row-errors.ts'
import { oneOf, pieces, select } from './soql.ts'
import { renewStanding, standingOf, type Standing, type WritingContext } from './standing.ts'

export interface UpsertKind<T> {
  readonly object: Extract<OurObject, 'Task' | typeof INTERVENTION.name>
  /** Name of the external id, without namespace. */
  readonly key: string
  /** "the task": in messages before "for the Account 001…". */
  readonly name: string
  /** By names in the org, without the key. What cannot be written is taken out again. */
  readonly record: (one: T, standing: Standing) => Readonly<Record<string, unknown>>
  /** Names of fields without which it still says enough: a contact who is gone. */
  readonly optional: readonly string[]
  /** People work on it, or it is history: one that is there already is not written again. */
  readonly kept: boolean
}

export interface Keyed {
  readonly key: string
  readonly customerId: string
}

/** @returns a result for each: `id` is its key, `externalId` the record that was made */
export async function upsertOnce<T extends Keyed>(
  context: WritingContext,
  all: readonly T[],
  kind: UpsertKind<T>,
  pauses: Pauses = PAUSES,
): Promise<readonly WriteResult[]> {
  const things = [...new Map(all.map((one) => [one.key, one])).values()]
  if (things.length === 0) return []
  const standing = await standingOf(context, kind.object)
  const problem = keyProblem(standing, kind)
  if (problem !== null)
    return things.map(({ key }) => ({
      id: key,
      ok: false,
      code: 'property_missing',
      message: problem,
      retryable: false,
    }))
  const outcomes = new Map<string, Outcome>(kind.kept ? await readByKey(context, kind, things) : [])
  const wanting = things.filter(({ key }) => !outcomes.has(key))
  for (const [key, outcome] of await upsert(context, kind, standing, wanting, pauses))
    outcomes.set(key, outcome)
  await again(context, kind, wanting, outcomes, pauses)
  return things.map((one) => {
    const outcome = outcomes.get(one.key) ?? { ok: false, refusal: NO_ANSWER }
    if (outcome.ok)
      return { id: one.key, ok: true, ...(outcome.id === null ? {} : { externalId: id18(outcome.id) }) }
    const what = `${kind.name} for the ${context.config.object} ${one.customerId}`
    return refused({ id: one.key, what }, outcome.refusal)
  })
}

function keyProblem<T>({ usable, problems }: Standing, { object, key }: UpsertKind<T>): string | null {
  if (usable.has(key)) return null
  return problems.get(key) ?? `The field ${key} is missing on ${object} in Salesforce.`
}

/** What is mended by looking at the org again, by leaving out what is refused, or by finding what another call made. */
async function again<T extends Keyed>(
  context: WritingContext,
  kind: UpsertKind<T>,
  things: readonly T[],
  outcomes: Map<string, Outcome>,
  pauses: Pauses,
): Promise<void> {
  const refusals = new Map<string, Refusal>()
  for (const { key } of things) {
    const outcome = outcomes.get(key)
    if (outcome?.ok === false) refusals.set(key, outcome.refusal)
  }
  const made = things.filter(({ key }) => refusals.get(key)?.code === 'DUPLICATE_VALUE')
  if (made.length > 0)
    for (const [key, outcome] of await readByKey(context, kind, made)) outcomes.set(key, outcome)
  const leaving = new Map<string, ReadonlySet<string>>()
  for (const [key, refusal] of refusals) {
    const fields = leftOut(kind, refusal)
    if (fields !== null) leaving.set(key, fields)
  }
  const some = things.filter(({ key }) => leaving.has(key))
  if (some.length === 0) return
  const isOrgChanged = [...refusals.values()].some(isFieldMissing)
  const standing = await (isOrgChanged
    ? renewStanding(context, kind.object)
    : standingOf(context, kind.object))
  if (keyProblem(standing, kind) !== null) return
  for (const [key, outcome] of await upsert(context, kind, standing, some, pauses, leaving))
    outcomes.set(key, outcome)
}

/** Names in lower case that can be left out after a refusal; null where another try would be refused alike. */
function leftOut<T>({ optional }: UpsertKind<T>, refusal: Refusal): ReadonlySet<string> | null {
  const fields = refusal.fields.map((name) => name.toLowerCase())
  if (isFieldMissing(refusal) || isValueRefused(refusal)) return new Set(fields)
  if (!LOST.has(refusal.code)) return null
  // Salesforce does not always say which of the records around it is gone.
  const known = optional.map((name) => name.toLowerCase())
  return fields.length === 0 || fields.some((name) => known.includes(name)) ? new Set(known) : null
}

/** A record that it points at is not there, or not for our user. */
const LOST: ReadonlySet<string> = new Set([
  'ENTITY_IS_DELETED',
  'INVALID_CROSS_REFERENCE_KEY',
  'INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY',
  'FIELD_INTEGRITY_EXCEPTION',
  'MALFORMED_ID',
])

function upsert<T extends Keyed>(
  { client, ours }: WritingContext,
  kind: UpsertKind<T>,
  standing: Standing,
  things: readonly T[],
  pauses: Pauses,
  leaving: ReadonlyMap<string, ReadonlySet<string>> = new Map(),
): Promise<ReadonlyMap<string, Outcome>> {
  const by = ours.of(kind.key)
  const rows = things.map((one) => {
    const without = leaving.get(one.key)
    const fields = Object.entries(kind.record(one, standing)).filter(
      ([name]) => !(without?.has(name.toLowerCase()) ?? false),
    )
    return {
      trace: one.key,
      record: { ...Object.fromEntries(fields), [by]: one.key },
      parent: one.customerId,
    }
  })
  return sendRows(client, rows, { type: ours.of(kind.object), by, pauses })
}

/**
 * Those that are there already, by key. Archived ones are there, and what a person deleted was made: it is not made
 * again.
 */
async function readByKey<T extends Keyed>(
  { client, ours }: WritingContext,
  { object, key }: UpsertKind<T>,
  things: readonly T[],
): Promise<ReadonlyMap<string, Outcome>> {
  const field = ours.of(key)
  const queryFor = (keys: readonly string[]): string =>
    select({ fields: ['Id', 'IsDeleted', field], from: ours.of(object), where: oneOf(field, keys) })
  const row = z.looseObject({ Id: z.string(), IsDeleted: z.boolean().catch(false) })
  const found = new Map<string, Outcome>()
  for (const keys of pieces(
    things.map((one) => one.key),
    queryFor(['']),
  ))
    for await (const { records } of client.query(queryFor(keys), row, { all: true }))
      for (const { Id, IsDeleted, [field]: value } of records)
        if (typeof value === 'string' && !(IsDeleted && found.has(value)))
          found.set(value, { ok: true, id: Id })
  return found
}
