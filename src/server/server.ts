/** The server: routes behind one door, with one way to answer, to fail and to be noted. */
import { createServer, type Server } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import express, { type Express, type NextFunction, type Request, type Response } from 'express'
import { DEFAULT_RATES, type RateLimits } from '../config.ts'
import { HoldfastError } from '../contracts/errors.ts'
import type { Access } from '../security/access.ts'
import { openApiKeys } from '../security/api-keys.ts'
import { limitRates } from '../security/rate-limits.ts'
import { openSessions } from '../security/sessions.ts'
import { appFileRoute } from './app-files.ts'
import { appPageRoutes } from './app-pages.ts'
import { appMailRoute } from './app-mail.ts'
import { assetRoute } from './assets.ts'
import { openDoorkeeper } from './authenticate.ts'
import { end, fail, handlerOf, note, type Dispatch } from './dispatch.ts'
import { openLiveStreams, type StreamLimits } from './events/streams.ts'
import { securityHeaders } from './headers.ts'
import { hubspotCrmRoutes } from './crm/hubspot-routes.ts'
import { salesforceCrmRoutes } from './crm/salesforce-routes.ts'
import { billingWebhook } from './billing.ts'
import { healthRoutes, type ReadyCheck } from './health.ts'
import { metricsRoute, openMetrics, type Metrics } from './metrics.ts'
import { mailEventRoutes } from './mail-events.ts'
import { describeApi, openApiRoutes } from './openapi.ts'
import { publicRoutes } from './public.ts'
import { QUEUES_ACCESS, QUEUES_PATH, mountQueues } from './queues.ts'
import type { Route } from './route.ts'
import type { ServerServices } from './services.ts'
import { signInRoutes } from './sign-in.ts'
import { smsRoutes } from './sms.ts'
import { webhookRoutes } from './webhooks.ts'
import { workflowRoutes } from './crm/hubspot-workflow.ts'

export interface ServerOptions {
  /** Address to listen on. */
  readonly host: string
  /** 0: a free one. */
  readonly port: number
  /** As Express takes it; false believes no proxy. */
  readonly trustProxy: false | number | string
  readonly services: ServerServices
  /** Those of the API and of pages; sign-in, unsubscribing, health, metrics, docs and assets come by themselves. */
  readonly routes: readonly Route[]
  /** What else must be well for /readyz, such as the model. */
  readonly ready?: Readonly<Record<string, ReadyCheck>>
  /** Opened by whoever opened the database with it; default: one of its own. */
  readonly metrics?: Metrics
  /** Requests a minute; default {@link DEFAULT_RATES}. */
  readonly rates?: RateLimits
  /** Of Holdfast, for the API's description. */
  readonly version: string
  /** Milliseconds that open requests may take to end after `close`; default 10,000. */
  readonly drainMs?: number
  /** Of the streams of events. */
  readonly streams?: Partial<StreamLimits>
}

export interface RunningServer {
  /** `http://127.0.0.1:3000`: as this machine reaches it. */
  readonly url: string
  readonly port: number
  /** Everything that can be asked, and by whom. */
  readonly access: readonly { readonly method: string; readonly path: string; readonly access: Access }[]
  /** How many streams of events are open, and how often was looked for them. */
  streams(): { readonly listeners: number; readonly looks: number }
  /** The same as declared, for checks over all of them; what is mounted whole is not among them. */
  readonly routes: readonly Route[]
  /** Takes nothing more, lets open requests end, then ends their connections. */
  close(): Promise<void>
}

/**
 * @throws HoldfastError `port_in_use`; `usage` for a proxy that cannot be; `internal` when two routes claim the same method and path
 * @example
 * const server = await startServer({ host: '127.0.0.1', port: 3000, trustProxy: false, services, routes, version })
 * await server.close()
 */
export async function startServer(options: ServerOptions): Promise<RunningServer> {
  const { services, drainMs = 10_000 } = options
  const { publicUrl, log, queue } = services
  const metrics = options.metrics ?? openMetrics()
  metrics.readQueue(queue)
  const now = (): number => performance.now()
  const keys = openApiKeys(services.database, { now })
  const sessions = openSessions(services.database, { now })
  const live = openLiveStreams({ database: services.database, log, now, limits: options.streams ?? {} })
  const rates = limitRates(options.rates ?? DEFAULT_RATES)
  let closing = false
  const dispatch: Dispatch = {
    services: {
      ...services,
      appKeys: services.appKeys ?? [],
      rates,
      countWebhook: metrics.webhook,
      countSigned: metrics.signed,
      keys,
      sessions,
      live,
    },
    doorkeeper: openDoorkeeper({ keys, sessions, publicUrl }),
    headers: securityHeaders(publicUrl?.startsWith('https:') ?? false),
    rates,
    metrics,
    log,
    closing: () => closing,
  }
  const routes: readonly Route[] = [
    ...options.routes,
    ...healthRoutes(services, options.ready ?? {}, () => closing),
    metricsRoute(metrics),
    ...signInRoutes(),
    ...publicRoutes,
    ...webhookRoutes(),
    ...hubspotCrmRoutes,
    ...salesforceCrmRoutes,
    ...workflowRoutes,
    ...smsRoutes({ sandbox: services.texts ?? null }),
    ...mailEventRoutes,
    billingWebhook,
    ...openApiRoutes(() => describeApi(routes, { version: options.version, url: publicUrl })),
    ...appPageRoutes,
    appFileRoute,
    appMailRoute,
    assetRoute,
  ]
  const app = express()
  app.disable('x-powered-by')
  app.disable('etag')
  app.set('query parser', 'simple')
  trustProxies(app, options.trustProxy)
  const mounts = queue === null ? [] : [{ method: 'all', path: QUEUES_PATH, access: QUEUES_ACCESS }]
  addRoutes(app, routes, dispatch)
  if (queue !== null) mountQueues(app, queue.queues, dispatch)
  addRest(app, dispatch)

  const server = createServer(
    {
      headersTimeout: 15_000,
      // Of the largest upload over a slow line; every other body has a minute (body.ts).
      requestTimeout: 15 * 60_000,
      // Longer than the 60 seconds after which proxies drop idle connections, so that they are first to do so.
      keepAliveTimeout: 65_000,
    },
    app,
  )
  const silent = silentSockets(server)
  await listen(server, options)
  const { port } = server.address() as AddressInfo
  return {
    url: `http://${reachable(options.host)}:${port}`,
    port,
    routes,
    access: [...routes.map(({ method, path, access }) => ({ method, path, access })), ...mounts],
    streams: live.counts,
    close: async () => {
      closing = true
      await Promise.all([live.close(), drain(server, silent, drainMs)])
      metrics.close()
    },
  }
}

