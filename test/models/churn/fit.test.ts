import { existsSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { chooseCandidate } from '../../../models/churn/cross-validate.ts'
import { crossValidateTrees } from '../../../models/churn/fit-candidates.ts'
import { fitChurnModel } from '../../../models/churn/fit.ts'
import { stratifiedFolds } from '../../../models/churn/folds.ts'
import { logisticMargins } from '../../../models/churn/logistic.ts'
import { monthlyRateFromExposure } from '../../../models/churn/hazard.ts'
import { findLeaks } from '../../../models/churn/leaks.ts'
import { calibrationError, hosmerLemeshow } from '../../../models/churn/reliability.ts'
import { sigmoid } from '../../../models/churn/statistics.ts'
import type { TrainingData } from '../../../models/churn/trainer/train.ts'
import { treeCandidates, tuningRows, type TreeCandidate } from '../../../models/churn/tuning.ts'
import { random } from '../../../models/random.ts'
import { readTelco, telcoPath } from './telco-data.ts'

/** Standard normal columns and labels of the given margin. */
function simulated(
  rows: number,
  width: number,
  seed: number,
  margin: (x: Float32Array) => number,
): TrainingData {
  const chance = random(seed)
  const design = Float32Array.from({ length: rows * width }, () => chance.normal())
  const labels = Uint8Array.from({ length: rows }, (_, row) =>
    chance.next() < sigmoid(margin(design.subarray(row * width, (row + 1) * width))) ? 1 : 0,
  )
  return { design, rows, width, labels }
}

const quick: TreeCandidate[] = [{ leaves: 4, learningRate: 0.1, rounds: 60 }]
const noise = simulated(1500, 8, 1, () => -0.8)
const interaction = simulated(1500, 4, 2, (x) => 2 * Math.sign(x[0] * x[1]) - 0.5)

describe('fitChurnModel', () => {
  it('takes trees where columns work together, and predicts better than the baseline', async () => {
    const fit = await fitChurnModel({ data: interaction, candidates: quick })
    expect(fit.chosen).toBe('trees')
    expect(fit.metrics.auc).toBeGreaterThan(0.75)
    expect(fit.baseline.auc).toBeLessThan(0.6)
    expect(fit.model.kind === 'trees' && fit.model.trees.trees.length).toBe(fit.rounds)
    expect(fit.why).toMatch(/Trees predict better/)
  })

  it('keeps the logistic baseline where effects simply add up', async () => {
    const fit = await fitChurnModel({
      data: simulated(1500, 5, 3, (x) => x[0] - x[1] - 1),
      candidates: quick,
    })
    expect(fit.chosen).toBe('logistic')
    expect(fit.model.kind).toBe('logistic')
    expect(fit.metrics.auc).toBeGreaterThan(0.75)
  })

  it('does not flatter pure noise', async () => {
    const fit = await fitChurnModel({ data: noise })
    const rate = fit.metrics.churned / fit.metrics.rows
    const entropy = -rate * Math.log(rate) - (1 - rate) * Math.log(1 - rate)
    expect(fit.chosen).toBe('logistic')
    expect(Math.abs(fit.metrics.auc - 0.5)).toBeLessThan(0.05)
    expect(fit.metrics.logLoss).toBeGreaterThan(entropy - 0.002)
  })

  it('makes the same model from the same seed, however many threads help', async () => {
    const one = await fitChurnModel({ data: interaction, candidates: quick, threads: 1 })
    const two = await fitChurnModel({ data: interaction, candidates: quick, threads: 2 })
    expect(two).toEqual(one)
    const other = await fitChurnModel({ data: interaction, candidates: quick, seed: 7 })
    expect(other.outOfFold).not.toEqual(one.outOfFold)
  })

  it('falls back to logistic regression when no column varies', async () => {
    const data = { ...interaction, design: new Float32Array(1500 * 4).fill(NaN) }
    const fit = await fitChurnModel({ data })
    expect(fit.chosen).toBe('logistic')
    expect(fit.metrics.auc).toBeLessThan(0.55)
  })

  it('refuses a design without columns', async () => {
    const data = { ...interaction, design: new Float32Array(0), width: 0 }
    await expect(fitChurnModel({ data })).rejects.toThrow(/No column is left/)
  })
})

describe('below the floor', () => {
  const few = simulated(120, 6, 4, (x) => 1.2 * x[0] - 1)

  it('says how many customers are missing and fits a cautious logistic model', async () => {
    const fit = await fitChurnModel({ data: few })
    const churned = few.labels.reduce((sum, label) => sum + label, 0)
    expect(fit.belowFloor).toMatchObject({
      churned,
      kept: 120 - churned,
      missingChurned: 200 - churned,
      missingKept: 380 + churned,
    })
    expect(fit.why).toContain(`${200 - churned} more who churned`)
    expect(fit.chosen).toBe('logistic')
    expect(fit.metrics.auc).toBeGreaterThan(0.6)
  })

  it('still works with three customers, and says no to one', async () => {
    const three = { ...few, rows: 3, design: few.design.slice(0, 18), labels: new Uint8Array([1, 0, 0]) }
    const fit = await fitChurnModel({ data: three })
    expect(fit.outOfFold.every((p) => p > 0 && p < 1)).toBe(true)
    const one = { ...few, rows: 1, design: few.design.slice(0, 6), labels: new Uint8Array([1]) }
    await expect(fitChurnModel({ data: one })).rejects.toThrow(/too few/)
  })

  it('works without a single churned customer when a churn rate is stated, and says so when it is not', async () => {
    const data = { ...few, labels: new Uint8Array(120) }
    await expect(fitChurnModel({ data })).rejects.toThrow(/state the usual churn rate/)
    const priors = [{ mean: 0.8, sd: 0.3, scale: 'standardised' } as const]
    const fit = await fitChurnModel({ data, beliefs: { churnRate: { rate: 0.1, sd: 0.5 }, priors } })
    if (fit.model.kind !== 'logistic') throw new Error('expected logistic')
    // Nobody left among 120: the level sinks below the stated rate, the ranking stays as believed.
    expect(fit.outOfFold.reduce((sum, p) => sum + p, 0) / 120).toBeLessThan(0.1)
    expect(fit.model.logistic.weight[0]).toBeGreaterThan(0.4)
    expect(logisticMargins(fit.model.logistic, few.design, 120).every(Number.isFinite)).toBe(true)
  })
})

describe('nested cross-validation', () => {
  it('lets no label touch the margins of its own fold', async () => {
    const foldOf = stratifiedFolds(interaction.labels, 4, 1)
    const grid: TreeCandidate[] = [
      { leaves: 2, learningRate: 0.3, rounds: 20 },
      { leaves: 6, learningRate: 0.3, rounds: 20 },
    ]
    const marginsOf = async (labels: Uint8Array) => {
      const data = { ...interaction, labels }
      const options = { seed: 1, threads: 1 }
      const sample = { data, foldOf }
      return (await crossValidateTrees(data, foldOf, 4, sample, grid, options, () => {}))?.margins
    }
    const before = await marginsOf(interaction.labels)
    const turned = interaction.labels.map((label, row) => (foldOf[row] === 2 ? 1 - label : label))
    const after = await marginsOf(turned)
    const own = (_: number, row: number): boolean => foldOf[row] === 2
    expect(after?.filter(own)).toEqual(before?.filter(own))
    expect(after).not.toEqual(before)
  })

  it('prefers the simplest candidate that is within one standard error of the best', () => {
    const curves = (...losses: number[]) =>
      losses.map((loss) => Float64Array.of(loss + 0.1, loss, loss + 0.2))
    const sizes = [10, 10, 10, 10]
    const simple = curves(0.5, 0.6, 0.4, 0.5)
    const noisyBetter = curves(0.45, 0.66, 0.36, 0.52)
    const clearlyBetter = curves(0.45, 0.54, 0.36, 0.44)
    expect(chooseCandidate([simple, noisyBetter], sizes)).toMatchObject({ candidate: 0, rounds: 2 })
    expect(chooseCandidate([simple, clearlyBetter], sizes)).toMatchObject({ candidate: 1, rounds: 2 })
    expect(
      chooseCandidate([simple, simple.map((curve) => curve.map((loss) => loss - 1))], sizes, 3).candidate,
    ).toBe(1)
  })

  it('tunes on a bounded part of a large file, with enough churned customers in it', () => {
    expect(tuningRows(7043, 36, 1869)).toBe(7043)
    expect(tuningRows(1_000_000, 40, 100_000)).toBe(50_000)
    expect(tuningRows(1_000_000, 60, 10_000)).toBe(100_000)
    expect(tuningRows(1_000_000, 300, 10_000)).toBe(20_000)
    expect(treeCandidates(500)[0].leaves).toBeLessThan(treeCandidates(100_000)[0].leaves)
  })

  it('predicts every row of a large file by a model that did not see it, tuned on a part', async () => {
    const data = simulated(6000, 4, 5, (x) => (x[0] > 0 && x[1] > 0 ? 1.5 : -1))
    const fit = await fitChurnModel({ data, candidates: quick, tuneOn: 1500 })
    expect(fit.tunedOn).toBe(1500)
    expect(fit.outOfFold).toHaveLength(6000)
    expect(fit.metrics.auc).toBeGreaterThan(0.65)
    expect(hosmerLemeshow(data.labels, fit.outOfFold).pValue).toBeGreaterThan(0.01)
  })
})

const found = existsSync(telcoPath)
describe.skipIf(!found)(`Telco${found ? '' : ' (skipped: ../shared/data/telco.csv is not here)'}`, () => {
  const telco = found ? readTelco() : null

  it('reaches the bars out of fold, in five folds with seed 42', async () => {
    if (telco === null) return
    const fit = await fitChurnModel({ data: telco, seed: 42, threads: 2 })
    expect(fit.chosen).toBe('trees')
    expect(fit.metrics.auc).toBeGreaterThanOrEqual(0.848)
    expect(fit.metrics.logLoss).toBeLessThanOrEqual(0.4125)
    expect(fit.metrics.accuracy).toBeGreaterThanOrEqual(0.804)
    expect(calibrationError(telco.labels, fit.outOfFold)).toBeLessThanOrEqual(0.02)
    expect(hosmerLemeshow(telco.labels, fit.outOfFold).pValue).toBeGreaterThan(0.01)
    expect(fit.baseline.logLoss - fit.metrics.logLoss).toBeGreaterThan(0.003)
  })

  it('has a monthly churn rate of .82 % and no leaking column', () => {
    if (telco === null) return
    const { rows, width, design, names, labels, tenure } = telco
    expect(monthlyRateFromExposure(labels, tenure)).toBeCloseTo(0.0082, 4)
    const columns = names.map((name, column) => ({
      name,
      kind: 'number' as const,
      values: Float32Array.from({ length: rows }, (_, row) => design[row * width + column]),
    }))
    expect(findLeaks({ columns, labels })).toEqual([])
  })
})
