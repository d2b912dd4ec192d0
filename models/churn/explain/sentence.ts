/**
 * Reasons as plain sentences: the fact first, then how it compares with the usual risk. "Month-to-month
 * contract: twice the usual risk". Never a feature's name, never a contribution.
 */
import type { Feature, FeaturePopulation, Frame, Population } from '../../../src/contracts/features.ts'
import { comparisonOf, riskRatio } from './comparisons.ts'
import { fallbackPhrase, titleOf } from './fallback-phrases.ts'
import { type Amount, type NumberPhrase, amountIn, phraseOf } from './phrases.ts'
import type { Reasons } from './reasons.ts'
import { saysUnknown } from './spoken-values.ts'

export interface SentenceOptions {
  /** Put before amounts: '€' or 'EUR'. Absent where the currency is not known. */
  readonly currency?: string
  /**
   * What contributions are multiplied with before they are compared: `calibratedScale(model)`. Default 1,
   * which under an isotonic calibrator is an approximation: it has no one slope.
   */
  readonly scale?: number
}

export interface ReasonWriter {
  /**
   * @param feature index in the feature set
   * @param value a number, a category's code, or NaN where it is missing
   * @param contribution in log-odds
   */
  sentence(feature: number, value: number, contribution: number): string
  /**
   * The reasons of one row of a frame, strongest first. Features that state the same fact ("No internet
   * service" of six services) are one reason, their contributions added up.
   */
  list(reasons: Reasons, row: number, frame: Frame): ReasonList
  /** The same reasons each with its feature, strongest first whichever way they point. */
  told(reasons: Reasons, row: number, frame: Frame): readonly ToldReason[]
  /** The same as the text of one cell: what raises the risk, then what lowers it. */
  cell(reasons: Reasons, row: number, frame: Frame): string
}

/** Sentences by what they say of the risk. */
export interface ReasonList {
  readonly raising: readonly string[]
  readonly lowering: readonly string[]
}

export interface ToldReason {
  /** Index in the feature set; of several that state the same fact, the strongest. */
  readonly feature: number
  readonly sentence: string
  /** In calibrated log-odds where the calibrator has a slope, see {@link SentenceOptions.scale}. */
  readonly contribution: number
}

/** What a cell says when no feature stands out. */
export const NOTHING_STANDS_OUT = 'Nothing stands out: close to the usual risk'

/**
 * A writer for one model's features. It remembers what it has said, so that a million customers cost little.
 *
 * @example
 * const write = reasonWriter(featureSet.features, population, { scale: calibratedScale(model) })
 * write.sentence(3, 0, 0.9) // 'Month-to-month contract: twice the usual risk'
 */
