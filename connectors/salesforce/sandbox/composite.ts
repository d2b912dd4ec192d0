/**
 * Up to 25 calls in one, where later ones can name what earlier ones gave: `@{refAccount.id}`.
 *
 * @see https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/resources_composite_composite.htm
 */
import { z } from 'zod'
import type { SandboxAnswer } from '../../sandbox/http.ts'
import { asProblem, problemBody, refused } from './problems.ts'
import { DATA, parseBody, type SandboxRequest, type SandboxRoute } from './route.ts'

const MOST = 25
const MOST_QUERIES = 5

const bodySchema = z.object({
  allOrNone: z.boolean().optional(),
  collateSubrequests: z.boolean().optional(),
  compositeRequest: z.array(
    z.object({
      method: z.enum(['GET', 'POST', 'PUT', 'PATCH', 'DELETE']),
      url: z.string(),
      referenceId: z.string().regex(/^[A-Za-z]\w*$/),
      body: z.unknown().optional(),
    }),
  ),
})

interface Part {
  readonly body: unknown
  readonly httpHeaders: Readonly<Record<string, string>>
  readonly httpStatusCode: number
  readonly referenceId: string
}

const HALTED = {
  errorCode: 'PROCESSING_HALTED',
  message: 'The transaction was rolled back since another operation in the same transaction failed.',
}

/** @param dispatch carries a part out */
export function compositeRoutes(
  dispatch: () => (request: SandboxRequest) => SandboxAnswer,
): readonly SandboxRoute[] {
  const composite: SandboxRoute = {
    method: 'POST',
    path: `${DATA}/composite`,
    kind: 'call',
    handle(request) {
      const { compositeRequest, allOrNone = false } = parseBody(bodySchema, request)
      if (compositeRequest.length > MOST) {
        throw refused(
          400,
          'LIMIT_EXCEEDED',
          `The number of subrequests in the composite request exceeds the maximum of ${MOST}`,
        )
      }
      if (
        compositeRequest.filter(({ url }) => /\/query|\/composite\/sobjects/.test(url)).length > MOST_QUERIES
      ) {
        throw refused(
          400,
          'LIMIT_EXCEEDED',
          `The number of query and sObject collections subrequests exceeds the maximum of ${MOST_QUERIES}`,
        )
      }
      const given = new Map<string, unknown>()
      const parts: Part[] = []
      const failed = request.state.transaction((undo) => {
        for (const { referenceId, ...part } of compositeRequest) {
          const answer = carryOut(request, part, given, dispatch())
          if (answer.status < 300) given.set(referenceId, answer.body)
          parts.push({
            body: answer.body ?? null,
            httpHeaders: answer.headers ?? {},
            httpStatusCode: answer.status,
            referenceId,
          })
          if (!allOrNone || answer.status < 300) continue
          undo()
          return parts.length - 1
        }
        return null
      })
      if (failed !== null) {
        const halted = { body: [HALTED], httpHeaders: {}, httpStatusCode: 400 }
        return {
          status: 200,
          body: {
            compositeResponse: compositeRequest.map(({ referenceId }, at) =>
              at === failed ? parts[at] : { ...halted, referenceId },
            ),
          },
        }
      }
      return { status: 200, body: { compositeResponse: parts } }
    },
  }
  return [composite]
}

function carryOut(
  request: SandboxRequest,
  part: { method: string; url: string; body?: unknown },
  given: ReadonlyMap<string, unknown>,
  dispatch: (request: SandboxRequest) => SandboxAnswer,
): SandboxAnswer {
  try {
    const url = new URL(String(filled(part.url, given)), 'http://sandbox')
    return dispatch({
      ...request,
      method: part.method,
      path: url.pathname,
      query: url.searchParams,
      body: filled(part.body, given),
    })
  } catch (error) {
    const problem = asProblem(error)
    if (!problem) throw error
    return { status: problem.status, body: problemBody(problem) }
  }
}

/** With `@{reference.path[0].name}` replaced by what the earlier part gave. */
function filled(value: unknown, given: ReadonlyMap<string, unknown>): unknown {
  if (typeof value === 'string') {
    return value.replace(/@\{(\w+)\.([^}]+)\}/g, (whole, reference: string, path: string) => {
      let here = given.get(reference)
      for (const name of path.split(/[.[\]]/).filter((part) => part !== '')) {
        here = typeof here === 'object' && here !== null ? (here as Record<string, unknown>)[name] : undefined
      }
      if (here === undefined) {
        throw refused(400, 'PROCESSING_HALTED', `Invalid reference specified. No value for ${whole} found.`)
      }
      return String(here)
    })
  }
  if (Array.isArray(value)) return value.map((one) => filled(one, given))
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, filled(one, given)]))
  }
  return value
}
