/**
 * The thread in which the embedded database runs: it computes on the thread that opened it, and a scan of a large
 * table would stop everything else there.
 */
import { existsSync } from 'node:fs'
import { rename, rm } from 'node:fs/promises'
import { parentPort, workerData } from 'node:worker_threads'
import { PGlite } from '@electric-sql/pglite'
import { OPENED, type Answer, type Request, type WorkerData } from './embedded-worker-protocol.ts'

const port = parentPort!
const { folder, dump } = workerData as WorkerData

let database: PGlite | null = null
try {
  database = folder === null ? await PGlite.create(fromDump()) : await openFolder(folder)
  answer({ id: OPENED, bytes: null })
} catch (cause) {
  answer({ id: OPENED, failure: textOf(cause) })
}

/** A new database appears whole or not at all: a start that is killed half-way leaves nothing that looks like one. */
async function openFolder(place: string): Promise<PGlite> {
  if (!existsSync(place)) {
    const aside = `${place}.new`
    await rm(aside, { recursive: true, force: true })
    const made = await PGlite.create({ dataDir: aside, ...fromDump() })
    await made.close()
    await rename(aside, place)
  }
  return PGlite.create({ dataDir: place })
}

function fromDump(): { loadDataDir?: Blob } {
  return dump === null ? {} : { loadDataDir: new Blob([dump]) }
}

port.on('message', (request: Request) => {
  void handle(request)
})

async function handle(request: Request): Promise<void> {
  const { id } = request
  try {
    if (database === null) throw new Error('The database is not open.')
    if (request.do === 'run') {
      answer({ id, bytes: await database.execProtocolRaw(request.bytes) })
    } else if (request.do === 'dump') {
      const file = await database.dumpDataDir('none')
      answer({ id, bytes: new Uint8Array(await file.arrayBuffer()) })
    } else {
      await database.close()
      database = null
      answer({ id, bytes: null })
      port.close()
    }
  } catch (cause) {
    answer({ id, failure: textOf(cause) })
  }
}

function answer(value: Answer): void {
  port.postMessage(value)
}

function textOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause)
}
