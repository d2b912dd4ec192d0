/** From a request to its answer, for every route alike: who asks, what they ask, what is said, what is noted. */
import { randomUUID } from 'node:crypto'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { Request, Response } from 'express'
import type { Logger } from 'pino'
import type { z } from 'zod'
import type { Access, Caller } from '../security/access.ts'
import type { RateLimiter } from '../security/rate-limits.ts'
import { isUnsafe, originOf, type Doorkeeper } from './authenticate.ts'
import { readBody, readBytes, readChunks } from './body.ts'
import { sessionToken } from './cookies.ts'
import type { HeaderSets, Headers } from './headers.ts'
import type { Metrics } from './metrics.ts'
import {
  asHoldfastError,
  invalidPart,
  problemHeaders,
  problemOf,
  problemPage,
  type FieldProblem,
} from './problem.ts'
import { provenBody, withProof } from './proof.ts'
import type { Answer, Route, RouteRequest } from './route.ts'
import type { RouteServices } from './services.ts'

export interface Dispatch {
  readonly services: RouteServices
  readonly doorkeeper: Doorkeeper
  readonly headers: HeaderSets
  readonly rates: RateLimiter
  readonly metrics: Metrics
  readonly log: Logger
  /** Whether the server is about to end: connections are not kept then. */
  closing(): boolean
}

const BODY_LIMIT = 100 * 1024
/** As nginx notes it; nobody is told. */
const CLIENT_GONE = 499
const SANE_ID = /^[A-Za-z0-9._-]{8,64}$/

/** What is noted of a request, whatever comes of it. */
export interface Noted {
  readonly requestId: string
  readonly method: string
  readonly started: number
  readonly pattern: string
  readonly audience: 'api' | 'page'
  tenant: string | null
}

/** The request's own id where it has a sane one: its way through several systems can then be followed. */
export function note(request: Request, pattern: string, audience: 'api' | 'page'): Noted {
  const given = request.headers['x-request-id']
  return {
    requestId: typeof given === 'string' && SANE_ID.test(given) ? given : randomUUID(),
    method: request.method,
    started: performance.now(),
    pattern,
    audience,
    tenant: null,
  }
}

/** Answers every request of a route, and never throws. */
export function handlerOf(
  route: Route,
  dispatch: Dispatch,
): (request: Request, response: Response) => Promise<void> {
  const { path, access, crossSite = false } = route
  const audience = route.audience ?? 'api'
  const rate =
    route.rate === undefined ? (route.method === 'get' || crossSite ? null : 'changes') : route.rate
  return async (request, response) => {
    const noted = note(request, path, audience)
    try {
      const admitted = dispatch.doorkeeper.admit(request, access, crossSite)
      const caller = admitted instanceof Promise ? await admitted : admitted
      if (caller !== null) noted.tenant = caller.tenant
      if (rate !== null) await dispatch.rates.take(rate, caller, request.ip ?? '')
      const asked = await parse(route, request, response, { caller, noted, dispatch })
      if (rate !== 'costly' && isDear(asked)) await dispatch.rates.take('costly', caller, request.ip ?? '')
      const given = route.handle(asked, dispatch.services)
      const answer = given instanceof Promise ? await given : given
      await send(response, signed(answer, request, { caller, dispatch }), noted, dispatch)
    } catch (error) {
      fail(response, error, noted, dispatch)
    }
  }
}

/** Every row of a list rather than a page of it, or a whole book read anew rather than the one that is held. */
const isDear = ({
  query,
  body,
}: Pick<RouteRequest<unknown, unknown, unknown, unknown, Access>, 'query' | 'body'>) =>
  (query as { readonly format?: unknown }).format === 'csv' ||
  (body as { readonly fresh?: unknown } | undefined)?.fresh === true

/** The forms of a page are made out to the session that it is for. */
function signed(
  answer: Answer,
  request: Request,
  { caller, dispatch }: { readonly caller: Caller | null; readonly dispatch: Dispatch },
): Answer {
  if (caller?.kind !== 'session' || !('html' in answer)) return answer
  return { ...answer, html: withProof(answer.html, sessionOf(request, dispatch)) }
}

