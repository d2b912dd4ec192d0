/**
 * What a synthetic customer bought: facts that a billing system knows. Everything else about the customer,
 * seen or hidden, is drawn on top of them.
 */
import { random, type Random } from '../../models/random.ts'
import { DAYS_IN_MONTH } from './calendar.ts'

export interface WorldOptions {
  /** The same seed gives the same customers; customer `i` depends on the seed and `i` alone. */
  readonly seed: number
  readonly rows: number
  /** Index of the first customer; default 0. */
  readonly start?: number
  /** The day on which the file was "exported", as 2026-11-01, which is the default. */
  readonly asOf?: string
  /** Multiplies every hazard, to make a world in which more or fewer leave; default 1. */
  readonly hazardScale?: number
  /** Days after `asOf` in which leaving counts as churned; default 90. */
  readonly windowDays?: number
}

export interface World {
  readonly seed: number
  /** Days since 1970-01-01. */
  readonly asOf: number
  readonly hazardScale: number
  readonly windowDays: number
}

export type Contract = 'Month-to-month' | 'One year' | 'Two year'

export interface Agreement {
  readonly tier: 0 | 1 | 2 | 3
  readonly seats: number
  readonly contract: Contract
  /** Days since 1970-01-01. */
  readonly start: number
  readonly tenureMonths: number
  /** Null for a contract that ends any month. */
  readonly renewal: number | null
  readonly monthsToRenewal: number | null
  readonly noticeDays: number
  readonly autoRenewal: boolean
  readonly monthlyCharges: number
  /** Against a year ago: .05 is 5 % more. */
  readonly chargesChange: number
}

export const TIERS = ['Starter', 'Team', 'Business', 'Enterprise'] as const

export function worldOf(options: Omit<WorldOptions, 'rows'>): World {
  return {
    seed: options.seed,
    asOf: Date.parse(`${options.asOf ?? '2026-11-01'}T00:00:00Z`) / 86_400_000,
    hazardScale: options.hazardScale ?? 1,
    windowDays: options.windowDays ?? 90,
  }
}

/** The generator of customer `index`; no two indices of a world share one. */
export function customerRandom(world: World, index: number): Random {
  // Multiplying by an odd number maps the indices one to one onto 32 bits.
  return random((Math.imul(index, 0x2c1b3c6d) + Math.imul(world.seed, 0x297a2d39)) | 0)
}

export function drawAgreement(world: World, rng: Random): Agreement {
  const size = rng.next()
  const tier = size < 0.42 ? 0 : size < 0.76 ? 1 : size < 0.94 ? 2 : 3
  const seats = Math.max(1, Math.round(Math.exp(0.7 + 1.1 * tier + 0.5 * rng.normal())))
  const commits = rng.next() + 0.12 * tier
  const contract: Contract = commits < 0.58 ? 'Month-to-month' : commits < 0.9 ? 'One year' : 'Two year'
  // Those who may leave any month have been here for less long.
  const typical = contract === 'Month-to-month' ? 16 : contract === 'One year' ? 28 : 40
  const tenureMonths = Math.min(120, Math.floor(-typical * Math.log(1 - rng.next() * 0.995)))
  const start = Math.round(world.asOf - (tenureMonths + rng.next()) * DAYS_IN_MONTH)
  const termMonths = contract === 'Month-to-month' ? 0 : contract === 'One year' ? 12 : 24
  const renewal = termMonths === 0 ? null : nextRenewal(start, termMonths, world.asOf)
  const perSeat = [9, 13, 19, 28][tier]
  const commitment = termMonths === 0 ? 1 : termMonths === 12 ? 0.9 : 0.82
  const list = ([19, 39, 99, 390][tier] + perSeat * seats) * commitment
  const raised = tenureMonths >= 12 && rng.next() < 0.45
  return {
    tier,
    seats,
    contract,
    start,
    tenureMonths,
    renewal,
    monthsToRenewal: renewal === null ? null : (renewal - world.asOf) / DAYS_IN_MONTH,
    noticeDays: termMonths === 0 ? 0 : tier === 3 ? 90 : tier === 2 ? 60 : 30,
    autoRenewal: termMonths > 0 && rng.next() < 0.8,
    monthlyCharges: Math.round(list * Math.exp(0.06 * rng.normal()) * 100) / 100,
    chargesChange: raised ? Math.round((0.03 + 0.12 * rng.next()) * 100) / 100 : rng.next() < 0.06 ? -0.1 : 0,
  }
}

/** The first day after `asOf` that is a whole number of terms after `start`. */
function nextRenewal(start: number, termMonths: number, asOf: number): number {
  const from = new Date(start * 86_400_000)
  const [year, month, day] = [from.getUTCFullYear(), from.getUTCMonth(), Math.min(28, from.getUTCDate())]
  const passed = Math.floor((asOf - start) / (termMonths * DAYS_IN_MONTH))
  for (let terms = Math.max(1, passed); ; terms++) {
    const days = Date.UTC(year, month + terms * termMonths, day) / 86_400_000
    if (days > asOf) return days
  }
}
