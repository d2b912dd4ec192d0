/**
 * Training side by side with XGBoost (`tree_method=hist`, `grow_policy=lossguide`), same rows, settings and
 * threads, alternating, so that both meet the same noise. Prints seconds (wall and processor), ratios (ours /
 * theirs) and the AUC of both on rows that neither saw.
 *
 * Run: node bench/train.ts [--rows 1000000] [--columns 40] [--trees 200] [--leaves 31] [--threads 2]
 *      [--repeats 1] [--subsample 1] [--columnSample 1] [--ours]
 *      (--ours: without XGBoost)
 */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { auc } from '../models/churn/metrics.ts'
import type { TrainOptions } from '../models/churn/trainer/train.ts'
import { defaultTrainOptions, trainTrees } from '../models/churn/trainer/train.ts'
import { margins } from '../models/churn/trees.ts'
import { random } from '../models/random.ts'

const { values: asked } = parseArgs({
  options: {
    rows: { type: 'string', default: '1000000' },
    columns: { type: 'string', default: '40' },
    trees: { type: 'string', default: '200' },
    leaves: { type: 'string', default: '31' },
    threads: { type: 'string', default: '2' },
    repeats: { type: 'string', default: '1' },
    subsample: { type: 'string', default: '1' },
    columnSample: { type: 'string', default: '1' },
    ours: { type: 'boolean', default: false },
  },
})
const rows = Number(asked.rows)
const width = Number(asked.columns)
const unseen = Math.max(20_000, Math.floor(rows / 10))
const options: TrainOptions = {
  ...defaultTrainOptions,
  rounds: Number(asked.trees),
  leaves: Number(asked.leaves),
  learningRate: 0.1,
  subsample: Number(asked.subsample),
  columnSample: Number(asked.columnSample),
}

interface Measured {
  readonly seconds: number
  readonly cpuSeconds: number
  readonly auc: number
}

/** Numbers, counts, shares with missing values and flags; churn depends on a dozen of them, and on pairs. */
function customers(count: number, seed: number): { design: Float32Array; labels: Uint8Array } {
  const { normal, next } = random(seed)
  const design = new Float32Array(count * width)
  const labels = new Uint8Array(count)
  for (let row = 0; row < count; row++) {
    const x = design.subarray(row * width, (row + 1) * width)
    for (let column = 0; column < width; column++) {
      const draw = normal()
      const kind = column % 5
      if (kind === 0) x[column] = draw
      else if (kind === 1) x[column] = Math.exp(draw)
      else if (kind === 2) x[column] = Math.round(12 + 6 * draw)
      else if (kind === 3) x[column] = next() < 0.15 ? NaN : draw
      else x[column] = draw > 0.6 ? 1 : 0
    }
    const at = (column: number): number => {
      const value = x[column % width]
      return value === value ? value : 0.8
    }
    const margin =
      -1.6 +
      0.7 * at(0) -
      0.4 * Math.log(at(1)) -
      0.08 * (at(2) - 12) +
      0.6 * at(3) +
      0.9 * at(4) * (at(5) > 0 ? 1 : -1) +
      0.5 * Math.sin(2 * at(10)) +
      0.3 * at(8) * at(13) -
      0.4 * Math.abs(at(15)) +
      0.5 * at(9)
    labels[row] = next() < 1 / (1 + Math.exp(-margin)) ? 1 : 0
  }
  return { design, labels }
}

