/** What a book comes to: value at risk by level and currency, and how risk is distributed. */
import { LOW_DATA } from '../../contracts/customer-terms.ts'
import type { ConnectionId, TenantId } from '../../contracts/ids.ts'
import type { Database, Transaction } from '../database.ts'
import type { Level } from '../../contracts/customer-terms.ts'

/** Equal parts of the probability from 0 to 1. */
export const RISK_BINS = 100

export interface Totals {
  /** Scored customers of the population. */
  readonly customers: number
  /** Of them those of whom less than {@link LOW_DATA} is known. */
  readonly lowData: number
  /** Sums over the customers of a level whose amounts are in this currency; null: whose value is unknown. */
  readonly byLevel: readonly LevelTotal[]
  /** Customers in each hundredth of the probability, from [0, .01) to [.99, 1]. */
  readonly distribution: readonly number[]
  /** The same by level: thresholds lie within hundredths, and each connection has its own. */
  readonly distributionByLevel: Readonly<Record<Level, readonly number[]>>
}

export interface LevelTotal {
  readonly level: Level
  readonly currency: string | null
  readonly customers: number
  /** Minor units of `currency`, a year; 0 where it is unknown. */
  readonly valueAtRiskMinor: number
  /** What they pay a year, likewise. */
  readonly yearlyMinor: number
}

/**
 * Goes over the whole book: about 150 ms for 100,000 customers on the embedded database. What is asked for often
 * goes through {@link createTotals}.
 *
 * @example
 * const { byLevel } = await readTotals(tx)
 */
export async function readTotals(tx: Transaction, connection: ConnectionId | null = null): Promise<Totals> {
  const rows = await tx.query<{
    level: Level
    currency: string | null
    bin: number
    customers: number
    lowData: number
    minor: number
    yearly: number
  }>(
    `select s.level, case when s.value_at_risk_minor is null then null else s.currency end as currency,
       least(${RISK_BINS - 1}, floor(s.probability * ${RISK_BINS}))::integer as bin,
       count(*)::integer as customers, coalesce(sum(s.value_at_risk_minor), 0)::bigint as minor,
       coalesce(sum(s.monthly_minor), 0)::bigint * 12 as yearly,
       (count(*) filter (where s.data_confidence < ${LOW_DATA}))::integer as "lowData"
     from scores s join customers c on c.tenant_id = s.tenant_id and c.id = s.customer_id and c.status = 'active'
     where s.tenant_id = $1 and ($2::uuid is null or s.connection_id = $2) group by 1, 2, 3`,
    [tx.tenant, connection],
  )
  const zeros = (): number[] => Array.from({ length: RISK_BINS }, () => 0)
  const distribution = zeros()
  const distributionByLevel = { HIGH: zeros(), MEDIUM: zeros(), LOW: zeros() }
  const byLevel = new Map<string, { -readonly [K in keyof LevelTotal]: LevelTotal[K] }>()
  let few = 0
  for (const { level, currency, bin, customers, lowData, minor, yearly } of rows) {
    few += lowData
    distribution[bin] += customers
    distributionByLevel[level][bin] += customers
    const key = `${level} ${currency}`
    const sum = byLevel.get(key) ?? { level, currency, customers: 0, valueAtRiskMinor: 0, yearlyMinor: 0 }
    sum.customers += customers
    sum.valueAtRiskMinor += minor
    sum.yearlyMinor += yearly
    byLevel.set(key, sum)
  }
  const rank = { HIGH: 0, MEDIUM: 1, LOW: 2 }
  return {
    customers: distribution.reduce((sum, count) => sum + count, 0),
    lowData: few,
    byLevel: [...byLevel.values()].toSorted(
      (a, b) => rank[a.level] - rank[b.level] || b.valueAtRiskMinor - a.valueAtRiskMinor,
    ),
    distribution,
    distributionByLevel,
  }
}

/**
 * Totals that are at most `maxAgeMs` old: however many pages ask, the book is gone over once in that time.
 *
 * @param now milliseconds of a clock that only goes forward, such as `performance.now`
 * @example
 * const totals = createTotals(database, { now: () => performance.now() })
 * await totals(tenant)
 */
export function createTotals(
  database: Database,
  { maxAgeMs = 5000, now }: { maxAgeMs?: number; now: () => number },
): (tenant: TenantId, connection?: ConnectionId | null) => Promise<Totals> {
  const kept = new Map<string, { readonly at: number; readonly totals: Promise<Totals> }>()
  return (tenant, connection = null) => {
    for (const [key, { at }] of kept) if (now() - at >= maxAgeMs) kept.delete(key)
    const key = `${tenant} ${connection}`
    const known = kept.get(key)
    if (known !== undefined) return known.totals
    const totals = database.withTenant(tenant, (tx) => readTotals(tx, connection))
    kept.set(key, { at: now(), totals })
    totals.catch(() => kept.delete(key))
    return totals
  }
}
