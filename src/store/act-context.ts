/** What is looked at before an intervention is carried out, as it stands in this transaction. */
import type { Level } from '../contracts/customer-terms.ts'
import { HoldfastError } from '../contracts/errors.ts'
import type { ConnectionId, CustomerId } from '../contracts/ids.ts'
import type { Transaction } from './database.ts'

export interface ActContext {
  readonly customer: {
    readonly name: string | null
    readonly status: 'active' | 'left' | 'deleted'
    readonly responsible: { readonly name: string | null; readonly email: string } | null
    /** Id in the CRM. */
    readonly externalId: string
    /** The responsible as the CRM knows them; null: nobody is. */
    readonly owner: { readonly id: string; readonly name: string | null } | null
  }
  readonly connection: {
    readonly id: ConnectionId
    readonly kind: string
    readonly config: Readonly<Record<string, unknown>>
    readonly name: string
    readonly sandbox: boolean
    readonly status: 'active' | 'paused' | 'needs_reconnect' | 'disconnected'
    readonly statusReason: string | null
  }
  readonly company: string
  readonly activated: boolean
  readonly pause: Pause | null
}

export interface Pause {
  readonly code: 'installation_paused' | 'tenant_paused'
  readonly reason: string
}

interface PauseRow {
  tenant_status: 'active' | 'paused'
  tenant_pause: string | null
  installation_pause: string | null
}

interface Row extends PauseRow {
  id: CustomerId
  name: string | null
  status: ActContext['customer']['status']
  responsible_name: string | null
  responsible_email: string | null
  responsible_id: string | null
  external_id: string
  connection_id: ConnectionId
  kind: string
  config: Readonly<Record<string, unknown>>
  connection_name: string
  sandbox: boolean
  connection_status: ActContext['connection']['status']
  status_reason: string | null
  company: string
  activated: boolean
}

/** @throws HoldfastError `not_found` */
export async function readActContext(tx: Transaction, customer: CustomerId): Promise<ActContext> {
  const context = (await readActContexts(tx, [customer])).get(customer)
  if (context === undefined) throw new HoldfastError('not_found', `There is no customer ${customer}.`)
  return context
}

/** As {@link readActContext}, by customer; those that are not there are left out. */
export async function readActContexts(
  tx: Transaction,
  customers: readonly CustomerId[],
): Promise<ReadonlyMap<CustomerId, ActContext>> {
  const rows = await tx.prepared<Row>(
    `select c.id, c.name, c.status, c.responsible_name, c.responsible_email, c.responsible_id, c.external_id,
       n.id as connection_id, n.kind, n.config, n.name as connection_name, n.sandbox,
       n.status as connection_status, n.status_reason, t.name as company,
       coalesce(t.activated_at <= now(), false) as activated, ${PAUSE}
     from customers c
     join connections n on n.tenant_id = c.tenant_id and n.id = c.connection_id
     join tenants t on t.id = c.tenant_id
     where c.tenant_id = $1 and c.id = any ($2::bigint[])`,
    [tx.tenant, customers],
  )
  return new Map(rows.map((row) => [row.id, contextOf(row)]))
}

function contextOf(row: Row): ActContext {
  return {
    customer: {
      name: row.name,
      status: row.status,
      responsible:
        row.responsible_email === null ? null : { name: row.responsible_name, email: row.responsible_email },
      externalId: row.external_id,
      owner: row.responsible_id === null ? null : { id: row.responsible_id, name: row.responsible_name },
    },
    connection: {
      id: row.connection_id,
      kind: row.kind,
      config: row.config,
      name: row.connection_name,
      sandbox: row.sandbox,
      status: row.connection_status,
      statusReason: row.status_reason,
    },
    company: row.company,
    activated: row.activated,
    pause: pauseOf(row),
  }
}

const PAUSE = `t.status as tenant_status, t.paused_reason as tenant_pause,
  (select paused_reason from installation) as installation_pause`

function pauseOf(row: PauseRow): Pause | null {
  if (row.installation_pause !== null)
    return {
      code: 'installation_paused',
      reason: `Nothing is sent for anybody at the moment: ${row.installation_pause}`,
    }
  if (row.tenant_status === 'paused')
    return {
      code: 'tenant_paused',
      reason: `Sending is paused: ${row.tenant_pause ?? 'no reason was given'}`,
    }
  return null
}

