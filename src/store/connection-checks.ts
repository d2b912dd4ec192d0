/** What a connection was found to be when somebody last had it looked at. */
import type { Check } from '../contracts/checks.ts'
import type { ConnectionId } from '../contracts/ids.ts'
import type { Transaction } from './database.ts'

export interface ConnectionCheck {
  readonly at: Date
  /** As the audit log names them. */
  readonly by: string
  readonly checks: readonly Check[]
}

/** In place of the one before. */
export async function saveConnectionCheck(
  tx: Transaction,
  connection: ConnectionId,
  { by, checks }: Omit<ConnectionCheck, 'at'>,
): Promise<ConnectionCheck> {
  const [{ at }] = await tx.query<{ at: Date }>(
    `insert into connection_checks (tenant_id, connection_id, checked_by, checks) values ($1, $2, $3, $4::jsonb)
     on conflict (tenant_id, connection_id) do update set
       checked_at = now(), checked_by = excluded.checked_by, checks = excluded.checks
     returning checked_at as at`,
    [tx.tenant, connection, by, JSON.stringify(checks)],
  )
  return { at, by, checks }
}
