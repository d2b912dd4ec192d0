/** Models: every version, how good each is, which one is in charge, and putting another one there. */
import { z } from 'zod'
import { asConnection } from '../../contracts/ids.ts'
import { compareVersions } from '../../loop/model-comparison.ts'
import { evaluationOf } from '../../loop/model-evaluation.ts'
import { meaningWords } from '../../loop/model-facts.ts'
import { modelVersion, modelVersions, type ModelVersion } from '../../loop/model-versions.ts'
import { gatesOf, promote, rollBack, type Promoted } from '../../loop/promotion.ts'
import { UPLOAD_LIMIT } from '../../training/model-upload.ts'
import type { Caller } from '../../security/access.ts'
import { route, type Route } from '../route.ts'
import type { RouteServices } from '../services.ts'
import { actorFor } from './customer-shown.ts'
import { forgetBasis } from './score-basis.ts'
import * as shape from './shapes.ts'
import { trainingOf } from './training.ts'
import {
  comparisonAnswer,
  evaluationAnswer,
  hash,
  modelAnswer,
  modelLine,
  modelListAnswer,
  promotedAnswer,
  type ModelListAnswer,
} from './model-shapes.ts'

const hashParam = z.strictObject({ hash })
const where = shape
  .body({
    connection: shape.connectionId.optional().meta({ description: 'Absent: every connection' }),
  })
  .default({})

const today = ({ clock }: RouteServices): number => Math.floor(clock().getTime() / 86_400_000)

export const modelRoutes: readonly Route[] = [
  route({
    method: 'get',
    path: '/v1/models',
    summary: 'All churn models, and which one is in charge',
    tag: 'Models',
    access: { scope: 'read', role: 'viewer' },
    answers: { 200: { description: 'The models', schema: modelListAnswer } },
    handle: async ({ tenant, caller }, { database }) => {
      const versions = await database.withTenant(tenant, modelVersions)
      return { status: 200, body: { items: versions.map((version) => lineOf(version, caller)) } }
    },
  }),
  route({
    method: 'post',
    path: '/v1/models',
    summary: 'Upload a model bundle',
    description: `The folder that \`holdfast train\` wrote, as .tar or .tar.gz, at most ${UPLOAD_LIMIT / 2 ** 20} MB. Checksums, operators and shapes are checked, no external data is taken, and it is tried in a process of its own. Nothing is put in charge.`,
    tag: 'Models',
    access: { scope: 'admin', role: 'admin' },
    bodyLimit: UPLOAD_LIMIT,
    answers: { 201: { description: 'The model', schema: z.object(modelLine) } },
    handle: async ({ tenant, caller, bytes, signal, requestId }, services) => {
      const by = { actor: caller.actor, requestId }
      const stored = await trainingOf(services).takeModel(tenant, by, await bytes(), signal)
      const version = await services.database.withTenant(tenant, (tx) => modelVersion(tx, stored))
      return { status: 201, body: lineOf(version, caller), headers: { Location: `/v1/models/${stored}` } }
    },
  }),
  route({
    method: 'get',
    path: '/v1/models/{hash}',
    summary: 'One model: its card, its figures, and whether it may be put in charge',
    tag: 'Models',
    access: { scope: 'read', role: 'viewer' },
    params: hashParam,
    answers: { 200: { description: 'The model', schema: modelAnswer } },
    handle: async ({ tenant, params, caller }, services) => {
      const version = await services.database.withTenant(tenant, (tx) => modelVersion(tx, params.hash))
      const { auc: _auc, customers: _customers, origin: dataOrigin, ...facts } = version.facts
      const gates = await gatesOf(services, tenant, params.hash, today(services))
      return { status: 200, body: { ...facts, ...lineOf(version, caller), dataOrigin, gates } }
    },
  }),
  route({
    method: 'get',
    path: '/v1/models/{hash}/evaluation',
    summary: 'Everything that was measured of a model',
    description:
      'On customers that neither the model nor its calibration saw. What was not measured is absent and said to be.',
    tag: 'Models',
    access: { scope: 'read', role: 'viewer' },
    params: hashParam,
    answers: { 200: { description: 'The figures and curves', schema: evaluationAnswer } },
    handle: async ({ tenant, params }, { database }) => {
      const { version, measured } = await database.withTenant(tenant, async (tx) => {
        const version = await modelVersion(tx, params.hash)
        return { version, measured: await evaluationOf(tx, version) }
      })
      const { auc, logLoss, calibrationError, customers, churned, importance } = version.facts
      const { features: _features, ...evaluation } = measured ?? { features: [] }
      return {
        status: 200,
        body: {
          hash: version.hash,
          name: version.name,
          version: version.version,
          measured: measured !== null,
          note: figuresNote(version, measured !== null),
          ownData: version.origin === 'trained',
          figures: { auc, logLoss, calibrationError, customers, churned },
          importance,
          evaluation: measured === null ? null : evaluation,
        },
      }
    },
  }),
  route({
    method: 'get',
    path: '/v1/models/{hash}/comparison',
    summary: 'Two models side by side',
    tag: 'Models',
    access: { scope: 'read', role: 'viewer' },
    params: hashParam,
    query: z.strictObject({ with: hash }),
    answers: { 200: { description: 'How they compare', schema: comparisonAnswer } },
    handle: async ({ tenant, params, query, caller }, { database }) => {
      const [first, second] = await database.withTenant(tenant, async (tx) => [
        await modelVersion(tx, params.hash),
        await modelVersion(tx, query.with),
      ])
      const compared = compareVersions(first, second)
      return {
        status: 200,
        body: { first: lineOf(first, caller), second: lineOf(second, caller), ...compared },
      }
    },
  }),
  changeOfModel(
    'promote',
    'Put a model in charge',
    promote,
    'The gate is asked first: see `gates` of GET /v1/models/{hash}. Scores go on coming from the one before until the new one takes over, whole.',
  ),
  changeOfModel(
    'roll-back',
    'Go back to a model',
    rollBack,
    'One that was in charge of the connection before, or one that ships. No gate is asked.',
  ),
]

