/** Verdicts as moves of the ledger: what is leased, put off, or done with. */
import type { HeldIntervention } from '../store/interventions.ts'
import type { Move } from '../store/intervention-moves.ts'
import { recheckMs } from './act-retry.ts'
import type { Verdict } from './act-verdict.ts'

/** Why a task is made once more that was begun and never ended. */
export const REPEATED = 'task_repeated'

const MAY_BE_THERE =
  'The process that was making the task ended before it was answered, so it may be on a list already: look it up in the CRM.'

/** A move, or a delay, which is a look that leaves no event: it waits for the same reason as before. */
export type Settled = { readonly move: Move } | { readonly delayMs: number }

/**
 * @param worker who holds it from now on, where it is sent
 * @param leaseMs until the channel is ready to speak; where it begins, until it has spoken
 * @param begins whether it is handed over next, without another look
 */
export function settle(
  row: HeldIntervention,
  verdict: Verdict,
  {
    worker,
    leaseMs,
    begins,
  }: { readonly worker: string; readonly leaseMs: number; readonly begins: boolean },
): Settled {
  const move = (to: Move['to'], words: Pick<Move, 'reasonCode' | 'reason'>, set: Move['set']): Settled => ({
    move: { id: row.id, from: [row.state], to, actor: worker, ...words, set: set ?? {} },
  })
  if (verdict.do === 'send')
    return {
      move: {
        id: row.id,
        from: [row.state],
        to: begins ? 'sending' : 'leased',
        actor: worker,
        detail: {
          delivery: verdict.delivery,
          ...(begins ? { channel: row.channel, attempt: row.attempts + 1 } : {}),
        },
        set: {
          ...verdict.set,
          attempts: 1,
          lease: { owner: worker, ms: leaseMs },
          ...(begins ? { sendingNow: true } : {}),
        },
      },
    }
  const { code, reason } = verdict
  if (verdict.do === 'settle') {
    const words =
      row.reasonCode === REPEATED && verdict.to !== 'deferred' ? `${reason} ${MAY_BE_THERE}` : reason
    return move(verdict.to, { reasonCode: code, reason: words }, verdict.set)
  }
  const delayMs = verdict.dueInMs ?? recheckMs()
  if (row.state === 'deferred' && row.reasonCode === code && row.reason === reason) return { delayMs }
  return move('deferred', { reasonCode: code, reason }, { dueInMs: delayMs })
}
