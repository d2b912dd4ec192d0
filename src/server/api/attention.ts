/** Needs a look: everything that waits for a person, what it means, and the buttons that end it. */
import { z } from 'zod'
import { HoldfastError } from '../../contracts/errors.ts'
import { asConnection, asIntervention } from '../../contracts/ids.ts'
import { attentionAsked, attentionWords, type AttentionItem } from '../../loop/attention.ts'
import { actionNames } from '../../settings/planning.ts'
import type { ServiceSettings } from '../../settings/service.ts'
import { failedAmong, putAside, retryRefused, type SeenThing } from '../../store/attention-seen.ts'
import { recordAudit } from '../../store/audit.ts'
import type { Transaction } from '../../store/database.ts'
import { releaseDeferred } from '../../store/intervention-sweeps.ts'
import {
  ATTENTION_KINDS,
  countAttention,
  listAttention,
  REFUSED,
  type Refused,
} from '../../store/reads/attention.ts'
import { listInterventions } from '../../store/reads/interventions.ts'
import { currentSettings } from '../../store/settings-versions.ts'
import { requestStep } from '../../store/steps.ts'
import { route, type Route } from '../route.ts'
import { interventionLine } from './interventions.ts'
import * as shape from './shapes.ts'
import { lineFor } from './shown.ts'

const button = z.object({
  label: z.string(),
  method: z.enum(['GET', 'POST']),
  path: z.string().meta({ description: 'A GET shows the rows behind it' }),
  body: z.record(z.string(), z.unknown()).nullable(),
  role: z.enum(['viewer', 'operator', 'admin']),
})

const KEY = 'takes the key of something that GET /v1/attention lists'
const key = z
  .string(KEY)
  .regex(/^[\x21-\x7e]{1,200}$/, KEY)
  .meta({ example: 'step:5f1c2f4e-8b1e-4c8e-9f4b-0d9b6a1f7c11:sync' })

const thing = z.object({
  kind: z.enum(ATTENTION_KINDS),
  key: z.string(),
  mark: z.string().meta({ description: 'Which time it happened; send it with the key to put it aside' }),
  since: shape.time.nullable(),
  count: z.int().meta({ description: 'How many it is about' }),
  tone: z.enum(['bad', 'wait']).meta({
    description: 'bad: customers are affected now. wait: something waits until somebody does something',
  }),
  title: z.string(),
  happened: z.string(),
  means: z.string().meta({ description: 'For the customers' }),
  todo: z.string(),
  buttons: z.array(button),
  dismissible: z.boolean(),
  connection: shape.connectionId.nullable(),
})

const looked = interventionLine.extend({
  actionName: z.string(),
  buttons: z.array(button),
})

export const attentionAnswer = z.object({
  count: z.int().meta({ description: 'As GET /v1/badges has it' }),
  items: z.array(thing).meta({ description: 'The worst first, then the oldest; 200 at most' }),
  uncertain: z
    .object({ count: z.int(), items: z.array(looked), list: z.string() })
    .meta({ description: 'Nobody can say whether they went out. The newest 20; `list` has all' }),
  failed: z
    .object({ count: z.int(), items: z.array(looked), list: z.string() })
    .meta({ description: 'They did not go out, within 30 days. The newest 20; `list` has all' }),
})
export type AttentionAnswer = z.infer<typeof attentionAnswer>

/** Of each kind that are shown with the rest. */
const SHOWN = 20

const LISTS = { uncertain: '/v1/interventions?state=uncertain', failed: '/v1/interventions?unseen=true' }

