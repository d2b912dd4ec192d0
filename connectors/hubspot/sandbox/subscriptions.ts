/**
 * The endpoints of communication preferences: which kinds of e-mail there are, what an address agreed to, and
 * changing it. Shapes are those of HubSpot's OpenAPI file `Communication-Preferences__Subscriptions`; what it does not
 * say follows the guide.
 *
 * @see https://developers.hubspot.com/docs/api-reference/latest/communication-preferences/guide
 */
import { z } from 'zod'
import { API_VERSION } from '../version.ts'
import { batchError, asProblem, invalid, type BatchError } from './problems.ts'
import { parseBody, type SandboxRequest, type SandboxRoute } from './route.ts'
import { fixedScopes } from './scopes.ts'
import type { SandboxState } from './state.ts'
import { emailOf, legal, SOURCE, typeOfId, withLegalBasis } from './subscription-requests.ts'
import {
  setStatus,
  statusesOf,
  statusOf,
  subscriptionTypes,
  type StatusEntry,
  type SubscriptionType,
} from './subscription-statuses.ts'

const BASE = `/communication-preferences/${API_VERSION}`
const ONE = `${BASE}/statuses/:subscriberIdString`
const BATCH = `${BASE}/statuses/batch`

const statusRequest = z.object({
  channel: z.literal('EMAIL'),
  statusState: z.enum(['SUBSCRIBED', 'UNSUBSCRIBED', 'NOT_SPECIFIED']),
  subscriptionId: z.number().int(),
  ...legal,
})
const addressedRequest = statusRequest.extend({ subscriberIdString: z.string() })
const contactRequest = z.object({ emailAddress: z.string(), subscriptionId: z.string(), ...legal })
const addresses = z.object({ inputs: z.array(z.string()) })

const read = fixedScopes('communication_preferences.read', 'communication_preferences.read_write')
const write = fixedScopes('communication_preferences.write', 'communication_preferences.read_write')
const batchRead = fixedScopes('communication_preferences.statuses.batch.read')
const batchWrite = fixedScopes('communication_preferences.statuses.batch.write')

export const preferenceRoutes: readonly SandboxRoute[] = [
  {
    method: 'GET',
    path: `${BASE}/definitions`,
    kind: 'call',
    scopes: read,
    handle: (request) => done(request, subscriptionTypes(request.state).map(definition)),
  },
  {
    method: 'POST',
    path: `${BATCH}/read`,
    kind: 'call',
    scopes: batchRead,
    handle(request) {
      emailChannel(request)
      return each(request, parseBody(addresses, request).inputs, (email) => ({
        subscriberIdString: emailOf(email),
        statuses: statusList(request.state, email),
      }))
    },
  },
  {
    method: 'POST',
    path: `${BATCH}/write`,
    kind: 'call',
    scopes: batchWrite,
    handle(request) {
      const { inputs } = parseBody(z.object({ inputs: z.array(addressedRequest) }), request)
      return each(request, inputs, (input) => change(request, input.subscriberIdString, input))
    },
  },
  {
    method: 'POST',
    path: `${BATCH}/unsubscribe-all`,
    kind: 'call',
    scopes: batchWrite,
    handle(request) {
      emailChannel(request)
      return each(request, parseBody(addresses, request).inputs, (email) => {
        const statuses = unsubscribeAll(request, email)
        return { subscriberIdString: email, ...(isVerbose(request) ? { statuses } : {}) }
      })
    },
  },
  {
    method: 'POST',
    path: `${BATCH}/unsubscribe-all/read`,
    kind: 'call',
    scopes: batchRead,
    handle(request) {
      emailChannel(request)
      return each(request, parseBody(addresses, request).inputs, (email) => ({
        subscriberIdString: emailOf(email),
        wideStatuses: wideList(request.state, email),
      }))
    },
  },
  {
    method: 'GET',
    path: `${ONE}/unsubscribe-all`,
    kind: 'call',
    scopes: read,
    handle(request) {
      emailChannel(request)
      return done(request, wideList(request.state, emailOf(request.params.subscriberIdString)))
    },
  },
  {
    method: 'POST',
    path: `${ONE}/unsubscribe-all`,
    kind: 'call',
    scopes: write,
    handle(request) {
      emailChannel(request)
      const statuses = unsubscribeAll(request, request.params.subscriberIdString)
      return done(request, isVerbose(request) ? statuses : [])
    },
  },
  {
    method: 'GET',
    path: ONE,
    kind: 'call',
    scopes: read,
    handle(request) {
      emailChannel(request)
      return done(request, statusList(request.state, request.params.subscriberIdString))
    },
  },
  {
    method: 'POST',
    path: ONE,
    kind: 'call',
    scopes: write,
    handle: (request) =>
      done(request, [change(request, request.params.subscriberIdString, parseBody(statusRequest, request))]),
  },
  {
    method: 'GET',
    path: `${BASE}/status/email/:emailAddress`,
    kind: 'call',
    scopes: read,
    handle({ state, params }) {
      const email = emailOf(params.emailAddress)
      const subscriptionStatuses = subscriptionTypes(state).map((type) => contactStatus(state, email, type))
      return { status: 200, body: { recipient: email, subscriptionStatuses } }
    },
  },
  ...(['subscribe', 'unsubscribe', 'resubscribe'] as const).map((verb): SandboxRoute => ({
    method: 'POST',
    path: `${BASE}/${verb}`,
    kind: 'call',
    scopes: write,
    handle: (request) => contactChange(request, verb),
  })),
]

