/** One customer of a sandbox's world at a moment of it: the agreement, what is really going on, and how both go on. */
import { random, type Random } from '../../models/random.ts'
import { customerRandom, drawAgreement, worldOf, type Agreement, type World } from './agreement.ts'
import { addMonths, dayText, DAYS_IN_MONTH, termMonths } from './calendar.ts'
import type { Sight } from './customers.ts'
import type { Drift, Effect, Life, Origin } from './memory.ts'
import { clamp, drawTruth, hazardsOf, poisson, type Hazards, type Truth } from './truth.ts'

/** The world as it began. */
export const worldFrom = ({ seed, day, hazardScale }: Origin): World =>
  worldOf({ seed, asOf: dayText(day), hazardScale })

/** Day of the world's own calendar after so many months, since 1970-01-01. */
export const dayOf = (world: World, months: number): number => world.asOf + months * DAYS_IN_MONTH

export interface Moment {
  readonly agreement: Agreement
  readonly truth: Truth
  readonly drift: Drift
}

/** How a customer stands after so many months of the world. */
export function momentOf(world: World, life: Life, months: number): Moment {
  const begun = beginning(world, life)
  const drift = life.drift ?? beginningDrift(begun, life.joined ?? 0)
  const day = dayOf(world, months)
  const { agreement } = begun
  const renewal =
    agreement.renewal === null
      ? null
      : addMonths(agreement.renewal, drift.renewals * termMonths(agreement.contract))
  const now: Agreement = {
    ...agreement,
    tenureMonths: Math.max(0, Math.floor((day - agreement.start) / DAYS_IN_MONTH)),
    renewal,
    monthsToRenewal: renewal === null ? null : (renewal - day) / DAYS_IN_MONTH,
    monthlyCharges: Math.round(agreement.monthlyCharges * drift.price * 100) / 100,
    chargesChange: drift.chargesChange,
  }
  const circumstances = {
    engagement: drift.engagement,
    discontent: drift.discontent,
    shock: drift.shockUntil > months,
    priceSensitivity: begun.truth.priceSensitivity,
    contacts: drift.contacts,
    paymentFailures: drift.paymentFailures,
  }
  return {
    agreement: now,
    truth: { ...begun.truth, ...circumstances, ...hazardsOf(world, now, circumstances) },
    drift,
  }
}

/** Chances in the coming month with what was done for the customer: actions work on the odds of leaving by choice. */
export function hazardsWith({ truth }: Moment, effects: readonly Effect[], months: number): Hazards {
  const ratio = effects
    .filter(({ until }) => until > months)
    .reduce((product, { oddsRatio }) => product * oddsRatio, 1)
  const times = (chance: number): number => (chance * ratio) / (1 - chance + chance * ratio)
  return {
    voluntary: times(truth.voluntary),
    involuntary: truth.involuntary,
    atRenewal: truth.atRenewal === null ? null : times(truth.atRenewal),
  }
}

/** An acute reason to leave comes to one in a hundred a month and stays for three: at any time 3 % have one. */
const SHOCK_A_MONTH = 0.01
const SHOCK_MONTHS = 3
/** Before the first month of anybody. */
const NEVER = -1

/**
 * A month later: engagement and mood wander around where they began, payments fail and recover, contacts are
 * forgotten.
 *
 * @param renewed a renewal was among what happened: the price may have risen
 */
