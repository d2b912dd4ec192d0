/**
 * How many customers a second get their reasons, on one core, beside XGBoost's `pred_contribs` on one thread
 * in the same run. The models are XGBoost's, trained here on invented rows (40 columns, half of them 0/1, 3 %
 * missing), so it needs python3-xgboost. Processor time, the best of several repeats: the machine may be busy.
 *
 * Run with Node 24: node bench/reasons.ts
 */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { explainer } from '../models/churn/explain/attribution.ts'
import { topReasons } from '../models/churn/explain/reasons.ts'
import { PYTHON, hasXgboost, importXgboost } from '../test/support/xgboost.ts'

const COLUMNS = 40
const ROWS = 20_000
/** XGBoost explains fewer: at several hundred rows a second the rest would only take time. */
const ORACLE_ROWS = 1_000

const train = `
import sys, time, numpy as np, xgboost as xgb
out, rounds, leaves = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
rng = np.random.default_rng(1)
X = rng.normal(size=(${ROWS}, ${COLUMNS})).astype(np.float32)
X[:, 20:] = X[:, 20:] > .3
X[rng.random(X.shape) < .03] = np.nan
z = np.nan_to_num(X)
m = z[:, 0] * z[:, 1] + z[:, 2] - z[:, 21] * z[:, 3] + .5 * z[:, 4:12].sum(1) + z[:, 25:30].sum(1) - 2
y = (rng.random(${ROWS}) < 1 / (1 + np.exp(-m))).astype(int)
model = xgb.train(dict(objective='binary:logistic', tree_method='hist', grow_policy='lossguide', max_leaves=leaves,
  max_depth=0, eta=.05, subsample=.8, colsample_bytree=.5, nthread=1, seed=1), xgb.DMatrix(X, y), rounds)
model.save_model(out + '/model.json')
X.tofile(out + '/rows.f32')
some = xgb.DMatrix(X[:${ORACLE_ROWS}])
model.predict(some, output_margin=True)
best = 1e9
for _ in range(3):
  start = time.process_time()
  contribs = model.predict(some, pred_contribs=True)
  best = min(best, time.process_time() - start)
contribs.astype(np.float32).tofile(out + '/contribs.f32')
print(${ORACLE_ROWS} / best)
`

function cpuSeconds(work: () => void): number {
  const start = process.cpuUsage()
  work()
  const used = process.cpuUsage(start)
  return (used.user + used.system) / 1e6
}

function best(repeats: number, work: () => void): number {
  return Math.min(...Array.from({ length: repeats }, () => cpuSeconds(work)))
}

function measure(rounds: number, leaves: number): void {
  const dir = mkdtempSync(join(tmpdir(), 'holdfast-bench-'))
  const floats = (name: string): Float32Array =>
    new Float32Array(Uint8Array.from(readFileSync(join(dir, name))).buffer)
  try {
    const args = ['-c', train, dir, String(rounds), String(leaves)]
    const theirs = Number(execFileSync(PYTHON, args, { encoding: 'utf8', env: { OMP_NUM_THREADS: '1' } }))
    const trees = importXgboost(JSON.parse(readFileSync(join(dir, 'model.json'), 'utf8')))
    const design = floats('rows.f32')
    const source = Uint16Array.from({ length: COLUMNS }, (_, i) => i)
    const model = { kind: 'trees', trees, calibrator: { kind: 'identity' } } as const
    const prepared = 1000 * best(3, () => explainer(model, source, COLUMNS))
    const explain = explainer(model, source, COLUMNS)
    const out = new Float64Array(ROWS * COLUMNS)
    const seconds = best(7, () => explain.contributions(design, ROWS, out))
    const picking = best(7, () => topReasons(out, ROWS, COLUMNS))
    const wanted = floats('contribs.f32')
    let gap = 0
    for (let r = 0; r < ORACLE_ROWS; r++) {
      for (let f = 0; f < COLUMNS; f++) {
        gap = Math.max(gap, Math.abs(out[r * COLUMNS + f] - wanted[r * (COLUMNS + 1) + f]))
      }
    }
    console.log(
      [
        `${rounds} trees x ${leaves} leaves`,
        `${Math.round(ROWS / seconds).toLocaleString('en')} rows/s`,
        `XGBoost ${Math.round(theirs).toLocaleString('en')} rows/s`,
        `ratio ${(ROWS / seconds / theirs).toFixed(1)}`,
        `largest difference ${gap.toExponential(1)}`,
        `tables ${(explain.bytes / 2 ** 20).toFixed(1)} MiB in ${prepared.toFixed(0)} ms`,
        `topReasons ${Math.round(ROWS / picking).toLocaleString('en')} rows/s`,
      ].join(' · '),
    )
  } finally {
    rmSync(dir, { recursive: true })
  }
}

if (hasXgboost) {
  measure(200, 8)
  measure(400, 8)
  measure(200, 31)
} else {
  console.log('python3-xgboost is absent: nothing to measure on.')
}
