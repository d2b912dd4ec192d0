/** Decisions as people read them: what was chosen, and the whole trace of why. */
import type { Level } from '../../contracts/customer-terms.ts'
import { MAY_BE_PERSON } from './persons.ts'
import { z } from 'zod'
import { HoldfastError } from '../../contracts/errors.ts'
import type { ConnectionId, CustomerId, DecisionId } from '../../contracts/ids.ts'
import type { Transaction } from '../database.ts'
import { conditions, exactly, responsibleIs, type Conditions } from './conditions.ts'
import { pageOf, pageSize, readCursor, type Page, type PageRequest } from './paging.ts'

export interface DecisionLine {
  readonly id: DecisionId
  readonly customer: CustomerId
  readonly customerName: string | null
  /** As the CRM names it: `companies`, `contacts`, `Account`. */
  readonly customerObject: string
  /** The name may be that of a person: not everybody is shown it. */
  readonly person: boolean
  readonly connection: ConnectionId
  /** '2026-11', '2026-W47' or '2026-Q4'. */
  readonly period: string
  /** `period`, or what opened another one early. */
  readonly cause: string
  readonly decidedAt: Date
  readonly group: string
  readonly probability: number
  readonly level: Level
  readonly actionKey: string
  /** Probability with which the action was chosen. */
  readonly propensity: number
  /** Minor units of `currency`, over doing nothing; null is unknown. */
  readonly expectedValueMinor: number | null
  readonly plannedCostMinor: number
  readonly currency: string
  readonly stage: DecisionStage
  /** The one that was chosen; where none was, the one that would have been worth most; `no_action` where none would. */
  readonly leadAction: string
  /** Of `held_back`: why the lead action was not possible (models/policy/masks.ts). */
  readonly heldReason: string | null
}

/**
 * How far a decision got (0026-insight.sql). compared: its group is left alone. unvalued: nobody can say what an action is
 * worth. not_worth: none promises more than it costs. held_back: something would be worth it, and none of that was
 * possible. passed_over: something worth it was possible, and the budget does more elsewhere, or chance has it. chosen: an
 * action was chosen.
 */
export const DECISION_STAGES = [
  'compared',
  'unvalued',
  'not_worth',
  'held_back',
  'passed_over',
  'chosen',
] as const
export type DecisionStage = (typeof DECISION_STAGES)[number]

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

export interface DecisionFilter {
  readonly period?: string | undefined
  readonly connection?: ConnectionId | undefined
  readonly customer?: CustomerId | undefined
  /** The one that was chosen. */
  readonly action?: string | undefined
  readonly stage?: readonly DecisionStage[] | undefined
  /** Any of these is the lead action. */
  readonly lead?: readonly string[] | undefined
  /** Why the lead action was not possible. */
  readonly reason?: string | undefined
  readonly group?: string | undefined
  /** Id in the CRM, or e-mail address. */
  readonly responsible?: string | undefined
  readonly from?: Date | undefined
  /** Not included. */
  readonly to?: Date | undefined
}

export interface DecisionQuery extends PageRequest, DecisionFilter {}

/**
 * Newest first.
 *
 * @throws HoldfastError `request_invalid` for a cursor of another list
 * @example
 * await listDecisions(tx, { period: '2026-11', action: 'email' })
 */
export async function listDecisions(tx: Transaction, query: DecisionQuery): Promise<Page<DecisionLine>> {
  const size = pageSize(query)
  const after = readCursor('decisions', query, z.tuple([z.iso.datetime({ precision: 6 }), z.int()]))
  const where = filtered(tx, query)
  if (after !== null) {
    const [at, id] = after.map(where.parameter)
    where.add(`(d.decided_at, d.id) < (${at}::timestamptz, ${id}::bigint)`)
  }
  const rows = await tx.query<DecisionLine & { readonly exact: string }>(
    `select ${DECISION_LINE}, ${exactly('d.decided_at')} as exact ${DECISION_FROM} where ${where.text()}
     order by d.decided_at desc, d.id desc limit ${where.parameter(size + 1)}`,
    where.values,
  )
  const page = pageOf(rows, size, 'decisions', (row) => [row.exact, row.id])
  return { ...page, items: page.items.map(({ exact: _exact, ...line }) => line) }
}

function filtered(tx: Transaction, query: DecisionFilter): Conditions {
  const where = conditions([tx.tenant], 'd.tenant_id = $1')
  where.given(query.period, (it) => `d.period = ${it}`)
  where.given(query.connection, (it) => `d.connection_id = ${it}`)
  where.given(query.customer, (it) => `d.customer_id = ${it}`)
  where.given(query.action, (it) => `d.action_key = ${it}`)
  where.given(query.stage, (it) => `d.stage = any (${it}::text[])`)
  where.given(query.lead, (it) => `d.lead_action = any (${it}::text[])`)
  where.given(query.reason, (it) => `d.held_reason = ${it}`)
  where.given(query.group, (it) => `d.group_name = ${it}`)
  where.given(query.responsible, responsibleIs)
  where.given(query.from, (it) => `d.decided_at >= ${it}`)
  where.given(query.to, (it) => `d.decided_at < ${it}`)
  return where
}

/** The newest decision of a customer, whole; null when there is none. */
export async function newestDecision(tx: Transaction, customer: CustomerId): Promise<DecisionTrace | null> {
  const [row] = await tx.prepared<TraceRow>(
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

/** Several, whole, by their ids; ids of none are left out. */
export async function readDecisions(
  tx: Transaction,
  ids: readonly DecisionId[],
): Promise<ReadonlyMap<DecisionId, DecisionTrace>> {
  if (ids.length === 0) return new Map()
  const rows = await tx.query<TraceRow>(
    `${SELECT_TRACE} where d.tenant_id = $1 and d.id = any ($2::bigint[])`,
    [tx.tenant, [...ids]],
  )
  return new Map(rows.map((row) => [row.id, traceOf(row)]))
}

export const DECISION_LINE = `d.id, d.customer_id as customer, c.name as "customerName", c.object as "customerObject", ${MAY_BE_PERSON} as person,
  d.connection_id as connection,
  d.period, d.cause, d.decided_at as "decidedAt", d.group_name as "group", d.probability, d.level,
  d.action_key as "actionKey", d.propensity, d.expected_value_minor as "expectedValueMinor",
  d.planned_cost_minor as "plannedCostMinor", d.currency, d.stage, d.lead_action as "leadAction",
  d.held_reason as "heldReason"`

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
