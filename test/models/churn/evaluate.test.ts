import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { bootstrap } from '../../../models/churn/bootstrap.ts'
import { averagePrecision, CURVE_POINTS, decileGains, rocCurve } from '../../../models/churn/curves.ts'
import { evaluate } from '../../../models/churn/evaluate.ts'
import { auc, logLoss, rank } from '../../../models/churn/metrics.ts'
import { sigmoid } from '../../../models/churn/statistics.ts'
import { random } from '../../../models/random.ts'

function scored(rows: number, seed: number) {
  const chance = random(seed)
  const probabilities = Float64Array.from({ length: rows }, () => sigmoid(1.4 * chance.normal() - 1.2))
  const labels = Uint8Array.from(probabilities, (p) => (chance.next() < p ? 1 : 0))
  return { labels, probabilities }
}

describe('evaluate', () => {
  const { labels, probabilities } = scored(5000, 1)
  const report = evaluate({ labels, probabilities, thresholds: [{ name: 'HIGH', value: 0.6 }] })

  it('is plain JSON that comes back the same', () => {
    expect(JSON.parse(JSON.stringify(report))).toEqual(report)
  })

  it('has no figure that JSON cannot hold, however few customers and however sure the predictions', () => {
    const row = fc.tuple(
      fc.nat(1),
      fc.oneof(fc.constantFrom(0, 0.5, 1), fc.double({ min: 0, max: 1, noNaN: true })),
    )
    fc.assert(
      fc.property(fc.array(row, { minLength: 0, maxLength: 25 }), (rows) => {
        const few = evaluate({
          labels: Uint8Array.from([0, 1, ...rows.map(([label]) => label)]),
          probabilities: Float64Array.from([0.3, 0.4, ...rows.map(([, p]) => p)]),
        })
        expect(JSON.parse(JSON.stringify(few))).toEqual(few)
      }),
      { numRuns: 60 },
    )
  })

  it('puts every figure inside its interval', () => {
    const { auc: area, logLoss: loss, brier, accuracy, logLossSkill } = report.metrics
    for (const { value, low, high } of [area, loss, brier, accuracy, logLossSkill, report.baseRate]) {
      expect(low).toBeLessThan(value)
      expect(high).toBeGreaterThan(value)
    }
    expect(loss.value).toBeCloseTo(logLoss(labels, probabilities), 12)
    expect(report.metrics.calibrationError.value).toBeLessThan(0.02)
    expect(report.calibration.hosmerLemeshow.pValue).toBeGreaterThan(0.01)
  })

  it('shows the levels and even odds as confusion matrices that add up', () => {
    expect(report.thresholds.map(({ name }) => name)).toEqual(['HIGH', 'even odds'])
    for (const t of report.thresholds) {
      expect(t.truePositives + t.falsePositives + t.falseNegatives + t.trueNegatives).toBe(5000)
    }
  })

  it('thins the curves without losing their area', () => {
    for (const curve of [report.roc, report.precisionRecall]) {
      expect(curve.length).toBeLessThanOrEqual(CURVE_POINTS)
      expect(curve.length).toBeGreaterThan(100)
    }
    let area = 0
    report.roc.forEach(({ x, y }, i) => {
      if (i > 0) area += ((x - report.roc[i - 1].x) * (y + report.roc[i - 1].y)) / 2
    })
    expect(area).toBeCloseTo(auc(labels, probabilities), 3)
    expect(report.roc.at(0)).toMatchObject({ x: 0, y: 0 })
    expect(report.roc.at(-1)).toMatchObject({ x: 1, y: 1 })
  })

  it('gains everything by the tenth decile, most of it first', () => {
    expect(report.deciles).toHaveLength(10)
    expect(report.deciles[9].cumulativeGain).toBe(1)
    expect(report.deciles[9].cumulativeLift).toBeCloseTo(1, 12)
    expect(report.deciles[0].lift).toBeGreaterThan(2)
  })

  it('reports a model that cannot tell anyone apart as knowing nothing', () => {
    const flat = evaluate({ labels, probabilities: new Float64Array(5000).fill(report.baseRate.value) })
    expect(flat.metrics.auc.value).toBe(0.5)
    expect(flat.metrics.logLossSkill.value).toBeCloseTo(0, 9)
    expect(flat.calibration.hosmerLemeshow.pValue).toBeNull()
    expect(flat.deciles[0].lift).toBeCloseTo(1, 9)
    expect(rocCurve(rank(labels, new Float64Array(5000)))).toHaveLength(2)
  })

  it('refuses one class', () => {
    expect(() => evaluate({ labels: new Uint8Array(9), probabilities: new Float64Array(9) })).toThrow(
      /been kept/,
    )
  })
})

describe('average precision and gains', () => {
  it('agree with scikit-learn and a count by hand', () => {
    const labels = new Uint8Array([0, 1, 1, 0, 1, 0, 0, 1, 0, 0])
    const scores = new Float64Array([0.1, 0.8, 0.35, 0.35, 0.6, 0.2, 0.6, 0.9, 0.05, 0.3])
    const ranked = rank(labels, scores)
    expect(averagePrecision(ranked)).toBeCloseTo(0.8541666666666666, 12)
    expect(decileGains(ranked).map(({ churned }) => churned)).toEqual([1, 1, 0.5, 0.5, 0.5, 0.5, 0, 0, 0, 0])
  })
})

describe('bootstrap', () => {
  it('spreads a mean as the formula says, for few rows and for grouped ones', () => {
    for (const rows of [400, 40_000]) {
      const chance = random(rows)
      const values = Float64Array.from({ length: rows }, () => chance.normal())
      const [mean] = bootstrap(
        rows,
        1,
        (row, sums, at) => {
          sums[at] += values[row]
        },
        ([sum]) => [sum / rows],
        42,
      )
      expect(Math.abs((mean.high - mean.low) / ((2 * 1.96) / Math.sqrt(rows)) - 1)).toBeLessThan(0.12)
    }
  })
})