function changeOfModel(
  verb: 'promote' | 'roll-back',
  summary: string,
  change: typeof promote,
  description: string,
): Route {
  return route({
    method: 'post',
    path: `/v1/models/{hash}/${verb}`,
    summary,
    description,
    tag: 'Models',
    access: { scope: 'admin', role: 'admin' },
    params: hashParam,
    body: where,
    answers: { 200: { description: 'Where it is in charge now', schema: promotedAnswer } },
    handle: async ({ tenant, params, body, caller, requestId }, services) => ({
      status: 200,
      body: await changed(services, change, { tenant, params, body, caller, requestId }),
    }),
  })
}

async function changed(
  services: RouteServices,
  change: typeof promote,
  asked: {
    readonly tenant: Parameters<typeof promote>[1]['tenant']
    readonly params: { readonly hash: string }
    readonly body: { readonly connection?: string | undefined }
    readonly caller: Caller
    readonly requestId: string
  },
): Promise<Promoted> {
  const { tenant, params, body, caller, requestId } = asked
  const promoted = await change(services, {
    tenant,
    hash: params.hash,
    connection: body.connection === undefined ? null : asConnection(body.connection),
    by: caller.actor,
    requestId,
    today: today(services),
  })
  forgetBasis(services.database, tenant)
  services.queue?.wake()
  return promoted
}

function lineOf(version: ModelVersion, caller: Caller): ModelListAnswer['items'][number] {
  const { hash, name, version: number, origin, facts, createdAt, createdBy, run, bytes, serving } = version
  const places = serving.map((one) => ({
    connection: one.connection,
    connectionName: one.connectionName,
    since: one.since.toISOString(),
    by: one.by === null ? null : actorFor(one.by, caller),
    until: one.retiredAt?.toISOString() ?? null,
  }))
  const inCharge = (at: number): boolean => serving[at].status === 'champion'
  return {
    hash,
    name,
    origin,
    createdBy: createdBy === null ? null : actorFor(createdBy, caller),
    bytes,
    version: number,
    starter: origin === 'shipped',
    label: facts.label,
    meaning: meaningWords(version.meaning),
    trainedOn: trainedOn(version),
    createdAt: createdAt?.toISOString() ?? null,
    training: run,
    auc: facts.auc,
    customers: facts.customers,
    serves: places.filter((_, at) => inCharge(at)),
    served: places.filter((_, at) => !inCharge(at)),
  }
}

function trainedOn({ origin, facts }: ModelVersion): string {
  const { customers, churned, source } = facts
  const whom =
    customers === null
      ? 'on no customer: it rests on what is believed of subscription businesses in general'
      : `on ${customers.toLocaleString('en')} customers${source === null ? '' : ` of ${source}`}${churned === null ? '' : `, of whom ${churned.toLocaleString('en')} had left`}`
  if (origin === 'trained') return `Trained ${whom}.`
  if (origin === 'uploaded') return `Uploaded; trained ${whom}, as its card says.`
  return `Starter model, trained ${whom}; none of it is your company's data.`
}

function figuresNote(version: ModelVersion, curves: boolean): string {
  const { origin, createdAt, facts } = version
  if (facts.auc === null)
    return `No accuracy was measured: ${origin === 'shipped' ? 'this starter was trained on no customer' : 'its card has none'}. Importance is what it assumes, not what was seen.`
  const when = createdAt === null ? '' : ` on ${createdAt.toISOString().slice(0, 10)}`
  const held = 'on customers that neither the model nor its calibration saw (out of fold)'
  if (origin === 'uploaded')
    return `These figures are what its card says; Holdfast did not measure them, and has no curves.`
  const whose =
    origin === 'shipped'
      ? `They are those of the starter's own data (${facts.source ?? 'unknown'}), not of your customers.`
      : `They are of ${facts.source ?? 'your data'}.`
  return `Measured${when} ${held}. ${whose}${curves ? '' : ' No curves were kept.'}`
}
