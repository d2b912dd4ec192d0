/** The funnel: how many were decided on, what kept how many back, what went out, and what came back of it. */
import { z } from 'zod'
import { HoldfastError } from '../../contracts/errors.ts'
import { asConnection } from '../../contracts/ids.ts'
import { funnelOf } from '../../loop/funnel.ts'
import { actionNames, actionsOf, periodStart } from '../../settings/planning.ts'
import { HEARD } from '../../store/reads/intervention-filter.ts'
import { INTERVENTION_STATES } from '../../store/intervention-states.ts'
import { countDecided, countHeard, countMade } from '../../store/reads/funnel.ts'
import { currentSettings } from '../../store/settings-versions.ts'
import { route, type Route } from '../route.ts'
import * as shape from './shapes.ts'

const counted = {
  count: z.int(),
  list: z.string().meta({ description: 'Route and query of the list that has exactly these rows' }),
}
const count = z.object(counted)
const because = z.object({
  ...counted,
  code: z.string().nullable(),
  words: z.string().meta({ description: 'The reason, as a clause', example: 'no consent is on record' }),
})
const reasons = z.object({ ...counted, reasons: z.array(because).meta({ description: 'Most first' }) })
const minor = z.int().meta({ description: 'In minor units of the currency' })

const decided = z.object({
  worth: count.meta({ description: 'Something is worth more than it costs for them, possible or not' }),
  possible: count.meta({ description: 'Of them, for whom something of that was possible' }),
  heldBack: reasons,
  passedOver: count.meta({
    description: 'Something was possible, and the budget does more elsewhere, or chance has it',
  }),
  chosen: z.object({
    ...counted,
    money: z.array(
      z.object({ currency: shape.currency, expectedValueMinor: minor, plannedCostMinor: minor }),
    ),
  }),
})

const sent = z.object({
  ...counted,
  confirmed: count,
  heard: z
    .object(
      Object.fromEntries(HEARD.map((one) => [one, count])) as Record<(typeof HEARD)[number], typeof count>,
    )
    .meta({ description: 'Each message counts once for each' }),
})

const made = z
  .object({
    made: count,
    awaitingApproval: count,
    underWay: count,
    snoozed: count,
    putOff: reasons,
    heldBack: reasons,
    ended: z.object({
      ...counted,
      reasons: z.array(because.extend({ state: z.enum(INTERVENTION_STATES) })),
    }),
    dryRun: count.meta({ description: 'Recorded, and nobody got it' }),
    uncertain: count,
    sent: sent.meta({ description: 'In earnest' }),
    simulated: sent.meta({ description: 'Into the sandbox, where it reached nobody' }),
    money: z.array(
      z.object({
        currency: shape.currency,
        reservedMinor: minor,
        committedMinor: minor,
        simulatedMinor: minor,
      }),
    ),
  })
  .meta({ description: 'As it stands now; its parts are all of `made`' })

export const funnelAnswer = z.object({
  from: shape.date,
  to: shape.date.meta({ description: 'Not included' }),
  decided: count.meta({ description: 'Whatever the action or channel asked for' }),
  compared: z.object({
    ...counted,
    groups: z.array(z.object({ ...counted, group: z.string() })),
  }),
  unvalued: count,
  notWorth: count,
  total: z.object({ decided, made }),
  actions: z.array(z.object({ actionKey: shape.actionKey, actionName: z.string(), decided, made })),
  channels: z.array(z.object({ channel: z.enum(['email', 'sms', 'task']), made })),
})
export type FunnelAnswer = z.infer<typeof funnelAnswer>

const DAY = 86_400_000
/** Days that one funnel covers at most. */
const MOST_DAYS = 400

export const funnelRoutes: readonly Route[] = [
  route({
    method: 'get',
    path: '/v1/funnel',
    summary: 'From everybody who was decided on to what came back',
    description:
      'Decisions by the day of the decision, interventions by the day on which they were made, those that people asked for among them; both in UTC. Each count names the list that has its rows. Dry runs and what went into the sandbox are apart.',
    tag: 'Interventions',
    access: { scope: 'read', role: 'viewer' },
    query: z.strictObject({
      from: shape.date.optional().meta({ description: 'Default: the first day of the decision period' }),
      to: shape.date.optional().meta({ description: 'Not included. Default: tomorrow' }),
      action: shape.actionGiven.optional(),
      channel: z.enum(['email', 'sms', 'task']).optional().meta({
        description:
          'Of decisions: those about an action that the catalogue has for it; of interventions: those that it carries out',
      }),
      group: shape.group.optional(),
      connection: shape.connectionId.optional(),
    }),
    answers: { 200: { description: 'The funnel', schema: funnelAnswer } },
    handle: async ({ tenant, query }, { database, clock }) => {
      const connection = query.connection === undefined ? undefined : asConnection(query.connection)
      const { action, channel, group } = query
      return database.withTenant(tenant, async (tx) => {
        const { settings } = await currentSettings(tx)
        const now = clock()
        const to = query.to ?? dayOf(new Date(now.getTime() + DAY))
        const from = query.from ?? dayOf(periodStart(settings.period, now))
        expectSpan(from, to)
        const span = { from: new Date(from), to: new Date(to) }
        const madeFilter = { ...span, action, channel, group, connection }
        const leads =
          action !== undefined
            ? [action]
            : channel === undefined
              ? null
              : actionsOf(settings).flatMap((one) => (one.channel === channel ? [one.key] : []))
        const nameOf = actionNames(settings)
        const funnel = funnelOf({
          decided: await countDecided(tx, { from, to, group, connection }),
          made: await countMade(tx, madeFilter),
          heard: await countHeard(tx, madeFilter),
          filter: { from, to, group, connection },
          leads,
          madeFilter: { action, channel },
        })
        return {
          status: 200,
          body: {
            from,
            to,
            ...funnel,
            actions: funnel.actions.map((one) => ({ ...one, actionName: nameOf(one.actionKey) })),
          },
        }
      })
    },
  }),
]

const dayOf = (at: Date): string => at.toISOString().slice(0, 10)

function expectSpan(from: string, to: string): void {
  const days = (Date.parse(to) - Date.parse(from)) / DAY
  if (!(days > 0)) throw new HoldfastError('request_invalid', '"from" has to be before "to".')
  if (days > MOST_DAYS)
    throw new HoldfastError('request_invalid', `A funnel covers ${MOST_DAYS} days at most: ask for less.`)
  if (Date.parse(from) < 0 || Date.parse(to) > Date.UTC(9999, 0))
    throw new HoldfastError('request_invalid', 'The days have to be of our time.')
}
