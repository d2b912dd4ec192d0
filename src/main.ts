/** The server process: what `npm start` runs. Opens everything, then serves until it is told to end. */
import { readFileSync } from 'node:fs'
import type { Logger } from 'pino'
import { APP_PATHS } from '../connectors/hubspot/app.ts'
import { startControl, type ControlServer } from './control/server.ts'
import { serviceCommands } from './control/commands.ts'
import { openSettingUp } from './control/setting-up.ts'
import type { Config } from './config.ts'
import type { Clock } from './contracts/clock.ts'
import { HoldfastError } from './contracts/errors.ts'
import { followEvents, type Following } from './loop/follow.ts'
import { connectSecondSample, firstStart } from './first-start.ts'
import type { QueueRole, QueueService } from './queue/service.ts'
import { createSignInLink } from './security/sessions.ts'
import { openSignInService } from './security/sign-in-service.ts'
import { apiRoutes } from './server/api/routes.ts'
import { openMetrics } from './server/metrics.ts'
import { SANDBOX_KINDS } from './sandbox-hosts.ts'
import { salesforceCallback } from './server/oauth/salesforce.ts'
import { pageRoutes } from './server/pages/routes.ts'
import { startServer, type RunningServer } from './server/server.ts'
import type { AppKey } from './server/services.ts'
import { startErasing } from './loop/erase-connection.ts'
import { startRetention } from './loop/retain.ts'
import { startAnswering } from './loop/answer-calls.ts'
import { startTelling } from './loop/tell-rounds.ts'
import { openOutgoing } from './security/outgoing.ts'
import { openTraining, type Training } from './training/service.ts'
import { openWhatIf, type WhatIf } from './what-if/service.ts'
import { openReceiver, openService, startServiceQueue } from './service.ts'

export interface ServeOptions {
  readonly config: Config
  readonly role: QueueRole
  readonly clock: Clock
  readonly log: Logger
}

export interface Running {
  /** Null in a process that serves no pages. */
  readonly url: string | null
  /** Signs in once, within 15 minutes; null with {@link url}. */
  readonly signIn: string | null
  /** Whether this start made the sample companies. */
  readonly first: boolean
  /** Takes nothing more, ends what it does in order, closes everything. */
  close(): Promise<void>
}

/**
 * @throws HoldfastError `usage` when roles are split without DATABASE_URL; `port_in_use`; what `openService` throws
 * @example
 * const running = await serve({ config: readConfig(), role: 'all', clock: systemClock, log })
 */
