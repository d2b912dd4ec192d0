/** Calls of workflows and agents of a CRM: kept once, answered on the line or later. Due times are database time. */
import type { Level } from '../contracts/customer-terms.ts'
import type { ConnectionId, CustomerId, TenantId } from '../contracts/ids.ts'
import type { ConnectionStatus } from './connections.ts'
import type { Transaction } from './database.ts'
import { endRow, type OutwardEnd } from './outward.ts'

export const WORKFLOW_CALL_KINDS = ['score', 'decide', 'intervene'] as const
export type WorkflowCallKind = (typeof WORKFLOW_CALL_KINDS)[number]

export interface NewWorkflowCall {
  /** The CRM's id of the call. */
  readonly callback: string
  readonly action: WorkflowCallKind
  /** Of the record, as the CRM names it. */
  readonly object: string
  readonly externalId: string
  /** In words: "HubSpot workflow 4711". */
  readonly by: string
  /** For how long the CRM waits, seconds. */
  readonly seconds: number
}

export interface KeptCall {
  readonly callback: string
  readonly state: 'open' | 'known' | 'told' | 'lost'
  readonly outputs: Readonly<Record<string, string | number | null>> | null
  /** It did not come before. */
  readonly first: boolean
  /** What came before under this id was the same; otherwise nothing is to be done for it. */
  readonly same: boolean
}

/**
 * One that came before and is being kept meanwhile is waited for until that transaction ended, and then what came of it is read.
 *
 * @param calls of one connection, each id once
 * @returns in the order of `calls`
 */
export async function keepCalls(
  tx: Transaction,
  connection: ConnectionId,
  calls: readonly NewWorkflowCall[],
): Promise<readonly KeptCall[]> {
  const rows = JSON.stringify(
    calls.map(({ callback, action, object, externalId, by, seconds }) => ({
      callback,
      action,
      object,
      external: externalId,
      by,
      seconds,
    })),
  )
  const made = await tx.query<{ callback: string }>(
    `insert into workflow_calls (tenant_id, connection_id, callback, action, object, external_id, asked_by, expires_at)
     select $1, $2, c.callback, c.action, c.object, c.external, c.by, now() + make_interval(secs => c.seconds)
     from json_to_recordset($3) as c (callback text, action text, object text, external text, by text, seconds float8)
     -- In one order, so that two that hold the same calls wait for one another, and not each for the other.
     order by c.callback
     on conflict (tenant_id, connection_id, callback) do nothing returning callback`,
    [tx.tenant, connection, rows],
  )
  const first = new Set(made.map(({ callback }) => callback))
  const found = await tx.query<Omit<KeptCall, 'first'>>(
    `select w.callback, w.state, w.outputs, (w.action, w.object, w.external_id) = (c.action, c.object, c.external) as same
     from json_to_recordset($3) as c (callback text, action text, object text, external text)
     join workflow_calls w on w.tenant_id = $1 and w.connection_id = $2 and w.callback = c.callback`,
    [tx.tenant, connection, rows],
  )
  const kept = new Map(found.map((one) => [one.callback, one]))
  return calls.map(({ callback }) => ({ ...kept.get(callback)!, first: first.has(callback) }))
}

/** Everything by which an open call is told to be answered. */
export interface OpenCall {
  readonly connection: ConnectionId
  readonly callback: string
  readonly action: WorkflowCallKind
  readonly expired: boolean
  readonly connectionStatus: ConnectionStatus
  /** Whether the record was read since it was asked for. */
  readonly read: boolean
  /** Null: the record is not known here. */
  readonly customer: CustomerId | null
  readonly active: boolean
  readonly objects: boolean
  readonly group: 'holdout' | 'usual' | 'policy' | 'exempt' | null
  /** It waits to be scored. */
  readonly due: boolean
  readonly score: {
    readonly probability: number
    readonly level: Level
    readonly reasons: readonly { readonly sentence: string; readonly raises: boolean }[]
    /** 'YYYY-MM-DD' */
    readonly asOf: string
    readonly kind: 'snapshot' | 'horizon'
    readonly horizonDays: number | null
    /** Minor units of `currency`; null unknown. */
    readonly monthlyMinor: number | null
    readonly currency: string | null
  } | null
  readonly decidingAt: Date | null
  /** A pass of deciding has ended since it was asked for. */
  readonly passed: boolean
}

