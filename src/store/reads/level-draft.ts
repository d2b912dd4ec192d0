/** Customers and money by level, as they would be under other thresholds. */
import type { ConnectionId } from '../../contracts/ids.ts'
import type { Transaction } from '../database.ts'
import type { Level } from '../../contracts/customer-terms.ts'

export interface DraftThresholds {
  readonly high: number
  readonly medium: number
  /** A probability has to be above, not at, a threshold. */
  readonly strict: boolean
}

export interface DraftedLevel {
  readonly level: Level
  /** As it is now. */
  readonly was: Level
  /** Null: the value is unknown. */
  readonly currency: string | null
  readonly customers: number
  readonly valueAtRiskMinor: number
  /** What the scores say: a chance within so many days; null: a snapshot. */
  readonly horizonDays: number | null
}

/** Goes over the book of one connection, as `readTotals` does. */
export async function levelsUnder(
  tx: Transaction,
  connection: ConnectionId,
  { high, medium, strict }: DraftThresholds,
): Promise<readonly DraftedLevel[]> {
  const reaches = strict ? '>' : '>='
  return tx.query<DraftedLevel>(
    `select case when s.probability::float8 ${reaches} $3 then 'HIGH'
         when s.probability::float8 ${reaches} $4 then 'MEDIUM' else 'LOW' end as level,
       s.level as was,
       case when s.value_at_risk_minor is null then null else s.currency end as currency,
       case when s.kind = 'horizon' then s.horizon_days end as "horizonDays",
       count(*)::integer as customers, coalesce(sum(s.value_at_risk_minor), 0)::bigint as "valueAtRiskMinor"
     from scores s join customers c on c.tenant_id = s.tenant_id and c.id = s.customer_id and c.status = 'active'
     where s.tenant_id = $1 and s.connection_id = $2 group by 1, 2, 3, 4`,
    [tx.tenant, connection, high, medium],
  )
}

/** How many customers of a connection are scored. */
export async function countScored(tx: Transaction, connection: ConnectionId): Promise<number> {
  const [{ many }] = await tx.query<{ many: number }>(
    `select count(*)::integer as many from scores s
     join customers c on c.tenant_id = s.tenant_id and c.id = s.customer_id and c.status = 'active'
     where s.tenant_id = $1 and s.connection_id = $2`,
    [tx.tenant, connection],
  )
  return many
}

/** The highest probabilities of a connection's customers, at most `most`, in any order. */
export async function highestProbabilities(
  tx: Transaction,
  connection: ConnectionId,
  most: number,
): Promise<readonly number[]> {
  const rows = await tx.query<{ p: number }>(
    `select s.probability::float8 as p from scores s
     join customers c on c.tenant_id = s.tenant_id and c.id = s.customer_id and c.status = 'active'
     where s.tenant_id = $1 and s.connection_id = $2 order by s.probability desc limit $3`,
    [tx.tenant, connection, most],
  )
  return rows.map(({ p }) => p)
}
