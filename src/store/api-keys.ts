/** Keys of programs: hashes only. */
import { asTenant, type TenantId } from '../contracts/ids.ts'
import type { Transaction } from './database.ts'

export interface ApiKey {
  readonly id: string
  readonly name: string
  /** The first characters of the key, to tell keys apart. */
  readonly prefix: string
  readonly scopes: readonly string[]
  /** Of a package in a CRM: the account that it is for, as the CRM names it. */
  readonly account: string | null
  readonly createdBy: string
  readonly createdAt: Date
  /** To the minute. */
  readonly lastUsedAt: Date | null
  readonly revokedAt: Date | null
}

export async function insertApiKey(
  tx: Transaction,
  key: Pick<ApiKey, 'id' | 'name' | 'prefix' | 'scopes' | 'account' | 'createdBy'> & {
    readonly hash: Buffer
  },
): Promise<void> {
  await tx.query(
    'insert into api_keys (tenant_id, id, name, hash, prefix, scopes, account, created_by) values ($1, $2, $3, $4, $5, $6::text[], $7, $8)',
    [tx.tenant, key.id, key.name, key.hash, key.prefix, key.scopes, key.account, key.createdBy],
  )
}

/** Newest first, revoked ones too. */
export async function listApiKeys(tx: Transaction): Promise<readonly ApiKey[]> {
  return tx.query<ApiKey>(
    `select id, name, prefix, scopes, account, created_by as "createdBy", created_at as "createdAt",
       last_used_at as "lastUsedAt", revoked_at as "revokedAt"
     from api_keys where tenant_id = $1 order by created_at desc, id`,
    [tx.tenant],
  )
}

/** @returns its name; null when there is no such key, or it was revoked before */
export async function markApiKeyRevoked(tx: Transaction, id: string): Promise<string | null> {
  const [row] = await tx.query<{ name: string }>(
    `update api_keys set revoked_at = now()
     where tenant_id = $1 and id = $2 and revoked_at is null returning name`,
    [tx.tenant, id],
  )
  return row?.name ?? null
}

/** The key with this hash, unless it was revoked; notes its use, once a minute. In a system transaction. */
export async function findApiKey(
  tx: Transaction,
  hash: Buffer,
): Promise<(Pick<ApiKey, 'id' | 'name' | 'scopes' | 'account'> & { readonly tenant: TenantId }) | null> {
  const [row] = await tx.query<{
    tenant_id: string
    id: string
    name: string
    scopes: string[]
    account: string | null
    noted: boolean
  }>(
    `select tenant_id, id, name, scopes, account, coalesce(last_used_at > now() - interval '1 minute', false) as noted
     from api_keys where hash = $1 and revoked_at is null`,
    [hash],
  )
  if (row === undefined) return null
  if (!row.noted) {
    await tx.query('update api_keys set last_used_at = now() where tenant_id = $1 and id = $2', [
      row.tenant_id,
      row.id,
    ])
  }
  const { id, name, scopes, account } = row
  return { tenant: asTenant(row.tenant_id), id, name, scopes, account }
}

/** Keys of the package in an account that still open something, newest first. */
export async function packageKeys(tx: Transaction, account: string): Promise<readonly ApiKey[]> {
  return (await listApiKeys(tx)).filter((key) => key.account === account && key.revokedAt === null)
}

/** @returns those that were good until now */
export async function revokePackageKeys(
  tx: Transaction,
  account: string,
): Promise<readonly { readonly id: string; readonly name: string }[]> {
  return tx.query(
    `update api_keys set revoked_at = now()
     where tenant_id = $1 and account = $2 and revoked_at is null returning id, name`,
    [tx.tenant, account],
  )
}
