/** The report: what a period's decisions come to, and every customer as the reference plan has it. */
import type { TenantId } from '../../contracts/ids.ts'
import type { Database, Transaction } from '../database.ts'

/** Decisions of a period by action; one a customer. */
export interface DecidedAction {
  readonly key: string
  readonly customers: number
  readonly currency: string
  readonly costMinor: number
  /** Of those whose worth can be said. */
  readonly expectedMinor: number
}

export function decidedActions(tx: Transaction, period: string): Promise<DecidedAction[]> {
  return tx.query<DecidedAction>(
    `select d.action_key as key, count(*)::integer as customers, d.currency, sum(d.planned_cost_minor)::bigint as "costMinor",
       coalesce(sum(d.expected_value_minor), 0)::bigint as "expectedMinor"
     from decisions d join customers c on c.tenant_id = d.tenant_id and c.id = d.customer_id and c.status = 'active'
     where d.tenant_id = $1 and d.period = $2 and d.cause = 'period' group by d.action_key, d.currency
     order by customers desc, key, d.currency`,
    [tx.tenant, period],
  )
}

/** One customer of the reference plan; null: not known, not scored, or not decided on. */
export interface ReportRow {
  readonly id: number
  readonly customer: string
  readonly tenureMonths: number | null
  readonly monthlyMinor: number | null
  readonly currency: string | null
  readonly probability: number | null
  readonly level: string | null
  readonly actionKey: string | null
  readonly costMinor: number | null
  readonly costCurrency: string | null
}

const PAGE = 2000

/** The population in the order of our numbers, a page at a time; at least one page, which is empty where there is nobody. */
export async function* reportPages(
  database: Database,
  tenant: TenantId,
  period: string,
): AsyncGenerator<readonly ReportRow[], void> {
  for (let after = 0; ;) {
    const rows = await database.withTenant(tenant, (tx) => readPage(tx, period, after))
    yield rows
    if (rows.length < PAGE) return
    after = rows[PAGE - 1].id
  }
}

function readPage(tx: Transaction, period: string, after: number): Promise<ReportRow[]> {
  return tx.query<ReportRow>(
    `select c.id, c.external_id as customer, (s.context ->> 'tenureMonths')::float8 as "tenureMonths",
       s.monthly_minor as "monthlyMinor", s.currency, s.probability, s.level, d.action_key as "actionKey",
       d.planned_cost_minor as "costMinor", d.currency as "costCurrency"
     from (select id, external_id from customers where tenant_id = $1 and status = 'active' and id > $2 order by id limit $4) c
     left join scores s on s.tenant_id = $1 and s.customer_id = c.id
     left join decisions d on d.tenant_id = $1 and d.customer_id = c.id and d.period = $3 and d.cause = 'period'
     order by c.id`,
    [tx.tenant, after, period, PAGE],
  )
}
