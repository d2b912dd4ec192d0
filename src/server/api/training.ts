/** Training: a file comes in or a connection is taken, is looked at, and a run makes a model of it. */
import { z } from 'zod'
import { HoldfastError } from '../../contracts/errors.ts'
import { asConnection } from '../../contracts/ids.ts'
import type { TrainingSource, Training } from '../../training/service.ts'
import { readingFields, trainingRequest } from '../../training/request.ts'
import { MOST_BYTES } from '../../training/uploads.ts'
import type { Caller } from '../../security/access.ts'
import { recordAudit } from '../../store/audit.ts'
import { listTrainingRuns } from '../../store/reads/training-runs.ts'
import { cancelTrainingRun, readTrainingRun, type TrainingRun } from '../../store/training-runs.ts'
import { route, type Route } from '../route.ts'
import type { RouteServices } from '../services.ts'
import { actorFor } from './customer-shown.ts'
import * as shape from './shapes.ts'

const fileId = z.uuid('takes the id of a file as POST /v1/training/files gave it')
const runId = z.uuid('takes the id of a training as GET /v1/training lists it')

const source = z
  .union([z.strictObject({ file: fileId }), z.strictObject({ connection: shape.connectionId })], {
    error: 'takes {"file": "<id>"} or {"connection": "<id>"}',
  })
  .meta({ description: "What is trained on: a file that was uploaded, or a connection's own customers" })

const estimate = z
  .object({ value: z.number(), low: z.number(), high: z.number() })
  .meta({ description: 'With its 95 % interval' })

export const trainingFileAnswer = z.object({
  id: fileId,
  name: z.string(),
  format: z.enum(['csv', 'parquet', 'xlsx']).meta({ description: 'By its content' }),
  bytes: z.int(),
  expiresAt: shape.time.meta({ description: 'Deleted then, or with the training that used it' }),
})
export type TrainingFileAnswer = z.infer<typeof trainingFileAnswer>

const candidate = z.object({
  column: z.string(),
  positive: z.array(z.string()).meta({ description: 'Values that mean "left"' }),
  churned: z.int().nullable(),
  kept: z.int().nullable(),
  unknown: z.int().meta({ description: 'Rows whose outcome is not known, and that are not used' }),
})

export const trainingLookAnswer = z.object({
  name: z.string().meta({ description: "The file's name, or the connection's" }),
  rows: z.int(),
  columns: z.array(
    z.object({
      column: z.string(),
      kind: z.enum(['number', 'category', 'date', 'text', 'empty']),
      missing: z.number().meta({ description: 'Share of rows without a value' }),
      use: z.enum(['feature', 'target', 'id', 'context', 'left_out']),
      meaning: z.string().nullable().meta({ description: 'What it is taken for; null: its own name' }),
      confidence: z.number(),
      why: z.string(),
      sensitive: z.boolean().meta({ description: 'Stays out unless `keep` names it' }),
    }),
  ),
  targets: z.array(candidate).meta({ description: 'Columns that could say who left, the likeliest first' }),
  target: candidate.nullable(),
  features: z.int().nullable(),
  leaks: z.array(z.object({ column: z.string(), leftOut: z.boolean(), sentence: z.string() })),
  minimum: z.object({
    churned: z.int().nullable(),
    kept: z.int().nullable(),
    needChurned: z.int(),
    needKept: z.int(),
    enough: z.boolean().nullable().meta({ description: 'false: a cautious model is fitted instead' }),
    sentence: z.string(),
  }),
  problem: shape.problem.nullable().meta({ description: 'Why it cannot be trained on as it is' }),
  notes: z.array(z.string()),
  outcomes: z
    .object({
      windows: z.array(
        z.object({
          days: z.int(),
          period: z.string(),
          asOf: shape.time,
          churned: z.int(),
          kept: z.int(),
          unknown: z.int(),
        }),
      ),
      sentence: z.string(),
    })
    .nullable()
    .meta({ description: 'Of a connection: what Holdfast itself saw of who left' }),
})
export type TrainingLookAnswer = z.infer<typeof trainingLookAnswer>