/** Whether sending is paused, for everybody or for this tenant; null when it is not. */
export async function readPause(tx: Transaction): Promise<Pause | null> {
  const [row] = await tx.query<PauseRow>(`select ${PAUSE} from tenants t where t.id = $1`, [tx.tenant])
  return pauseOf(row)
}

export interface RecipientRow {
  readonly id: number
  /** Id in the CRM. */
  readonly externalId: string
  readonly name: string | null
  readonly role: string | null
  readonly email: string | null
  readonly phone: string | null
  readonly language: string | null
  /** IANA; null unknown. */
  readonly zone: string | null
  /** ISO 3166-1 alpha-2; null unknown. */
  readonly country: string | null
}

/** By customer the recipients in the order of the rules that chose them; those without any are left out. */
export async function readRecipients(
  tx: Transaction,
  customers: readonly CustomerId[],
): Promise<ReadonlyMap<CustomerId, readonly RecipientRow[]>> {
  const rows = await tx.prepared<RecipientRow & { customer: CustomerId }>(
    `select customer_id as customer, id, external_id as "externalId", name, role, email, phone, language, zone, country
     from recipients where tenant_id = $1 and customer_id = any ($2::bigint[]) order by customer_id, rank, id`,
    [tx.tenant, customers],
  )
  return Map.groupBy(rows, ({ customer }) => customer)
}

/** What a person who is asked to do something has to know of a customer. */
export interface TaskFacts {
  /** Null: not scored. */
  readonly score: {
    readonly probability: number
    readonly level: Level
    /** Sentences, most important first. */
    readonly reasons: readonly string[]
    /** Recurring amount a month; null unknown. */
    readonly monthlyMinor: number | null
    readonly currency: string | null
  } | null
  /** 'YYYY-MM-DD', the next one of any agreement. */
  readonly renewalDate: string | null
  /** What reached the customer in the last 12 months, newest first, three at most. */
  readonly before: readonly { readonly at: Date; readonly channel: string; readonly actionKey: string }[]
}

/**
 * By customer, as of now. What an intervention of the list is to do is not among what was done before: it has not been
 * sent.
 */
export async function readTaskFacts(
  tx: Transaction,
  { customers, now }: { customers: readonly CustomerId[]; now: Date },
): Promise<ReadonlyMap<CustomerId, TaskFacts>> {
  if (customers.length === 0) return new Map()
  const rows = await tx.prepared<{
    customer: CustomerId
    score: TaskFacts['score']
    renewal: string | null
    before: readonly { readonly at: string; readonly channel: string; readonly actionKey: string }[]
  }>(TASK_FACTS, [tx.tenant, customers, now])
  return new Map(
    rows.map(({ customer, score, renewal, before }) => [
      customer,
      {
        score,
        renewalDate: renewal,
        before: before.map((one) => ({ ...one, at: new Date(one.at) })),
      },
    ]),
  )
}

const TASK_FACTS = `
  select c.id as customer,
    (select json_build_object('probability', s.probability, 'level', s.level, 'monthlyMinor', s.monthly_minor,
       'currency', s.currency, 'reasons', coalesce(jsonb_path_query_array(s.reasons, '$[0 to 2].sentence'), '[]'))
     from scores s where s.tenant_id = c.tenant_id and s.customer_id = c.id) as score,
    (select min(a.renewal_date)::text from agreements a
     where a.tenant_id = c.tenant_id and a.customer_id = c.id
       and a.renewal_date >= ($3::timestamptz at time zone 'UTC')::date) as renewal,
    (select coalesce(json_agg(json_build_object('at', b.sent_at, 'channel', b.channel, 'actionKey', b.action_key)
       order by b.sent_at desc, b.id), '[]')
     from (
       select i.id, i.sent_at, i.channel, i.action_key from interventions i
       where i.tenant_id = c.tenant_id and i.customer_id = c.id and i.state in ('sent', 'confirmed')
         and coalesce(i.message ->> 'delivery', 'live') <> 'dry_run'
         and i.sent_at > $3::timestamptz - interval '12 months'
       order by i.sent_at desc, i.id limit 3
     ) b) as before
  from customers c where c.tenant_id = $1 and c.id = any ($2::bigint[])`
