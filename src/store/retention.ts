/**
 * What has been kept for long enough goes, a bounded batch a transaction. What of it still stays, because the ledger, the
 * budget, caps or outcomes need it, each statement says.
 */
import type { CustomerId, TenantId } from '../contracts/ids.ts'
import type { AgeSetting } from '../settings/retention.ts'
import type { Transaction } from './database.ts'

/** Whatever is a matter of its age alone. */
interface Sweep {
  readonly setting: AgeSetting
  readonly table: string
  /** On the rows of a tenant; $2 is the time before which they go. */
  readonly where: string
}

const SWEEPS: readonly Sweep[] = [
  // What waits to be sent is sent or given up first.
  { setting: 'notices', table: 'told', where: `state <> 'waiting' and ended_at < $2` },
  { setting: 'sessions', table: 'sessions', where: 'least(expires_at, revoked_at) < $2' },
  { setting: 'sessions', table: 'sign_in_links', where: 'expires_at < $2' },
  // Events that wait to be looked at stay, however old: they are work. Others are sent again for a day.
  { setting: 'webhookReceipts', table: 'webhook_receipts', where: 'processed_at < $2' },
  // Nobody has to come back for what was not known in time.
  { setting: 'webhookReceipts', table: 'workflow_calls', where: 'coalesce(ended_at, expires_at) < $2' },
  { setting: 'keptAnswers', table: 'idempotent_requests', where: 'created_at < $2' },
  // One that may still be fetched has lasted a day at most.
  { setting: 'exports', table: 'data_exports', where: 'asked_at < $2 and expires_at < now()' },
]

/** Names of what a sweep is of, in the order in which they run. */
export const SWEPT = [...new Set(SWEEPS.map(({ setting }) => setting))]

/**
 * @param before what is older goes
 * @returns how many rows went; as many as `most` where more may be left
 */
export async function sweep(
  tx: Transaction,
  setting: AgeSetting,
  { before, most }: { readonly before: Date; readonly most: number },
): Promise<number> {
  let gone = 0
  for (const { table, where } of SWEEPS.filter((one) => one.setting === setting)) {
    const rows = await tx.query(
      `delete from ${table} where ctid = any (array(
         select ctid from ${table} where tenant_id = $1 and ${where} limit $3 for update skip locked
       )) returning 1`,
      [tx.tenant, before, most - gone],
    )
    gone += rows.length
  }
  return gone
}

export async function sweepAudit(
  tx: Transaction,
  { before, most }: { readonly before: Date; readonly most: number },
): Promise<number> {
  const [{ gone }] = await tx.query<{ gone: number }>('select forget_old_audit($1, $2) as gone', [
    before,
    most,
  ])
  return gone
}

/** What of a message outcomes and caps go by, and by which whoever asks to be forgotten is found. */
const KEPT_OF_MESSAGE = ['delivery', 'recipientId']

/**
 * Texts and addresses of messages that ended. The rest of the row stays: it is the ledger, from which budget, caps and
 * outcomes are counted, and which knows by a keyed hash where it went. What is still to be logged on a timeline, or may
 * still be found out about, keeps its message until then.
 */
export async function sweepMessages(
  tx: Transaction,
  { before, most }: { readonly before: Date; readonly most: number },
): Promise<number> {
  const rows = await tx.query(
    `update interventions i set message = (
       select jsonb_object_agg(key, value) from jsonb_each(i.message) where key = any ($4::text[]))
     where i.tenant_id = $1 and i.id in (
       select m.id from interventions m
       where m.tenant_id = $1 and m.message is not null and m.updated_at < $2
         and m.message - $4::text[] <> '{}'
         and m.state in ('sent', 'confirmed', 'rejected', 'suppressed', 'expired', 'cancelled', 'dry_run')
         and not exists (
           select from activities a
           where a.tenant_id = m.tenant_id and a.intervention_id = m.id and a.state = 'waiting')
       order by m.updated_at limit $3 for update skip locked
     ) returning 1`,
    [tx.tenant, before, most, KEPT_OF_MESSAGE],
  )
  const [{ gone }] = await tx.query<{ gone: number }>('select forget_old_words($1, $2) as gone', [
    before,
    most,
  ])
  return Math.max(rows.length, gone)
}

/**
 * Customers who left, or are gone from their source, with all that hangs on them. Not while something of theirs is on its
 * way, may still cost something or has still to be measured, and not before whoever lives on in them.
 *
 * Budgets are not touched: their entries outlive interventions. Caps look back 12 months at most, and nothing was sent
 * to somebody who left more than 400 days ago, the least that the setting takes.
 */
