/** What can be learnt from the groups as they are, or as they would be, and when. */
import { smallestEffect, weeksToSee } from '../../models/policy/power.ts'
import type { GroupSizes } from '../store/group-counts.ts'

/** The weeks for which the smallest visible effect is told: a quarter, half a year, a year. */
const POWER_WEEKS = [13, 26, 52] as const

/** Share of departures prevented that set-up names as an example: about what the one direct source found for a call. */
const EXAMPLE_EFFECT = 0.11

export interface GroupPower {
  /** Customers of the policy, and those whom they are compared with. */
  readonly treated: number
  readonly compared: number
  /** Mean chance to leave in a month by the scores; null: nobody has one yet. */
  readonly monthlyHazard: number | null
  /** Share of departures that has to be prevented to show; null: even all of them would not. */
  readonly smallest: readonly { readonly weeks: number; readonly effect: number | null }[]
  /** Until {@link EXAMPLE_EFFECT} shows; null: not within two years. */
  readonly weeksToExample: number | null
  /** All of it, for people. */
  readonly sentence: string
}

/**
 * @param shares to look at instead of the groups as they are
 * @example
 * groupPower(await groupSizes(tx)).sentence
 * // 'With 800 customers acted on and 100 left alone, 26 weeks show an effect when it prevents at least 71 % of departures, …'
 */
export function groupPower(
  sizes: GroupSizes,
  shares: { readonly holdout: number; readonly usual: number } | null = null,
): GroupPower {
  const all = sizes.holdout + sizes.usual + sizes.policy
  const compared = shares === null ? sizes.holdout : Math.round(all * shares.holdout)
  const treated = shares === null ? sizes.policy : Math.round(all * (1 - shares.holdout - shares.usual))
  const { monthlyHazard } = sizes
  const input = { treated, compared, monthlyHazard: monthlyHazard ?? 0 }
  const smallest = POWER_WEEKS.map((weeks) => ({ weeks, effect: smallestEffect(input, weeks) }))
  const weeksToExample = weeksToSee(input, EXAMPLE_EFFECT)
  const known = { treated, compared, monthlyHazard, smallest, weeksToExample }
  return { ...known, sentence: sentenceOf(known) }
}

function sentenceOf({
  treated,
  compared,
  monthlyHazard,
  smallest,
  weeksToExample,
}: Omit<GroupPower, 'sentence'>): string {
  if (monthlyHazard === null)
    return 'Nothing was scored yet. Once it is, this tells how small an effect the groups can show.'
  if (compared === 0) return 'There is no holdout, so that nobody can tell what Holdfast earns.'
  const parts = smallest.map(({ weeks, effect }) =>
    effect === null
      ? `${weeks} weeks show nothing, whatever it does`
      : `${weeks} weeks show an effect that prevents at least ${Math.ceil(effect * 100)} % of departures`,
  )
  const example =
    weeksToExample === null
      ? `An effect of ${EXAMPLE_EFFECT * 100} % would not show within two years: take a larger holdout, or judge by the policy's own bars`
      : `An effect of ${EXAMPLE_EFFECT * 100} % shows after ${weeksToExample} weeks`
  const [acted, alone] = [treated, compared].map((many) => many.toLocaleString('en'))
  return `With ${acted} ${treated === 1 ? 'customer' : 'customers'} acted on and ${alone} left alone, of whom ${(monthlyHazard * 100).toFixed(1)} % leave in a month: ${parts.join('; ')}. ${example}.`
}
