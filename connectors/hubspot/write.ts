/**
 * Our fields onto the records of a portal: batches of 100, a result for each record. A field that is absent is left
 * as it is; one of ours that is null is emptied; nothing else of a record is ever touched.
 */
import type { FieldUpdate, WriteResult } from '../connector.ts'
import { byRecord } from '../risk-values.ts'
import { sendBatch, type BatchInput, type BatchOutcome, type Refusal } from './batch.ts'
import type { HubSpotClient } from './client.ts'
import { cellsOf, FIELD_PROPERTIES, isOurs } from './fields.ts'
import { failed } from './refusals.ts'
import type { Schema } from './schema.ts'
import { restoreSurvivors, type Landed } from './survivors.ts'
import { API_VERSION } from './version.ts'

/**
 * Properties that the portal lacks are made first, and choices that a list of values lacks are added. A property that
 * cannot be written (another's, archived, of another type) is left out: provisioning and the doctor say why.
 *
 * @returns a result for each update, `version` being the record's `updatedAt` after it
 * @throws HoldfastError when nothing at all could be tried
 * @example
 * await writeFields(client, openSchema(client, 'companies'), [{ id: '4711', fields: { riskPercent: 71.5 } }])
 * // [{ id: '4711', ok: true, version: 2026-11-21T11:45:00.000Z }]
 */
export async function writeFields(
  client: HubSpotClient,
  schema: Schema,
  updates: readonly FieldUpdate[],
): Promise<readonly WriteResult[]> {
  const records = byRecord(updates)
  const first = await writeRound(client, schema, records)
  // The portal is not as we know it: somebody deleted a property or a choice meanwhile. Once is enough to know.
  const again = records.filter(({ id }) => isOutdated(first.get(id)))
  const second =
    again.length === 0
      ? first
      : await schema.renew(schema.object).then(() => writeRound(client, schema, again, true))
  const outcomeOf = (id: string): Written | undefined => second.get(id) ?? first.get(id)
  const cells = new Map(records.map(({ id, fields }) => [id, cellsOf(fields)]))
  const landed = records.flatMap(({ id }): readonly Landed[] => {
    const outcome = outcomeOf(id)
    if (outcome?.ok !== true || outcome.id === id) return []
    return [{ survivor: outcome.id, cells: cells.get(id)!, at: outcome.updatedAt }]
  })
  const own = new Map([...cells].filter(([id]) => outcomeOf(id)?.ok === true))
  const restored = await restoreSurvivors(client, schema.object, landed, own)
  return records.map(({ id }) => resultOf(schema, id, outcomeOf(id), restored))
}

type Written =
  | BatchOutcome
  /** Nothing was written, or not all of it: why. */
  | { readonly ok: false; readonly code: string; readonly problem: string }
  | { readonly ok: 'nothing' }

async function writeRound(
  client: HubSpotClient,
  schema: Schema,
  updates: readonly FieldUpdate[],
  last = false,
): Promise<ReadonlyMap<string, Written>> {
  const { object } = schema
  const cells = updates.map(({ id, fields }) => ({ id, properties: cellsOf(fields) }))
  const refusedChoices = await addChoices(schema, cells)
  const { usable, problems } = await schema.of(object)
  const written = new Map<string, Written>()
  const partly = new Map<string, Written>()
  const inputs: BatchInput[] = []
  for (const { id, properties } of cells) {
    if (!isId(id)) {
      written.set(id, { ok: false, refusal: UNKNOWN_ID })
      continue
    }
    const possible: Record<string, string> = {}
    for (const [name, value] of Object.entries(properties)) {
      const refused = refusedChoices.get(name)
      const isRefused = refused?.values.has(value) ?? false
      if (usable.has(name) && !isRefused) possible[name] = value
      // What the record shows there is no longer true, so it is not answered as written.
      if (refused !== undefined && isRefused)
        partly.set(id, { ok: false, code: 'invalid_option', problem: refused.problem })
    }
    if (Object.keys(possible).length > 0) inputs.push({ trace: id, input: { id, properties: possible } })
    else {
      const problem = Object.keys(properties).flatMap((name) => problems.get(name) ?? [])[0]
      written.set(
        id,
        problem === undefined ? { ok: 'nothing' } : { ok: false, code: 'property_missing', problem },
      )
    }
  }
  const path = `/crm/objects/${API_VERSION}/${object}/batch/update`
  const outcomes = await sendBatch(client, path, inputs, last ? {} : { hold: isAboutOurs })
  for (const [id, outcome] of outcomes) written.set(id, outcome)
  for (const [id, why] of partly) if (written.get(id)?.ok !== false) written.set(id, why)
  return written
}

interface RefusedChoices {
  readonly values: ReadonlySet<string>
  readonly problem: string
}

/** @returns by property the choices that the cells need and that could not be added */
async function addChoices(
  schema: Schema,
  cells: readonly { readonly properties: Readonly<Record<string, string>> }[],
): Promise<ReadonlyMap<string, RefusedChoices>> {
  const { usable } = await schema.of(schema.object)
  const lacking = new Map<string, Set<string>>()
  for (const { properties } of cells)
    for (const [name, value] of Object.entries(properties)) {
      const found = usable.get(name)
      if (found?.type !== 'enumeration' || value === '') continue
      if (!found.options.some((one) => one.value === value))
        lacking.set(name, (lacking.get(name) ?? new Set()).add(value))
    }
  const refused = new Map<string, RefusedChoices>()
  for (const [name, values] of lacking) {
    const problem = await schema.offer(schema.object, name, [...values])
    if (problem !== null) refused.set(name, { values, problem })
  }
  return refused
}

const OUTDATED: ReadonlySet<string> = new Set(['PROPERTY_DOESNT_EXIST', 'INVALID_OPTION'])

const ours: ReadonlySet<string> = new Set(Object.values(FIELD_PROPERTIES))

/** Whether it is the portal's definition of a property of ours that is at fault, not the record. */
function isAboutOurs({ faults }: Refusal): boolean {
  return faults.some(
    ({ code, property }) => OUTDATED.has(code) && property !== null && isOurs(property) && ours.has(property),
  )
}

function isOutdated(outcome: Written | undefined): boolean {
  return outcome !== undefined && 'refusal' in outcome && isAboutOurs(outcome.refusal)
}

/** HubSpot refuses a whole batch for an id that is none. */
const isId = (id: string): boolean => /^\d{1,18}$/.test(id)

const UNKNOWN_ID: Refusal = {
  category: 'OBJECT_NOT_FOUND',
  message: '',
  faults: [],
  gone: true,
  retryable: false,
}

const NAMES = { companies: 'company', contacts: 'contact' } as const

function resultOf(schema: Schema, id: string, outcome: Written | undefined, restored: boolean): WriteResult {
  if (outcome === undefined || outcome.ok === 'nothing') return { id, ok: true }
  if (outcome.ok) {
    // HubSpot answers for the record that it was merged into.
    if (outcome.id !== id)
      return {
        id,
        ok: false,
        code: 'record_gone',
        message: `The ${NAMES[schema.object]} ${id} was merged into ${outcome.id} in HubSpot. The next sync takes that up.${restored ? '' : ` Until then ${outcome.id} may show what was meant for ${id}.`}`,
        retryable: false,
      }
    return { id, ok: true, ...(outcome.updatedAt === null ? {} : { version: outcome.updatedAt }) }
  }
  if ('problem' in outcome)
    return { id, ok: false, code: outcome.code, message: outcome.problem, retryable: false }
  return failed({ id, what: `${NAMES[schema.object]} ${id}` }, outcome.refusal)
}
