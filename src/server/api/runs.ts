/** The log of what the loop did, and one run while it goes. */
import { z } from 'zod'
import { asConnection, asRun } from '../../contracts/ids.ts'
import { STEP_NAMES } from '../../loop/services.ts'
import { maskName, seesPeople } from '../../security/masking.ts'
import { LARGEST_PAGE } from '../../store/reads/paging.ts'
import { listRuns, movedInRun, readRun, type NamedRun, type RunQuery } from '../../store/reads/runs.ts'
import { route } from '../route.ts'
import { csvFile, everyPage, listFormat, type CsvColumns } from './csv-file.ts'
import * as shape from './shapes.ts'

/** As connections show it as well. */
export const runLine = z.object({
  id: z.uuid(),
  connection: shape.connectionId.nullable(),
  step: z.string().meta({ description: STEP_NAMES.join(', ') }),
  cause: z.string().meta({ description: 'schedule, webhook, api, cli, settings, first, or the step before' }),
  status: z.enum(['running', 'done', 'failed', 'interrupted']),
  done: z.int(),
  total: z.int().nullable().meta({ description: 'null: not known beforehand' }),
  counts: z.record(z.string(), z.number()).meta({ example: { added: 3, changed: 2, unchanged: 95 } }),
  error: shape.problem.nullable(),
  startedAt: shape.time,
  finishedAt: shape.time.nullable(),
})

export const run = runLine.extend({
  connectionName: z.string().nullable().meta({ description: 'null: of no connection' }),
})
export type RunAnswer = z.infer<typeof run>

export const oneRun = run.extend({
  seconds: z.number().meta({ description: 'That it took, or takes so far' }),
  perSecond: z
    .number()
    .nullable()
    .meta({ description: 'Records a second so far; null: it has done none, or takes no time' }),
  secondsLeft: z.number().nullable().meta({
    description: 'At this pace; null: it is over, or nobody knows how much there is',
  }),
})
export type OneRunAnswer = z.infer<typeof oneRun>

export const moved = z.object({
  items: z.array(
    z.object({
      customer: shape.customerId,
      name: z.string().nullable(),
      scoredAt: shape.time,
      probability: shape.probability,
      level: shape.level,
      before: shape.probability.nullable().meta({ description: 'null: it is the first score' }),
    }),
  ),
  whole: z.boolean().meta({ description: 'Whether these are all of them' }),
})
export type MovedAnswer = z.infer<typeof moved>

const filters = {
  connection: shape.connectionId.optional(),
  step: z.enum(STEP_NAMES).optional(),
  status: runLine.shape.status.optional(),
  cause: shape.word(40).optional(),
  from: shape.moment.optional().meta({ description: 'Begun at or after' }),
  until: shape.moment.optional().meta({ description: 'Begun before' }),
}
type Filters = z.infer<z.ZodObject<typeof filters>>

const wanted = ({ connection, from, until, ...same }: Filters): RunQuery => ({
  ...same,
  ...(connection === undefined ? {} : { connection: asConnection(connection) }),
  ...(from === undefined ? {} : { from: new Date(from) }),
  ...(until === undefined ? {} : { until: new Date(until) }),
})

const COLUMNS: CsvColumns<NamedRun> = {
  id: ({ id }) => id,
  connection: ({ connectionName }) => connectionName,
  step: ({ step }) => step,
  cause: ({ cause }) => cause,
  status: ({ status }) => status,
  done: ({ done }) => done,
  total: ({ total }) => total,
  startedAt: ({ startedAt }) => startedAt,
  finishedAt: ({ finishedAt }) => finishedAt,
  seconds: (one) => (one.finishedAt === null ? null : paceOf(one, one.finishedAt).seconds),
  counts: ({ counts }) => counts,
  error: ({ error }) => error?.message ?? null,
}

export const runRoutes = [
  route({
    method: 'get',
    path: '/v1/runs',
    summary: 'What the loop did, newest first',
    description: '`format=csv` gives all that the filters leave, as a file.',
    tag: 'Connections',
    access: { scope: 'read', role: 'viewer' },
    query: z.strictObject({
      ...shape.pageQuery,
      ...filters,
      format: listFormat,
    }),
    answers: { 200: { description: 'A page of runs', schema: shape.pageOf(run) } },
    handle: async ({ tenant, query: { format, limit, cursor, ...given } }, { database }) => {
      const query = wanted(given)
      if (format === 'csv')
        return csvFile(
          'runs.csv',
          COLUMNS,
          everyPage((at) =>
            database.withTenant(tenant, (tx) => listRuns(tx, { ...query, limit: LARGEST_PAGE, cursor: at })),
          ),
        )
      return {
        status: 200,
        body: await database.withTenant(tenant, (tx) => listRuns(tx, { ...query, limit, cursor })),
      }
    },
  }),
  route({
    method: 'get',
    path: '/v1/runs/{id}',
    summary: 'One run, with how far it is',
    tag: 'Connections',
    access: { scope: 'read', role: 'viewer' },
    params: z.strictObject({ id: shape.runId }),
    answers: {
      200: {
        description: 'The run',
        schema: oneRun,
      },
    },
    handle: async ({ tenant, params }, { database, clock }) => {
      const found = await database.withTenant(tenant, (tx) => readRun(tx, asRun(params.id)))
      return { status: 200, body: { ...found, ...paceOf(found, clock()) } }
    },
  }),
  route({
    method: 'get',
    path: '/v1/runs/{id}/customers',
    summary: 'Whose risk a run moved, newest first',
    description:
      'For a run of the step `score`, while it goes and some time after: the newest 20,000 scores are looked through. Names are masked for viewers.',
    tag: 'Connections',
    access: { scope: 'read', role: 'viewer' },
    params: z.strictObject({ id: shape.runId }),
    query: z.strictObject({ limit: shape.pageQuery.limit }),
    answers: {
      200: {
        description: 'The customers',
        schema: moved,
      },
    },
    handle: async ({ tenant, params, query, caller }, { database }) => {
      const found = await database.withTenant(tenant, async (tx) => {
        const whose = await readRun(tx, asRun(params.id))
        return whose.step === 'score' && whose.connection !== null
          ? movedInRun(tx, whose, query.limit)
          : { items: [], whole: true }
      })
      const items = seesPeople(caller)
        ? found.items
        : found.items.map((one) => ({ ...one, name: one.name === null ? null : maskName(one.name) }))
      return { status: 200, body: { ...found, items } }
    },
  }),
] as const

function paceOf(
  { startedAt, finishedAt, done, total }: NamedRun,
  now: Date,
): { readonly seconds: number; readonly perSecond: number | null; readonly secondsLeft: number | null } {
  const seconds = Math.max(0, ((finishedAt ?? now).getTime() - startedAt.getTime()) / 1000)
  const perSecond = done > 0 && seconds > 0 ? done / seconds : null
  const left =
    finishedAt === null && total !== null && perSecond !== null ? Math.max(0, total - done) / perSecond : null
  return { seconds, perSecond, secondsLeft: left }
}
