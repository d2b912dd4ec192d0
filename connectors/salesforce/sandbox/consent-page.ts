/**
 * Where somebody who signed in to the org allows the app, or does not. It checks what Salesforce checks before it asks.
 *
 * @see https://help.salesforce.com/s/articleView?id=xcloud.remoteaccess_oauth_web_server_flow.htm
 * @see https://help.salesforce.com/s/articleView?id=xcloud.remoteaccess_oauth_flow_errors.htm
 */
import { z } from 'zod'
import type { SandboxAnswer } from '../../sandbox/http.ts'
import { problemOf } from './problems.ts'
import type { SandboxContext, SandboxRoute } from './route.ts'
import type { Sessions } from './sessions.ts'

const PATH = '/services/oauth2/authorize'

const asked = z.object({
  response_type: z.string().default(''),
  client_id: z.string().default(''),
  redirect_uri: z.string().default(''),
  scope: z.string().default(''),
  state: z.string().optional(),
  code_challenge: z.string().optional(),
  code_challenge_method: z.string().optional(),
})
type Asked = z.infer<typeof asked>

export function consentRoutes(sessions: Sessions): readonly SandboxRoute[] {
  return [
    {
      method: 'GET',
      path: PATH,
      kind: 'open',
      handle({ query, context }) {
        const given = asked.parse(Object.fromEntries(query))
        const wrong = faultOf(context, given)
        return wrong === null ? consentPage(context, given) : sentBack(given, wrong)
      },
    },
    {
      method: 'POST',
      path: PATH,
      kind: 'open',
      handle({ body, context, at }) {
        const given = asked.extend({ answer: z.enum(['allow', 'deny']) }).parse(body)
        const wrong = faultOf(context, given)
        if (wrong !== null) return sentBack(given, wrong)
        if (given.answer === 'deny')
          return sentBack(given, {
            error: 'access_denied',
            error_description: 'end-user denied authorization',
          })
        const { code_challenge: challenge = '', redirect_uri: redirectUri } = given
        return sentBack(given, { code: sessions.code({ challenge, redirectUri }, at) })
      },
    },
  ]
}

/**
 * What the browser is sent back with at once; null: nothing.
 *
 * @throws SandboxProblem where there is nowhere to send it
 */
function faultOf({ app }: SandboxContext, given: Asked): Readonly<Record<string, string>> | null {
  if (given.client_id !== app.clientId) throw refusal('invalid_client_id', 'client identifier invalid')
  if (!URL.canParse(given.redirect_uri)) throw refusal('redirect_uri_missing', 'redirect_uri must be given')
  if (given.response_type !== 'code') return { error: 'unsupported_response_type' }
  if (given.code_challenge === undefined || given.code_challenge_method === 'plain')
    return { error: 'invalid_request', error_description: 'missing required code challenge' }
  return null
}

const refusal = (error: string, description: string): Error =>
  problemOf({
    status: 400,
    errors: [{ errorCode: error, message: description }],
    body: { error, error_description: description },
  })

function sentBack({ redirect_uri, state }: Asked, with_: Readonly<Record<string, string>>): SandboxAnswer {
  const back = new URL(redirect_uri)
  for (const [name, value] of Object.entries(with_)) back.searchParams.set(name, value)
  if (state !== undefined) back.searchParams.set('state', state)
  return { status: 302, headers: { Location: back.href } }
}

const escaped = (text: string): string =>
  text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)

/** As Salesforce words what an app may. */
const SCOPES: Readonly<Record<string, string>> = {
  api: 'Manage user data via APIs',
  refresh_token: 'Perform requests at any time',
}

function consentPage({ state, user }: SandboxContext, given: Asked): SandboxAnswer {
  const fields = Object.entries(given).map(
    ([name, value]) => `<input type="hidden" name="${name}" value="${escaped(value ?? '')}">`,
  )
  const scopes = given.scope
    .split(/[ ,]+/)
    .filter((scope) => scope !== '')
    .map((scope) => `<li>${escaped(SCOPES[scope] ?? scope)}</li>`)
  return {
    status: 200,
    headers: { 'Content-Type': 'text/html; charset=utf-8' },
    body: `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Allow Access? | Salesforce sandbox</title>
<meta name="viewport" content="width=device-width"><style>body{font:15px/1.5 system-ui;max-width:36rem;margin:3rem auto;padding:0 1rem}button{font:inherit;padding:.5rem 1rem;margin-right:.5rem}</style></head>
<body><h1>Allow Access?</h1>
<p>This is the sandbox: a made-up org on this machine, ${escaped(state.org)}, signed in as ${escaped(user.username)}.</p>
<p>Holdfast is asking to:</p>
<ul>${scopes.join('')}</ul>
<form method="post">${fields.join('')}
<button name="answer" value="deny">Deny</button>
<button name="answer" value="allow">Allow</button>
</form></body></html>`,
  }
}
