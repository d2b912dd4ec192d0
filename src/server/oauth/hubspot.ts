/**
 * Installing the app in a HubSpot account: on to HubSpot, and back from there. Whoever is not signed in here is first, and goes
 * on then; an installation that somebody began at HubSpot (its marketplace, a link of ours that was shared) begins anew here, so
 * that every consent is one that this very browser asked for.
 *
 * @see https://developers.hubspot.com/docs/apps/developer-platform/build-apps/authentication/oauth/working-with-oauth
 */
import { z } from 'zod'
import { APP_PATHS } from '../../../connectors/hubspot/app.ts'
import type { PortalInstall } from '../../control/setting-up-contract.ts'
import { HoldfastError } from '../../contracts/errors.ts'
import { asConnection } from '../../contracts/ids.ts'
import { escapeMarkup } from '../../report/markup.ts'
import { personOf, settingUpOf } from '../api/connection-control.ts'
import { installCookie, installCookieOf } from '../cookies.ts'
import { page } from '../page.ts'
import { asHoldfastError } from '../problem.ts'
import { route, type Answer } from '../route.ts'
import type { RouteServices } from '../services.ts'

const ADMIN = { scope: null, role: 'admin' } as const

export const hubspotInstallRoutes = [
  route({
    method: 'get',
    path: APP_PATHS.install,
    summary: 'On to HubSpot, where an admin installs the app',
    tag: 'Pages',
    access: ADMIN,
    audience: 'page',
    query: z.strictObject({
      object: z.enum(['companies', 'contacts']).default('companies'),
      again: z
        .uuid()
        .optional()
        .meta({ description: 'The connection that is signed in to anew; default: it is another one' }),
    }),
    answers: { 303: { description: 'On to HubSpot' } },
    handle: async ({ tenant, query, origin, url }, services) => {
      const install = installOf(services)
      // The browser has to hold the proof where HubSpot sends it back to.
      if (services.publicUrl !== null && new URL(services.publicUrl).origin !== origin)
        return { redirect: services.publicUrl + url }
      const { address, cookie } = await install.begin(tenant, {
        redirectUri: callbackAt(services, origin),
        object: query.object,
        again: query.again === undefined ? null : asConnection(query.again),
      })
      return { redirect: address, cookies: [installCookie(origin, cookie)] }
    },
  }),
  route({
    method: 'get',
    path: APP_PATHS.callback,
    summary: 'Where HubSpot sends the browser back to after an installation',
    tag: 'Pages',
    access: ADMIN,
    audience: 'page',
    query: z.object({
      state: z.string().max(200).optional(),
      code: z.string().max(4000).optional(),
      error: z.string().max(200).optional(),
      error_description: z.string().max(1000).optional(),
    }),
    answers: {
      303: { description: 'On to the set-up' },
      400: { description: 'The page that says what came in between', type: 'text/html' },
    },
    handle: async ({ tenant, query, origin, cookie, caller, requestId }, services) => {
      const install = installOf(services)
      const { state, code, error, error_description: described } = query
      if (error !== undefined) return notInstalled(origin, 400, refusal(error, described))
      if (state === undefined) return { redirect: APP_PATHS.install }
      if (code === undefined)
        return notInstalled(origin, 400, 'HubSpot sent neither a code nor an error back. Begin again.')
      try {
        const { portal, object, again } = await install.finish(
          tenant,
          {
            state,
            code,
            cookie: installCookieOf(origin, cookie),
            redirectUri: callbackAt(services, origin),
          },
          personOf(caller, requestId),
        )
        const next = new URLSearchParams({ step: 'connect', kind: 'hubspot', installed: portal, object })
        if (again !== null) next.set('again', again)
        return { redirect: `/app/setup?${next.toString()}`, cookies: [installCookie(origin, null)] }
      } catch (cause) {
        if (!(cause instanceof HoldfastError))
          services.log.error({ err: cause }, 'an installation at HubSpot failed')
        const { message, status } = asHoldfastError(cause)
        return notInstalled(origin, status, message)
      }
    },
  }),
] as const

function installOf(services: Pick<RouteServices, 'settingUp'>): PortalInstall {
  const { portalInstall } = settingUpOf(services)
  if (portalInstall !== null) return portalInstall
  throw new HoldfastError(
    'connector_configuration',
    'This installation has no app at HubSpot. Set HUBSPOT_CLIENT_ID and HUBSPOT_CLIENT_SECRET (HubSpot shows both on the Auth page of the app) and start again, or connect with the token of a private app.',
  )
}

const callbackAt = ({ publicUrl }: Pick<RouteServices, 'publicUrl'>, origin: string): string =>
  (publicUrl ?? origin) + APP_PATHS.callback

function refusal(error: string, described: string | undefined): string {
  if (error === 'access_denied')
    return 'Nobody agreed to the app there, so nothing was connected. Begin again when you want to; whoever installs it has to be a super admin of the account, or may install apps.'
  const detail = described === undefined || described === '' ? error : `${error}: ${described}`
  return `HubSpot ended the installation (${detail}). Mend that in HubSpot and begin again.`
}

/** The attempt is over, whatever it was. */
function notInstalled(origin: string, status: number, message: string): Answer {
  const title = 'HubSpot is not connected'
  const back = '<p><a href="/app/setup?step=connect&amp;kind=hubspot">Back to the set-up</a></p>'
  return {
    status,
    html: page({ title, body: `<h1>${title}</h1><p>${escapeMarkup(message)}</p>${back}` }),
    cookies: [installCookie(origin, null)],
  }
}
