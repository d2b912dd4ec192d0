/** A period's decisions in the few figures that a person asks for: acted on, left in peace, not possible, compared. */
import { MASK_REASONS, reasonSentences, type MaskReason } from '../../../models/policy/masks.ts'
import type { DecidedGroup } from '../../store/reads/pages-decided.ts'

export interface Decided {
  readonly customers: number
  /** Each action that was chosen, the most frequent first; without doing nothing. */
  readonly actions: readonly ChosenAction[]
  /** Of the policy's customers those for whom nothing is done. */
  readonly leftInPeace: number
  /** Why, the most frequent first: nothing was worth its cost, or what kept most of the actions from being possible. */
  readonly leftBecause: readonly { readonly sentence: string; readonly customers: number }[]
  readonly holdout: number
  readonly usual: number
  readonly exempt: number
}

export interface ChosenAction {
  readonly key: string
  readonly customers: number
  /** By currency, minor units. */
  readonly sums: readonly {
    readonly currency: string
    readonly expectedValueMinor: number
    readonly plannedCostMinor: number
  }[]
}

const NOT_WORTH_IT = 'nothing is worth its cost'

/** As in the catalogue: doing nothing. */
export const NOTHING = 'no_action'

export function summariseDecisions(groups: readonly DecidedGroup[]): Decided {
  const sum = (of: readonly DecidedGroup[]): number => of.reduce((all, { customers }) => all + customers, 0)
  const compared = (group: DecidedGroup['group']): number => sum(groups.filter((one) => one.group === group))
  const policy = groups.filter(({ group }) => group === 'policy')
  const idle = policy.filter(({ actionKey }) => actionKey === NOTHING)
  const byReason = new Map<string, number>()
  for (const one of idle) {
    const masks = othersOf(one)
    const reason = masks.includes('open') ? NOT_WORTH_IT : mainReason(masks)
    byReason.set(reason, (byReason.get(reason) ?? 0) + one.customers)
  }
  return {
    customers: sum(groups),
    actions: chosen(policy.filter(({ actionKey }) => actionKey !== NOTHING)),
    leftInPeace: sum(idle),
    leftBecause: [...byReason]
      .map(([sentence, customers]) => ({ sentence, customers }))
      .toSorted((a, b) => b.customers - a.customers),
    holdout: compared('holdout'),
    usual: compared('usual'),
    exempt: compared('exempt'),
  }
}

function chosen(groups: readonly DecidedGroup[]): ChosenAction[] {
  const byKey = Map.groupBy(groups, ({ actionKey }) => actionKey)
  return [...byKey]
    .map(([key, of]) => ({
      key,
      customers: of.reduce((all, { customers }) => all + customers, 0),
      sums: [...Map.groupBy(of, ({ currency }) => currency)].map(([currency, same]) => ({
        currency,
        expectedValueMinor: same.reduce((all, one) => all + one.expectedValueMinor, 0),
        plannedCostMinor: same.reduce((all, one) => all + one.plannedCostMinor, 0),
      })),
    }))
    .toSorted((a, b) => b.customers - a.customers)
}

/** The masks of everything but doing nothing. */
function othersOf({ masks, actionKeys }: DecidedGroup): readonly string[] {
  return masks.filter((_, at) => actionKeys[at] !== NOTHING)
}

/** What rules out most of the actions; of equally many, the first in the order of the rules. */
function mainReason(masks: readonly string[]): string {
  const count = (reason: string): number => masks.filter((mask) => mask === reason).length
  const [main] = [...new Set(masks)].toSorted(
    (a, b) =>
      count(b) - count(a) || MASK_REASONS.indexOf(a as MaskReason) - MASK_REASONS.indexOf(b as MaskReason),
  )
  return maskSentence(main ?? 'open')
}

/** Why an action was not possible, as in "Send SMS: the customer has not agreed to this channel". */
export function maskSentence(mask: string): string {
  return isMaskReason(mask) ? reasonSentences[mask] : mask.replaceAll('_', ' ')
}

function isMaskReason(mask: string): mask is MaskReason {
  return Object.hasOwn(reasonSentences, mask)
}
