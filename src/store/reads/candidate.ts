/** What has to be known of a customer before an action is planned for it by hand. */
import { HoldfastError } from '../../contracts/errors.ts'
import type { ConnectionId, CustomerId } from '../../contracts/ids.ts'
import type { Transaction } from '../database.ts'
import type { CustomerStatus } from '../../contracts/customer-terms.ts'

export interface Candidate {
  readonly object: string
  readonly externalId: string
  readonly connection: ConnectionId
  /** Of the connection. */
  readonly kind: string
  readonly connectionStatus: 'active' | 'paused' | 'needs_reconnect' | 'disconnected'
  readonly status: CustomerStatus
  readonly group: 'holdout' | 'usual' | 'policy' | 'exempt'
  /** Minor units of `currency`; null is unknown. */
  readonly monthlyMinor: number | null
  readonly currency: string | null
}

/** @throws HoldfastError `not_found` */
export async function readCandidate(tx: Transaction, customer: CustomerId): Promise<Candidate> {
  const [found] = await tx.query<Candidate>(
    `select c.object, c.external_id as "externalId", c.connection_id as connection, n.kind, n.status as "connectionStatus", c.status, c.group_name as "group",
       s.monthly_minor as "monthlyMinor", s.currency
     from customers c
     join connections n on n.tenant_id = c.tenant_id and n.id = c.connection_id
     left join scores s on s.tenant_id = c.tenant_id and s.customer_id = c.id
     where c.tenant_id = $1 and c.id = $2`,
    [tx.tenant, customer],
  )
  if (found === undefined)
    throw new HoldfastError('not_found', `There is no customer ${customer}. GET /v1/customers lists them.`)
  return found
}
