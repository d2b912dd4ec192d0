/** What is answered to a call: who asks, whether any are left for the day, and then the route. */
import { parseContent, type Asked, type SandboxAnswer } from '../../sandbox/http.ts'
import { openRouter } from '../../sandbox/router.ts'
import type { DailyCount } from './limits.ts'
import { asProblem, notFound, problemBody, refused } from './problems.ts'
import type { SandboxContext, SandboxRequest, SandboxRoute } from './route.ts'
import type { Sessions } from './sessions.ts'

/** Longer ones are refused by what stands before Salesforce's servers, counted with the host. */
const LONGEST_URL = 16_384

/** Versions that are served: from Spring '14, as retired ones before it are not, to the present one. */
const OLDEST = 31
const NEWEST = 67

export function openAnswering(options: {
  routes: readonly SandboxRoute[]
  context: SandboxContext
  sessions: Sessions
  daily: DailyCount
  /** All sessions are refused, new ones too. */
  refusesSessions: () => boolean
}): { answer: (asked: Asked) => SandboxAnswer; dispatch: (request: SandboxRequest) => SandboxAnswer } {
  const { context, sessions, daily } = options
  const match = openRouter(options.routes)

  /** A part of a call that was let in already. */
  const dispatch = (request: SandboxRequest): SandboxAnswer => {
    const found = match(request.method, request.path)
    if (!found || !isServed(found.params.version)) throw notFound()
    return found.route.handle({ ...request, params: found.params })
  }

  const answer = ({ method, url, headers, body, at }: Asked): SandboxAnswer => {
    if (url.length + context.url().length > LONGEST_URL) {
      return { status: 414, headers: { 'Content-Type': 'text/html' }, body: '<h1>URI Too Long</h1>' }
    }
    const { pathname, searchParams } = new URL(url, 'http://sandbox')
    const limited: Record<string, string> = {}
    try {
      // A slash at the end means nothing.
      const path = pathname.length > 1 ? pathname.replace(/\/$/, '') : pathname
      const found = match(method, path)
      if (found?.route.kind !== 'open') {
        const token = /^(?:Bearer|OAuth) (.+)$/.exec(headers.authorization ?? '')?.[1]
        if (options.refusesSessions() || token === undefined || !sessions.isGood(token, at)) {
          throw refused(401, 'INVALID_SESSION_ID', 'Session expired or invalid')
        }
      }
      if (!found || !isServed(found.params.version)) throw notFound()
      try {
        if (found.route.kind === 'call') daily.take(at.getTime())
      } finally {
        const { used, max } = context.usage()
        if (found.route.kind !== 'open') limited['Sforce-Limit-Info'] = `api-usage=${used}/${max}`
      }
      const given = found.route.handle({
        method,
        path,
        params: found.params,
        query: searchParams,
        headers,
        body: contentOf(headers['content-type'] ?? '', body),
        at,
        base: `/services/data/${found.params.version ?? ''}`,
        by: { userId: context.user.id, client: clientOf(headers['sforce-call-options']) },
        context,
        state: context.state,
      })
      return { ...given, headers: { ...limited, ...given.headers } }
    } catch (error) {
      const problem = asProblem(error) ?? {
        status: 500,
        errors: [
          {
            errorCode: 'UNKNOWN_EXCEPTION',
            message: `The sandbox failed: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
          },
        ],
      }
      return {
        status: problem.status,
        body: problemBody(problem),
        headers: { ...limited, ...problem.headers },
      }
    }
  }
  return { answer, dispatch }
}

function isServed(version: string | undefined): boolean {
  if (version === undefined) return true
  const number = Number(/^v(\d+)\.0$/.exec(version)?.[1])
  return number >= OLDEST && number <= NEWEST
}

/** `Sforce-Call-Options: client=Holdfast, defaultNamespace=x`. */
function clientOf(options: string | string[] | undefined): string | null {
  return /client=([^,;\s]+)/.exec(String(options ?? ''))?.[1] ?? null
}

function contentOf(contentType: string, body: string): unknown {
  const parsed = parseContent(contentType, body)
  if (parsed.kind === 'parsed') return parsed.value
  if (parsed.kind === 'other') return body
  throw refused(400, 'JSON_PARSER_ERROR', 'Unexpected character at [line:1, column:1]: the body is no JSON')
}
