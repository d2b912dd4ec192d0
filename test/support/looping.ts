/** The loop over one connection, step by step as the queue runs it, on the real model and a database of its own. */
import { pino } from 'pino'
import type { ConnectionId, TenantId } from '../../src/contracts/ids.ts'
import { openConnectors, type ConnectorKind } from '../../src/loop/connectors.ts'
import { decideBook } from '../../src/loop/decide-book.ts'
import { openEngines } from '../../src/loop/engines.ts'
import { refresh } from '../../src/loop/refresh.ts'
import { runStep } from '../../src/loop/run-step.ts'
import { scoreBook } from '../../src/loop/score-book.ts'
import type { Counts, LoopServices, LoopStep, StepName } from '../../src/loop/services.ts'
import { sync } from '../../src/loop/sync.ts'
import { writeBack } from '../../src/loop/write-back.ts'
import { createConnection, type NewConnection } from '../../src/store/connections.ts'
import type { Database } from '../../src/store/database.ts'
import { addTenant, openTestDatabase } from './database.ts'

export interface Looping {
  readonly database: Database
  readonly services: LoopServices
  readonly tenant: TenantId
  readonly connection: ConnectionId
  run(step: StepName, cause?: string): Promise<Counts>
  /** Sync, score, decide and write back, one after another. */
  whole(cause?: string): Promise<Readonly<Record<'sync' | 'score' | 'decide' | 'write_back', Counts>>>
  /** Rows of the tenant. */
  rows<Row extends object>(text: string, ...values: readonly unknown[]): Promise<Row[]>
  close(): Promise<void>
}

const STEPS: Readonly<Partial<Record<StepName, LoopStep>>> = {
  sync,
  refresh,
  score: scoreBook,
  decide: decideBook,
  write_back: writeBack,
}

/**
 * @param options.connector how connections of the kind that `connection` names are opened
 * @example
 * const looping = await openLooping({ connector: { can: HUBSPOT_CAN, open }, connection, clock })
 * await looping.whole()
 */
export async function openLooping({
  connector,
  connection: made,
  clock,
}: {
  connector: ConnectorKind
  connection: NewConnection
  clock: () => Date
}): Promise<Looping> {
  const database = await openTestDatabase()
  const engines = openEngines({ threads: 1, dataFolder: 'none' })
  const key = Buffer.alloc(32, 7)
  const services: LoopServices = {
    database,
    engines,
    connectors: openConnectors({ [made.kind]: connector }),
    secrets: { addressKey: async () => key, linkKey: async () => key },
    clock,
    log: pino({ level: 'silent' }),
  }
  const tenant = await addTenant(database)
  const connection = await database.withTenant(tenant, (tx) => createConnection(tx, made))
  const run = (step: StepName, cause = 'cli'): Promise<Counts> =>
    runStep(services, STEPS as Record<StepName, LoopStep>, {
      tenant,
      connection,
      step,
      cause,
      signal: new AbortController().signal,
    })
  return {
    database,
    services,
    tenant,
    connection,
    run,
    whole: async (cause) => ({
      sync: await run('sync', cause),
      score: await run('score', cause),
      decide: await run('decide', cause),
      write_back: await run('write_back', cause),
    }),
    rows: (text, ...values) => database.withTenant(tenant, (tx) => tx.query(text, values)),
    close: async () => {
      await engines.close()
      await database.close()
    },
  }
}
