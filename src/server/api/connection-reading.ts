/**
 * How the records of a connection are read, for whoever looks at one of them: kept for some seconds, since telling a
 * connection's columns apart takes longer than reading a record.
 */
import { titleOf } from '../../../models/churn/explain/fallback-phrases.ts'
import { canonical } from '../../../models/features/dictionary.ts'
import type { Mapping } from '../../../models/features/mapping-file.ts'
import { HoldfastError } from '../../contracts/errors.ts'
import type { ConnectionId, TenantId } from '../../contracts/ids.ts'
import type { TableProfile } from '../../contracts/table.ts'
import type { Engine } from '../../loop/engine.ts'
import type { EngineReader } from '../../loop/engine-reader.ts'
import { mappingOf } from '../../loop/mapping.ts'
import { readConnection, type Connection } from '../../store/connections.ts'
import type { Database } from '../../store/database.ts'
import { championMapping } from '../../store/models.ts'

export interface ConnectionReading {
  readonly connection: Connection
  /** Properties that feed the model or the policy: what people call each. */
  readonly titles: ReadonlyMap<string, string>
  /**
   * @param today days since 1970-01-01
   * @throws HoldfastError `no_features`
   */
  reader(engine: Engine, today: number): EngineReader
}

const KEPT_MS = 3000
const MOST_KEPT = 500
/** Customers are described as of few different days. */
const MOST_DAYS = 100

const keptBy = new WeakMap<
  Database,
  Map<string, { readonly at: number; readonly value: Promise<ConnectionReading> }>
>()

/**
 * @throws HoldfastError `not_found`
 * @example
 * const { reader } = await connectionReading(database, tenant, connection)
 */
export function connectionReading(
  database: Database,
  tenant: TenantId,
  id: ConnectionId,
): Promise<ConnectionReading> {
  const kept = keptBy.get(database) ?? new Map()
  keptBy.set(database, kept)
  const key = `${tenant} ${id}`
  const known = kept.get(key)
  if (known !== undefined && performance.now() - known.at < KEPT_MS) return known.value
  const value = read(database, tenant, id)
  kept.delete(key)
  kept.set(key, { at: performance.now(), value })
  if (kept.size > MOST_KEPT) kept.delete(kept.keys().next().value)
  value.catch(() => {
    if (kept.get(key)?.value === value) kept.delete(key)
  })
  return value
}

async function read(database: Database, tenant: TenantId, id: ConnectionId): Promise<ConnectionReading> {
  const [connection, like] = await database.withTenant(tenant, async (tx) => [
    await readConnection(tx, id),
    await championMapping(tx, id),
  ])
  const mappings = new Map<number, Mapping>()
  const mappingAt = (today: number): Mapping => {
    const mapping = mappings.get(today) ?? mappingOf(connection, { like, today })
    if (mappings.size < MOST_DAYS) mappings.set(today, mapping)
    return mapping
  }
  return {
    connection,
    titles: connection.profile === null ? new Map() : titlesOf(mappingAt(0)),
    reader: (engine, today) => {
      const { profile } = readable(connection)
      return engine.reader({ profile, mapping: mappingAt(today), today })
    },
  }
}

/** @throws HoldfastError `connector_configuration` where nothing was read yet */
export function readable(connection: Connection): Connection & { readonly profile: TableProfile } {
  const { profile } = connection
  if (profile !== null) return { ...connection, profile }
  throw new HoldfastError(
    'connector_configuration',
    'Nothing is known of the customers yet. Sync the connection first.',
    { retryable: true },
  )
}

function titlesOf({ columns }: Mapping): ReadonlyMap<string, string> {
  return new Map(
    columns
      .filter(({ use }) => use === 'feature' || use === 'context')
      .map(({ column, feature }) => {
        const known = canonical(feature ?? '')
        return [column, titleOf({ name: column, label: known?.label ?? column, kind: 'number' })]
      }),
  )
}
