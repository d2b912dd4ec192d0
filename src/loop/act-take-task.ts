/**
 * Takes an intervention that is a task. It differs from a message in what it needs: no e-mail consent and no address,
 * but nobody who refused to be called; and in what a crash means: a task is made under its key however often it is
 * tried, so that it is simply made again and never in doubt.
 */
import { recipientsByRank, type ActContext } from '../store/act-context.ts'
import type { Transaction } from '../store/database.ts'
import { moveIntervention } from '../store/intervention-moves.ts'
import type { InterventionState } from '../store/intervention-states.ts'
import type { HeldIntervention } from '../store/interventions.ts'
import type { ServiceSettings } from '../settings/service.ts'
import { REPEATED, leaseIntervention, settle, type Leasing } from './act-settle.ts'
import { buildTask, chooseCallee, storedTask, type StoredTask } from './act-task-message.ts'
import type { Delivery } from './delivery.ts'
import type { ConnectionPlace } from './services.ts'

/** What is held by a lease, ready to be made. */
export interface TakenTask {
  readonly message: StoredTask
  readonly delivery: 'sandbox' | 'live'
  /** Of the phone number of the person whom it is about; null: none is known. */
  readonly hash: Buffer | null
  readonly place: ConnectionPlace
}

/**
 * A worker began to make a task and never said how it ended. The row is as if it had been put off until now.
 */
export async function repeatTask(
  tx: Transaction,
  row: HeldIntervention,
  actor: string,
): Promise<HeldIntervention> {
  const reason =
    'The process that was making this task ended before the answer was stored. It is made again under the same key, which gives no second task.'
  await moveIntervention(tx, {
    id: row.id,
    from: [row.state],
    to: 'deferred',
    actor,
    reasonCode: REPEATED,
    reason,
    set: { dueInMs: 0 },
  })
  return { ...row, state: 'deferred', reasonCode: REPEATED, reason }
}

interface TaskTaking {
  readonly leasing: Leasing
  readonly context: ActContext
  readonly settings: ServiceSettings
  readonly delivery: Exclude<Delivery, { kind: 'none' }>
  readonly key: Buffer
  readonly now: Date
}

/** @returns the state that it ended in where nothing is to be made */
export async function takeTask(
  tx: Transaction,
  { leasing, context, settings, delivery, key, now }: TaskTaking,
): Promise<{ readonly ended: InterventionState } | { readonly taken: TakenTask }> {
  const { row, worker } = leasing
  const { chosen, refusal } = await chooseCallee(tx, await recipientsByRank(tx, row.customer), key)
  if (refusal !== null) {
    const reason = `No task was made: ${refusal.because}, and nobody else at this customer may be called.`
    return { ended: await settle(tx, row, worker, { to: 'suppressed', code: refusal.code, reason }) }
  }
  // What may be on a list already is not written anew under somebody's hands.
  const kept = row.reasonCode === REPEATED ? storedTask(row) : null
  const message =
    kept !== null && kept.delivery === delivery.kind
      ? kept
      : await buildTask(tx, {
          intervention: row,
          context,
          settings,
          to: chosen,
          delivery: delivery.kind,
          key,
          now,
        })
  const set = { message, ...(chosen === null ? {} : { recipient: chosen.recipient.id }) }
  if (delivery.kind === 'dry_run') {
    const { code, reason } = delivery
    return { ended: await settle(tx, row, worker, { to: 'dry_run', code, reason, set }) }
  }
  await leaseIntervention(tx, leasing, { delivery: delivery.kind }, set)
  const { id, kind, config } = context.connection
  return {
    taken: {
      message,
      delivery: delivery.kind,
      hash: chosen?.hash ?? null,
      place: { tenant: tx.tenant!, id, kind, config },
    },
  }
}
