/** PostgreSQL in the process: PGlite in a thread of its own, spoken to by the wire protocol through `pg`. */
import { existsSync } from 'node:fs'
import { appendFile, mkdir, rename, rm } from 'node:fs/promises'
import type { Duplex } from 'node:stream'
import { Worker } from 'node:worker_threads'
import { extract } from 'tar'
import { HoldfastError } from '../contracts/errors.ts'
import type { Answer, Opening, Request } from './embedded-worker-protocol.ts'
import { lockFolder } from './lock.ts'
import { sharedSession } from './session.ts'

export interface Embedded {
  /** A stream for a `pg` client. */
  connect(): Duplex
  /** The whole database as a tar; gzipped it is {@link EmbeddedOptions.dump} of another one. */
  dump(): Promise<Uint8Array<ArrayBuffer>>
  close(): Promise<void>
}

export interface EmbeddedOptions {
  /** Folder of the database, made where it is missing; null keeps everything in memory. */
  readonly folder: string | null
  /** Path of a gzipped tar to start from where the folder holds no database yet. */
  readonly dump?: string | null
}

/**
 * @throws HoldfastError `database_locked` when another process has the folder; `database_unavailable`
 * @example
 * const embedded = await openEmbedded({ folder: 'data/database' })
 * const pool = new Pool({ stream: () => embedded.connect() })
 */
export async function openEmbedded({ folder, dump = null }: EmbeddedOptions): Promise<Embedded> {
  const unlock = folder === null ? null : (await mkdir(folder, { recursive: true }), await lockFolder(folder))
  let thread: DatabaseThread
  try {
    thread = await (folder === null ? startThread({ folder, dump }) : openFolder(`${folder}/postgres`, dump))
  } catch (cause) {
    await unlock?.()
    const detail = cause instanceof Error ? cause.message : String(cause)
    throw new HoldfastError(
      'database_unavailable',
      `The embedded database in ${folder ?? 'memory'} cannot be opened: ${detail}. Check that the disk has room and the folder may be written; if it is damaged, restore a backup into another folder.`,
      { cause },
    )
  }
  const session = sharedSession(
    async (bytes) => (await thread.ask({ do: 'run', bytes })) ?? new Uint8Array(0),
  )
  return {
    connect: () => session.connect(),
    dump: async () => (await thread.ask({ do: 'dump' })) as Uint8Array<ArrayBuffer>,
    close: async () => {
      session.close()
      await thread.close()
      await unlock?.()
    },
  }
}

/** A new database appears whole or not at all: a start that is killed half-way leaves nothing that looks like one. */
async function openFolder(place: string, dump: string | null): Promise<DatabaseThread> {
  if (!existsSync(place)) {
    const aside = `${place}.new`
    await rm(aside, { recursive: true, force: true })
    if (dump === null) await (await startThread({ folder: aside, dump })).close()
    else await unpack(dump, aside)
    // PostgreSQL keeps this much in the process for good; what the system caches beside it is as quick to read.
    await appendFile(`${aside}/postgresql.auto.conf`, "shared_buffers = '32MB'\n")
    await rename(aside, place)
  }
  return startThread({ folder: place, dump: null })
}

/** File by file: PGlite would hold all of it in memory, several times. */
async function unpack(dump: string, folder: string): Promise<void> {
  await mkdir(folder, { recursive: true })
  // The names in it begin with a slash, which tar leaves away. Read at once, as it would be by default, all of it lies in
  // memory unpacked while the database is compiled: that is when a first start needs the most.
  await extract({ file: dump, cwd: folder, strict: false, maxReadSize: 64 * 1024 })
}

interface DatabaseThread {
  ask(request: DistributiveOmit<Request, 'id'>): Promise<Uint8Array | null>
  /** Whatever state it is in. */
  close(): Promise<void>
}

interface Thread extends DatabaseThread {
  /** Whether the process waits for it. */
  hold(held: boolean): void
}

/** Where a database in memory was closed: the next one finds PostgreSQL compiled there, which takes most of its time. */
const idle: Thread[] = []

/** @returns once the database in it is open */
async function startThread(opening: Opening): Promise<DatabaseThread> {
  const inMemory = opening.folder === null
  const thread = (inMemory ? idle.pop() : undefined) ?? newThread()
  thread.hold(true)
  try {
    await thread.ask({ do: 'open', ...opening })
  } catch (cause) {
    await thread.close()
    throw cause
  }
  return {
    ask: thread.ask,
    close: async () => {
      const closed = await thread.ask({ do: 'close' }).then(
        () => true,
        () => false,
      )
      if (!inMemory || !closed || idle.length > 0) return thread.close()
      thread.hold(false)
      idle.push(thread)
    },
  }
}

function newThread(): Thread {
  const worker = new Worker(workerScript)
  const waiting = new Map<number, { resolve(bytes: Uint8Array | null): void; reject(error: Error): void }>()
  let calls = 0
  let ended: string | null = null

  function fail(reason: string): void {
    ended ??= reason
    for (const { reject } of waiting.values()) reject(new Error(reason))
    waiting.clear()
  }
  worker.on('message', (answer: Answer) => {
    const call = waiting.get(answer.id)
    waiting.delete(answer.id)
    if ('failure' in answer) call?.reject(new Error(answer.failure))
    else call?.resolve(answer.bytes)
  })
  worker.on('error', (cause) => fail(cause instanceof Error ? cause.message : String(cause)))
  worker.on('exit', () => fail('the embedded database has ended'))

  return {
    ask: (request) =>
      new Promise((resolve, reject) => {
        if (ended !== null) return reject(new Error(ended))
        const id = ++calls
        waiting.set(id, { resolve, reject })
        worker.postMessage({ ...request, id })
      }),
    close: async () => void (await worker.terminate()),
    hold: (held) => (held ? worker.ref() : worker.unref()),
  }
}

type DistributiveOmit<T, K extends PropertyKey> = T extends unknown ? Omit<T, K> : never

const workerScript = new URL(
  import.meta.url.endsWith('.ts') ? './embedded-worker.ts' : './embedded-worker.js',
  import.meta.url,
)
