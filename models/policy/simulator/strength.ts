/**
 * The simulator tells actions apart by strength: what is in force masks itself and all that is weaker (history.ts), and
 * nothing comes on top of a discount. Catalogues are in the order in which actions came to them, which for the six of
 * the reference is the same.
 */
import type { Assumptions } from './assumptions.ts'

/**
 * Ids in order of strength: doing nothing, then what gives nothing off by its mean effect, then discounts as they are
 * listed (none follows another, so their order bears on nothing). Equals stay as they are.
 *
 * @example
 * orderOfStrength(defaultAssumptions) // [0, 1, 2, 3, 4, 5]
 */
export function orderOfStrength({ actions }: Assumptions): number[] {
  const ids = actions.map((_, id) => id).slice(1)
  const rest = ids.filter((id) => !actions[id].discount)
  return [
    0,
    ...rest.toSorted((a, b) => actions[a].effectMean - actions[b].effectMean),
    ...ids.filter((id) => actions[id].discount),
  ]
}

/** The same assumptions with their actions in another order; the book's past contacts go with them. */
export function inOrder(assumptions: Assumptions, order: readonly number[]): Assumptions {
  const { actions, book } = assumptions
  return {
    ...assumptions,
    actions: order.map((id) => actions[id]),
    book: { ...book, pastContacts: order.map((id) => book.pastContacts[id] ?? 0) },
  }
}
