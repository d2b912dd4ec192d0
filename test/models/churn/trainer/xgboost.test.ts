/** The trainer against Debian's python3-xgboost on real customers: same folds, same settings. */
import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { stratifiedFolds } from '../../../../models/churn/folds.ts'
import { auc, logLoss } from '../../../../models/churn/metrics.ts'
import { trainFolds } from '../../../../models/churn/trainer/folds.ts'
import type { TrainingData } from '../../../../models/churn/trainer/train.ts'
import { defaultTrainOptions } from '../../../../models/churn/trainer/train.ts'

const telcoPath = join(import.meta.dirname, '../../../../../shared/data/telco.csv')
const python = ['/usr/bin/python3', 'python3'].find(
  (candidate) => spawnSync(candidate, ['-c', 'import xgboost, numpy']).status === 0,
)
const hasTelco = existsSync(telcoPath)
const missing = [
  ...(hasTelco ? [] : ['../shared/data/telco.csv is not there']),
  ...(python ? [] : ['no python3 with xgboost']),
]
const why = (reasons: readonly string[]): string =>
  reasons.length > 0 ? ` (skipped: ${reasons.join(', ')})` : ''

const leftOut = new Set(['customerID', 'gender', 'SeniorCitizen', 'Partner', 'Dependents', 'Churn'])
const numeric = new Set(['tenure', 'MonthlyCharges', 'TotalCharges'])

/** Numbers as they are, a blank as NaN, and one column of 0 and 1 for each value of a category. */
function readTelco(): TrainingData {
  const [head, ...body] = readFileSync(telcoPath, 'utf8')
    .trim()
    .split(/\r?\n/)
    .map((line) => line.split(','))
  const columns: number[][] = []
  for (const [i, name] of head.entries()) {
    if (leftOut.has(name)) continue
    if (numeric.has(name)) columns.push(body.map((row) => (row[i].trim() === '' ? NaN : Number(row[i]))))
    else
      for (const value of new Set(body.map((row) => row[i])))
        columns.push(body.map((row) => Number(row[i] === value)))
  }
  const design = Float32Array.from({ length: body.length * columns.length }, (_, at) => {
    return columns[at % columns.length][Math.floor(at / columns.length)]
  })
  const churn = head.indexOf('Churn')
  const labels = Uint8Array.from(body, (row) => Number(row[churn] === 'Yes'))
  return { design, rows: body.length, width: columns.length, labels }
}

const script = `
import sys, numpy as np, xgboost as xgb
folder, width = sys.argv[1], int(sys.argv[2])
x = np.fromfile(folder + '/design', dtype=np.float32).reshape(-1, width)
y = np.fromfile(folder + '/labels', dtype=np.uint8)
fold = np.fromfile(folder + '/folds', dtype=np.uint8)
out = np.zeros(len(y))
for k in range(fold.max() + 1):
    train, test = fold != k, fold == k
    booster = xgb.train(dict(objective='binary:logistic', tree_method='hist', grow_policy='lossguide', max_depth=0,
        max_leaves=8, eta=.03, max_bin=255, min_child_weight=1, reg_lambda=1, subsample=.8, colsample_bytree=.5,
        base_score=float(y[train].mean()), seed=42, nthread=1), xgb.DMatrix(x[train], y[train]), 200)
    out[test] = booster.predict(xgb.DMatrix(x[test]))
out.tofile(folder + '/probabilities')
`

function xgboostProbabilities(data: TrainingData, foldOf: Uint8Array): Float64Array {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-xgboost-'))
  try {
    writeFileSync(join(folder, 'design'), new Uint8Array(data.design.buffer))
    writeFileSync(join(folder, 'labels'), data.labels)
    writeFileSync(join(folder, 'folds'), foldOf)
    execFileSync(python ?? 'python3', ['-c', script, folder, String(data.width)])
    return new Float64Array(Uint8Array.from(readFileSync(join(folder, 'probabilities'))).buffer)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** Mean over the folds, as the figures in the literature are. */
function scores(
  data: TrainingData,
  foldOf: Uint8Array,
  probabilities: Float64Array,
): { auc: number; logLoss: number } {
  const folds = [0, 1, 2, 3, 4].map((fold) => {
    const rows = [...foldOf.keys()].filter((row) => foldOf[row] === fold)
    const labels = Uint8Array.from(rows, (row) => data.labels[row])
    const own = Float64Array.from(rows, (row) => probabilities[row])
    return { auc: auc(labels, own), logLoss: logLoss(labels, own) }
  })
  const mean = (name: 'auc' | 'logLoss'): number =>
    folds.reduce((sum, fold) => sum + fold[name], 0) / folds.length
  return { auc: mean('auc'), logLoss: mean('logLoss') }
}

async function crossValidate(
  data: TrainingData,
  foldOf: Uint8Array,
): Promise<{ auc: number; logLoss: number }> {
  const folds = await trainFolds(data, foldOf, 5, defaultTrainOptions)
  return scores(
    data,
    foldOf,
    folds.heldOutMargins(defaultTrainOptions.rounds).map((margin) => 1 / (1 + Math.exp(-margin))),
  )
}

let telco: ReturnType<typeof validateOnTelco> | null = null
/** Once for both. */
const onTelco = () => (telco ??= validateOnTelco())

async function validateOnTelco() {
  const data = readTelco()
  const foldOf = stratifiedFolds(data.labels, 5, 42)
  return { data, foldOf, ours: await crossValidate(data, foldOf) }
}

describe.skipIf(!hasTelco)(`on Telco${why(hasTelco ? [] : missing)}`, () => {
  it('reaches an AUC of .848 and a log-loss of .4125 on rows that it did not see', async () => {
    const { ours } = await onTelco()
    expect(ours.auc).toBeGreaterThanOrEqual(0.848)
    expect(ours.logLoss).toBeLessThanOrEqual(0.4125)
  })
})

describe.skipIf(missing.length > 0)(`against XGBoost${why(missing)}`, () => {
  it('ranks as well, within .002 of AUC, and is as sure of it', async () => {
    const { data, foldOf, ours } = await onTelco()
    const theirs = scores(data, foldOf, xgboostProbabilities(data, foldOf))
    expect(Math.abs(ours.auc - theirs.auc)).toBeLessThanOrEqual(0.002)
    expect(Math.abs(ours.logLoss - theirs.logLoss)).toBeLessThanOrEqual(0.002)
  })
})