const definition = (type: SubscriptionType): Record<string, unknown> => ({
  id: String(type.id),
  name: type.name,
  description: type.description,
  purpose: type.purpose,
  communicationMethod: 'Email',
  isActive: type.isActive,
  isDefault: true,
  isInternal: type.name === 'One to One',
  createdAt: type.createdAt,
  updatedAt: type.createdAt,
})

/** Everything that the portal sends, as it stands for an address; known to it or not. */
function statusList(state: SandboxState, given: string): Record<string, unknown>[] {
  const email = emailOf(given)
  return subscriptionTypes(state).map((type) => present(state, email, type))
}

function present(state: SandboxState, email: string, type: SubscriptionType): Record<string, unknown> {
  const { subscriptions, wide } = statusesOf(state, email)
  const entry: StatusEntry | undefined = wide ?? subscriptions[String(type.id)]
  return {
    channel: 'EMAIL',
    subscriberIdString: email,
    subscriptionId: type.id,
    subscriptionName: type.name,
    status: statusOf(state, email, type.id),
    source: entry?.source ?? 'None',
    timestamp: new Date(entry?.at ?? Date.parse(type.createdAt)).toISOString(),
    ...(entry?.legalBasis === undefined ? {} : { legalBasis: entry.legalBasis }),
    ...(entry?.legalBasisExplanation === undefined
      ? {}
      : { legalBasisExplanation: entry.legalBasisExplanation }),
  }
}

/** "If a contact has not opted out of all communications, the response results array will be empty." */
function wideList(state: SandboxState, given: string): Record<string, unknown>[] {
  const email = emailOf(given)
  const { wide } = statusesOf(state, email)
  if (wide?.status !== 'UNSUBSCRIBED') return []
  return [
    {
      channel: 'EMAIL',
      subscriberIdString: email,
      wideStatusType: 'PORTAL_WIDE',
      status: wide.status,
      timestamp: new Date(wide.at).toISOString(),
    },
  ]
}

/** As this API does it: saying again what stands is no error, and whoever opted out can be subscribed again. */
function change(
  { state, source }: SandboxRequest,
  given: string,
  wanted: z.infer<typeof statusRequest>,
): Record<string, unknown> {
  const email = emailOf(given)
  const type = typeOfId(state, wanted.subscriptionId)
  if (wanted.statusState === 'SUBSCRIBED') withLegalBasis(wanted, email)
  const before = statusOf(state, email, type.id)
  const same = before === wanted.statusState
  if (!same) {
    setStatus(state, {
      email,
      subscription: type.id,
      status: wanted.statusState,
      source: SOURCE,
      by: source,
      legalBasis: wanted.legalBasis,
      legalBasisExplanation: wanted.legalBasisExplanation,
    })
  }
  const again = before === 'UNSUBSCRIBED' && wanted.statusState === 'SUBSCRIBED'
  return {
    ...present(state, email, type),
    setStatusSuccessReason: same
      ? 'NO_STATUS_CHANGE'
      : again
        ? 'RESUBSCRIBE_OCCURRED'
        : 'REQUESTED_CHANGE_OCCURRED',
  }
}

function unsubscribeAll({ state, source }: SandboxRequest, given: string): Record<string, unknown>[] {
  const email = emailOf(given)
  if (statusesOf(state, email).wide?.status !== 'UNSUBSCRIBED') {
    setStatus(state, { email, subscription: null, status: 'UNSUBSCRIBED', source: SOURCE, by: source })
  }
  return statusList(state, email).map((status) => ({
    ...status,
    setStatusSuccessReason: 'UNSUBSCRIBE_FROM_ALL_OCCURRED',
  }))
}

