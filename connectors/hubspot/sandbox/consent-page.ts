/**
 * Where somebody with an account at HubSpot agrees to the app, or does not. It checks what HubSpot checks before it asks: the
 * app, the address to go back to, and that the required scopes are those of the app's definition.
 *
 * @see https://developers.hubspot.com/docs/apps/developer-platform/build-apps/authentication/oauth/working-with-oauth
 * @see https://developers.hubspot.com/docs/apps/developer-platform/build-apps/authentication/scopes
 */
import { z } from 'zod'
import type { SandboxAnswer } from '../../sandbox/http.ts'
import { keepCode } from './oauth.ts'
import type { SandboxRequest, SandboxRoute } from './route.ts'
import { fixedScopes } from './scopes.ts'

const asked = z.object({
  client_id: z.string().default(''),
  redirect_uri: z.string().default(''),
  scope: z.string().default(''),
  optional_scope: z.string().default(''),
  state: z.string().optional(),
  code_challenge: z.string().optional(),
  code_challenge_method: z.string().optional(),
})
type Asked = z.infer<typeof asked>

const PATHS = ['/oauth/authorize', '/oauth/:portal/authorize'] as const

export const consentRoutes: readonly SandboxRoute[] = PATHS.flatMap((path): readonly SandboxRoute[] => [
  {
    method: 'GET',
    path,
    kind: 'open',
    scopes: fixedScopes(),
    handle: (request) => {
      const given = asked.parse(Object.fromEntries(request.query))
      const wrong = faultOf(request, given)
      return wrong === null ? consentPage(request, given) : refusedPage(wrong)
    },
  },
  {
    method: 'POST',
    path,
    kind: 'open',
    scopes: fixedScopes(),
    handle: (request) => {
      const given = asked.extend({ answer: z.enum(['connect', 'cancel']) }).parse(request.body)
      const wrong = faultOf(request, given)
      if (wrong !== null) return refusedPage(wrong)
      const back = new URL(given.redirect_uri)
      if (given.answer === 'cancel') {
        back.searchParams.set('error', 'access_denied')
        back.searchParams.set('error_description', 'User denied access')
      } else back.searchParams.set('code', codeFor(request, given))
      if (given.state !== undefined) back.searchParams.set('state', given.state)
      return { status: 302, headers: { Location: back.href } }
    },
  },
])

const listed = (scopes: string): readonly string[] => scopes.split(/[ ,]+/).filter((scope) => scope !== '')

/** What HubSpot shows a page about instead of asking; null: nothing. */
function faultOf({ context, state, params }: SandboxRequest, given: Asked): string | null {
  const { app } = context
  if (given.client_id !== app.clientId) return "We couldn't find an app with this client ID."
  if (params.portal !== undefined && params.portal !== state.portal)
    return `You don't have access to the account ${params.portal}.`
  const { definition } = app
  if (!URL.canParse(given.redirect_uri)) return 'The redirect URL is missing.'
  if (definition !== null && !definition.redirectUrls.includes(given.redirect_uri))
    return "Redirect URL doesn't match one registered for the app."
  const scopes = listed(given.scope)
  const required = new Set(definition?.requiredScopes ?? scopes)
  if (scopes.length !== required.size || scopes.some((scope) => !required.has(scope)))
    return 'Authorization failed because there is a mismatch between the scopes in the install URL and the app’s configured scopes.'
  const known = new Set(definition?.optionalScopes ?? listed(given.optional_scope))
  if (listed(given.optional_scope).some((scope) => !known.has(scope)))
    return 'Authorization failed because the install URL names optional scopes that the app has not.'
  const lacking = scopes.filter((scope) => context.settings.withoutScopes.includes(scope))
  return lacking.length === 0
    ? null
    : `Your account doesn't have access to everything that the app requires: ${lacking.join(', ')}.`
}

/** Of the optional scopes those that the account has. */
function granted({ context }: SandboxRequest, given: Asked): readonly string[] {
  return [...listed(given.scope), ...listed(given.optional_scope)].filter(
    (scope) => !context.settings.withoutScopes.includes(scope),
  )
}

function codeFor(request: SandboxRequest, given: Asked): string {
  return keepCode(request.context, {
    scopes: granted(request, given),
    redirectUri: given.redirect_uri,
    challenge: given.code_challenge ?? null,
    madeAt: request.at.getTime(),
  })
}

const escaped = (text: string): string =>
  text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)

function consentPage(request: SandboxRequest, given: Asked): SandboxAnswer {
  const fields = Object.entries(given).map(
    ([name, value]) => `<input type="hidden" name="${name}" value="${escaped(value ?? '')}">`,
  )
  const scopes = granted(request, given).map((scope) => `<li>${escaped(scope)}</li>`)
  return htmlPage(
    'Connect app',
    `<h1>Connect this app to HubSpot account ${escaped(request.state.portal)}</h1>
<p>This is the sandbox: a made-up account on this machine.</p>
<p>The app will be able to use:</p>
<ul>${scopes.join('')}</ul>
<form method="post">${fields.join('')}
<button name="answer" value="connect">Connect app</button>
<button name="answer" value="cancel">Cancel</button>
</form>`,
  )
}

const refusedPage = (why: string): SandboxAnswer =>
  htmlPage('Authorization failed', `<h1>Authorization failed</h1><p>${escaped(why)}</p>`)

/** Refusals come as a page with 200, as HubSpot's do: a person reads them, no program. */
const htmlPage = (title: string, body: string): SandboxAnswer => ({
  status: 200,
  headers: { 'Content-Type': 'text/html; charset=utf-8' },
  body: `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>${title} | HubSpot sandbox</title>
<meta name="viewport" content="width=device-width"><style>body{font:15px/1.5 system-ui;max-width:36rem;margin:3rem auto;padding:0 1rem}button{font:inherit;padding:.5rem 1rem;margin-right:.5rem}</style></head>
<body>${body}</body></html>`,
})
