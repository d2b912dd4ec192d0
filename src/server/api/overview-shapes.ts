/** Everything that the first page says. */
import { z } from 'zod'
import { budgetReport } from './budget.ts'
import { customerLine } from './customer-lists.ts'
import { moneySum } from './money-sums.ts'
import { counted, rowsOf } from './rows.ts'
import * as shape from './shapes.ts'

const levelStanding = z.object({
  level: shape.level,
  customers: counted,
  atRisk: moneySum.meta({ description: 'Value at risk: what each pays a year times its chance to leave' }),
})

const changed = z.object({
  customers: z.int(),
  rows: rowsOf,
  atRisk: moneySum,
})

const leveling = z.object({
  connection: shape.connectionId,
  name: z.string(),
  model: z
    .object({
      name: z.string(),
      version: z.string(),
      starter: z.boolean().meta({ description: 'It was not trained on your customers' }),
    })
    .nullable()
    .meta({ description: 'null: nobody was scored yet' }),
  kind: z.enum(['snapshot', 'horizon']).nullable().meta({ description: 'null: the model cannot be opened' }),
  horizonDays: z.int().nullable(),
  baseRate: shape.probability
    .nullable()
    .meta({ description: 'Share that left among those it was made with' }),
  high: z.number().nullable().meta({ description: 'HIGH from here on' }),
  medium: z.number().nullable().meta({ description: 'MEDIUM from here on' }),
  sentence: z.string().meta({
    example: 'High from 8.7 %, twice the base rate of 4.4 %; medium from 4.4 % on, the base rate itself.',
  }),
})

const trendDay = z.object({
  day: shape.date,
  high: z.int(),
  medium: z.int(),
  low: z.int(),
  atRiskMinor: z.int().meta({
    description: 'Value at risk of those at high risk, in the reporting currency, at what they pay today',
  }),
})

const notice = z.object({
  severity: z.enum(['bad', 'wait', 'info']),
  title: z.string(),
  text: z.string().meta({ description: 'What happened, what it means for the customers, what to do' }),
  remedy: z
    .discriminatedUnion('kind', [
      z.object({
        kind: z.literal('run'),
        connection: shape.connectionId,
        name: z.string(),
        step: z.string(),
      }),
      z.object({ kind: z.literal('resume') }),
      z.object({ kind: z.literal('activate') }),
      z.object({
        kind: z.literal('look'),
        label: z.string(),
        at: z.discriminatedUnion('page', [
          z.object({ page: z.literal('customer'), id: shape.customerId }),
          z.object({ page: z.literal('interventions'), query: z.record(z.string(), z.string()) }),
          z.object({ page: z.literal('sending') }),
        ]),
      }),
    ])
    .nullable()
    .meta({ description: 'What the caller can do about it here; null: nothing' }),
})

const freshness = z.object({
  connection: shape.connectionId,
  name: z.string(),
  kind: z.string(),
  sandbox: z.boolean(),
  status: z.enum(['active', 'paused', 'needs_reconnect', 'disconnected']),
  readAt: shape.time.nullable().meta({ description: 'null: never' }),
  running: z.string().nullable().meta({ description: 'The step that runs now' }),
  failed: z.boolean().meta({ description: 'A step failed at its last try' }),
  stale: z.boolean().meta({ description: 'Read longer ago than its schedule allows' }),
  changed: z
    .int()
    .nullable()
    .meta({ description: 'Records that the last reading found changed; null: not known' }),
  rescored: z.int().nullable().meta({ description: 'Customers that the last scoring scored' }),
  written: z.int().nullable().meta({ description: 'Records that the last writing wrote' }),
})

const channelLine = z.object({
  channel: z.enum(['email', 'sms', 'task']),
  interventions: counted,
  cost: moneySum,
})

