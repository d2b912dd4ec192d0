/** Connections to one portal, and what is learned of it after it was connected. */
import type { ConnectionId } from '../contracts/ids.ts'
import type { Transaction } from './database.ts'

/** A portal that turned out to be a sandbox or a test account: dry runs from now on, whatever the settings say. */
export async function markAsTest(tx: Transaction, id: ConnectionId): Promise<void> {
  await tx.query('update connections set sandbox = true where tenant_id = $1 and id = $2 and not sandbox', [
    tx.tenant,
    id,
  ])
}

/** What was said anew when a portal was signed in to again; other settings of the connection stay. */
export async function changeConfig(
  tx: Transaction,
  id: ConnectionId,
  changes: Readonly<Record<string, unknown>>,
): Promise<void> {
  await tx.query('update connections set config = config || $3::jsonb where tenant_id = $1 and id = $2', [
    tx.tenant,
    id,
    JSON.stringify(changes),
  ])
}

/**
 * Whether anything is connected to the sandbox that this process would host. In a system transaction.
 *
 * @returns the portal's id; null: nothing is
 */
export async function builtInPortal(tx: Transaction): Promise<string | null> {
  const [row] = await tx.query<{ portal: string | null }>(
    `select external_id as portal from connections
     where kind = 'hubspot' and config @> '{"builtIn": true}' and status <> 'disconnected'
     order by created_at limit 1`,
  )
  return row?.portal ?? null
}

/** How many customers are stored, by whether they are in the population; for comparing with the portal. */
export async function countStored(
  tx: Transaction,
  connection: ConnectionId,
): Promise<{ readonly all: number; readonly active: number }> {
  const [row] = await tx.query<{ all: number; active: number }>(
    `select count(*)::integer as "all", (count(*) filter (where status = 'active'))::integer as active
     from customers where tenant_id = $1 and connection_id = $2 and status <> 'deleted'`,
    [tx.tenant, connection],
  )
  return row
}
