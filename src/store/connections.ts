/** Connections: one CRM or file of a tenant, with what its steps have to remember. */
import { randomUUID } from 'node:crypto'
import type { Cursor } from '../../connectors/connector.ts'
import { parseMapping, type Mapping } from '../../models/features/mapping-file.ts'
import { HoldfastError } from '../contracts/errors.ts'
import { asConnection, asTenant, type ConnectionId, type TenantId } from '../contracts/ids.ts'
import type { TableProfile } from '../contracts/table.ts'
import type { Transaction } from './database.ts'
import { addSteps } from './steps.ts'

/** Who counts as a customer. */
export type Population =
  | { readonly kind: 'everyone' }
  /** Records of which the property has one of the values, compared without regard to case and blanks around. */
  | { readonly kind: 'property'; readonly property: string; readonly values: readonly string[] }
  /** In the CRM's own language, such as the part of SOQL after WHERE; the CRM says of each record whether it meets it. */
  | { readonly kind: 'condition'; readonly condition: string }

/** Those that a record's properties alone tell. */
export type ValuePopulation = Exclude<Population, { readonly kind: 'condition' }>

export type ConnectionStatus = 'active' | 'paused' | 'needs_reconnect' | 'disconnected'

/** Something that an admin should know of a connection and can mend. */
export interface ConnectionNote {
  /** property_missing, property_type, sensitive, … */
  readonly code: string
  /** The property or feature that it is about. */
  readonly subject: string
  /** What happened, what it means for the scores, what to do. */
  readonly message: string
  /** ISO 8601: since when it is so. */
  readonly since: string
  /** As what it was mapped, where that is what changed. */
  readonly was?: string
}

export interface Connection {
  readonly id: ConnectionId
  readonly kind: string
  readonly name: string
  /** Portal or org as the CRM names it; null: a file, or not known yet. */
  readonly externalId: string | null
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
  /** The kind of record that a customer is, as the CRM names it; null: not described yet. */
  readonly object: string | null
  /** When the properties were last described; null: never, or with each sync. */
  readonly profiledAt: Date | null
  /** What an admin should know and can mend, newest descriptions only. */
  readonly notes: readonly ConnectionNote[]
  readonly cursor: Cursor | null
  /** Level thresholds in force, as the scoring of the book left them. */
  readonly thresholds: unknown
}

interface Row {
  readonly id: string
  readonly kind: string
  readonly name: string
  readonly external_id: string | null
  readonly sandbox: boolean
  readonly status: ConnectionStatus
  readonly status_reason: string | null
  readonly config: Record<string, unknown>
  readonly population: Population | null
  readonly mapping: unknown
  readonly profile: TableProfile | null
  readonly object: string | null
  readonly profiled_at: Date | null
  readonly notes: readonly ConnectionNote[]
  readonly cursor: Cursor | null
  readonly thresholds: unknown
}

const COLUMNS =
  'id, kind, name, external_id, sandbox, status, status_reason, config, population, mapping, profile, object, profiled_at, notes, cursor, thresholds'

function connectionOf(row: Row): Connection {
  const { status_reason: statusReason, external_id: externalId, profiled_at: profiledAt, ...same } = row
  return {
    ...same,
    id: asConnection(row.id),
    externalId,
    statusReason,
    profiledAt,
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

/** A connection, and whose it is. */
export interface PlacedConnection {
  readonly tenant: TenantId
  readonly connection: ConnectionId
  readonly status: ConnectionStatus
}

/**
 * All connections to a portal or org, of any tenant: what an event that names nothing else is for. In a system
 * transaction.
 *
 * @example
 * await database.asSystem('whom a webhook is for', (tx) => findConnectionsByExternalId(tx, 'hubspot', '4711'))
 */
export async function findConnectionsByExternalId(
  tx: Transaction,
  kind: string,
  externalId: string,
): Promise<readonly PlacedConnection[]> {
  const rows = await tx.query<{ tenant_id: string; id: string; status: ConnectionStatus }>(
    `select tenant_id, id, status from connections where kind = $1 and external_id = $2
     order by tenant_id, created_at, id`,
    [kind, externalId],
  )
  return rows.map(({ tenant_id, id, status }) => ({
    tenant: asTenant(tenant_id),
    connection: asConnection(id),
    status,
  }))
}

export interface NewConnection {
  readonly kind: string
  readonly name: string
  /** Portal or org as the CRM names it; default null. */
  readonly externalId?: string | null
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
  const { kind, name, sandbox, config, population, mapping = null, externalId = null } = wanted
  await tx.query(
    `insert into connections (tenant_id, id, kind, name, sandbox, config, population, mapping, external_id)
     values ($1, $2, $3, $4, $5, $6::jsonb, $7::jsonb, $8::jsonb, $9)`,
    [
      tx.tenant,
      id,
      kind,
      name,
      sandbox,
      JSON.stringify(config),
      jsonOf(population),
      jsonOf(mapping),
      externalId,
    ],
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

/** What a CRM was described as, and what follows from it for the mapping. */
export async function saveDescription(
  tx: Transaction,
  id: ConnectionId,
  {
    object,
    profile,
    mapping,
    notes,
    profiledAt,
  }: Pick<Connection, 'object' | 'profile' | 'mapping' | 'notes' | 'profiledAt'>,
): Promise<void> {
  await change(
    tx,
    id,
    'object = $3, profile = $4::jsonb, mapping = $5::jsonb, notes = $6::jsonb, profiled_at = $7',
    [object, jsonOf(profile), jsonOf(mapping), JSON.stringify(notes), profiledAt],
  )
}

export async function setConnectionStatus(
  tx: Transaction,
  id: ConnectionId,
  status: ConnectionStatus,
  reason: string | null,
): Promise<void> {
  await change(tx, id, 'status = $3, status_reason = $4', [status, reason])
}

/** The customers that are there do not follow by themselves: they are read and scored anew by whoever changes it. */
export async function saveMapping(tx: Transaction, id: ConnectionId, mapping: Mapping): Promise<void> {
  await change(tx, id, 'mapping = $3::jsonb', [JSON.stringify(mapping)])
}

/** @throws HoldfastError `conflict` where another connection of the company has this name, `not_found` */
export async function renameConnection(tx: Transaction, id: ConnectionId, name: string): Promise<void> {
  const [taken] = await tx.query(
    'select 1 as one from connections where tenant_id = $1 and name = $2 and id <> $3',
    [tx.tenant, name, id],
  )
  if (taken !== undefined)
    throw new HoldfastError(
      'conflict',
      `There is another connection "${name}". Give this one a name of its own.`,
    )
  await change(tx, id, 'name = $3', [name])
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

/**
 * Rows that refer to the connection can still be added by others: a webhook is not kept waiting by a page.
 *
 * @throws HoldfastError `not_found`
 */
export async function lockSyncPosition(tx: Transaction, id: ConnectionId): Promise<SyncPosition> {
  const [row] = await tx.query<SyncPosition>(
    'select status, population, cursor from connections where tenant_id = $1 and id = $2 for no key update',
    [tx.tenant, id],
  )
  if (row === undefined) throw unknownConnection()
  return row
}

/** Moves only together with the rows that it stands for: in their transaction. */
export async function saveCursor(tx: Transaction, id: ConnectionId, cursor: Cursor): Promise<void> {
  await change(tx, id, 'cursor = $3::jsonb', [JSON.stringify(cursor)])
}

/** The next sync reads everything anew. */
export async function clearCursor(tx: Transaction, id: ConnectionId): Promise<void> {
  await change(tx, id, 'cursor = null', [])
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
