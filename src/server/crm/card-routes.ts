/** The card of a record inside HubSpot, and what is pressed on it: asked for by `hubspot.fetch`, signed by HubSpot. */
import { z } from 'zod'
import { APP_PATHS } from '../../../connectors/hubspot/app.ts'
import { HoldfastError } from '../../contracts/errors.ts'
import { asIntervention } from '../../contracts/ids.ts'
import type { CardPressed, CardTone } from '../../contracts/record-card.ts'
import { NOT_RIGHT_REASONS } from '../../contracts/rep-answers.ts'
import { answerSuggestion, type RepAnswered } from '../../loop/rep-answer.ts'
import { scoreNow } from '../../loop/score-now.ts'
import { ANSWERED_BY, mayAnswer, maySee } from '../../settings/cards.ts'
import { findIntervention } from '../../store/interventions.ts'
import { answeredRecord, findRecord, readStanding } from '../../store/reads/record-card.ts'
import { currentSettings } from '../../store/settings-versions.ts'
import { whoOf } from '../api/timeline-words.ts'
import { formatsFor } from '../words/formats.ts'
import { sentence } from '../words/notices.ts'
import { route, type Route } from '../route.ts'
import type { RouteServices } from '../services.ts'
import { atRecord, callerAt, cardOf, type RecordOf } from './card.ts'
import { NOT_ASKED } from './card-suggestion.ts'
import {
  OBJECT_OF_TYPE,
  objectInBody,
  objectInQuery,
  objectTypeId,
  once,
  readerOf,
  type CrmReader,
} from './reader.ts'
import { parseSigned, PRIVATE, signedJson, signedRoute } from './signed-request.ts'

const DAY = 86_400_000

const record = z.object({
  objectTypeId,
  objectId: z.string().regex(/^\d{1,20}$/, 'is the id of a record'),
})

const cardAnswer = z
  .strictObject({
    ...record.shape,
    intervention: z.uuid(),
    asked: z.string().max(60),
    answer: z.enum(['approve', 'snooze', 'not_right']),
    days: z.int().min(1).max(90).optional(),
    reason: z.enum(NOT_RIGHT_REASONS).optional(),
    note: z.string().trim().max(500).optional(),
  })
  .refine(({ answer, days }) => answer !== 'snooze' || days !== undefined, {
    path: ['days'],
    message: 'says for how many days it is put off',
  })
  .refine(({ answer, reason }) => answer !== 'not_right' || reason !== undefined, {
    path: ['reason'],
    message: 'says why it is not right',
  })

const answered = {
  200: { description: 'What came of it, and the card as it is now (src/contracts/record-card.ts)' },
}

export const cardRoutes: readonly Route[] = [
  route({
    ...signedRoute,
    method: 'get',
    path: APP_PATHS.card,
    summary: 'The card of a record in HubSpot, asked for and signed by HubSpot (version 3)',
    description:
      'For `objectTypeId` and `objectId`, of the account and to the user that HubSpot adds to the query and signs. Other accounts are answered nothing of it.',
    answers: { 200: { description: 'The card (src/contracts/record-card.ts)' } },
    handle: async (request, services) => {
      const { reader } = await readerOf(request, services, { method: 'get', object: objectInQuery })
      const { objectTypeId, objectId } = parseSigned(record, 'query', request.query)
      const card = await cardOf(services, reader, { object: OBJECT_OF_TYPE[objectTypeId], id: objectId })
      return { status: 200, body: card, headers: PRIVATE }
    },
  }),
  route({
    ...signedRoute,
    method: 'post',
    path: APP_PATHS.cardAnswer,
    summary: 'An answer to what is suggested on a record in HubSpot: approve, snooze, not right',
    description: 'Taken once. Whoever answers second is told who was first.',
    answers: answered,
    handle: async (request, services) => {
      const { reader, body } = await readerOf(request, services, { method: 'post', object: objectInBody })
      const says = signedJson(cardAnswer, body)
      const pressed = await once(services, reader, () => press(services, reader, says, request.requestId))
      return { status: 200, body: pressed, headers: PRIVATE }
    },
  }),
  route({
    ...signedRoute,
    method: 'post',
    path: APP_PATHS.cardScore,
    summary: 'Has a record in HubSpot read and scored now',
    description: 'Answers at once. The card says when it is done.',
    answers: answered,
    handle: async (request, services) => {
      const { reader, body } = await readerOf(request, services, { method: 'post', object: objectInBody })
      await services.rates.takeOf('costly', `hubspot ${reader.portal} ${reader.user}`)
      const { objectTypeId, objectId } = signedJson(record, body)
      const asked = { object: OBJECT_OF_TYPE[objectTypeId], id: objectId }
      const pressed = await once(services, reader, () => scoreIt(services, reader, asked))
      return { status: 200, body: pressed, headers: PRIVATE }
    },
  }),
]

type Says = z.infer<typeof cardAnswer>

