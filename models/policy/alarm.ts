/**
 * Says when a plan does not look like one that a person would make: everybody gets the same, calls for more
 * customers than anybody calls, nothing for anybody. It changes nothing; the reference's call for all 7,043
 * customers is what it is there to catch.
 */
import { type Action } from '../../src/contracts/actions.ts'
import { MASK_REASONS, reasonSentences } from './masks.ts'
import { NO_ACTION } from './policy.ts'

export type AlarmCode =
  | 'one_action_for_all'
  | 'one_action_for_most'
  | 'too_many_calls'
  | 'nothing_allowed'
  | 'one_reason'
  | 'nothing_chosen'

export interface Alarm {
  readonly code: AlarmCode
  /** What happened and what to look at, for a person. */
  readonly sentence: string
}

/** A plan in numbers. */
export interface PlanCounts {
  /** Customers in the book. */
  readonly rows: number
  readonly actions: readonly Action[]
  /** Customers by chosen action. */
  readonly chosen: ArrayLike<number>
  /** Customers for whom at least one action but no action is open after the masks. */
  readonly eligible: number
  /** MASK_REASONS.length x actions, as `countReasons` gives it. */
  readonly reasons: Uint32Array
}

export interface AlarmThresholds {
  /** Share of customers with the same action, other than none, that is implausible. */
  readonly actionShare: number
  /** Share of customers to be called that is implausible. */
  readonly callShare: number
}

/** A book below this size may well get one action for all. */
const FEW = 20

/**
 * @returns none when the plan looks plausible
 * @example
 * planAlarms(counts, { actionShare: 0.6, callShare: 0.1 }).map((alarm) => alarm.sentence)
 */
export function planAlarms(counts: PlanCounts, thresholds: AlarmThresholds): readonly Alarm[] {
  const { rows, actions, chosen, eligible } = counts
  if (rows === 0) return []
  const alarms: Alarm[] = []
  if (eligible === 0) {
    alarms.push({
      code: 'nothing_allowed',
      sentence: `No action is possible for any of the ${count(rows)} customers. Look at the reasons, and at the settings behind them.`,
    })
  }
  const reason = mainReason(counts)
  if (reason !== null) alarms.push(reason)
  if (rows < FEW) return alarms

  for (const action of actions) {
    const share = chosen[action.id] / rows
    if (action.id === NO_ACTION || share <= thresholds.actionShare) continue
    alarms.push(
      share === 1
        ? {
            code: 'one_action_for_all',
            sentence: `Every one of the ${count(rows)} customers gets "${action.name}". A plan that tells nobody apart is worth no more than that one action for all: check its cost and how long it is charged.`,
          }
        : {
            code: 'one_action_for_most',
            sentence: `"${action.name}" is chosen for ${percent(share)} of the customers. Check its cost, how long it is charged, and what it is believed to do.`,
          },
    )
  }
  const calls = actions.filter((action) => action.channel === 'task')
  const callShare = calls.reduce((sum, action) => sum + chosen[action.id], 0) / rows
  if (callShare > thresholds.callShare) {
    alarms.push({
      code: 'too_many_calls',
      sentence: `${percent(callShare)} of the customers would be called, more than the ${percent(thresholds.callShare)} that is plausible. Set the capacity to what the team can do.`,
    })
  }
  if (eligible > 0 && chosen[NO_ACTION] === rows) {
    alarms.push({
      code: 'nothing_chosen',
      sentence: `Something is possible for ${count(eligible)} customers, and nothing is chosen for anybody. Either nothing is worth its cost, or the budget or the required certainty leaves no room.`,
    })
  }
  return alarms
}

/** One reason that shuts nine tenths of all that could be done says that a setting or a column is wrong. */
function mainReason({ rows, actions, reasons }: PlanCounts): Alarm | null {
  const cells = rows * (actions.length - 1)
  for (let code = 1; code < MASK_REASONS.length; code++) {
    const reason = MASK_REASONS[code]
    if (reason === 'unproven') continue
    let masked = 0
    for (let a = 1; a < actions.length; a++) masked += reasons[code * actions.length + a]
    if (masked < 0.9 * cells) continue
    return {
      code: 'one_reason',
      sentence: `One reason rules out ${percent(masked / cells)} of all that could be done: ${reasonSentences[reason]}. Check the setting or the column behind it.`,
    }
  }
  return null
}

function count(n: number): string {
  return n.toLocaleString('en-US')
}

function percent(share: number): string {
  return `${(100 * share).toFixed(share < 0.995 && share >= 0.1 ? 0 : 1)} %`
}
