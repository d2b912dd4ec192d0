/**
 * What became of tasks: read by our key, which is no search, so that no index lags. A task that somebody deleted is
 * among the archived ones.
 *
 * @see https://developers.hubspot.com/docs/api-reference/latest/crm/activities/tasks/guide
 */
import { z } from 'zod'
import type { TaskOutcome } from '../connector.ts'
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
 * await taskOutcomes(client, schema, [id]) // [{ key: id, status: 'done', outcome: null, at }]
 */
export async function taskOutcomes(
  client: HubSpotClient,
  schema: Schema,
  keys: readonly string[],
): Promise<readonly TaskOutcome[]> {
  const asked = [...new Set(keys)]
  const found = new Map<string, TaskOutcome>()
  // Without our property nothing was made, and HubSpot would refuse to look anything up by it.
  if ((await schema.of('tasks')).usable.has(KEY_PROPERTY))
    for (const archived of [false, true]) {
      const wanted = asked.filter((key) => !found.has(key))
      for (let from = 0; from < wanted.length; from += BATCH)
        for (const one of await read(client, wanted.slice(from, from + BATCH), archived))
          found.set(one.key, one)
    }
  return asked.map((key) => found.get(key) ?? { key, status: 'missing', outcome: null, at: null })
}

async function read(
  client: HubSpotClient,
  keys: readonly string[],
  archived: boolean,
): Promise<readonly TaskOutcome[]> {
  try {
    const { body } = await client.call({
      method: 'POST',
      path: `/crm/objects/${API_VERSION}/tasks/batch/read${archived ? '?archived=true' : ''}`,
      body: {
        idProperty: KEY_PROPERTY,
        inputs: keys.map((id) => ({ id })),
        properties: PROPERTIES,
        propertiesWithHistory: [],
      },
      schema: answer,
    })
    return body.results.flatMap(({ properties, archivedAt }): TaskOutcome[] => {
      const key = properties[KEY_PROPERTY]
      if (typeof key !== 'string') return []
      if (archived) return [{ key, status: 'cancelled', outcome: 'deleted', at: timeOf(archivedAt ?? null) }]
      if (properties['hs_task_status'] !== 'COMPLETED')
        return [{ key, status: 'open', outcome: null, at: null }]
      const at = timeOf(properties['hs_task_completion_date']) ?? timeOf(properties['hs_lastmodifieddate'])
      return [{ key, status: 'done', outcome: null, at }]
    })
  } catch (error) {
    // None of them is there.
    if (failureOf(error)?.status !== 404) throw error
    return []
  }
}

/** ISO 8601, or milliseconds since 1970 as HubSpot has them in some answers. */
function timeOf(value: unknown): Date | null {
  if (typeof value !== 'string' || value === '') return null
  const at = new Date(/^\d+$/.test(value) ? Number(value) : value)
  return Number.isNaN(at.getTime()) ? null : at
}
