/**
 * What the sandbox's world knows and nobody can read over HTTP: kept among the portal's own documents, so that a
 * restart goes on where it was.
 */
import type { SandboxState } from './state.ts'

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
  readonly contacts: readonly string[]
  /** The open deal of the next renewal. */
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

export const rememberOrigin = (state: SandboxState, origin: Origin): void =>
  state.put(WORLD, 'origin', origin)
export const originOf = (state: SandboxState): Origin | null =>
  (state.get(WORLD, 'origin') as Origin | undefined) ?? null

/** Months that have passed in the world, with fractions. */
export const monthsOf = (state: SandboxState): number =>
  (state.get(WORLD, 'months') as number | undefined) ?? 0
export const rememberMonths = (state: SandboxState, months: number): void =>
  state.put(WORLD, 'months', months)

/** @param company id of its record */
export const rememberCustomer = (state: SandboxState, company: string, life: Life): void =>
  state.put(LIVES, company, life)
export const lifeOf = (state: SandboxState, company: string): Life | null =>
  (state.get(LIVES, company) as Life | undefined) ?? null
export const lives = (state: SandboxState): ReadonlyMap<string, Life> =>
  state.entries(LIVES) as ReadonlyMap<string, Life>

/** Something of ours that somebody will answer. */
export interface Expected {
  /** Months of the world at which they do; null: it is dealt with. */
  readonly due: number | null
}

const ANSWERS = 'world_answers'

/** @param item `tasks:3000001` */
export const expectAnswer = (state: SandboxState, item: string, expected: Expected): void =>
  state.put(ANSWERS, item, expected)
export const expectedAnswers = (state: SandboxState): ReadonlyMap<string, Expected> =>
  state.entries(ANSWERS) as ReadonlyMap<string, Expected>

/** The newest record of a type that the world has looked at; '0' none. */
export const seenUpTo = (state: SandboxState, type: string): string =>
  (state.get(WORLD, `seen:${type}`) as string | undefined) ?? '0'
export const rememberSeen = (state: SandboxState, type: string, id: string): void =>
  state.put(WORLD, `seen:${type}`, id)
