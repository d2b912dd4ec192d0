/** A running queue over a database of a test, and what its handlers did. */
import { pino, type Logger } from 'pino'
import { expect } from 'vitest'
import { systemClock } from '../../src/contracts/clock.ts'
import type { ConnectionId, TenantId } from '../../src/contracts/ids.ts'
import type { StepName } from '../../src/loop/services.ts'
import { openBackend, type QueueBackend } from '../../src/queue/backend.ts'
import {
  startQueue,
  type QueueHandlers,
  type QueueOptions,
  type QueueService,
} from '../../src/queue/service.ts'
import type { Database } from '../../src/store/database.ts'
import { requestStep } from '../../src/store/steps.ts'
import { databaseKind } from '../support/database.ts'

const redisUrl = process.env['HOLDFAST_TEST_REDIS_URL']

/** Where jobs wait in this run of the tests. */
export const queueKinds = [
  { kind: `in the database, ${databaseKind}`, url: null },
  ...(redisUrl === undefined ? [] : [{ kind: `in Redis, database ${databaseKind}`, url: redisUrl }]),
] as const

export const quiet = pino({ level: 'silent' })

/** What a log was told, by level and message. */
export function recordingLog(): { log: Logger; lines: { level: number; msg: string }[] } {
  const lines: { level: number; msg: string }[] = []
  const log = pino({}, { write: (line: string) => void lines.push(JSON.parse(line)) })
  return { log, lines }
}

/** Fast enough for tests; leases of two seconds. */
export const testLimits = { sweepMs: 200, leaseSeconds: 2 }

export interface Started {
  readonly queue: QueueService
  readonly backend: QueueBackend
  stop(): Promise<void>
}

/** A process of its own, but for the memory: own backend, own workers. */
export async function start(
  database: Database,
  url: string | null,
  handlers: Partial<QueueHandlers>,
  options: Partial<QueueOptions> = {},
): Promise<Started> {
  const backend = await openBackend(database, url)
  const queue = await startQueue({
    backend,
    database,
    role: 'all',
    clock: systemClock,
    log: quiet,
    ...options,
    limits: { ...testLimits, ...options.limits },
    handlers: { step: async () => undefined, act: async () => undefined, ...handlers },
  })
  return {
    queue,
    backend,
    stop: async () => {
      await queue.drain(5000)
      await backend.close()
    },
  }
}

export function ask(
  database: Database,
  tenant: TenantId,
  connection: ConnectionId,
  step: StepName = 'sync',
): Promise<void> {
  return database.withTenant(tenant, (tx) => requestStep(tx, { connection, step, cause: 'api' }))
}

/** However busy the machine is. */
export const eventually = <T>(look: () => T) => expect.poll(look, { timeout: 40_000 })

/** Until something outside lets it go on. */
export function gate(): { readonly opened: Promise<void>; open(): void } {
  const { promise, resolve } = Promise.withResolvers<void>()
  return { opened: promise, open: resolve }
}
