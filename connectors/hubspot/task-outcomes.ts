/**
 * What became of tasks: read by our key, which is no search, so that no index lags. A task that somebody deleted is
 * among the archived ones, which have given their key back and are known by their id alone.
 *
 * @see https://developers.hubspot.com/docs/api-reference/latest/crm/activities/tasks/guide
 */
import { z } from 'zod'
import type { MadeTask, TaskOutcome } from '../connector.ts'
import { BATCH } from './batch.ts'
import type { HubSpotClient } from './client.ts'
import { failureOf } from './errors.ts'
import { KEY_PROPERTY } from './fields.ts'
import type { Schema } from './schema.ts'
import { API_VERSION } from './version.ts'

const PROPERTIES = [KEY_PROPERTY, 'hs_task_status', 'hs_task_completion_date', 'hs_lastmodifieddate']

const answer = z.object({
  results: z
    .array(
      z.object({
        id: z.coerce.string(),
        properties: z.record(z.string(), z.unknown()),
        archivedAt: z.iso.datetime({ offset: true }).nullish().catch(null),
      }),
    )
    .catch([]),
})

/**
 * `DEFERRED` is a task that was put off or skipped: as long as it is on somebody's list it is open.
 *
 * @returns one for each key
 * @throws HoldfastError what the client throws
 * @example
 * await taskOutcomes(client, schema, [{ key, externalId: '5001' }]) // [{ key, status: 'done', outcome: null, at }]
 */
export async function taskOutcomes(
  client: HubSpotClient,
  schema: Schema,
  tasks: readonly MadeTask[],
): Promise<readonly TaskOutcome[]> {
  const asked = new Map(tasks.map((one) => [one.key, one.externalId]))
  const found = new Map<string, TaskOutcome>()
  // Without our property nothing was made, and HubSpot would refuse to look anything up by it.
  if (asked.size === 0 || !(await schema.of('tasks')).usable.has(KEY_PROPERTY)) return answers(asked, found)
  for (const { properties } of await read(client, [...asked.keys()], { idProperty: KEY_PROPERTY })) {
    const key = properties[KEY_PROPERTY]
    if (typeof key === 'string') found.set(key, outcomeOf(key, properties))
  }
  const gone = new Map<string, string>()
  for (const [key, id] of asked) if (id !== null && !found.has(key)) gone.set(id, key)
  for (const { id, archivedAt } of await read(client, [...gone.keys()], { archived: true })) {
    const key = gone.get(id)
    if (key !== undefined)
      found.set(key, { key, status: 'cancelled', outcome: 'deleted', at: timeOf(archivedAt) })
  }
  return answers(asked, found)
}

function answers(
  asked: ReadonlyMap<string, unknown>,
  found: ReadonlyMap<string, TaskOutcome>,
): readonly TaskOutcome[] {
  return [...asked.keys()].map((key) => found.get(key) ?? { key, status: 'missing', outcome: null, at: null })
}

function outcomeOf(key: string, properties: Readonly<Record<string, unknown>>): TaskOutcome {
  if (properties['hs_task_status'] !== 'COMPLETED') return { key, status: 'open', outcome: null, at: null }
  const at = timeOf(properties['hs_task_completion_date']) ?? timeOf(properties['hs_lastmodifieddate'])
  return { key, status: 'done', outcome: null, at }
}

async function read(
  client: HubSpotClient,
  ids: readonly string[],
  { archived = false, idProperty }: { readonly archived?: boolean; readonly idProperty?: string },
): Promise<z.infer<typeof answer>['results']> {
  const found: z.infer<typeof answer>['results'] = []
  for (let from = 0; from < ids.length; from += BATCH)
    try {
      const { body } = await client.call({
        method: 'POST',
        path: `/crm/objects/${API_VERSION}/tasks/batch/read${archived ? '?archived=true' : ''}`,
        body: {
          ...(idProperty === undefined ? {} : { idProperty }),
          inputs: ids.slice(from, from + BATCH).map((id) => ({ id })),
          properties: PROPERTIES,
          propertiesWithHistory: [],
        },
        schema: answer,
      })
      found.push(...body.results)
    } catch (error) {
      // None of them is there.
      if (failureOf(error)?.status !== 404) throw error
    }
  return found
}

/** ISO 8601, or milliseconds since 1970 as HubSpot has them in some answers. */
function timeOf(value: unknown): Date | null {
  if (typeof value !== 'string' || value === '') return null
  const at = new Date(/^\d+$/.test(value) ? Number(value) : value)
  return Number.isNaN(at.getTime()) ? null : at
}
