/**
 * What the package in a Salesforce org asks for the people there: the card of a record and what is pressed on it, the list of
 * customers, and the settings. Each with a key of this org, and the user on whose behalf it is.
 */
import { z } from 'zod'
import { objectOfId, PACKAGE_PATHS } from '../../../connectors/salesforce/app.ts'
import { id18, isId } from '../../../connectors/salesforce/ids.ts'
import { route, type Route } from '../route.ts'
import { cardOf, type RecordOf } from './card.ts'
import { answerShape, isWhole, press, scoreIt } from './card-press.ts'
import { cardList, cardPressed, cardSettings, cardSettingsSaved, recordCard } from './card-shapes.ts'
import { listOf } from './customers.ts'
import { countedAs, PRIVATE } from './reader.ts'
import { salesforceFlowRoute } from './salesforce-flow.ts'
import { packageHeaders, salesforceReader } from './salesforce-reader.ts'
import { pause, pausing, saveChange, settingsChange, settingsOf } from './settings.ts'

const packageRoute = {
  tag: 'Salesforce package',
  access: { scope: 'crm', role: null },
  headers: packageHeaders,
  // All people of an org share its key: each of them is counted (salesforce-reader.ts), and not the key.
  rate: null,
} as const

const recordId = z
  .string()
  .refine((id) => isId(id) && objectOfId(id) !== null, 'is the id of an account (001…) or a contact (003…)')
  .transform(id18)
  .meta({ description: 'Id of an account or a contact, 15 or 18 characters', example: '001Hp00002abcdEIAQ' })

const cardAnswer = z.strictObject({ record: recordId, ...answerShape }).superRefine(isWhole)

const recordOf = (id: string): RecordOf => ({ object: objectOfId(id)!, id })

const answered = { 200: { description: 'What came of it, and the card as it is now', schema: cardPressed } }
const settingsAnswered = {
  200: { description: 'What came of it, and the settings now', schema: cardSettingsSaved },
}

export const salesforceCrmRoutes: readonly Route[] = [
  route({
    ...packageRoute,
    method: 'get',
    path: PACKAGE_PATHS.card,
    summary: 'The card of a record in Salesforce',
    query: z.strictObject({ record: recordId }),
    answers: { 200: { description: 'The card', schema: recordCard } },
    handle: async (request, services) => {
      const reader = await salesforceReader(request, services, { changes: false })
      const card = await cardOf(services, reader, recordOf(request.query.record))
      return { status: 200, body: card, headers: PRIVATE }
    },
  }),
  route({
    ...packageRoute,
    method: 'post',
    path: PACKAGE_PATHS.cardAnswer,
    summary: 'An answer to what is suggested on a record in Salesforce: approve, snooze, not right',
    description: 'Taken once. Whoever answers second is told who was first.',
    body: cardAnswer,
    answers: answered,
    handle: async (request, services) => {
      const reader = await salesforceReader(request, services, { changes: true })
      const { record, ...says } = request.body
      const { requestId } = request
      const pressed = await press(services, reader, { record: recordOf(record), says, requestId })
      return { status: 200, body: pressed, headers: PRIVATE }
    },
  }),
  route({
    ...packageRoute,
    method: 'post',
    path: PACKAGE_PATHS.cardScore,
    summary: 'Has a record in Salesforce read and scored now',
    description: 'Answers at once. The card says when it is done.',
    body: z.strictObject({ record: recordId }),
    answers: answered,
    handle: async (request, services) => {
      const reader = await salesforceReader(request, services, { changes: true })
      await services.rates.takeOf('costly', countedAs(reader))
      const pressed = await scoreIt(services, reader, recordOf(request.body.record))
      return { status: 200, body: pressed, headers: PRIVATE }
    },
  }),
  route({
    ...packageRoute,
    method: 'get',
    path: PACKAGE_PATHS.customers,
    summary: 'Customers by value at risk, for somebody in Salesforce',
    query: z.strictObject({
      whose: z.enum(['mine', 'all']).default('mine').meta({
        description: 'mine: those that the user owns; all: of the org, where the settings let them be seen',
      }),
      after: z.string().max(1000).optional().meta({ description: '`next` of the page before' }),
    }),
    answers: { 200: { description: 'A page of them', schema: cardList } },
    handle: async (request, services) => {
      const reader = await salesforceReader(request, services, { changes: false })
      return { status: 200, body: await listOf(services, reader, request.query), headers: PRIVATE }
    },
  }),
  route({
    ...packageRoute,
    method: 'get',
    path: PACKAGE_PATHS.settings,
    summary: 'The settings page in Salesforce',
    description:
      'How things stand, for whoever looks; the settings themselves for those who sign in to Holdfast with the address that they have in Salesforce.',
    answers: { 200: { description: 'The page', schema: cardSettings } },
    handle: async (request, services) => {
      const reader = await salesforceReader(request, services, { changes: false })
      return { status: 200, body: await settingsOf(services, reader), headers: PRIVATE }
    },
  }),
  route({
    ...packageRoute,
    method: 'post',
    path: PACKAGE_PATHS.settings,
    summary: 'Changes settings from inside Salesforce',
    description:
      'For admins. Fields that somebody else changed meanwhile are kept beside those of the request; where both changed the same one the answer is 409, and nothing is saved.',
    body: settingsChange,
    answers: settingsAnswered,
    handle: async (request, services) => {
      const reader = await salesforceReader(request, services, { changes: true })
      const saved = await saveChange(services, reader, request.body, request.requestId)
      return { status: 200, body: saved, headers: PRIVATE }
    },
  }),
  route({
    ...packageRoute,
    method: 'post',
    path: PACKAGE_PATHS.pause,
    summary: 'Stops everything that is sent, or lets it go on, from inside Salesforce',
    description: 'Operators pause; admins let go on.',
    body: pausing,
    answers: settingsAnswered,
    handle: async (request, services) => {
      const reader = await salesforceReader(request, services, { changes: true })
      const said = await pause(services, reader, request.body.paused, request.requestId)
      return { status: 200, body: said, headers: PRIVATE }
    },
  }),
  salesforceFlowRoute,
]
