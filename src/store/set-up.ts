/** How far a company is with being set up, from what is stored. */
import type { ConnectionId } from '../contracts/ids.ts'
import type { Transaction } from './database.ts'

/** Steps that somebody agrees to; the others are told by what was made. */
export const CONFIRMED_STEPS = ['mapping', 'levels', 'actions'] as const
export type ConfirmedStep = (typeof CONFIRMED_STEPS)[number]

export interface Confirmation {
  readonly by: string
  readonly at: Date
}

export interface SetUpFacts {
  readonly confirmed: Readonly<Partial<Record<ConfirmedStep, Confirmation>>>
  /** Whether anybody has a score. */
  readonly scored: boolean
  readonly settingsVersion: number
  /** Of each connection's sync: the error of its last try. */
  readonly syncErrors: ReadonlyMap<ConnectionId, string>
}

export async function setUpFacts(tx: Transaction): Promise<SetUpFacts> {
  const confirmed = await tx.query<{ step: ConfirmedStep; by: string; at: Date }>(
    'select step, confirmed_by as by, confirmed_at as at from setup_confirmations where tenant_id = $1',
    [tx.tenant],
  )
  const [{ scored, version }] = await tx.query<{ scored: boolean; version: number }>(
    `select exists (select from scores where tenant_id = $1) as scored,
       coalesce((select max(version) from settings_versions where tenant_id = $1), 0)::integer as version`,
    [tx.tenant],
  )
  const errors = await tx.query<{ connection: ConnectionId; message: string }>(
    `select connection_id as connection, coalesce(error_message, '') as message from steps
     where tenant_id = $1 and step = 'sync' and error_code is not null`,
    [tx.tenant],
  )
  return {
    confirmed: Object.fromEntries(confirmed.map(({ step, by, at }) => [step, { by, at }])),
    scored,
    settingsVersion: version,
    syncErrors: new Map(errors.map(({ connection, message }) => [connection, message])),
  }
}

/** In place of an earlier one. */
export async function confirmStep(tx: Transaction, step: ConfirmedStep, by: string): Promise<void> {
  await tx.query(
    `insert into setup_confirmations (tenant_id, step, confirmed_by) values ($1, $2, $3)
     on conflict (tenant_id, step) do update set confirmed_by = excluded.confirmed_by, confirmed_at = now()`,
    [tx.tenant, step, by],
  )
}
