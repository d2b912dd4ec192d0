/** Customers as lists show them: the score in force, why, and what was suggested and done last. */
import { z } from 'zod'
import type { CustomerSort, CustomerStatus, Group, Level, SortOrder } from '../../contracts/customer-terms.ts'
import {
  asCustomer,
  type ConnectionId,
  type CustomerId,
  type DecisionId,
  type InterventionId,
} from '../../contracts/ids.ts'
import type { Transaction } from '../database.ts'
import type { WantedCustomers } from './customer-filter.ts'
import { orderOf, placeCustomers, placeOfName, type Placed } from './customer-order.ts'
import { MAY_BE_PERSON } from './persons.ts'
import { pageOf, pageSize, readCursor, type Page, type PageRequest } from './paging.ts'

export interface Reason {
  readonly feature: string
  readonly label: string
  readonly sentence: string
  /** Log-odds. */
  readonly contribution: number
  readonly raises: boolean
}

export interface CustomerLine {
  readonly id: CustomerId
  readonly connection: ConnectionId
  readonly object: string
  readonly externalId: string
  readonly name: string | null
  /** The name may be that of a person: not everybody is shown it. */
  readonly person: boolean
  readonly status: CustomerStatus
  readonly group: Group
  readonly responsible: string | null
  /** 'YYYY-MM-DD', the next one; null: none is known. */
  readonly renewalDate: string | null
  /** Null, as all that follows from it: not scored. */
  readonly probability: number | null
  readonly level: Level | null
  readonly levelSince: Date | null
  /** Before the last change; null: it never changed. */
  readonly levelBefore: Level | null
  readonly reasons: readonly Reason[]
  /** 0 to 1; null: not scored. */
  readonly dataConfidence: number | null
  readonly lowData: boolean | null
  /** Minor units of `currency`, a year. */
  readonly valueAtRiskMinor: number | null
  /** Minor units of `currency`, a month. */
  readonly monthlyMinor: number | null
  readonly currency: string | null
  readonly scoredAt: Date | null
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

export interface CustomerPage extends PageRequest {
  readonly sort: CustomerSort
  /** Default: what matters most first. */
  readonly order?: SortOrder | undefined
  /** As in `placeCustomers`. */
  readonly walk?: number
}

const position = z.tuple([z.union([z.string().max(400), z.number(), z.null()]), z.int()])
const lastOne = z.tuple([z.int()])

/**
 * A page of the customers that a filter means. What the order goes by and is not known comes last, whichever way it goes;
 * equal ones are in the order of their ids, so that pages neither repeat nor skip anybody.
 *
 * @throws HoldfastError `request_invalid` for a cursor of another order
 * @example
 * const wanted = await resolveFilter(tx, customerFilter.parse({ level: 'HIGH' }), terms)
 * const { items, next } = await listCustomers(tx, wanted, { sort: 'value', limit: 20 })
 */
export async function listCustomers(
  tx: Transaction,
  wanted: WantedCustomers,
  page: CustomerPage,
): Promise<Page<CustomerLine>> {
  const size = pageSize(page)
  const placed = await placesAfter(tx, wanted, page, size)
  const lines = await readLines(
    tx,
    placed.items.map(({ id }) => id),
  )
  return { items: lines, next: placed.next }
}

/** Only who stands on a page of `size`. */
async function placesAfter(
  tx: Transaction,
  wanted: WantedCustomers,
  page: CustomerPage,
  size: number,
): Promise<Page<Placed>> {
  const list = orderOf(page)
  const name = `customers by ${list.sort} ${list.order}`
  const { walk } = page
  // Whoever holds a cursor can read it, and by a page of one the names of all.
  if (list.sort === 'name' && !wanted.people) {
    const last = readCursor(`${name} by id`, page, lastOne)
    const after = last === null ? null : await placeOfName(tx, asCustomer(last[0]))
    const placed = await placeCustomers(tx, wanted, list, { after, size: size + 1, walk })
    return pageOf(placed, size, `${name} by id`, ({ id }) => [id])
  }
  const after = readCursor(name, page, position)
  const placed = await placeCustomers(tx, wanted, list, { after, size: size + 1, walk })
  return pageOf(placed, size, name, ({ value, id }) => [value, id])
}

/**
 * In the order of the ids; who is not there any more is left out.
 *
 * @example
 * const lines = await readLines(tx, [asCustomer(501)])
 */
export async function readLines(
  tx: Transaction,
  ids: readonly CustomerId[],
): Promise<readonly CustomerLine[]> {
  if (ids.length === 0) return []
  const rows = await tx.query<LineRow>(LINES, [tx.tenant, ids])
  return rows.map(lineOf)
}

// Each looked up by its keys, whatever the planner knows of the tables.
const LINES = `
  select c.*, s.*, d.*, i.*, b."renewalDate", b."levelBefore", b."lowData"
  from unnest($2::bigint[]) with ordinality as wanted (id, place)
  cross join lateral (
    select c.id, c.connection_id as connection, c.object, c.external_id as "externalId", c.name, c.status,
      ${MAY_BE_PERSON} as person, c.group_name as "group", c.responsible_name as responsible
    from customers c where c.tenant_id = $1 and c.id = wanted.id limit 1
  ) c
  cross join lateral (
    select b.renewal_date as "renewalDate", b.level_before as "levelBefore", b.low_data as "lowData", b.decision_id
    from book b where b.tenant_id = $1 and b.customer_id = wanted.id limit 1
  ) b
  left join lateral (
    select probability, level, level_since as "levelSince", reasons, data_confidence as "dataConfidence",
      value_at_risk_minor as "valueAtRiskMinor", monthly_minor as "monthlyMinor", currency, scored_at as "scoredAt"
    from scores where tenant_id = $1 and customer_id = wanted.id limit 1
  ) s on true
  left join lateral (
    select id as "decisionId", period, action_key as "decisionAction", expected_value_minor as "expectedValueMinor",
      currency as "decisionCurrency", decided_at as "decidedAt"
    from decisions where tenant_id = $1 and id = b.decision_id limit 1
  ) d on true
  left join lateral (
    select id as "interventionId", action_key as "interventionAction", state, updated_at as "updatedAt"
    from interventions where tenant_id = $1 and customer_id = wanted.id order by created_at desc, id limit 1
  ) i on true
  order by wanted.place`

interface LineRow extends Omit<CustomerLine, 'decision' | 'intervention' | 'reasons'> {
  readonly reasons: readonly Reason[] | null
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
    reasons,
    ...line
  } = row
  return {
    ...line,
    reasons: reasons ?? [],
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
