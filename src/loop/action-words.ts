/** A decision and its intervention as a record shows them to people. */
import { nameOfAction, shippedActions } from '../../actions/catalogue.ts'
import type { Action } from '../contracts/actions.ts'

/**
 * States that pass within seconds are one word, so that a record is not written for them.
 */
const WORDS: Readonly<Record<string, string>> = {
  planned: 'planned',
  awaiting_approval: 'awaiting approval',
  deferred: 'deferred',
  leased: 'planned',
  sending: 'planned',
  sent: 'sent',
  confirmed: 'sent',
  rejected: 'rejected',
  uncertain: 'uncertain whether sent',
  suppressed: 'not sent: suppressed',
  snoozed: 'snoozed',
  expired: 'expired',
  cancelled: 'cancelled',
  dry_run: 'dry run, not sent',
}

/**
 * How far an intervention is, for people.
 *
 * @example
 * stateWord('awaiting_approval') // 'awaiting approval'
 */
export const stateWord = (state: string): string => WORDS[state] ?? state

/**
 * @param decision null: nothing was decided in this period, and what the record says stays as it is
 * @param actions the company's catalogue, for the names of its own
 * @returns the fields of the record; doing nothing is no suggestion
 * @example
 * actionFields({ actionKey: 'email', state: 'sent' }) // { suggestedAction: 'Send Email', actionStatus: 'sent' }
 */
export function actionFields(
  decision: { readonly actionKey: string; readonly state: string | null } | null,
  actions: readonly Action[] = shippedActions,
): { readonly suggestedAction?: string | null; readonly actionStatus?: string | null } {
  if (decision === null) return {}
  const action = actions.find(({ key }) => key === decision.actionKey)
  if (action?.channel === 'none') return { suggestedAction: null, actionStatus: null }
  const status = decision.state === null ? 'suggested' : stateWord(decision.state)
  return { suggestedAction: nameOfAction(decision.actionKey, actions), actionStatus: status }
}
