/** The outbox of notices: what is to be told to whom, what went out and what was given up. */
import { z } from 'zod'
import type { CustomerId, TenantId } from '../contracts/ids.ts'
import type { ToldKind } from '../settings/alerts.ts'
import type { Transaction } from './database.ts'
import { conditions } from './reads/conditions.ts'
import { pageOf, pageSize, readCursor, type Page, type PageRequest } from './reads/paging.ts'

export type ToldLevel = 'info' | 'warning' | 'urgent'

/** One notice to one receiver. */
export interface NewTold {
  readonly kind: ToldKind
  readonly level: ToldLevel
  readonly subject: string
  /** Plain. */
  readonly body: string
  readonly data: object
  readonly dedupKey: string
  readonly via: 'email' | 'webhook'
  /** The e-mail address, or the id of the webhook. */
  readonly target: string
  readonly targetName: string | null
  readonly rehearsal: boolean
  readonly customer: CustomerId | null
}

/** @returns how many of them nobody was told yet */
export async function addTold(tx: Transaction, all: readonly NewTold[]): Promise<number> {
  if (all.length === 0) return 0
  const added = await tx.query(
    `insert into told (tenant_id, kind, level, subject, body, data, dedup_key, via, target, target_name, rehearsal, customer_id)
     select $1, kind, level, subject, body, data, "dedupKey", via, target, "targetName", rehearsal, customer
     from jsonb_to_recordset($2::jsonb) as r (kind text, level text, subject text, body text, data jsonb, "dedupKey" text,
       via text, target text, "targetName" text, rehearsal boolean, customer bigint)
     on conflict (tenant_id, dedup_key, via, target) do nothing returning id`,
    [tx.tenant, JSON.stringify(all)],
  )
  return added.length
}

/** A notice that somebody is about to send. */
export interface TakenTold extends NewTold {
  readonly id: number
  /** This one included. */
  readonly attempts: number
  readonly createdAt: Date
}

/**
 * Notices that are due, the oldest first. Nobody else takes them for `seconds`: whoever dies meanwhile lets them be sent
 * once more, under the same key.
 */
export function takeTold(
  tx: Transaction,
  { limit, seconds }: { readonly limit: number; readonly seconds: number },
): Promise<TakenTold[]> {
  return tx.query<TakenTold>(
    `with due as (
       select id from told where tenant_id = $1 and state = 'waiting' and due_at <= now()
       order by due_at, id limit $2 for update skip locked
     )
     update told t set attempts = attempts + 1, due_at = now() + make_interval(secs => $3)
     from due where t.tenant_id = $1 and t.id = due.id
     returning t.id, t.kind, t.level, t.subject, t.body, t.data, t.dedup_key as "dedupKey", t.via, t.target,
       t.target_name as "targetName", t.rehearsal, t.customer_id as customer, t.attempts, t.created_at as "createdAt"`,
    [tx.tenant, limit, seconds],
  )
}

/** @param end `again`: seconds until it is tried once more */
export async function endTold(
  tx: Transaction,
  id: number,
  end:
    | { readonly state: 'sent' }
    | { readonly state: 'failed'; readonly error: string }
    | { readonly state: 'waiting'; readonly error: string; readonly again: number },
): Promise<void> {
  await tx.query(
    // What was said is kept no longer than it is needed: of what was given up, until it is forgotten altogether, since
    // somebody may ask for it again.
    `update told set state = $3, error = $4, body = case when $3 = 'sent' then '' else body end,
       due_at = case when $3 = 'waiting' then now() + make_interval(secs => $5) else due_at end,
       ended_at = case when $3 <> 'waiting' then now() end
     where tenant_id = $1 and id = $2 and state = 'waiting'`,
    [
      tx.tenant,
      id,
      end.state,
      end.state === 'sent' ? null : end.error.slice(0, 500),
      end.state === 'waiting' ? end.again : 0,
    ],
  )
}

/** What waits for a receiver that nothing goes to any more. */
export async function dropTold(
  tx: Transaction,
  {
    via,
    target,
    error,
    keep = false,
  }: {
    readonly via: 'email' | 'webhook'
    readonly target: string
    readonly error: string
    /** What was to be said, for whoever asks for it again. */
    readonly keep?: boolean
  },
): Promise<void> {
  await tx.query(
    `update told set state = 'failed', error = $4, body = case when $5 then body else '' end, ended_at = now()
     where tenant_id = $1 and via = $2 and target = $3 and state = 'waiting'`,
    [tx.tenant, via, target, error, keep],
  )
}

/**
 * Has something that was given up told once more, at once and under its own key.
 *
 * @returns gone: there is no such notice. ended: it got through, or what it said is not kept any more. waits: it is on its
 *   way as it is
 */
