/** Where Salesforce sends the browser back to, once somebody consented or did not. */
import { z } from 'zod'
import { asHoldfastError } from '../problem.ts'
import { HoldfastError } from '../../contracts/errors.ts'
import { escapeMarkup } from '../../report/markup.ts'
import { limitAttempts } from '../../security/attempts.ts'
import {
  answerWebSignIn,
  takeWebSignIn,
  tenantOfState,
  type SignInAnswer,
  type WaitingSignIn,
} from '../../security/web-sign-in.ts'
import { page } from '../page.ts'
import { route, type Answer, type Route } from '../route.ts'

/** Beneath the public address; the app in Salesforce has to allow it. */
export const SALESFORCE_CALLBACK = '/oauth/salesforce/callback'

/**
 * @returns JSON of the sign-in, for whoever waits
 * @throws HoldfastError what Salesforce said
 */
export type ExchangeCode = (code: string, waiting: WaitingSignIn) => Promise<string>

/**
 * The state is the proof: it was printed on this machine, nobody can guess it, and it works once. Opening the page in
 * another browser than the one that is signed in here does no harm.
 *
 * @example
 * await startServer({ …, routes: [...apiRoutes, ...pageRoutes, salesforceCallback(exchange)] })
 */
export function salesforceCallback(exchange: ExchangeCode): Route {
  const attempts = limitAttempts({ most: 20, seconds: 15 * 60, what: 'sign-ins' })
  return route({
    method: 'get',
    path: SALESFORCE_CALLBACK,
    summary: 'Where Salesforce sends the browser back to after a consent',
    tag: 'Public',
    access: 'public',
    audience: 'page',
    query: z.object({
      state: z.string().max(200).optional(),
      code: z.string().max(4000).optional(),
      error: z.string().max(200).optional(),
      error_description: z.string().max(1000).optional(),
    }),
    answers: { 200: { description: 'The page that says what came of it', type: 'text/html' } },
    handle: async ({ query, ip }, { database, vault, log }): Promise<Answer> => {
      await attempts.check(ip)
      const { state = '', code } = query
      const tenant = tenantOfState(state)
      if (tenant === null) {
        await attempts.failed(ip)
        return said(
          401,
          NOT_CONNECTED,
          'This address is opened by Salesforce, at the end of a sign-in. Begin one in Holdfast (Set-up), or with holdfast connect salesforce --web.',
        )
      }
      const waiting = await database
        .withTenant(tenant, (tx) => takeWebSignIn(tx, vault, state))
        .catch(async (cause: unknown) => {
          await attempts.failed(ip)
          if (cause instanceof HoldfastError && cause.code === 'unauthenticated') return cause
          throw cause
        })
      // Not as everywhere else: whoever reads this has nothing to sign in to here.
      if (waiting instanceof HoldfastError) return said(401, NOT_CONNECTED, waiting.message)
      const answer = await answerTo(query, code, (given) => exchange(given, waiting)).catch(
        (cause: unknown): SignInAnswer => {
          if (!(cause instanceof HoldfastError)) log.error({ err: cause }, 'a sign-in to Salesforce failed')
          const { code: kind, message } = asHoldfastError(cause)
          return { error: { code: kind, message } }
        },
      )
      await database.withTenant(tenant, (tx) => answerWebSignIn(tx, vault, state, answer))
      return 'signedIn' in answer
        ? said(
            200,
            'You are signed in to Salesforce',
            'Go back to where you began, in Holdfast or on the command line: it goes on there.',
          )
        : said(400, NOT_CONNECTED, answer.error.message)
    },
  })
}

const NOT_CONNECTED = 'Salesforce is not connected'

interface Refused {
  readonly error?: string | undefined
  readonly error_description?: string | undefined
}

async function answerTo(
  { error, error_description: described }: Refused,
  code: string | undefined,
  exchange: (code: string) => Promise<string>,
): Promise<SignInAnswer> {
  if (error !== undefined)
    return { error: { code: 'connector_reconnect', message: refusal(error, described) } }
  if (code === undefined || code === '')
    return {
      error: {
        code: 'connector_reconnect',
        message:
          'Salesforce sent neither a code nor an error back. Begin again: holdfast connect salesforce --web.',
      },
    }
  return { signedIn: await exchange(code) }
}

/** @see https://help.salesforce.com/s/articleView?id=xcloud.remoteaccess_oauth_flow_errors.htm */
const REFUSALS: Readonly<Record<string, string>> = {
  access_denied: 'Whoever signed in did not consent. Begin again and press Allow.',
  redirect_uri_mismatch:
    'The app in Salesforce does not allow the address that it should send the browser back to. Add it to the Callback URLs of the External Client App.',
  invalid_client_id: 'Salesforce does not know the app. Correct SALESFORCE_CLIENT_ID.',
  OAUTH_APP_BLOCKED:
    'An admin of the org blocked the app. Have it allowed under Setup > Connected Apps OAuth Usage.',
  OAUTH_APPROVAL_ERROR_GENERIC:
    'The org does not let this user use the app. Have the user allowed under the policies of the app.',
}

function refusal(error: string, described: string | undefined): string {
  const detail = described === undefined || described === '' ? error : `${error}: ${described}`
  const advice = REFUSALS[error] ?? 'Mend that in Salesforce and begin again.'
  return `Salesforce ended the sign-in (${detail}). ${advice}`
}

const said = (status: number, title: string, text: string): Answer => ({
  status,
  html: page({ title, body: `<h1>${escapeMarkup(title)}</h1><p>${escapeMarkup(text)}</p>` }),
})
