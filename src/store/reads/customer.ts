/** One customer whole: who it is, what it pays for, its score and how risk moved, decisions, and what was done. */
import { HoldfastError } from '../../contracts/errors.ts'
import type { ConnectionId, CustomerId } from '../../contracts/ids.ts'
import type { Transaction } from '../database.ts'
import type { CustomerStatus, Level, Reason } from './customers.ts'
import { listDecisions, newestDecision, type DecisionLine, type DecisionTrace } from './decisions.ts'
import { eventsOf, interventionsOf, type InterventionEvent, type InterventionLine } from './interventions.ts'

export interface WholeCustomer {
  readonly id: CustomerId
  readonly connection: ConnectionId
  readonly connectionName: string
  readonly object: string
  readonly externalId: string
  readonly name: string | null
  readonly status: CustomerStatus
  readonly statusSince: Date
  readonly group: 'holdout' | 'usual' | 'policy' | 'exempt'
  readonly responsible: {
    readonly id: string
    readonly name: string | null
    readonly email: string | null
  } | null
  readonly syncedAt: Date
  /** Null: not scored yet. */
  readonly score: CustomerScore | null
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
}

const HISTORY = 200
const RECENT = 20

/**
 * @throws HoldfastError `not_found`
 * @example
 * const { score, decision } = await readCustomer(tx, id)
 */
export async function readCustomer(tx: Transaction, id: CustomerId): Promise<WholeCustomer> {
  const of = [tx.tenant, id]
  const [row] = await tx.query<Omit<WholeCustomer, 'score'>>(
    `select c.id, c.connection_id as connection, n.name as "connectionName", c.object,
       c.external_id as "externalId", c.name, c.status, c.status_since as "statusSince", c.group_name as "group",
       case when c.responsible_id is null then null else jsonb_build_object(
         'id', c.responsible_id, 'name', c.responsible_name, 'email', c.responsible_email) end as responsible,
       c.synced_at as "syncedAt"
     from customers c join connections n on n.tenant_id = c.tenant_id and n.id = c.connection_id
     where c.tenant_id = $1 and c.id = $2`,
    of,
  )
  if (row === undefined)
    throw new HoldfastError('not_found', `There is no customer ${id}. GET /v1/customers lists them.`)
  const [score = null] = await tx.query<CustomerScore>(
    `select probability, kind, horizon_days as "horizonDays", monthly_hazard as "monthlyHazard", level,
       level_since as "levelSince", reasons, data_confidence as "dataConfidence",
       value_at_risk_minor as "valueAtRiskMinor", monthly_minor as "monthlyMinor", currency,
       scored_at as "scoredAt", as_of as "asOf", model_hash as "modelHash"
     from scores where tenant_id = $1 and customer_id = $2`,
    of,
  )
  const history = await tx.query<RiskPoint>(
    `select scored_at as "scoredAt", probability, level, model_hash as "modelHash" from score_history
     where tenant_id = $1 and customer_id = $2 order by scored_at desc, id desc limit ${HISTORY}`,
    of,
  )
  const agreements = await tx.query<AgreementLine>(
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
    score,
    history: history.toReversed(),
    agreements,
    recipients: await recipientsOf(tx, id),
    decision: await newestDecision(tx, id),
    decisions: (await listDecisions(tx, { customer: id, limit: RECENT })).items,
    interventions: interventions.map((one) => ({
      ...one,
      events: events.filter(({ intervention }) => intervention === one.id),
    })),
  }
}

/** The newest word on an address counts; a suppression counts more. */
async function recipientsOf(tx: Transaction, customer: CustomerId): Promise<readonly RecipientLine[]> {
  const rows = await tx.query<
    Omit<RecipientLine, 'consent'> & { email: ConsentState; sms: ConsentState; call: ConsentState }
  >(
    `select r.name, r.role, r.language, r.zone, r.country, r.email is not null as "hasEmail",
       r.phone is not null as "hasPhone", ${consentBy('email', 'email_hash')} as email,
       ${consentBy('sms', 'phone_hash')} as sms, ${consentBy('call', 'phone_hash')} as call
     from recipients r where r.tenant_id = $1 and r.customer_id = $2 order by r.rank, r.id limit 50`,
    [tx.tenant, customer],
  )
  return rows.map(({ email, sms, call, ...line }) => ({ ...line, consent: { email, sms, call } }))
}

function consentBy(channel: 'email' | 'sms' | 'call', hash: 'email_hash' | 'phone_hash'): string {
  return `coalesce(
    (select 'suppressed' from suppressions s
     where s.tenant_id = r.tenant_id and s.address_hash = r.${hash} and s.channel = '${channel}'),
    (select t.status from consents t
     where t.tenant_id = r.tenant_id and t.address_hash = r.${hash} and t.channel = '${channel}'
     order by t.changed_at desc, t.id desc limit 1))`
}