/** As the hint bears it that asks for the record to be read. */
export const hintKey = (callback: string): string => `workflow:${callback}`

/** Calls of one connection. */
export interface CallNames {
  readonly connection: ConnectionId
  readonly callbacks: readonly string[]
}

/** @param only null: whatever the CRM waits for, the longest waiting first */
export function openCalls(
  tx: Transaction,
  { limit, only = null }: { readonly limit: number; readonly only?: CallNames | null },
): Promise<readonly OpenCall[]> {
  return tx.query<OpenCall>(
    `select w.connection_id as connection, w.callback, w.action, w.expires_at <= now() as expired,
       n.status as "connectionStatus", coalesce(r.processed_at is not null, true) as read,
       c.id as customer, coalesce(c.status = 'active', false) as active, c.group_name as "group",
       exists (select from profiling_objections o where o.tenant_id = c.tenant_id and o.customer_id = c.id) as objects,
       coalesce(c.score_due_at is not null, false) as due,
       case when s.customer_id is not null then jsonb_build_object('probability', s.probability, 'level', s.level,
         'reasons', s.reasons, 'asOf', to_char(s.as_of, 'YYYY-MM-DD'), 'kind', s.kind, 'horizonDays', s.horizon_days,
         'monthlyMinor', s.monthly_minor, 'currency', s.currency) end as score,
       w.deciding_at as "decidingAt", coalesce(d.last_done_at > w.deciding_at, false) as passed
     from workflow_calls w
     join connections n on n.tenant_id = w.tenant_id and n.id = w.connection_id
     left join webhook_receipts r on r.tenant_id = w.tenant_id and r.connection_id = w.connection_id
       and r.dedup_key = 'workflow:' || w.callback
     left join customers c on c.tenant_id = w.tenant_id and c.connection_id = w.connection_id
       and c.object = w.object and c.external_id = w.external_id
     left join scores s on s.tenant_id = c.tenant_id and s.customer_id = c.id
     left join steps d on d.tenant_id = w.tenant_id and d.connection_id = w.connection_id and d.step = 'decide'
     where w.tenant_id = $1 and w.state = 'open'
       and case when $2::uuid is null then w.blocked_at is not null else w.connection_id = $2 and w.callback = any ($3::text[]) end
     order by w.asked_at, w.callback limit $4`,
    [tx.tenant, only?.connection ?? null, only === null ? null : [...only.callbacks], limit],
  )
}

export interface CallName {
  readonly connection: ConnectionId
  readonly callback: string
}

/** What came of a call; the first word stands. */
export async function setOutputs(
  tx: Transaction,
  { connection, callback }: CallName,
  outputs: Readonly<Record<string, string | number | null>>,
): Promise<void> {
  await tx.query(
    `update workflow_calls set state = 'known', outputs = $4, due_at = now()
     where tenant_id = $1 and connection_id = $2 and callback = $3 and state = 'open'`,
    [tx.tenant, connection, callback, JSON.stringify(outputs)],
  )
}

export async function noteDeciding(tx: Transaction, { connection, callback }: CallName): Promise<void> {
  await tx.query(
    `update workflow_calls set deciding_at = clock_timestamp()
     where tenant_id = $1 and connection_id = $2 and callback = $3 and deciding_at is null`,
    [tx.tenant, connection, callback],
  )
}

/** The CRM goes on without waiting: it was answered on the line. */
export async function noteAnswered(tx: Transaction, { connection, callbacks }: CallNames): Promise<void> {
  await tx.query(
    `update workflow_calls set state = 'told', ended_at = now()
     where tenant_id = $1 and connection_id = $2 and callback = any ($3::text[]) and state = 'known' and blocked_at is null`,
    [tx.tenant, connection, [...callbacks]],
  )
}

