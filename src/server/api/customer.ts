/** One customer whole: whose it is, the risk and why, what was decided and done, and what may be pressed now. */
import { z } from 'zod'
import { asCustomer, type CustomerId, type TenantId } from '../../contracts/ids.ts'
import { storedThresholds } from '../../loop/book-levels.ts'
import { cardImportance } from '../../loop/card.ts'
import { allows, type Caller } from '../../security/access.ts'
import { seesPeople } from '../../security/masking.ts'
import { actionNames } from '../../settings/planning.ts'
import { holdsOf } from '../../store/holds.ts'
import { objectors } from '../../store/objections.ts'
import { recordPlace } from '../../store/reads/crm-connections.ts'
import { connectionOf, readCustomer, type WholeCustomer } from '../../store/reads/customer.ts'
import { readScoredRecord } from '../../store/reads/scored-record.ts'
import { currentSettings } from '../../store/settings-versions.ts'
import { formatsFor, type Formats } from '../words/formats.ts'
import { addressIn } from '../record-links.ts'
import { route } from '../route.ts'
import type { RouteServices } from '../services.ts'
import { connectionReading, type ConnectionReading } from './connection-reading.ts'
import { dataOf, predictionOf } from './confidence.ts'
import { customerAnswer, type CustomerAnswer } from './customer-shapes.ts'
import { meansOf, mayPress, paysOf, toldOf } from './customer-told.ts'
import { peopleFor, tracedFor } from './customer-shown.ts'
import { basisOf } from './score-basis.ts'
import { customerNameFor } from './shown.ts'
import * as shape from './shapes.ts'
import { timelineOf } from './timeline.ts'
import { whoOf } from './timeline-words.ts'

/** Entries of the timeline that come with the customer. */
const FIRST_ENTRIES = 20

export const oneCustomerRoutes = [
  route({
    method: 'get',
    path: '/v1/customers/{id}',
    summary: 'One customer whole',
    description:
      'Score, how it moved and how far it is to be trusted, agreements, recipients with their consent, the newest decision with its trace and in words, what was done, and the first page of the timeline. Viewers see no people.',
    tag: 'Customers',
    access: { scope: 'read', role: 'viewer' },
    params: z.strictObject({ id: shape.customerInText }),
    answers: { 200: { description: 'The customer', schema: customerAnswer } },
    handle: async ({ tenant, caller, params }, services) => ({
      status: 200,
      body: await answerOf(services, { tenant, caller, id: asCustomer(params.id) }),
    }),
  }),
] as const

async function answerOf(
  services: RouteServices,
  { tenant, caller, id }: { readonly tenant: TenantId; readonly caller: Caller; readonly id: CustomerId },
): Promise<CustomerAnswer> {
  const { database, clock } = services
  const now = clock()
  const connection = await database.withTenant(tenant, (tx) => connectionOf(tx, id))
  const reading = await connectionReading(database, tenant, connection)
  const found = await database.withTenant(tenant, async (tx) => {
    const { settings } = await currentSettings(tx)
    return {
      settings,
      customer: await readCustomer(tx, id, now),
      record: await readScoredRecord(tx, id),
      place: await recordPlace(tx, connection),
      holds: await holdsOf(tx, [id]),
      objects: (await objectors(tx, [id])).has(id),
      timeline: await timelineOf(tx, { customer: id, reading, caller, now, page: { limit: FIRST_ENTRIES } }),
    }
  })
  const { settings, customer, place, holds, objects } = found
  const formats = formatsFor({ now, zone: 'UTC', action: actionNames(settings) })
  const score = objects ? null : customer.score
  const [first] = customer.recipients
  const shown = peopleFor(caller, customer)
  const { monthAgo, ...whole } = customer
  const { connectionKind, name, object, person } = whole
  return {
    ...dated({ ...whole, ...shown, decision: tracedFor(caller, customer.decision) }),
    name: customerNameFor(caller, { customerName: name, person }),
    connectionKind,
    record: place === null ? null : addressIn(place, object, customer.externalId),
    objects,
    pays: paysOf(customer, now),
    reaches: first === undefined ? null : { name: shown.recipients[0].name, role: first.role },
    score:
      score === null
        ? null
        : {
            ...dated(score),
            means: meansOf(score),
            monthAgo: monthAgo === null ? null : dated(monthAgo),
            ...(await trustOf(services, { tenant, reading, record: found.record, customer, score, formats })),
          },
    told: objects ? null : toldOf(customer, { settings, formats, now }),
    holds: holds.map(({ id: hold, kind, reason, actor, createdAt, until }) => ({
      id: hold,
      kind,
      reason: seesPeople(caller) ? reason : null,
      by: whoOf(actor, caller),
      createdAt: createdAt.toISOString(),
      until: until?.toISOString() ?? null,
    })),
    may: mayPress(customer, {
      operator: allows({ scope: 'write', role: 'operator' }, caller),
      held: holds.length > 0,
      formats,
      now,
    }),
    timeline: found.timeline,
  }
}

/** As it travels: times as text. The rest of the shape is the same. */
function dated<T>(value: T): Dated<T> {
  return JSON.parse(JSON.stringify(value)) as Dated<T>
}

/** Branded ids are plain again: their template literal is. */
type Dated<T> = T extends Date
  ? string
  : T extends string
    ? `${T}`
    : T extends number
      ? number
      : T extends readonly (infer Item)[]
        ? Dated<Item>[]
        : T extends object
          ? { -readonly [Key in keyof T]: Dated<T[Key]> }
          : T

const DAY = 86_400_000

/** What the score rests on. A model that cannot be opened takes nothing away but what only it knows. */
async function trustOf(
  services: RouteServices,
  {
    tenant,
    reading,
    record,
    customer,
    score,
    formats,
  }: {
    readonly tenant: TenantId
    readonly reading: ConnectionReading
    readonly record: Awaited<ReturnType<typeof readScoredRecord>>
    readonly customer: WholeCustomer
    readonly score: NonNullable<WholeCustomer['score']>
    readonly formats: Formats
  },
): Promise<Pick<NonNullable<CustomerAnswer['score']>, 'confidence' | 'thresholds'>> {
  const { connection } = reading
  const stored = storedThresholds(connection.thresholds)
  const about = { share: score.dataConfidence, readAt: customer.syncedAt }
  const basis = await basisOf(services, tenant, connection.id).catch((error: unknown) => {
    services.log.warn({ error, connection: connection.id }, 'the model of a customer cannot be opened')
    return null
  })
  if (basis === null || connection.profile === null)
    return {
      thresholds: stored,
      confidence: { prediction: null, data: dataOf({ ...about, features: [], input: null }, formats) },
    }
  const { churn } = basis.engine
  const weights = cardImportance(churn.card, churn.features.features)
  const features = churn.features.features.map(({ name, label }, at) => ({
    name,
    label,
    weight: weights[at],
  }))
  const today = Math.floor(Date.parse(`${score.asOf}T00:00:00Z`) / DAY)
  const [input] = reading.reader(basis.engine, today).inputsOf([record.properties])
  return {
    thresholds: { high: basis.thresholds.high, medium: basis.thresholds.medium },
    confidence: {
      prediction: predictionOf(churn, { starter: basis.starter, formats }),
      data: dataOf({ ...about, features, input }, formats),
    },
  }
}
