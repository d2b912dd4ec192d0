/** The states of an intervention and the moves between them: the ledger's rules, as a table. */

export const INTERVENTION_STATES = [
  'planned',
  'awaiting_approval',
  'deferred',
  'leased',
  'sending',
  'sent',
  'confirmed',
  'rejected',
  'uncertain',
  'suppressed',
  'snoozed',
  'expired',
  'cancelled',
  'dry_run',
] as const
export type InterventionState = (typeof INTERVENTION_STATES)[number]

type Moves = Readonly<Record<InterventionState, readonly InterventionState[]>>

/**
 * Where each state may go. `leased` is left out by what can be made again without harm: a task may begin in the
 * transaction that takes it. What may have reached somebody never goes back to where it is sent from: `sending` is
 * tried again only when it is certain that nothing went out (`deferred`), and `uncertain` leaves only to what became
 * known late: from the provider, or from a worker that was frozen and knows how its conversation ended.
 */
export const MOVES: Moves = {
  planned: [
    'awaiting_approval',
    'deferred',
    'leased',
    'sending',
    'suppressed',
    'snoozed',
    'expired',
    'cancelled',
    'rejected',
    'dry_run',
  ],
  awaiting_approval: ['planned', 'snoozed', 'expired', 'cancelled', 'rejected'],
  // To itself: it waits for another reason by now.
  // To a person: the settings ask for one by now, or a yes is too old.
  deferred: [
    'deferred',
    'awaiting_approval',
    'leased',
    'sending',
    'suppressed',
    'snoozed',
    'expired',
    'cancelled',
    'rejected',
    'dry_run',
  ],
  // Back to the person who snoozed it before approving it; else on as if it had been planned for then.
  snoozed: [
    'awaiting_approval',
    'leased',
    'sending',
    'deferred',
    'suppressed',
    'snoozed',
    'expired',
    'cancelled',
    'rejected',
    'dry_run',
  ],
  // To itself: a lease that ran out before anything was sent is taken over.
  leased: [
    'leased',
    'awaiting_approval',
    'sending',
    'deferred',
    'suppressed',
    'expired',
    'cancelled',
    'rejected',
    'dry_run',
  ],
  sending: ['sent', 'rejected', 'uncertain', 'deferred', 'suppressed'],
  sent: ['confirmed'],
  uncertain: ['sent', 'confirmed', 'rejected', 'deferred'],
  confirmed: [],
  rejected: [],
  suppressed: [],
  expired: [],
  cancelled: [],
  dry_run: [],
}

/** Nothing has begun to go out: a person may still stop, snooze or expire it. */
export const OPEN_STATES: readonly InterventionState[] = [
  'planned',
  'awaiting_approval',
  'deferred',
  'snoozed',
]

/**
 * @example
 * mayMove('sent', 'sending') // false
 */
export function mayMove(from: InterventionState, to: InterventionState): boolean {
  return MOVES[from].includes(to)
}