export async function serve({ config, role, clock, log }: ServeOptions): Promise<Running> {
  if (role !== 'all' && config.databaseUrl === null)
    throw new HoldfastError(
      'usage',
      `A process that is only ${role} needs a database that others reach too: set DATABASE_URL. Without it one process does everything: leave --role out.`,
    )
  const metrics = openMetrics()
  const service = await openService({
    config,
    clock,
    log,
    alone: role === 'all',
    onSystem: metrics.systemTransaction,
  })
  const appKeys = keysOf(config)
  const open: {
    queue?: QueueService
    server?: RunningServer
    control?: ControlServer
    second?: Promise<void>
    following?: Following
    training?: Training
    whatIf?: WhatIf
    telling?: { close(): Promise<void> }
    answering?: { close(): Promise<void> }
    ageing?: { close(): Promise<void> }
    erasing?: { close(): Promise<void> }
    /** Ends the receiver of bounces. */
    receiver?: () => Promise<void>
  } = {}
  const ending = new AbortController()
  const close = async (): Promise<void> => {
    ending.abort()
    await open.second
    // Nothing new is taken while what runs winds down; the database goes last.
    await Promise.all([
      open.server?.close(),
      open.receiver?.(),
      open.telling?.close(),
      open.answering?.close(),
      open.ageing?.close(),
      open.erasing?.close(),
      open.following?.close(),
      open.training?.close(),
      open.whatIf?.close(),
      open.queue?.drain(),
      open.control?.close(),
    ])
    await service.close()
  }
  try {
    const servesPages = role === 'all' || role === 'web'
    const { tenant, created, second } = servesPages
      ? await firstStart(service, { sandbox: role === 'all' })
      : { tenant: null, created: false, second: null }
    const queue = await startServiceQueue(service, role)
    open.queue = queue
    if (role === 'all' || role === 'worker')
      open.following = followEvents(
        { ...service, wake: queue.wake },
        {
          kinds: ['salesforce', 'hubspot'],
          has: ({ kind, config: stored }) => kind !== 'hubspot' || service.hubspot.hasJournal(stored),
        },
      )
    if (role === 'all' || role === 'worker')
      open.telling = startTelling({ ...service, post: openOutgoing({}) })
    if (role === 'all' || role === 'worker') open.answering = startAnswering(service)
    if (role === 'all' || role === 'worker') open.ageing = startRetention(service)
    if (role === 'all' || role === 'worker') open.erasing = startErasing(service)
    if (tenant === null) return { url: null, signIn: null, first: false, close }
    open.training = await openTraining({ ...service, dataFolder: config.data })
    open.whatIf = openWhatIf(service, { now: () => performance.now() })
    open.server = await startServer({
      host: config.host,
      port: config.port,
      trustProxy: config.trustProxy,
      rates: config.rates,
      services: {
        ...service,
        queue: open.queue,
        appKeys,
        bounces: () => service.receiver,
        training: open.training,
        whatIf: open.whatIf,
        settingUp: openSettingUp(service, queue.wake),
        signIn: config.signIn === null ? null : openSignInService(config.signIn),
      },
      routes: [...apiRoutes, ...pageRoutes, salesforceCallback(service.salesforce.web.exchange)],
      ready: { model: () => service.engines.get('shipped:subscription') },
      metrics,
      version: versionOf(),
    })
    service.localUrl = localUrl(config.host, open.server.port)
    service.serving = true
    open.receiver = await openReceiver(service)
    // Not by a name, which may mean another address.
    const base = service.localUrl.replace('localhost', '127.0.0.1')
    const webhooks = base + APP_PATHS.webhooks
    const portal = service.sandboxes.get('hubspot')
    if (portal !== null) appKeys.push({ secret: portal.app.clientSecret, base, portal: portal.portal })
    for (const kind of SANDBOX_KINDS) service.sandboxes.get(kind)?.live({ webhooks })
    if (second !== null)
      open.second = connectSecondSample(service, { first: tenant, second, signal: ending.signal }).then(
        (host) => {
          host.live({ webhooks })
          open.queue?.wake()
        },
        (cause: unknown) => {
          if (!ending.signal.aborted) log.error({ err: cause }, 'the second sample could not be made')
        },
      )
    open.control = await startControl({
      folder: config.data,
      commands: serviceCommands(service, open.queue.wake),
      log,
    })
    const token = await service.database.withTenant(tenant, (tx) =>
      createSignInLink(tx, { subject: 'owner', role: 'admin', installation: true, actor: 'start' }),
    )
    return {
      url: service.localUrl,
      signIn: `${service.localUrl}/sign-in?token=${token}`,
      first: created,
      close,
    }
  } catch (cause) {
    await close()
    throw cause
  }
}

/** What the app of this installation signs with; a list that the sandbox's is added to. */
function keysOf({ hubspot: { clientSecret }, publicUrl }: Config): AppKey[] {
  if (clientSecret === null || publicUrl === null) return []
  return [{ secret: clientSecret, base: publicUrl }]
}

/** How this machine reaches itself. Browsers keep cookies by name: one name for all. */
function localUrl(host: string, port: number): string {
  const here = ['127.0.0.1', '::1', '0.0.0.0', '::', 'localhost'].includes(host)
  return `http://${here ? 'localhost' : host.includes(':') ? `[${host}]` : host}:${port}`
}

function versionOf(): string {
  for (const path of ['../package.json', '../../package.json']) {
    try {
      return String(JSON.parse(readFileSync(new URL(path, import.meta.url), 'utf8')).version)
    } catch {
      // a checkout has it one level up, the compiled package two
    }
  }
  return 'unknown'
}
