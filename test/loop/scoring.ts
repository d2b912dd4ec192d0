/** A small book in the store, with what its steps need: for tests of scoring and writing back. */
import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import pino from 'pino'
import { writeWorld } from '../../connectors/world/write.ts'
import type { Connector, FieldUpdate, WriteResult } from '../../connectors/connector.ts'
import { asRun, type ConnectionId, type TenantId } from '../../src/contracts/ids.ts'
import type { Counts, Engines, LoopServices, LoopStep } from '../../src/loop/services.ts'
import type { Database } from '../../src/store/database.ts'
import { addTenant } from '../support/database.ts'
import { storeCustomers } from './stored-customers.ts'

export const DAY = 86_400_000

export interface Place {
  readonly tenant: TenantId
  readonly connection: ConnectionId
}

/** Generated customers, all of them due. */
export async function addCustomers(
  database: Database,
  folder: string,
  rows: number,
  { kind = 'csv' }: { readonly kind?: string } = {},
): Promise<Place> {
  const path = join(folder, `${rows}.csv`)
  await writeWorld(path, { rows, seed: 5, asOf: '2026-11-01' })
  const tenant = await addTenant(database)
  const { connection } = await storeCustomers(database, tenant, { path, kind })
  return { tenant, connection }
}

export interface PassOptions {
  readonly cause?: string
  readonly signal?: AbortSignal
  readonly clock?: () => Date
  readonly write?: (updates: readonly FieldUpdate[]) => Promise<readonly WriteResult[]>
  readonly writeBatch?: number
}

/** Runs steps as the queue does; whoever writes to the CRM without saying how fails. */
export function passes(database: Database, engines: Engines) {
  return (step: LoopStep, { tenant, connection }: Place, options: PassOptions = {}): Promise<Counts> => {
    const none = (): Promise<never> => Promise.reject(new Error('not asked for in this pass'))
    const { write, writeBatch = Infinity } = options
    const connector: Connector = {
      name: 'a test',
      writeBatch,
      describeEveryMs: 0,
      describe: none,
      // oxlint-disable-next-line require-yield
      changes: async function* () {
        await none()
      },
      read: none,
      write: write ?? none,
      verify: none,
      close: () => Promise.resolve(),
    }
    const services: LoopServices = {
      database,
      engines,
      connectors: {
        can: () => false,
        open: write === undefined ? none : () => Promise.resolve(connector),
      },
      secrets: { addressKey: none, linkKey: none },
      clock: options.clock ?? (() => new Date()),
      log: pino({ level: 'silent' }),
    }
    const { cause = 'sync', signal = new AbortController().signal } = options
    const run = asRun(randomUUID())
    return step(services, { tenant, connection, run, cause, signal, progress: () => undefined })
  }
}
