/** The queue board, to look and not to touch. Jobs hold ids only, but of all tenants: it needs the installation. */
import { createBullBoard } from '@bull-board/api'
import { BullMQAdapter } from '@bull-board/api/bullMQAdapter'
import { ExpressAdapter } from '@bull-board/express'
import type { Express } from 'express'
import { HoldfastError } from '../contracts/errors.ts'
import type { Restricted } from '../security/access.ts'
import { fail, note, record, type Dispatch } from './dispatch.ts'
import type { ServerServices } from './services.ts'

export const QUEUES_PATH = '/admin/queues'
export const QUEUES_ACCESS: Restricted = { scope: null, role: 'admin', installation: true }

/** The page asks another host for fonts, which the Content-Security-Policy would only refuse. */
const FOREIGN_FONTS = /<link [^>]*href="https:\/\/fonts\.googleapis\.com[^>]*>/g

/** Mounts the board behind the same door as every route. */
export function mountQueues(
  app: Express,
  queues: NonNullable<ServerServices['queue']>['queues'],
  dispatch: Dispatch,
): void {
  const board = new ExpressAdapter().setBasePath(QUEUES_PATH)
  createBullBoard({
    queues: queues.map((queue) => new BullMQAdapter(queue, { readOnlyMode: true })),
    serverAdapter: board,
    // Whether there are workers it goes by the names of connections, which the embedded database has none of.
    options: { uiConfig: { boardTitle: 'Holdfast queues', showWorkers: false } },
  })
  app.use(QUEUES_PATH, (request, response, next) => {
    const noted = note(request, `${QUEUES_PATH}/*`, 'page')
    const enter = async (): Promise<void> => {
      const caller = await dispatch.doorkeeper.admit(request, QUEUES_ACCESS, false)
      noted.tenant = caller?.tenant ?? null
      if (request.method !== 'GET' && request.method !== 'HEAD') throw onlyToLookAt()
      for (const [name, value] of Object.entries(dispatch.headers.board)) response.setHeader(name, value)
      response.setHeader('X-Request-Id', noted.requestId)
      const send = response.send.bind(response)
      response.send = (body) => send(typeof body === 'string' ? body.replace(FOREIGN_FONTS, '') : body)
      response.once('finish', () => record(response.statusCode, noted, dispatch))
    }
    enter().then(
      () => next(),
      (error: unknown) => fail(response, error, noted, dispatch),
    )
  })
  app.use(QUEUES_PATH, board.getRouter() as Express)
}

/** The board's own read-only mode stays as the second lock. */
function onlyToLookAt(): HoldfastError {
  return new HoldfastError(
    'method_not_allowed',
    'The queues are here to look at. What is due comes from the database: ask for it with "holdfast run", or stop it with "holdfast pause".',
    { cause: { allow: 'GET, HEAD' } },
  )
}
