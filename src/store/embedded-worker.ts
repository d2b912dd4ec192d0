/**
 * The thread in which the embedded database runs: it computes on the thread that opened it, and a scan of a large
 * table would stop everything else there.
 */
import { openAsBlob } from 'node:fs'
import { parentPort } from 'node:worker_threads'
import { PGlite } from '@electric-sql/pglite'
import type { Answer, Opening, Request } from './embedded-worker-protocol.ts'

const port = parentPort!
let database: PGlite | null = null

port.on('message', (request: Request) => {
  void handle(request)
})

async function handle(request: Request): Promise<void> {
  const { id } = request
  try {
    if (request.do === 'open') {
      database = await open(request)
      return answer({ id, bytes: null })
    }
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
    }
  } catch (cause) {
    answer({ id, failure: textOf(cause) })
  }
}

async function open({ folder, dump }: Opening): Promise<PGlite> {
  return PGlite.create({
    ...(folder === null ? {} : { dataDir: folder }),
    // By its type PGlite knows that it is packed.
    ...(dump === null ? {} : { loadDataDir: await openAsBlob(dump, { type: 'application/x-gzip' }) }),
  })
}

function answer(value: Answer): void {
  port.postMessage(value)
}

function textOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause)
}
