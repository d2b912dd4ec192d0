/** What people said to suggestions on the record in the CRM: how many of what, why it was not right, and each with its words. */
import { z } from 'zod'
import { asCustomer } from '../../contracts/ids.ts'
import { NOT_RIGHT_REASONS, notRightWords, REP_ANSWERS } from '../../contracts/rep-answers.ts'
import type { Caller } from '../../security/access.ts'
import { seesPeople } from '../../security/masking.ts'
import { actionNames } from '../../settings/planning.ts'
import { LARGEST_PAGE, type PageRequest } from '../../store/reads/paging.ts'
import { countRepAnswers, listRepAnswers, type RepAnswerLine } from '../../store/rep-answers.ts'
import { currentSettings } from '../../store/settings-versions.ts'
import { route, type Route } from '../route.ts'
import { csvFile, everyPage, listFormat, type CsvColumns } from './csv-file.ts'
import { actorFor } from './customer-shown.ts'
import { lineFor } from './shown.ts'
import * as shape from './shapes.ts'

const answer = z
  .enum(REP_ANSWERS)
  .meta({ description: 'approve, snooze, or not_right: it is never carried out' })
const reason = z.enum(NOT_RIGHT_REASONS)

const filters = {
  answer: answer.optional(),
  reason: reason.optional().meta({ description: 'Why it is not right' }),
  action: shape.actionGiven.optional(),
  customer: shape.customerInText.optional(),
  from: shape.date.optional(),
  to: shape.date.optional().meta({ description: 'Not included' }),
}

const line = z.object({
  id: z.int(),
  at: shape.time,
  customer: shape.customerId,
  customerName: z.string().nullable(),
  customerObject: shape.customerObject,
  person: shape.mayBePerson,
  connection: shape.connectionId,
  decision: shape.decisionId.nullable().meta({ description: 'null: a person or the API asked for it' }),
  intervention: shape.interventionId,
  actionKey: shape.actionKey,
  actionName: z.string(),
  answer,
  reason: z.string().nullable().meta({ description: 'Why it is not right; null: another answer' }),
  words: z.string().nullable().meta({ description: 'The reason as people chose it' }),
  note: z.string().nullable().meta({ description: 'In their own words; not for viewers' }),
  until: shape.time.nullable().meta({ description: 'Of snooze' }),
  actor: z.string(),
})
export type RepAnswerLineAnswer = z.infer<typeof line>

const counted = {
  count: z.int(),
  list: z.string().meta({ description: 'Route and query of the list that has exactly these rows' }),
}

export const repAnswerCounts = z.object({
  approved: z.object(counted),
  snoozed: z.object(counted),
  notRight: z.object({
    ...counted,
    reasons: z
      .array(z.object({ ...counted, reason: z.string(), words: z.string() }))
      .meta({ description: 'Most first' }),
  }),
})
export type RepAnswerCountsAnswer = z.infer<typeof repAnswerCounts>

const CSV: CsvColumns<z.input<typeof line>> = {
  at: ({ at }) => at,
  customer: ({ customer }) => customer,
  customerName: ({ customerName }) => customerName,
  action: ({ actionKey }) => actionKey,
  answer: ({ answer }) => answer,
  reason: ({ reason }) => reason,
  note: ({ note }) => note,
  until: ({ until }) => until,
  actor: ({ actor }) => actor,
  decision: ({ decision }) => decision,
  intervention: ({ intervention }) => intervention,
}

export const repAnswerRoutes: readonly Route[] = [
  route({
    method: 'get',
    path: '/v1/rep-answers',
    summary: 'What people answered on the record in the CRM, newest first',
    description: 'Approve, snooze and not right, each as an outcome of the decision that was suggested.',
    tag: 'Approvals',
    access: { scope: 'read', role: 'viewer' },
    query: z.strictObject({ ...shape.pageQuery, ...filters, format: listFormat }),
    answers: { 200: { description: 'A page of answers', schema: shape.pageOf(line) } },
    handle: async ({ tenant, caller, query: { format, ...query } }, { database }) => {
      const read = (page: PageRequest) =>
        database.withTenant(tenant, async (tx) => {
          const nameOf = actionNames((await currentSettings(tx)).settings)
          const found = await listRepAnswers(tx, { ...asked(query), ...page })
          return { ...found, items: found.items.map((one) => shownTo(caller, one, nameOf)) }
        })
      if (format === 'csv')
        return csvFile(
          'rep-answers.csv',
          CSV,
          everyPage((cursor) => read({ limit: LARGEST_PAGE, cursor })),
        )
      return { status: 200, body: await read({ limit: query.limit, cursor: query.cursor }) }
    },
  }),
  route({
    method: 'get',
    path: '/v1/rep-answers/counts',
    summary: 'How many answers there were on the record, and why suggestions were not right',
    tag: 'Approvals',
    access: { scope: 'read', role: 'viewer' },
    query: z.strictObject(filters),
    answers: { 200: { description: 'Counts, each with the list of its rows', schema: repAnswerCounts } },
    handle: async ({ tenant, query }, { database }) => {
      const counts = await database.withTenant(tenant, (tx) => countRepAnswers(tx, asked(query)))
      const listed = (more: Readonly<Record<string, string>>): string => {
        const all = Object.entries({ ...query, ...more }).flatMap(([name, value]): [string, string][] =>
          value === undefined ? [] : [[name, String(value)]],
        )
        return `/v1/rep-answers?${new URLSearchParams(all)}`
      }
      const of = (key: (typeof REP_ANSWERS)[number]) => ({
        count: counts.reduce((sum, one) => (one.answer === key ? sum + one.count : sum), 0),
        list: listed({ answer: key }),
      })
      return {
        status: 200,
        body: {
          approved: of('approve'),
          snoozed: of('snooze'),
          notRight: {
            ...of('not_right'),
            reasons: counts.flatMap(({ reason: why, count }) =>
              why === null
                ? []
                : [
                    {
                      reason: why,
                      words: notRightWords(why),
                      count,
                      list: listed({ answer: 'not_right', reason: why }),
                    },
                  ],
            ),
          },
        },
      }
    },
  }),
]

type Filters = z.infer<z.ZodObject<typeof filters>>

function asked({ from, to, customer, answer: said, reason: why, action }: Filters) {
  return {
    answer: said,
    reason: why,
    action,
    customer: customer === undefined ? undefined : asCustomer(customer),
    from: from === undefined ? undefined : new Date(from),
    to: to === undefined ? undefined : new Date(to),
  }
}

function shownTo(caller: Caller, one: RepAnswerLine, nameOf: (key: string) => string): z.input<typeof line> {
  const { at, until, note, reason: why, actor, actionKey, ...rest } = lineFor(caller, one)
  return {
    ...rest,
    at: at.toISOString(),
    actionKey,
    actionName: nameOf(actionKey),
    reason: why,
    words: why === null ? null : notRightWords(why),
    note: seesPeople(caller) ? note : null,
    until: until?.toISOString() ?? null,
    actor: actorFor(actor, caller),
  }
}