/**
 * As the endpoints of the version before do it, which the dated API kept: subscribing "will not allow you to resubscribe
 * contacts who have opted out".
 *
 * @see https://developers.hubspot.com/docs/api-reference/legacy/communication-preferences/v3/guide
 */
function contactChange(
  request: SandboxRequest,
  verb: 'subscribe' | 'unsubscribe' | 'resubscribe',
): { status: number; body: unknown } {
  const { state, source } = request
  const { emailAddress, subscriptionId, ...basis } = parseBody(contactRequest, request)
  const email = emailOf(emailAddress)
  const type = typeOfId(state, subscriptionId)
  const before = statusOf(state, email, type.id)
  if (verb === 'unsubscribe' && before === 'UNSUBSCRIBED') {
    throw invalid(`${email} is already unsubscribed from subscription ${type.id}`)
  }
  if (verb !== 'unsubscribe') {
    if (before === 'SUBSCRIBED') throw invalid(`${email} is already subscribed to subscription ${type.id}`)
    if (verb === 'subscribe' && before === 'UNSUBSCRIBED') {
      throw invalid(`Subscription ${type.id} for ${email} cannot be updated because they have unsubscribed`)
    }
    withLegalBasis(basis, email)
  }
  setStatus(state, {
    email,
    subscription: type.id,
    status: verb === 'unsubscribe' ? 'UNSUBSCRIBED' : 'SUBSCRIBED',
    source: SOURCE,
    by: source,
    ...basis,
  })
  return { status: 200, body: contactStatus(state, email, type) }
}

function contactStatus(state: SandboxState, email: string, type: SubscriptionType): Record<string, unknown> {
  const { subscriptions, wide } = statusesOf(state, email)
  const entry = subscriptions[String(type.id)]
  return {
    id: String(type.id),
    name: type.name,
    description: type.description,
    status: statusOf(state, email, type.id) === 'SUBSCRIBED' ? 'SUBSCRIBED' : 'NOT_SUBSCRIBED',
    sourceOfStatus: wide?.status === 'UNSUBSCRIBED' ? 'PORTAL_WIDE_STATUS' : 'SUBSCRIPTION_STATUS',
    ...(entry?.legalBasis === undefined ? {} : { legalBasis: entry.legalBasis }),
    ...(entry?.legalBasisExplanation === undefined
      ? {}
      : { legalBasisExplanation: entry.legalBasisExplanation }),
  }
}

function emailChannel({ query }: SandboxRequest): void {
  const channel = query.get('channel')
  if (channel === null) throw invalid("Required query parameter 'channel' is missing")
  if (channel !== 'EMAIL') throw invalid(`Invalid channel: ${channel}. Only EMAIL is supported`)
}

const isVerbose = ({ query }: SandboxRequest): boolean => query.get('verbose') === 'true'

/** Each for itself: the file knows no 207 here, errors stand beside the results of a 200. */
function each<T>(
  request: SandboxRequest,
  inputs: readonly T[],
  handle: (input: T) => unknown,
): { status: number; body: unknown } {
  const { batch } = request.context.settings
  if (inputs.length > batch)
    throw invalid(`The maximum batch size is ${batch}, but ${inputs.length} were given`)
  const results: unknown[] = []
  const errors: BatchError[] = []
  for (const input of inputs) {
    try {
      results.push(handle(input))
    } catch (error) {
      const problem = asProblem(error)
      if (problem === null) throw error
      const subscriber =
        typeof input === 'string'
          ? input
          : String((input as { subscriberIdString?: string }).subscriberIdString)
      errors.push(
        batchError({
          category: problem.category,
          message: problem.message,
          context: { subscriberIdString: [subscriber] },
          ...(problem.errors === undefined ? {} : { errors: problem.errors }),
        }),
      )
    }
  }
  return done(request, results, errors)
}

function done(
  { at }: SandboxRequest,
  results: readonly unknown[],
  errors: readonly BatchError[] = [],
): { status: number; body: unknown } {
  return {
    status: 200,
    body: {
      status: 'COMPLETE',
      results,
      startedAt: at.toISOString(),
      completedAt: at.toISOString(),
      ...(errors.length > 0 ? { numErrors: errors.length, errors } : {}),
    },
  }
}
