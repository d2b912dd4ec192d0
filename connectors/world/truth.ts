/**
 * What is really going on with a synthetic customer, which no file shows: why they would leave, how soon, and
 * what each action would do. For tests, benchmarks and sandboxes; no module under models or src/loop may
 * import it.
 *
 * The monthly hazards of contracts that end any month are those of the policy facts (4.27, 1.66 and 1.75 % for
 * tenures of 0-6, 7-24 and 25+ months), on average over the customers; so are the odds of engagement, shock and
 * fatigue and the effects of the actions. What a term contract does at and between renewals, and how churn
 * divides into voluntary and involuntary, are assumptions.
 */
import type { Random } from '../../models/random.ts'
import {
  customerRandom,
  drawAgreement,
  worldOf,
  type Agreement,
  type World,
  type WorldOptions,
} from './agreement.ts'

export interface Truth {
  /** Chance of leaving by choice in the coming month, if nothing is done. */
  readonly voluntary: number
  /** Chance of being lost to failed payments in the coming month. */
  readonly involuntary: number
  /** Chance of leaving by choice in the month of the next renewal; null without a term. */
  readonly atRenewal: number | null
  readonly engagement: number
  /** An acute reason to leave: an outage, a lost champion, a rival's offer. */
  readonly shock: boolean
  /** Standard normal: how unhappy, beside the shock. */
  readonly discontent: number
  /** 0 to 1. */
  readonly priceSensitivity: number
  /** Payment method that tends to fail, as an expected number of failures in 3 months. */
  readonly paymentRisk: number
  readonly paymentFailures: number
  /** Contacts in the last 90 days; each tires. */
  readonly contacts: number
  /** Stays as long as nobody calls: contact drives away. */
  readonly sleepingDog: boolean
  /** What each of the six reference actions does to the voluntary odds: below 1 keeps, above 1 drives away. */
  readonly oddsRatio: readonly number[]
}

const TENURE_HAZARD = [
  { below: 7, monthly: 0.0427 },
  { below: 25, monthly: 0.0166 },
  { below: Infinity, monthly: 0.0175 },
] as const
/** Term contracts, by assumption: hardly ever between renewals, often at them. */
const BETWEEN_RENEWALS = 0.0015
const AT_RENEWAL = { 'One year': 0.11, 'Two year': 0.15 } as const
/** Mean relative reduction of the hazard and its spread, by action: the policy facts' priors. */
const EFFECTS = [
  { mean: 0, sd: 0, discount: 0, contact: false },
  { mean: 0.03, sd: 0.03, discount: 0, contact: true },
  { mean: 0.04, sd: 0.04, discount: 0, contact: true },
  { mean: 0.08, sd: 0.05, discount: 0.1, contact: true },
  { mean: 0.12, sd: 0.06, discount: 0.2, contact: true },
  { mean: 0.11, sd: 0.08, discount: 0.3, contact: true },
] as const
/** What failed payments take a month, on average; the rest of the hazards above is voluntary. */
const INVOLUNTARY = 0.0031
/** What the odds of a customer average to, measured; divided out to keep the average hazard that of the facts. */
const AVERAGE_ODDS = 1.6
const SHOCK_RATE = 0.03

export function drawTruth(world: World, agreement: Agreement, rng: Random): Truth {
  const { tenureMonths } = agreement
  const discontent = rng.normal()
  const shock = rng.next() < SHOCK_RATE
  const engagement = clamp(0.52 + 0.2 * rng.normal() - 0.07 * discontent - (shock ? 0.1 : 0), 0.02, 0.98)
  const priceSensitivity = clamp(0.5 + 0.22 * rng.normal(), 0, 1)
  const contacts = poisson(rng, 0.5)
  const paymentRisk = rng.next() < 0.12 ? 0.9 : 0.04
  const paymentFailures = poisson(rng, paymentRisk)
  const sleepingDog = tenureMonths >= 25 && engagement < 0.4 && !shock

  const circumstances = { engagement, shock, discontent, priceSensitivity, contacts, paymentFailures }
  return {
    ...hazardsOf(world, agreement, circumstances),
    engagement,
    shock,
    discontent,
    priceSensitivity,
    paymentRisk,
    paymentFailures,
    contacts,
    sleepingDog,
    oddsRatio: EFFECTS.map(({ mean, sd, discount, contact }) => {
      const likesPrice = discount > 0 ? 0.5 + priceSensitivity : 1
      const effect = clamp((mean + sd * rng.normal()) * likesPrice, -0.2, 0.6)
      return sleepingDog && contact ? 1.5 * (1 - 0.3 * effect) : 1 - effect
    }),
  }
}

