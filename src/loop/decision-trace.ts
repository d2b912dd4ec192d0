/**
 * A decision as the steps that it went through: candidates -> eligible -> suppressed -> policy -> chosen, with the
 * probabilities, and as one sentence that a person could read aloud.
 */
import { reasonSentences, type MaskReason } from '../../models/policy/masks.ts'
import { minorDigits } from '../contracts/money.ts'
import type { DecisionTrace, WeighedAction } from '../store/reads/decisions.ts'

/** The logged part of a decision that its steps are told from. */
export type LoggedDecision = Pick<
  DecisionTrace,
  'actionKey' | 'actions' | 'budgetPrice' | 'currency' | 'group' | 'propensity'
>

export interface DecisionSteps {
  /** Keys of the whole catalogue of then, doing nothing included. */
  readonly candidates: readonly string[]
  /** What could be done at all: no rule spoke against it. */
  readonly eligible: readonly string[]
  /** What could not, and why. */
  readonly suppressed: readonly SuppressedAction[]
  /** What was weighed: the eligible ones and doing nothing. */
  readonly policy: readonly ConsideredAction[]
  readonly chosen: {
    readonly key: string
    /** Probability with which it was chosen. */
    readonly probability: number
  }
  /** "Of 5 actions, 2 were possible; …" */
  readonly sentence: string
}

export interface SuppressedAction {
  readonly key: string
  /** One of `MASK_REASONS`; of an older version also another word. */
  readonly reason: string
  /** "the customer has not agreed to this channel" */
  readonly sentence: string
}

/** Amounts in minor units of the decision's currency; null unknown. */
export interface ConsideredAction {
  readonly key: string
  readonly expectedValueMinor: number | null
  readonly costMinor: number | null
  /** Probability that it does more good than harm; null: the policy does not say. */
  readonly benefit: number | null
  /** Of being drawn. */
  readonly probability: number
}

/**
 * A pure function of what was logged.
 *
 * @param nameOf what people call an action; default: its key
 * @example
 * traceOf(decision, actionName).sentence
 */
export function traceOf(
  decision: LoggedDecision,
  nameOf: (key: string) => string = (key) => key,
): DecisionSteps {
  const { actions, actionKey, propensity } = decision
  const open = actions.filter(({ masked }) => masked === 'open')
  return {
    candidates: actions.map(({ key }) => key),
    eligible: open.filter(isAction).map(({ key }) => key),
    suppressed: actions
      .filter(({ masked }) => masked !== 'open')
      .map(({ key, masked }) => ({ key, reason: masked, sentence: sentenceOf(masked) })),
    policy: open.map(({ key, expectedValueMinor, costMinor, benefit, probability }) => ({
      key,
      expectedValueMinor,
      costMinor,
      benefit,
      probability,
    })),
    chosen: { key: actionKey, probability: propensity },
    sentence: aloud(decision, nameOf),
  }
}

/** Why an action was not possible: of a mask that this version does not know, its own words. */
function sentenceOf(mask: string): string {
  return Object.hasOwn(reasonSentences, mask)
    ? reasonSentences[mask as MaskReason]
    : mask.replaceAll('_', ' ')
}

const NOTHING = 'no_action'
const isAction = ({ key }: WeighedAction): boolean => key !== NOTHING

function aloud(decision: LoggedDecision, nameOf: (key: string) => string): string {
  const { actions, actionKey, group } = decision
  if (group !== 'policy')
    return 'The customer is in a group that is left as it is, to compare with, so nothing was chosen.'
  const others = actions.filter(isAction)
  const open = others.filter(({ masked }) => masked === 'open')
  const count = open.length === 0 ? 'none' : String(open.length)
  const possible = `Of ${others.length} actions, ${count} ${open.length > 1 ? 'were' : 'was'} possible`
  const closed = Map.groupBy(
    others.filter((one) => !open.includes(one)),
    ({ masked }) => masked,
  )
  const why = [...closed].map(
    ([mask, of]) => `${of.map(({ key }) => nameOf(key)).join(' and ')}: ${sentenceOf(mask)}`,
  )
  const because = why.length === 0 ? '' : ` (${why.join('; ')})`
  return `${possible}${because}; ${actionKey === NOTHING ? nothingChosen(open) : chosenOf(decision, nameOf)}.`
}

function nothingChosen(open: readonly WeighedAction[]): string {
  if (open.length === 0) return 'so the customer was left in peace'
  return open.every(({ expectedValueMinor }) => (expectedValueMinor ?? 0) <= 0)
    ? 'none was worth its cost, so the customer was left in peace'
    : 'the customer was left in peace all the same, since the budget does more elsewhere or by chance, to learn from it'
}

function chosenOf(
  { actions, actionKey, currency, propensity }: LoggedDecision,
  nameOf: (key: string) => string,
): string {
  const chosen = actions.find(({ key }) => key === actionKey)
  const worth = chosen?.expectedValueMinor ?? null
  const money = (minor: number): string => {
    const digits = minorDigits(currency)
    return `${currency} ${(minor / 10 ** digits).toFixed(digits)}`
  }
  const promise =
    worth === null ? '' : `, which promises ${money(worth)} at a cost of ${money(chosen?.costMinor ?? 0)}`
  return `${nameOf(actionKey)} was chosen with a chance of ${Math.round(propensity * 1000) / 10} %${promise}`
}
