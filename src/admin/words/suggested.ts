/** States of an action, and the groups of customers, as people say them. */
import type { InterventionState } from '../../store/intervention-states.ts'

const STATES: Readonly<Record<InterventionState, string>> = {
  awaiting_approval: 'Waits for approval',
  uncertain: 'May or may not have been sent',
  planned: 'Planned',
  deferred: 'Put off',
  snoozed: 'Snoozed',
  leased: 'About to go',
  sending: 'Being sent',
  sent: 'Sent',
  confirmed: 'Delivered',
  dry_run: 'Would be sent',
  rejected: 'Not sent',
  suppressed: 'Held back',
  expired: 'Expired',
  cancelled: 'Cancelled',
}

/** @param state as the API has it */
export const stateWord = (state: string): string =>
  STATES[state as InterventionState] ?? state.replaceAll('_', ' ')

/** The key of doing nothing. */
export const NOTHING = 'no_action'

/** What nothing is suggested for, and why. */
export const GROUPS = {
  policy: 'Holdfast decides here',
  holdout: 'Left as it is, to compare with (holdout)',
  usual: 'Business as usual, to compare with',
  exempt: 'Exempt: Holdfast does nothing here',
} as const
