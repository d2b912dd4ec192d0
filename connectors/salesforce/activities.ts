/**
 * What was sent, on the record's timeline, once: a task that is done, of the subtype Email.
 *
 * Salesforce's own EmailMessage would show an e-mail more fully, and is not used, for what its documentation says of it:
 * it is only there in orgs with Enhanced Email or Email-to-Case; once it is not a draft, nothing of it but custom fields
 * can be updated, so that an upsert that is repeated would be refused; and it makes a task by itself, which carries no
 * key of ours. A task is in every org, has our key (fields of activities are shared by tasks and events), and with the
 * subtype Email stands on the timeline with the sign of an e-mail.
 *
 * The subtype can be set when a task is made and never later, which is why one that is there is not written again.
 *
 * @see https://developer.salesforce.com/docs/platform/object-reference/references/standard-objects/object-emailmessage.html
 * @see https://developer.salesforce.com/docs/platform/object-reference/references/standard-objects/object-task.html "TaskSubtype"
 */
import { z } from 'zod'
import type { Activity, WriteResult } from '../connector.ts'
import { cleanText, line, shortened } from '../plain-text.ts'
import { actionCell, choiceIn, dayInOrg, relationsOf } from './activity-records.ts'
import type { Pauses } from './collections.ts'
import { KEY_FIELD } from './package.ts'
import { compare, select } from './soql.ts'
import { standingOf, type Standing, type WritingContext } from './standing.ts'
import { COMMENTS, SUBJECT } from './tasks.ts'
import { upsertOnce } from './upsert.ts'

/**
 * @returns a result for each entry: `id` is its key, `externalId` the task in Salesforce
 * @throws HoldfastError when nothing at all could be tried
 * @example
 * await logActivities(context, [entry]) // [{ id: entry.key, ok: true, externalId: '00T…' }]
 */
export async function logActivities(
  context: WritingContext,
  entries: readonly Activity[],
  pauses?: Pauses,
): Promise<readonly WriteResult[]> {
  if (entries.length === 0) return []
  const related = await relationsOf(context, entries)
  const day = await dayInOrg(context)
  const done = await doneStatus(context, await standingOf(context, 'Task'))
  return upsertOnce(
    context,
    entries,
    {
      object: 'Task',
      key: KEY_FIELD,
      name: 'the entry on the timeline',
      optional: context.config.object === 'Account' ? ['WhoId'] : [],
      kept: true,
      record: (entry, standing) => {
        const isEmail = entry.kind === 'email'
        const subtype = isEmail ? choiceIn(standing, 'TaskSubtype', 'Email') : undefined
        return {
          // As Salesforce itself names an e-mail that was logged.
          Subject: line(isEmail ? `Email: ${entry.subject}` : `SMS: ${entry.subject || entry.body}`, SUBJECT),
          Description: shortened(wholeText(entry), COMMENTS),
          ActivityDate: day(entry.at),
          Status: done,
          ...(subtype === undefined ? {} : { TaskSubtype: subtype }),
          ...related(entry),
          ...actionCell(standing, context.ours, entry.action),
        }
      },
    },
    pauses,
  )
}

function wholeText({ from, to, at, subject, body }: Activity): string {
  const head = [
    from === null ? null : `From: ${from}`,
    to === null ? null : `To: ${to}`,
    `Sent: ${at.toISOString()}`,
    subject === '' ? null : `Subject: ${subject}`,
  ]
  return cleanText([...head.filter((one) => one !== null), '', body].join('\n'))
}

const statusRow = z.object({ ApiName: z.string() })

/** What the org calls a task that is done; orgs may have renamed it. */
async function doneStatus({ client, memory }: WritingContext, task: Standing): Promise<string> {
  const usual = choiceIn(task, 'Status', 'Completed')
  if (usual !== undefined) return usual
  return memory.recall('status of a task that is done', async () => {
    const soql = select({
      fields: ['ApiName'],
      from: 'TaskStatus',
      where: compare('IsClosed', '=', true),
      orderBy: ['SortOrder'],
      limit: 1,
    })
    for await (const { records } of client.query(soql, statusRow))
      for (const { ApiName } of records) return ApiName
    return 'Completed'
  })
}
