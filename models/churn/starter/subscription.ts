/**
 * The subscription starter: a churn model for any subscription business before its first customer has left.
 * A logistic regression whose coefficients are stated beliefs (assumptions.ts) and whose intercept comes from
 * the stated churn rate. What it gives is a ranking from assumptions, and it says so.
 */
import type { Feature, FeaturePopulation, Population } from '../../../src/contracts/features.ts'
import { designOf, fillDesign } from '../../features/design.ts'
import { DAYS_PER_MONTH, hazardToProbability, horizonToMonthlyHazard } from '../hazard.ts'
import { type LogisticOptions, fitLogistic, logisticMargins } from '../logistic.ts'
import type { ChurnModel, LogisticModel, ScoreMeaning } from '../model.ts'
import { type Standardisation, standardise } from '../standardise.ts'
import { logit, sigmoid } from '../statistics.ts'
import { ASSUMPTIONS_VERSION, type Assumption, assumptions } from './assumptions.ts'
import { type StarterCard, starterCard } from './card.ts'
import { assumedFeatures, assumedSpread, imagineCustomers } from './customers.ts'

export interface StarterOptions {
  /** Share of customers who leave within `months`, 0 < rate < 1. Default .015 a month, an assumption. */
  readonly churnRate?: { readonly rate: number; readonly months: number }
  /** What a score speaks of: leaving within so many days. Default 90: time to act before a quarter is over. */
  readonly horizonDays?: number
  /** How the features are spread in the file at hand, by canonical name; assumed where absent. */
  readonly observed?: Readonly<Record<string, FeaturePopulation>>
  readonly seed?: number
}

export interface SubscriptionStarter {
  readonly model: Extract<ChurnModel, { kind: 'logistic' }>
  readonly meaning: ScoreMeaning
  readonly features: readonly Feature[]
  readonly population: Population
  readonly assumptions: readonly Assumption[]
  readonly assumptionsVersion: number
  readonly card: StarterCard
  /** What {@link updateWithOutcomes} starts from. */
  readonly prior: LogisticOptions & { readonly reference: Standardisation }
}

/** Customers imagined to average over: the average risk of others, drawn anew, is within 2 % of itself. */
const IMAGINED = 8192

/** How far the intercept may be off, in log-odds, when the churn rate was stated by a person. */
const INTERCEPT_SD = 0.5

/**
 * @throws HoldfastError `usage` when a rate is not between 0 and 1
 * @example
 * const { model, features, population } = subscriptionStarter({ churnRate: { rate: 0.2, months: 12 } })
 */
export function subscriptionStarter(options: StarterOptions = {}): SubscriptionStarter {
  const churnRate = options.churnRate ?? { rate: 0.015, months: 1 }
  const days = options.horizonDays ?? 90
  const observed = new Map(Object.entries(options.observed ?? {}))
  const monthlyRate = horizonToMonthlyHazard(churnRate.rate, churnRate.months * DAYS_PER_MONTH)
  const baseRate = hazardToProbability(monthlyRate, days / DAYS_PER_MONTH)

  const { frame, complete } = imagineCustomers(observed, IMAGINED, options.seed ?? 1)
  const reference = referenceOf(fillDesign(assumedFeatures, complete))
  const design = fillDesign(assumedFeatures, frame)
  const prior = priorOf(reference, design, baseRate)
  const logistic = fitLogistic(nobody, prior)
  const risks = logisticMargins(logistic, design, IMAGINED).map(sigmoid)
  return {
    model: { kind: 'logistic', logistic, calibrator: { kind: 'identity' } },
    meaning: { kind: 'horizon', days },
    features: assumedFeatures,
    population: {
      rows: 0,
      baseRate,
      monthlyRate,
      features: assumedFeatures.map((feature, i) => {
        const spread = observed.get(feature.name) ?? assumedSpread(feature)
        if (feature.kind === 'number') return spread
        return { ...spread, rates: ratesOf(frame.columns[i], risks, feature, baseRate) }
      }),
    },
    assumptions,
    assumptionsVersion: ASSUMPTIONS_VERSION,
    card: starterCard({ churnRate, days, baseRate, observed: [...observed.keys()] }),
    prior,
  }
}

