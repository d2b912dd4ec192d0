import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  accuracy,
  auc,
  aucEstimate,
  aucLowerBound,
  brier,
  confusion,
  kolmogorovSmirnov,
  logLoss,
  precision,
  recall,
} from '../../../models/churn/metrics.ts'
import {
  calibrationBins,
  calibrationError,
  calibrationNoise,
  hosmerLemeshow,
} from '../../../models/churn/reliability.ts'
import { chiSquareSurvival, sigmoid, wilson } from '../../../models/churn/statistics.ts'
import { random } from '../../../models/random.ts'

const labels = new Uint8Array([0, 1, 1, 0, 1, 0, 0, 1, 0, 0])
const probabilities = new Float64Array([0.1, 0.8, 0.35, 0.35, 0.6, 0.2, 0.6, 0.9, 0.05, 0.3])

function drawn(rows: number, seed: number, shift = 0): { labels: Uint8Array; probabilities: Float64Array } {
  const chance = random(seed)
  const truth = Float64Array.from({ length: rows }, () => sigmoid(chance.normal() * 1.5 - 1))
  return {
    labels: Uint8Array.from(truth, (p) => (chance.next() < p ? 1 : 0)),
    probabilities: truth.map((p) => sigmoid(Math.log(p / (1 - p)) + shift)),
  }
}

describe('ranking figures', () => {
  it('agree with scikit-learn and scipy on a table with ties', () => {
    expect(auc(labels, probabilities)).toBeCloseTo(0.9166666666666667, 12)
    expect(kolmogorovSmirnov(labels, probabilities)).toBeCloseTo(2 / 3, 12)
  })

  it("bound the AUC by DeLong's standard error", () => {
    const estimate = aucEstimate(labels, probabilities)
    expect(estimate.low).toBeCloseTo(0.9166666666666667 - 1.959963984540054 * 0.08539125638299665, 9)
    expect(estimate.high).toBe(1)
  })

  it('count pairs: any AUC is the share of pairs in the right order, ties half', () => {
    const row = fc.tuple(fc.integer({ min: 0, max: 1 }), fc.integer({ min: 0, max: 5 }))
    fc.assert(
      fc.property(fc.array(row, { minLength: 2, maxLength: 30 }), (rows) => {
        const churned = rows.filter(([label]) => label === 1)
        const kept = rows.filter(([label]) => label === 0)
        fc.pre(churned.length > 0 && kept.length > 0)
        let wins = 0
        for (const [, c] of churned) for (const [, k] of kept) wins += c > k ? 1 : c === k ? 0.5 : 0
        const value = auc(
          Uint8Array.from(rows, ([label]) => label),
          Float64Array.from(rows, ([, score]) => score),
        )
        expect(value).toBeCloseTo(wins / (churned.length * kept.length), 10)
      }),
    )
  })

  it('do not take perfect separation of a handful of customers for certain', () => {
    const estimate = aucEstimate(new Uint8Array([0, 0, 0, 1, 1]), new Float64Array([1, 2, 3, 4, 5]))
    expect(estimate.value).toBe(1)
    expect(estimate.low).toBeLessThan(0.8)
    expect(aucLowerBound(1, 500, 2000)).toBeGreaterThan(0.99)
  })
})

describe('figures of probabilities and decisions', () => {
  it('agree with scikit-learn', () => {
    expect(logLoss(labels, probabilities)).toBeCloseTo(0.3972697768501633, 12)
    expect(brier(labels, probabilities)).toBeCloseTo(0.12575, 12)
  })

  it('stay finite where a certain prediction was wrong', () => {
    expect(Number.isFinite(logLoss(new Uint8Array([1, 0]), new Float64Array([0, 1])))).toBe(true)
  })

  it('count a customer at the threshold as flagged', () => {
    const counts = confusion(labels, probabilities, 0.6)
    expect(counts).toEqual({ truePositives: 3, falsePositives: 1, falseNegatives: 1, trueNegatives: 5 })
    expect(precision(counts)).toBe(0.75)
    expect(recall(counts)).toBe(0.75)
    expect(accuracy(labels, probabilities, 0.6)).toBe(0.8)
  })
})

describe('calibration', () => {
  it('puts equal counts into the bins and keeps equal probabilities together', () => {
    const { labels, probabilities } = drawn(1000, 1)
    expect(calibrationBins(labels, probabilities).map((bin) => bin.count)).toEqual(Array(10).fill(100))
    const tied = calibrationBins(labels, new Float64Array(1000).fill(0.3))
    expect(tied).toHaveLength(1)
    expect(tied[0].count).toBe(1000)
    expect(tied[0].predicted).toBeCloseTo(0.3, 12)
  })

  it('shows about the noise of a perfect model for a perfect model, and more for a shifted one', () => {
    const perfect = drawn(7043, 2)
    const bins = calibrationBins(perfect.labels, perfect.probabilities)
    expect(calibrationNoise(bins)).toBeCloseTo(0.01, 2)
    expect(calibrationError(perfect.labels, perfect.probabilities)).toBeLessThan(0.016)
    const shifted = drawn(7043, 2, 0.5)
    expect(calibrationError(shifted.labels, shifted.probabilities)).toBeGreaterThan(0.05)
  })

  it('tests calibration: p is spread evenly for perfect models and vanishes for a shifted one', () => {
    const pValues = Array.from({ length: 200 }, (_, seed) => {
      const { labels, probabilities } = drawn(2000, seed + 10)
      return hosmerLemeshow(labels, probabilities).pValue
    })
    const below = pValues.filter((p) => p < 0.1).length / 200
    expect(below).toBeGreaterThan(0.08)
    expect(below).toBeLessThan(0.3) // bins - 2 degrees are strict on held-out rows
    const shifted = drawn(2000, 3, 0.5)
    expect(hosmerLemeshow(shifted.labels, shifted.probabilities).pValue).toBeLessThan(1e-6)
  })
})

describe('distributions', () => {
  it('match scipy.stats.chi2.sf', () => {
    const cases: [number, number, number][] = [
      [15.507, 8, 0.05000521928328078],
      [1.5, 8, 0.9927078334947887],
      [40, 8, 3.203719780476998e-6],
      [0.3, 1, 0.583882420770365],
      [100, 3, 1.5541594313896026e-21],
      [7, 7, 0.42887985755305486],
    ]
    for (const [x, degrees, p] of cases) expect(chiSquareSurvival(x, degrees) / p).toBeCloseTo(1, 10)
    expect(chiSquareSurvival(0, 8)).toBe(1)
  })

  it('give Wilson intervals that keep within 0 and 1', () => {
    expect(wilson(0, 10).low).toBe(0)
    expect(wilson(0, 10).high).toBeCloseTo(0.2775, 4)
    expect(wilson(10, 10).high).toBeCloseTo(1, 12)
  })
})
