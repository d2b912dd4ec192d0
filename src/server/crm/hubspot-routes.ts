/**
 * What the pages inside HubSpot ask: the card of a record and what is pressed on it, the list of customers, and the settings.
 * Asked for by `hubspot.fetch`, signed by HubSpot.
 */
import { z } from 'zod'
import { APP_PATHS } from '../../../connectors/hubspot/app.ts'
import { route, type Route } from '../route.ts'
import { cardOf } from './card.ts'
import { answerShape, isWhole, press, scoreIt } from './card-press.ts'
import { listOf } from './customers.ts'
import { hubspotReader, OBJECT_OF_TYPE, objectInBody, objectInQuery, objectTypeId } from './hubspot-reader.ts'
import { parseSigned, signedJson, signedRoute } from './hubspot-signed.ts'
import { countedAs, once, PRIVATE } from './reader.ts'
import { MOST_RECORDS, scoreThem } from './score-many.ts'
import { pause, pausing, saveChange, settingsChange, settingsOf } from './settings.ts'

const objectId = z.string().regex(/^\d{1,20}$/, 'is the id of a record')
const recordShape = { objectTypeId, objectId }
const record = z.object(recordShape)
const cardAnswer = z.strictObject({ ...recordShape, ...answerShape }).superRefine(isWhole)

const recordOf = ({ objectTypeId: type, objectId: id }: z.infer<typeof record>) => ({
  object: OBJECT_OF_TYPE[type],
  id,
})

const listAsked = z.object({
  whose: z.enum(['mine', 'all']).default('mine'),
  after: z.string().max(1000).optional(),
})

const bulkAsked = z.strictObject({
  objectTypeId,
  ids: z
    .array(objectId)
    .min(1, 'names no record')
    .max(MOST_RECORDS, `takes at most ${MOST_RECORDS} records at a time`),
  verb: z.literal('score'),
})

const answered = {
  200: { description: 'What came of it, and the card as it is now (src/contracts/record-card.ts)' },
}
const settingsAnswered = {
  200: { description: 'What came of it, and the settings now (src/contracts/record-card.ts)' },
}

export const hubspotCrmRoutes: readonly Route[] = [
  route({
    ...signedRoute,
    method: 'get',
    path: APP_PATHS.card,
    summary: 'The card of a record in HubSpot, asked for and signed by HubSpot (version 3)',
    description:
      'For `objectTypeId` and `objectId`, of the account and to the user that HubSpot adds to the query and signs. Other accounts are answered nothing of it.',
    answers: { 200: { description: 'The card (src/contracts/record-card.ts)' } },
    handle: async (request, services) => {
      const { reader } = await hubspotReader(request, services, { method: 'get', object: objectInQuery })
      const asked = recordOf(parseSigned(record, 'query', request.query))
      return { status: 200, body: await cardOf(services, reader, asked), headers: PRIVATE }
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
      const { reader, body } = await hubspotReader(request, services, {
        method: 'post',
        object: objectInBody,
      })
      const says = signedJson(cardAnswer, body)
      const { requestId } = request
      const pressed = await once(services, reader, () =>
        press(services, reader, { record: recordOf(says), says, requestId }),
      )
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
      const { reader, body } = await hubspotReader(request, services, {
        method: 'post',
        object: objectInBody,
      })
      await services.rates.takeOf('costly', countedAs(reader))
      const asked = recordOf(signedJson(record, body))
      const pressed = await once(services, reader, () => scoreIt(services, reader, asked))
      return { status: 200, body: pressed, headers: PRIVATE }
    },
  }),
  route({
    ...signedRoute,
    method: 'get',
    path: APP_PATHS.customers,
    summary: 'Customers by value at risk, asked for and signed by HubSpot (version 3)',
    description:
      '`whose=mine` (default): those that the user is the owner of in HubSpot; `all`: of the account, where the settings let them be seen. `after` is `next` of the page before.',
    answers: { 200: { description: 'A page of them (src/contracts/record-card.ts)' } },
    handle: async (request, services) => {
      const { reader } = await hubspotReader(request, services, { method: 'get' })
      const asked = parseSigned(listAsked, 'query', request.query)
      return { status: 200, body: await listOf(services, reader, asked), headers: PRIVATE }
    },
  }),
  route({
    ...signedRoute,
    method: 'post',
    path: APP_PATHS.bulk,
    summary: 'Has records that were ticked in a list of HubSpot read and scored',
    description: `At most ${MOST_RECORDS} at a time. Answers at once; the records in HubSpot say when it is done.`,
    answers: {
      200: { description: 'How many were taken, and why others were not (src/contracts/record-card.ts)' },
    },
    handle: async (request, services) => {
      const { reader, body } = await hubspotReader(request, services, {
        method: 'post',
        object: objectInBody,
      })
      await services.rates.takeOf('costly', countedAs(reader))
      const { objectTypeId: type, ids } = signedJson(bulkAsked, body)
      const done = await once(services, reader, () =>
        scoreThem(services, reader, { object: OBJECT_OF_TYPE[type], ids }),
      )
      return { status: 200, body: done, headers: PRIVATE }
    },
  }),
  route({
    ...signedRoute,
    method: 'get',
    path: APP_PATHS.settings,
    summary: 'The settings page in HubSpot, asked for and signed by HubSpot (version 3)',
    description:
      'How things stand, for whoever looks; the settings themselves for those who sign in to Holdfast with the address that they have in HubSpot.',
    answers: { 200: { description: 'The page (src/contracts/record-card.ts)' } },
    handle: async (request, services) => {
      const { reader } = await hubspotReader(request, services, { method: 'get' })
      return { status: 200, body: await settingsOf(services, reader), headers: PRIVATE }
    },
  }),
  route({
    ...signedRoute,
    method: 'post',
    path: APP_PATHS.settings,
    summary: 'Changes settings from inside HubSpot',
    description:
      'For admins. Fields that somebody else changed meanwhile are kept beside those of the request; where both changed the same one the answer is 409, and nothing is saved.',
    answers: settingsAnswered,
    handle: async (request, services) => {
      const { reader, body } = await hubspotReader(request, services, { method: 'post' })
      const change = signedJson(settingsChange, body)
      const saved = await once(services, reader, () =>
        saveChange(services, reader, change, request.requestId),
      )
      return { status: 200, body: saved, headers: PRIVATE }
    },
  }),
  route({
    ...signedRoute,
    method: 'post',
    path: APP_PATHS.pause,
    summary: 'Stops everything that is sent, or lets it go on, from inside HubSpot',
    description: 'Operators pause; admins let go on.',
    answers: settingsAnswered,
    handle: async (request, services) => {
      const { reader, body } = await hubspotReader(request, services, { method: 'post' })
      const { paused } = signedJson(pausing, body)
      const said = await once(services, reader, () => pause(services, reader, paused, request.requestId))
      return { status: 200, body: said, headers: PRIVATE }
    },
  }),
]
