/** A book of scored and decided customers, put in by SQL: for what only reads it. */
import type { ConnectionId, TenantId } from '../../src/contracts/ids.ts'
import type { TableProfile } from '../../src/contracts/table.ts'
import type { Database } from '../../src/store/database.ts'

/** What the filled scores say they were made with. */
export const BOOK_MODEL = 'a'.repeat(64)

/** Of the properties that {@link fillBook} gives customers. */
export const BOOK_PROFILE: TableProfile = {
  path: 'a file',
  format: 'csv',
  rows: 12,
  columns: (['tenure', 'MonthlyCharges', 'Contract'] as const).map((header) => ({
    header,
    kind: header === 'Contract' ? 'category' : 'number',
    missing: 0,
    distinct: header === 'Contract' ? 1 : 10,
    values: header === 'Contract' ? [{ value: 'Month-to-month', count: 12 }] : [],
    unreadable: 0,
  })),
}

const REASONS = [
  ['contract', 'contract', 'Pays month to month, and can leave at any time.', 0.61, true],
  ['tenureMonths', 'months as a customer', 'Has been a customer for 3 months only.', 0.44, true],
  ['recurringAmount', 'monthly charges', 'Pays 89.40 a month, more than 8 in 10 customers do.', 0.2, true],
  ['techSupport', 'technical support', 'Has technical support.', -0.15, false],
]

/**
 * Customers 1 to `count` of a connection (numbered on from those there are), each with a score; every tenth left the
 * population. One in ten is HIGH, three in ten MEDIUM; amounts are in EUR, every hundredth customer's is unknown.
 *
 * @param decided share with a decision of 2026-11, from the first customers on
 * @returns the first and the last id
 */
export async function fillBook(
  database: Database,
  tenant: TenantId,
  connection: ConnectionId,
  { count, decided = 0 }: { count: number; decided?: number },
): Promise<{ first: number; last: number }> {
  const reasons = JSON.stringify(
    REASONS.map(([feature, label, sentence, contribution, raises]) => ({
      feature,
      label,
      sentence,
      contribution,
      raises,
    })),
  )
  const of = [tenant, connection]
  return database.withTenant(tenant, async (tx) => {
    const [{ first, last }] = await tx.query<{ first: number; last: number }>(
      `with added as (insert into customers (tenant_id, connection_id, object, external_id, name, properties, properties_hash,
         status, group_key, group_name, responsible_id, responsible_name, responsible_email)
       select $1::uuid, $2::uuid, 'rows', 'C-' || n, 'Customer ' || n,
         jsonb_build_object('tenure', n % 72, 'MonthlyCharges', 20 + n % 90, 'Contract', 'Month-to-month'),
         md5(n::text), case when n % 10 = 0 then 'left' else 'active' end, 'C-' || n,
         case when n % 10 = 1 then 'holdout' else 'policy' end, 'u' || n % 7, 'Rep ' || n % 7, 'rep' || n % 7 || '@example.com'
       from generate_series(1, $3::integer) n returning id)
       select min(id) as first, max(id) as last from added`,
      [...of, count],
    )
    await tx.query(
      `insert into scores (tenant_id, customer_id, connection_id, scored_at, as_of, probability, kind, horizon_days,
         monthly_hazard, level, level_since, reasons, data_confidence, monthly_minor, currency, value_at_risk_minor,
         model_hash, feature_set_hash, input_hash, state, context)
       select $1::uuid, id, $2::uuid, '2026-11-20T06:00:00Z', '2026-11-20', p, 'snapshot', null, p / 12,
         case when p >= 0.9 then 'HIGH' when p >= 0.6 then 'MEDIUM' else 'LOW' end, '2026-11-01T06:00:00Z', $4::jsonb,
         0.9, minor, case when minor is null then null else 'EUR' end, round(p * 12 * minor), $5, repeat('b', 64),
         md5(id::text), array[p / 12, 0, 0.1, 0.5, 0.2, 0, 0, 0.3, 0.4, 0.5]::real[],
         jsonb_build_object('monthsToNotice', 1.5)
       from (select id, ((id * 7919) % 10007)::float8 / 10007 as p,
               case when id % 100 = 0 then null else 2000 + (id * 31) % 9000 end as minor
             from customers where tenant_id = $1 and connection_id = $2 and id >= $3) as of_customer`,
      [...of, first, reasons, BOOK_MODEL],
    )
    await tx.query(
      `insert into score_history (tenant_id, customer_id, scored_at, probability, level, model_hash)
       select $1::uuid, customer_id, scored_at, probability, level, model_hash from scores
       where tenant_id = $1 and connection_id = $2 and customer_id >= $3`,
      [...of, first],
    )
    await tx.query(
      `insert into decisions (tenant_id, customer_id, connection_id, period, decided_at, group_name, group_salt_id,
         data_as_of, probability, monthly_hazard, level, state, state_version, feature_set_hash, model_hash,
         policy_hash, settings_version, action_keys, masks, gains, costs, benefits, effect_means, effect_sds, lambda,
         probabilities, action_key, propensity, draw, draw_identity, expected_value_minor, planned_cost_minor,
         currency, monthly_minor)
       select $1::uuid, s.customer_id, $2::uuid, '2026-11', '2026-11-20T06:05:00Z', 'policy', repeat('c', 16), s.as_of,
         s.probability, s.monthly_hazard, s.level, s.state, 1, s.feature_set_hash, s.model_hash, repeat('d', 64), 1,
         array['no_action', 'email', 'sms', 'discount_10', 'discount_20', 'call_discount_30'],
         array['open', 'open', 'no_consent', 'open', 'open', 'capacity_off'],
         array[0, 512, 300, -120, -800, -2000], array[0, 60, 120, 600, 1200, 2100], array[0, 0.9, 0.8, 0.3, 0.2, 0.1],
         array[0, 0.05, 0.06, 0.1, 0.15, 0.2], array[0, 0.02, 0.02, 0.03, 0.03, 0.05], 0,
         array[0.1, 0.9, 0, 0, 0, 0], case when s.probability >= 0.5 then 'email' else 'no_action' end, 0.9, 0.42,
         '["draw"]', case when s.probability >= 0.5 then 512 else 0 end,
         case when s.probability >= 0.5 then 60 else 0 end, 'EUR', s.monthly_minor
       from scores s where s.tenant_id = $1 and s.connection_id = $2 and s.customer_id >= $3
         and s.customer_id < $3::bigint + $4::bigint`,
      [...of, first, Math.round(count * decided)],
    )
    return { first, last }
  })
}