export async function tellAgain(tx: Transaction, id: number): Promise<'again' | 'gone' | 'ended' | 'waits'> {
  const [row] = await tx.query<{ state: ToldLine['state']; kept: boolean }>(
    `select state, body <> '' as kept from told where tenant_id = $1 and id = $2 for update`,
    [tx.tenant, id],
  )
  if (row === undefined) return 'gone'
  if (row.state === 'waiting') return 'waits'
  if (row.state === 'sent' || !row.kept) return 'ended'
  await tx.query(
    `update told set state = 'waiting', attempts = 0, due_at = now(), error = null, ended_at = null
     where tenant_id = $1 and id = $2`,
    [tx.tenant, id],
  )
  return 'again'
}

export interface ToldLine {
  readonly id: number
  readonly kind: ToldKind
  readonly level: ToldLevel
  readonly subject: string
  readonly via: 'email' | 'webhook'
  readonly target: string
  /** Of the webhook as it was called then, or of the person; null: none is known. */
  readonly targetName: string | null
  readonly state: 'waiting' | 'sent' | 'failed'
  readonly attempts: number
  readonly error: string | null
  readonly createdAt: Date
  readonly endedAt: Date | null
  /** Whether it can be told once more: it failed, and what it said is still kept. */
  readonly again: boolean
}

export interface ToldQuery extends PageRequest {
  readonly kind?: ToldKind | undefined
  readonly state?: ToldLine['state'] | undefined
  readonly via?: ToldLine['via'] | undefined
  /** The e-mail address, or the id of the webhook. */
  readonly target?: string | undefined
}

/** Newest first. */
export async function listTold(tx: Transaction, query: ToldQuery): Promise<Page<ToldLine>> {
  const size = pageSize(query)
  const after = readCursor('told', query, z.tuple([z.int()]))
  const where = conditions([tx.tenant], 'tenant_id = $1')
  where.given(after?.[0], (it) => `id < ${it}`)
  where.given(query.kind, (it) => `kind = ${it}`)
  where.given(query.state, (it) => `state = ${it}`)
  where.given(query.via, (it) => `via = ${it}`)
  where.given(query.target, (it) => `target = ${it}`)
  const rows = await tx.query<ToldLine>(
    `select id, kind, level, subject, via, target, target_name as "targetName", state, attempts, error,
       created_at as "createdAt", ended_at as "endedAt", state = 'failed' and body <> '' as again
     from told where ${where.text()} order by id desc limit ${where.parameter(size + 1)}`,
    where.values,
  )
  return pageOf(rows, size, 'told', ({ id }) => [id])
}

/** Tenants for whom something waits to be sent, the longest waiting first. In a system transaction. */
export async function tenantsToTell(tx: Transaction, limit: number): Promise<readonly TenantId[]> {
  const rows = await tx.query<{ tenant: TenantId }>(
    `select tenant_id as tenant from told where state = 'waiting' and due_at <= now()
     group by tenant_id order by min(due_at) limit $1`,
    [limit],
  )
  return rows.map(({ tenant }) => tenant)
}

/** Until when something regular was looked at; null: never. */
export async function toldUntil(tx: Transaction, name: string): Promise<Date | null> {
  const [row] = await tx.query<{ at: Date }>(
    'select at from told_until where tenant_id = $1 and name = $2 for update',
    [tx.tenant, name],
  )
  return row?.at ?? null
}

export async function setToldUntil(tx: Transaction, name: string, at: Date): Promise<void> {
  await tx.query(
    `insert into told_until (tenant_id, name, at) values ($1, $2, $3)
     on conflict (tenant_id, name) do update set at = excluded.at, looked_at = now()`,
    [tx.tenant, name, at],
  )
}

/**
 * Tenants that nobody has looked after for so long: those whose turn in the rounds it is. Marks them as looked after, so
 * that no two processes do. In a system transaction.
 */
export async function tenantsToLookAfter(
  tx: Transaction,
  { seconds, limit }: { readonly seconds: number; readonly limit: number },
): Promise<readonly TenantId[]> {
  const rows = await tx.query<{ tenant: TenantId }>(
    `insert into told_until (tenant_id, name, at)
     select t.id, 'rounds', now() from tenants t
     left join told_until u on u.tenant_id = t.id and u.name = 'rounds'
     where u.looked_at is null or u.looked_at < now() - make_interval(secs => $1)
     order by u.looked_at nulls first, t.id limit $2
     on conflict (tenant_id, name) do update set at = now(), looked_at = now()
       where told_until.looked_at < now() - make_interval(secs => $1)
     returning tenant_id as tenant`,
    [seconds, limit],
  )
  return rows.map(({ tenant }) => tenant)
}
