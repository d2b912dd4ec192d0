/** Trying a customer out: what if it were otherwise? Scored by the model in charge; nothing is stored or acted on. */
import { z } from 'zod'
import { levelOf } from '../../../models/churn/levels.ts'
import { HoldfastError } from '../../contracts/errors.ts'
import { asCustomer, type CustomerId, type TenantId } from '../../contracts/ids.ts'
import type { ScoredRecord } from '../../loop/engine.ts'
import type { EngineReader, RecordInput } from '../../loop/engine-reader.ts'
import type { LoopServices } from '../../loop/services.ts'
import { triedFeatures, tryOut, type TriedFeature } from '../../loop/try-out.ts'
import { objectors } from '../../store/objections.ts'
import { readScoredRecord, type ScoredRecordRow } from '../../store/reads/scored-record.ts'
import { formatsFor } from '../words/formats.ts'
import { route } from '../route.ts'
import { connectionReading, readable } from './connection-reading.ts'
import { basisOf } from './score-basis.ts'
import * as shape from './shapes.ts'
import { triedAnswer, tryAnswer, tryBody, type TriedAnswer, type TryAnswer } from './try-shapes.ts'
import { triedSuggestion, type TriedCustomer } from './try-suggestion.ts'
import { triedSentence, unseenSentence, valueText } from './try-words.ts'

const params = z.strictObject({ id: shape.customerInText })

export const tryRoutes = [
  route({
    method: 'get',
    path: '/v1/customers/{id}/try',
    summary: 'The features of a customer that its model looks at, to try it out with',
    tag: 'Customers',
    access: { scope: 'read', role: 'viewer' },
    params,
    answers: { 200: { description: 'The features, with the own values', schema: tryAnswer } },
    handle: async ({ tenant, params }, services) => {
      const place = await openTry(services, tenant, asCustomer(params.id))
      const [now] = await place.reader.scoreInputs([place.input])
      const features = triedFeatures(place.basis.engine, place.input)
      const body: TryAnswer = {
        ...standingOf(place, now),
        currency: place.basis.currency,
        features: features.map((feature) => ({
          ...feature,
          choices: feature.choices === null ? null : [...feature.choices],
          text: valueText(feature, feature.value, place.basis.currency),
          missing: feature.value === null ? missingWhy(feature, place.reader) : null,
        })),
      }
      return { status: 200, body }
    },
  }),
  route({
    method: 'post',
    path: '/v1/customers/{id}/try',
    summary: 'The same customer scored with some features changed',
    description:
      'By the model in charge, as of the day of the score in force. Nothing is stored, and nothing follows from it. Budget, places, consent on record and earlier messages are looked at when a decision is made, not here.',
    tag: 'Customers',
    access: { scope: 'score', role: 'viewer' },
    params,
    body: tryBody,
    answers: { 200: { description: 'The score that it would have', schema: triedAnswer } },
    handle: async ({ tenant, params, body }, services) => ({
      status: 200,
      body: await answerTry(services, tenant, asCustomer(params.id), body.changes),
    }),
  }),
] as const

interface TryPlace extends TriedCustomer {
  readonly record: ScoredRecordRow
  readonly reader: EngineReader
  readonly input: RecordInput
  /** Days since 1970-01-01. */
  readonly today: number
}

const DAY = 86_400_000

async function openTry(services: LoopServices, tenant: TenantId, id: CustomerId): Promise<TryPlace> {
  const now = services.clock()
  const { record, objects } = await services.database.withTenant(tenant, async (tx) => ({
    record: await readScoredRecord(tx, id),
    objects: (await objectors(tx, [id])).has(id),
  }))
  const reading = await connectionReading(services.database, tenant, record.connection)
  readable(reading.connection)
  const basis = await basisOf(services, tenant, record.connection)
  const today = record.score === null ? Math.floor(now.getTime() / DAY) : dayOf(record.score.asOf)
  const reader = reading.reader(basis.engine, today)
  const [input] = reader.inputsOf([record.properties])
  if (objects || input.context.profilingConsent === 0)
    throw new HoldfastError(
      'conflict',
      'This customer objects to being profiled, so nothing is reckoned of it.',
    )
  if (record.status !== 'active')
    throw new HoldfastError(
      'conflict',
      'This customer is no longer in the population, so it is not scored any more.',
    )
  return {
    basis,
    record,
    reader,
    input,
    today,
    action: basis.action,
    now,
  }
}