const sessionOf = (request: Request, { services }: Dispatch): string =>
  sessionToken(originOf(request, services.publicUrl), request.headers.cookie) ?? ''

/** The request as the route's schemas have it. */
async function parse(
  route: Route,
  request: Request,
  response: Response,
  { caller, noted, dispatch }: { caller: Caller | null; noted: Noted; dispatch: Dispatch },
): Promise<RouteRequest<unknown, unknown, unknown, unknown, Access>> {
  withoutNul('path', request.params)
  withoutNul('query', request.query)
  const params = route.params === undefined ? EMPTY : parsed(route.params, 'path', { ...request.params })
  const query =
    route.query !== undefined
      ? parsed(route.query, 'query', request.query)
      : route.audience !== 'page' && request.url.includes('?')
        ? noQuery(request)
        : EMPTY
  let abort: AbortController | undefined
  return {
    params,
    query,
    headers: route.headers === undefined ? EMPTY : parsed(route.headers, 'header', request.headers),
    body: await bodyOf(route, request, { caller, dispatch }),
    bytes: () => readBytes(request, route.bodyLimit ?? BODY_LIMIT),
    chunks: () => readChunks(request, route.bodyLimit ?? BODY_LIMIT),
    tenant: caller?.tenant ?? null,
    caller,
    url: request.originalUrl,
    requestId: noted.requestId,
    get ip() {
      return request.ip ?? ''
    },
    agent: request.headers['user-agent'] ?? null,
    get origin() {
      return originOf(request, dispatch.services.publicUrl)
    },
    cookie: request.headers.cookie,
    get signal() {
      if (abort === undefined) {
        const controller = new AbortController()
        response.once('close', () => {
          if (!response.writableFinished) controller.abort()
        })
        abort = controller
      }
      return abort.signal
    },
  }
}

const EMPTY = Object.freeze({})

/** A person's change has to show where it comes from; a key is proof enough, since no browser adds it by itself. */
async function bodyOf(
  route: Route,
  request: Request,
  { caller, dispatch }: { readonly caller: Caller | null; readonly dispatch: Dispatch },
): Promise<unknown> {
  const rules =
    route.body === undefined
      ? null
      : { type: route.bodyType ?? 'application/json', limit: route.bodyLimit ?? BODY_LIMIT }
  const given =
    caller?.kind === 'session' && isUnsafe(request)
      ? await provenBody(request, sessionOf(request, dispatch), rules)
      : rules === null
        ? undefined
        : await readBody(request, rules)
  return route.body === undefined ? undefined : parsed(route.body, 'body', given)
}

function parsed<T>(schema: z.ZodType<T>, part: FieldProblem['in'], value: unknown): T {
  const result = schema.safeParse(value)
  if (result.success) return result.data
  throw invalidPart(part, result.error)
}

/** The database holds every character but this one, and nobody types it. */
function withoutNul(part: FieldProblem['in'], values: Readonly<Record<string, unknown>>): void {
  for (const [name, value] of Object.entries(values)) {
    if (!String(value).includes('\0')) continue
    const issue = { code: 'custom', path: [name], message: 'takes no NUL characters' }
    throw invalidPart(part, { issues: [issue] } as unknown as z.ZodError)
  }
}

function noQuery(request: Request): unknown {
  const [name] = Object.keys(request.query)
  if (name === undefined) return EMPTY
  const issue = { code: 'unrecognized_keys', keys: [name], path: [] }
  throw invalidPart('query', { issues: [issue] } as unknown as z.ZodError)
}

async function send(response: Response, answer: Answer, noted: Noted, dispatch: Dispatch): Promise<void> {
  if (answer.cookies !== undefined) response.setHeader('Set-Cookie', [...answer.cookies])
  if ('stream' in answer) return sendStream(response, answer, noted, dispatch)
  if ('redirect' in answer) {
    end(response, 303, { ...answer.headers, Location: answer.redirect }, '', noted, dispatch)
  } else if ('html' in answer) {
    end(
      response,
      answer.status,
      typed('text/html; charset=utf-8', answer.headers),
      answer.html,
      noted,
      dispatch,
    )
  } else if ('bytes' in answer) {
    end(response, answer.status, typed(answer.type, answer.headers), answer.bytes, noted, dispatch)
  } else if (answer.body === undefined) {
    end(response, answer.status, answer.headers ?? {}, '', noted, dispatch)
  } else {
    const json = JSON.stringify(answer.body)
    end(response, answer.status, typed('application/json', answer.headers), json, noted, dispatch)
  }
}