export function reasonWriter(
  features: readonly Feature[],
  population: Population,
  options: SentenceOptions = {},
): ReasonWriter {
  const baseRate = Math.min(Math.max(population.baseRate, 1e-9), 1 - 1e-9)
  const scale = options.scale ?? 1
  const amount = amountIn(options.currency)
  const facts = features.map((feature, i) => remembered(factsOf(feature, population.features[i], amount)))

  const compared = (fact: string, contribution: number): string =>
    `${fact}: ${comparisonOf(riskRatio(scale * contribution, baseRate))}`

  /** Facts of a row with their sums and features, in the order of the slots; whether any were joined. */
  const gather = (reasons: Reasons, row: number, frame: Frame) => {
    const said: string[] = []
    const sums: number[] = []
    const of: number[] = []
    let merged = false
    const first = row * reasons.slots
    for (let slot = first; slot < first + reasons.slots; slot++) {
      const feature = reasons.feature[slot]
      if (feature < 0) continue
      const fact = facts[feature](frame.columns[feature][row])
      const same = said.indexOf(fact)
      if (same < 0) {
        said.push(fact)
        sums.push(reasons.contribution[slot])
        of.push(feature)
      } else {
        sums[same] += reasons.contribution[slot]
        merged = true
      }
    }
    return { said, sums, of, merged }
  }
  const list = (reasons: Reasons, row: number, frame: Frame): ReasonList => {
    const { said, sums, merged } = gather(reasons, row, frame)
    const order = said.map((_, i) => i)
    if (merged) order.sort((a, b) => Math.abs(sums[b]) - Math.abs(sums[a]))
    const raising: string[] = []
    const lowering: string[] = []
    for (const i of order) (sums[i] > 0 ? raising : lowering).push(compared(said[i], sums[i]))
    return { raising, lowering }
  }
  const told = (reasons: Reasons, row: number, frame: Frame): readonly ToldReason[] => {
    const { said, sums, of } = gather(reasons, row, frame)
    return said
      .map((fact, i) => ({
        feature: of[i],
        sentence: compared(fact, sums[i]),
        contribution: sums[i] * scale,
      }))
      .sort((a, b) => Math.abs(b.contribution) - Math.abs(a.contribution))
  }
  return {
    sentence: (feature, value, contribution) => compared(facts[feature](value), contribution),
    list,
    told,
    cell: (reasons, row, frame) => {
      const { raising, lowering } = list(reasons, row, frame)
      if (lowering.length === 0) return raising.length === 0 ? NOTHING_STANDS_OUT : raising.join('; ')
      const less = lowering.join('; ')
      return raising.length === 0 ? `Lowers the risk: ${less}` : `${raising.join('; ')}. Lowers it: ${less}`
    },
  }
}

/**
 * One reason as a sentence; {@link reasonWriter} is the way for many.
 *
 * @param value a number, a category's code, or NaN where it is missing
 * @param contribution in log-odds
 * @param baseRate the usual risk, 0 to 1
 * @example
 * reasonSentence(tenure, 60, -0.75, { missing: 0 }, 0.1) // 'Customer for 5 years: half the usual risk'
 */
export function reasonSentence(
  feature: Feature,
  value: number,
  contribution: number,
  population: FeaturePopulation,
  baseRate: number,
  options: SentenceOptions = {},
): string {
  const one = { rows: 1, baseRate, monthlyRate: null, features: [population] }
  return reasonWriter([feature], one, options).sentence(0, value, contribution)
}

/** The fact of a value, without the comparison. */
function factsOf(feature: Feature, population: FeaturePopulation, amount: Amount): (value: number) => string {
  const named = phraseOf(feature)
  // A canonical name may have been given to a column of the other kind.
  const phrase = named?.kind === feature.kind ? named : fallbackPhrase(feature)
  const unknown = phrase.unknown ?? `${titleOf(feature)} unknown`
  if (phrase.kind === 'category') {
    const facts = new Map(
      (feature.categories ?? []).map((category, code) => [
        code,
        saysUnknown(category) ? unknown : phrase.fact(category),
      ]),
    )
    return (code) => facts.get(code) ?? unknown
  }
  const median = population.quantiles?.[10]
  return (value) => (value === value ? numberFact(phrase, value, median, amount) : unknown)
}

/** The fact, and the middle customer's value where that is written differently. */
function numberFact(
  { fact, typical }: NumberPhrase,
  value: number,
  median: number | undefined,
  amount: Amount,
): string {
  const said = fact(value, amount)
  if (typical === undefined || median === undefined || !Number.isFinite(median)) return said
  const usual = typical(median, amount)
  return usual === typical(value, amount) ? said : `${said} (typical: ${usual})`
}

/** Different values whose facts a feature remembers; of a column with more, the first ones. */
const REMEMBERED = 4_096

/** Facts by value: customers share most of them. */
function remembered(fact: (value: number) => string): (value: number) => string {
  const known = new Map<number, string>()
  return (value) => {
    const said = known.get(value)
    if (said !== undefined) return said
    const text = fact(value)
    if (known.size < REMEMBERED) known.set(value, text)
    return text
  }
}