const dayOf = (date: string): number => Math.floor(Date.parse(`${date}T00:00:00Z`) / DAY)

function standingOf(place: TryPlace, now: ScoredRecord): Omit<TryAnswer, 'currency' | 'features'> {
  const { basis, record, reader, today } = place
  const { meaning, name, hash } = basis.engine.churn
  const stored = record.score
  return {
    kind: meaning.kind,
    horizonDays: meaning.kind === 'horizon' ? meaning.days : null,
    asOf: new Date((reader.asOf ?? today) * DAY).toISOString().slice(0, 10),
    model: { name, hash, starter: basis.starter },
    stored: stored === null ? null : { probability: rounded(stored.probability), level: stored.level },
    now: riskOf(place, now),
    differs: stored === null ? null : differsWhy(place, stored, now.probability),
  }
}

function riskOf({ basis }: TryPlace, { probability }: ScoredRecord): TryAnswer['now'] {
  return { probability: rounded(probability), level: levelOf(probability, basis.thresholds) }
}

/** The models compute with 7 digits. */
const NOISE = 2e-6
const rounded = (probability: number): number => Math.round(probability * 1e6) / 1e6

function differsWhy(
  { basis, record }: TryPlace,
  stored: NonNullable<ScoredRecordRow['score']>,
  now: number,
): string | null {
  if (Math.abs(stored.probability - now) <= NOISE) return null
  if (stored.modelHash !== basis.engine.churn.hash)
    return 'The score in force is of another model. The next scoring replaces it.'
  if (record.due)
    return 'Something of this customer changed since it was scored. The next scoring takes it up.'
  return 'How records are read was changed since this customer was scored. The next scoring takes it up.'
}

function missingWhy({ name }: TriedFeature, { gaps }: EngineReader): string {
  const gap = gaps.find(({ feature }) => feature === name)
  if (gap === undefined) return 'This customer has no value of it that could be read.'
  return gap.column === null
    ? 'No property of your records feeds it.'
    : `The property "${gap.column}" cannot be read: ${gap.why}.`
}

async function answerTry(
  services: LoopServices,
  tenant: TenantId,
  id: CustomerId,
  changes: z.infer<typeof tryBody>['changes'],
): Promise<TriedAnswer> {
  const place = await openTry(services, tenant, id)
  const { basis, reader, input, today, now, action } = place
  const {
    before,
    after,
    changes: tried,
  } = await tryOut(basis.engine, {
    input,
    changes,
    today,
    scoreInputs: reader.scoreInputs,
  }).catch((error: unknown) => {
    throw withoutPlace(error)
  })
  const formats = formatsFor({ now, zone: 'UTC', action })
  return {
    ...standingOf(place, before),
    tried: riskOf(place, after),
    sentence: triedSentence(
      tried,
      { before: before.probability, after: after.probability },
      { ...formats, currency: basis.currency },
    ),
    reasons: [...after.reasons],
    dataConfidence: Math.round(after.dataConfidence * 1e4) / 1e4,
    changes: tried.map((one) => ({
      name: one.feature.name,
      title: one.feature.title,
      from: one.from,
      to: one.to,
      text: valueText(one.feature, one.to, basis.currency),
      alone: rounded(one.alone.probability),
      unseen: unseenSentence(one, basis.currency),
    })),
    suggestion: triedSuggestion(place, after, Object.keys(changes)),
  }
}

/** The engine counts customers from 1, and here is one. */
function withoutPlace(error: unknown): unknown {
  if (!(error instanceof HoldfastError)) return error
  const message = error.message.replace(/^Customer 1: ([a-z"])/, (_, first: string) => first.toUpperCase())
  return new HoldfastError(error.code, message, { retryable: error.retryable, cause: error.cause })
}