export const attentionRoutes: readonly Route[] = [
  route({
    method: 'get',
    path: '/v1/attention',
    summary: 'What waits for a person’s look',
    description:
      'What happened, what it means for the customers, what to do, and the routes that do it. What was put aside comes back when it happens anew.',
    tag: 'Attention',
    access: { scope: 'read', role: 'viewer' },
    answers: { 200: { description: 'All of it', schema: attentionAnswer } },
    handle: async ({ tenant, caller }, { database, clock }) => ({
      status: 200,
      body: await database.withTenant(tenant, async (tx) => {
        const { settings } = await currentSettings(tx)
        const asked = attentionAsked(settings, clock())
        const counts = await countAttention(tx, asked)
        const items = (await listAttention(tx, asked)).map(attentionWords(settings))
        const linesOf = async (filter: { state?: ['uncertain']; unseen?: boolean }) =>
          (await listInterventions(tx, { ...filter, limit: SHOWN })).items.map((line) => ({
            ...lineFor(caller, line),
            actionName: actionNames(settings)(line.actionKey),
            buttons: line.state === 'uncertain' ? resolveButtons(line.id) : failedButtons(line),
          }))
        return {
          count: counts.things + counts.uncertain + counts.failed,
          items: items.toSorted((a, b) => rank(a) - rank(b)),
          uncertain: {
            count: counts.uncertain,
            items: counts.uncertain === 0 ? [] : await linesOf({ state: ['uncertain'] }),
            list: LISTS.uncertain,
          },
          failed: {
            count: counts.failed,
            items: counts.failed === 0 ? [] : await linesOf({ unseen: true }),
            list: LISTS.failed,
          },
        }
      }),
    }),
  }),
  route({
    method: 'post',
    path: '/v1/attention/dismiss',
    summary: 'Puts something aside that was looked at',
    description:
      'Until it happens anew. What has to be ended (uncertain messages, automatic stops) cannot be put aside. Failed interventions are named `intervention:<id>`.',
    tag: 'Attention',
    access: { scope: 'write', role: 'operator' },
    body: shape.body({
      items: z
        .array(z.strictObject({ key, mark: z.string().max(500).default('') }))
        .min(1)
        .max(200),
      note: shape.text(500).optional().meta({ description: 'In your own words' }),
    }),
    answers: {
      200: {
        description: 'What became of each, in their order',
        schema: z.object({
          dismissed: z.int(),
          results: z.array(
            z.object({
              key: z.string(),
              outcome: z.enum(['done', 'gone', 'changed', 'refused']).meta({
                description:
                  'gone: it is over, or somebody put it aside. changed: it happened anew since you looked. refused: it has to be ended',
              }),
            }),
          ),
        }),
      },
    },
    handle: async ({ tenant, body, caller, requestId }, { database, clock }) => ({
      status: 200,
      body: await database.withTenant(tenant, async (tx) => {
        const { settings } = await currentSettings(tx)
        const results = await dismissals(tx, body.items, { settings, now: clock() })
        const done = body.items.filter((_, at) => results[at].outcome === 'done')
        if (done.length > 0) {
          await putAside(tx, onceEach(done), { actor: caller.actor, note: body.note ?? null })
          await recordAudit(tx, {
            actor: caller.actor,
            action: 'attention.dismiss',
            object: done.length === 1 ? done[0].key : null,
            detail: { keys: done.map((one) => one.key), note: body.note ?? null },
            requestId,
          })
        }
        return { dismissed: done.length, results }
      }),
    }),
  }),
  route({
    method: 'post',
    path: '/v1/attention/retry',
    summary: 'Tries once more what failed or waits',
    description:
      'A step that failed, what a CRM refused, actions that wait for something that is mended by now. Asking twice is asking once.',
    tag: 'Attention',
    access: { scope: 'write', role: 'operator' },
    body: shape.body({ key }),
    answers: {
      202: {
        description: 'It is asked for',
        schema: z.object({ asked: z.int().meta({ description: 'How many things' }) }),
      },
    },
    handle: async ({ tenant, body, caller, requestId }, { database, queue, clock }) => ({
      status: 202,
      body: await database.withTenant(tenant, async (tx) => {
        const { settings } = await currentSettings(tx)
        const found = (await listAttention(tx, attentionAsked(settings, clock()))).find(
          (one) => one.key === body.key,
        )
        if (found === undefined)
          throw new HoldfastError(
            'not_found',
            'It is over by now, or was put aside. GET /v1/attention lists what there is.',
          )
        const asked = await retried(tx, body.key)
        await recordAudit(tx, { actor: caller.actor, action: 'attention.retry', object: body.key, requestId })
        if (queue !== null) tx.afterCommit(() => queue.wake(tenant))
        return { asked }
      }),
    }),
  }),
]

const rank = ({ tone }: AttentionItem): number => (tone === 'bad' ? 0 : 1)

const onceEach = (things: readonly SeenThing[]): readonly SeenThing[] => [
  ...new Map(things.map((one) => [one.key, one])).values(),
]

const INTERVENTION = /^intervention:([0-9a-f-]{36})$/

async function dismissals(
  tx: Transaction,
  items: readonly SeenThing[],
  { settings, now }: { readonly settings: ServiceSettings; readonly now: Date },
) {
  const things = new Map(
    (await listAttention(tx, attentionAsked(settings, now)))
      .map(attentionWords(settings))
      .map((one) => [one.key, one]),
  )
  const ids = items.flatMap((one) => INTERVENTION.exec(one.key)?.[1] ?? [])
  const failed: ReadonlySet<string> = await failedAmong(
    tx,
    ids.filter((id) => z.uuid().safeParse(id).success).map(asIntervention),
  )
  return items.map((one) => {
    const said = (outcome: 'done' | 'gone' | 'changed' | 'refused') => ({ key: one.key, outcome })
    const id = INTERVENTION.exec(one.key)?.[1]
    if (id !== undefined) return said(failed.has(id) ? 'done' : 'gone')
    const known = things.get(one.key)
    if (known === undefined) return said('gone')
    if (!known.dismissible) return said('refused')
    return said(known.mark === one.mark ? 'done' : 'changed')
  })
}

/** @returns how many things are tried again */
async function retried(tx: Transaction, of: string): Promise<number> {
  const [kind, first, second] = of.split(':')
  if (kind === 'step') {
    await requestStep(tx, { connection: asConnection(first), step: second, cause: 'page' })
    return 1
  }
  if (kind === 'waiting') return releaseDeferred(tx, [of.slice('waiting:'.length)])
  if (kind === 'refused' && Object.hasOwn(REFUSED, first))
    return retryRefused(tx, { what: first as Refused, connection: asConnection(second), cause: 'page' })
  throw new HoldfastError(
    'conflict',
    'There is nothing to try again: GET /v1/attention says what can be done.',
  )
}

type Button = z.infer<typeof button>

function resolveButtons(id: string): Button[] {
  const resolve = (label: string, as: 'sent' | 'not_sent', again: boolean): Button => ({
    label,
    method: 'POST',
    path: '/v1/attention/resolve',
    body: { items: [id], as, again },
    role: 'operator',
  })
  return [
    resolve('It was sent', 'sent', false),
    resolve('It was not sent', 'not_sent', false),
    resolve('It was not sent: send it again', 'not_sent', true),
  ]
}

/** What failed has ended: whoever wants it again plans it anew, once. */
function failedButtons({
  id,
  customer,
  actionKey,
}: {
  readonly id: string
  readonly customer: number
  readonly actionKey: string
}): Button[] {
  return [
    {
      label: 'Plan it again',
      method: 'POST',
      path: '/v1/interventions',
      body: { customer, action: actionKey },
      role: 'operator',
    },
    {
      label: 'Put aside',
      method: 'POST',
      path: '/v1/attention/dismiss',
      body: { items: [{ key: `intervention:${id}`, mark: '' }] },
      role: 'operator',
    },
  ]
}
