/** What happened with a customer, in one list: whatever tells of it, newest first. */
import { z } from 'zod'
import type { PropertyValue } from '../../../connectors/connector.ts'
import type { CustomerId, DecisionId, InterventionId } from '../../contracts/ids.ts'
import type { ConsentChannel, ConsentStatus } from '../consents.ts'
import type { Transaction } from '../database.ts'
import type { DeliveryKind } from '../delivery-events.ts'
import type { HoldKind } from '../holds.ts'
import type { InterventionState } from '../intervention-states.ts'
import { TIMELINE_SOURCES } from './timeline-sources.ts'
import type { Level } from '../../contracts/customer-terms.ts'
import { pageOf, pageSize, readCursor, type Page, type PageRequest } from './paging.ts'

/** By its kind, what is known of it. Amounts are minor units of their currency. */
export interface TimelineData {
  /** Before is null: scored for the first time. */
  readonly level: {
    readonly probability: number
    readonly level: Level
    readonly before: number | null
    readonly levelBefore: Level | null
  }
  /** Properties that feed the model or the policy; first: the customer was met for the first time. */
  readonly property: {
    readonly first: boolean
    readonly changes: readonly {
      readonly property: string
      readonly from: PropertyValue
      readonly to: PropertyValue
    }[]
  }
  readonly status: { readonly status: 'left' | 'deleted' }
  readonly decision: {
    readonly decision: DecisionId
    readonly period: string
    readonly cause: string
    readonly group: 'holdout' | 'usual' | 'policy' | 'exempt'
    readonly actionKey: string
    readonly expectedValueMinor: number | null
    readonly currency: string
  }
  readonly intervention: {
    readonly intervention: InterventionId
    readonly actionKey: string
    readonly channel: 'email' | 'sms' | 'task'
    readonly from: InterventionState | null
    readonly to: InterventionState
    readonly actor: string
    readonly reasonCode: string | null
    readonly reason: string | null
  }
  readonly feedback: {
    readonly intervention: InterventionId
    readonly actionKey: string
    readonly feedback: DeliveryKind
  }
  readonly call: {
    readonly intervention: InterventionId
    readonly actionKey: string
    readonly status: 'done' | 'cancelled' | 'missing'
    /** In the CRM's own words. */
    readonly outcome: string | null
  }
  readonly redeemed: { readonly intervention: InterventionId; readonly actionKey: string }
  readonly consent: {
    readonly channel: ConsentChannel
    readonly status: ConsentStatus
    readonly source: string
    readonly recipient: string | null
  }
  readonly suppression: {
    readonly channel: ConsentChannel
    readonly reason: string
    readonly recipient: string | null
  }
  readonly hold: { readonly hold: HoldKind; readonly reason: string; readonly actor: string }
  readonly release: { readonly hold: HoldKind; readonly actor: string }
  readonly written: { readonly riskPercent: number | null; readonly suggested: string | null }
}

export type TimelineKind = keyof TimelineData

export type TimelineEntry = {
  [Kind in TimelineKind]: {
    readonly kind: Kind
    readonly at: Date
    /** With the kind it is an entry's own. */
    readonly key: string
    readonly data: TimelineData[Kind]
  }
}[TimelineKind]

export interface TimelineQuery extends PageRequest {
  readonly customer: CustomerId
  /** Names of the properties whose changes are told. */
  readonly properties: readonly string[]
}

/**
 * Newest first. Each source is read by the customer's own key, as far as the page goes.
 *
 * @throws HoldfastError `request_invalid` for a cursor of another list
 * @example
 * const { items, next } = await readTimeline(tx, { customer, properties: ['plan'], limit: 20 })
 */
export async function readTimeline(tx: Transaction, query: TimelineQuery): Promise<Page<TimelineEntry>> {
  const size = pageSize(query)
  const after = readCursor('timeline', query, position)
  const [at, kind, key] = after ?? [null, null, null]
  const rows = await tx.query<TimelineEntry & { readonly exact: string }>(
    `select at, kind, key, data, to_char(at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as exact
     from (${TIMELINE_SOURCES.map(pageOfSource).join(' union all ')}) told
     order by told.at desc, told.kind collate "C", told.key collate "C" limit $4`,
    [tx.tenant, query.customer, query.properties, size + 1, at, kind, key],
  )
  const page = pageOf(rows, size, 'timeline', (row) => [row.exact, row.kind, row.key])
  return { ...page, items: page.items.map(({ exact: _exact, ...entry }) => entry) }
}

const position = z.tuple([z.iso.datetime({ precision: 6 }), z.string().max(20), z.string().max(100)])

/** As much of a source as a page can hold. */
function pageOfSource(source: string): string {
  return `(select s.at, s.kind, s.key, s.data from (${source}) s
    where $5::timestamptz is null or s.at <= $5
      and (s.at < $5 or (s.kind collate "C", s.key collate "C") > ($6::text collate "C", $7::text collate "C"))
    order by s.at desc, s.kind collate "C", s.key collate "C" limit $4)`
}
