/**
 * The thread in which the embedded database runs: it computes on the thread that opened it, and a scan of a large
 * table would stop everything else there.
 */
import { openAsBlob } from 'node:fs'
import { parentPort, workerData } from 'node:worker_threads'
import { PGlite } from '@electric-sql/pglite'
import { OPENED, type Answer, type Request, type WorkerData } from './embedded-worker-protocol.ts'

const port = parentPort!
const { folder, dump } = workerData as WorkerData

let database: PGlite | null = null
try {
  database = await PGlite.create({
    ...(folder === null ? {} : { dataDir: folder }),
    // By its type PGlite knows that it is packed.
    ...(dump === null ? {} : { loadDataDir: await openAsBlob(dump, { type: 'application/x-gzip' }) }),
  })
  answer({ id: OPENED, bytes: null })
} catch (cause) {
  answer({ id: OPENED, failure: textOf(cause) })
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
