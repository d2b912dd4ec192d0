/**
 * How the Webhooks Journal is read, and what it is to hold: by a token of the app itself (client credentials), never by that of
 * an installation. Its calls are in no rate limit of an account, and have limits of their own.
 *
 * What HubSpot leaves open is decided here: the address of a file is good for five minutes; a batch has 100 files at most;
 * `journal` and `journal-local` say the same, since there is one account.
 *
 * @see https://developers.hubspot.com/docs/api-reference/latest/webhooks-journal/guide
 */
import { createHmac, timingSafeEqual } from 'node:crypto'
import { z } from 'zod'
import type { SandboxAnswer } from '../../sandbox/http.ts'
import { invalid, problem } from './problems.ts'
import { parseBody, type SandboxRequest, type SandboxRoute } from './route.ts'
import { fixedScopes } from './scopes.ts'
import { objectType } from './object-types.ts'
import { ACTIONS, LIFECYCLE, type JournalEntry, type JournalSubscription } from './webhooks-journal.ts'

/** The only version with a file of its own. */
const VERSION = '2026-03'
const SUBSCRIPTIONS = `/webhooks-journal/subscriptions/${VERSION}`
const FILES = '/webhooks-journal/files'
const FILE_MS = 5 * 60_000
const MOST_FILES = 100

const read = fixedScopes('developer.webhooks_journal.read')
const readsSubscriptions = fixedScopes('developer.webhooks_journal.subscriptions.read')
const writesSubscriptions = fixedScopes('developer.webhooks_journal.subscriptions.write')

const ids = z.array(z.number().int())
const objects = {
  portalId: z.number().int(),
  objectTypeId: z.string(),
  actions: z.array(z.enum(ACTIONS)).min(1),
}
const upsert = z.discriminatedUnion('subscriptionType', [
  z.object({
    ...objects,
    subscriptionType: z.literal('OBJECT'),
    objectIds: ids,
    properties: z.array(z.string()),
  }),
  z.object({
    ...objects,
    subscriptionType: z.literal('ASSOCIATION'),
    objectIds: ids,
    associatedObjectTypeIds: z.array(z.string()).min(1),
  }),
  z.object({ ...objects, subscriptionType: z.literal('GDPR_PRIVACY_DELETION') }),
  z.object({
    subscriptionType: z.literal('APP_LIFECYCLE_EVENT'),
    eventTypeId: z.string(),
    properties: z.array(z.string()),
  }),
])

const shown = ({ request, one }: { request: SandboxRequest; one: JournalSubscription }) => ({
  ...one,
  appId: Number(request.context.app.appId),
})

const subscriptionRoutes: readonly SandboxRoute[] = [
  {
    method: 'GET',
    path: SUBSCRIPTIONS,
    kind: 'journal_subscriptions',
    scopes: readsSubscriptions,
    handle: (request) => ({
      status: 200,
      body: { results: request.context.journal.subscriptions().map((one) => shown({ request, one })) },
    }),
  },
  {
    method: 'POST',
    path: SUBSCRIPTIONS,
    kind: 'journal_subscriptions',
    scopes: writesSubscriptions,
    handle(request) {
      const given = parseBody(upsert, request)
      if (given.subscriptionType === 'APP_LIFECYCLE_EVENT') {
        const action = LIFECYCLE[given.eventTypeId]
        if (action === undefined) throw invalid(`Invalid event type id: ${given.eventTypeId}`)
        const { eventTypeId: objectTypeId, ...rest } = given
        const one = request.context.journal.upsert({ ...rest, objectTypeId, actions: [action] })
        return { status: 200, body: shown({ request, one }) }
      }
      const type = objectType(given.objectTypeId)
      if (type === null) throw invalid(`Invalid object type id: ${given.objectTypeId}`)
      // "you'll also need to authorize any scopes that correspond to the object types you're planning on subscribing to"
      const scope = `crm.objects.${type}.read`
      if (request.token?.scopes.includes(scope) !== true)
        throw problem({
          status: 403,
          category: 'MISSING_SCOPES',
          message: `The token lacks the scope ${scope}.`,
        })
      if (given.portalId !== Number(request.state.portal))
        throw invalid(`The app is not installed in the account ${given.portalId}.`)
      return { status: 200, body: shown({ request, one: request.context.journal.upsert(given) }) }
    },
  },
  {
    method: 'DELETE',
    path: `${SUBSCRIPTIONS}/portals/:portalId`,
    kind: 'journal_subscriptions',
    scopes: writesSubscriptions,
    handle(request) {
      request.context.journal.removeOf(Number(request.params['portalId']))
      return { status: 204 }
    },
  },
  {
    method: 'DELETE',
    path: `${SUBSCRIPTIONS}/:subscriptionId`,
    kind: 'journal_subscriptions',
    scopes: writesSubscriptions,
    handle(request) {
      if (!request.context.journal.remove(Number(request.params['subscriptionId'])))
        throw problem({ status: 404, category: 'OBJECT_NOT_FOUND', message: 'Subscription not found.' })
      return { status: 204 }
    },
  },
]

