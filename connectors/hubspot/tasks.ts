/**
 * Tasks on people's lists, each made once. What a person did to a task since stays as it is: one that is there is not
 * written again, only tied to its records where that is missing.
 *
 * @see https://developers.hubspot.com/docs/api-reference/latest/crm/activities/tasks/guide
 */
import type { Task, WriteResult } from '../connector.ts'
import type { HubSpotClient } from './client.ts'
import { line } from '../plain-text.ts'
import { makeOnce } from './engagements.ts'
import { richText } from './rich-text.ts'
import type { Schema } from './schema.ts'

/**
 * @returns a result for each task: `id` is its key, `externalId` the task in HubSpot
 * @throws HoldfastError when nothing at all could be tried
 * @example
 * await upsertTasks(client, schema, [task]) // [{ id: task.key, ok: true, externalId: '5001' }]
 */
export function upsertTasks(
  client: HubSpotClient,
  schema: Schema,
  tasks: readonly Task[],
): Promise<readonly WriteResult[]> {
  return makeOnce(client, schema, tasks, {
    object: 'tasks',
    name: 'the task',
    properties: taskProperties,
    kept: true,
  })
}

function taskProperties({
  kind,
  subject,
  body,
  dueAt,
  responsibleId,
}: Task): Readonly<Record<string, string>> {
  return {
    // The due date of a task.
    hs_timestamp: dueAt.toISOString(),
    hs_task_subject: line(subject),
    hs_task_body: richText(body),
    hs_task_status: 'NOT_STARTED',
    hs_task_type: kind === 'call' ? 'CALL' : 'TODO',
    hs_task_priority: kind === 'call' ? 'HIGH' : 'MEDIUM',
    ...(responsibleId === null ? {} : { hubspot_owner_id: responsibleId }),
  }
}
