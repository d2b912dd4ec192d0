/** The connector of a connection, for a step; when somebody has to sign in again, the connection says so. */
import type { Connector } from '../../connectors/connector.ts'
import { HoldfastError } from '../contracts/errors.ts'
import { setConnectionStatus, type Connection } from '../store/connections.ts'
import type { LoopServices, StepContext } from './services.ts'

/** @throws HoldfastError what opening throws */
export async function openConnector(
  { connectors, database }: Pick<LoopServices, 'connectors' | 'database'>,
  context: Pick<StepContext, 'tenant' | 'connection'>,
  { kind, config }: Pick<Connection, 'kind' | 'config'>,
): Promise<Connector> {
  const { tenant, connection: id } = context
  try {
    return await connectors.open({ tenant, id, kind, config })
  } catch (error) {
    await noteReconnect({ database }, context, error)
    throw error
  }
}

/** Somebody has to sign in again: until then nothing of this connection is tried. */
export async function noteReconnect(
  { database }: Pick<LoopServices, 'database'>,
  { tenant, connection }: Pick<StepContext, 'tenant' | 'connection'>,
  error: unknown,
): Promise<void> {
  if (!(error instanceof HoldfastError) || error.code !== 'connector_reconnect') return
  await database.withTenant(tenant, (tx) =>
    setConnectionStatus(tx, connection, 'needs_reconnect', error.message),
  )
}