/** What the asked account has to say; nothing of any other. */
function entriesFor(request: SandboxRequest): readonly JournalEntry[] {
  const portal = request.query.get('installPortalId')
  const all = request.context.journal.entries()
  return portal === null || portal === request.state.portal ? all : []
}

/** @throws a 404 for an offset that is not there any more */
function after(request: SandboxRequest): readonly JournalEntry[] {
  const all = entriesFor(request)
  const at = all.findIndex(({ offset }) => offset === request.params['offset'])
  if (at < 0)
    throw problem({
      status: 404,
      category: 'OBJECT_NOT_FOUND',
      message: `No journal entry was found for the offset ${request.params['offset']}.`,
    })
  return all.slice(at + 1)
}

function countOf(request: SandboxRequest): number {
  const count = Number(request.params['count'])
  if (!Number.isInteger(count) || count < 1 || count > MOST_FILES)
    throw invalid(`Invalid count: ${request.params['count']}`)
  return count
}

function refOf(request: SandboxRequest, { offset }: JournalEntry) {
  const expires = request.at.getTime() + FILE_MS
  const query = `expires=${expires}&signature=${signatureOf(request, offset, expires)}`
  return {
    url: `${request.context.url()}${FILES}/${offset}?${query}`,
    expiresAt: new Date(expires).toISOString(),
    currentOffset: offset,
  }
}

const signatureOf = ({ context }: SandboxRequest, offset: string, expires: number): string =>
  createHmac('sha256', context.app.clientSecret).update(`${offset} ${expires}`).digest('hex')

const one = (request: SandboxRequest, found: JournalEntry | undefined): SandboxAnswer =>
  found === undefined ? { status: 204 } : { status: 200, body: refOf(request, found) }

const many = (request: SandboxRequest, found: readonly JournalEntry[]): SandboxAnswer => ({
  status: 200,
  body: {
    status: 'COMPLETE',
    startedAt: request.at.toISOString(),
    completedAt: request.at.toISOString(),
    results: found.map((entry) => refOf(request, entry)),
  },
})

function readingRoutes(base: string): readonly SandboxRoute[] {
  const get = (path: string, handle: SandboxRoute['handle']): SandboxRoute => ({
    method: 'GET',
    path: `${base}/${path}`,
    kind: 'journal',
    scopes: read,
    handle,
  })
  return [
    get('earliest', (request) => one(request, entriesFor(request).at(0))),
    get('latest', (request) => one(request, entriesFor(request).at(-1))),
    get('offset/:offset/next', (request) => one(request, after(request).at(0))),
    get('batch/earliest/:count', (request) => many(request, entriesFor(request).slice(0, countOf(request)))),
    get('batch/latest/:count', (request) => many(request, entriesFor(request).slice(-countOf(request)))),
    get('batch/:offset/next/:count', (request) => many(request, after(request).slice(0, countOf(request)))),
  ]
}

const file: SandboxRoute = {
  method: 'GET',
  path: `${FILES}/:offset`,
  kind: 'open',
  scopes: fixedScopes(),
  handle(request) {
    const expires = Number(request.query.get('expires'))
    const wanted = signatureOf(request, request.params['offset'], expires)
    const given = Buffer.alloc(wanted.length)
    given.write(request.query.get('signature') ?? '')
    const found = request.context.journal.entries().find(({ offset }) => offset === request.params['offset'])
    const good = timingSafeEqual(given, Buffer.from(wanted)) && request.at.getTime() < expires
    // As the store of files says it, which is not HubSpot's API: an XML, and for what is gone the same as for a wrong signature.
    if (!good || found === undefined)
      return {
        status: 403,
        headers: { 'Content-Type': 'application/xml' },
        body: '<?xml version="1.0" encoding="UTF-8"?><Error><Code>AccessDenied</Code><Message>Request has expired</Message></Error>',
      }
    const { offset, events, publishedAt } = found
    return {
      status: 200,
      body: { offset, journalEvents: events, publishedAt: new Date(publishedAt).toISOString() },
    }
  },
}

export const webhooksJournalRoutes: readonly SandboxRoute[] = [
  ...subscriptionRoutes,
  ...readingRoutes(`/webhooks-journal/journal/${VERSION}`),
  ...readingRoutes(`/webhooks-journal/journal-local/${VERSION}`),
  file,
]
