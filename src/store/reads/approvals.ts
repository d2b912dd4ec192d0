/** What waits for a person's yes, with what the person has to know of it. */
import type { Level } from '../../contracts/customer-terms.ts'
import { z } from 'zod'
import type { ConnectionId, CustomerId, DecisionId, InterventionId } from '../../contracts/ids.ts'
import type { Transaction } from '../database.ts'
import { conditions, exactly, type Conditions } from './conditions.ts'
import type { Reason } from './customers.ts'
import { MAY_BE_PERSON } from './persons.ts'
import { ASK_PROBLEM } from './interventions.ts'
import { pageOf, pageSize, readCursor, type Page, type PageRequest } from './paging.ts'

export interface OpenApproval {
  readonly id: InterventionId
  readonly decision: DecisionId | null
  readonly customer: CustomerId
  readonly customerName: string | null
  readonly customerObject: string
  /** The name may be that of a person: not everybody is shown it. */
  readonly person: boolean
  readonly connection: ConnectionId
  /** Null: not scored any more. */
  readonly probability: number | null
  readonly level: Level | null
  /** Minor units of `currency`; null unknown. */
  readonly valueAtRiskMinor: number | null
  readonly monthlyMinor: number | null
  readonly currency: string | null
  readonly reasons: readonly Reason[] | null
  readonly actionKey: string
  readonly channel: 'email' | 'sms' | 'task'
  /** Why somebody is asked. */
  readonly reason: string | null
  /** Minor units of `worthCurrency`, over doing nothing; null: a person asked for it, or it is unknown. */
  readonly expectedValueMinor: number | null
  readonly worthCurrency: string | null
  readonly plannedCostMinor: number
  readonly costCurrency: string
  readonly createdBy: string
  readonly createdAt: Date
  /** Which of its waits this is: another one each time that it is asked about. Microseconds, in UTC. */
  readonly asked: string
  /** After this nobody can answer any more. */
  readonly answerBy: Date
  readonly responsible: {
    readonly id: string
    readonly name: string | null
    readonly email: string | null
  } | null
  /** Whether a task in the CRM asks for it. */
  readonly hasTask: boolean
  /** Why none does; null: one does, or none is wanted. */
  readonly askProblem: string | null
}

export interface ApprovalFilter {
  /** E-mail address of whoever is responsible. */
  readonly email?: string | undefined
  readonly action?: string | undefined
  readonly connection?: ConnectionId | undefined
  readonly customer?: CustomerId | undefined
}

export type ApprovalSort = 'value' | 'worth' | 'expiry'

export interface ApprovalQuery extends PageRequest, ApprovalFilter {
  readonly sort?: ApprovalSort | undefined
  /** Days that something waits: `delivery.approval.waitDays` of the settings. */
  readonly waitDays: number
}

/** What a page goes by; unknown values come last. */
const SORTS: Readonly<
  Record<ApprovalSort, { readonly of: string; readonly type: string; readonly down: boolean }>
> = {
  value: { of: 'coalesce(s.value_at_risk_minor, -1)', type: 'bigint', down: true },
  worth: { of: `coalesce(d.expected_value_minor, -9e15)`, type: 'numeric', down: true },
  expiry: { of: answerBy('$2'), type: 'timestamptz', down: false },
}

/**
 * value: the most value at risk first. worth: what promises most first. expiry: what ends first.
 *
 * @throws HoldfastError `request_invalid` for a cursor of another list
 * @example
 * await listApprovals(tx, { sort: 'value', waitDays: 7 })
 */
export async function listApprovals(tx: Transaction, query: ApprovalQuery): Promise<Page<OpenApproval>> {
  const { sort = 'value' } = query
  const size = pageSize(query)
  const order = `approvals by ${sort}`
  const after = readCursor(order, query, z.tuple([z.string().regex(PLACE), z.uuid()]))
  const { of, type, down } = SORTS[sort]
  const where = filtered(tx, query)
  if (after !== null) {
    const [at, id] = after.map(where.parameter)
    const place = `${at}::${type}`
    where.add(`(${of} ${down ? '<' : '>'} ${place} or (${of} = ${place} and i.id > ${id}::uuid))`)
  }
  const rows = await tx.query<OpenApproval & { readonly place: string }>(
    `select ${LINE}, ${sort === 'expiry' ? exactly(of) : `(${of})::text`} as place ${FROM} where ${where.text()}
     order by ${of} ${down ? 'desc' : 'asc'}, i.id limit ${where.parameter(size + 1)}`,
    where.values,
  )
  const page = pageOf(rows, size, order, (row) => [row.place, row.id])
  return { ...page, items: page.items.map(({ place: _place, ...line }) => line) }
}

