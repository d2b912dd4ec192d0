/** Every page, and what its buttons do. */
import type { Route } from '../route.ts'
import { answerRoutes } from './answers.ts'
import { customerRoute } from './customer-page.ts'
import { customersRoute } from './customers-page.ts'
import { holdButtons } from './holds-part.ts'
import { inboxAnswerRoute, inboxDocumentRoute, inboxMailRoute, inboxRoute } from './inbox-pages.ts'
import { interventionMailRoute, interventionRoute } from './intervention-page.ts'
import { loopRoute } from './loop-page.ts'
import { outboxRoute } from './outbox-page.ts'
import { previewRoute } from './preview-page.ts'
import { sendingRoute } from './sending-page.ts'
import { textAnswerRoute, textRoute, textsRoute } from './texts-pages.ts'

/**
 * Made anew for each server: the first page keeps what it read of the book.
 *
 * @example
 * await startServer({ …, routes: [...apiRoutes, ...pageRoutes()] })
 */
export function pageRoutes(): readonly Route[] {
  return [
    loopRoute(),
    customersRoute,
    customerRoute,
    outboxRoute,
    interventionRoute,
    interventionMailRoute,
    sendingRoute,
    previewRoute,
    inboxRoute,
    inboxMailRoute,
    inboxDocumentRoute,
    inboxAnswerRoute,
    textsRoute,
    textRoute,
    textAnswerRoute,
    ...answerRoutes,
    ...holdButtons,
  ]
}
