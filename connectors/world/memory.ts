/**
 * What the world of a sandbox knows and nobody can read over HTTP: kept among the sandbox's own documents, so that a
 * restart goes on where it was.
 */

/** Documents by table and key that survive a restart of the sandbox; as JSON. */
export interface Memory {
  put(table: string, key: string, value: unknown): void
  get(table: string, key: string): unknown
  entries(table: string): ReadonlyMap<string, unknown>
}

/** Where the world began, and how far it is. */
export interface Origin {
  readonly seed: number
  /** Days since 1970-01-01 on which it began. */
  readonly day: number
  readonly hazardScale: number
  /** Index of the next customer to come. */
  readonly next: number
}

/** What was done for a customer and still works. */
export interface Effect {
  /** On the odds of leaving by choice: below 1 keeps. */
  readonly oddsRatio: number
  /** Months of the world until it has worn off. */
  readonly until: number
}

/** How somebody differs from the day on which the world began. */
export interface Drift {
  readonly engagement: number
  readonly discontent: number
  /** Months of the world until which an acute reason to leave lasts; -1 none. */
  readonly shockUntil: number
  /** In the last three months, as the contacts. */
  readonly paymentFailures: number
  readonly contacts: number
  /** Since the agreement was drawn: the price, as a factor. */
  readonly price: number
  /** Against a year ago: .05 is 5 % more. */
  readonly chargesChange: number
  /** Terms that were renewed in the sandbox. */
  readonly renewals: number
}

export interface Life {
  /** Index in the world of customers. */
  readonly index: number
  /** Ids of its people in the CRM, the first decides most often. */
  readonly contacts: readonly string[]
  /** The CRM's open record of the next renewal: a deal, an Opportunity. */
  readonly deal: string | null
  /** Months of the world at which it joined; absent for those of the beginning. */
  readonly joined?: number
  readonly drift?: Drift
  readonly effects?: readonly Effect[]
  /** Month of the world in which it left. */
  readonly left?: number
}

const WORLD = 'world'
const LIVES = 'world_lives'

export const rememberOrigin = (memory: Memory, origin: Origin): void => memory.put(WORLD, 'origin', origin)
export const originOf = (memory: Memory): Origin | null =>
  (memory.get(WORLD, 'origin') as Origin | undefined) ?? null

/** Months that have passed in the world, with fractions. */
export const monthsOf = (memory: Memory): number => (memory.get(WORLD, 'months') as number | undefined) ?? 0
export const rememberMonths = (memory: Memory, months: number): void => memory.put(WORLD, 'months', months)

/** @param customer id of its record */
export const rememberCustomer = (memory: Memory, customer: string, life: Life): void =>
  memory.put(LIVES, customer, life)
export const lifeOf = (memory: Memory, customer: string): Life | null =>
  (memory.get(LIVES, customer) as Life | undefined) ?? null
export const lives = (memory: Memory): ReadonlyMap<string, Life> =>
  memory.entries(LIVES) as ReadonlyMap<string, Life>

/** Something of ours that somebody will answer. */
export interface Expected {
  /** Months of the world at which they do; null: it is dealt with. */
  readonly due: number | null
}

const ANSWERS = 'world_answers'

/** @param item `tasks:3000001` */
export const expectAnswer = (memory: Memory, item: string, expected: Expected): void =>
  memory.put(ANSWERS, item, expected)
export const expectedAnswers = (memory: Memory): ReadonlyMap<string, Expected> =>
  memory.entries(ANSWERS) as ReadonlyMap<string, Expected>

/** The newest record of a type that the world has looked at; '0' none. */
export const seenUpTo = (memory: Memory, type: string): string =>
  (memory.get(WORLD, `seen:${type}`) as string | undefined) ?? '0'
export const rememberSeen = (memory: Memory, type: string, id: string): void =>
  memory.put(WORLD, `seen:${type}`, id)
