/** Syncs of a test: over real files, or over a CRM that a test makes up as it goes. */
import { pino } from 'pino'
import type {
  ChangePage,
  Connector,
  Cursor,
  CustomerRecord,
  Properties,
  Recipient,
} from '../../connectors/connector.ts'
import type { ConnectionId, TenantId } from '../../src/contracts/ids.ts'
import type { TableProfile } from '../../src/contracts/table.ts'
import { openConnectors, openFile } from '../../src/loop/connectors.ts'
import { refresh } from '../../src/loop/refresh.ts'
import type { Counts, LoopServices, LoopStep, StepName } from '../../src/loop/services.ts'
import { sync } from '../../src/loop/sync.ts'
import { createConnection, type Population } from '../../src/store/connections.ts'
import type { Database } from '../../src/store/database.ts'
import { startRun } from '../../src/store/runs.ts'
import type { LivingCrm } from './living-crm.ts'

/** What a CRM of a test says when it is asked; replaced at will between and during syncs. */
export interface MadeUpCrm {
  changes: (since: Cursor | null) => AsyncIterable<ChangePage>
  recipients: ((ids: readonly string[]) => readonly Recipient[]) | undefined
  profile: TableProfile
}

export const crmRecord = (
  id: string,
  properties: Properties,
  more: Partial<CustomerRecord> = {},
): CustomerRecord => ({
  object: 'companies',
  id,
  name: `Company ${id}`,
  properties,
  topParentId: null,
  responsible: null,
  agreements: null,
  updatedAt: null,
  ...more,
})

/** A pass of these pages; the last page ends it. */
export async function* pagesOf(
  ...pages: readonly (readonly CustomerRecord[] | Partial<ChangePage>)[]
): AsyncGenerator<ChangePage> {
  for (const [at, page] of pages.entries())
    yield {
      upserts: [],
      deleted: [],
      cursor: { at: at + 1 },
      ...('length' in page ? { upserts: page as readonly CustomerRecord[] } : page),
    }
}

export const textProfile = (...headers: readonly string[]): TableProfile => ({
  path: 'a CRM',
  format: 'csv',
  rows: 100,
  columns: headers.map((header) => ({
    header,
    kind: 'text',
    missing: 0,
    distinct: 100,
    values: [],
    unreadable: 0,
  })),
})

export function madeUpCrm(): MadeUpCrm {
  return { changes: () => pagesOf(), recipients: undefined, profile: textProfile('plan') }
}

export interface Syncing {
  readonly services: LoopServices
  /** A connection to a file, or to the CRM of the test. */
  connect(wanted: {
    kind: 'csv' | 'crm' | 'living' | 'living'
    config?: Readonly<Record<string, unknown>>
    population?: Population | null
  }): Promise<ConnectionId>
  sync(
    connection: ConnectionId,
    signal?: AbortSignal,
    progress?: (done: number, total: number | null) => void,
  ): Promise<Counts>
  refresh(connection: ConnectionId): Promise<Counts>
  /** Rows of the tenant. */
  rows<Row extends object>(text: string, ...values: readonly unknown[]): Promise<Row[]>
}

export function syncing(
  database: Database,
  tenant: TenantId,
  crm: MadeUpCrm = madeUpCrm(),
  living: LivingCrm | null = null,
): Syncing {
  const step = async (run: LoopStep, name: StepName, connection: ConnectionId): Promise<Counts> => {
    const id = await database.withTenant(tenant, (tx) =>
      startRun(tx, { connection, step: name, cause: 'cli' }),
    )
    const { signal } = new AbortController()
    return run(services, { tenant, connection, run: id, cause: 'cli', signal, progress: () => undefined })
  }
  const key = Buffer.alloc(32, 7)
  const services: LoopServices = {
    database,
    engines: { get: () => Promise.reject(new Error('no model is needed')), close: async () => undefined },
    connectors: openConnectors({
      csv: openFile,
      crm: () => connectorOf(crm),
      ...(living === null ? {} : { living: living.connector }),
    }),
    secrets: { addressKey: async () => key, linkKey: async () => key },
    clock: () => new Date('2026-11-21T10:00:00Z'),
    log: pino({ level: 'silent' }),
  }
  return {
    services,
    connect: ({ kind, config = {}, population = { kind: 'everyone' } }) =>
      database.withTenant(tenant, (tx) =>
        createConnection(tx, { kind, name: 'A source', sandbox: false, config, population }),
      ),
    async sync(connection, signal = new AbortController().signal, progress = () => undefined) {
      const run = await database.withTenant(tenant, (tx) =>
        startRun(tx, { connection, step: 'sync', cause: 'cli' }),
      )
      return sync(services, { tenant, connection, run, cause: 'cli', signal, progress })
    },
    refresh: (connection) => step(refresh, 'refresh', connection),
    rows: (text, ...values) => database.withTenant(tenant, (tx) => tx.query(text, values)),
  }
}

function connectorOf(crm: MadeUpCrm): Connector {
  const { recipients } = crm
  return {
    name: 'crm',
    writeBatch: 100,
    describeEveryMs: 0,
    describe: async () => [{ object: 'companies', label: 'companies', profile: crm.profile }],
    changes: (since) => crm.changes(since),
    read: async () => [],
    ...(recipients === undefined ? {} : { recipients: async (ids) => recipients(ids) }),
    write: async () => [],
    verify: async () => [],
    close: async () => undefined,
  }
}
