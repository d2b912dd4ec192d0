/** Which interventions a list or a count is about: one meaning for both. Of `interventions i` and `customers c`. */
import type { ConnectionId, CustomerId } from '../../contracts/ids.ts'
import type { Transaction } from '../database.ts'
import type { InterventionState } from '../intervention-states.ts'
import { conditions, responsibleIs, type Conditions } from './conditions.ts'

/**
 * What came back of what went out. bounced: it did not arrive. answered, complained, opted_out: the person did. done: the
 * call or offer was made. redeemed: the offer was taken.
 */
export const HEARD = ['bounced', 'answered', 'complained', 'opted_out', 'done', 'redeemed'] as const
export type Heard = (typeof HEARD)[number]

export interface InterventionFilter {
  readonly state?: readonly InterventionState[] | undefined
  readonly action?: string | undefined
  readonly channel?: 'email' | 'sms' | 'task' | undefined
  /** Its code; null: those that have none. */
  readonly reason?: string | null | undefined
  readonly group?: string | undefined
  readonly connection?: ConnectionId | undefined
  readonly customer?: CustomerId | undefined
  /** Id in the CRM, or e-mail address. */
  readonly responsible?: string | undefined
  /** Made from then on. */
  readonly from?: Date | undefined
  /** Not included. */
  readonly to?: Date | undefined
  /** Whether it went into the sandbox, where nothing reaches anybody. */
  readonly simulated?: boolean | undefined
  /** Whether nothing was sent and only recorded. */
  readonly dryRun?: boolean | undefined
  readonly heard?: Heard | undefined
  /** Failed, and nobody has looked at it: refused by the provider, or given up. */
  readonly unseen?: boolean | undefined
}

/**
 * @example
 * const where = interventionsWhere(tx, { state: ['suppressed'], action: 'sms' })
 * `select count(*) from interventions i join customers c on … where ${where.text()}`
 */
export function interventionsWhere(tx: Transaction, filter: InterventionFilter): Conditions {
  const where = conditions([tx.tenant], 'i.tenant_id = $1')
  where.given(filter.state, (it) => `i.state = any (${it}::text[])`)
  where.given(filter.action, (it) => `i.action_key = ${it}`)
  where.given(filter.channel, (it) => `i.channel = ${it}`)
  if (filter.reason === null) where.add('i.reason_code is null')
  else where.given(filter.reason, (it) => `i.reason_code = ${it}`)
  where.given(filter.group, (it) => `c.group_name = ${it}`)
  where.given(filter.connection, (it) => `i.connection_id = ${it}`)
  where.given(filter.customer, (it) => `i.customer_id = ${it}`)
  where.given(filter.responsible, responsibleIs)
  where.given(filter.from, (it) => `i.created_at >= ${it}`)
  where.given(filter.to, (it) => `i.created_at < ${it}`)
  if (filter.simulated !== undefined) where.add(filter.simulated ? SIMULATED : `not ${SIMULATED}`)
  if (filter.dryRun !== undefined) where.add(`i.state ${filter.dryRun ? '=' : '<>'} 'dry_run'`)
  if (filter.heard !== undefined) where.add(WAS_HEARD[filter.heard])
  if (filter.unseen === true) where.add(UNSEEN_FAILURE)
  return where
}

/** Whether it went into the sandbox. */
export const SIMULATED = `(i.delivery is not distinct from 'sandbox')`

const told = (...kinds: readonly string[]): string =>
  `exists (select from delivery_events e where e.tenant_id = i.tenant_id and e.intervention_id = i.id
    and e.kind in (${kinds.map((kind) => `'${kind}'`).join(', ')}))`

const WAS_HEARD: Readonly<Record<Heard, string>> = {
  bounced: told('bounced', 'failed'),
  answered: told('replied'),
  complained: told('complained'),
  opted_out: told('unsubscribed'),
  done: `exists (select from call_outcomes o
    where o.tenant_id = i.tenant_id and o.intervention_id = i.id and o.status = 'done')`,
  redeemed: `exists (select from offers o
    where o.tenant_id = i.tenant_id and o.intervention_id = i.id and o.status = 'redeemed')`,
}

/** Days after which what failed is no longer asked about. */
export const FAILED_DAYS = 30

/** What a person said no to did not fail. */
export const UNSEEN_FAILURE = `(i.state = 'rejected' and coalesce(i.reason_code, '') not in ('not_right', 'resolved_not_sent')
  and i.updated_at > now() - interval '${FAILED_DAYS} days'
  and not exists (select from attention_seen s where s.tenant_id = i.tenant_id and s.key = 'intervention:' || i.id))`