/**
 * The CRM is told to wait for us.
 *
 * @returns what came of it, where that is known by now: then it need not wait
 */
export async function noteBlocked(
  tx: Transaction,
  { connection, callback }: CallName,
): Promise<Pick<KeptCall, 'state' | 'outputs'>> {
  const [row] = await tx.query<Pick<KeptCall, 'state' | 'outputs'>>(
    `update workflow_calls set blocked_at = case when state = 'open' then coalesce(blocked_at, now()) else blocked_at end
     where tenant_id = $1 and connection_id = $2 and callback = $3 returning state, outputs`,
    [tx.tenant, connection, callback],
  )
  return row
}

export interface OwedCall extends CallName {
  readonly action: WorkflowCallKind
  readonly outputs: Readonly<Record<string, string | number | null>>
  readonly attempts: number
  readonly expired: boolean
}

/** Answers that are due, the longest waiting first. Nobody else takes them for `seconds`. */
export function takeOwedCalls(
  tx: Transaction,
  { limit, seconds }: { readonly limit: number; readonly seconds: number },
): Promise<readonly OwedCall[]> {
  return tx.query<OwedCall>(
    `with due as (
       select connection_id, callback from workflow_calls
       where tenant_id = $1 and state = 'known' and blocked_at is not null and due_at <= now()
       order by due_at, callback limit $2 for update skip locked
     )
     update workflow_calls w set due_at = now() + make_interval(secs => $3)
     from due where w.tenant_id = $1 and w.connection_id = due.connection_id and w.callback = due.callback
     returning w.connection_id as connection, w.callback, w.action, w.outputs, w.attempts, w.expires_at <= now() as expired`,
    [tx.tenant, limit, seconds],
  )
}

export async function endCalls(
  tx: Transaction,
  connection: ConnectionId,
  ends: readonly { readonly callback: string; readonly end: OutwardEnd }[],
): Promise<void> {
  if (ends.length === 0) return
  await tx.query(
    `update workflow_calls w set
       state = case when e.ok then 'told' when e.retry is null then 'lost' else w.state end,
       ended_at = case when e.ok or e.retry is null then now() end,
       attempts = case when e.ok then w.attempts else w.attempts + 1 end,
       due_at = case when e.retry is null then w.due_at else clock_timestamp() + make_interval(secs => e.retry / 1000.0) end,
       error_code = e.code, error_message = e.message
     from json_to_recordset($3) as e (callback text, ok boolean, code text, message text, retry float8)
     where w.tenant_id = $1 and w.connection_id = $2 and w.callback = e.callback and w.state = 'known'`,
    [tx.tenant, connection, JSON.stringify(ends.map(({ callback, end }) => ({ callback, ...endRow(end) })))],
  )
}

/** Companies of whom a CRM waits for an answer. In a system transaction. */
export async function tenantsWithCalls(tx: Transaction, limit: number): Promise<readonly TenantId[]> {
  const rows = await tx.query<{ tenant: TenantId }>(
    `select distinct tenant_id as tenant from workflow_calls
     where state in ('open', 'known') and blocked_at is not null and due_at <= now() limit $1`,
    [limit],
  )
  return rows.map(({ tenant }) => tenant)
}

/** The customer of a record, where it is one now. */
export async function customerOfRecord(
  tx: Transaction,
  {
    connection,
    object,
    externalId,
  }: { readonly connection: ConnectionId; readonly object: string; readonly externalId: string },
): Promise<CustomerId | null> {
  const [row] = await tx.query<{ id: CustomerId }>(
    `select id from customers where tenant_id = $1 and connection_id = $2 and object = $3 and external_id = $4
       and status = 'active'`,
    [tx.tenant, connection, object, externalId],
  )
  return row?.id ?? null
}