async function press(
  services: RouteServices,
  reader: CrmReader,
  { objectTypeId, objectId, intervention: id, answer, days, reason, note, asked }: Says,
  requestId: string,
): Promise<CardPressed> {
  const { database, queue } = services
  const now = services.clock()
  const intervention = asIntervention(id)
  const { came, shown, delivery } = await database.withTenant(reader.tenant, async (tx) => {
    const { settings } = await currentSettings(tx)
    const found = await findIntervention(tx, intervention)
    const shown = found === null ? null : await answeredRecord(tx, found.customer)
    // What is of another account is as if it were not there.
    if (shown === null || !reader.connections.some((one) => one.id === shown.connection)) throw gone()
    if (shown.id !== objectId || shown.object !== OBJECT_OF_TYPE[objectTypeId]) throw gone()
    if (shown.group !== 'policy') throw gone()
    const at = atRecord(reader, shown.responsible)
    if (!maySee(settings.cards, at) || !mayAnswer(settings.cards, at))
      throw new HoldfastError('forbidden', ANSWERED_BY[settings.cards.answers] || 'This is not shown to you.')
    const came = await answerSuggestion(tx, {
      intervention,
      asked: asked === NOT_ASKED ? null : asked,
      answer,
      until: answer === 'snooze' ? new Date(now.getTime() + (days ?? 1) * DAY) : null,
      reason: reason ?? null,
      note: note === undefined || note === '' ? null : note,
      actor: reader.actor,
      requestId,
      now,
    })
    if (came.outcome === 'done') tx.afterCommit(() => queue?.wake(reader.tenant))
    return { came, shown, delivery: settings.delivery.mode }
  })
  const caller = callerAt(reader, atRecord(reader, shown.responsible))
  const formats = formatsFor({ now, zone: 'UTC' })
  const until = new Date(now.getTime() + (days ?? 1) * DAY)
  const said =
    came.outcome === 'done'
      ? { said: DONE[answer](formats.day(until), delivery === 'live'), tone: 'success' as const }
      : notDone(came, (actor) => whoOf(actor, caller), formats.exact)
  return { ...said, card: await cardOf(services, reader, shown) }
}

const DONE: Readonly<Record<Says['answer'], (until: string, live: boolean) => string>> = {
  approve: (_, live) =>
    live
      ? 'Approved. It goes out as soon as the hour allows.'
      : 'Approved. It goes as far as the settings let it: nobody is written to while it is not live.',
  snooze: (until) => `Put off until ${until}.`,
  not_right: () => 'Taken back: it is not carried out. What you said is kept with the decision.',
}

function notDone(
  { outcome, by, message, intervention }: RepAnswered,
  who: (actor: string) => string,
  exact: (at: Date) => string,
): { readonly said: string; readonly tone: CardTone } {
  if (outcome === 'changed')
    return {
      said: 'It was asked about anew since you looked. Look at it again, then answer.',
      tone: 'warning',
    }
  if (outcome === 'refused')
    return { said: sentence(message ?? 'This answer cannot be given to it'), tone: 'warning' }
  if (by === null) return { said: sentence(message ?? 'It was answered already'), tone: 'info' }
  const what = ANSWERED[intervention.state] ?? 'answered'
  return { said: `It was ${what} already, by ${who(by.actor)} on ${exact(by.at)}.`, tone: 'info' }
}

const ANSWERED: Readonly<Record<string, string>> = {
  planned: 'approved',
  deferred: 'approved',
  rejected: 'rejected',
  snoozed: 'snoozed',
  expired: 'ended unanswered',
  cancelled: 'cancelled',
  suppressed: 'held back',
  sent: 'sent',
  confirmed: 'sent',
  dry_run: 'recorded',
}

async function scoreIt(services: RouteServices, reader: CrmReader, asked: RecordOf): Promise<CardPressed> {
  const { database, queue } = services
  const now = services.clock()
  const connection = reader.connections.find(({ object }) => object === asked.object)
  const refused = await database.withTenant(reader.tenant, async (tx) => {
    const { settings } = await currentSettings(tx)
    const found = await findRecord(tx, { connections: reader.connections.map(({ id }) => id), ...asked })
    if (!maySee(settings.cards, atRecord(reader, found?.responsible ?? null)))
      return 'This is not shown to you, so it cannot be scored by you.'
    if (connection === undefined) return `Holdfast does not look after ${asked.object} in this account.`
    if (connection.status !== 'active') return 'The account is not being read at the moment.'
    const { populationStated, sync } = await readStanding(tx, connection.id, asked)
    if (!populationStated) return `Nobody has said yet which ${asked.object} are customers.`
    if ((sync?.lastDoneAt ?? null) === null)
      return 'The account is still being read for the first time; this record comes with it.'
    await scoreNow(tx, {
      connection: connection.id,
      origin: reader.portal,
      object: asked.object,
      ids: [asked.id],
      now,
    })
    tx.afterCommit(() => queue?.wake(reader.tenant))
    return null
  })
  return {
    said: refused ?? 'It is being read and scored. That takes some seconds.',
    tone: refused === null ? 'success' : 'warning',
    card: await cardOf(services, reader, asked),
  }
}

function gone(): HoldfastError {
  return new HoldfastError(
    'not_found',
    'What was suggested is not known here any more. Open the record again.',
  )
}
