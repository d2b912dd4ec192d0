/**
 * Whether and what a task of an intervention says. It differs from a message in what it needs: no e-mail consent and no
 * address, but nobody who refused to be called; and in what a crash means: a task is made under its key however often it
 * is tried, so that it is simply made again and never in doubt.
 */
import type { Move } from '../store/intervention-moves.ts'
import type { HeldIntervention } from '../store/interventions.ts'
import { REPEATED } from './act-settle.ts'
import { buildTask, chooseCallee, storedTask } from './act-task-message.ts'
import type { Candidate, Verdict } from './act-verdict.ts'

/**
 * A worker began to make a task and never said how it ended.
 *
 * @returns the move, and the row as if it had been put off until now
 */
export function repeatTask(
  row: HeldIntervention,
  actor: string,
): { readonly move: Move; readonly row: HeldIntervention } {
  const reason =
    'The process that was making this task ended before the answer was stored. It is made again under the same key, which gives no second task.'
  return {
    move: {
      id: row.id,
      from: [row.state],
      to: 'deferred',
      actor,
      reasonCode: REPEATED,
      reason,
      set: { dueInMs: 0 },
    },
    row: { ...row, state: 'deferred', reasonCode: REPEATED, reason },
  }
}

export function judgeTask({ row, context, delivery, facts, terms }: Candidate): Verdict {
  const { chosen, refusal } = chooseCallee(facts.contactsOf(row.customer), facts)
  if (refusal !== null) {
    const reason = `No task was made: ${refusal.because}, and nobody else at this customer may be called.`
    return { do: 'settle', to: 'suppressed', code: refusal.code, reason }
  }
  // What may be on a list already is not written anew under somebody's hands.
  const kept = row.reasonCode === REPEATED ? storedTask(row) : null
  const message =
    kept !== null && kept.delivery === delivery.kind
      ? kept
      : buildTask({ intervention: row, context, to: chosen, delivery: delivery.kind, facts })
  const set = {
    message,
    ...(chosen === null ? {} : { recipient: chosen.recipient.id }),
    ...(chosen === null || chosen.hash === null ? {} : { addressHash: chosen.hash }),
  }
  if (delivery.kind === 'dry_run')
    return { do: 'settle', to: 'dry_run', code: delivery.code, reason: delivery.reason, set }
  const { id, kind, config } = context.connection
  return {
    do: 'send',
    message,
    delivery: delivery.kind,
    hash: chosen?.hash ?? null,
    place: { tenant: terms.tenant, id, kind, config },
    set,
  }
}
