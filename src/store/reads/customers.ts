/** Customers as lists show them: the score in force, why, and what was suggested and done last. */
import { z } from 'zod'
import type { ConnectionId, CustomerId, DecisionId, InterventionId } from '../../contracts/ids.ts'
import type { Transaction } from '../database.ts'
import { pageOf, pageSize, readCursor, type Page, type PageRequest } from './paging.ts'

export interface Reason {
  readonly feature: string
  readonly label: string
  readonly sentence: string
  /** Log-odds. */
  readonly contribution: number
  readonly raises: boolean
}

export type Level = 'HIGH' | 'MEDIUM' | 'LOW'
export type CustomerStatus = 'active' | 'left' | 'deleted'

export interface CustomerLine {
  readonly id: CustomerId
  readonly connection: ConnectionId
  readonly object: string
  readonly externalId: string
  readonly name: string | null
  readonly status: CustomerStatus
  readonly group: 'holdout' | 'usual' | 'policy' | 'exempt'
  readonly responsible: string | null
  readonly probability: number
  readonly level: Level
  readonly levelSince: Date
  readonly reasons: readonly Reason[]
  /** Minor units of `currency`, a year. */
  readonly valueAtRiskMinor: number | null
  /** Minor units of `currency`, a month. */
  readonly monthlyMinor: number | null
  readonly currency: string | null
  readonly scoredAt: Date
  /** The newest one. */
  readonly decision: {
    readonly id: DecisionId
    readonly period: string
    readonly actionKey: string
    /** Minor units of `currency`; null is unknown. */
    readonly expectedValueMinor: number | null
    readonly currency: string
    readonly decidedAt: Date
  } | null
  /** The newest one. */
  readonly intervention: {
    readonly id: InterventionId
    readonly actionKey: string
    readonly state: string
    readonly updatedAt: Date
  } | null
}

export interface CustomerQuery extends PageRequest {
  /** `value` at risk (default) or `probability`, highest first. */
  readonly sort?: 'value' | 'probability' | undefined
  readonly level?: Level | undefined
  readonly connection?: ConnectionId | undefined
  /** Default `active`. */
  readonly status?: CustomerStatus | undefined
  /** The record's id in the CRM: the one customer, or one of each object that has this id. */
  readonly externalId?: string | undefined
}

/**
 * Scored customers, those with the most value at risk (or the highest probability) first; unknown value last.
 *
 * @throws HoldfastError `request_invalid` for a cursor of another list
 * @example
 * const { items, next } = await listCustomers(tx, { level: 'HIGH', limit: 20 })
 */
export async function listCustomers(tx: Transaction, query: CustomerQuery): Promise<Page<CustomerLine>> {
  const sort = query.sort ?? 'value'
  const size = pageSize(query)
  const order = `customers by ${sort}`
  const after = readCursor(order, query, position)
  const rows: CustomerLine[] = []
  // Unknown values come last, as a range of the index of their own: neither range scans what the other holds.
  if (after === null || after[0] !== null)
    rows.push(...(await readRange(tx, query, size + 1, bySort[sort], after)))
  if (sort === 'value' && rows.length <= size) {
    const from = after === null || after[0] !== null ? null : after
    rows.push(...(await readRange(tx, query, size + 1 - rows.length, unvalued, from)))
  }
  return pageOf(rows, size, order, (row) => [
    sort === 'value' ? row.valueAtRiskMinor : row.probability,
    row.id,
  ])
}

const position = z.tuple([z.number().nullable(), z.int()])

interface Range {
  readonly within: string
  /** Continues after the sort value $2 and the id $3. */
  readonly after: string
  readonly order: string
}

