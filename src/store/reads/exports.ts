/** Whole tables, a page at a time in the order of their keys: however long they are, a page is what is held. */
import type { TenantId } from '../../contracts/ids.ts'
import type { Database, Transaction } from '../database.ts'

export type ExportName = 'customers' | 'decisions' | 'interventions'

/** One row, by column in the order of the file. */
export type ExportRow = Readonly<Record<string, unknown>> & { readonly id: string | number }

const PAGE = 1000

interface ExportTable {
  /** By name, in the order of the file. */
  readonly columns: Readonly<Record<string, string>>
  readonly from: string
  /** Of the table that pages go by. */
  readonly alias: string
  readonly idType: 'bigint' | 'uuid'
}

const tables: Readonly<Record<ExportName, ExportTable>> = {
  customers: {
    columns: {
      id: 'c.id',
      connection: 'c.connection_id',
      object: 'c.object',
      externalId: 'c.external_id',
      name: 'c.name',
      status: 'c.status',
      group: 'c.group_name',
      responsible: 'c.responsible_name',
      probability: 's.probability',
      kind: 's.kind',
      horizonDays: 's.horizon_days',
      level: 's.level',
      levelSince: 's.level_since',
      reasons: `(select string_agg(r ->> 'sentence', ' ' order by n) from jsonb_array_elements(s.reasons) with ordinality as e (r, n))`,
      dataConfidence: 's.data_confidence',
      valueAtRiskMinor: 's.value_at_risk_minor',
      monthlyMinor: 's.monthly_minor',
      currency: 's.currency',
      scoredAt: 's.scored_at',
      modelHash: 's.model_hash',
      period: 'd.period',
      suggestedAction: 'd.action_key',
      interventionState: 'i.state',
    },
    from: `customers c
      left join scores s on s.tenant_id = c.tenant_id and s.customer_id = c.id
      left join lateral (
        select period, action_key from decisions where tenant_id = c.tenant_id and customer_id = c.id
        order by decided_at desc, id desc limit 1
      ) d on true
      left join lateral (
        select state from interventions where tenant_id = c.tenant_id and customer_id = c.id
        order by created_at desc, id limit 1
      ) i on true`,
    alias: 'c',
    idType: 'bigint',
  },
  decisions: {
    columns: {
      id: 'd.id',
      customer: 'd.customer_id',
      externalId: 'c.external_id',
      connection: 'd.connection_id',
      period: 'd.period',
      cause: 'd.cause',
      decidedAt: 'd.decided_at',
      group: 'd.group_name',
      dataAsOf: 'd.data_as_of',
      probability: 'd.probability',
      monthlyHazard: 'd.monthly_hazard',
      level: 'd.level',
      actionKey: 'd.action_key',
      propensity: 'd.propensity',
      expectedValueMinor: 'd.expected_value_minor',
      plannedCostMinor: 'd.planned_cost_minor',
      currency: 'd.currency',
      monthlyMinor: 'd.monthly_minor',
      actionKeys: 'd.action_keys',
      masks: 'd.masks',
      gains: 'd.gains',
      costs: 'd.costs',
      benefits: 'd.benefits',
      probabilities: 'd.probabilities',
      effectMeans: 'd.effect_means',
      effectSds: 'd.effect_sds',
      budgetPrice: 'd.lambda',
      draw: 'd.draw',
      drawIdentity: 'd.draw_identity',
      state: 'd.state',
      stateVersion: 'd.state_version',
      modelHash: 'd.model_hash',
      featureSetHash: 'd.feature_set_hash',
      policyHash: 'd.policy_hash',
      settingsVersion: 'd.settings_version',
    },
    from: 'decisions d join customers c on c.tenant_id = d.tenant_id and c.id = d.customer_id',
    alias: 'd',
    idType: 'bigint',
  },
  interventions: {
    columns: {
      id: 'i.id',
      customer: 'i.customer_id',
      externalId: 'c.external_id',
      connection: 'i.connection_id',
      decision: 'i.decision_id',
      actionKey: 'i.action_key',
      channel: 'i.channel',
      state: 'i.state',
      reasonCode: 'i.reason_code',
      reason: 'i.reason',
      dueAt: 'i.due_at',
      expiresAt: 'i.expires_at',
      attempts: 'i.attempts',
      plannedCostMinor: 'i.planned_cost_minor',
      actualCostMinor: 'i.actual_cost_minor',
      currency: 'i.currency',
      createdBy: 'i.created_by',
      createdAt: 'i.created_at',
      updatedAt: 'i.updated_at',
      sentAt: 'i.sent_at',
      providerId: 'i.provider_id',
    },
    from: 'interventions i join customers c on c.tenant_id = i.tenant_id and c.id = i.customer_id',
    alias: 'i',
    idType: 'uuid',
  },
}

/** @returns names in the order of the file */
export function exportColumns(name: ExportName): readonly string[] {
  return Object.keys(tables[name].columns)
}

/**
 * Pages of a whole table, each read in a transaction of its own when it is asked for; at least one, which is empty
 * where there is nothing.
 *
 * @example
 * for await (const rows of exportPages(database, tenant, 'customers')) …
 */
export async function* exportPages(
  database: Database,
  tenant: TenantId,
  name: ExportName,
): AsyncGenerator<readonly ExportRow[], void> {
  const read = (after: string | number | null) =>
    database.withTenant(tenant, (tx) => readPage(tx, name, after))
  let rows = await read(null)
  yield rows
  while (rows.length === PAGE) {
    rows = await read(rows[PAGE - 1].id)
    if (rows.length > 0) yield rows
  }
}

function readPage(tx: Transaction, name: ExportName, after: string | number | null): Promise<ExportRow[]> {
  const { columns, from, alias, idType } = tables[name]
  const selected = Object.entries(columns).map(([column, sql]) => `${sql} as "${column}"`)
  const beyond = after === null ? '' : `and ${alias}.id > $3::${idType}`
  return tx.query<ExportRow>(
    `select ${selected.join(', ')} from ${from} where ${alias}.tenant_id = $1 ${beyond} order by ${alias}.id limit $2`,
    after === null ? [tx.tenant, PAGE] : [tx.tenant, PAGE, after],
  )
}
