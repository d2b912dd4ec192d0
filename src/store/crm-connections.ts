/** Connections to a CRM, and what is learned of it after it was connected. */
import type { ConnectionId } from '../contracts/ids.ts'
import type { Transaction } from './database.ts'

/** A portal or org that turned out to be a sandbox or a test account: dry runs from now on, whatever the settings say. */
export async function markAsTest(tx: Transaction, id: ConnectionId): Promise<void> {
  await tx.query('update connections set sandbox = true where tenant_id = $1 and id = $2 and not sandbox', [
    tx.tenant,
    id,
  ])
}

/** What was said anew when a CRM was signed in to again; other settings of the connection stay. */
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

/** Kinds of CRM that something is connected to in the sandbox that this process would host. In a system transaction. */
export async function builtInKinds(tx: Transaction): Promise<ReadonlySet<string>> {
  const rows = await tx.query<{ kind: string }>(
    `select distinct kind from connections where config @> '{"builtIn": true}' and status <> 'disconnected'`,
  )
  return new Set(rows.map(({ kind }) => kind))
}

/** How many customers are stored, by whether they are in the population; for comparing with the CRM. */
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
