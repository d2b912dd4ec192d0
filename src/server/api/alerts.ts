/** What was told to whom, telling it once more, and a test of whether it arrives. */
import { z } from 'zod'
import { HoldfastError } from '../../contracts/errors.ts'
import { tell } from '../../loop/tell.ts'
import { TOLD_KINDS } from '../../settings/alerts.ts'
import { recordAudit } from '../../store/audit.ts'
import { currentSettings } from '../../store/settings-versions.ts'
import { databaseTime } from '../../store/time.ts'
import { LARGEST_PAGE, type PageRequest } from '../../store/reads/paging.ts'
import { listTold, tellAgain, type ToldLine } from '../../store/told.ts'
import { seesPeople, maskEmail, maskName } from '../../security/masking.ts'
import { route, type Route } from '../route.ts'
import { csvFile, everyPage, listFormat, type CsvColumns } from './csv-file.ts'
import * as shape from './shapes.ts'

const admin = { scope: 'admin', role: 'admin' } as const

export const alertsAnswer = shape.pageOf(
  z.object({
    id: z.int(),
    kind: z.enum(TOLD_KINDS),
    level: z.enum(['info', 'warning', 'urgent']),
    subject: z.string(),
    via: z.enum(['email', 'webhook']),
    target: z.string().meta({ description: 'The e-mail address, or the id of the webhook' }),
    targetName: z.string().nullable(),
    state: z.enum(['waiting', 'sent', 'failed']),
    attempts: z.int(),
    error: z.string().nullable(),
    createdAt: shape.time,
    endedAt: shape.time.nullable(),
    again: z.boolean().meta({ description: 'Whether it can be told once more' }),
  }),
)
export type AlertsAnswer = z.infer<typeof alertsAnswer>

const masked = (one: ToldLine): ToldLine =>
  one.via === 'webhook'
    ? one
    : { ...one, target: maskEmail(one.target), targetName: one.targetName && maskName(one.targetName) }

const CSV: CsvColumns<ToldLine> = {
  createdAt: ({ createdAt }) => createdAt,
  kind: ({ kind }) => kind,
  level: ({ level }) => level,
  subject: ({ subject }) => subject,
  via: ({ via }) => via,
  target: ({ target }) => target,
  targetName: ({ targetName }) => targetName,
  state: ({ state }) => state,
  attempts: ({ attempts }) => attempts,
  error: ({ error }) => error,
  endedAt: ({ endedAt }) => endedAt,
}

export const alertRoutes: readonly Route[] = [
  route({
    method: 'get',
    path: '/v1/alerts',
    summary: 'What was told to whom in the last 30 days, newest first',
    description: 'With via=webhook and target=<id>: what was delivered to a webhook.',
    tag: 'Alerts',
    access: { scope: 'admin', role: 'viewer' },
    query: z.strictObject({
      ...shape.pageQuery,
      kind: z.enum(TOLD_KINDS).optional(),
      state: z.enum(['waiting', 'sent', 'failed']).optional(),
      via: z.enum(['email', 'webhook']).optional(),
      target: shape.word(320).optional(),
      format: listFormat,
    }),
    answers: { 200: { description: 'A page', schema: alertsAnswer } },
    handle: async ({ tenant, query: { format, ...query }, caller }, { database }) => {
      const read = async (page: PageRequest) => {
        const found = await database.withTenant(tenant, (tx) => listTold(tx, { ...query, ...page }))
        return { ...found, items: seesPeople(caller) ? found.items : found.items.map(masked) }
      }
      if (format === 'csv')
        return csvFile(
          'alerts.csv',
          CSV,
          everyPage((cursor) => read({ limit: LARGEST_PAGE, cursor })),
        )
      return { status: 200, body: await read({}) }
    },
  }),
  route({
    method: 'post',
    path: '/v1/alerts/{id}/again',
    summary: 'Tells something once more that was given up',
    description:
      'At once and under its own key, so that whoever got it after all knows it again. What got through is not told again: what it said is not kept.',
    tag: 'Alerts',
    access: admin,
    params: z.strictObject({ id: z.coerce.number().pipe(z.int().positive()) }),
    answers: { 202: { description: 'It is on its way', schema: z.object({ queued: z.literal(true) }) } },
    handle: async ({ tenant, params: { id }, caller, requestId }, { database }) => {
      await database.withTenant(tenant, async (tx) => {
        const done = await tellAgain(tx, id)
        if (done === 'gone')
          throw new HoldfastError('not_found', `There is no alert ${id}. GET /v1/alerts lists them.`)
        if (done === 'ended')
          throw new HoldfastError('conflict', 'It got through, or what it said is not kept any more.')
        if (done === 'again')
          await recordAudit(tx, { actor: caller.actor, action: 'alert.again', object: String(id), requestId })
      })
      return { status: 202, body: { queued: true } }
    },
  }),
  route({
    method: 'post',
    path: '/v1/alerts/test',
    summary: 'Sends a test to everybody who is told by e-mail',
    description:
      'To the addresses of the settings (alerts.email.to). It leaves within seconds and is tried once; GET /v1/alerts?kind=test tells what became of it.',
    tag: 'Alerts',
    access: admin,
    answers: {
      202: {
        description: 'It is on its way',
        schema: z.object({ queued: z.int().meta({ description: 'To how many addresses' }) }),
      },
    },
    handle: async ({ tenant, caller, requestId }, { database }) => ({
      status: 202,
      body: await database.withTenant(tenant, async (tx) => {
        const { to } = (await currentSettings(tx)).settings.alerts.email
        if (to.length === 0)
          throw new HoldfastError(
            'conflict',
            'Nobody is told by e-mail yet. Add an address to alerts.email.to in the settings.',
          )
        const queued = await tell(tx, {
          kind: 'test',
          level: 'info',
          subject: 'A test of Holdfast',
          text: `Alerts and digests of Holdfast reach you here. ${caller.actor.replace(/^\w+:/, '')} asked for this message.`,
          dedupKey: `test e-mail ${(await databaseTime(tx)).toISOString()}`,
          to: to.map((address) => ({ name: null, address })),
          onlyTo: true,
        })
        await recordAudit(tx, {
          actor: caller.actor,
          action: 'alert.test',
          detail: { to: to.length },
          requestId,
        })
        return { queued }
      }),
    }),
  }),
]
