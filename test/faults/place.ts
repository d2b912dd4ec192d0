/** A database that outlives the processes which work on it: a folder of the embedded one, or one of a server's. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Database } from '../../src/store/database.ts'
import { firstDump } from '../../src/store/first-dump.ts'
import { openDatabase } from '../../src/store/open.ts'
import { databaseKind, openTestDatabase } from '../support/database.ts'

/** As `openDatabase` takes it. */
export interface Address {
  readonly url: string | null
  readonly folder: string | null
}

export interface FaultPlace {
  readonly address: Address
  /** The embedded database is there for one process at a time: nobody else may be at work meanwhile. */
  use<T>(work: (database: Database) => Promise<T>): Promise<T>
  remove(): Promise<void>
}

export async function openPlace(): Promise<FaultPlace> {
  return databaseKind === 'embedded' ? folderPlace(mkdtempSync(join(tmpdir(), 'holdfast-faults-'))) : served()
}

/** @param folder made already; removed with what is in it */
export function folderPlace(folder: string): FaultPlace {
  const address = { url: null, folder }
  return {
    address,
    async use(work) {
      const database = await openDatabase({ ...address, dump: firstDump() })
      try {
        return await work(database)
      } finally {
        await database.close()
      }
    },
    remove: () => Promise.resolve(rmSync(folder, { recursive: true, force: true })),
  }
}

async function served(): Promise<FaultPlace> {
  const database = await openTestDatabase()
  const url = new URL(process.env['HOLDFAST_TEST_DATABASE_URL'] ?? '')
  url.pathname = await database.asSystem('the name of a test database', async (tx) => {
    const [{ name }] = await tx.query<{ name: string }>('select current_database() as name')
    return name
  })
  return {
    address: { url: url.href, folder: null },
    use: (work) => work(database),
    remove: () => database.close(),
  }
}
