/**
 * Tasks on people's lists, each made once. What a person did to a task since stays as it is: one that is there, done or
 * deleted, is not written again.
 *
 * @see https://developer.salesforce.com/docs/platform/object-reference/references/standard-objects/object-task.html
 */
import type { Task, WriteResult } from '../connector.ts'
import { cleanText, line, shortened } from '../plain-text.ts'
import { actionCell, choiceIn, dayInOrg, relationsOf } from './activity-records.ts'
import type { Pauses } from './collections.ts'
import { id18 } from './ids.ts'
import { KEY_FIELD } from './package.ts'
import type { WritingContext } from './standing.ts'
import { upsertOnce } from './upsert.ts'
import { urgently } from './urgent.ts'

/** Characters of Subject and of Description ("Comments"). */
export const SUBJECT = 255
export const COMMENTS = 32_000

/**
 * The status is the org's own default for a new task, and so is what it calls by other names. Every task there has an
 * owner: one of nobody's is that of our own user.
 *
 * @returns a result for each task: `id` is its key, `externalId` the task in Salesforce
 * @throws HoldfastError when nothing at all could be tried
 * @example
 * await upsertTasks(context, [task]) // [{ id: task.key, ok: true, externalId: '00T…' }]
 */
export async function upsertTasks(
  opened: WritingContext,
  tasks: readonly Task[],
  pauses?: Pauses,
): Promise<readonly WriteResult[]> {
  if (tasks.length === 0) return []
  const context = { ...opened, client: urgently(opened.client) }
  const related = await relationsOf(context, tasks)
  const day = await dayInOrg(context)
  return upsertOnce(
    context,
    tasks,
    {
      object: 'Task',
      key: KEY_FIELD,
      name: 'the task',
      optional: context.config.object === 'Account' ? ['WhoId'] : [],
      kept: true,
      record: (task, standing) => {
        const isCall = task.kind === 'call'
        const priority = choiceIn(standing, 'Priority', isCall ? 'High' : 'Normal')
        const type = isCall ? choiceIn(standing, 'Type', 'Call') : undefined
        return {
          Subject: line(task.subject, SUBJECT),
          Description: shortened(cleanText(task.body), COMMENTS),
          ActivityDate: day(task.dueAt),
          ...(priority === undefined ? {} : { Priority: priority }),
          ...(type === undefined ? {} : { Type: type }),
          ...(task.responsibleId === null ? {} : { OwnerId: id18(task.responsibleId) }),
          ...related(task),
          ...actionCell(standing, context.ours, task.action),
        }
      },
    },
    pauses,
  )
}
