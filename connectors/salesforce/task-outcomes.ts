/**
 * What became of tasks, by our key. Archived ones (closed for more than a year) and deleted ones are looked at too.
 *
 * Which status means that a task is done is the org's own affair: `IsClosed` says it. Nothing says "cancelled", so that
 * a closed task whose status speaks of it counts as that.
 *
 * @see https://developer.salesforce.com/docs/platform/object-reference/references/standard-objects/object-task.html
 */
import { z } from 'zod'
import type { MadeTask, TaskOutcome } from '../connector.ts'
import { KEY_FIELD } from './package.ts'
import { oneOf, pieces, select } from './soql.ts'
import { standingOf, type WritingContext } from './standing.ts'

/** As statuses of a closed task that nobody did are called: "Canceled", "Cancelled", "Abgebrochen", "Storniert". */
const PUT_ASIDE = /cancel|abgebrochen|abgesagt|storniert|annul/i

/**
 * @returns one for each key
 * @throws HoldfastError what the client throws
 * @example
 * await taskOutcomes(context, [{ key, externalId: null }]) // [{ key, status: 'done', outcome: 'Connected', at }]
 */
export async function taskOutcomes(
  context: WritingContext,
  tasks: readonly MadeTask[],
): Promise<readonly TaskOutcome[]> {
  const asked = [...new Set(tasks.map(({ key }) => key))]
  const found = new Map<string, TaskOutcome>()
  const standing = await standingOf(context, 'Task')
  if (standing.usable.has(KEY_FIELD)) {
    const key = context.ours.of(KEY_FIELD)
    const fields = ['IsDeleted', 'IsClosed', 'Status', 'CompletedDateTime', 'CallDisposition', key]
    const queryFor = (some: readonly string[]): string =>
      select({ fields, from: 'Task', where: oneOf(key, some) })
    for (const some of pieces(asked, queryFor([''])))
      for await (const { records } of context.client.query(queryFor(some), row, { all: true }))
        for (const record of records) {
          const name = record[key]
          // Deleted and made again: the one that is there counts.
          if (typeof name === 'string' && !(record.IsDeleted && found.has(name)))
            found.set(name, outcomeOf(name, record))
        }
  }
  return asked.map((key) => found.get(key) ?? { key, status: 'missing', outcome: null, at: null })
}

const text = z.string().nullish().catch(null)
const row = z.looseObject({
  IsDeleted: z.boolean().catch(false),
  IsClosed: z.boolean().catch(false),
  Status: text,
  CompletedDateTime: text,
  CallDisposition: text,
})

function outcomeOf(
  key: string,
  { IsDeleted, IsClosed, Status, CompletedDateTime, CallDisposition }: z.infer<typeof row>,
): TaskOutcome {
  const at = CompletedDateTime ? new Date(CompletedDateTime) : null
  if (IsDeleted && !IsClosed) return { key, status: 'cancelled', outcome: 'deleted', at: null }
  if (!IsClosed) return { key, status: 'open', outcome: null, at: null }
  if (PUT_ASIDE.test(Status ?? '')) return { key, status: 'cancelled', outcome: Status ?? null, at }
  return { key, status: 'done', outcome: CallDisposition || null, at }
}
