/** A period's decisions in the few figures that a person asks for: acted on, left in peace, not possible, compared. */
import { reasonSentences, type MaskReason } from '../../../models/policy/masks.ts'
import type { DecidedGroup } from '../../store/reads/decided-groups.ts'
import type { DecisionStage } from '../../store/reads/decisions.ts'

export interface Decided {
  readonly customers: number
  /** Each action that was chosen, the most frequent first; without doing nothing. */
  readonly actions: readonly ChosenAction[]
  /** Of the policy's customers those for whom nothing is done. */
  readonly leftInPeace: number
  /** Why, the most frequent first: nothing was worth its cost, or what kept the best action from being possible. */
  readonly leftBecause: readonly LeftBecause[]
  readonly holdout: number
  readonly usual: number
  readonly exempt: number
}

export interface LeftBecause {
  readonly stage: DecisionStage
  /** Where the stage is `held_back`. */
  readonly heldReason: string | null
  readonly sentence: string
  readonly customers: number
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

/** How far the decision of somebody came who is left in peace. */
const STAGES: Readonly<Partial<Record<DecisionStage, string>>> = {
  not_worth: 'nothing is worth its cost',
  unvalued: 'nobody can say what an action is worth',
  passed_over: 'the budget does more for others, or chance had it',
}

/** As in the catalogue: doing nothing. */
export const NOTHING = 'no_action'

export function summariseDecisions(groups: readonly DecidedGroup[]): Decided {
  const sum = (of: readonly DecidedGroup[]): number => of.reduce((all, { customers }) => all + customers, 0)
  const compared = (group: DecidedGroup['group']): number => sum(groups.filter((one) => one.group === group))
  const policy = groups.filter(({ group }) => group === 'policy')
  const idle = policy.filter(({ actionKey }) => actionKey === NOTHING)
  const byReason = Map.groupBy(idle, ({ stage, heldReason }) => `${stage} ${heldReason ?? ''}`)
  return {
    customers: sum(groups),
    actions: chosen(policy.filter(({ actionKey }) => actionKey !== NOTHING)),
    leftInPeace: sum(idle),
    leftBecause: [...byReason.values()]
      .map((same) => {
        const [{ stage, heldReason }] = same
        const sentence = heldReason === null ? STAGES[stage] : maskSentence(heldReason)
        return { stage, heldReason, sentence: sentence ?? stage.replaceAll('_', ' '), customers: sum(same) }
      })
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

/** Why an action was not possible, as in "Send SMS: the customer has not agreed to this channel". */
export function maskSentence(mask: string): string {
  return isMaskReason(mask) ? reasonSentences[mask] : mask.replaceAll('_', ' ')
}

function isMaskReason(mask: string): mask is MaskReason {
  return Object.hasOwn(reasonSentences, mask)
}