export const trainingRunAnswer = z.object({
  id: runId,
  createdAt: shape.time,
  createdBy: z.string().meta({ description: 'As the audit log names them; masked for viewers' }),
  source: z.enum(['upload', 'connection']),
  sourceName: z.string().meta({ description: "The file's name, or the connection's" }),
  connection: shape.connectionId.nullable(),
  request: z.unknown().meta({ description: 'What was asked for, its seed included', type: 'object' }),
  state: z.enum(['queued', 'running', 'done', 'failed', 'cancelled']),
  progress: z.number().min(0).max(1),
  phase: z.string().meta({ description: 'What is being done, in words' }),
  startedAt: shape.time.nullable(),
  finishedAt: shape.time.nullable(),
  error: shape.problem.nullable(),
  result: z
    .object({
      customers: z.int(),
      churned: z.int(),
      features: z.int(),
      kind: z.enum(['trees', 'logistic']),
      trees: z.int(),
      auc: estimate,
      logLoss: estimate,
      calibrationError: estimate,
      calibrationNoise: z.number(),
      belowFloor: z.string().nullable(),
      leaks: z.array(z.string()),
      why: z.string(),
      seconds: z.number(),
    })
    .nullable(),
  model: shape.hash.nullable().meta({ description: 'Of GET /v1/models' }),
})
export type TrainingRunAnswer = z.infer<typeof trainingRunAnswer>

export const trainingListAnswer = shape.pageOf(trainingRunAnswer).extend({
  limits: z.object({
    fileBytes: z.int().meta({ description: 'Most bytes of an uploaded file' }),
    keptHours: z.int().meta({ description: 'That an uploaded file is kept for' }),
  }),
})
export type TrainingListAnswer = z.infer<typeof trainingListAnswer>

/** @throws HoldfastError `conflict` in a process that trains nothing */
export function trainingOf({ training }: RouteServices): Training {
  if (training) return training
  throw new HoldfastError('conflict', 'This process does not train. Ask one that serves pages.')
}

const sourceOf = (given: z.infer<typeof source>): TrainingSource =>
  'file' in given ? given : { connection: asConnection(given.connection) }

function answerOf(run: TrainingRun, caller: Caller): unknown {
  const {
    file: _file,
    bundle,
    errorCode,
    errorMessage,
    cancelAsked: _asked,
    attempts: _attempts,
    ...same
  } = run
  return {
    ...same,
    createdBy: actorFor(run.createdBy, caller),
    error: errorCode === null ? null : { code: errorCode, message: errorMessage ?? '' },
    model: bundle,
  }
}

const noRun = (): HoldfastError =>
  new HoldfastError('not_found', 'There is no such training. GET /v1/training lists them.')

