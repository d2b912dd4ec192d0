/** The third step of set-up: which property feeds which feature, tried on customers before it is saved. */
import { z } from 'zod'
import { asConnection } from '../../contracts/ids.ts'
import { seesPeople } from '../../security/masking.ts'
import { route } from '../route.ts'
import { personOf, settingUpOf } from './connection-control.ts'
import * as shape from './shapes.ts'

const params = z.strictObject({ id: shape.connectionId })
const tag = 'Set-up'
const share = z.number().min(0).max(1)

const found = {
  column: z.string().meta({ description: 'By its name in the CRM' }),
  label: z.string(),
  confidence: share,
  why: z.string(),
}

export const mappingAnswer = z.object({
  mark: z.string().meta({ description: 'Of this mapping: a saving names it' }),
  sample: z.int().meta({ description: 'Records that the figures are of' }),
  features: z.array(
    z.object({
      feature: z.string(),
      label: z.string(),
      about: z.string(),
      kind: z.enum(['number', 'category']),
      unit: z.string().nullable(),
      wanted: z.enum(['model', 'rules', 'nothing']).meta({
        description: 'model: the model in charge looks at it. rules: what may be done goes by it',
      }),
      importance: share
        .nullable()
        .meta({ description: 'Share of what moves the score; null: the model does not look' }),
      mapped: z.object({ ...found, unit: z.string().nullable(), byHand: z.boolean() }).nullable(),
      alternatives: z.array(z.object(found)).meta({ description: 'What else could feed it, surest first' }),
    }),
  ),
  columns: z.array(
    z.object({
      column: z.string(),
      label: z.string(),
      kind: z.enum(['number', 'category', 'date', 'text', 'empty']),
      filled: share.meta({ description: 'Share of the sample that has a value' }),
      distinct: z.int(),
      samples: z.array(z.string()).meta({ description: 'Values that occur, most first; none for viewers' }),
      feeds: z.string().nullable().meta({ description: 'The feature that it feeds' }),
      refused: z
        .object({ never: z.boolean(), why: z.string() })
        .nullable()
        .meta({ description: 'Why it should not feed a model; never: it cannot be chosen' }),
    }),
  ),
  written: z
    .array(z.object({ name: z.string(), label: z.string() }))
    .meta({ description: 'Fields of the CRM that show what Holdfast found; nothing else is ever written' }),
  writes: z.boolean().meta({ description: 'Whether they are (settings: writeBack.enabled)' }),
})
export type MappingAnswer = z.infer<typeof mappingAnswer>

const changes = z
  .array(
    z.strictObject({
      column: shape.word(250),
      feature: shape.word(100).nullable().meta({ description: 'null: the column is left out' }),
      unit: shape.word(100).optional().meta({ description: 'What it is written in', example: 'years' }),
      inverted: z.boolean().optional().meta({ description: 'It asks the opposite question, as opt-outs do' }),
    }),
  )
  .min(1, 'names at least one change')
  .max(500, 'takes at most 500 changes')

const known = z.object({
  confidence: share.nullable().meta({ description: 'Mean data confidence; null: nothing feeds the model' }),
  distribution: z.array(z.int()).meta({ description: 'Customers of the sample, in tenths' }),
  known: z
    .record(z.string(), share)
    .meta({ description: 'Share of which each feature of the model is known' }),
})
export const mappingPreview = z.object({
  sample: z.int().meta({ description: 'Customers that were read for it' }),
  before: known,
  after: known,
  moved: z.int().meta({ description: 'Of the sample: whose probability is another by a point or more' }),
})
export type MappingPreviewAnswer = z.infer<typeof mappingPreview>

export const setUpMappingRoutes = [
  route({
    method: 'get',
    path: '/v1/connections/{id}/mapping',
    summary: 'Which property feeds which feature, with why and what else could',
    tag,
    access: { scope: 'read', role: 'viewer' },
    params,
    answers: { 200: { description: 'The mapping in force', schema: mappingAnswer } },
    handle: async ({ tenant, params: { id }, caller }, services) => {
      const view = await settingUpOf(services).mapping.view(tenant, asConnection(id))
      // Values of a sample are of somebody.
      const columns = seesPeople(caller) ? view.columns : view.columns.map((one) => ({ ...one, samples: [] }))
      return { status: 200, body: { ...view, columns } }
    },
  }),
  route({
    method: 'post',
    path: '/v1/connections/{id}/mapping/preview',
    summary: 'What a change of the mapping would do to what is known of customers',
    description:
      'Reads up to 200 customers from the CRM for it, and scores them both ways. Nothing is saved.',
    tag,
    access: { scope: 'read', role: 'operator' },
    rate: 'costly',
    params,
    body: shape.body({ changes }),
    answers: { 200: { description: 'Before and after', schema: mappingPreview } },
    handle: async ({ tenant, params: { id }, body }, services) => ({
      status: 200,
      body: await settingUpOf(services).mapping.preview(tenant, asConnection(id), body.changes),
    }),
  }),
  route({
    method: 'put',
    path: '/v1/connections/{id}/mapping',
    summary: 'Changes the mapping',
    description:
      'Laid over the one in force. Every customer is read and scored once more. Somebody else’s change since `mark` is a conflict, and nothing is saved.',
    tag,
    access: { scope: 'admin', role: 'admin' },
    params,
    body: shape.body({ changes, mark: shape.word(100).meta({ description: 'As GET gave it' }) }),
    answers: { 200: { description: 'The mapping in force', schema: mappingAnswer } },
    handle: async ({ tenant, params: { id }, body, caller, requestId }, services) => {
      const { mapping } = settingUpOf(services)
      await mapping.save(tenant, asConnection(id), { ...body, by: personOf(caller, requestId) })
      return { status: 200, body: await mapping.view(tenant, asConnection(id)) }
    },
  }),
] as const
