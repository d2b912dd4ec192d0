import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { explainer } from '../../../../models/churn/explain/attribution.ts'
import { PYTHON, hasXgboost, importXgboost } from '../../../support/xgboost.ts'

/** Trains on invented rows with missing values and 0/1 columns; leaves the model, the rows and pred_contribs. */
const train = `
import sys, numpy as np, xgboost as xgb
out, leaves = sys.argv[1], int(sys.argv[2])
rng = np.random.default_rng(7)
X = rng.normal(size=(4000, 12)).astype(np.float32)
X[:, 6:] = X[:, 6:] > .3
X[rng.random(X.shape) < .05] = np.nan
z = np.nan_to_num(X)
y = (rng.random(4000) < 1 / (1 + np.exp(-(z[:, 0] * z[:, 1] + z[:, 2] - 2 * z[:, 7] * z[:, 3])))).astype(int)
m = xgb.train(dict(objective='binary:logistic', tree_method='hist', grow_policy='lossguide', max_leaves=leaves,
  max_depth=0, eta=.1, subsample=.8, colsample_bytree=.5, nthread=1, seed=1), xgb.DMatrix(X, y), 40)
m.save_model(out + '/model.json')
X[:200].tofile(out + '/rows.f32')
m.predict(xgb.DMatrix(X[:200]), pred_contribs=True).astype(np.float32).tofile(out + '/contribs.f32')
`

describe.skipIf(!hasXgboost)('against XGBoost (skipped where python3-xgboost is absent)', () => {
  for (const leaves of [8, 31]) {
    it(`gives the numbers of pred_contribs within 1e-5, trees of ${leaves} leaves`, () => {
      const dir = mkdtempSync(join(tmpdir(), 'holdfast-xgboost-'))
      try {
        execFileSync(PYTHON, ['-c', train, dir, String(leaves)], { env: { OMP_NUM_THREADS: '1' } })
        const floats = (name: string): Float32Array =>
          new Float32Array(Uint8Array.from(readFileSync(join(dir, name))).buffer)
        const trees = importXgboost(JSON.parse(readFileSync(join(dir, 'model.json'), 'utf8')))
        const source = Uint16Array.from({ length: 12 }, (_, i) => i)
        const explain = explainer({ kind: 'trees', trees, calibrator: { kind: 'identity' } }, source, 12)
        const found = explain.contributions(floats('rows.f32'), 200)
        const wanted = floats('contribs.f32')
        let gap = 0
        for (let r = 0; r < 200; r++) {
          for (let f = 0; f < 12; f++) {
            gap = Math.max(gap, Math.abs(found[r * 12 + f] - wanted[r * 13 + f]))
          }
          gap = Math.max(gap, Math.abs(explain.expected - wanted[r * 13 + 12]))
        }
        expect(found.some((x) => Math.abs(x) > 0.1)).toBe(true)
        expect(gap).toBeLessThan(1e-5)
      } finally {
        rmSync(dir, { recursive: true })
      }
    })
  }
})
