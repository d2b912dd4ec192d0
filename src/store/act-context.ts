/** What is looked at before an intervention is carried out, as it stands in this transaction. */
import { HoldfastError } from '../contracts/errors.ts'
import type { ConnectionId, CustomerId, InterventionId } from '../contracts/ids.ts'
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
  const [row] = await tx.query<Row>(
    `select c.name, c.status, c.responsible_name, c.responsible_email, c.responsible_id, c.external_id,
       n.id as connection_id, n.kind, n.config, n.name as connection_name, n.sandbox,
       n.status as connection_status, n.status_reason, t.name as company,
       coalesce(t.activated_at <= now(), false) as activated, ${PAUSE}
     from customers c
     join connections n on n.tenant_id = c.tenant_id and n.id = c.connection_id
     join tenants t on t.id = c.tenant_id
     where c.tenant_id = $1 and c.id = $2`,
    [tx.tenant, customer],
  )
  if (row === undefined) throw new HoldfastError('not_found', `There is no customer ${customer}.`)
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
}

/** A customer's recipients in the order of the rules that chose them. */
export function recipientsByRank(tx: Transaction, customer: CustomerId): Promise<RecipientRow[]> {
  return tx.query<RecipientRow>(
    `select id, external_id as "externalId", name, role, email, phone, language from recipients
     where tenant_id = $1 and customer_id = $2 order by rank, id`,
    [tx.tenant, customer],
  )
}

/** What a person who is asked to do something has to know of a customer. */
export interface TaskFacts {
  /** Null: not scored. */
  readonly score: {
    readonly probability: number
    readonly level: 'HIGH' | 'MEDIUM' | 'LOW'
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

/** @param except the intervention that the task is of */
export async function readTaskFacts(
  tx: Transaction,
  { customer, except, now }: { customer: CustomerId; except: InterventionId; now: Date },
): Promise<TaskFacts> {
  const of = [tx.tenant, customer]
  const [score] = await tx.query<NonNullable<TaskFacts['score']>>(
    `select probability, level, monthly_minor as "monthlyMinor", currency,
       coalesce(jsonb_path_query_array(reasons, '$[0 to 2].sentence'), '[]') as reasons
     from scores where tenant_id = $1 and customer_id = $2`,
    of,
  )
  const [{ date }] = await tx.query<{ date: string | null }>(
    `select min(renewal_date)::text as date from agreements
     where tenant_id = $1 and customer_id = $2 and renewal_date >= ($3::timestamptz at time zone 'UTC')::date`,
    [...of, now],
  )
  const before = await tx.query<TaskFacts['before'][number]>(
    `select sent_at as at, channel, action_key as "actionKey" from interventions
     where tenant_id = $1 and customer_id = $2 and id <> $3 and state in ('sent', 'confirmed')
       and coalesce(message ->> 'delivery', 'live') <> 'dry_run' and sent_at > $4::timestamptz - interval '12 months'
     order by sent_at desc, id limit 3`,
    [...of, except, now],
  )
  return { score: score ?? null, renewalDate: date, before }
}
