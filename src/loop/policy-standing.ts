/** How a company's policy stands: what is in charge, what it was asked to believe, and which actions it does not know yet. */
import { policyContentsOf, knownInCharge, knownPolicy } from '../store/policies.ts'
import type { Transaction } from '../store/database.ts'
import { currentSettings } from '../store/settings-versions.ts'
import { actionsOf } from '../settings/planning.ts'
import { referenceActions } from '../../actions/catalogue.ts'
import { solvedBy } from '../../models/policy/reprice.ts'
import { defaultAssumptions } from '../../models/policy/simulator/assumptions.ts'
import { wantedPolicy } from './policy-wanted.ts'

/** What is believed of an action, with where that comes from. */
export interface Belief {
  readonly key: string
  /** Relative reduction of the monthly hazard; of losses by failed payments where the action is against those. */
  readonly mean: number
  readonly sd: number
  readonly source: string
}

export interface PolicyStanding {
  /** `solving`: settings believe something that the policy in charge does not; `refused`: what was solved is no good. */
  readonly state: 'in_order' | 'solving' | 'refused'
  /** Why it was refused. */
  readonly problems: readonly string[]
  /** Null: the shipped policy. */
  readonly own: {
    readonly hash: string
    readonly version: string
    readonly solvedAt: Date
    readonly settingsVersion: number
    /** `PolicyFigures`: gains over never acting in the simulator, months of the recurring amount. */
    readonly figures: unknown
  } | null
  /** Keys of actions that have no value yet, and so are not chosen. */
  readonly unsolved: readonly string[]
  /** What the settings believe now, one an action but doing nothing. */
  readonly beliefs: readonly Belief[]
}

/**
 * @example
 * const { state, unsolved } = await policyStanding(tx)
 */
export async function policyStanding(tx: Transaction): Promise<PolicyStanding> {
  const { settings } = await currentSettings(tx)
  const wanted = wantedPolicy(settings.actions)
  const inCharge = await knownInCharge(tx)
  const known = wanted === null ? null : await knownPolicy(tx, wanted.wanted)
  const answered = (wanted?.wanted ?? null) === (inCharge?.wanted ?? null)
  const problems = known?.problems ?? []
  const contents = inCharge === null ? null : await policyContentsOf(tx, inCharge.hash)
  const actions = actionsOf(settings)
  const solved = solvedBy({ actions: contents?.actions ?? referenceActions.map(({ key }) => key) }, actions)
  const { leaves: _share, effect } = settings.actions.payment
  return {
    state: answered ? 'in_order' : problems.length > 0 ? 'refused' : 'solving',
    problems,
    own:
      inCharge === null || contents === null
        ? null
        : {
            hash: inCharge.hash,
            version: contents.version,
            solvedAt: inCharge.solvedAt,
            settingsVersion: inCharge.settingsVersion,
            figures: inCharge.figures,
          },
    unsolved: actions.flatMap(({ key }, a) => (solved[a] ? [] : [key])),
    beliefs: [
      ...(wanted?.assumptions ?? defaultAssumptions).actions
        .slice(1)
        .map(({ key, effectMean, effectSd, source }) => ({ key, mean: effectMean, sd: effectSd, source })),
      ...actions.flatMap(({ key, remedy }) => (remedy === 'payment' ? [{ key, ...effect }] : [])),
    ],
  }
}