export const trainingRoutes: readonly Route[] = [
  route({
    method: 'post',
    path: '/v1/training/files',
    summary: 'Upload a customer file to train on',
    description: `The file itself as the body, its name in X-File-Name (percent-encoded): CSV, Parquet or .xlsx, told apart by content, at most ${MOST_BYTES / 2 ** 20} MB. It is deleted after the training, or after a day.`,
    tag: 'Models',
    access: { scope: 'admin', role: 'admin' },
    headers: z.object({ 'x-file-name': z.string().min(1).max(600).default('customers.csv') }),
    bodyLimit: MOST_BYTES,
    answers: { 201: { description: 'The file, to be looked at', schema: trainingFileAnswer } },
    handle: async ({ tenant, caller, headers, chunks }, services) => {
      const training = trainingOf(services)
      const file = await training.receive(tenant, caller.actor, decoded(headers['x-file-name']), chunks())
      const { id, name, format, bytes, expiresAt } = file
      return { status: 201, body: { id, name, format, bytes, expiresAt } }
    },
  }),
  route({
    method: 'post',
    path: '/v1/training/look',
    summary: 'What a training would make of the data',
    description:
      'Columns and what they are taken for, columns that could say who left, those that tell the answer, those that stay out, and whether there is enough. Nothing is trained.',
    tag: 'Models',
    access: { scope: 'admin', role: 'admin' },
    body: shape.body({ source, ...readingFields }),
    answers: { 200: { description: 'What was found', schema: trainingLookAnswer } },
    handle: async ({ tenant, body, signal }, services) => {
      const { source, ...reading } = body
      return { status: 200, body: await trainingOf(services).look(tenant, sourceOf(source), reading, signal) }
    },
  }),
  route({
    method: 'post',
    path: '/v1/training',
    summary: 'Train a model',
    description:
      'In a process of its own, one after the other; GET /v1/training/{id} tells how far it is. The model is then compared and promoted, or not: nothing is put in charge by itself.',
    tag: 'Models',
    access: { scope: 'admin', role: 'admin' },
    body: shape.body({ source, ...trainingRequest.shape }),
    answers: { 202: { description: 'The training, which waits for its turn', schema: trainingRunAnswer } },
    handle: async ({ tenant, caller, body }, services) => {
      const { source, ...request } = body
      const run = await trainingOf(services).start(tenant, caller.actor, sourceOf(source), request)
      return { status: 202, body: answerOf(run, caller), headers: { Location: `/v1/training/${run.id}` } }
    },
  }),
  route({
    method: 'get',
    path: '/v1/training',
    summary: 'Trainings, newest first',
    tag: 'Models',
    access: { scope: 'read', role: 'viewer' },
    query: z.strictObject({
      ...shape.pageQuery,
      state: z.enum(['queued', 'running', 'done', 'failed', 'cancelled']).optional(),
    }),
    answers: { 200: { description: 'A page of trainings', schema: trainingListAnswer } },
    handle: async ({ tenant, query, caller }, services) => {
      const { items, next } = await services.database.withTenant(tenant, (tx) => listTrainingRuns(tx, query))
      const limits = services.training?.limits ?? { fileBytes: MOST_BYTES, keptHours: 0 }
      return { status: 200, body: { items: items.map((run) => answerOf(run, caller)), next, limits } }
    },
  }),
  route({
    method: 'get',
    path: '/v1/training/{id}',
    summary: 'One training, and how far it is',
    tag: 'Models',
    access: { scope: 'read', role: 'viewer' },
    params: z.strictObject({ id: runId }),
    answers: { 200: { description: 'The training', schema: trainingRunAnswer } },
    handle: async ({ tenant, params, caller }, { database }) => {
      const run = await database.withTenant(tenant, (tx) => readTrainingRun(tx, params.id))
      if (run === null) throw noRun()
      return { status: 200, body: answerOf(run, caller) }
    },
  }),
  route({
    method: 'post',
    path: '/v1/training/{id}/cancel',
    summary: 'Cancel a training',
    tag: 'Models',
    access: { scope: 'admin', role: 'admin' },
    params: z.strictObject({ id: runId }),
    answers: {
      202: { description: 'The training: cancelled, or about to stop', schema: trainingRunAnswer },
    },
    handle: async ({ tenant, params, caller, requestId }, services) => {
      const run = await services.database.withTenant(tenant, async (tx) => {
        const found = await cancelTrainingRun(tx, params.id)
        if (found !== null)
          await recordAudit(tx, {
            actor: caller.actor,
            action: 'training.cancel',
            object: found.id,
            requestId,
          })
        return found
      })
      if (run === null) throw noRun()
      return { status: 202, body: answerOf(run, caller) }
    },
  }),
]

function decoded(name: string): string {
  try {
    return decodeURIComponent(name)
  } catch {
    return name
  }
}
