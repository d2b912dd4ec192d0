/** How many calls each person was given in a period. */
import type { InterventionId } from '../contracts/ids.ts'
import type { Transaction } from './database.ts'

/**
 * By the id of the user in the CRM. Until the transaction ends nobody else of the tenant is given a call, so that two
 * workers do not both give the last place.
 *
 * @param options.except those that are given out now: what they were given before does not count
 */
export async function callLoads(
  tx: Transaction,
  {
    start,
    end,
    except,
  }: { readonly start: Date; readonly end: Date; readonly except: readonly InterventionId[] },
): Promise<ReadonlyMap<string, number>> {
  await tx.query('select pg_advisory_xact_lock(hashtextextended($1, 0))', [`calls:${tx.tenant}`])
  const rows = await tx.query<{ person: string; calls: number }>(
    `select i.assigned_to as person, count(*)::integer as calls from interventions i
     left join call_outcomes o on o.tenant_id = i.tenant_id and o.intervention_id = i.id and o.status = 'cancelled'
     where i.tenant_id = $1 and i.assigned_to is not null and i.created_at >= $2 and i.created_at < $3
       and budget_class(i.state) <> 'released' and o.status is null and i.id <> all ($4::uuid[])
     group by i.assigned_to`,
    [tx.tenant, start, end, [...except]],
  )
  return new Map(rows.map(({ person, calls }) => [person, calls]))
}
