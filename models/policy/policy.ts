/**
 * The contract of a policy: what it makes of customers one by one, and how it chooses for a whole book.
 *
 * The two are apart because they scale and wait differently. `value` looks at one state at a time, is served by
 * a network in batches and may be awaited; `choose` must see every customer at once, because a budget and a
 * capacity make customers compete, and it is a pure function of plain arrays. Baselines and challengers have
 * the same second half, so all are compared on the same book.
 */

/** The column of doing nothing: always there, always allowed, gain and cost 0. */
export const NO_ACTION = 0

/** What a policy thinks of each action for each customer; rows x actions, row-major, in catalogue order. */
export interface ActionValues {
  readonly rows: number
  readonly actions: number
  /**
   * In months of the customer's recurring amount: value[a] - value[NO_ACTION] is the net expected margin of
   * acting so now, after its cost.
   */
  readonly value: Float32Array
}

/** A whole file of customers and what could be done for each; rows x actions, row-major, in catalogue order. */
export interface Book {
  readonly rows: number
  readonly actions: number
  /** Net expected gain over doing nothing, in minor units of the reporting currency; column 0 is 0. */
  readonly gain: Float64Array
  /** Planned cost in whole minor units; column 0 is 0. */
  readonly cost: Float64Array
  /** 1 where masks and gate leave the action open. Column 0 counts as open whatever it says. */
  readonly open: Uint8Array
  /** Who goes first among equals, in [0, 1): `tie` of draw.ts. Never the row number. */
  readonly tie: Float64Array
  /** The draw of each customer, in [0, 1): `uniform` of draw.ts. */
  readonly uniform: Float64Array
}

/** What limits the choice for a whole book in one decision period. */
export interface Limits {
  /** Whole minor units of the reporting currency; null is no limit, 0 is nothing that costs. */
  readonly budget: number | null
  /** How many of each action, in catalogue order; null is no limit, 0 is off. */
  readonly capacity: readonly (number | null)[]
  readonly exploration: Exploration
}

export interface Exploration {
  /** Probability that a customer's choice is left to the draw, 0 (off) to 0.2. */
  readonly share: number
  /** Least probability of an action that is explored at all. */
  readonly floor: number
  /** 1 for an action that may be explored, in catalogue order. */
  readonly explorable: Uint8Array
  /**
   * 1 for an action that takes a person's time: never explored, and taken with probability 1 where it is
   * allocated. An action with a capacity is treated so whatever stands here.
   */
  readonly certain: Uint8Array
  /** 1 for an action that gives money off: a customer's support holds at most one of them. */
  readonly discount: Uint8Array
}

/** The choice for every customer of a book. */
export interface Choices {
  /** The action chosen, after the draw. */
  readonly action: Uint8Array
  /** The action that the prices point to, before exploration. */
  readonly allocated: Uint8Array
  /** Probability with which the chosen action was drawn; 1 where nothing was left to chance. */
  readonly propensity: Float64Array
  /** Probabilities of all actions for one customer; they sum to 1. */
  probabilities(row: number): Float64Array
  /** Net gain that one more unit of budget would bring; 0 when the budget does not bind. */
  readonly lambda: number
  /** Net gain in minor units that one more place of each action would bring; 0 when it is not full. */
  readonly capacityPrice: Float64Array
  /** Planned cost of the chosen actions, whole minor units. Never above the budget. */
  readonly spend: number
  /** Net expected gain of the chosen actions over doing nothing, minor units. */
  readonly gain: number
  /** No choice within the limits can gain more (Lagrangian dual), minor units. */
  readonly bound: number
  /** Net expected gain given up by exploring instead of following `allocated`, minor units. */
  readonly explorationCost: number
}

export interface Policy {
  /** Enters the draw and the log: another version draws anew. */
  readonly version: string
  /** Keys of the catalogue that the columns of its values stand for, `no_action` first. */
  readonly actions: readonly string[]
  /** @param states rows x STATE_SIZE, row-major, as models/policy/state.ts writes them */
  value(states: Float32Array): Promise<ActionValues>
  choose(book: Book, limits: Limits): Choices
}
