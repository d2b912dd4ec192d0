/**
 * Following the streams of events that CRMs have: what one tells is kept as hints, like what a webhook brings, and the
 * step `refresh` reads the records again. What a stream misses, the next sync finds: a stream only makes things faster.
 *
 * Each connection is followed by one process at a time, which holds a lease for it. Hints and the position after them
 * are stored together, so that whoever follows next begins where the last page ended.
 */
import { randomUUID } from 'node:crypto'
import { setTimeout as wait } from 'node:timers/promises'
import type { HintPage } from '../../connectors/connector.ts'
import { HoldfastError } from '../contracts/errors.ts'
import type { ConnectionId, TenantId } from '../contracts/ids.ts'
import { clearCursor } from '../store/connections.ts'
import {
  eventStreams,
  eventsPosition,
  saveEventsPosition,
  saveEventsProblem,
  type EventStream,
} from '../store/event-streams.ts'
import { giveLeaseBack, giveLeasesBack, takeLeases } from '../store/leases.ts'
import { requestStep } from '../store/steps.ts'
import { keepReceipts } from '../store/webhook-receipts.ts'
import { currentReading } from './current-reading.ts'
import { noteReconnect } from './open-connector.ts'
import type { LoopServices } from './services.ts'

export interface FollowServices extends Pick<LoopServices, 'database' | 'connectors' | 'log' | 'clock'> {
  /** Has the queue look at once. */
  wake(tenant: TenantId): void
}

export interface FollowOptions {
  /** Kinds of connections that may have a stream; those that cannot are left out. */
  readonly kinds: readonly string[]
  /** Which of their connections have one; default: all. */
  readonly has?: (stream: EventStream) => boolean
  /** Between two looks at which connections there are; default 10,000. */
  readonly everyMs?: number
  /** How long a connection is held without a renewal; default 60. */
  readonly leaseSeconds?: number
  /** Streams that one process follows; others are left to other processes, or to the next free place. */
  readonly most?: number
  /** Waits so many milliseconds, or less when the signal is aborted. */
  readonly sleep?: (ms: number, signal: AbortSignal) => Promise<void>
}

export interface Following {
  /** Ends after the page in hand, and lets others take over at once. */
  close(): Promise<void>
}

/** After a failure that can pass, doubled each time. */
const FIRST_PAUSE_MS = 1000
const LONGEST_PAUSE_MS = 5 * 60_000
/** After one that somebody has to mend, and where a CRM has no stream. */
const LATER_MS = 60 * 60_000
const UNKNOWN = 'Events could not be followed, for a reason that the log has. It is tried again.'

/**
 * @example
 * const following = followEvents({ database, connectors, log, wake: queue.wake }, { kinds: ['salesforce'] })
 */
export function followEvents(services: FollowServices, options: FollowOptions): Following {
  const { database, connectors, log } = services
  const { everyMs = 10_000, leaseSeconds = 60, most = 200, sleep = pause, has = () => true } = options
  const kinds = options.kinds.filter((kind) => connectors.can(kind, 'events'))
  const owner = randomUUID()
  const terms = { owner, seconds: leaseSeconds }
  const closed = new AbortController()
  const running = new Map<ConnectionId, Followed>()

  async function look(): Promise<void> {
    const begun = await database.asSystem('whose events are followed', async (tx) => {
      const streams = (await eventStreams(tx, kinds)).filter(has)
      const wanted = new Map(streams.map((stream) => [stream.connection, stream]))
      const held = await takeLeases(tx, { ...terms, names: [...running.keys()].map(leaseOf) })
      // Paused, disconnected, set up in another way since, or somebody else's by now.
      for (const [id, one] of running) {
        const stream = wanted.get(id)
        if (stream === undefined || markOf(stream) !== one.mark || !held.has(leaseOf(id))) one.stop()
      }
      const busy = [...running.values()].filter((one) => !one.rests()).length
      // Whoever is being stopped is waited for: it gives the lease back, and its position is stored then.
      const others = streams.filter(({ connection }) => !running.has(connection))
      const names = others.map(({ connection }) => leaseOf(connection))
      const taken = await takeLeases(tx, { ...terms, names, most: most - busy })
      return others.filter(({ connection }) => taken.has(leaseOf(connection)))
    })
    for (const stream of begun) begin(stream)
  }

  function begin(stream: EventStream): void {
    const { connection } = stream
    const ending = new AbortController()
    const signal = AbortSignal.any([closed.signal, ending.signal])
    let resting = false
    const rest = async (): Promise<void> => {
      resting = true
      await sleep(LATER_MS, signal)
      resting = false
    }
    const done = followOne(services, stream, { signal, sleep, rest })
      .catch((error: unknown) => log.error({ err: error, connection }, 'following events broke off'))
      .then(async () => {
        await database
          .asSystem('following events', (tx) => giveLeaseBack(tx, { name: leaseOf(connection), owner }))
          // It runs out by itself.
          .catch(() => undefined)
        running.delete(connection)
      })
    running.set(connection, { mark: markOf(stream), stop: () => ending.abort(), rests: () => resting, done })
  }

  async function lookAgainAndAgain(): Promise<void> {
    while (!closed.signal.aborted) {
      await look().catch((error: unknown) =>
        log.warn({ err: error }, 'whose events are followed is not known'),
      )
      await sleep(everyMs, closed.signal)
    }
  }

  const looking = kinds.length === 0 ? Promise.resolve() : lookAgainAndAgain()
  return {
    close: async () => {
      closed.abort()
      await looking
      await Promise.all([...running.values()].map(({ done }) => done))
      // The last look may have renewed what was given back meanwhile.
      await database.asSystem('following events', (tx) => giveLeasesBack(tx, owner)).catch(() => undefined)
    },
  }
}

