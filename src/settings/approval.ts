/** Which actions a person approves first, and whether a yes that was given still holds. */
import type { Action } from '../contracts/actions.ts'
import type { DeliverySettings } from './automation.ts'

type ApprovalSettings = Pick<DeliverySettings['approval'], 'discounts' | 'calls' | 'email' | 'sms'>

/** What is looked at of an intervention that is about to be carried out. */
export interface ApprovalFact {
  readonly actionKey: string
  /** As it is carried out by. */
  readonly channel: 'email' | 'sms' | 'task'
  /** Null: nobody was asked. */
  readonly approvedAt: Date | null
  /** How it would go out: only what reaches customers needs a way back for what they say. */
  readonly delivery: 'dry_run' | 'sandbox' | 'test_list' | 'live'
}

/**
 * Whether answers, bounces and complaints find their way back: `feedbackPathOf` of src/loop/feedback-path.ts says it. The
 * reason is a sentence: what is missing, that a person is asked for it, and what to do.
 */
export type FeedbackPath = { readonly ok: true } | { readonly ok: false; readonly reason: string }

export interface WaitsForApproval {
  readonly to: 'awaiting_approval'
  readonly code: 'needs_approval' | 'no_feedback_path' | 'approval_expired'
  readonly reason: string
}

/**
 * Whether an action of this kind waits for a person.
 *
 * @param action undefined: not in the catalogue any more, which somebody has to look at
 * @example
 * approvalNeeded(settings.delivery, discountOf10) // true
 */
export function approvalNeeded(
  { approval }: { readonly approval: ApprovalSettings },
  action: Pick<Action, 'channel' | 'discount'> | undefined,
): boolean {
  if (action === undefined) return true
  if (action.discount > 0 && approval.discounts) return true
  if (action.channel === 'task') return approval.calls
  return action.channel === 'sms' ? approval.sms : approval.email
}

/**
 * Right before sending: what was planned when nobody had to be asked, and has to be asked about now, waits.
 *
 * @param actions the catalogue, as `actionsOf` gives it
 * @param feedback of e-mail; other channels have theirs
 * @returns null when it may go on
 * @example
 * approvalVerdict(fact, { delivery: settings.delivery, actions, feedback, now })
 */
export function approvalVerdict(
  { actionKey, channel, approvedAt, delivery }: ApprovalFact,
  {
    delivery: { approval },
    actions,
    feedback,
    now,
  }: {
    readonly delivery: Pick<DeliverySettings, 'approval'>
    readonly actions: readonly Pick<Action, 'key' | 'channel' | 'discount'>[]
    readonly feedback: FeedbackPath
    readonly now: Date
  },
): WaitsForApproval | null {
  const waits = (code: WaitsForApproval['code'], reason: string): WaitsForApproval => ({
    to: 'awaiting_approval',
    code,
    reason,
  })
  const valid = approval.validDays
  const needed = approvalNeeded(
    { approval },
    actions.find(({ key }) => key === actionKey),
  )
  const blind = channel === 'email' && delivery === 'live' && !feedback.ok ? feedback.reason : null
  if (!needed && blind === null) return null
  if (approvedAt !== null) {
    if (now.getTime() - approvedAt.getTime() <= valid * DAY) return null
    return waits(
      'approval_expired',
      `It was approved on ${approvedAt.toISOString().slice(0, 10)} and has not gone out within ${valid} days, so it is asked about again.`,
    )
  }
  return needed
    ? waits('needs_approval', 'A person approves this kind of action (settings: delivery.approval).')
    : waits('no_feedback_path', blind ?? '')
}

const DAY = 86_400_000
