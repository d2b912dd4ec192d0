/** Moves that end the taking of an intervention: it is leased, put off, or done with. */
import { delayIntervention, moveIntervention, type MoveSet } from '../store/intervention-moves.ts'
import type { InterventionState } from '../store/intervention-states.ts'
import type { HeldIntervention } from '../store/interventions.ts'
import type { Transaction } from '../store/database.ts'
import { recheckMs } from './act-retry.ts'

export interface Settling {
  readonly to: InterventionState
  readonly code: string
  readonly reason: string
  readonly set?: MoveSet
}

/** Why a task is made once more that was begun and never ended. */
export const REPEATED = 'task_repeated'

const MAY_BE_THERE =
  'The process that was making the task ended before it was answered, so it may be on a list already: look it up in the CRM.'

export async function settle(
  tx: Transaction,
  row: HeldIntervention,
  actor: string,
  { to, code, reason, set = {} }: Settling,
): Promise<InterventionState> {
  const words = row.reasonCode === REPEATED && to !== 'deferred' ? `${reason} ${MAY_BE_THERE}` : reason
  await moveIntervention(tx, {
    id: row.id,
    from: [row.state],
    to,
    actor,
    reasonCode: code,
    reason: words,
    set,
  })
  return to
}

/** Waits for an admin. Looked at again now and then, which leaves no event while the reason is the same. */
export async function putOffIntervention(
  tx: Transaction,
  row: HeldIntervention,
  { code, reason, actor }: { code: string; reason: string; actor: string },
): Promise<void> {
  const dueInMs = recheckMs()
  if (row.state === 'deferred' && row.reasonCode === code && row.reason === reason)
    return delayIntervention(tx, row.id, dueInMs)
  await settle(tx, row, actor, { to: 'deferred', code, reason, set: { dueInMs } })
}

export interface Leasing {
  readonly row: HeldIntervention
  readonly worker: string
  readonly ms: number
}

export async function leaseIntervention(
  tx: Transaction,
  { row, worker, ms }: Leasing,
  { delivery }: { readonly delivery: 'sandbox' | 'live' },
  set: MoveSet = {},
): Promise<void> {
  await moveIntervention(tx, {
    id: row.id,
    from: [row.state],
    to: 'leased',
    actor: worker,
    detail: { delivery },
    set: { ...set, attempts: 1, lease: { owner: worker, ms } },
  })
}
