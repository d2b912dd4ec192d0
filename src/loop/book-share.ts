/** What the connections of a company share when they are planned one after the other and nothing is written: budget and places. */
import type { Action } from '../contracts/actions.ts'
import { minorDigits } from '../contracts/money.ts'
import type { Left, PlanSummary } from './decide.ts'

export interface Used {
  /** Of the reporting currency. */
  readonly minor: number
  /** By the key of the action. */
  readonly places: ReadonlyMap<string, number>
}

export const NOTHING_USED: Used = { minor: 0, places: new Map() }

/** With what another plan uses. */
export function adding({ minor, places }: Used, summary: PlanSummary): Used {
  const taken = new Map(places)
  for (const { key, count } of summary.actions) taken.set(key, (taken.get(key) ?? 0) + count)
  const digits = 10 ** minorDigits(summary.currency)
  return { minor: minor + Math.round(summary.plannedSpend * digits), places: taken }
}

/** What that leaves for the next. */
export function without(
  { budget, capacity }: Left,
  { minor, places }: Used,
  actions: readonly Action[],
): Left {
  return {
    budget: budget === null ? null : Math.max(0, budget - minor),
    capacity: capacity.map((all, at) =>
      all === null ? null : Math.max(0, all - (places.get(actions[at].key) ?? 0)),
    ),
  }
}
