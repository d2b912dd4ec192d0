/** Tenants and the installation: who there is, whether anything may be sent at all. */
import { randomBytes, randomUUID } from 'node:crypto'
import { HoldfastError } from '../contracts/errors.ts'
import { asTenant, type TenantId } from '../contracts/ids.ts'
import type { Transaction } from './database.ts'

export interface Tenant {
  readonly id: TenantId
  readonly name: string
  readonly status: 'active' | 'paused'
  readonly pausedReason: string | null
  /** Null: everything is scored and shown, and nothing is sent. */
  readonly activatedAt: Date | null
  /** Keys the draw of groups; never changes. */
  readonly groupSalt: string
}

interface Row {
  readonly id: string
  readonly name: string
  readonly status: 'active' | 'paused'
  readonly paused_reason: string | null
  readonly activated_at: Date | null
  readonly group_salt: string
}

const COLUMNS = 'id, name, status, paused_reason, activated_at, group_salt'

function tenantOf(row: Row): Tenant {
  return {
    id: asTenant(row.id),
    name: row.name,
    status: row.status,
    pausedReason: row.paused_reason,
    activatedAt: row.activated_at,
    groupSalt: row.group_salt,
  }
}

/** A new tenant: not activated, with a group salt of its own. In a system transaction. */
export async function createTenant(
  tx: Transaction,
  name: string,
  groupSalt = randomBytes(16).toString('hex'),
): Promise<TenantId> {
  const id = randomUUID()
  // Later than every other one, also of the same transaction: the oldest is whom commands and the first sign-in mean.
  await tx.query(
    `insert into tenants (id, name, group_salt, created_at)
     select $1::uuid, $2::text, $3::text, greatest(now(), max(created_at) + interval '1 microsecond') from tenants`,
    [id, name, groupSalt],
  )
  return asTenant(id)
}

/** All tenants, oldest first. In a system transaction. */
export async function listTenants(tx: Transaction): Promise<readonly Tenant[]> {
  return (await tx.query<Row>(`select ${COLUMNS} from tenants order by created_at, id`)).map(tenantOf)
}

/** Whose ids lie between two, both included; at most so many. In a system transaction. */
export async function tenantsBetween(
  tx: Transaction,
  { first, last, most }: { readonly first: TenantId; readonly last: TenantId; readonly most: number },
): Promise<readonly TenantId[]> {
  const rows = await tx.query<{ id: TenantId }>(
    'select id from tenants where id between $1 and $2 order by id limit $3',
    [first, last, most],
  )
  return rows.map(({ id }) => id)
}

/** Names of companies, oldest first; at most so many. In a system transaction. */
export async function listTenantNames(
  tx: Transaction,
  most: number,
): Promise<readonly { readonly id: TenantId; readonly name: string }[]> {
  const rows = await tx.query<{ id: string; name: string }>(
    'select id, name from tenants order by created_at, id limit $1',
    [most],
  )
  return rows.map(({ id, name }) => ({ id: asTenant(id), name }))
}

/** Several processes may start at once: one looks whether there is a company while the others wait. */
export async function lockFirstStart(tx: Transaction): Promise<void> {
  await tx.query("select pg_advisory_xact_lock(hashtext('holdfast first start'))")
}

/** @throws HoldfastError `not_found` */
export async function readTenant(tx: Transaction, id: TenantId): Promise<Tenant> {
  const found = await findTenant(tx, id)
  if (found === null) throw new HoldfastError('not_found', 'This company is not known here.')
  return found
}

/** Null: nobody here has this id. */
export async function findTenant(tx: Transaction, id: TenantId): Promise<Tenant | null> {
  const [row] = await tx.query<Row>(`select ${COLUMNS} from tenants where id = $1`, [id])
  return row === undefined ? null : tenantOf(row)
}

/**
 * From now on decisions may become interventions; those made before never do.
 *
 * @returns when it was activated, the first time for good
 */
export async function activateTenant(tx: Transaction, id: TenantId): Promise<Date> {
  const [row] = await tx.query<{ activated_at: Date }>(
    'update tenants set activated_at = coalesce(activated_at, now()) where id = $1 returning activated_at',
    [id],
  )
  if (row === undefined) throw new HoldfastError('not_found', 'This company is not known here.')
  return row.activated_at
}

/** Stops every send of a tenant until {@link resumeTenant}; scoring and showing go on. */
export async function pauseTenant(tx: Transaction, id: TenantId, reason: string): Promise<void> {
  await tx.query("update tenants set status = 'paused', paused_reason = $2 where id = $1", [id, reason])
}

export async function resumeTenant(tx: Transaction, id: TenantId): Promise<void> {
  await tx.query("update tenants set status = 'active', paused_reason = null where id = $1", [id])
}

export interface Installation {
  readonly id: string
  readonly createdAt: Date
  readonly restoredAt: Date | null
  /** While set nothing is sent for anybody. */
  readonly pausedReason: string | null
}

/** The installation's row, made at the first start. In a system transaction. */
export async function ensureInstallation(tx: Transaction): Promise<Installation> {
  await tx.query('insert into installation (id) values ($1) on conflict do nothing', [randomUUID()])
  const [row] = await tx.query<{
    id: string
    created_at: Date
    restored_at: Date | null
    paused_reason: string | null
  }>('select id, created_at, restored_at, paused_reason from installation')
  return {
    id: row.id,
    createdAt: row.created_at,
    restoredAt: row.restored_at,
    pausedReason: row.paused_reason,
  }
}

/** Null lets things be sent again. In a system transaction. */
export async function pauseInstallation(tx: Transaction, reason: string | null): Promise<void> {
  await tx.query('update installation set paused_reason = $1', [reason])
}
