/** Views of the customers' list that people saved: for themselves, or for everybody of the company. */
import { randomUUID } from 'node:crypto'
import { BUILT_IN_VIEWS, type CustomerColumn, type CustomerQuery } from '../contracts/customer-views.ts'
import { HoldfastError } from '../contracts/errors.ts'
import type { Transaction } from './database.ts'

export interface SavedView {
  readonly id: string
  /** Whose it is; null: everybody's. */
  readonly owner: string | null
  readonly name: string
  readonly query: CustomerQuery
  readonly columns: readonly CustomerColumn[]
  readonly createdBy: string
  readonly updatedAt: Date
}

export interface NewView {
  readonly owner: string | null
  readonly name: string
  readonly query: CustomerQuery
  readonly columns: readonly CustomerColumn[]
  /** As the audit log names who makes it. */
  readonly actor: string
}

/** Views of one person, or of the company. */
const MOST = 100

/** Everybody's, then one's own, each by name. */
export function viewsFor(tx: Transaction, subject: string): Promise<SavedView[]> {
  return tx.query<SavedView>(
    `select ${VIEW} from customer_views where tenant_id = $1 and (owner is null or owner = $2)
     order by owner nulls first, lower(name), id`,
    [tx.tenant, subject],
  )
}

/** The one that the list opens with for somebody; null: nobody chose one, or it is gone. */
export async function defaultViewOf(tx: Transaction, subject: string): Promise<string | null> {
  const [row] = await tx.query<{ view: string }>(
    'select view from customer_view_defaults where tenant_id = $1 and subject = $2',
    [tx.tenant, subject],
  )
  return row?.view ?? null
}

/**
 * @throws HoldfastError `not_found`, also of another person's
 */
export async function readView(tx: Transaction, id: string, subject: string): Promise<SavedView> {
  const [row] = await tx.query<SavedView>(
    `select ${VIEW} from customer_views where tenant_id = $1 and id = $2 and (owner is null or owner = $3)`,
    [tx.tenant, id, subject],
  )
  if (row === undefined) throw noView(id)
  return row
}

/**
 * @throws HoldfastError `conflict` when there is one of that name, or there are too many
 */
export async function addView(
  tx: Transaction,
  { owner, name, query, columns, actor }: NewView,
): Promise<SavedView> {
  const [{ count }] = await tx.query<{ count: number }>(
    'select count(*) as count from customer_views where tenant_id = $1 and owner is not distinct from $2',
    [tx.tenant, owner],
  )
  if (count >= MOST)
    throw new HoldfastError('conflict', `There are ${MOST} views already. Delete one that nobody needs.`)
  const rows = await tx.query<SavedView>(
    `insert into customer_views (tenant_id, id, owner, name, query, columns, created_by)
     values ($1, $2, $3, $4, $5, $6, $7)
     on conflict (tenant_id, coalesce(owner, ''), lower(name)) do nothing returning ${VIEW}`,
    [tx.tenant, randomUUID(), owner, name, JSON.stringify(query), columns, actor],
  )
  if (rows.length === 0) throw sameName(name)
  return rows[0]
}

/**
 * @throws HoldfastError `not_found`, `conflict` when there is another one of that name
 */
export async function changeView(
  tx: Transaction,
  id: string,
  { name, query, columns }: { readonly [K in 'name' | 'query' | 'columns']?: NewView[K] | undefined },
): Promise<SavedView> {
  if (name !== undefined) {
    const taken = await tx.query(
      `select from customer_views v join customer_views o on o.tenant_id = v.tenant_id and o.id <> v.id
         and o.owner is not distinct from v.owner and lower(o.name) = lower($3)
       where v.tenant_id = $1 and v.id = $2`,
      [tx.tenant, id, name],
    )
    if (taken.length > 0) throw sameName(name)
  }
  const [row] = await tx.query<SavedView>(
    `update customer_views set name = coalesce($3, name), query = coalesce($4::jsonb, query),
       columns = coalesce($5::text[], columns), updated_at = now()
     where tenant_id = $1 and id = $2 returning ${VIEW}`,
    [tx.tenant, id, name ?? null, query === undefined ? null : JSON.stringify(query), columns ?? null],
  )
  if (row === undefined) throw noView(id)
  return row
}

/** Whoever opened the list with it opens it with what is built in. */
export async function deleteView(tx: Transaction, id: string): Promise<void> {
  await tx.query('delete from customer_view_defaults where tenant_id = $1 and view = $2', [tx.tenant, id])
  await tx.query('delete from customer_views where tenant_id = $1 and id = $2', [tx.tenant, id])
}

/**
 * @param view null: none in particular
 * @throws HoldfastError `not_found` when there is none that this person sees
 */
export async function chooseDefault(tx: Transaction, subject: string, view: string | null): Promise<void> {
  if (view === null) {
    await tx.query('delete from customer_view_defaults where tenant_id = $1 and subject = $2', [
      tx.tenant,
      subject,
    ])
    return
  }
  if (BUILT_IN_VIEWS.every(({ id }) => id !== view)) await readView(tx, view, subject)
  await tx.query(
    `insert into customer_view_defaults (tenant_id, subject, view) values ($1, $2, $3)
     on conflict (tenant_id, subject) do update set view = excluded.view`,
    [tx.tenant, subject, view],
  )
}

const VIEW = 'id, owner, name, query, columns, created_by as "createdBy", updated_at as "updatedAt"'

const noView = (id: string): HoldfastError =>
  new HoldfastError('not_found', `There is no view ${id}. GET /v1/customer-views lists them.`)

const sameName = (name: string): HoldfastError =>
  new HoldfastError('conflict', `There is a view “${name}” already. Choose another name, or change that one.`)
