/** The server process: what `npm start` runs. Opens everything, then serves until it is told to end. */
import { readFileSync } from 'node:fs'
import type { Logger } from 'pino'
import { startControl, type ControlServer } from './control/server.ts'
import { serviceCommands } from './control/commands.ts'
import type { Config } from './config.ts'
import type { Clock } from './contracts/clock.ts'
import { HoldfastError } from './contracts/errors.ts'
import { firstStart } from './first-start.ts'
import type { QueueRole, QueueService } from './queue/service.ts'
import { createSignInLink } from './security/sessions.ts'
import { apiRoutes } from './server/api/routes.ts'
import { openMetrics } from './server/metrics.ts'
import { pageRoutes } from './server/pages/routes.ts'
import { startServer, type RunningServer } from './server/server.ts'
import type { WebhookKey } from './server/services.ts'
import { openService, startServiceQueue } from './service.ts'

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
  /** Whether this start made the sample company. */
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
  const webhookKeys = keysOf(config)
  const open: { queue?: QueueService; server?: RunningServer; control?: ControlServer } = {}
  const close = async (): Promise<void> => {
    // Nothing new is taken while what runs winds down; the database goes last.
    await Promise.all([open.server?.close(), open.queue?.drain(), open.control?.close()])
    await service.close()
  }
  try {
    const servesPages = role === 'all' || role === 'web'
    const { tenant, created } = servesPages
      ? await firstStart(service, { sandbox: role === 'all' })
      : { tenant: null, created: false }
    open.queue = await startServiceQueue(service, role)
    if (tenant === null) return { url: null, signIn: null, first: false, close }
    open.server = await startServer({
      host: config.host,
      port: config.port,
      trustProxy: config.trustProxy,
      services: { ...service, queue: open.queue, webhookKeys },
      routes: [...apiRoutes, ...pageRoutes()],
      ready: { model: () => service.engines.get('shipped:subscription') },
      metrics,
      version: versionOf(),
    })
    service.localUrl = localUrl(config.host, open.server.port)
    const { sandbox } = service
    if (sandbox !== null) {
      // Not by a name, which may mean another address.
      const url = localUrl(config.host, open.server.port).replace('localhost', '127.0.0.1') + WEBHOOK_PATH
      webhookKeys.push({ secret: sandbox.app.clientSecret, url, portal: sandbox.portal })
      sandbox.live(url)
    }
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

/** Where HubSpot's events arrive, beneath the public address. */
const WEBHOOK_PATH = '/webhooks/hubspot'

/** What the app of this installation signs its webhooks with; a list that the sandbox's is added to. */
function keysOf({ hubspot: { clientSecret }, publicUrl }: Config): WebhookKey[] {
  if (clientSecret === null || publicUrl === null) return []
  return [{ secret: clientSecret, url: publicUrl + WEBHOOK_PATH }]
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
