/**
 * The observation function: what the product would serve of a simulated customer, and the only way from the
 * simulator to a policy.
 *
 * Seen exactly, because the product's own ledger and the CRM know it: contract, months to notice, tenure,
 * interventions in the last 12 months (above 3 only roughly modelled), days since the last contact. Seen with noise: the churn score
 * (it shows most shocks, through tickets and usage, but not fatigue, habit or what an action in force does),
 * engagement, response rate. Never seen: shock, fatigue and habit themselves, and which action is in force.
 * Amount and tier bear on nothing but the score: values are in months of the customer's own amount.
 */
import type { Random } from '../../random.ts'
import { INPUT, STATE_SIZE, writeState } from '../state.ts'
import type { StateValues } from '../state.ts'
import { FAR, termMonths } from './customer.ts'
import type { World } from './world.ts'

/** What a book of customers lacks, as a bit set over `INPUT`; the same every month. */
export type Missing = number

export function missing(...inputs: (keyof typeof INPUT)[]): Missing {
  return inputs.reduce((bits, input) => bits | (1 << INPUT[input]), 0)
}

/** Three kinds of books: one whose CRM and ledger know everything, and a bare file on its first and later days. */
export const BOOKS = {
  complete: { first: 0, later: 0 },
  /** After the first decision the ledger knows the product's own contacts. */
  bare: {
    first: missing('interventions', 'days', 'response', 'engagement', 'notice'),
    later: missing('response', 'engagement', 'notice'),
  },
} as const satisfies Record<string, { first: Missing; later: Missing }>

export type Book = keyof typeof BOOKS

/** Fields that can be blank for one customer although the book has them; billing's are there for all or for none. */
const blankable = missing('tier', 'response', 'engagement')

export type Observe = (
  out: Float32Array,
  row: number,
  customer: number,
  history: number,
  lacks: Missing,
  chance: Random,
) => void

/**
 * Draws `chance` the same number of times whatever the customer, so that two histories of one customer can be
 * observed with the same luck.
 *
 * @example
 * const observe = observer(buildWorld(defaultAssumptions))
 * observe(new Float32Array(STATE_SIZE), 0, customer, history, BOOKS.complete.first, random(1))
 */
export function observer(world: World): Observe {
  const { chain, history, assumptions, meanHazard } = world
  const { observation } = assumptions
  const calm = Int32Array.from(chain.customers, (customer, i) => (customer.shock ? i - 1 : i))
  const term = Float64Array.from(chain.customers, (customer) => termMonths(customer.contract))
  const values: Mutable<StateValues> = {
    monthlyHazard: 0,
    contractMonths: 0,
    tier: 0,
    tenureMonths: 0,
    monthlyCharge: 0,
    interventions: 0,
    daysSinceContact: 0,
    responseRate: 0,
    engagement: 0,
    monthsToNotice: 0,
  }
  return (out, row, c, h, lacks, chance) => {
    const customer = chain.customers[c]
    const past = history.histories[h]
    const seen = chance.next() < observation.shockSeen
    const hazard = meanHazard[seen ? c : calm[c]]
    values.monthlyHazard = expit(logit(hazard) + observation.scoreNoise * chance.normal())
    values.contractMonths = term[c]
    values.tier = chance.integer(3) / 2
    values.tenureMonths = tenureMonths(customer.tenure, term[c], chance.next())
    values.monthlyCharge = 18 + 102 * chance.next()
    const more = threeOrMore(chance.next())
    values.interventions = past.interventions < 3 ? past.interventions : more
    const jitter = (chance.next() - 0.5) * 30
    values.daysSinceContact = past.months >= 3 ? 90 : 30 * past.months + jitter
    const answers =
      observation.response[customer.engagement] -
      observation.responsePerFatigue * past.fatigue +
      observation.responseNoise * chance.normal()
    const unanswered = chance.next() < observation.responseUnknown
    const unknown = unanswered && past.interventions === 0
    values.responseRate = unknown ? NaN : answers
    values.engagement =
      observation.engagementScore[customer.engagement] + observation.engagementNoise * chance.normal()
    const away = chance.next()
    values.monthsToNotice =
      customer.monthsToNotice < FAR ? customer.monthsToNotice : FAR + Math.floor(away * (term[c] - FAR))
    writeState(out, row, values)
    for (let input = 1; input <= 9; input++) {
      const bit = 1 << input
      const blank = chance.next() < observation.blank
      if ((blank && (blankable & bit) !== 0) || (lacks & bit) !== 0) hide(out, row, input)
    }
  }
}

/** As `writeState` writes an unknown. */
function hide(out: Float32Array, row: number, input: number): void {
  out[row * STATE_SIZE + input] = 0
  out[row * STATE_SIZE + 9 + input] = 1
}

function tenureMonths(band: number, term: number, u: number): number {
  if (band === 2) return 25 + 47 * u
  if (term > 1) return 1 + 23 * u
  return band === 0 ? 6 * u : 7 + 17 * u
}

function threeOrMore(u: number): number {
  return u < 0.6 ? 3 : u < 0.85 ? 4 : 5
}

function logit(p: number): number {
  return Math.log(p / (1 - p))
}

function expit(x: number): number {
  return 1 / (1 + Math.exp(-x))
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] }
