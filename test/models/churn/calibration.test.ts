import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { calibrate, crossFitCalibration, fitCalibrator } from '../../../models/churn/calibration.ts'
import { stratifiedFolds, stratifiedSample } from '../../../models/churn/folds.ts'
import { logLoss } from '../../../models/churn/metrics.ts'
import { calibrationError, hosmerLemeshow } from '../../../models/churn/reliability.ts'
import { sigmoid } from '../../../models/churn/statistics.ts'
import { random } from '../../../models/random.ts'

/** Margins, and labels whose true probability is `truth(margin)`. */
function customers(rows: number, seed: number, truth: (margin: number) => number) {
  const chance = random(seed)
  const margins = Float64Array.from({ length: rows }, () => 1.5 * chance.normal() - 1)
  const labels = Uint8Array.from(margins, (margin) => (chance.next() < truth(margin) ? 1 : 0))
  return { margins, labels }
}

describe('fitCalibrator', () => {
  it('finds slope and offset of distorted margins', () => {
    const { margins, labels } = customers(50_000, 1, (m) => sigmoid(2 * m + 0.5))
    const platt = fitCalibrator('platt', margins, labels)
    if (platt.kind !== 'platt') throw new Error('expected platt')
    expect(platt.slope).toBeCloseTo(2, 1)
    expect(platt.offset).toBeCloseTo(0.5, 1)
  })

  it('stays finite when margins separate the classes, and never turns the ranking round', () => {
    const margins = Float64Array.from({ length: 40 }, (_, i) => i - 20)
    const split = Uint8Array.from(margins, (m) => (m > 0 ? 1 : 0))
    for (const kind of ['platt', 'isotonic'] as const) {
      const p = calibrate(fitCalibrator(kind, margins, split), margins)
      expect(Math.min(...p)).toBeGreaterThan(0)
      expect(Math.max(...p)).toBeLessThan(1)
      const upsideDown = Uint8Array.from(split, (label) => 1 - label)
      const flat = calibrate(fitCalibrator(kind, margins, upsideDown), margins)
      expect(Math.max(...flat) - Math.min(...flat)).toBeLessThan(1e-9)
    }
  })

  it('gives an isotonic curve with strictly ascending float32 knots and ascending probabilities', () => {
    const row = fc.tuple(fc.float({ min: -8, max: 8, noNaN: true }), fc.integer({ min: 0, max: 1 }))
    fc.assert(
      fc.property(fc.array(row, { minLength: 1, maxLength: 60 }), (rows) => {
        const curve = fitCalibrator(
          'isotonic',
          Float64Array.from(rows, ([margin]) => margin),
          Uint8Array.from(rows, ([, label]) => label),
        )
        if (curve.kind !== 'isotonic') throw new Error('expected isotonic')
        for (let i = 0; i < curve.margin.length; i++) {
          expect(Math.fround(curve.margin[i])).toBe(curve.margin[i])
          expect(curve.probability[i]).toBeGreaterThan(0)
          expect(curve.probability[i]).toBeLessThan(1)
          if (i === 0) continue
          expect(curve.margin[i]).toBeGreaterThan(curve.margin[i - 1])
          expect(curve.probability[i]).toBeGreaterThanOrEqual(curve.probability[i - 1])
        }
      }),
    )
  })
})

const choose = (truth: (margin: number) => number, seed: number) => {
  const { margins, labels } = customers(20_000, seed, truth)
  return { margins, labels, ...crossFitCalibration(margins, labels, stratifiedFolds(labels, 5, 42), 5) }
}

describe('crossFitCalibration', () => {
  it('leaves margins alone that are right already', () => {
    expect(choose(sigmoid, 2).calibrator.kind).toBe('identity')
  })

  it('takes two numbers where they do, and a curve only where it must be bent', () => {
    expect(choose((m) => sigmoid(1.6 * m), 3).calibrator.kind).toBe('platt')
    const bent = choose((m) => 0.1 + 0.5 * sigmoid(6 * m), 4)
    expect(bent.calibrator.kind).toBe('isotonic')
    expect(hosmerLemeshow(bent.labels, bent.probabilities).pValue).toBeGreaterThan(0.01)
    expect(calibrationError(bent.labels, bent.probabilities)).toBeLessThan(0.01)
  })

  it('judges no row by a calibrator that saw it: noise does not look calibrated to its own labels', () => {
    // An isotonic curve fitted and judged on the same 60 rows of noise beats the base rate; cross-fitted it cannot.
    const { margins, labels } = customers(60, 5, () => 0.5)
    const curve = fitCalibrator('isotonic', margins, labels)
    const folds = stratifiedFolds(labels, 5, 1)
    const crossed = crossFitCalibration(margins, labels, folds, 5, ['isotonic'])
    expect(logLoss(labels, calibrate(curve, margins))).toBeLessThan(Math.log(2))
    expect(logLoss(labels, crossed.probabilities)).toBeGreaterThan(logLoss(labels, calibrate(curve, margins)))
    const flipped = labels.slice()
    flipped[7] = 1 - flipped[7]
    const again = crossFitCalibration(margins, flipped, folds, 5, ['isotonic'])
    for (let row = 0; row < 60; row++) {
      if (folds[row] === folds[7]) expect(again.probabilities[row]).toBe(crossed.probabilities[row])
    }
  })
})

describe('folds', () => {
  it('differ by at most one row and one churned customer, whatever the labels', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 1 }), { minLength: 10, maxLength: 200 }),
        fc.integer({ min: 2, max: 10 }),
        (rows, k) => {
          const labels = Uint8Array.from(rows)
          const folds = stratifiedFolds(labels, k, 7)
          const sizes = new Uint32Array(k)
          const churned = new Uint32Array(k)
          folds.forEach((fold, row) => {
            sizes[fold]++
            churned[fold] += labels[row]
          })
          expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1)
          expect(Math.max(...churned) - Math.min(...churned)).toBeLessThanOrEqual(1)
        },
      ),
    )
  })

  it('are the same for the same seed and others for another', () => {
    const labels = Uint8Array.from({ length: 100 }, (_, i) => (i % 4 === 0 ? 1 : 0))
    expect(stratifiedFolds(labels, 5, 42)).toEqual(stratifiedFolds(labels, 5, 42))
    expect(stratifiedFolds(labels, 5, 42)).not.toEqual(stratifiedFolds(labels, 5, 43))
  })

  it('refuse more folds than rows', () => {
    expect(() => stratifiedFolds(new Uint8Array(3), 5, 1)).toThrow(/3 rows cannot be split into 5 folds/)
  })

  it('have a sample with the churned share of the whole', () => {
    const labels = Uint8Array.from({ length: 1000 }, (_, i) => (i % 10 === 0 ? 1 : 0))
    const rows = stratifiedSample(labels, 200, 42)
    expect(new Set(rows).size).toBe(200)
    expect(rows.filter((row) => labels[row] === 1)).toHaveLength(20)
  })
})