const funnel = z.object({
  period: z.string().meta({ example: '2026-11' }),
  name: z.string().meta({ example: 'November 2026' }),
  start: shape.time,
  end: shape.time,
  acting: z.boolean().meta({ description: 'Decisions become actions; else they are only shown' }),
  mode: z.enum(['off', 'dry_run', 'sandbox', 'test_list', 'live']).meta({
    description: 'How actions leave; off and dry_run: nothing is sent',
  }),
  decided: counted.meta({ description: 'Decisions of the period' }),
  undecided: z.int().meta({ description: 'Scored customers without a decision yet' }),
  worth: counted.meta({ description: 'Worth an action' }),
  actions: z
    .array(
      z.object({
        key: shape.actionKey,
        name: z.string(),
        decisions: counted,
        expected: moneySum.meta({ description: 'What the policy believes that it keeps, less its cost' }),
        cost: moneySum,
      }),
    )
    .meta({ description: 'The most frequent first' }),
  leftInPeace: z.object({
    decisions: counted,
    because: z
      .array(z.object({ sentence: z.string(), decisions: counted }))
      .meta({ description: 'The most frequent first' }),
  }),
  compared: z.object({ holdout: counted, usual: counted, exempt: counted }).meta({
    description: 'Left as they are, to compare with',
  }),
  heldBack: z.object({
    interventions: counted,
    because: z.array(z.object({ code: z.string().nullable(), sentence: z.string(), interventions: counted })),
  }),
  waiting: counted.meta({ description: 'Waits for an approval' }),
  underWay: counted.meta({ description: 'Planned, put off or just going out' }),
  uncertain: counted.meta({ description: 'May or may not have been sent' }),
  dropped: counted.meta({ description: 'Rejected, cancelled or expired' }),
  wouldBeSent: z.object({ interventions: counted, channels: z.array(channelLine) }).meta({
    description: 'Recorded by a dry run; nobody got them',
  }),
  sent: z.object({ interventions: counted, channels: z.array(channelLine) }),
  simulated: z.int().meta({ description: 'Of what was sent, so many went into the sandbox' }),
})

export const overviewAnswer = z.object({
  at: shape.time,
  currency: shape.currency.meta({ description: 'Of `reporting` amounts' }),
  book: z.object({
    customers: counted.meta({ description: 'Scored customers of the population' }),
    unvalued: z.int().meta({ description: 'Of whom it is not known what they pay' }),
    yearly: moneySum.meta({ description: 'What all of them pay a year' }),
    atRisk: moneySum.meta({ description: 'Value at risk of all of them' }),
    high: z.object({
      customers: counted,
      atRisk: moneySum,
      share: z.number().nullable().meta({
        description:
          'Its value at risk as a share of what the book pays; null: amounts are not known, or lack a rate',
      }),
    }),
    levels: z.array(levelStanding),
  }),
  flags: z.object({
    starter: z.boolean().meta({ description: 'A model was not trained on your customers' }),
    snapshot: z.boolean().meta({ description: 'Scores say how likely, not by when' }),
    lowData: z.object({ customers: z.int(), rows: rowsOf }).meta({ description: 'Scored from too little' }),
    stale: z.boolean().meta({ description: 'A connection is out of date' }),
    dryRun: z.boolean().meta({ description: 'Nothing is sent' }),
  }),
  changes: z
    .object({
      since: shape.time,
      became: changed.extend({
        renewing: z.object({ customers: z.int(), days: z.int(), rows: rowsOf }).meta({
          description: 'Of these those with a renewal within so many days',
        }),
      }),
      recovered: changed,
      came: changed,
      left: changed,
    })
    .nullable()
    .meta({ description: 'Since a week ago; null: there was no score yet then' }),
  comparedFrom: shape.date.nullable().meta({
    description: 'Where `changes` is null: the day from which on it can be said; null: nobody was scored yet',
  }),
  distribution: z.object({
    bins: z
      .array(z.object({ from: z.number(), to: z.number(), high: z.int(), medium: z.int(), low: z.int() }))
      .meta({ description: 'Equal parts of the probability, up to the last that somebody is in' }),
    levels: z.array(leveling).meta({ description: 'What a level means, by connection' }),
  }),
  trend: z.object({
    ready: z
      .boolean()
      .meta({ description: 'false: it is being worked out, once a day; ask again in a moment' }),
    days: z.array(trendDay).meta({ description: 'Each at its end, oldest first; the last is now' }),
    short: z.boolean().meta({ description: 'Fewer than 14 days are known' }),
    since: shape.date.nullable(),
  }),
  first: z
    .array(
      customerLine.extend({
        was: shape.probability.nullable().meta({
          description: 'Thirty days ago, else when it was first scored; null: it never moved',
        }),
        renewalDate: shape.date.nullable(),
      }),
    )
    .meta({ description: 'Whom to care for first: the most value at risk' }),
  funnel,
  budget: budgetReport,
  connections: z.array(freshness),
  notices: z.array(notice).meta({ description: 'What needs a look, the worst first' }),
})
export type OverviewAnswer = z.infer<typeof overviewAnswer>
