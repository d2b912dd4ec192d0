/** Who looks in from inside a CRM: whose account it is, and who they are to that company. In system transactions. */
import { asConnection, asTenant, type ConnectionId, type TenantId } from '../contracts/ids.ts'
import type { Role } from '../security/access.ts'
import type { ConnectionStatus } from './connections.ts'
import type { Transaction } from './database.ts'

/** A connection of an account that somebody looks in from. */
export interface ReadConnection {
  readonly tenant: TenantId
  readonly id: ConnectionId
  readonly name: string
  /** As the CRM's API names it: `companies`. */
  readonly object: string
  readonly status: Exclude<ConnectionStatus, 'disconnected'>
  readonly sandbox: boolean
}

/**
 * Connections of an account that were not disconnected, of any company. First those of the company that installed the app
 * there, then of the one that connected it first: where two did, everybody who looks in is answered by the first.
 *
 * @example
 * await database.asSystem('whose card is asked for', (tx) => connectionsOfAccount(tx, 'hubspot', '4711'))
 */
export async function connectionsOfAccount(
  tx: Transaction,
  kind: string,
  account: string,
): Promise<readonly ReadConnection[]> {
  const rows = await tx.prepared<Omit<ReadConnection, 'tenant' | 'id'> & { tenant: string; id: string }>(
    `select tenant_id as tenant, id, name, coalesce(config ->> 'object', object, '') as object, status, sandbox
     from connections where kind = $1 and external_id = $2 and status <> 'disconnected'
     order by coalesce(config ->> 'auth' = 'oauth', false) desc, created_at, tenant_id, id`,
    [kind, account],
  )
  return rows.map(({ tenant, id, ...rest }) => ({ ...rest, tenant: asTenant(tenant), id: asConnection(id) }))
}

export interface ReadingPerson {
  readonly id: string
  readonly name: string
  readonly role: Role
}

/**
 * @param who.email as `normaliseEmail` has it
 * @returns the person of the company who has this address, and the owner in the CRM who has it; each null: nobody
 */
export async function readerByEmail(
  tx: Transaction,
  {
    tenant,
    connections,
    email,
  }: {
    readonly tenant: TenantId
    readonly connections: readonly ConnectionId[]
    readonly email: string
  },
): Promise<{ readonly person: ReadingPerson | null; readonly owner: string | null }> {
  const [person] = await tx.prepared<ReadingPerson>(
    'select id, name, role from people where tenant_id = $1 and email = $2 and disabled_at is null',
    [tenant, email],
  )
  const [owner] = await tx.prepared<{ id: string }>(
    `select responsible_id as id from customers
     where tenant_id = $1 and lower(responsible_email) = $2 and connection_id = any ($3::uuid[])
       and responsible_id is not null
     limit 1`,
    [tenant, email, [...connections]],
  )
  return { person: person ?? null, owner: owner?.id ?? null }
}
