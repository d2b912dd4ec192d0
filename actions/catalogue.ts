/**
 * The actions that ship: the six of the reference, whose ids never change, and those that came after. Settings change
 * them by key and add actions of a company's own, which follow them.
 */
import type { Action, ActionCost, ChannelName } from '../src/contracts/actions.ts'

/**
 * Months that a share of the recurring amount is charged for. An offer that lasts a year costs a year: charged
 * for one month against 36 months of revenue, the most expensive action wins for every customer.
 */
export const DEFAULT_DURATION_MONTHS = 12

/**
 * Calls a month that a team makes unless it says otherwise: about five a working day beside other work, one
 * person's share. Without a capacity the optimum of the reference simulator is 42 % calls.
 */
export const DEFAULT_CALL_CAPACITY = 100

/** Months before a notice date in which an action still matters: a quarter, in which renewals are thought about. */
export const DEFAULT_LEAD_MONTHS = 3

/**
 * Doing nothing (always first, always allowed), an e-mail, an SMS, 10 % and 20 % off, and a personal call
 * that brings 30 % off and costs 5 % more than it gives. Shares are of the monthly recurring amount, charged
 * for 12 months; nothing has a fixed cost.
 *
 * @example
 * referenceActions[3].name // 'Offer 10% Discount'
 */
export const referenceActions: readonly Action[] = [
  action(0, 'no_action', 'No Action', 'none', 0),
  action(1, 'email', 'Send Email', 'email', 0.01),
  action(2, 'sms', 'Send SMS', 'sms', 0.02),
  action(3, 'discount_10', 'Offer 10% Discount', 'email', 0.1, { discount: 0.1 }),
  action(4, 'discount_20', 'Offer 20% Discount', 'email', 0.2, { discount: 0.2 }),
  action(5, 'call_discount_30', 'Personal Call + 30% Discount', 'task', 0.35, {
    discount: 0.3,
    capacity: DEFAULT_CALL_CAPACITY,
    explorable: false,
  }),
]

/**
 * "Update your payment": one message to whoever pays, where a payment failed. It is charged once, not for a year, and
 * a notice date has nothing to do with it. It is never drawn for exploration: it is an answer, not a try.
 */
const updatePayment: Action = {
  ...action(6, 'update_payment', 'Ask to Update Payment', 'email', 0.01),
  cost: { fixedMinor: 0, share: 0.01, durationMonths: 1 },
  explorable: false,
  leadMonths: 60,
  remedy: 'payment',
}

/** The reference actions first, in their order. */
export const shippedActions: readonly Action[] = [...referenceActions, updatePayment]

/**
 * An action's name as people read it. Of one that the list does not have (any more) the key says enough, in words.
 *
 * @example
 * nameOfAction('sms') // 'Send SMS'
 * nameOfAction('send_gift') // 'Send gift'
 */
export function nameOfAction(
  key: string,
  actions: readonly Pick<Action, 'key' | 'name'>[] = shippedActions,
): string {
  const found = actions.find((action) => action.key === key)
  if (found !== undefined) return found.name
  const words = key.replaceAll('_', ' ')
  return words.charAt(0).toUpperCase() + words.slice(1)
}

function action(
  id: number,
  key: string,
  name: string,
  channel: ChannelName,
  share: number,
  differs: Partial<Action> = {},
): Action {
  const cost: ActionCost = { fixedMinor: 0, share, durationMonths: DEFAULT_DURATION_MONTHS }
  return {
    id,
    key,
    name,
    channel,
    cost,
    discount: 0,
    capacity: null,
    explorable: true,
    leadMonths: DEFAULT_LEAD_MONTHS,
    ...differs,
  }
}
