/** The API's description (OpenAPI 3.1), made of the very schemas that requests are parsed with, and its browser. */
import { OpenAPIRegistry, OpenApiGeneratorV31, type RouteConfig } from '@asteasolutions/zod-to-openapi'
import { z } from 'zod'
import { addAsset, addPackagedAsset, assetPath } from './assets.ts'
import { page } from './page.ts'
import { route, type Route } from './route.ts'

export type ApiDescription = ReturnType<OpenApiGeneratorV31['generateDocument']>

const toldChange = z.object({
  path: z.string(),
  label: z.string(),
  before: z.string(),
  after: z.string(),
})

const problem = z
  .object({
    type: z.string().meta({ example: 'urn:holdfast:problem:request_invalid' }),
    title: z.string(),
    status: z.number().int(),
    detail: z.string().meta({ description: 'What happened, and what to do' }),
    code: z.string().meta({ description: 'Stable; programs go by this', example: 'request_invalid' }),
    requestId: z.string(),
    retryable: z.boolean().meta({ description: 'Whether the same request can succeed later' }),
    errors: z
      .array(
        z.object({
          in: z.enum(['path', 'query', 'header', 'body']),
          pointer: z.string().meta({ description: 'JSON pointer', example: '/customers/0/id' }),
          detail: z.string(),
        }),
      )
      .optional(),
    fields: z
      .array(
        z.object({
          path: z.string().meta({ description: 'As the form names it', example: 'delivery.mode' }),
          message: z.string(),
        }),
      )
      .optional()
      .meta({ description: 'Settings that are wrong' }),
    conflict: z
      .object({
        version: z.int().meta({ description: 'The newest' }),
        saves: z.array(z.object({ version: z.int(), at: z.iso.datetime(), who: z.string() })),
        theirs: z.array(toldChange),
        yours: z.array(toldChange),
        both: z.array(z.string()).meta({ description: 'Paths that both changed, to something else' }),
        mergeable: z.boolean().meta({ description: 'Whether onConflict=merge keeps what both changed' }),
      })
      .optional()
      .meta({ description: 'What somebody else saved since the version that was looked at' }),
  })
  .meta({ id: 'Problem', description: 'Problem details (RFC 9457)' })

const problems: Readonly<Record<number, string>> = {
  400: 'The request does not fit; `errors` names each field',
  401: 'No valid API key or session',
  403: 'The key lacks the scope, or the person the role',
  413: 'The body is too large',
  415: 'The body is no JSON by its Content-Type',
  429: 'Too many requests; Retry-After says when to come back',
  500: 'A mistake of Holdfast; the log tells more under the request id',
  503: 'The database or the queue cannot be reached; try again',
}

/**
 * @param version of Holdfast
 * @example
 * describeApi(routes, { version: '0.1.0', url: 'https://holdfast.example.com' }).paths['/v1/score']
 */
export function describeApi(
  routes: readonly Route[],
  { version, url }: { version: string; url: string | null },
): ApiDescription {
  const registry = new OpenAPIRegistry()
  registry.registerComponent('securitySchemes', 'apiKey', {
    type: 'http',
    scheme: 'bearer',
    description: 'An API key, hf_…; each operation names the scope that the key needs.',
  })
  registry.registerComponent('securitySchemes', 'session', {
    type: 'apiKey',
    in: 'cookie',
    name: 'holdfast_session',
    description:
      'The cookie of a person who signed in (with the prefix __Host- over https). Requests that change something also send `csrf` of GET /v1/session as the header X-CSRF-Token.',
  })
  for (const one of routes) if (one.audience !== 'page') registry.registerPath(operationOf(one))
  return new OpenApiGeneratorV31(registry.definitions).generateDocument({
    openapi: '3.1.0',
    info: {
      title: 'Holdfast',
      version,
      description:
        'Scores with reasons and the action worth its cost. Every answer carries X-Request-Id; failures are problem details (RFC 9457).',
    },
    // The second is for whoever reads it at another address of the same server.
    servers: url === null ? [{ url: '/' }] : [{ url }, { url: '/' }],
  })
}