/**
 * The starter after some outcomes: the posterior mode under its beliefs. With none it is the starter itself;
 * with many the beliefs hardly count. Works with few rows, also when nobody has left yet.
 *
 * @param design row-major, rows x the starter's design columns, NaN is missing
 * @param labels 1 for who left within the horizon, else 0
 * @example
 * const model = updateWithOutcomes(starter, fillDesign(starter.features, frame), labels)
 */
export function updateWithOutcomes(
  starter: Pick<SubscriptionStarter, 'prior'>,
  design: Float32Array,
  labels: Uint8Array,
): SubscriptionStarter['model'] {
  const { reference } = starter.prior
  const clamped = Float32Array.from(design, (x, at) => {
    const column = at % WIDTH
    return Math.min(Math.max(x, reference.min[column]), reference.max[column])
  })
  const data = { design: clamped, rows: labels.length, width: WIDTH, labels, monotone }
  return { kind: 'logistic', logistic: fitLogistic(data, starter.prior), calibrator: { kind: 'identity' } }
}

const { width: WIDTH, source } = designOf(assumedFeatures)
const nobody = { design: new Float32Array(), rows: 0, width: WIDTH, labels: new Uint8Array() }

/** The belief about each design column. */
const beliefs = Array.from({ length: WIDTH }, (_, column): Assumption => {
  const feature = assumedFeatures[source[column]]
  const category = feature.categories?.[column - source.indexOf(source[column])]
  const belief = assumptions.find((a) => a.feature === feature.name && a.category === category)
  if (belief === undefined) throw new TypeError(`nothing is assumed of ${feature.name} ${category ?? ''}`)
  return belief
})
const monotone = beliefs.map((belief) => belief.monotone ?? 0)

/** Mean and standard deviation of each column after it was cut to its range, so that contributions centre on 0. */
function referenceOf(design: Float32Array): Standardisation {
  const min = new Float64Array(WIDTH)
  const max = new Float64Array(WIDTH)
  beliefs.forEach(({ range }, column) => {
    const [low, high] = range ?? tails(design, column)
    min[column] = low
    max[column] = high
  })
  const cut = design.map((x, at) => Math.min(Math.max(x, min[at % WIDTH]), max[at % WIDTH]))
  const { center, scale } = standardise({ design: cut, rows: IMAGINED, width: WIDTH })
  return { center, scale, min, max }
}

function tails(design: Float32Array, column: number): [number, number] {
  const values = Float32Array.from({ length: IMAGINED }, (_, r) => design[r * WIDTH + column]).sort()
  return [values[Math.floor(IMAGINED * 0.05)], values[Math.ceil(IMAGINED * 0.95) - 1]]
}

/**
 * The beliefs as priors, with the rate at the centre of the customers that makes their average risk the
 * stated one: the risk bends upwards, so the average customer's risk is below the customers' average risk.
 */
function priorOf(
  reference: Standardisation,
  design: Float32Array,
  baseRate: number,
): LogisticOptions & { readonly reference: Standardisation } {
  const priors = beliefs.map(({ mean, sd, scale }) => ({ mean, sd, scale }))
  const at = (margin: number): LogisticOptions & { readonly reference: Standardisation } => ({
    reference,
    priors,
    churnRate: { rate: sigmoid(margin), sd: INTERCEPT_SD },
  })
  let low = logit(baseRate) - 5
  let high = logit(baseRate) + 5
  for (let step = 0; step < 30; step++) {
    const middle = (low + high) / 2
    if (averageRisk(fitLogistic(nobody, at(middle)), design) < baseRate) low = middle
    else high = middle
  }
  return at((low + high) / 2)
}

function averageRisk(model: LogisticModel, design: Float32Array): number {
  const rows = design.length / WIDTH
  return logisticMargins(model, design, rows).reduce((sum, margin) => sum + sigmoid(margin), 0) / rows
}

/** Average risk of the customers of each category. */
function ratesOf(codes: Float32Array, risks: Float64Array, feature: Feature, baseRate: number): number[] {
  return (feature.categories ?? []).map((_, code) => {
    const known = risks.filter((_, r) => codes[r] === code)
    return known.length === 0 ? baseRate : known.reduce((sum, risk) => sum + risk, 0) / known.length
  })
}
