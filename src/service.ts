/**
 * Everything that a process of Holdfast works with, opened in the order in which one thing stands on another and
 * closed the other way round: the same for the server and for a command that finds no server.
 */
import { mkdir } from 'node:fs/promises'
import { availableParallelism } from 'node:os'
import type { Logger } from 'pino'
import { openInbox, type Inbox } from '../actions/email/sandbox/inbox.ts'
import { solveInThread } from '../models/policy/solve-thread.ts'
import { startSmsSandbox, type SmsSandbox } from '../actions/sms/sandbox/sandbox.ts'
import { openBounceReceiver, type BounceReceiver } from './bounce-receiver.ts'
import { openChannels } from './channels.ts'
import type { Config } from './config.ts'
import type { Clock } from './contracts/clock.ts'
import { openCustomerFiles } from './control/customer-files.ts'
import { HoldfastError } from './contracts/errors.ts'
import { openHubSpot, type HubSpot } from './hubspot.ts'
import { act } from './loop/act.ts'
import type { ActServices } from './loop/act-services.ts'
import { openConnectors, openFile } from './loop/connectors.ts'
import { decideBook } from './loop/decide-book.ts'
import { openEngines } from './loop/engines.ts'
import { storedBundles } from './loop/model-place.ts'
import { readFeedbackPath } from './loop/feedback-path.ts'
import { openStopWatch } from './loop/stop-watch.ts'
import { tellStop } from './loop/tell-events.ts'
import { observe } from './loop/observe.ts'
import { askBilling } from './loop/offer-billing.ts'
import { previewJudge } from './loop/preview-judge.ts'
import { refresh } from './loop/refresh.ts'
import { runStep } from './loop/run-step.ts'
import { scoreBook } from './loop/score-book.ts'
import { solveStep } from './loop/solve.ts'
import type { LoopServices, LoopStep, StepName } from './loop/services.ts'
import { sync } from './loop/sync.ts'
import { writeBack } from './loop/write-back.ts'
import { openBackend, type QueueBackend } from './queue/backend.ts'
import { startQueue, type QueueRole, type QueueService } from './queue/service.ts'
import { openSalesforce, type Salesforce } from './salesforce.ts'
import { openSandboxHosts, SANDBOX_KINDS, type SandboxHosts } from './sandbox-hosts.ts'
import { normalisePhone } from './security/address-hash.ts'
import { loadMasterKey } from './security/master-key.ts'
import { openOutgoing } from './security/outgoing.ts'
import { openSecrets } from './security/secrets.ts'
import { openVault, type Vault } from './security/vault.ts'
import { firstDump } from './store/first-dump.ts'
import { endLeasesOfTheDead } from './store/leases.ts'
import { openDatabase, type OpenedDatabase } from './store/open.ts'
import { builtInKinds } from './store/crm-connections.ts'
import { databaseTime } from './store/time.ts'

export interface Service extends LoopServices, ActServices {
  readonly config: Config
  readonly database: OpenedDatabase
  readonly vault: Vault
  readonly backend: QueueBackend
  /** Null in a process that is one of several: nobody would find it there. */
  readonly inbox: Inbox | null
  /** The SMS sandbox; null like the inbox. */
  readonly texts: SmsSandbox | null
  readonly hubspot: HubSpot
  readonly salesforce: Salesforce
  /** CRM sandboxes of this process. */
  readonly sandboxes: SandboxHosts
  /** Told once the server listens. */
  localUrl: string
  /** Takes bounces, complaints and answers; null in a process that does not. */
  receiver: BounceReceiver | null
  /** Whether this process answers browsers. */
  serving: boolean
  close(): Promise<void>
}

export interface ServiceOptions {
  readonly config: Config
  readonly clock: Clock
  readonly log: Logger
  /** Whether this process is the only one, and so has a sandbox inbox of its own. */
  readonly alone: boolean
  /** Told of every transaction across tenants, with its reason. */
  readonly onSystem?: (why: string) => void
}

const STEPS: Readonly<Record<StepName, LoopStep>> = {
  sync,
  refresh,
  score: scoreBook,
  decide: decideBook,
  write_back: writeBack,
  observe,
  solve: solveStep(solveInThread),
}

/**
 * @throws HoldfastError `database_locked`, `database_unavailable`, `database_version`, `vault_key`,
 *   `queue_unavailable`, `output_denied`
 * @example
 * const service = await openService({ config: readConfig(), clock: systemClock, log, alone: true })
 */
