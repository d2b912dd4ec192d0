/** How connections fare: what was told and is still to be read, since when they are signed in to, what was found at the last look. */
import type { ConnectionId, TenantId } from '../../contracts/ids.ts'
import type { ConnectionCheck } from '../connection-checks.ts'
import type { Database, Transaction } from '../database.ts'

export interface ConnectionHealth {
  readonly connection: ConnectionId
  /** How it signs in, as its config says: private_app, oauth, web, jwt, client_credentials; null: it needs none. */
  readonly auth: string | null
  /** When the secret that it signs in with was put into the vault or renewed; null: there is none. */
  readonly signedInAt: Date | null
  /** Whether webhooks can be told from forged ones by a secret of their own. */
  readonly webhookSecret: boolean
  /** Changes that the CRM told of and that were not read yet, counted up to {@link COUNTED_HINTS}. */
  readonly waiting: number
  /** Since when the first of them waits. */
  readonly waitingSince: Date | null
  /** Null: nobody had it looked at. */
  readonly check: ConnectionCheck | null
}

export const COUNTED_HINTS = 10_000

/** Of all connections of the tenant, or one; in no order. */
export async function connectionHealth(
  tx: Transaction,
  connection: ConnectionId | null = null,
): Promise<readonly ConnectionHealth[]> {
  const rows = await tx.query<
    Omit<ConnectionHealth, 'check'> & {
      readonly checkedAt: Date | null
      readonly checkedBy: string
      readonly checks: ConnectionCheck['checks']
    }
  >(
    `select n.id as connection, n.config ->> 'auth' as auth,
       (select max(c.updated_at) from credentials c
        where c.tenant_id = n.tenant_id and c.owner = n.kind || ':' || n.external_id
          and c.name = case n.config ->> 'auth' when 'private_app' then 'private_app_token' when 'jwt' then 'jwt_key'
            when 'client_credentials' then 'client_secret' else 'oauth' end) as "signedInAt",
       exists (select from credentials c
        where c.tenant_id = n.tenant_id and c.owner = n.kind || ':' || n.external_id
          and c.name = 'webhook_secret') as "webhookSecret",
       (select count(*)::integer from (select from webhook_receipts r
        where r.tenant_id = n.tenant_id and r.connection_id = n.id and r.processed_at is null
        limit ${COUNTED_HINTS}) found) as waiting,
       (select r.received_at from webhook_receipts r
        where r.tenant_id = n.tenant_id and r.connection_id = n.id and r.processed_at is null
        order by r.received_at, r.dedup_key limit 1) as "waitingSince",
       k.checked_at as "checkedAt", k.checked_by as "checkedBy", k.checks
     from connections n
     left join connection_checks k on k.tenant_id = n.tenant_id and k.connection_id = n.id
     where n.tenant_id = $1 and ($2::uuid is null or n.id = $2)`,
    [tx.tenant, connection],
  )
  return rows.map(({ checkedAt, checkedBy, checks, ...row }) => ({
    ...row,
    check: checkedAt === null ? null : { at: checkedAt, by: checkedBy, checks },
  }))
}

export interface ConnectionCounts {
  /** Customers in the population, those outside it, and those gone from the CRM. */
  readonly active: number
  readonly left: number
  readonly deleted: number
  /** Of those in the population. */
  readonly scored: number
  /** Records that show what Holdfast found; those whose writing failed; those that a test account only rehearses. */
  readonly written: number
  readonly failed: number
  readonly rehearsed: number
}

/** Goes over all that is stored of a connection: some tenths of a second for a million customers. */
export async function connectionCounts(tx: Transaction, connection: ConnectionId): Promise<ConnectionCounts> {
  const by = async (text: string): Promise<Readonly<Record<string, number>>> => {
    const rows = await tx.query<{ name: string; many: number }>(text, [tx.tenant, connection])
    return Object.fromEntries(rows.map(({ name, many }) => [name, many]))
  }
  const customers = await by(
    `select status as name, count(*)::integer as many from customers where tenant_id = $1 and connection_id = $2 group by 1`,
  )
  const writes = await by(
    `select status as name, count(*)::integer as many from write_backs where tenant_id = $1 and connection_id = $2 group by 1`,
  )
  const { scored } = await by(
    `select 'scored' as name, count(*)::integer as many
     from scores s join customers c on c.tenant_id = s.tenant_id and c.id = s.customer_id
     where s.tenant_id = $1 and s.connection_id = $2 and c.status = 'active'`,
  )
  return {
    active: customers['active'] ?? 0,
    left: customers['left'] ?? 0,
    deleted: customers['deleted'] ?? 0,
    scored,
    written: writes['written'] ?? 0,
    failed: writes['failed'] ?? 0,
    rehearsed: writes['dry_run'] ?? 0,
  }
}

/** Milliseconds for which counts are good. */
const KEPT_MS = 5000
const kept = new WeakMap<
  Database,
  Map<string, { readonly at: number; readonly counts: Promise<ConnectionCounts> }>
>()

/** {@link connectionCounts}, at most 5 seconds old: however many pages ask, they are counted once in that time. */
export function heldCounts(
  database: Database,
  tenant: TenantId,
  connection: ConnectionId,
): Promise<ConnectionCounts> {
  const all = kept.get(database) ?? new Map()
  kept.set(database, all)
  const now = performance.now()
  for (const [key, { at }] of all) if (now - at >= KEPT_MS) all.delete(key)
  const key = `${tenant} ${connection}`
  const known = all.get(key)
  if (known !== undefined) return known.counts
  const counts = database.withTenant(tenant, (tx) => connectionCounts(tx, connection))
  all.set(key, { at: now, counts })
  counts.catch(() => all.delete(key))
  return counts
}
