/** The words of the server: states, levels, steps and groups as people say them. */
import type { InterventionState } from '../../store/intervention-states.ts'
import type { Level } from '../../contracts/customer-terms.ts'

export const LEVELS: Readonly<Record<Level, string>> = { HIGH: 'high', MEDIUM: 'medium', LOW: 'low' }

export const STATES: Readonly<Record<InterventionState, string>> = {
  awaiting_approval: 'waits for approval',
  uncertain: 'uncertain',
  planned: 'planned',
  deferred: 'put off',
  snoozed: 'snoozed',
  leased: 'about to go',
  sending: 'being sent',
  sent: 'sent',
  confirmed: 'delivered',
  dry_run: 'would be sent',
  rejected: 'not sent',
  suppressed: 'held back',
  expired: 'expired',
  cancelled: 'cancelled',
}

const STEPS: Readonly<Record<string, string>> = {
  sync: 'Sync',
  refresh: 'Refresh',
  score: 'Score',
  decide: 'Decide',
  write_back: 'Write back',
  observe: 'Observe',
  solve: 'Solve',
}

export const stepWord = (step: string): string => STEPS[step] ?? step

type Group = 'holdout' | 'usual' | 'policy' | 'exempt'

/** What it means for a customer. */
export const GROUPS: Readonly<Record<Group, string>> = {
  policy: 'Holdfast decides for this customer.',
  holdout:
    'This customer is in the holdout: Holdfast does nothing here, so that one can see what it earns elsewhere.',
  usual:
    'This customer is left to business as usual: your team does what it always did, Holdfast does nothing, and the two are compared.',
  exempt: 'This customer is exempt: Holdfast does nothing here.',
}

export const CHANNELS: Readonly<Record<'email' | 'sms' | 'task', string>> = {
  email: 'E-mail',
  sms: 'SMS',
  task: 'Task',
}
