import { describe, expect, it } from 'vitest'
import { fitLogistic, logisticMargins, type LogisticData } from '../../../models/churn/logistic.ts'
import { sigmoid } from '../../../models/churn/statistics.ts'
import { random } from '../../../models/random.ts'

/** Two informative columns in natural units (months, money), margin = .5 - .05 x months + .02 x money. */
function subscriptions(rows: number, seed: number): LogisticData {
  const chance = random(seed)
  const design = new Float32Array(rows * 2)
  const labels = new Uint8Array(rows)
  for (let row = 0; row < rows; row++) {
    const months = 30 + 15 * chance.normal()
    const money = 60 + 20 * chance.normal()
    design.set([months, money], row * 2)
    labels[row] = chance.next() < sigmoid(0.5 - 0.05 * months + 0.02 * money) ? 1 : 0
  }
  return { design, rows, width: 2, labels }
}

const reference = {
  center: new Float64Array([30, 60]),
  scale: new Float64Array([15, 20]),
  min: new Float64Array([0, 0]),
  max: new Float64Array([120, 200]),
}
const nothing: LogisticData = { design: new Float32Array(0), rows: 0, width: 2, labels: new Uint8Array(0) }
const priors = [
  { mean: -0.03, sd: 0.02, scale: 'natural' },
  { mean: 0.3, sd: 0.3, scale: 'standardised' },
] as const

describe('fitLogistic', () => {
  it('finds the coefficients that made the data, per natural unit', () => {
    const model = fitLogistic(subscriptions(40_000, 1))
    expect(model.weight[0] / model.scale[0]).toBeCloseTo(-0.05, 2)
    expect(model.weight[1] / model.scale[1]).toBeCloseTo(0.02, 2)
  })

  it("agrees with scikit-learn's L2 fit (C = 1) on a fixed table", () => {
    // LogisticRegression(C=1, solver='newton-cg') on StandardScaler()d columns, scikit-learn 1.2.1.
    const design = new Float32Array([1, 5, 2, 3, 3, 8, 4, 1, 5, 9, 6, 2, 7, 7, 8, 4])
    const labels = new Uint8Array([1, 1, 1, 0, 1, 0, 0, 0])
    const model = fitLogistic({ design, rows: 8, width: 2, labels })
    expect(model.weight[0]).toBeCloseTo(-1.183694, 4)
    expect(model.weight[1]).toBeCloseTo(0.777944, 4)
    expect(model.intercept).toBeCloseTo(-0.012599, 4)
  })

  it('counts a row of weight 3 like three rows', () => {
    const data = subscriptions(300, 2)
    const weights = new Float64Array(300).fill(1)
    weights.fill(3, 0, 100)
    const thrice = [...Array(300).keys(), ...Array(100).keys(), ...Array(100).keys()]
    const repeated = {
      design: Float32Array.from(thrice.flatMap((row) => [data.design[row * 2], data.design[row * 2 + 1]])),
      rows: thrice.length,
      width: 2,
      labels: Uint8Array.from(thrice, (row) => data.labels[row]),
    }
    const weighted = fitLogistic({ ...data, weights })
    const plain = fitLogistic(repeated)
    expect(weighted.weight[0]).toBeCloseTo(plain.weight[0], 6)
    expect(weighted.intercept).toBeCloseTo(plain.intercept, 6)
  })

  it('stays finite on separable data and on columns that add up to one another', () => {
    const rows = 60
    const design = new Float32Array(rows * 4)
    const labels = Uint8Array.from({ length: rows }, (_, row) => (row < 20 ? 1 : 0))
    for (let row = 0; row < rows; row++) design.set([row, labels[row], 1 - labels[row], 1], row * 4)
    const model = fitLogistic({ design, rows, width: 4, labels })
    expect([...model.weight, model.intercept].every(Number.isFinite)).toBe(true)
    const margins = logisticMargins(model, design, rows)
    expect(Math.min(...margins.subarray(0, 20))).toBeGreaterThan(Math.max(...margins.subarray(20)))
  })

  it('gives no weight to a constant column nor to one without values, whatever is scored later', () => {
    const rows = 40
    const design = new Float32Array(rows * 3)
    const labels = Uint8Array.from({ length: rows }, (_, row) => row % 2)
    for (let row = 0; row < rows; row++) design.set([7, NaN, row % 4], row * 3)
    const model = fitLogistic({ design, rows, width: 3, labels })
    const [usual, strange] = logisticMargins(model, new Float32Array([7, NaN, 1, 1e9, -1e9, 1]), 2)
    expect(strange).toBe(usual)
  })

  it('does not believe much of a category that three customers have', () => {
    const { labels, rows } = subscriptions(5000, 9)
    const design = Float32Array.from({ length: rows }, (_, row) => (row < 3 ? 1 : 0))
    const model = fitLogistic({ design, rows, width: 1, labels: labels.fill(1, 0, 3) }, { sd: 0.3 })
    // Three of three churned: at most an odds ratio of e^1.5, where the data alone would say infinity.
    expect(model.weight[0] / model.scale[0]).toBeGreaterThan(0)
    expect(model.weight[0] / model.scale[0]).toBeLessThan(1.5)
  })

  it('clamps to the range seen in training and lets a missing value add nothing', () => {
    const model = fitLogistic(subscriptions(500, 3))
    const [beyond, edge, missing] = logisticMargins(
      model,
      new Float32Array([1e6, NaN, model.max[0], NaN, NaN, NaN]),
      3,
    )
    expect(beyond).toBeCloseTo(edge, 6)
    expect(missing).toBe(model.intercept)
  })

  it('drops a column whose weight would break its monotone direction', () => {
    const data = subscriptions(5000, 4)
    const model = fitLogistic({ ...data, monotone: Int8Array.of(1, 1) })
    expect(model.weight[0]).toBe(0)
    expect(model.weight[1]).toBeGreaterThan(0)
  })

  it('finds the optimum of wide data, where a Hessian serves several steps', () => {
    const chance = random(5)
    const [rows, width, sd] = [4000, 130, 0.3]
    const design = Float32Array.from({ length: rows * width }, () => chance.normal())
    const labels = Uint8Array.from({ length: rows }, (_, row) =>
      chance.next() < sigmoid(1.5 * design[row * width] - 2 * design[row * width + 1] - 1) ? 1 : 0,
    )
    const data = { design, rows, width, labels }
    const model = fitLogistic(data, { sd })
    const near = fitLogistic(data, { sd, near: fitLogistic(data, { sd: 0.03 }) })
    for (const found of [model, near]) {
      const residual = logisticMargins(found, design, rows).map(
        (margin, row) => sigmoid(margin) - labels[row],
      )
      // At the optimum the slope of log-likelihood and prior is nought in every direction.
      const slope = Float64Array.from(found.weight, (weight, column) => {
        let sum = weight / sd ** 2
        for (let row = 0; row < rows; row++)
          sum += (residual[row] * (design[row * width + column] - found.center[column])) / found.scale[column]
        return sum
      })
      expect(Math.max(...slope.map(Math.abs))).toBeLessThan(3)
    }
    expect(Math.max(...near.weight.map((weight, i) => Math.abs(weight - model.weight[i])))).toBeLessThan(0.01)
  })

  it('finds the one column that matters among 300 on 200 rows', () => {
    const chance = random(5)
    const rows = 200
    const width = 300
    const design = Float32Array.from({ length: rows * width }, () => chance.normal())
    const labels = Uint8Array.from({ length: rows }, (_, row) => (design[row * width] > 0 ? 1 : 0))
    const model = fitLogistic({ design, rows, width, labels }, { sd: 0.3 })
    expect([...model.weight].indexOf(Math.max(...model.weight))).toBe(0)
  })

  it('refuses one class without a stated churn rate', () => {
    const data = { ...subscriptions(10, 6), labels: new Uint8Array(10) }
    expect(() => fitLogistic(data)).toThrow(/state the usual churn rate/)
    expect(fitLogistic(data, { churnRate: { rate: 0.1 } }).intercept).toBeLessThan(0)
  })
})