async function sendStream(
  response: Response,
  answer: Extract<Answer, { stream: unknown }>,
  noted: Noted,
  dispatch: Dispatch,
): Promise<void> {
  const { filename, stream, live } = answer
  const disposition =
    filename === undefined
      ? {}
      : { 'Content-Disposition': `attachment; filename="${filename.replace(/[^\w.-]+/g, '_')}"` }
  const headers = typed(answer.type, { ...disposition, ...answer.headers })
  const rows: AsyncIterator<unknown> = stream[Symbol.asyncIterator]()
  // What fails before the first row is still a problem answer.
  const first = await rows.next()
  async function* all(): AsyncGenerator<unknown> {
    if (first.done === true) return
    yield first.value
    yield* { [Symbol.asyncIterator]: () => rows }
  }
  response.writeHead(answer.status, whole(headers, noted, dispatch))
  if (live !== undefined) {
    record(answer.status, noted, dispatch)
    // How it ends is nothing that went wrong: a listener goes, or is let go.
    await pipeline(Readable.from(all()), response, { signal: live }).catch(() => response.destroy())
    return
  }
  await pipeline(Readable.from(all()), response)
  record(answer.status, noted, dispatch)
}

const typed = (type: string, headers: Headers | undefined): Headers =>
  headers === undefined ? { 'Content-Type': type } : { 'Content-Type': type, ...headers }

function whole(headers: Headers, noted: Noted, dispatch: Dispatch): Record<string, string> {
  return {
    ...dispatch.headers[noted.audience],
    'X-Request-Id': noted.requestId,
    ...(dispatch.closing() ? { Connection: 'close' } : undefined),
    ...headers,
  }
}

/** Writes and records an answer. */
export function end(
  response: Response,
  status: number,
  headers: Headers,
  body: string | Buffer,
  noted: Noted,
  dispatch: Dispatch,
): void {
  const all = whole(headers, noted, dispatch)
  if (body !== '' || status !== 204) all['Content-Length'] = String(Buffer.byteLength(body))
  response.writeHead(status, all)
  response.end(body)
  record(status, noted, dispatch)
}

/** A failure as a problem or as a page, by whom the route is for. */
export function fail(response: Response, thrown: unknown, noted: Noted, dispatch: Dispatch): void {
  if (response.destroyed || response.socket?.destroyed === true) {
    record(CLIENT_GONE, noted, dispatch, 'client_gone')
    return
  }
  const error = asHoldfastError(thrown)
  if (response.headersSent) {
    // Too late for a status: the broken connection tells that something is missing.
    response.destroy()
    record(500, noted, dispatch, thrown)
    return
  }
  const asPage = noted.audience === 'page'
  const body = asPage
    ? problemPage(error, noted.requestId, response.req.originalUrl ?? '')
    : JSON.stringify(problemOf(error, noted.requestId))
  const type = asPage ? 'text/html; charset=utf-8' : 'application/problem+json'
  const headers = whole({ ...problemHeaders(error), 'Content-Type': type }, noted, dispatch)
  headers['Content-Length'] = String(Buffer.byteLength(body))
  response.writeHead(error.status, headers)
  response.end(body)
  record(error.status, noted, dispatch, error.status >= 500 ? (error.cause ?? error) : error.code)
}

/** One line and one observation a request. A message to the client may quote what it sent and is not logged. */
export function record(status: number, noted: Noted, { metrics, log }: Dispatch, error?: unknown): void {
  const ms = performance.now() - noted.started
  const { requestId, method, pattern, tenant } = noted
  metrics.request(method, pattern, status, ms / 1000)
  const fields = { requestId, method, route: pattern, status, ms: Math.round(ms * 100) / 100, tenant }
  if (error === undefined) log.info(fields, 'request')
  else if (status >= 500) log.error({ ...fields, err: error }, 'request failed')
  else log.info({ ...fields, code: error }, 'request refused')
}
