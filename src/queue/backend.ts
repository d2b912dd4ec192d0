/**
 * Where jobs wait: in the database itself by default (BullMQ's PostgreSQL backend, on the embedded one too), or in
 * Redis. The rest of the queue is the same in both.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { Queue, Worker, createPostgresBackend, runMigrations, withBackend } from 'bullmq'
import type { Processor, QueueOptions, WorkerOptions } from 'bullmq'
import { Redis } from 'ioredis'
import { HoldfastError } from '../contracts/errors.ts'
import { databaseError } from '../store/database-error.ts'
import type { Database } from '../store/database.ts'

/** Ids only: whoever reads the queue learns nothing of a customer. */
export interface JobData {
  readonly tenant: string
  /** A connection's step, … */
  readonly connection?: string
  /** … or interventions, which are carried out beside one another. */
  readonly interventions?: readonly string[]
}

export interface QueueBackend {
  readonly kind: 'database' | 'redis'
  /** @throws HoldfastError `database_unavailable` */
  queue(name: string, options?: Omit<QueueOptions, 'connection'>): Promise<Queue<JobData>>
  /** At work already. @throws HoldfastError `database_unavailable` */
  worker(
    name: string,
    process: Processor<JobData>,
    options?: Omit<WorkerOptions, 'connection'>,
  ): Promise<Worker<JobData>>
  /** Throws when nothing can be queued now. */
  ping(): Promise<void>
  /** Gives up what waits for a Redis that does not answer: it is refused, and so is all that comes after it. */
  cut(): void
  /** Soon, whatever Redis does. */
  close(): Promise<void>
}

/** BullMQ's own tables, apart from ours. */
const SCHEMA = 'bullmq'

/**
 * @param redisUrl null: the database
 * @throws HoldfastError `queue_unavailable`, `database_unavailable`
 * @example
 * const backend = await openBackend(database, null)
 * const queue = await backend.queue('sync')
 * await queue.add('sync', { tenant, connection })
 */
export async function openBackend(database: Database, redisUrl: string | null): Promise<QueueBackend> {
  return redisUrl === null ? databaseBackend(database) : redisBackend(redisUrl)
}

async function databaseBackend({ pool }: Database): Promise<QueueBackend> {
  const client = await pool.connect().catch((cause: unknown) => {
    throw databaseError(cause)
  })
  try {
    await runMigrations(client, SCHEMA)
  } finally {
    client.release()
  }
  // Every queue and every worker watches the pool for errors, and goes on doing so when it is closed.
  pool.setMaxListeners(0)
  const classes = withBackend(createPostgresBackend)
  return {
    kind: 'database',
    queue: async (name, options = {}) => {
      const queue = new classes.Queue(name, { ...options, connection: pool as never })
      await ready(queue)
      return queue as unknown as Queue<JobData>
    },
    worker: async (name, process, options = {}) => {
      const given = { ...options, connection: pool as never, autorun: false }
      const worker = new classes.Worker(name, process as never, given)
      await ready(worker)
      void worker.run().catch((cause: unknown) => worker.emit('error', cause as Error))
      return worker as unknown as Worker<JobData>
    },
    ping: async () => {
      await pool.query('select 1').catch((cause: unknown) => {
        throw databaseError(cause)
      })
    },
    cut: () => undefined,
    close: async () => undefined,
  }
}

/**
 * BullMQ looks at the database once for each queue and worker, and keeps what came of it: one whose first look failed fails
 * for ever. A worker then asks for jobs again and again without ever waiting, and nothing else in the process gets a turn.
 */
async function ready(of: { waitUntilReady(): Promise<unknown>; close(): Promise<void> }): Promise<void> {
  try {
    await of.waitUntilReady()
  } catch (cause) {
    await of.close().catch(() => undefined)
    throw databaseError(cause)
  }
}

/** All of them, or none: those that were opened beside one that could not be are closed again. */
export async function allOpened<T extends { close(): Promise<void> }>(
  opening: readonly Promise<T>[],
): Promise<readonly T[]> {
  const results = await Promise.allSettled(opening)
  const opened = results.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []))
  const failed = results.find((one) => one.status === 'rejected')
  if (failed === undefined) return opened
  await Promise.allSettled(opened.map((one) => one.close()))
  throw failed.reason
}

