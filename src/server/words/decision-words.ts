/** A decision as a paragraph that a person could read aloud: why this action, what else was possible, why not the rest. */
import type { DecisionTrace, WeighedAction } from '../../store/reads/decisions.ts'
import { maskSentence, NOTHING } from './decided.ts'
import type { Formats } from './formats.ts'
import { GROUPS } from './labels.ts'

type Told = Pick<
  DecisionTrace,
  'actionKey' | 'actions' | 'budgetPrice' | 'currency' | 'decidedAt' | 'group' | 'propensity'
>

/**
 * @param next when the next period begins
 * @returns sentences, in the order in which they are read
 */
export function decisionSentences(decision: Told, next: Date, formats: Formats): readonly string[] {
  return [...whySentences(decision, formats), whenSentence(decision, next, formats)]
}

/**
 * The same without when it was decided: of what was, or of what would be chosen now.
 *
 * @example
 * whySentences({ ...suggested, group: 'policy', budgetPrice: 0 }, formats).join(' ')
 */
export function whySentences(
  decision: Pick<Told, 'actionKey' | 'actions' | 'budgetPrice' | 'currency' | 'group'>,
  formats: Pick<Formats, 'action' | 'gain' | 'money'>,
): readonly string[] {
  if (decision.group !== 'policy') return [GROUPS[groupOf(decision.group)]]
  const others = decision.actions.filter(({ key }) => key !== NOTHING)
  const open = others.filter(({ masked }) => masked === 'open')
  return [
    possibleSentence(others, open, formats),
    ...(open.length > 0 ? [choiceSentence(decision, open, formats)] : []),
  ]
}

function groupOf(group: string): keyof typeof GROUPS {
  return group === 'holdout' || group === 'usual' ? group : 'exempt'
}

function possibleSentence(
  others: readonly WeighedAction[],
  open: readonly WeighedAction[],
  formats: Pick<Formats, 'action'>,
): string {
  const closed = [
    ...Map.groupBy(
      others.filter((one) => !open.includes(one)),
      ({ masked }) => masked,
    ),
  ]
    .map(([masked, of]) => `${list(of.map(({ key }) => formats.action(key)))}: ${maskSentence(masked)}`)
    .join('; ')
  if (open.length === others.length) return 'Every action was possible.'
  if (open.length === 0) {
    // Too unsure to do good is a judgement of worth, not of what may be done.
    const said = others.some(({ masked }) => masked === 'unproven')
      ? 'Nothing was worth doing'
      : 'No action was possible'
    return new Set(others.map(({ masked }) => masked)).size === 1
      ? `${said}: ${maskSentence(others[0].masked)}.`
      : `${said}. ${closed}.`
  }
  return `Of ${others.length} actions, ${open.length} ${open.length === 1 ? 'was' : 'were'} possible. ${closed}.`
}

function choiceSentence(
  decision: Pick<Told, 'actionKey' | 'budgetPrice' | 'currency'>,
  open: readonly WeighedAction[],
  formats: Pick<Formats, 'action' | 'gain' | 'money'>,
): string {
  const { actionKey, currency, budgetPrice } = decision
  const worth = (one: WeighedAction): number => one.expectedValueMinor ?? -Infinity
  const afterBudget = (one: WeighedAction): number => worth(one) - budgetPrice * (one.costMinor ?? 0)
  const best = open.reduce((most, one) => (worth(one) > worth(most) ? one : most))
  if (open.every(({ expectedValueMinor }) => expectedValueMinor === null))
    return actionKey === NOTHING
      ? 'What they are worth cannot be said, so the customer is left in peace.'
      : `${formats.action(actionKey)} was chosen, though what it is worth cannot be said.`
  const promise = (one: WeighedAction): string =>
    `${one.expectedValueMinor === null ? 'unknown gain' : formats.gain(one.expectedValueMinor, currency)} expected at a cost of ${formats.money(one.costMinor ?? 0, currency)}`
  if (actionKey === NOTHING) {
    if (worth(best) <= 0)
      return `None is worth its cost: even the best of them, ${formats.action(best.key)}, comes to ${formats.gain(worth(best), currency)}. So the customer is left in peace.`
    return open.every((one) => afterBudget(one) <= 0)
      ? `${formats.action(best.key)} promises ${promise(best)}, but the budget does more for other customers. So this one is left in peace.`
      : `${formats.action(best.key)} promises ${promise(best)}. The customer is left in peace this time all the same: now and then that is needed to learn what actions do.`
  }
  const chosen = open.find(({ key }) => key === actionKey)
  if (chosen === undefined) return `${formats.action(actionKey)} was chosen.`
  if (chosen === best) return `${formats.action(actionKey)} is worth most: ${promise(chosen)}.`
  const bestForBudget = open.reduce((most, one) => (afterBudget(one) > afterBudget(most) ? one : most))
  return chosen === bestForBudget
    ? `${formats.action(actionKey)} does most for what it takes of the budget: ${promise(chosen)}.`
    : `${formats.action(actionKey)} was drawn: ${promise(chosen)}. ${formats.action(best.key)} promises more, ${formats.gain(worth(best), currency)}; now and then another good action is tried, to learn.`
}

function whenSentence({ decidedAt, propensity, group }: Told, next: Date, formats: Formats): string {
  const when = `on ${formats.day(decidedAt)}; the next decision is on ${formats.day(next.toISOString().slice(0, 10))}.`
  return group !== 'policy' || propensity > 0.995
    ? `Decided ${when}`
    : `Chosen with a chance of ${formats.percent(propensity)} ${when}`
}

/** "a, b and c". */
function list(words: readonly string[]): string {
  return words.length < 2
    ? (words[0] ?? '')
    : `${words.slice(0, -1).join(', ')} and ${words[words.length - 1]}`
}