export async function openService({ config, clock, log, alone, onSystem }: ServiceOptions): Promise<Service> {
  const closers: (() => Promise<unknown>)[] = []
  const closeAll = async (): Promise<void> => {
    for (const close of closers.splice(0).toReversed())
      await close().catch((cause: unknown) => log.warn({ err: cause }, 'something did not close in order'))
  }
  try {
    await makeFolder(config.data)
    const database = await openDatabase({
      url: config.databaseUrl,
      folder: config.data,
      dump: config.databaseUrl === null ? firstDump() : null,
      onLost: (cause) => log.warn({ err: cause }, 'a connection to the database was lost; it is made again'),
      ...(onSystem === undefined ? {} : { onSystem }),
    })
    closers.push(() => database.close())
    if (database.kind === 'embedded') await database.asSystem('a start that is alone', endLeasesOfTheDead)
    const vault = openVault({ masterKey: await loadMasterKey({ config, database }) })
    await database.asSystem('whether the master key is the right one', (tx) => vault.check(tx))
    const backend = await openBackend(database, config.redisUrl)
    closers.push(() => backend.close())
    const engines = openEngines({
      threads: Math.min(config.threads ?? availableParallelism(), MOST_THREADS),
      dataFolder: config.data,
      bundles: storedBundles(database),
    })
    closers.push(() => engines.close())
    const inbox = alone ? await openInbox({ port: 0, host: '127.0.0.1' }) : null
    if (inbox !== null) closers.push(() => inbox.close())
    const texts = alone ? await startSmsSandbox({ port: 0, host: '127.0.0.1' }) : null
    if (texts !== null) closers.push(() => texts.close())
    const secrets = openSecrets(vault)
    const { publicUrl } = config
    const localUrl = (): string => service.localUrl
    const channels = openChannels({ database, vault, secrets, clock, inbox, texts, publicUrl, localUrl })
    closers.push(() => channels.close())
    const place = { folder: config.data, clock }
    const sandboxes = openSandboxHosts({
      hubspot: async () => (await import('./hubspot-sandbox.ts')).openHubSpotSandbox(place),
      salesforce: async () => (await import('./salesforce-sandbox.ts')).openSalesforceSandbox(place),
    })
    closers.push(() => sandboxes.close())
    if (alone) {
      const connected = await database.asSystem('which sandboxes are connected', builtInKinds)
      for (const kind of SANDBOX_KINDS) if (connected.has(kind)) await sandboxes.start(kind)
    }
    const opening = { database, vault, clock }
    const hubspot = openHubSpot({
      ...opening,
      app: config.hubspot,
      builtIn: () => sandboxes.get('hubspot'),
    })
    const salesforce = openSalesforce({
      ...opening,
      app: config.salesforce,
      builtIn: () => sandboxes.get('salesforce'),
    })
    const service: Service = {
      config,
      database,
      vault,
      backend,
      engines,
      inbox,
      texts,
      channels,
      clock,
      log,
      connectors: openConnectors({ csv: openFile, hubspot: hubspot.kind, salesforce: salesforce.kind }),
      hubspot,
      salesforce,
      sandboxes,
      secrets,
      forgetCopies: ({ emails, phones }) => {
        inbox?.forget(emails)
        texts?.forget(phones.flatMap((phone) => normalisePhone(phone) ?? []))
      },
      forgetFile: openCustomerFiles(config.data).forget,
      publicUrl,
      localUrl: `http://localhost:${config.port}`,
      serving: false,
      time: databaseTime,
      feedbackPath: (tx, settings) =>
        readFeedbackPath(tx, vault, settings, { receiver: config.bouncePort !== null, publicUrl }),
      watch: openStopWatch(() => performance.now(), tellStop),
      askBilling: (tenant) => askBilling({ database, clock, log, vault, post: openOutgoing({}) }, tenant),
      asking: { preview: (tenant) => previewJudge(service, tenant), publicUrl },
      receiver: null,
      close: closeAll,
    }
    return service
  } catch (cause) {
    await closeAll()
    throw cause
  }
}

/**
 * Takes bounces, complaints and answers from here on, until the returned function is called. Without a port of its own it
 * is for the mails of the sandbox, on this machine alone.
 *
 * @throws HoldfastError `port_in_use`
 */
export async function openReceiver(service: Service): Promise<() => Promise<void>> {
  const { bouncePort, host } = service.config
  if (bouncePort === null && service.inbox === null) return () => Promise.resolve()
  const receiver = await openBounceReceiver({
    port: bouncePort ?? 0,
    host: bouncePort === null ? '127.0.0.1' : host,
    services: service,
  })
  service.receiver = receiver
  return async () => {
    service.receiver = null
    await receiver.close()
  }
}

/** Beyond two, scoring waits for the database and not for threads. */
const MOST_THREADS = 2

/** The queue with what its jobs do. */
export function startServiceQueue(service: Service, role: QueueRole): Promise<QueueService> {
  const { backend, database, clock, log } = service
  return startQueue({
    backend,
    database,
    role,
    clock,
    log,
    handlers: {
      step: async (tenant, connection, step, { cause, signal }) => {
        const begun = performance.now()
        const counts = await runStep(service, STEPS, { tenant, connection, step, cause, signal })
        const ms = Math.round(performance.now() - begun)
        log.info(
          { tenant, connection, step, cause, counts, ms },
          signal.aborted ? 'step broken off' : 'step done',
        )
      },
      act: async (tenant, intervention, { worker, signal }) => {
        await act(service, { tenant, intervention, worker, signal })
      },
    },
  })
}

async function makeFolder(folder: string): Promise<void> {
  try {
    // What is in it is nobody else's affair.
    await mkdir(folder, { recursive: true, mode: 0o700 })
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException
    throw new HoldfastError(
      code === 'ENOSPC' ? 'output_full' : 'output_denied',
      `The data folder ${folder} cannot be made (${code}). Let the user that runs Holdfast write there, or name another folder with HOLDFAST_DATA.`,
      { cause },
    )
  }
}
