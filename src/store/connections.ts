/** Connections: one CRM or file of a tenant, with what its steps have to remember. */
import { randomUUID } from 'node:crypto'
import type { Cursor } from '../../connectors/connector.ts'
import { parseMapping, type Mapping } from '../../models/features/mapping-file.ts'
import { HoldfastError } from '../contracts/errors.ts'
import { asConnection, type ConnectionId } from '../contracts/ids.ts'
import type { TableProfile } from '../contracts/table.ts'
import type { Transaction } from './database.ts'
import { addSteps } from './steps.ts'

/** Who counts as a customer. */
export type Population =
  | { readonly kind: 'everyone' }
  /** Records of which the property has one of the values, compared without regard to case and blanks around. */
  | { readonly kind: 'property'; readonly property: string; readonly values: readonly string[] }

export type ConnectionStatus = 'active' | 'paused' | 'needs_reconnect' | 'disconnected'

export interface Connection {
  readonly id: ConnectionId
  readonly kind: string
  readonly name: string
  /** Always dry runs. */
  readonly sandbox: boolean
  readonly status: ConnectionStatus
  readonly statusReason: string | null
  /** Parsed by its connector; no secrets. */
  readonly config: Readonly<Record<string, unknown>>
  /** Null: nobody said yet, and nobody is scored. */
  readonly population: Population | null
  /** Null: the proposal stands; read it through `mappingOf` of src/loop/mapping.ts. */
  readonly mapping: Mapping | null
  /** Properties as the last whole sync found them; null before it. */
  readonly profile: TableProfile | null
  readonly cursor: Cursor | null
  /** Level thresholds in force, as the scoring of the book left them. */
  readonly thresholds: unknown
}

interface Row {
  readonly id: string
  readonly kind: string
  readonly name: string
  readonly sandbox: boolean
  readonly status: ConnectionStatus
  readonly status_reason: string | null
  readonly config: Record<string, unknown>
  readonly population: Population | null
  readonly mapping: unknown
  readonly profile: TableProfile | null
  readonly cursor: Cursor | null
  readonly thresholds: unknown
}

const COLUMNS =
  'id, kind, name, sandbox, status, status_reason, config, population, mapping, profile, cursor, thresholds'

function connectionOf(row: Row): Connection {
  const { status_reason: statusReason, ...same } = row
  return {
    ...same,
    id: asConnection(row.id),
    statusReason,
    mapping:
      row.mapping === null ? null : parseMapping(JSON.stringify(row.mapping), "The connection's mapping"),
  }
}

/** @throws HoldfastError `not_found` */
export async function readConnection(tx: Transaction, id: ConnectionId): Promise<Connection> {
  const [row] = await tx.query<Row>(`select ${COLUMNS} from connections where tenant_id = $1 and id = $2`, [
    tx.tenant,
    id,
  ])
  if (row === undefined) throw unknownConnection()
  return connectionOf(row)
}

/** All of the tenant, oldest first. */
export async function listConnections(tx: Transaction): Promise<readonly Connection[]> {
  const rows = await tx.query<Row>(
    `select ${COLUMNS} from connections where tenant_id = $1 order by created_at, id`,
    [tx.tenant],
  )
  return rows.map(connectionOf)
}

export interface NewConnection {
  readonly kind: string
  readonly name: string
  readonly sandbox: boolean
  readonly config: Readonly<Record<string, unknown>>
  readonly population: Population | null
  readonly mapping?: Mapping | null
}

/**
 * When each step comes by itself, in UTC; work that one step leaves for the next comes at once. Looking whether
 * something changed is cheap; risk moves with the calendar alone, so the book is looked at each night.
 */
const SCHEDULES: Readonly<Record<string, string>> = {
  sync: '*/5 * * * *',
  score: '10 2 * * *',
  decide: '20 2 * * *',
  write_back: '30 2 * * *',
  observe: '40 2 * * *',
}

/** A new connection with its steps; the first sync is due at once. */
export async function createConnection(tx: Transaction, wanted: NewConnection): Promise<ConnectionId> {
  const id = randomUUID()
  const { kind, name, sandbox, config, population, mapping = null } = wanted
  await tx.query(
    `insert into connections (tenant_id, id, kind, name, sandbox, config, population, mapping)
     values ($1, $2, $3, $4, $5, $6::jsonb, $7::jsonb, $8::jsonb)`,
    [tx.tenant, id, kind, name, sandbox, JSON.stringify(config), jsonOf(population), jsonOf(mapping)],
  )
  await addSteps(tx, { connection: asConnection(id), schedules: SCHEDULES, first: 'sync' })
  return asConnection(id)
}

export async function saveConnectionProfile(
  tx: Transaction,
  id: ConnectionId,
  profile: TableProfile,
): Promise<void> {
  await change(tx, id, 'profile = $3::jsonb', [JSON.stringify(profile)])
}

export async function setConnectionStatus(
  tx: Transaction,
  id: ConnectionId,
  status: ConnectionStatus,
  reason: string | null,
): Promise<void> {
  await change(tx, id, 'status = $3, status_reason = $4', [status, reason])
}

/** @param thresholds anything that JSON holds */
export async function saveThresholds(tx: Transaction, id: ConnectionId, thresholds: unknown): Promise<void> {
  await change(tx, id, 'thresholds = $3::jsonb', [JSON.stringify(thresholds)])
}

/** The status of customers does not follow by itself: see `changePopulation` of src/loop/population.ts. */
export async function savePopulation(
  tx: Transaction,
  id: ConnectionId,
  population: Population | null,
): Promise<void> {
  await change(tx, id, 'population = $3::jsonb', [jsonOf(population)])
}

/** Where a sync stands, locked until the transaction ends: what one page of it looks at. */
export interface SyncPosition {
  readonly status: ConnectionStatus
  readonly population: Population | null
  readonly cursor: Cursor | null
}

/** @throws HoldfastError `not_found` */
export async function lockSyncPosition(tx: Transaction, id: ConnectionId): Promise<SyncPosition> {
  const [row] = await tx.query<SyncPosition>(
    'select status, population, cursor from connections where tenant_id = $1 and id = $2 for update',
    [tx.tenant, id],
  )
  if (row === undefined) throw unknownConnection()
  return row
}

/** Moves only together with the rows that it stands for: in their transaction. */
export async function saveCursor(tx: Transaction, id: ConnectionId, cursor: Cursor): Promise<void> {
  await change(tx, id, 'cursor = $3::jsonb', [JSON.stringify(cursor)])
}

/** Takes one key out of the config: permissions that hold once. */
export async function dropConfigKey(tx: Transaction, id: ConnectionId, key: string): Promise<void> {
  await change(tx, id, 'config = config - $3::text', [key])
}

async function change(
  tx: Transaction,
  id: ConnectionId,
  assignment: string,
  values: readonly unknown[],
): Promise<void> {
  const rows = await tx.query(
    `update connections set ${assignment} where tenant_id = $1 and id = $2 returning id`,
    [tx.tenant, id, ...values],
  )
  if (rows.length === 0) throw unknownConnection()
}

function jsonOf(value: unknown): string | null {
  return value === null ? null : JSON.stringify(value)
}

function unknownConnection(): HoldfastError {
  return new HoldfastError('not_found', 'This connection is not known here.')
}
