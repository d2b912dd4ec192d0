/** What was kept back: how many sends were suppressed or put off, by reason and period. */
import { z } from 'zod'
import { HoldfastError } from '../../contracts/errors.ts'
import { keptBack, waiting } from '../../store/suppressed.ts'
import { route, type Route } from '../route.ts'
import * as shape from './shapes.ts'

const channel = z.enum(['email', 'sms', 'task'])
const code = z
  .string()
  .nullable()
  .meta({ description: 'As `reasonCode` of an intervention', example: 'quiet_hours' })
const interventions = z.int().meta({ description: 'Each counts once' })

const report = z.object({
  from: shape.time,
  to: shape.time,
  by: z.enum(['day', 'week', 'month']),
  items: z
    .array(
      z.object({
        period: shape.date.meta({ description: 'Its first day, in UTC' }),
        to: z.enum(['suppressed', 'deferred']).meta({
          description:
            'suppressed: it was never sent; deferred: it was put off, and may have been sent later',
        }),
        code,
        channel,
        actionKey: shape.actionKey,
        interventions,
        example: z.string().nullable().meta({ description: 'The newest reason, as a sentence' }),
      }),
    )
    .meta({ description: 'Newest period first, then the most frequent' }),
  waiting: z
    .array(
      z.object({
        code,
        channel,
        actionKey: shape.actionKey,
        interventions,
        next: shape.time.meta({ description: 'When the next of them is looked at again' }),
      }),
    )
    .meta({ description: 'What waits now, the most frequent first' }),
})

const DAY = 86_400_000
/** Days that one report covers at most. */
const MOST_DAYS = 400

export const suppressedRoutes: readonly Route[] = [
  route({
    method: 'get',
    path: '/v1/suppressed',
    summary: 'What was kept back, by reason and period',
    description:
      'Counts the sends that were suppressed or put off, as the ledger recorded them with their reason. GET /v1/interventions?state=suppressed lists them one by one.',
    tag: 'Interventions',
    access: { scope: 'read', role: 'viewer' },
    query: z.strictObject({
      from: shape.moment.optional().meta({ description: 'Default: 30 days before `to`' }),
      to: shape.moment.optional().meta({ description: 'Not included. Default: now' }),
      by: z.enum(['day', 'week', 'month']).default('day'),
    }),
    answers: { 200: { description: 'The counts', schema: report } },
    handle: async ({ tenant, query: { by, ...span } }, { database, clock }) => {
      const to = span.to === undefined ? new Date(clock().getTime() + 1) : new Date(span.to)
      const from = span.from === undefined ? new Date(to.getTime() - 30 * DAY) : new Date(span.from)
      if (from >= to) throw new HoldfastError('request_invalid', '"from" has to be before "to".')
      if (to.getTime() - from.getTime() > MOST_DAYS * DAY)
        throw new HoldfastError('request_invalid', `A report covers ${MOST_DAYS} days at most: ask for less.`)
      return {
        status: 200,
        body: await database.withTenant(tenant, async (tx) => ({
          from,
          to,
          by,
          items: await keptBack(tx, { from, to, by }),
          waiting: await waiting(tx),
        })),
      }
    },
  }),
]
