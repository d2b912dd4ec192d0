/** Decisions as people read them: what was chosen, and the whole trace of why. */
import { z } from 'zod'
import { HoldfastError } from '../../contracts/errors.ts'
import type { ConnectionId, CustomerId, DecisionId } from '../../contracts/ids.ts'
import type { Transaction } from '../database.ts'
import { pageOf, pageSize, readCursor, type Page, type PageRequest } from './paging.ts'

export interface DecisionLine {
  readonly id: DecisionId
  readonly customer: CustomerId
  readonly customerName: string | null
  readonly connection: ConnectionId
  /** '2026-11', '2026-W47' or '2026-Q4'. */
  readonly period: string
  /** `period`, or what opened another one early. */
  readonly cause: string
  readonly decidedAt: Date
  readonly group: string
  readonly probability: number
  readonly level: 'HIGH' | 'MEDIUM' | 'LOW'
  readonly actionKey: string
  /** Probability with which the action was chosen. */
  readonly propensity: number
  /** Minor units of `currency`, over doing nothing; null is unknown. */
  readonly expectedValueMinor: number | null
  readonly plannedCostMinor: number
  readonly currency: string
}

/** One action as it was weighed; amounts in minor units of the decision's currency, null is unknown. */
export interface WeighedAction {
  readonly key: string
  /** `open`, or why it was masked (models/policy/masks.ts). */
  readonly masked: string
  readonly expectedValueMinor: number | null
  readonly costMinor: number | null
  /** Probability that it does more good than harm; null where the policy does not say. */
  readonly benefit: number | null
  /** What the policy believed: relative reduction of the hazard. */
  readonly effectMean: number | null
  readonly effectSd: number | null
  /** Probability of being drawn. */
  readonly probability: number
}

export interface DecisionTrace extends DecisionLine {
  readonly actions: readonly WeighedAction[]
  /** Uniform in [0, 1), reproducible from `drawIdentity`. */
  readonly draw: number
  readonly drawIdentity: string
  /** Price on the budget when this was allocated. */
  readonly budgetPrice: number
  /** 'YYYY-MM-DD': the day that the data described. */
  readonly dataAsOf: string
  readonly monthlyHazard: number
  readonly monthlyMinor: number | null
  readonly modelHash: string
  readonly featureSetHash: string
  readonly policyHash: string
  readonly settingsVersion: number
}

export interface DecisionQuery extends PageRequest {
  readonly period?: string | undefined
  readonly connection?: ConnectionId | undefined
  readonly customer?: CustomerId | undefined
  readonly action?: string | undefined
}

/**
 * Newest first.
 *
 * @throws HoldfastError `request_invalid` for a cursor of another list
 * @example
 * await listDecisions(tx, { period: '2026-11', action: 'email' })
 */
export async function listDecisions(tx: Transaction, query: DecisionQuery): Promise<Page<DecisionLine>> {
  const size = pageSize(query)
  const after = readCursor('decisions', query, z.tuple([z.int()]))
  const values: unknown[] = [tx.tenant]
  const parameter = (value: unknown): string => `$${values.push(value)}`
  const where = ['d.tenant_id = $1']
  if (after !== null) where.push(`d.id < ${parameter(after[0])}`)
  if (query.period !== undefined) where.push(`d.period = ${parameter(query.period)}`)
  if (query.connection !== undefined) where.push(`d.connection_id = ${parameter(query.connection)}`)
  if (query.customer !== undefined) where.push(`d.customer_id = ${parameter(query.customer)}`)
  if (query.action !== undefined) where.push(`d.action_key = ${parameter(query.action)}`)
  const rows = await tx.query<DecisionLine>(
    `select ${DECISION_LINE} ${DECISION_FROM} where ${where.join(' and ')}
     order by d.id desc limit ${parameter(size + 1)}`,
    values,
  )
  return pageOf(rows, size, 'decisions', (row) => [row.id])
}

/** The newest decision of a customer, whole; null when there is none. */
export async function newestDecision(tx: Transaction, customer: CustomerId): Promise<DecisionTrace | null> {
  const [row] = await tx.query<TraceRow>(
    `${SELECT_TRACE} where d.tenant_id = $1 and d.customer_id = $2
     order by d.decided_at desc, d.id desc limit 1`,
    [tx.tenant, customer],
  )
  return row === undefined ? null : traceOf(row)
}

/**
 * One decision, whole.
 *
 * @throws HoldfastError `not_found`
 */
export async function readDecision(tx: Transaction, id: DecisionId): Promise<DecisionTrace> {
  const [row] = await tx.query<TraceRow>(`${SELECT_TRACE} where d.tenant_id = $1 and d.id = $2`, [
    tx.tenant,
    id,
  ])
  if (row === undefined)
    throw new HoldfastError('not_found', `There is no decision ${id}. GET /v1/decisions lists them.`)
  return traceOf(row)
}

export const DECISION_LINE = `d.id, d.customer_id as customer, c.name as "customerName", d.connection_id as connection,
  d.period, d.cause, d.decided_at as "decidedAt", d.group_name as "group", d.probability, d.level,
  d.action_key as "actionKey", d.propensity, d.expected_value_minor as "expectedValueMinor",
  d.planned_cost_minor as "plannedCostMinor", d.currency`

export const DECISION_FROM = `from decisions d
  join customers c on c.tenant_id = d.tenant_id and c.id = d.customer_id`

const SELECT_TRACE = `select ${DECISION_LINE}, d.draw, d.draw_identity as "drawIdentity", d.lambda as "budgetPrice",
  d.data_as_of as "dataAsOf", d.monthly_hazard as "monthlyHazard", d.monthly_minor as "monthlyMinor",
  d.model_hash as "modelHash", d.feature_set_hash as "featureSetHash", d.policy_hash as "policyHash",
  d.settings_version as "settingsVersion", d.action_keys, d.masks, d.gains, d.costs, d.benefits,
  d.effect_means, d.effect_sds, d.probabilities ${DECISION_FROM}`

interface TraceRow extends Omit<DecisionTrace, 'actions'> {
  readonly action_keys: readonly string[]
  readonly masks: readonly string[]
  readonly gains: readonly (number | null)[]
  readonly costs: readonly (number | null)[]
  readonly benefits: readonly (number | null)[] | null
  readonly effect_means: readonly number[]
  readonly effect_sds: readonly number[]
  readonly probabilities: readonly number[]
}

function traceOf(row: TraceRow): DecisionTrace {
  const { action_keys, masks, gains, costs, benefits, effect_means, effect_sds, probabilities, ...trace } =
    row
  return {
    ...trace,
    actions: action_keys.map((key, a) => ({
      key,
      masked: masks[a],
      expectedValueMinor: wholeOr(gains[a]),
      costMinor: wholeOr(costs[a]),
      benefit: benefits?.[a] ?? null,
      effectMean: knownOr(effect_means[a]),
      effectSd: knownOr(effect_sds[a]),
      probability: probabilities[a],
    })),
  }
}

/** NaN: the policy did not know the action yet. */
function knownOr(belief: number): number | null {
  return Number.isFinite(belief) ? belief : null
}

/** The log keeps parts of a cent; NaN and null are unknown. */
function wholeOr(minor: number | null): number | null {
  return minor === null || !Number.isFinite(minor) ? null : Math.round(minor)
}
