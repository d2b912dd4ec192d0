/** What is answered to a call: who asks, whether they may, whether it is too much, and then the route. */
import { parseContent, type Asked as AskedOfAny, type SandboxAnswer } from '../../sandbox/http.ts'
import { openRouter } from '../../sandbox/router.ts'
import type { Token } from './entries.ts'
import type { Faults } from './faults.ts'
import type { RateLimiter } from './limits.ts'
import { asProblem, invalid, problem, problemBody } from './problems.ts'
import type { SandboxContext, SandboxRoute } from './route.ts'

export interface Asked extends Omit<AskedOfAny, 'call'> {
  /** What errors carry to be found by. */
  readonly correlationId: string
}

/** Longer ones are refused by what stands before HubSpot's servers. */
const LONGEST_URL = 15_000

/** From the edge in front of HubSpot's servers: a page, not JSON. */
const TOO_LONG: SandboxAnswer = {
  status: 414,
  headers: { 'Content-Type': 'text/html' },
  body: '<html><head><title>414 Request-URI Too Large</title></head><body><h1>414 Request-URI Too Large</h1></body></html>',
}

export function openAnswering(options: {
  routes: readonly SandboxRoute[]
  context: SandboxContext
  limiter: RateLimiter
  faults: Faults
}): (asked: Asked) => SandboxAnswer {
  const { context, limiter, faults } = options
  const { state } = context
  const match = openRouter(options.routes)

  return ({ method, url, headers: sent, body, at, correlationId }) => {
    if (url.length > LONGEST_URL) return TOO_LONG
    const { pathname, searchParams } = new URL(url, 'http://sandbox')
    let headers: Record<string, string> = {}
    try {
      const found = match(method, pathname)
      const token =
        found?.route.kind === 'open' ? null : authenticate(state.tokens(), sent.authorization ?? '', at)
      if (!found) throw unknownResource(pathname)
      if (token) headers = counted(limiter, found.route.kind, token, at)
      const request = {
        method,
        path: pathname,
        params: found.params,
        query: searchParams,
        body: contentOf(sent['content-type'] ?? '', body),
        at,
        token,
        source: { sourceType: 'INTEGRATION', sourceId: context.app.appId },
        context,
        state,
      }
      if (token) checkScopes(found.route.scopes(request), token, faults.missingScopes())
      const given = found.route.handle(request)
      return { ...given, headers: { ...headers, ...given.headers } }
    } catch (error) {
      const refused = asProblem(error) ?? {
        status: 500,
        category: 'INTERNAL_ERROR',
        message: `The sandbox failed: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
      }
      return {
        status: refused.status,
        body: problemBody(refused, correlationId),
        headers: { ...headers, ...refused.headers },
      }
    }
  }
}

/** @returns headers of the answer */
function counted(
  limiter: RateLimiter,
  kind: SandboxRoute['kind'],
  token: Token,
  at: Date,
): Record<string, string> {
  const isJournal = kind === 'journal' || kind === 'journal_subscriptions'
  // A token of the app acts for no account, and one of an account not for the app.
  if (isJournal !== (token.kind === 'app')) throw unauthenticated()
  if (!isJournal) return limiter.take(token, kind === 'search' ? 'search' : 'call', at.getTime())
  limiter.takeJournal(kind, at.getTime())
  return {}
}

const unauthenticated = (): Error =>
  problem({
    status: 401,
    category: 'INVALID_AUTHENTICATION',
    message:
      'Authentication credentials not found. This API supports OAuth 2.0 authentication and you can find more details at https://developers.hubspot.com/docs/methods/auth/oauth-overview',
  })

const unknownResource = (path: string): Error =>
  problem({ status: 404, category: 'OBJECT_NOT_FOUND', message: `Unable to find resource: ${path}` })

function authenticate(tokens: ReadonlyMap<string, Token>, header: string, at: Date): Token {
  const known = header.startsWith('Bearer ') ? tokens.get(header.slice('Bearer '.length)) : undefined
  if (!known || known.kind === 'refresh') {
    throw unauthenticated()
  }
  if (known.expiresAt !== null && known.expiresAt <= at.getTime()) {
    const seconds = Math.round((at.getTime() - known.expiresAt) / 1000)
    throw problem({
      status: 401,
      category: 'EXPIRED_AUTHENTICATION',
      message: `The OAuth token used to make this call expired ${seconds} second(s) ago.`,
      context: { 'expire time': [new Date(known.expiresAt).toISOString()] },
    })
  }
  return known
}

/** `oauth` is what every app has: those that install by consent ask for it, and private apps are not asked. */
function checkScopes(wanted: readonly string[], token: Token, missing: ReadonlySet<string>): void {
  const has = (scope: string): boolean =>
    !missing.has(scope) && (token.scopes.includes(scope) || (scope === 'oauth' && token.kind === 'private'))
  if (wanted.length === 0 || wanted.some(has)) return
  throw problem({
    status: 403,
    category: 'MISSING_SCOPES',
    message:
      "This app hasn't been granted all required scopes to make this call. Read more about required scopes here: https://developers.hubspot.com/scopes.",
    errors: [
      {
        message: 'One or more of the following scopes are required.',
        context: { requiredGranularScopes: wanted },
      },
    ],
    links: { scopes: 'https://developers.hubspot.com/scopes' },
  })
}

function contentOf(contentType: string, body: string): unknown {
  const parsed = parseContent(contentType, body)
  if (parsed.kind === 'parsed') return parsed.value
  if (parsed.kind === 'broken') throw invalid('Invalid input JSON on line 1, column 1')
  throw problem({ status: 415, category: 'VALIDATION_ERROR', message: 'HTTP 415 Unsupported Media Type' })
}
