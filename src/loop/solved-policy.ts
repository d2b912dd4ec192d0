/** A company's own policy as the engines take it: by its hash, loaded from the database when it is first needed. */
import type { TenantId } from '../contracts/ids.ts'
import type { Database } from '../store/database.ts'
import { policyContentsOf } from '../store/policies.ts'
import type { SolvedPolicyPlace } from './services.ts'

/**
 * @param hash null: the shipped policy
 * @example
 * await engines.get(location, solvedPolicy(database, tenant, await policyInCharge(tx)))
 */
export function solvedPolicy(
  database: Database,
  tenant: TenantId,
  hash: string | null,
): SolvedPolicyPlace | null {
  if (hash === null) return null
  return { hash, load: () => database.withTenant(tenant, (tx) => policyContentsOf(tx, hash)) }
}