export function drifted(
  world: World,
  life: Life,
  moment: Moment,
  { months, renewed, rng }: { months: number; renewed: boolean; rng: Random },
): Drift {
  const { drift } = moment
  const typical = beginning(world, life).truth
  const discontent = 0.92 * drift.discontent + 0.39 * rng.normal()
  const shocked = drift.shockUntil > months
  const struck = !shocked && rng.next() < SHOCK_A_MONTH
  const pull = typical.engagement - 0.05 * (discontent - typical.discontent)
  const engagement = pull + 0.85 * (drift.engagement - pull) + 0.04 * rng.normal() - (struck ? 0.1 : 0)
  const raised = renewed && rng.next() < 0.45 ? 0.03 + 0.12 * rng.next() : null
  return {
    engagement: clamp(engagement, 0.02, 0.98),
    discontent,
    shockUntil: struck ? months + SHOCK_MONTHS : drift.shockUntil,
    paymentFailures: survivors(rng, drift.paymentFailures) + poisson(rng, typical.paymentRisk / 3),
    contacts: survivors(rng, drift.contacts) + poisson(rng, 0.5 / 3),
    price: drift.price * (1 + (raised ?? 0)),
    // What happened a year ago is no change any more.
    chargesChange:
      raised === null ? (rng.next() < 1 / 12 ? 0 : drift.chargesChange) : Math.round(raised * 100) / 100,
    renewals: drift.renewals + (renewed ? 1 : 0),
  }
}

/** What the CRM's systems see of it this month. */
export function sightAt(world: World, life: Life, moment: Moment, month: number): Omit<Sight, 'churned'> {
  const { index } = life
  // As at the beginning: who was not measured then is not measured now.
  const always = customerRandom(world, index).fork('sight')
  return {
    index,
    agreement: moment.agreement,
    truth: moment.truth,
    noise: monthRandom(world, index, month).fork('sight'),
    unmeasured: always.next() < 0.04,
    neverContacted: moment.truth.contacts === 0 && always.next() < 0.4,
  }
}

/** Chance of one customer in one month: neither the order of the customers nor the size of the steps matters. */
export const monthRandom = (world: World, index: number, month: number): Random =>
  random((Math.imul(index + 1, 0x2c1b3c6d) ^ Math.imul(month + 1, 0x9e3779b1) ^ world.seed) | 0)

/** Part of the month, from 0 to 1, at which this customer's month turns. */
export const phaseOf = (world: World, index: number): number =>
  customerRandom(world, index).fork('phase').next()

/** Somebody new: the same person as the world has at this index, with an agreement that begins now. */
export function newcomer(world: World, index: number, joined: number): Sight {
  const rng = customerRandom(world, index)
  const agreement = beginningNow(world, drawAgreement(world, rng), joined)
  const noise = rng.fork('sight')
  return {
    index,
    agreement,
    truth: drawTruth(world, agreement, rng.fork('truth')),
    noise,
    unmeasured: noise.next() < 0.04,
    neverContacted: false,
    churned: () => false,
  }
}

function beginning(world: World, life: Life): { agreement: Agreement; truth: Truth } {
  if (life.joined !== undefined) return newcomer(world, life.index, life.joined)
  const rng = customerRandom(world, life.index)
  const agreement = drawAgreement(world, rng)
  return { agreement, truth: drawTruth(world, agreement, rng.fork('truth')) }
}

function beginningNow(world: World, agreement: Agreement, joined: number): Agreement {
  const start = Math.round(dayOf(world, joined))
  const months = termMonths(agreement.contract)
  return {
    ...agreement,
    start,
    tenureMonths: 0,
    renewal: months === 0 ? null : addMonths(start, months),
    monthsToRenewal: months === 0 ? null : months,
    chargesChange: 0,
  }
}

function beginningDrift({ agreement, truth }: { agreement: Agreement; truth: Truth }, joined: number): Drift {
  return {
    engagement: truth.engagement,
    discontent: truth.discontent,
    shockUntil: truth.shock ? joined + SHOCK_MONTHS / 2 : NEVER,
    paymentFailures: truth.paymentFailures,
    contacts: truth.contacts,
    price: 1,
    chargesChange: agreement.chargesChange,
    renewals: 0,
  }
}

/** Of things of the last three months, those that still are a month later. */
function survivors(rng: Random, count: number): number {
  let left = 0
  for (let i = 0; i < count; i++) if (rng.next() < 2 / 3) left++
  return left
}
