/** CRM connections beside how their steps stand: which portal or org it is, what it refused and why, what was made there. */
import type { ConnectionId } from '../../contracts/ids.ts'
import type { ConnectionNote } from '../connections.ts'
import type { Transaction } from '../database.ts'

/** Things that a CRM refused for one reason. */
export interface Refusal {
  readonly what: 'record' | 'activity' | 'consent' | 'intervention' | 'approval' | 'workflow'
  readonly code: string
  /** As of one of them, without its id. */
  readonly message: string
  readonly count: number
  /** One of the customers, to look at. */
  readonly customer: { readonly id: number; readonly name: string | null } | null
  /** Tried again by itself. */
  readonly again: boolean
}

export interface CrmView {
  readonly connection: ConnectionId
  /** As the CRM names it; null: a file. */
  readonly externalId: string | null
  /** `companies`, `Account`; null: a file. */
  readonly object: string | null
  /** The sandbox of this installation. */
  readonly builtIn: boolean
  /** What an admin should know of it and can mend. */
  readonly notes: readonly ConnectionNote[]
  /** Most frequent first. */
  readonly refusals: readonly Refusal[]
  /** Tasks on people's lists, and entries on timelines; counted up to {@link COUNTED}. */
  readonly tasks: number
  readonly logged: number
  /** When the CRM last told of a change by itself; null: it never did. */
  readonly lastHintAt: Date | null
  /** When its stream of events last said something; null: it has none, or never did. */
  readonly eventsAt: Date | null
  /** Why its stream of events is not followed; null: nothing is in the way. */
  readonly eventsProblem: string | null
}

/** Beyond it a count says no more than "many", and a page should not wait for it. */
export const COUNTED = 10_000

/** Reasons of one connection that are shown; the rest is a count. */
const MOST_REASONS = 5

/**
 * By connection, in no order.
 *
 * @example
 * const [{ refusals }] = await watchCrms(tx)
 */
export async function watchCrms(tx: Transaction): Promise<readonly CrmView[]> {
  const crms = await tx.query<Omit<CrmView, 'refusals'>>(
    `select n.id as connection, n.external_id as "externalId", n.config ->> 'object' as object,
       coalesce(n.config -> 'builtIn' = 'true'::jsonb, false) as "builtIn", n.notes,
       (select count(*)::integer from (select from interventions i join customers c
          on c.tenant_id = i.tenant_id and c.id = i.customer_id
        where i.tenant_id = n.tenant_id and c.connection_id = n.id and i.channel = 'task'
          and i.state in ('sent', 'confirmed') limit ${COUNTED}) made) as tasks,
       (select count(*)::integer from (select from activities a
        where a.tenant_id = n.tenant_id and a.connection_id = n.id and a.state = 'logged'
        limit ${COUNTED}) logged) as logged,
       (select max(r.received_at) from webhook_receipts r
        where r.tenant_id = n.tenant_id and r.connection_id = n.id) as "lastHintAt",
       n.events_at as "eventsAt", n.events_problem as "eventsProblem"
     from connections n
     where n.tenant_id = $1 and n.kind <> 'csv'`,
    [tx.tenant],
  )
  const refusals = await tx.query<Refusal & { readonly connection: ConnectionId }>(
    `select connection, what, code, message, count, again,
       case when customer is null then null else jsonb_build_object('id', customer,
         'name', (select name from customers c where c.tenant_id = $1 and c.id = customer)) end as customer
     from (
       select connection_id as connection, 'record' as what, coalesce(error_code, '') as code,
         ${withoutId('error_message')} as message, count(*)::integer as count,
         bool_or(retry_at is not null) as again, min(customer_id) as customer
       from write_backs where tenant_id = $1 and status = 'failed' group by 1, 3, 4
       union all
       select a.connection_id, 'activity', coalesce(a.error_code, ''), ${withoutId('a.error_message')},
         count(*)::integer, false, min(i.customer_id)
       from activities a join interventions i on i.tenant_id = a.tenant_id and i.id = a.intervention_id
       where a.tenant_id = $1 and a.state = 'failed' group by 1, 3, 4
       union all
       select k.connection_id, 'intervention', coalesce(k.error_code, ''), ${withoutId('k.error_message')},
         count(*)::integer, false, min(i.customer_id)
       from crm_interventions k join interventions i on i.tenant_id = k.tenant_id and i.id = k.intervention_id
       where k.tenant_id = $1 and k.state = 'failed' group by 1, 3, 4
       union all
       select a.connection_id, 'approval', coalesce(a.error_code, ''), ${withoutId('a.error_message')},
         count(*)::integer, false, min(i.customer_id)
       from approval_tasks a join interventions i on i.tenant_id = a.tenant_id and i.id = a.intervention_id
       where a.tenant_id = $1 and a.state = 'failed' and i.state = 'awaiting_approval' group by 1, 3, 4
       union all
       select connection_id, 'consent', coalesce(error_code, ''), ${withoutId('error_message')},
         count(*)::integer, false, null
       from consent_outbox where tenant_id = $1 and state = 'failed' group by 1, 3, 4
       union all
       select connection_id, 'workflow', coalesce(error_code, ''), ${withoutId('error_message')},
         count(*)::integer, false, null
       from workflow_calls where tenant_id = $1 and state = 'lost' and ended_at > now() - interval '7 days' group by 1, 3, 4
     ) grouped
     order by count desc, message`,
    [tx.tenant],
  )
  return crms.map((crm) => ({
    ...crm,
    refusals: refusals
      .filter(({ connection }) => connection === crm.connection)
      .slice(0, MOST_REASONS)
      .map(({ connection: _connection, ...refusal }) => refusal),
  }))
}

/** Where people see a record in its CRM; null: a file, a sandbox on this machine, or one that is not known. */
export interface RecordPlace {
  readonly kind: string
  readonly externalId: string
  /** Of the CRM's pages; null: not known. */
  readonly domain: string | null
}

export async function recordPlace(tx: Transaction, connection: ConnectionId): Promise<RecordPlace | null> {
  const [row] = await tx.query<RecordPlace>(
    `select kind, external_id as "externalId", config ->> 'uiDomain' as domain from connections
     where tenant_id = $1 and id = $2 and external_id is not null and not config @> '{"builtIn": true}'`,
    [tx.tenant, connection],
  )
  return row ?? null
}

/** Messages name the record that they are about; the reason is the same without. */
function withoutId(column: string): string {
  return `regexp_replace(coalesce(${column}, ''), '(the task for |the e-mail for |the )?\\m(company|contact|account|record) ([0-9]+|00[0-9A-Za-z]{13,16})\\M', 'the \\2', 'gi')`
}