interface Followed {
  readonly mark: string
  stop(): void
  /** Whether it waits for somebody to mend something, and needs no place. */
  rests(): boolean
  readonly done: Promise<void>
}

const leaseOf = (connection: ConnectionId): string => `events:${connection}`

/** Another one when the connection is set up in another way. */
const markOf = ({ config }: EventStream): string => JSON.stringify(config)

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await wait(ms, undefined, { signal }).catch(() => undefined)
}

interface Pauses {
  readonly signal: AbortSignal
  readonly sleep: NonNullable<FollowOptions['sleep']>
  /** Until it is worth another try after what somebody has to mend. */
  readonly rest: () => Promise<void>
}

/** Until the signal; whatever fails is noted for people, and tried again. */
async function followOne(
  services: FollowServices,
  stream: EventStream,
  { signal, sleep, rest }: Pauses,
): Promise<void> {
  const { database, log } = services
  const { tenant, connection } = stream
  let failures = 0
  while (!signal.aborted) {
    const heard = (): void => void (failures = 0)
    const error = await followOnce(services, stream, signal, heard).then(
      () => null,
      (thrown: unknown) => thrown,
    )
    if (signal.aborted) return
    failures++
    const known = error instanceof HoldfastError
    if (error !== null && !known) log.error({ err: error, connection }, 'following events failed')
    await database
      .withTenant(tenant, (tx) =>
        saveEventsProblem(tx, connection, known ? error.message : error === null ? null : UNKNOWN),
      )
      .catch(() => undefined)
    await noteReconnect(services, { tenant, connection }, error).catch(() => undefined)
    if (known && !error.retryable) await rest()
    else await sleep(Math.min(FIRST_PAUSE_MS * 2 ** (failures - 1), LONGEST_PAUSE_MS), signal)
  }
}

/** @param heard told of each page */
async function followOnce(
  services: FollowServices,
  stream: EventStream,
  signal: AbortSignal,
  heard: () => void,
): Promise<void> {
  const { tenant, connection: id, kind, config } = stream
  const { database, connectors } = services
  const connector = await connectors.open({ tenant, id, kind, config })
  try {
    if (connector.subscribe === undefined) throw noStream()
    const from = await database.withTenant(tenant, (tx) => eventsPosition(tx, id))
    const wanted = () => currentReading(services, { tenant, connection: id })
    for await (const page of connector.subscribe(from, signal, wanted)) {
      heard()
      if (!(await take(services, stream, page)) || signal.aborted) return
    }
  } finally {
    await connector.close()
  }
}

/** @returns false where the connection is no longer active: nothing was taken */
function take(
  { database, wake, log }: FollowServices,
  { tenant, connection }: EventStream,
  { hints, position, missed, whole, skipped = 0 }: HintPage,
): Promise<boolean> {
  // What we changed ourselves is no news; that somebody else did at the same time has an event of its own.
  const others = hints.filter(({ own, kind }) => !(own && kind === 'changed'))
  if (skipped > 0) log.info({ tenant, connection, skipped }, 'events that mean nothing here were passed over')
  if (missed !== undefined)
    log.warn({ tenant, connection, missed }, 'events were missed: the CRM is read instead')
  return database.withTenant(tenant, async (tx) => {
    if (!(await saveEventsPosition(tx, connection, position))) return false
    const news = await keepReceipts(tx, connection, others)
    if (news > 0) await requestStep(tx, { connection, step: 'refresh', cause: 'events' })
    if (missed !== undefined) await requestStep(tx, { connection, step: 'sync', cause: 'events' })
    if (whole === true) {
      await clearCursor(tx, connection)
      // People are told until the stream says something again.
      await saveEventsProblem(tx, connection, missed ?? null)
    }
    if (news > 0 || missed !== undefined) tx.afterCommit(() => wake(tenant))
    return true
  })
}

function noStream(): HoldfastError {
  return new HoldfastError(
    'connector_configuration',
    'Events are not followed for this connection; changes are found by looking.',
  )
}
