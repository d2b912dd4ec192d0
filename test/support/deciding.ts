/** Decisions as a test wants them, past the policy: what was chosen, and what was weighed. */
import type { ConnectionId, CustomerId, DecisionId, TenantId } from '../../src/contracts/ids.ts'
import type { Database } from '../../src/store/database.ts'

export interface WantedDecision {
  readonly group?: string
  readonly action?: string
  /** By action: what it was worth, minor units (null: unknown), and why it was masked (`open`: it was not). */
  readonly weighed?: Readonly<Record<string, readonly [gain: number | null, mask: string]>>
  readonly at?: string
  readonly period?: string
  readonly expectedValueMinor?: number | null
  readonly plannedCostMinor?: number
}

export async function addDecision(
  database: Database,
  { tenant, connection, customer }: { tenant: TenantId; connection: ConnectionId; customer: CustomerId },
  {
    group = 'policy',
    action = 'no_action',
    weighed = {},
    at = '2026-11-20T06:00:00Z',
    period = '2026-11',
    expectedValueMinor = null,
    plannedCostMinor = 0,
  }: WantedDecision = {},
): Promise<DecisionId> {
  const keys = ['no_action', ...Object.keys(weighed)]
  const of = Object.values(weighed)
  const zeros = keys.map(() => 0)
  const [{ id }] = await database.withTenant(tenant, (tx) =>
    tx.query<{ id: DecisionId }>(
      `insert into decisions (tenant_id, customer_id, connection_id, period, decided_at, group_name, group_salt_id,
         data_as_of, probability, monthly_hazard, level, state, state_version, feature_set_hash, model_hash, policy_hash,
         settings_version, action_keys, masks, gains, costs, effect_means, effect_sds, lambda, probabilities, action_key,
         propensity, draw, draw_identity, expected_value_minor, planned_cost_minor, currency)
       values ($1, $2, $3, $4, $5, $6, 'salt', '2026-11-20', 0.5, 0.05, 'HIGH', '{}', 1, 'f', 'm', 'p', 0, $7, $8, $9,
         $10::float8[], $10::float8[]::real[], $10::float8[]::real[], 0, $10::float8[], $11, 1, 0.5, '["draw"]', $12, $13,
         'EUR') returning id`,
      [
        tenant,
        customer,
        connection,
        period,
        at,
        group,
        keys,
        ['open', ...of.map(([, mask]) => mask)],
        [0, ...of.map(([gain]) => gain)],
        zeros,
        action,
        expectedValueMinor,
        plannedCostMinor,
      ],
    ),
  )
  return id
}