describe('priors', () => {
  it('are the model when there is no data, and the average customer has about the stated churn rate', () => {
    const model = fitLogistic(nothing, { reference, priors, churnRate: { rate: 0.1 } })
    expect(model.weight[0] / model.scale[0]).toBeCloseTo(-0.03, 9)
    expect(model.weight[1]).toBeCloseTo(0.3, 9)
    const customers = subscriptions(20_000, 7)
    const rates = logisticMargins(model, customers.design, customers.rows).map(sigmoid)
    expect(rates.reduce((sum, p) => sum + p, 0) / rates.length).toBeCloseTo(0.1, 2)
  })

  it('give way to data: a few rows move them a little, many rows replace them', () => {
    const options = { reference, priors, churnRate: { rate: 0.1 } }
    const perMonth = (rows: number): number => fitLogistic(subscriptions(rows, 8), options).weight[0] / 15
    const few = perMonth(20)
    expect(few).toBeLessThan(-0.02)
    expect(few).toBeGreaterThan(-0.05)
    const many = fitLogistic(subscriptions(100_000, 8), options)
    const ordinary = fitLogistic(subscriptions(100_000, 8))
    expect(many.weight[0] / 15).toBeCloseTo(ordinary.weight[0] / ordinary.scale[0], 3)
    expect(many.weight[1] / 20).toBeCloseTo(ordinary.weight[1] / ordinary.scale[1], 3)
  })
})
