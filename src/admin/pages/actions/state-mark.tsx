/** The state of an action as a word on its ground; what went into the sandbox says so. */
import type { InterventionLineAnswer } from '../../../server/api/interventions.ts'
import { STATES, type ActionState } from '../../words/states.ts'
import style from './actions.module.css'

const TONES: Readonly<Partial<Record<ActionState, 'bad' | 'wait' | 'done'>>> = {
  uncertain: 'bad',
  awaiting_approval: 'wait',
  sent: 'done',
  confirmed: 'done',
}

export function StateMark({ state, delivery }: Pick<InterventionLineAnswer, 'state' | 'delivery'>) {
  const simulated = delivery === 'sandbox' && (state === 'sent' || state === 'confirmed')
  return (
    <span className={style.state} data-tone={simulated ? undefined : TONES[state]}>
      {STATES[state].word}
      {simulated && ', sandbox'}
    </span>
  )
}
