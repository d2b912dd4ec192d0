/** What decisions are made from, and the append-only log that they leave. */
import type { Level } from '../contracts/customer-terms.ts'
import type { ConnectionId, RunId } from '../contracts/ids.ts'
import type { Transaction } from './database.ts'
import { preferKeys } from './prefer-keys.ts'

/** Decisions of one tenant are written by one pass at a time: what is left of budget and places is shared by all. */
export async function lockDecisions(tx: Transaction): Promise<void> {
  await tx.query('select pg_advisory_xact_lock(hashtextextended($1, 0))', [`decide:${tx.tenant}`])
}

/** The newest decision of the tenant; another one than before: somebody has decided meanwhile. 0: none. */
export async function newestDecision(tx: Transaction): Promise<number> {
  const [row] = await tx.query<{ id: number }>(
    'select id from decisions where tenant_id = $1 order by id desc limit 1',
    [tx.tenant],
  )
  return row?.id ?? 0
}

export interface UndecidedRow {
  readonly id: number
  readonly object: string
  readonly external_id: string
  readonly group_name: string
  /** Of the score: the log takes from it only while it is the same. */
  readonly version: string
  readonly monthly_hazard: number
  readonly level: Level
  readonly state: readonly number[]
  readonly monthly_minor: number | null
  readonly currency: string | null
  readonly context: Readonly<Record<string, number>>
  /** 'YYYY-MM-DD', the next one of any agreement. */
  readonly renewal_date: string | null
}

/**
 * Customers of the population without a decision of this period and cause, whose score is of what is known of them
 * now: whoever waits to be rescored waits here too. In the order of their ids.
 */
export async function undecidedCustomers(
  tx: Transaction,
  {
    connection,
    period,
    cause,
    after,
    limit,
    now,
  }: { connection: ConnectionId; period: string; cause: string; after: number; limit: number; now: Date },
): Promise<readonly UndecidedRow[]> {
  await preferKeys(tx)
  // By another key the whole connection would be read and sorted for each page; and as "not exists" the decisions would
  // be joined, which without statistics may read all of the period for each customer.
  await tx.query(`select set_config('enable_sort', 'off', true)`)
  const rows = await tx.query<Omit<UndecidedRow, 'state'> & { state: string }>(
    `select c.id, c.object, c.external_id, c.group_name, s.xmin::text as version, s.monthly_hazard, s.level,
       array_to_string(s.state, ',') as state, s.monthly_minor, s.currency, s.context, (
         select min(a.renewal_date) from agreements a
         where a.tenant_id = c.tenant_id and a.customer_id = c.id
           and a.renewal_date >= ($7::timestamptz at time zone 'UTC')::date) as renewal_date
     from customers c join scores s on s.tenant_id = c.tenant_id and s.customer_id = c.id
     where c.tenant_id = $1 and c.connection_id = $2 and c.id > $5 and c.status = 'active'
       and c.score_due_at is null and (
         select d.id from decisions d
         where d.tenant_id = $1 and d.customer_id = c.id and d.period = $3 and d.cause = $4) is null
     order by c.id limit $6`,
    [tx.tenant, connection, period, cause, after, limit, now],
  )
  // An array's own text takes the client ten times as long to read.
  return rows.map((row) => ({ ...row, state: row.state.split(',').map(Number) }))
}

/** What all decisions of a pass have in common. */
export interface DecisionFrame {
  readonly connection: ConnectionId
  readonly period: string
  readonly cause: string
  readonly decidedAt: Date
  readonly run: RunId
  readonly groupSaltId: string
  readonly stateVersion: number
  readonly policyHash: string
  readonly settingsVersion: number
  readonly actionKeys: readonly string[]
  readonly effectMeans: readonly number[]
  readonly effectSds: readonly number[]
  readonly lambda: number
  readonly currency: string
}

/** One decision; arrays are in the order of the action keys, amounts in minor units of the frame's currency. */
export interface NewDecision {
  readonly customer: number
  readonly groupName: string
  readonly scoreVersion: string
  readonly masks: readonly string[]
  /** NaN where it cannot be said. */
  readonly gains: ArrayLike<number>
  readonly costs: ArrayLike<number>
  /** null where the policy does not say. */
  readonly benefits: ArrayLike<number> | null
  readonly probabilities: ArrayLike<number>
  readonly actionKey: string
  readonly propensity: number
  readonly draw: number
  readonly drawIdentity: string
  readonly expectedValueMinor: number | null
  readonly plannedCostMinor: number
  readonly monthlyMinor: number | null
  /** 'YYYY-MM-DD'. */
  readonly renewalDate: string | null
}

