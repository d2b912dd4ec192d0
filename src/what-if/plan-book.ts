/** A plan for a whole book: connection by connection, with budget and places shared among them. */
import { actionsOf, planLimits } from '../settings/planning.ts'
import type { ServiceSettings } from '../settings/service.ts'
import { adding, NOTHING_USED, without } from '../loop/book-share.ts'
import { carriedOut } from '../loop/carried-out.ts'
import { decide, type ActionSummary, type Plan, type PlanSummary } from '../loop/decide.ts'
import type { ComparedPlan } from '../loop/what-if.ts'
import type { WhatIfBook } from './book.ts'

export interface BookPlan extends ComparedPlan {
  /** Major units of the reporting currency, one a customer; NaN unknown. */
  readonly expectedValue: Float64Array
  readonly plannedCost: Float64Array
}

/**
 * A pure function.
 *
 * @example
 * planOf(book, settings).summary.plannedSpend
 */
export function planOf(book: WhatIfBook, settings: ServiceSettings): BookPlan {
  let used = NOTHING_USED
  const plans: Plan[] = []
  for (const { scored, tasks } of book.parts) {
    const actions = carriedOut(actionsOf(settings), { tasks, settings })
    const { budget, capacity } = planLimits(settings, actions)
    // A limit that is 0 from the beginning is off, which masks tell; what another connection has used up is used.
    const left = plans.length === 0 ? null : without({ budget, capacity }, used, actions)
    const plan = decide(scored, settings, { left, actions })
    plans.push(plan)
    used = adding(used, plan.summary)
  }
  const [first] = plans
  if (plans.length === 1) return first
  return {
    rows: book.rows,
    action: Uint8Array.from(plans.flatMap(({ action }) => Array.from(action))),
    expectedValue: Float64Array.from(plans.flatMap(({ expectedValue }) => Array.from(expectedValue))),
    plannedCost: Float64Array.from(plans.flatMap(({ plannedCost }) => Array.from(plannedCost))),
    summary: added(plans.map(({ summary }) => summary)),
  }
}

function added(summaries: readonly PlanSummary[]): PlanSummary {
  const [first] = summaries
  const sum = (of: (summary: PlanSummary) => number): number =>
    summaries.reduce((total, summary) => total + of(summary), 0)
  const most = (of: (summary: PlanSummary) => number): number => Math.max(...summaries.map(of))
  const { candidates: _candidates, ...stages } = first.funnel
  return {
    ...first,
    funnel: {
      candidates: sum(({ funnel }) => funnel.candidates),
      ...(Object.fromEntries(
        Object.keys(stages).map((stage) => [
          stage,
          sum(({ funnel }) => funnel[stage as keyof typeof stages]),
        ]),
      ) as typeof stages),
    },
    actions: first.actions.map((action, at): ActionSummary => {
      const same = summaries.map(({ actions }) => actions[at])
      const total = (of: (one: ActionSummary) => number): number =>
        same.reduce((all, one) => all + of(one), 0)
      const reasons = new Set(same.flatMap(({ masked }) => Object.keys(masked)))
      return {
        ...action,
        count: total(({ count }) => count),
        plannedSpend: total(({ plannedSpend }) => plannedSpend),
        expectedValue: total(({ expectedValue }) => expectedValue),
        capacityPrice: Math.max(...same.map(({ capacityPrice }) => capacityPrice)),
        masked: Object.fromEntries(
          [...reasons].map((reason) => [reason, total(({ masked }) => masked[reason] ?? 0)]),
        ),
      }
    }),
    plannedSpend: sum(({ plannedSpend }) => plannedSpend),
    expectedValue: sum(({ expectedValue }) => expectedValue),
    bound: sum(({ bound }) => bound),
    explorationCost: sum(({ explorationCost }) => explorationCost),
    budgetPrice: most(({ budgetPrice }) => budgetPrice),
    unknownAmount: sum(({ unknownAmount }) => unknownAmount),
    alarms: summaries.flatMap(({ alarms }) => alarms),
  }
}