function operationOf(one: Route): RouteConfig {
  const { access } = one
  const needs =
    access === 'public'
      ? []
      : [
          ...(access.scope === null ? [] : [`an API key with the scope \`${access.scope}\``]),
          ...(access.role === null ? [] : [`a person with the role \`${access.role}\` or above`]),
        ]
  const about = [
    one.description,
    needs.length === 0 ? 'Open to everybody.' : `Open to ${needs.join(', or ')}.`,
  ]
  return {
    method: one.method,
    path: one.path,
    operationId: operationId(one),
    summary: one.summary,
    description: about.filter((text) => text !== undefined).join('\n\n'),
    tags: [one.tag],
    security:
      access === 'public'
        ? []
        : [
            ...(access.scope === null ? [] : [{ apiKey: [] }]),
            ...(access.role === null ? [] : [{ session: [] }]),
          ],
    request: {
      ...(one.params === undefined ? {} : { params: one.params as z.ZodObject }),
      ...(one.query === undefined ? {} : { query: one.query as z.ZodObject }),
      ...(one.headers === undefined ? {} : { headers: one.headers as z.ZodObject }),
      ...(one.body === undefined
        ? {}
        : {
            body: {
              required: !one.body.safeParse(undefined).success,
              content: { [one.bodyType ?? 'application/json']: { schema: one.body } },
            },
          }),
    },
    responses: responsesOf(one),
  }
}

function responsesOf(one: Route): RouteConfig['responses'] {
  const parses = [one.params, one.query, one.headers, one.body].some((schema) => schema !== undefined)
  const statuses = [
    ...(parses ? [400] : []),
    ...(one.access === 'public' ? [] : [401, 403, 429]),
    ...(one.body === undefined ? [] : [413, 415]),
    500,
    503,
  ]
  const failures = statuses.map((status) => [
    status,
    { description: problems[status], content: { 'application/problem+json': { schema: problem } } },
  ])
  const answers = Object.entries(one.answers).map(([status, { description, schema, type }]) => [
    status,
    {
      description,
      ...(schema === undefined && type === undefined
        ? {}
        : { content: { [type ?? 'application/json']: { schema: schema ?? z.string() } } }),
    },
  ])
  return Object.fromEntries([...failures, ...answers]) as RouteConfig['responses']
}

/** `get /v1/customers/{id}` becomes `getCustomersById`, for the clients that are generated from this. */
function operationId({ method, path }: Route): string {
  const words = path
    .replace(/^\/v1\//, '')
    .split(/[^A-Za-z0-9{}]+/)
    .filter((word) => word !== '')
    .map((word) => (word.startsWith('{') ? `By${capital(word.slice(1, -1))}` : capital(word)))
  return method + words.join('')
}

const capital = (word: string): string => word[0].toUpperCase() + word.slice(1)

addPackagedAsset('swagger-ui.css', 'text/css; charset=utf-8', 'swagger-ui-dist/swagger-ui.css')
addPackagedAsset('swagger-ui.js', 'text/javascript; charset=utf-8', 'swagger-ui-dist/swagger-ui-bundle.js')
addAsset(
  'api-docs.js',
  'text/javascript; charset=utf-8',
  `SwaggerUIBundle({
  url: '/openapi.json', dom_id: '#api', deepLinking: true, validatorUrl: null, withCredentials: true,
  requestInterceptor: async (request) => {
    if (/^(get|head)$/i.test(request.method ?? 'get') || request.headers.Authorization) return request
    const session = await fetch('/v1/session')
    if (session.ok) request.headers['X-CSRF-Token'] = (await session.json()).csrf
    return request
  },
})`,
)
// Swagger UI knows light alone.
addAsset(
  'api-docs.css',
  'text/css; charset=utf-8',
  ':root{color-scheme:light;--ground:#fbfbfa}body{max-width:1180px;padding:16px}#api p{max-width:none}',
)

/** `/openapi.json` and `/docs`. */
export function openApiRoutes(description: () => ApiDescription): readonly Route[] {
  let json: string | null = null
  return [
    route({
      method: 'get',
      path: '/openapi.json',
      summary: 'This description',
      tag: 'Operation',
      access: 'public',
      answers: { 200: { description: 'OpenAPI 3.1', type: 'application/json' } },
      handle: () => {
        json ??= JSON.stringify(description())
        return { status: 200, bytes: json, type: 'application/json' }
      },
    }),
    route({
      method: 'get',
      path: '/docs',
      summary: 'The API to read and try out',
      tag: 'Pages',
      access: 'public',
      audience: 'page',
      answers: { 200: { description: 'The page', type: 'text/html' } },
      handle: () => ({
        status: 200,
        html: page({
          title: 'API',
          head: `<link rel="stylesheet" href="${assetPath('swagger-ui.css')}">
<link rel="stylesheet" href="${assetPath('api-docs.css')}">
<script defer src="${assetPath('swagger-ui.js')}"></script>
<script defer src="${assetPath('api-docs.js')}"></script>
`,
          body: '<div id="api"></div>',
        }),
      }),
    }),
  ]
}
