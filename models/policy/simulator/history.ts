/**
 * What was done to a customer and what it left behind: interventions in the ledger's window, months since
 * the last contact, fatigue, discount habit, and the action in force.
 *
 * Time within a month: the policy acts at the start (a jump, certain), the month passes with that history
 * (cost, effect), then the memory fades by chance. So a backup needs one expectation a history, not one an
 * action.
 */
import type { Assumptions } from './assumptions.ts'

export interface History {
  /** 0 to 3 and more, in the ledger's window. */
  readonly interventions: number
  /** Months since the last contact, 3 and more as 3; 0 only after a contact in this month. */
  readonly months: number
  /** 0 to 3. */
  readonly fatigue: number
  /** Discounts that the customer remembers, 0 to 3 (3 only while the third or a later one is in force). */
  readonly habit: number
  /** Id of the action in force, 0 when none is. */
  readonly inForce: number
}

export interface HistoryChain {
  /** All that can be reached; the first `decisions` are those before acting (no contact in this month yet). */
  readonly histories: readonly History[]
  readonly decisions: number
  /**
   * 1 where the policy may act at all. The product's ledger knows what is in force and masks it: nothing on top
   * of a discount, and nothing that is not stronger than what runs already.
   */
  readonly free: Uint8Array
  /**
   * History after an action at the start of the month: `jump[action * decisions + history]`; the same history
   * where the action is masked.
   */
  readonly jump: Int32Array
  /** How memory fades over the month, a sparse matrix from all histories to those before acting. */
  readonly start: Int32Array
  readonly next: Int32Array
  readonly probability: Float64Array
  /** Share of each history at the start of the book; sums to 1. */
  readonly book: Float64Array
}

const untouched: History = { interventions: 0, months: 3, fatigue: 0, habit: 0, inForce: 0 }

export function historyChain(assumptions: Assumptions): HistoryChain {
  const actions = assumptions.actions.length
  const before = new Map([[keyOf(untouched), untouched]])
  const after = new Map<string, History>()
  const queue = [untouched]
  for (let history = queue.pop(); history !== undefined; history = queue.pop()) {
    for (let action = 0; action < actions; action++) {
      const acted = act(history, action, assumptions)
      if (acted.months === 0) after.set(keyOf(acted), acted)
      for (const [faded] of fade(acted, assumptions)) {
        if (before.has(keyOf(faded))) continue
        before.set(keyOf(faded), faded)
        queue.push(faded)
      }
    }
  }
  const histories = [...before.values(), ...after.values()]
  const index = new Map(histories.map((history, i) => [keyOf(history), i]))
  const at = (history: History): number => index.get(keyOf(history)) as number
  const decisions = before.size

  const jump = new Int32Array(actions * decisions)
  for (let action = 0; action < actions; action++) {
    for (let i = 0; i < decisions; i++) {
      jump[action * decisions + i] = at(act(histories[i], action, assumptions))
    }
  }
  const start = new Int32Array(histories.length + 1)
  const next: number[] = []
  const probability: number[] = []
  histories.forEach((history, i) => {
    for (const [faded, p] of fade(history, assumptions)) {
      next.push(at(faded))
      probability.push(p)
    }
    start[i + 1] = next.length
  })
  const chain = {
    histories,
    decisions,
    free: Uint8Array.from(before.values(), (history) =>
      assumptions.actions[history.inForce].discount ? 0 : 1,
    ),
    jump,
    start,
    next: Int32Array.from(next),
    probability: Float64Array.from(probability),
  }
  return { ...chain, book: bookOf(chain, assumptions) }
}

/**
 * The history once an action is taken: it takes the place of a weaker one in force, effects do not add up.
 * Everybody takes a discount that is offered.
 */
function act(history: History, action: number, assumptions: Assumptions): History {
  if (action <= history.inForce || assumptions.actions[history.inForce].discount) return history
  const { restedAfterMonths } = assumptions.fatigue
  const tired = history.months < restedAfterMonths ? 1 : 0
  return canonical(
    {
      interventions: Math.min(3, history.interventions + 1),
      months: 0,
      fatigue: Math.min(3, history.fatigue + tired),
      habit: Math.min(3, history.habit + (assumptions.actions[action].discount ? 1 : 0)),
      inForce: action,
    },
    assumptions,
  )
}

/** What a month leaves of it. Each part fades on its own. */
function fade(history: History, assumptions: Assumptions): [History, number][] {
  const { ledger, fatigue, habit, actions } = assumptions
  const contacted = history.months === 0
  const discounted = actions[history.inForce].discount
  const floor = history.months < 2 ? 1 : 0
  const forget = history.interventions > floor ? history.interventions / ledger.windowMonths : 0
  const rest = history.fatigue > 0 && !contacted ? fatigue.fade : 0
  const unlearn = history.habit > 0 && !discounted ? habit.fade : 0
  const expire = history.inForce > 0 ? 1 / actions[history.inForce].durationMonths : 0
  const out = new Map<string, [History, number]>()
  for (const [a, p] of either(forget)) {
    for (const [b, q] of either(rest)) {
      for (const [c, r] of either(unlearn)) {
        for (const [d, s] of either(expire)) {
          const faded = canonical(
            {
              interventions: history.interventions - a,
              months: Math.min(3, history.months + 1),
              fatigue: history.fatigue - b,
              habit: history.habit - c,
              inForce: d === 1 ? 0 : history.inForce,
            },
            assumptions,
          )
          const known = out.get(keyOf(faded))
          out.set(keyOf(faded), [faded, (known?.[1] ?? 0) + p * q * r * s])
        }
      }
    }
  }
  return [...out.values()]
}

function either(probability: number): [0 | 1, number][] {
  if (probability <= 0) return [[0, 1]]
  if (probability >= 1) return [[1, 1]]
  return [
    [0, 1 - probability],
    [1, probability],
  ]
}

/** A habit of 3 is worth what 2 is worth once no discount is in force. */
function canonical(history: History, assumptions: Assumptions): History {
  return history.habit === 3 && !assumptions.actions[history.inForce].discount
    ? { ...history, habit: 2 }
    : history
}

/** The book as the policy finds it: after months of contacts without a plan. */
function bookOf(chain: Omit<HistoryChain, 'book'>, assumptions: Assumptions): Float64Array {
  const { decisions, free, jump, start, next, probability } = chain
  const { pastMonths, pastContacts } = assumptions.book
  let book = new Float64Array(decisions)
  book[0] = 1
  for (let month = 0; month < pastMonths; month++) {
    const later = new Float64Array(decisions)
    for (let i = 0; i < decisions; i++) {
      if (book[i] === 0) continue
      for (let action = 0; action < pastContacts.length; action++) {
        const share = free[i] === 1 ? pastContacts[action] : action === 0 ? 1 : 0
        const weight = book[i] * share
        const acted = jump[action * decisions + i]
        for (let e = start[acted]; e < start[acted + 1]; e++) later[next[e]] += weight * probability[e]
      }
    }
    book = later
  }
  return book
}

function keyOf(history: History): string {
  const { interventions, months, fatigue, habit, inForce } = history
  return `${interventions} ${months} ${fatigue} ${habit} ${inForce}`
}
