/** Whether the database answers, and whether it keeps tenants apart. */
import { HoldfastError } from '../contracts/errors.ts'
import { asTenant } from '../contracts/ids.ts'
import type { Database } from './database.ts'

/** No tenant has it. */
const NOBODY = asTenant('00000000-0000-0000-0000-000000000000')

/**
 * @throws HoldfastError `database_unavailable`; `database_setup` when the role of tenants could read past row-level
 *   security
 */
export async function expectTenantsApart(database: Database): Promise<void> {
  const [row] = await database.withTenant(NOBODY, (tx) =>
    tx.query<{ bypasses: boolean; open: string | null }>(
      `select rolsuper or rolbypassrls as bypasses,
         (select min(c.relname) from pg_class c join pg_attribute a on a.attrelid = c.oid
          where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and a.attname = 'tenant_id'
            and not a.attisdropped and not row_security_active(c.oid)) as open
       from pg_roles where rolname = current_user`,
    ),
  )
  if (!row.bypasses && row.open === null) return
  throw new HoldfastError(
    'database_setup',
    row.bypasses
      ? 'The database role holdfast_tenant may bypass row-level security, so that tenants could see one another. Have an administrator run "alter role holdfast_tenant nosuperuser nobypassrls".'
      : `Row-level security does not hold on the table ${row.open}. Restore it with "alter table ${row.open} enable row level security" as its owner.`,
  )
}