/** Chances of leaving in the coming month: those of a {@link Truth}. */
export type Hazards = Pick<Truth, 'voluntary' | 'involuntary' | 'atRenewal'>

/** What the hazards depend on beside the agreement. */
export type Circumstances = Pick<
  Truth,
  'engagement' | 'shock' | 'discontent' | 'priceSensitivity' | 'contacts' | 'paymentFailures'
>

/**
 * How likely somebody with this agreement is to leave under these circumstances: for worlds that live on, where
 * both change from month to month.
 *
 * @example
 * hazardsOf(world, agreement, { ...truth, shock: true }).voluntary // about eight times as likely
 */
export function hazardsOf(
  world: Pick<World, 'hazardScale'>,
  { tenureMonths, contract, monthsToRenewal, chargesChange }: Agreement,
  { engagement, shock, discontent, priceSensitivity, contacts, paymentFailures }: Circumstances,
): Hazards {
  const odds =
    ((engagement < 0.35 ? 1.5 : engagement > 0.65 ? 0.67 : 1) *
      (shock ? 8 : 1) *
      Math.exp(0.25 * contacts + 0.45 * discontent + 3 * priceSensitivity * chargesChange)) /
    AVERAGE_ODDS
  const hazard = (base: number): number => fromOdds(toOdds(base) * odds) * world.hazardScale
  const monthly = TENURE_HAZARD.find(({ below }) => tenureMonths < below)!.monthly - INVOLUNTARY
  const atRenewal = contract === 'Month-to-month' ? null : Math.min(1, hazard(AT_RENEWAL[contract]))
  const renewsSoon = monthsToRenewal !== null && monthsToRenewal <= 1
  return {
    voluntary: Math.min(
      1,
      atRenewal === null ? hazard(monthly) : renewsSoon ? atRenewal : hazard(BETWEEN_RENEWALS),
    ),
    involuntary: Math.min(1, 0.0022 * (1 + 3 * paymentFailures) * world.hazardScale),
    atRenewal,
  }
}

/** Chance of leaving, for either reason, within the world's window if nothing is done. */
export function churnWithinWindow(world: World, agreement: Agreement, truth: Truth): number {
  const months = (world.windowDays * 12) / 365.25
  const renews = agreement.monthsToRenewal !== null && agreement.monthsToRenewal <= months
  const ordinary = Math.max(0, months - (renews ? 1 : 0))
  const usual = renews && truth.voluntary === truth.atRenewal ? 0 : truth.voluntary
  const stays =
    (1 - usual) ** ordinary * (1 - truth.involuntary) ** months * (renews ? 1 - (truth.atRenewal ?? 0) : 1)
  return 1 - stays
}

export interface CustomerTruth extends Truth {
  readonly index: number
  /** Chance of leaving within the window. */
  readonly churnRisk: number
  /** Whether this one does. */
  readonly churned: boolean
}

/**
 * The truth about the customers of a world, one by one, in the order of `worldCustomers`.
 *
 * @example
 * for (const { index, churnRisk, oddsRatio } of worldTruth({ seed: 1, rows: 1000 })) …
 */
export function* worldTruth(options: WorldOptions): Generator<CustomerTruth> {
  const world = worldOf(options)
  const start = options.start ?? 0
  for (let index = start; index < start + options.rows; index++) yield truthAt(world, index)
}

export function truthAt(world: World, index: number): CustomerTruth {
  const rng = customerRandom(world, index)
  const agreement = drawAgreement(world, rng)
  const truth = drawTruth(world, agreement, rng.fork('truth'))
  const churnRisk = churnWithinWindow(world, agreement, truth)
  return { ...truth, index, churnRisk, churned: rng.fork('outcome').next() < churnRisk }
}

/** Knuth's method; for small means. */
export function poisson(rng: Random, mean: number): number {
  const limit = Math.exp(-mean)
  let count = 0
  for (let product = rng.next(); product > limit; product *= rng.next()) count++
  return count
}

export function clamp(value: number, min: number, max: number): number {
  return value < min ? min : value > max ? max : value
}

function toOdds(probability: number): number {
  return probability / (1 - probability)
}

function fromOdds(odds: number): number {
  return odds / (1 + odds)
}
