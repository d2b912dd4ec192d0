/** Pages that the server writes itself: what the sandboxes hold, both ends of an installation at HubSpot, and the way from addresses of before the app. */
import { hubspotInstallRoutes } from '../oauth/hubspot.ts'
import type { Route } from '../route.ts'
import { inboxAnswerRoute, inboxDocumentRoute, inboxMailRoute, inboxRoute } from './inbox-pages.ts'
import { movedRoutes } from './moved.ts'
import { textAnswerRoute, textRoute, textsRoute } from './texts-pages.ts'

/**
 * @example
 * await startServer({ …, routes: [...apiRoutes, ...pageRoutes] })
 */
export const pageRoutes: readonly Route[] = [
  ...movedRoutes,
  ...hubspotInstallRoutes,
  inboxRoute,
  inboxMailRoute,
  inboxDocumentRoute,
  inboxAnswerRoute,
  textsRoute,
  textRoute,
  textAnswerRoute,
]
