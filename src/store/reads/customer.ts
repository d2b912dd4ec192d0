/** One customer whole: who it is, what it pays for, its score and how risk moved, decisions, and what was done. */
import type { CustomerStatus, Level } from '../../contracts/customer-terms.ts'
import { HoldfastError } from '../../contracts/errors.ts'
import type { ConnectionId, CustomerId } from '../../contracts/ids.ts'
import type { Transaction } from '../database.ts'
import type { Reason } from './customers.ts'
import { MAY_BE_PERSON } from './persons.ts'
import { listDecisions, newestDecision, type DecisionLine, type DecisionTrace } from './decisions.ts'
import { eventsOf, interventionsOf, type InterventionEvent, type InterventionLine } from './interventions.ts'

export interface WholeCustomer {
  readonly id: CustomerId
  readonly connection: ConnectionId
  readonly connectionName: string
  readonly connectionKind: string
  readonly object: string
  readonly externalId: string
  readonly name: string | null
  /** The name may be that of a person. */
  readonly person: boolean
  readonly status: CustomerStatus
  readonly statusSince: Date
  readonly group: 'holdout' | 'usual' | 'policy' | 'exempt'
  readonly responsible: {
    readonly id: string
    readonly name: string | null
    readonly email: string | null
  } | null
  readonly syncedAt: Date
  /** How the record in the CRM was last written; null: never tried. */
  readonly writeBack: {
    readonly status: 'written' | 'failed' | 'dry_run'
    readonly writtenAt: Date | null
    /** Why it failed. */
    readonly message: string | null
  } | null
  /** Null: not scored yet. */
  readonly score: CustomerScore | null
  /** The risk of thirty days ago; null: it was not scored then. */
  readonly monthAgo: RiskPoint | null
  /** Oldest first, the newest 200. */
  readonly history: readonly RiskPoint[]
  readonly agreements: readonly AgreementLine[]
  /** Best first; without their addresses. */
  readonly recipients: readonly RecipientLine[]
  /** The newest one, with its whole trace. */
  readonly decision: DecisionTrace | null
  /** Newest first, the newest 20. */
  readonly decisions: readonly DecisionLine[]
  /** Newest first, the newest 20, each with its events. */
  readonly interventions: readonly (InterventionLine & { readonly events: readonly InterventionEvent[] })[]
}

export interface CustomerScore {
  readonly probability: number
  readonly kind: 'snapshot' | 'horizon'
  readonly horizonDays: number | null
  readonly monthlyHazard: number
  readonly level: Level
  readonly levelSince: Date
  readonly reasons: readonly Reason[]
  readonly dataConfidence: number
  readonly valueAtRiskMinor: number | null
  readonly monthlyMinor: number | null
  readonly currency: string | null
  readonly scoredAt: Date
  /** 'YYYY-MM-DD'. */
  readonly asOf: string
  readonly modelHash: string
}

export interface RiskPoint {
  readonly scoredAt: Date
  readonly probability: number
  readonly level: Level
  readonly modelHash: string
}

export interface AgreementLine {
  readonly externalId: string
  /** Minor units of `currency`, for `periodMonths`. */
  readonly amountMinor: number | null
  readonly currency: string | null
  readonly periodMonths: number | null
  readonly monthlyMinor: number | null
  /** 'YYYY-MM-DD', as every date here. */
  readonly startDate: string | null
  readonly renewalDate: string | null
  readonly noticeDate: string | null
  readonly autoRenewal: boolean | null
}

/** `suppressed` is final; null: nobody ever asked. */
export type ConsentState = 'granted' | 'refused' | 'suppressed' | null

export interface RecipientLine {
  readonly name: string | null
  readonly role: string | null
  readonly language: string | null
  readonly zone: string | null
  readonly country: string | null
  readonly hasEmail: boolean
  readonly hasPhone: boolean
  readonly consent: { readonly email: ConsentState; readonly sms: ConsentState; readonly call: ConsentState }
  /** Who said so, and when; null: nobody ever asked. */
  readonly consentSource: {
    readonly email: ConsentSource | null
    readonly sms: ConsentSource | null
    readonly call: ConsentSource | null
  }
}

export interface ConsentSource {
  /** A connector's name, `unsubscribe`, a provider, a person. */
  readonly source: string
  readonly at: Date
}

const HISTORY = 200
const RECENT = 20

/**
 * @param now what a month is counted from
 * @throws HoldfastError `not_found`
 * @example
 * const { score, decision } = await readCustomer(tx, id, clock())
 */
export async function readCustomer(tx: Transaction, id: CustomerId, now: Date): Promise<WholeCustomer> {
  const customer = await readCustomerAtHand(tx, id, now)
  return { ...customer, decisions: (await listDecisions(tx, { customer: id, limit: RECENT })).items }
}

/** All of it but the decisions before the newest one. */
export type CustomerAtHand = Omit<WholeCustomer, 'decisions'>

/**
 * What is read each time that somebody opens a record: by the customer's own key alone.
 *
 * @throws HoldfastError `not_found`
 */
