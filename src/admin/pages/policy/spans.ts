/** Which action is worth most at which risk: the policy for one kind of customer, in spans of risk. */
import type { PolicyValuesAnswer } from '../../../server/api/policy.ts'

export interface Span {
  /** Chance to leave in a month. */
  readonly from: number
  readonly to: number
  /** Null: nothing is worth it. */
  readonly key: string | null
  readonly name: string | null
  /** What it is worth over doing nothing, minor units: least and most within the span. */
  readonly worth: readonly [number, number]
}

export interface Best {
  readonly key: string | null
  readonly name: string | null
  readonly netMinor: number
}

type Actions = PolicyValuesAnswer['actions']

/** At each risk of the curves the action that passes the gate and is worth most; doing nothing where none does. */
export function bestOf(actions: Actions, gate: number): readonly Best[] {
  const points = actions[0]?.points ?? []
  return points.map((_, at) =>
    actions.reduce<Best>(
      (best, { key, name, points: own }) => {
        const { netMinor, sure } = own[at] ?? { netMinor: null, sure: null }
        return netMinor !== null && (sure === null || sure >= gate) && netMinor > best.netMinor
          ? { key, name, netMinor }
          : best
      },
      { key: null, name: null, netMinor: 0 },
    ),
  )
}

/**
 * Neighbours of the same action joined.
 *
 * @example
 * spansOf(values.actions, 0.6) // [{ from: 0.005, to: 0.012, key: null, … }, { from: 0.012, to: 0.2, key: 'email', … }]
 */
export function spansOf(actions: Actions, gate: number): readonly Span[] {
  const risks = (actions[0]?.points ?? []).map(({ monthlyRisk }) => monthlyRisk)
  const spans: Span[] = []
  for (const [at, { key, name, netMinor }] of bestOf(actions, gate).entries()) {
    const last = spans.at(-1)
    const to = risks[at + 1] ?? risks[at]
    if (last !== undefined && last.key === key) {
      const [least, most] = last.worth
      spans[spans.length - 1] = {
        ...last,
        to,
        worth: [Math.min(least, netMinor), Math.max(most, netMinor)],
      }
    } else spans.push({ from: risks[at], to, key, name, worth: [netMinor, netMinor] })
  }
  return spans
}