async function redisBackend(url: string): Promise<QueueBackend> {
  let over = false
  const redis = new Redis(url, {
    lazyConnect: true,
    // Workers wait on blocking commands, which must not be given up after some retries.
    maxRetriesPerRequest: null,
    retryStrategy: (times) => (over ? null : Math.min(times * 50, 2000)),
  })
  const clients = [redis]
  // BullMQ makes itself one for each worker, and cannot end it in every state.
  const duplicate = redis.duplicate.bind(redis)
  redis.duplicate = (options) => {
    const client = duplicate(options)
    clients.push(client)
    return client
  }
  const cut = (): void => {
    over = true
    for (const client of clients) end(client)
  }
  let lost: Error | null = null
  redis.on('error', (cause: Error) => (lost = cause))
  redis.on('ready', () => (lost = null))
  try {
    await redis.connect()
    await expectNothingIsEvicted(redis)
  } catch (cause) {
    cut()
    // What the network said tells more than the "Connection is closed" that follows from it.
    throw unavailable(cause instanceof HoldfastError ? cause : (lost ?? cause))
  }
  return {
    kind: 'redis',
    queue: async (name, options = {}) => new Queue<JobData>(name, { ...options, connection: redis }),
    worker: async (name, process, options = {}) =>
      new Worker<JobData>(name, process, { ...options, connection: redis }),
    ping: async () => {
      if (lost !== null || redis.status !== 'ready') throw unavailable(lost)
      await redis.ping()
    },
    cut,
    close: async () => {
      const late = new AbortController()
      await Promise.race([
        redis.quit().catch(() => undefined),
        sleep(GOODBYE_MS, undefined, { signal: late.signal }).catch(() => undefined),
      ])
      late.abort()
      cut()
    },
  }
}

/** For the last answer of a Redis that may not answer any more. */
const GOODBYE_MS = 1000

/**
 * Ends it for good, in whatever state it is, and refuses what waits in it: BullMQ waits for ever for what has no end.
 *
 * @see https://github.com/taskforcesh/bullmq/issues/4656
 */
function end(client: Redis): void {
  // Who waits for a worker's next job may try again.
  client.on('connecting', () => client.disconnect())
  client.disconnect()
  // Between two attempts nothing is there that could end, and `disconnect` leaves it so; an attempt that is begun and
  // broken off ends.
  if (client.status === 'reconnecting') {
    client.connect().catch(() => undefined)
    client.disconnect()
  }
  // What a broken connection did not answer is kept to be asked again once one is up, and forgotten if none is.
  const { prevCommandQueue: kept } = client as unknown as Kept
  for (let item = kept?.shift(); item !== undefined; item = kept?.shift())
    item.command.reject(new Error('Connection is closed.'))
}

/** Of ioredis, which has no name for it outside. */
interface Kept {
  readonly prevCommandQueue?: {
    shift(): { readonly command: { reject(cause: Error): void } } | undefined
  } | null
}

/** A Redis that throws keys away under pressure throws jobs away; they would come back only with the next sweep. */
async function expectNothingIsEvicted(redis: Redis): Promise<void> {
  const [, policy] = (await redis.config('GET', 'maxmemory-policy').catch(() => [])) as string[]
  if (policy === undefined || policy === 'noeviction') return
  throw new HoldfastError(
    'queue_unavailable',
    `The Redis in REDIS_URL may evict keys (maxmemory-policy ${policy}), and with them jobs. Set maxmemory-policy to noeviction, or use a Redis of its own.`,
  )
}

function unavailable(cause: unknown): HoldfastError {
  if (cause instanceof HoldfastError) return cause
  const detail =
    cause instanceof Error && cause.message !== '' ? ` (${cause.message.replace(/\.+$/, '')})` : ''
  return new HoldfastError(
    'queue_unavailable',
    `The Redis in REDIS_URL cannot be reached${detail}. Start it or correct the address; nothing is lost meanwhile, since the database holds what is to be done.`,
    { cause, retryable: true },
  )
}