const bySort: Readonly<Record<'value' | 'probability', Range>> = {
  value: {
    within: 's.value_at_risk_minor is not null',
    after:
      's.value_at_risk_minor <= $2::bigint and (s.value_at_risk_minor < $2::bigint or s.customer_id > $3::bigint)',
    order: 's.value_at_risk_minor desc nulls last, s.customer_id',
  },
  probability: {
    within: 'true',
    after: 's.probability <= $2::real and (s.probability < $2::real or s.customer_id > $3::bigint)',
    order: 's.probability desc, s.customer_id',
  },
}

const unvalued: Range = {
  within: 's.value_at_risk_minor is null',
  after: 's.value_at_risk_minor is null and ($2::bigint is null and s.customer_id > $3::bigint)',
  order: 's.customer_id',
}

async function readRange(
  tx: Transaction,
  { level, connection, status = 'active', externalId }: CustomerQuery,
  limit: number,
  range: Range,
  after: z.infer<typeof position> | null,
): Promise<CustomerLine[]> {
  const values: unknown[] = [tx.tenant]
  const parameter = (value: unknown): string => `$${values.push(value)}`
  const where = ['s.tenant_id = $1']
  if (after === null) where.push(range.within)
  else {
    values.push(...after)
    where.push(range.after)
  }
  where.push(`c.status = ${parameter(status)}`)
  if (level !== undefined) where.push(`s.level = ${parameter(level)}`)
  if (connection !== undefined) where.push(`s.connection_id = ${parameter(connection)}`)
  if (externalId !== undefined) where.push(`c.external_id = ${parameter(externalId)}`)
  const rows = await tx.query<LineRow>(
    `select ${LINE} ${FROM} where ${where.join(' and ')} order by ${range.order} limit ${parameter(limit)}`,
    values,
  )
  return rows.map(lineOf)
}

const LINE = `c.id, c.connection_id as connection, c.object, c.external_id as "externalId", c.name, c.status,
  c.group_name as "group", c.responsible_name as responsible,
  s.probability, s.level, s.level_since as "levelSince", s.reasons, s.value_at_risk_minor as "valueAtRiskMinor",
  s.monthly_minor as "monthlyMinor", s.currency, s.scored_at as "scoredAt",
  d.id as "decisionId", d.period, d.action_key as "decisionAction", d.expected_value_minor as "expectedValueMinor",
  d.currency as "decisionCurrency", d.decided_at as "decidedAt",
  i.id as "interventionId", i.action_key as "interventionAction", i.state, i.updated_at as "updatedAt"`

const FROM = `from scores s
  join customers c on c.tenant_id = s.tenant_id and c.id = s.customer_id
  left join lateral (
    select id, period, action_key, expected_value_minor, currency, decided_at from decisions
    where tenant_id = s.tenant_id and customer_id = s.customer_id order by decided_at desc, id desc limit 1
  ) d on true
  left join lateral (
    select id, action_key, state, updated_at from interventions
    where tenant_id = s.tenant_id and customer_id = s.customer_id order by created_at desc, id limit 1
  ) i on true`

interface LineRow extends Omit<CustomerLine, 'decision' | 'intervention'> {
  readonly decisionId: DecisionId | null
  readonly period: string
  readonly decisionAction: string
  readonly expectedValueMinor: number | null
  readonly decisionCurrency: string
  readonly decidedAt: Date
  readonly interventionId: InterventionId | null
  readonly interventionAction: string
  readonly state: string
  readonly updatedAt: Date
}

function lineOf(row: LineRow): CustomerLine {
  const {
    decisionId,
    period,
    decisionAction,
    expectedValueMinor,
    decisionCurrency,
    decidedAt,
    interventionId,
    interventionAction,
    state,
    updatedAt,
    ...line
  } = row
  return {
    ...line,
    decision:
      decisionId === null
        ? null
        : {
            id: decisionId,
            period,
            actionKey: decisionAction,
            expectedValueMinor,
            currency: decisionCurrency,
            decidedAt,
          },
    intervention:
      interventionId === null
        ? null
        : { id: interventionId, actionKey: interventionAction, state, updatedAt },
  }
}
