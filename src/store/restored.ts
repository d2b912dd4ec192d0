/** What a restored ledger does not know of itself: rows of which something may have gone out after the backup. */
import type { ConnectionId, CustomerId, InterventionId } from '../contracts/ids.ts'
import type { Transaction } from './database.ts'
import type { InterventionState } from './intervention-states.ts'
import { moveInterventions } from './intervention-moves.ts'

/** Between which times nobody wrote down what went out. */
export interface Gap {
  /** When the backup was made. */
  readonly from: Date
  /** When it was restored. */
  readonly until: Date
}

/** Null: the installation was never restored. In a system transaction. */
export async function restoreGap(tx: Transaction): Promise<Gap | null> {
  const [row] = await tx.query<{ from: Date | null; until: Date | null }>(
    'select restored_from as "from", restored_at as until from installation',
  )
  return row === undefined || row.from === null || row.until === null
    ? null
    : { from: row.from, until: row.until }
}

/** In a system transaction. */
export async function noteReconciled(tx: Transaction, at: Date): Promise<void> {
  await tx.query('update installation set reconciled_at = $1', [at])
}

export interface InDoubt {
  readonly id: InterventionId
  readonly customer: CustomerId
  readonly connection: ConnectionId
  readonly kind: string
  readonly config: Readonly<Record<string, unknown>>
  readonly channel: 'email' | 'sms' | 'task'
  readonly state: InterventionState
  /** As the ledger stores it; null: none was written yet. */
  readonly message: unknown
}

/** As the restore and the trigger of 0017-reconcile.sql leave them. */
const RESTORED_CODES = ['restored', 'restored_anew'] as const

const COLUMNS = `i.id, i.customer_id as customer, i.connection_id as connection, c.kind, c.config, i.channel, i.state, i.message`
const SOURCE = `interventions i join connections c on c.tenant_id = i.tenant_id and c.id = i.connection_id
  where i.tenant_id = $1 and ($2::uuid is null or i.id > $2)`

/** Messages that nobody knows the end of since a restore, in the order of their ids. */
export function messagesInDoubt(
  tx: Transaction,
  { after, limit }: { after: InterventionId | null; limit: number },
): Promise<readonly InDoubt[]> {
  return tx.query<InDoubt>(
    `select ${COLUMNS} from ${SOURCE} and i.channel <> 'task' and i.state = 'uncertain'
       and i.reason_code = any ($4::text[])
     order by i.id limit $3`,
    [tx.tenant, after, limit, RESTORED_CODES],
  )
}

/** Tasks that the ledger still means to make, in the order of their ids. */
export function tasksToMake(
  tx: Transaction,
  { after, limit }: { after: InterventionId | null; limit: number },
): Promise<readonly InDoubt[]> {
  return tx.query<InDoubt>(
    `select ${COLUMNS} from ${SOURCE} and i.channel = 'task'
       and i.state in ('planned', 'awaiting_approval', 'deferred', 'snoozed', 'leased', 'sending')
     order by i.id limit $3`,
    [tx.tenant, after, limit],
  )
}

/** Ids that providers gave to what this ledger knows already. */
export async function knownAtProvider(
  tx: Transaction,
  providerIds: readonly string[],
): Promise<ReadonlySet<string>> {
  const rows = await tx.query<{ id: string }>(
    'select provider_id as id from interventions where tenant_id = $1 and provider_id = any ($2::text[])',
    [tx.tenant, providerIds],
  )
  return new Set(rows.map(({ id }) => id))
}

/** What was found where it went: the ledger says so from now on. */
export interface FoundOut {
  readonly id: InterventionId
  readonly state: InterventionState
  readonly providerId: string | null
  /** A sentence. */
  readonly reason: string
}

const ACTOR = 'restore'

/** Those that went out before the restore. @returns how many */
export async function settleSent(tx: Transaction, found: readonly FoundOut[]): Promise<number> {
  const step = (
    to: InterventionState,
    from: readonly InterventionState[],
    set: { lease?: { owner: string; ms: number }; sendingNow?: true } = {},
  ) =>
    moveInterventions(
      tx,
      found
        .filter(({ state }) => state !== 'uncertain')
        .map(({ id }) => ({ id, from, to, actor: ACTOR, reasonCode: 'restored', set })),
    )
  // A task was not held back by the restore: it goes the way that it went before.
  await step('planned', ['awaiting_approval'])
  await step('leased', ['planned', 'deferred', 'snoozed'], { lease: { owner: ACTOR, ms: 0 } })
  await step('sending', ['leased'], { lease: { owner: ACTOR, ms: 0 }, sendingNow: true })
  const moved = await moveInterventions(
    tx,
    found.map(({ id, providerId, reason }) => ({
      id,
      from: ['uncertain', 'sending'],
      to: 'sent',
      actor: ACTOR,
      reasonCode: 'found_after_restore',
      reason,
      set: { sentNow: true, ...(providerId === null ? {} : { providerId }) },
    })),
  )
  return moved.size
}

/** Those that certainly did not go out: they are due again. @returns how many */
export async function settleUnsent(
  tx: Transaction,
  found: readonly Pick<FoundOut, 'id' | 'reason'>[],
): Promise<number> {
  const moved = await moveInterventions(
    tx,
    found.map(({ id, reason }) => ({
      id,
      from: ['uncertain'],
      to: 'deferred',
      actor: ACTOR,
      reasonCode: 'restored_unsent',
      reason,
      set: { dueInMs: 0 },
    })),
  )
  return moved.size
}