const script = `
import json, sys, time
import numpy as np, xgboost as xgb
folder, rows, unseen, width, threads, trees, leaves, subsample, colsample = sys.argv[1], *map(int, sys.argv[2:8]), *map(float, sys.argv[8:])
x = np.fromfile(folder + '/design', dtype=np.float32).reshape(-1, width)
y = np.fromfile(folder + '/labels', dtype=np.uint8)
t, c = time.perf_counter(), time.process_time()
data = xgb.DMatrix(x[:rows], y[:rows], nthread=threads)
booster = xgb.train(dict(objective='binary:logistic', tree_method='hist', grow_policy='lossguide', max_depth=0,
  max_leaves=leaves, eta=.1, max_bin=255, min_child_weight=1, reg_lambda=1, subsample=subsample,
  colsample_bytree=colsample, base_score=float(y[:rows].mean()), nthread=threads, seed=42), data, trees)
t, c = time.perf_counter() - t, time.process_time() - c
booster.predict(xgb.DMatrix(x[rows:], nthread=threads), output_margin=True).astype(np.float64).tofile(folder + '/margins')
print(json.dumps(dict(seconds=t, cpuSeconds=c)))
`

const train = customers(rows, 1)
const test = customers(unseen, 2)

async function ours(threads: number): Promise<Measured> {
  const cpu = process.cpuUsage()
  const start = performance.now()
  const ensemble = await trainTrees({ ...train, rows, width }, { ...options, threads })
  const seconds = (performance.now() - start) / 1000
  const { user, system } = process.cpuUsage(cpu)
  const score = auc(test.labels, margins(ensemble, test.design, unseen))
  return { seconds, cpuSeconds: (user + system) / 1e6, auc: score }
}

function theirs(folder: string, threads: number): Measured {
  const settings = [
    rows,
    unseen,
    width,
    threads,
    options.rounds,
    options.leaves,
    options.subsample,
    options.columnSample,
  ]
  const answer = execFileSync('/usr/bin/python3', ['-c', script, folder, ...settings.map(String)], {
    encoding: 'utf8',
    // Its threads otherwise spin while they wait, which on a machine that others use makes it ten times slower.
    env: { ...process.env, OMP_WAIT_POLICY: 'passive' },
  })
  const margin = new Float64Array(Uint8Array.from(readFileSync(join(folder, 'margins'))).buffer)
  return { ...(JSON.parse(answer) as { seconds: number; cpuSeconds: number }), auc: auc(test.labels, margin) }
}

const show = (who: string, threads: number, { seconds, cpuSeconds, auc }: Measured): void =>
  console.log(
    `${who.padEnd(8)} ${threads} thread(s)  ${seconds.toFixed(2)} s  cpu ${cpuSeconds.toFixed(2)} s  AUC ${auc.toFixed(4)}`,
  )

const folder = mkdtempSync(join(tmpdir(), 'holdfast-train-'))
try {
  if (!asked.ours) {
    writeFileSync(join(folder, 'design'), new Uint8Array(train.design.buffer))
    writeFileSync(join(folder, 'design'), new Uint8Array(test.design.buffer), { flag: 'a' })
    writeFileSync(join(folder, 'labels'), train.labels)
    writeFileSync(join(folder, 'labels'), test.labels, { flag: 'a' })
  }
  console.log(`${rows} rows x ${width} columns, ${options.rounds} trees x ${options.leaves} leaves`)
  for (const threads of new Set([Number(asked.threads), 1])) {
    const best: Record<'ours' | 'theirs', Measured | null> = { ours: null, theirs: null }
    for (let repeat = 0; repeat < Number(asked.repeats); repeat++) {
      const mine = await ours(threads)
      show('ours', threads, mine)
      if (best.ours === null || mine.seconds < best.ours.seconds) best.ours = mine
      if (asked.ours) continue
      const other = theirs(folder, threads)
      show('XGBoost', threads, other)
      if (best.theirs === null || other.seconds < best.theirs.seconds) best.theirs = other
    }
    if (best.ours && best.theirs) {
      const wall = best.ours.seconds / best.theirs.seconds
      const cpu = best.ours.cpuSeconds / best.theirs.cpuSeconds
      console.log(
        `ratio ours / XGBoost on ${threads} thread(s): ${wall.toFixed(2)} (processor time ${cpu.toFixed(2)})`,
      )
    }
  }
} finally {
  rmSync(folder, { recursive: true, force: true })
}