function trustProxies(app: Express, trusted: ServerOptions['trustProxy']): void {
  try {
    app.set('trust proxy', trusted)
  } catch (cause) {
    throw new HoldfastError(
      'usage',
      `TRUST_PROXY cannot be used: ${cause instanceof Error ? cause.message : String(cause)}. Give the number of proxies in front, or their addresses and networks, such as "loopback" or "10.0.0.0/8, 192.168.1.7".`,
      { cause },
    )
  }
}

/** Every path with its methods; another method is told which there are. */
function addRoutes(app: Express, routes: readonly Route[], dispatch: Dispatch): void {
  const byPath = new Map<string, Route[]>()
  for (const one of routes) byPath.set(one.path, [...(byPath.get(one.path) ?? []), one])
  for (const [path, here] of byPath) {
    const place = app.route(path.replace(/\{(\w+)\}/g, ':$1'))
    const methods = here.map(({ method }) => method)
    if (new Set(methods).size < methods.length)
      throw new HoldfastError('internal', `Two routes claim the same method of ${path}.`)
    for (const one of here) place[one.method](handlerOf(one, dispatch))
    const allow = [...methods, ...(methods.includes('get') ? ['head'] : []), 'options']
      .map((method) => method.toUpperCase())
      .sort()
      .join(', ')
    place.all((request: Request, response: Response) => {
      const noted = note(request, path, here[0].audience ?? 'api')
      if (request.method === 'OPTIONS') return end(response, 204, { Allow: allow }, '', noted, dispatch)
      const error = new HoldfastError(
        'method_not_allowed',
        `${request.method} is not possible here. Possible: ${allow}.`,
        { cause: { allow } },
      )
      return fail(response, error, noted, dispatch)
    })
  }
}

/** Addresses that nothing answers to, and such as cannot be decoded. */
function addRest(app: Express, dispatch: Dispatch): void {
  const noteUnknown = (request: Request) =>
    note(request, '(unknown)', request.accepts(['json', 'html']) === 'html' ? 'page' : 'api')
  app.use((request: Request, response: Response) => {
    const error = new HoldfastError(
      'not_found',
      'There is nothing at this address. GET /docs tells what there is.',
    )
    fail(response, error, noteUnknown(request), dispatch)
  })
  // Express knows an error handler by its four parameters.
  app.use((error: unknown, request: Request, response: Response, _next: NextFunction) => {
    fail(response, error, noteUnknown(request), dispatch)
  })
}

function listen(server: Server, { host, port }: ServerOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => reject(listenError(cause, host, port)))
    server.listen(port, host, () => resolve())
  })
}

function listenError(cause: NodeJS.ErrnoException, host: string, port: number): unknown {
  const why: Record<string, string> = {
    EADDRINUSE: `Port ${port} of ${host} is in use by another program. End it, or choose another port with PORT.`,
    EACCES: `This user may not listen on port ${port}. Choose one above 1023 with PORT.`,
    EADDRNOTAVAIL: `This machine has no address ${host}. Correct HOST; 127.0.0.1 is this machine alone, 0.0.0.0 every network it is in.`,
    ENOTFOUND: `This machine has no address ${host}. Correct HOST; 127.0.0.1 is this machine alone, 0.0.0.0 every network it is in.`,
  }
  const message = why[cause.code ?? '']
  return message === undefined ? cause : new HoldfastError('port_in_use', message, { cause })
}

function reachable(host: string): string {
  if (host === '0.0.0.0' || host === '::') return 'localhost'
  return host.includes(':') ? `[${host}]` : host
}

/** Connections that have asked nothing yet, which Node does not count as idle: browsers open some in advance. */
function silentSockets(server: Server): ReadonlySet<Socket> {
  const silent = new Set<Socket>()
  server.on('connection', (socket) => {
    silent.add(socket)
    socket.once('close', () => silent.delete(socket))
  })
  server.on('request', ({ socket }) => silent.delete(socket))
  return silent
}

/** Idle connections end at once; those with a request end after its answer, or when the time is up. */
async function drain(server: Server, silent: ReadonlySet<Socket>, milliseconds: number): Promise<void> {
  const timer = setTimeout(() => server.closeAllConnections(), milliseconds)
  await new Promise<void>((resolve) => {
    server.close(() => resolve())
    server.closeIdleConnections()
    for (const socket of silent) socket.destroy()
  })
  clearTimeout(timer)
}