/** A number, or a time as {@link exactly} writes it. */
const PLACE = /^(-?\d{1,16}(\.0*)?|\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z)$/

export interface ApprovalCounts {
  readonly open: number
  /** Of whoever the e-mail address belongs to; null: none was given. */
  readonly mine: number | null
  /** By the key of the action, most first. */
  readonly actions: readonly { readonly actionKey: string; readonly open: number }[]
}

/** Of everything that waits, whatever the filters of the list. */
export async function countApprovals(
  tx: Transaction,
  { waitDays, email = null }: { readonly waitDays: number; readonly email?: string | null },
): Promise<ApprovalCounts> {
  const where = filtered(tx, { waitDays })
  const rows = await tx.query<{ actionKey: string; open: number; mine: number }>(
    `select i.action_key as "actionKey", count(*)::integer as open,
       count(*) filter (where lower(c.responsible_email) = lower(${where.parameter(email)}::text))::integer as mine
     from interventions i join customers c on c.tenant_id = i.tenant_id and c.id = i.customer_id
     where ${where.text()} group by 1 order by 2 desc, 1`,
    where.values,
  )
  const sum = (of: 'open' | 'mine'): number => rows.reduce((all, one) => all + one[of], 0)
  return {
    open: sum('open'),
    mine: email === null ? null : sum('mine'),
    actions: rows.map(({ actionKey, open }) => ({ actionKey, open })),
  }
}

/** How many wait: for the badge. */
export async function countOpenApprovals(tx: Transaction, waitDays: number): Promise<number> {
  const where = filtered(tx, { waitDays })
  const [{ open }] = await tx.query<{ open: number }>(
    `select count(*)::integer as open from interventions i where ${where.text()}`,
    where.values,
  )
  return open
}

/** What is over and was not swept yet cannot be answered any more. $2: days that it waits. */
function filtered(
  tx: Transaction,
  { waitDays, email, action, connection, customer }: ApprovalFilter & { readonly waitDays: number },
): Conditions {
  const where = conditions(
    [tx.tenant, waitDays],
    'i.tenant_id = $1',
    `i.state = 'awaiting_approval'`,
    `i.expires_at > now()`,
    `i.awaiting_since > now() - $2::integer * interval '1 day'`,
  )
  where.given(email, (it) => `lower(c.responsible_email) = lower(${it})`)
  where.given(action, (it) => `i.action_key = ${it}`)
  where.given(connection, (it) => `i.connection_id = ${it}`)
  where.given(customer, (it) => `i.customer_id = ${it}`)
  return where
}

function answerBy(days: string): string {
  return `least(i.expires_at, i.awaiting_since + ${days}::integer * interval '1 day')`
}

const LINE = `i.id, i.decision_id as decision, i.customer_id as customer, c.name as "customerName",
  c.object as "customerObject", ${MAY_BE_PERSON} as person, i.connection_id as connection, s.probability, s.level,
  s.value_at_risk_minor as "valueAtRiskMinor", s.monthly_minor as "monthlyMinor", s.currency, s.reasons,
  i.action_key as "actionKey", i.channel, i.reason, d.expected_value_minor as "expectedValueMinor",
  d.currency as "worthCurrency", i.planned_cost_minor as "plannedCostMinor", i.currency as "costCurrency",
  i.created_by as "createdBy", i.created_at as "createdAt", ${exactly('i.awaiting_since')} as asked,
  ${answerBy('$2')} as "answerBy",
  case when c.responsible_id is not null then jsonb_build_object('id', c.responsible_id, 'name', c.responsible_name,
    'email', c.responsible_email) end as responsible,
  exists (select from approval_tasks a where a.tenant_id = i.tenant_id and a.intervention_id = i.id
    and a.state = 'asked') as "hasTask", ${ASK_PROBLEM} as "askProblem"`

const FROM = `from interventions i
  join customers c on c.tenant_id = i.tenant_id and c.id = i.customer_id
  left join scores s on s.tenant_id = i.tenant_id and s.customer_id = i.customer_id
  left join decisions d on d.tenant_id = i.tenant_id and d.id = i.decision_id`