/**
 * Appends decisions. What they were made from (state, risk, models) is copied from the score, as long as that is the
 * one that was read.
 *
 * Columns travel as arrays and a row's own arrays as text: of what was tried on the embedded database this costs
 * least (about 110 us a row there, JSON half as much again).
 *
 * @param rows at least one, in the order of their customers: only that range of scores is looked at
 * @returns the id by customer; left out is who was decided on or rescored meanwhile
 */
export async function appendDecisions(
  tx: Transaction,
  frame: DecisionFrame,
  rows: readonly NewDecision[],
): Promise<Map<number, number>> {
  const added = await tx.query<{ id: number; customer_id: number }>(APPEND, [
    tx.tenant,
    frame.connection,
    frame.period,
    frame.cause,
    frame.decidedAt,
    frame.run,
    frame.groupSaltId,
    frame.stateVersion,
    frame.policyHash,
    frame.settingsVersion,
    frame.actionKeys,
    frame.effectMeans,
    frame.effectSds,
    frame.lambda,
    frame.currency,
    rows.map((row) => row.customer),
    rows.map((row) => row.scoreVersion),
    rows.map((row) => `{${row.masks.join()}}`),
    rows.map((row) => numbers(row.gains)),
    rows.map((row) => numbers(row.costs)),
    rows.map((row) => (row.benefits === null ? null : numbers(row.benefits))),
    rows.map((row) => numbers(row.probabilities)),
    rows.map((row) => row.actionKey),
    rows.map((row) => row.propensity),
    rows.map((row) => row.draw),
    rows.map((row) => row.drawIdentity),
    rows.map((row) => row.expectedValueMinor),
    rows.map((row) => row.plannedCostMinor),
    rows.map((row) => row.monthlyMinor),
    rows.map((row) => row.groupName),
    rows.map((row) => row.renewalDate),
    rows[0].customer,
    rows[rows.length - 1].customer,
  ])
  return new Map(added.map((row) => [row.customer_id, row.id]))
}

/** As PostgreSQL writes an array; every digit is kept, so that the log can be computed with. */
function numbers(values: ArrayLike<number>): string {
  let text = '{'
  for (let at = 0; at < values.length; at++) {
    if (at > 0) text += ','
    text += Number.isNaN(values[at]) ? 'NULL' : String(values[at])
  }
  return `${text}}`
}

const APPEND = `
  insert into decisions (tenant_id, connection_id, period, cause, decided_at, run_id, group_salt_id, state_version,
    policy_hash, settings_version, action_keys, effect_means, effect_sds, lambda, currency,
    customer_id, group_name, data_as_of, probability, monthly_hazard, level, state, feature_set_hash, model_hash,
    masks, gains, costs, benefits, probabilities, action_key, propensity, draw, draw_identity,
    expected_value_minor, planned_cost_minor, monthly_minor, renewal_date)
  select $1::uuid, $2::uuid, $3::text, $4::text, $5::timestamptz, $6::uuid, $7::text, $8::integer,
    $9::text, $10::integer, $11::text[], $12::real[], $13::real[], $14::float8, $15::text,
    r.customer, r.group_name, s.as_of, s.probability, s.monthly_hazard, s.level, s.state, s.feature_set_hash,
    s.model_hash, r.masks::text[], r.gains::float8[], r.costs::float8[], r.benefits::real[],
    r.probabilities::float8[], r.action_key, r.propensity, r.draw, r.draw_identity, r.expected, r.planned, r.monthly,
    r.renewal::date
  from unnest($16::bigint[], $17::text[], $18::text[], $19::text[], $20::text[], $21::text[], $22::text[],
    $23::text[], $24::float8[], $25::float8[], $26::text[], $27::bigint[], $28::bigint[], $29::bigint[], $30::text[],
    $31::text[])
    as r (customer, version, masks, gains, costs, benefits, probabilities, action_key, propensity, draw,
      draw_identity, expected, planned, monthly, group_name, renewal)
  join scores s on s.tenant_id = $1 and s.customer_id = r.customer and s.xmin::text = r.version
    and s.customer_id between $32 and $33
  on conflict (tenant_id, customer_id, period, cause) do nothing
  returning id, customer_id`
