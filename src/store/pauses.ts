/** What is stopped: everything for everybody, a company, one of its channels or actions; and the kill switch. */
import type { Transaction } from './database.ts'

export type PauseScope = 'action' | 'channel' | 'everything'

export interface NewPause {
  readonly scope: PauseScope
  /** Key of the action, name of the channel; '' for everything. */
  readonly name: string
  /** A sentence. */
  readonly reason: string
  readonly actor: string
  /** What was counted, where it stopped by itself. */
  readonly evidence?: unknown
}

export interface RunningPause {
  readonly id: number
  readonly scope: PauseScope
  readonly name: string
  readonly reason: string
  readonly actor: string
  readonly evidence: unknown
  readonly createdAt: Date
}

/** All that may stop something, as it stands in a transaction. */
export interface PauseRows {
  /** Why nothing is sent for anybody; null: it is not paused. */
  readonly installation: string | null
  /** Why nothing is sent for this company; null: it is not paused. */
  readonly tenant: string | null
  readonly running: readonly RunningPause[]
}

const SELECTED = `id, scope, name, reason, actor, evidence, created_at as "createdAt"`

/** One statement, whatever the number of pauses; not prepared, since every page begins with it and goes on otherwise. */
export async function readPauses(tx: Transaction): Promise<PauseRows> {
  const [row] = await tx.query<{
    installation: string | null
    status: 'active' | 'paused'
    reason: string | null
    running: readonly (Omit<RunningPause, 'createdAt'> & { readonly createdAt: string })[] | null
  }>(
    `select (select paused_reason from installation) as installation, t.status, t.paused_reason as reason,
       (select json_agg(p order by p.id) from (
          select ${SELECTED} from pauses where tenant_id = $1 and ended_at is null
        ) p) as running
     from tenants t where t.id = $1`,
    [tx.tenant],
  )
  return {
    installation: row.installation,
    tenant: row.status === 'paused' ? (row.reason ?? 'no reason was given') : null,
    running: (row.running ?? []).map((one) => ({ ...one, createdAt: new Date(one.createdAt) })),
  }
}

/** @returns false, and the reason that stands stays, when it is paused already */
export async function addPause(tx: Transaction, pause: NewPause): Promise<boolean> {
  const { scope, name, reason, actor, evidence } = pause
  const added = await tx.query(
    `insert into pauses (tenant_id, scope, name, reason, actor, evidence) values ($1, $2, $3, $4, $5, $6::jsonb)
     on conflict (tenant_id, scope, name) where ended_at is null do nothing returning id`,
    [tx.tenant, scope, name, reason, actor, evidence === undefined ? null : JSON.stringify(evidence)],
  )
  return added.length > 0
}

/** @returns whether it was paused */
export async function endPause(
  tx: Transaction,
  { scope, name, actor }: Pick<NewPause, 'scope' | 'name' | 'actor'>,
): Promise<boolean> {
  const ended = await tx.query(
    `update pauses set ended_at = now(), ended_by = $4
     where tenant_id = $1 and scope = $2 and name = $3 and ended_at is null returning id`,
    [tx.tenant, scope, name, actor],
  )
  return ended.length > 0
}