export async function readCustomerAtHand(
  tx: Transaction,
  id: CustomerId,
  now: Date,
): Promise<CustomerAtHand> {
  const of = [tx.tenant, id]
  const [row] = await tx.prepared<Omit<CustomerAtHand, 'score'>>(
    `select c.id, c.connection_id as connection, n.name as "connectionName", n.kind as "connectionKind", c.object,
       c.external_id as "externalId", c.name, ${MAY_BE_PERSON} as person, c.status, c.status_since as "statusSince", c.group_name as "group",
       case when c.responsible_id is null then null else jsonb_build_object(
         'id', c.responsible_id, 'name', c.responsible_name, 'email', c.responsible_email) end as responsible,
       c.synced_at as "syncedAt"
     from customers c join connections n on n.tenant_id = c.tenant_id and n.id = c.connection_id
     where c.tenant_id = $1 and c.id = $2`,
    of,
  )
  if (row === undefined)
    throw new HoldfastError('not_found', `There is no customer ${id}. GET /v1/customers lists them.`)
  const [score = null] = await tx.prepared<CustomerScore>(
    `select probability, kind, horizon_days as "horizonDays", monthly_hazard as "monthlyHazard", level,
       level_since as "levelSince", reasons, data_confidence as "dataConfidence",
       value_at_risk_minor as "valueAtRiskMinor", monthly_minor as "monthlyMinor", currency,
       scored_at as "scoredAt", as_of as "asOf", model_hash as "modelHash"
     from scores where tenant_id = $1 and customer_id = $2`,
    of,
  )
  const history = await tx.prepared<RiskPoint>(
    `select scored_at as "scoredAt", probability, level, model_hash as "modelHash" from score_history
     where tenant_id = $1 and customer_id = $2 order by scored_at desc, id desc limit ${HISTORY}`,
    of,
  )
  const [monthAgo = null] = await tx.prepared<RiskPoint>(
    `select scored_at as "scoredAt", probability, level, model_hash as "modelHash" from score_history
     where tenant_id = $1 and customer_id = $2 and scored_at <= $3::timestamptz - interval '30 days'
     order by scored_at desc, id desc limit 1`,
    [...of, now],
  )
  const [writeBack = null] = await tx.prepared<NonNullable<WholeCustomer['writeBack']>>(
    `select status, written_at as "writtenAt", case when status = 'failed' then error_message end as message
     from write_backs where tenant_id = $1 and customer_id = $2`,
    of,
  )
  const agreements = await tx.prepared<AgreementLine>(
    `select external_id as "externalId", amount_minor as "amountMinor", currency, period_months as "periodMonths",
       monthly_minor as "monthlyMinor", start_date as "startDate", renewal_date as "renewalDate",
       notice_date as "noticeDate", auto_renewal as "autoRenewal"
     from agreements where tenant_id = $1 and customer_id = $2 order by renewal_date nulls last, id limit 100`,
    of,
  )
  const interventions = await interventionsOf(tx, id, RECENT)
  const ids = interventions.map((one) => one.id)
  const events = ids.length === 0 ? [] : await eventsOf(tx, ids)
  return {
    ...row,
    writeBack,
    score,
    monthAgo,
    history: history.toReversed(),
    agreements,
    recipients: await recipientsOf(tx, id),
    decision: await newestDecision(tx, id),
    interventions: interventions.map((one) => ({
      ...one,
      events: events.filter(({ intervention }) => intervention === one.id),
    })),
  }
}

/** @throws HoldfastError `not_found` */
export async function connectionOf(tx: Transaction, id: CustomerId): Promise<ConnectionId> {
  const [row] = await tx.query<{ connection: ConnectionId }>(
    'select connection_id as connection from customers where tenant_id = $1 and id = $2',
    [tx.tenant, id],
  )
  if (row === undefined)
    throw new HoldfastError('not_found', `There is no customer ${id}. GET /v1/customers lists them.`)
  return row.connection
}

interface Said {
  readonly status: Exclude<ConsentState, null>
  readonly source: string
  readonly at: string
}

/** The newest word on an address counts; a suppression counts more. */
async function recipientsOf(tx: Transaction, customer: CustomerId): Promise<readonly RecipientLine[]> {
  const rows = await tx.prepared<
    Omit<RecipientLine, 'consent' | 'consentSource'> & Record<'email' | 'sms' | 'call', Said | null>
  >(
    `select r.name, r.role, r.language, r.zone, r.country, r.email is not null as "hasEmail",
       r.phone is not null as "hasPhone", ${consentBy('email', 'email_hash')} as email,
       ${consentBy('sms', 'phone_hash')} as sms, ${consentBy('call', 'phone_hash')} as call
     from recipients r where r.tenant_id = $1 and r.customer_id = $2 order by r.rank, r.id limit 50`,
    [tx.tenant, customer],
  )
  const sourceOf = (said: Said | null): ConsentSource | null =>
    said === null ? null : { source: said.source, at: new Date(said.at) }
  return rows.map(({ email, sms, call, ...line }) => ({
    ...line,
    consent: { email: email?.status ?? null, sms: sms?.status ?? null, call: call?.status ?? null },
    consentSource: { email: sourceOf(email), sms: sourceOf(sms), call: sourceOf(call) },
  }))
}

function consentBy(channel: 'email' | 'sms' | 'call', hash: 'email_hash' | 'phone_hash'): string {
  return `coalesce(
    (select jsonb_build_object('status', 'suppressed', 'source', s.source, 'at', s.created_at) from suppressions s
     where s.tenant_id = r.tenant_id and s.address_hash = r.${hash} and s.channel = '${channel}'),
    (select jsonb_build_object('status', t.status, 'source', t.source, 'at', t.changed_at) from consents t
     where t.tenant_id = r.tenant_id and t.address_hash = r.${hash} and t.channel = '${channel}'
     order by t.changed_at desc, (t.status = 'refused') desc limit 1))`
}