export async function sweepCustomers(
  tx: Transaction,
  { before, most }: { readonly before: Date; readonly most: number },
): Promise<number> {
  const rows = await tx.query<{ id: CustomerId }>(
    `select c.id from customers c
     where c.tenant_id = $1 and c.status <> 'active' and c.status_since < $2
       and not exists (
         select from interventions i where i.tenant_id = c.tenant_id and i.customer_id = c.id and (
           i.state in ('planned', 'awaiting_approval', 'deferred', 'leased', 'sending', 'snoozed', 'uncertain')
           or i.created_at >= $2))
       -- Outcomes are measured up to 180 days after a decision, and learnt from.
       and not exists (
         select from decisions d where d.tenant_id = c.tenant_id and d.customer_id = c.id and d.decided_at >= $2)
       -- An offer that was taken costs something for as many months as it has.
       and not exists (
         select from offers o left join offer_redemptions r on r.tenant_id = o.tenant_id and r.intervention_id = o.intervention_id
         where o.tenant_id = c.tenant_id and o.customer_id = c.id and (
           o.status in ('requested', 'reserved', 'issued') or o.making_minor > 0 and not o.making_booked
           or o.ended_at is null and r.redeemed_at + make_interval(months => o.months) >= $2))
       -- Whoever took them over answers for what was done with them.
       and not exists (
         select from customers into_them
         where into_them.tenant_id = c.tenant_id and into_them.id = c.merged_into and into_them.status = 'active')
     order by c.status_since, c.id limit $3 for update of c skip locked`,
    [tx.tenant, before, most],
  )
  await tx.query('delete from customers where tenant_id = $1 and id = any ($2::bigint[])', [
    tx.tenant,
    rows.map(({ id }) => id),
  ])
  return rows.length
}

/** What is swept by going over the book: a page of customers, and what went of their history. */
export async function sweepHistory(
  tx: Transaction,
  {
    after,
    page,
    scores,
    changes,
  }: {
    readonly after: number
    readonly page: number
    /** Null: kept for good. */
    readonly scores: Date | null
    readonly changes: Date | null
  },
): Promise<{ readonly last: number | null; readonly scores: number; readonly changes: number }> {
  const rows = await tx.query<{ id: number }>(
    'select id from customers where tenant_id = $1 and id > $2 order by id limit $3',
    [tx.tenant, after, page],
  )
  if (rows.length === 0) return { last: null, scores: 0, changes: 0 }
  const ids = rows.map(({ id }) => id)
  const run = async (name: string, before: Date | null): Promise<number> => {
    if (before === null) return 0
    const [{ gone }] = await tx.query<{ gone: number }>(`select ${name}($1::bigint[], $2) as gone`, [
      ids,
      before,
    ])
    return gone
  }
  return {
    last: ids[ids.length - 1],
    scores: await run('forget_old_scores', scores),
    changes: await run('fold_old_changes', changes),
  }
}

export interface RetentionRun {
  readonly id: number
  readonly startedAt: Date
  readonly finishedAt: Date | null
  /** What went, by the names of the settings. */
  readonly counts: Readonly<Record<string, number>>
}

/** The run that was broken off, or a new one. */
export async function beginRetention(
  tx: Transaction,
  now: Date,
): Promise<{ readonly id: number; readonly after: number; readonly counts: Record<string, number> }> {
  const [open] = await tx.query<{ id: number; after: number; counts: Record<string, number> }>(
    `select id, after_customer as after, counts from retention_runs
     where tenant_id = $1 and finished_at is null order by id desc limit 1`,
    [tx.tenant],
  )
  if (open !== undefined) return open
  const [made] = await tx.query<{ id: number }>(
    'insert into retention_runs (tenant_id, started_at) values ($1, $2) returning id',
    [tx.tenant, now],
  )
  return { id: made.id, after: 0, counts: {} }
}

export async function saveRetention(
  tx: Transaction,
  run: {
    readonly id: number
    readonly after: number
    readonly counts: Readonly<Record<string, number>>
    readonly finishedAt: Date | null
  },
): Promise<void> {
  await tx.query(
    'update retention_runs set after_customer = $3, counts = $4, finished_at = $5 where tenant_id = $1 and id = $2',
    [tx.tenant, run.id, run.after, JSON.stringify(run.counts), run.finishedAt],
  )
  // A year of them tells enough.
  if (run.finishedAt !== null)
    await tx.query(
      `delete from retention_runs where tenant_id = $1 and started_at < $2::timestamptz - interval '400 days'`,
      [tx.tenant, run.finishedAt],
    )
}

/** Newest first. */
export function retentionRuns(tx: Transaction, limit: number): Promise<readonly RetentionRun[]> {
  return tx.query<RetentionRun>(
    `select id, started_at as "startedAt", finished_at as "finishedAt", counts from retention_runs
     where tenant_id = $1 order by started_at desc, id desc limit $2`,
    [tx.tenant, limit],
  )
}

/**
 * Companies whose turn it is, each given to one process. In a system transaction.
 *
 * @param seconds since its last turn
 */
export async function tenantsToAge(
  tx: Transaction,
  { seconds, limit }: { readonly seconds: number; readonly limit: number },
): Promise<readonly TenantId[]> {
  const rows = await tx.query<{ tenant: TenantId }>(
    `insert into told_until (tenant_id, name, at)
     select t.id, 'retention', now() from tenants t
     left join told_until u on u.tenant_id = t.id and u.name = 'retention'
     where u.looked_at is null or u.looked_at < now() - make_interval(secs => $1)
     order by u.looked_at nulls first, t.id limit $2
     on conflict (tenant_id, name) do update set at = now(), looked_at = now()
       where told_until.looked_at < now() - make_interval(secs => $1)
     returning tenant_id as tenant`,
    [seconds, limit],
  )
  return rows.map(({ tenant }) => tenant)
}

/** A turn that was broken off: whoever comes next goes on at once. */
export async function giveTurnBack(tx: Transaction): Promise<void> {
  await tx.query(
    `update told_until set looked_at = '-infinity' where tenant_id = $1 and name = 'retention'`,
    [tx.tenant],
  )
}
