/** What a crash means for a task: it is made under its key however often it is tried, so it is made again, never in doubt. */
import type { Move } from '../store/intervention-moves.ts'
import type { HeldIntervention } from '../store/interventions.ts'
import { REPEATED } from './act-settle.ts'

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
