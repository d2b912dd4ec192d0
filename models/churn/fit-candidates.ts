/** Out-of-fold margins of logistic regression and of trees, each with its own choice made in nested folds. */
import { chooseCandidate, type Curves } from './cross-validate.ts'
import type { Sample, TriedCandidate } from './fit.ts'
import { rowsOf } from './floor.ts'
import { fitLogistic, logisticMargins } from './logistic.ts'
import type { LogisticModel } from './model.ts'
import { softplus } from './statistics.ts'
import { trainFolds, type FoldEnsembles } from './trainer/folds.ts'
import type { TrainingData } from './trainer/train.ts'
import { margins as treeMargins } from './trees.ts'
import { faster, PATIENCE, trainOptions, type TreeCandidate } from './tuning.ts'

export interface CrossValidated<C> {
  /** Of each row, by the model of its fold. */
  readonly margins: Float64Array
  /** For the final model, chosen over all folds. */
  readonly choice: C
}

/** Chooses the prior's standard deviation; for the final fit too. */
export function crossValidateLogistic(
  data: TrainingData,
  foldOf: Uint8Array,
  folds: number,
  sample: Sample,
  spreads: readonly number[],
): CrossValidated<number> {
  const models: LogisticModel[][] = spreads.map(() => [])
  const curves: Float64Array[][] = spreads.map(() => [])
  for (let fold = 0; fold < folds; fold++) {
    const training = rowsOf(sample.data, (row) => sample.foldOf[row] !== fold)
    const held = rowsOf(sample.data, (row) => sample.foldOf[row] === fold)
    spreads.forEach((sd, candidate) => {
      const near = models[candidate - 1]?.[fold]
      const model = fitLogistic(training, { sd, ...(near && { near }) })
      const margins = logisticMargins(model, held.design, held.rows)
      models[candidate].push(model)
      curves[candidate].push(Float64Array.of(meanLoss(margins, held.labels)))
    })
  }
  const sizes = foldSizes(sample.foldOf, folds)
  const chosen = Array.from({ length: folds }, (_, fold) => chooseCandidate(curves, sizes, fold).candidate)
  return {
    margins: byFold(data, foldOf, folds, (fold, design, rows) =>
      logisticMargins(models[chosen[fold]][fold], design, rows),
    ),
    choice: spreads[chooseCandidate(curves, sizes).candidate],
  }
}

export interface TreeChoice {
  readonly candidate: TreeCandidate
  readonly rounds: number
}

interface Tried extends TriedCandidate {
  readonly curves: Curves
  readonly ensembles: FoldEnsembles['ensembles']
}

/** The learning rate may double this often when the last round was still the best. */
const MOST_DOUBLINGS = 2

/**
 * Climbs the candidates from the simplest while they get better; then, if the best one stopped only because
 * its rounds were used up, lets it learn faster.
 *
 * @returns null when no column varies, so that there is nothing to split on
 */
export async function crossValidateTrees(
  data: TrainingData,
  foldOf: Uint8Array,
  folds: number,
  sample: Sample,
  candidates: readonly TreeCandidate[],
  { seed, threads }: { readonly seed: number; readonly threads: number },
  onShare: (share: number) => void,
): Promise<(CrossValidated<TreeChoice> & { readonly tried: readonly TriedCandidate[] }) | null> {
  const sizes = foldSizes(sample.foldOf, folds)
  const tried: Tried[] = []
  const steps = candidates.length + MOST_DOUBLINGS
  const run = async (candidate: TreeCandidate): Promise<Tried | null> => {
    const before = tried.length
    const trained = await trainFolds(
      sample.data,
      sample.foldOf,
      folds,
      { ...trainOptions(candidate, seed, threads), patience: PATIENCE },
      (trees) => onShare((before + trees / (folds * candidate.rounds)) / steps),
    )
    const curves = trained.heldOutLogLoss
    if (curves[0].length === 0) return null
    const { rounds, loss } = chooseCandidate([curves], sizes)
    return { candidate, rounds, logLoss: loss, curves, ensembles: trained.ensembles }
  }
  let best: Tried | null = null
  for (const candidate of candidates) {
    const next = await run(candidate)
    if (next === null) return null
    tried.push(next)
    if (best !== null && next.logLoss >= best.logLoss) break
    best = next
  }
  for (let doubling = 0; best !== null && doubling < MOST_DOUBLINGS && usedUp(best); doubling++) {
    const next = await run(faster(best.candidate))
    if (next === null) return null
    tried.push(next)
    if (next.logLoss >= best.logLoss) break
    best = next
  }
  const curves = tried.map((one) => one.curves)
  const choices = Array.from({ length: folds }, (_, fold) => chooseCandidate(curves, sizes, fold))
  const final = chooseCandidate(curves, sizes)
  return {
    margins: byFold(data, foldOf, folds, (fold, design, rows) => {
      const ensemble = tried[choices[fold].candidate].ensembles[fold]
      const trees = ensemble.trees.slice(0, choices[fold].rounds)
      return treeMargins({ ...ensemble, trees }, design, rows)
    }),
    choice: { candidate: tried[final.candidate].candidate, rounds: final.rounds },
    tried: tried.map(({ candidate, rounds, logLoss }) => ({ candidate, rounds, logLoss })),
  }
}

function usedUp({ candidate, rounds }: Tried): boolean {
  return rounds > 0.97 * candidate.rounds
}
/** Margin of every row by the model of its own fold, in pieces that stay small. */
function byFold(
  { design, rows, width }: TrainingData,
  foldOf: Uint8Array,
  folds: number,
  marginsOf: (fold: number, design: Float32Array, rows: number) => Float64Array,
): Float64Array {
  const out = new Float64Array(rows)
  const piece = 20_000
  const part = new Float32Array(piece * width)
  const waiting = new Uint32Array(piece)
  for (let fold = 0; fold < folds; fold++) {
    let filled = 0
    const flush = (): void => {
      const margins = marginsOf(fold, part.subarray(0, filled * width), filled)
      for (let i = 0; i < filled; i++) out[waiting[i]] = margins[i]
      filled = 0
    }
    for (let row = 0; row < rows; row++) {
      if (foldOf[row] !== fold) continue
      part.set(design.subarray(row * width, (row + 1) * width), filled * width)
      waiting[filled++] = row
      if (filled === piece) flush()
    }
    if (filled > 0) flush()
  }
  return out
}

function foldSizes(foldOf: Uint8Array, folds: number): number[] {
  const sizes = Array.from({ length: folds }, () => 0)
  for (let row = 0; row < foldOf.length; row++) sizes[foldOf[row]]++
  return sizes
}

function meanLoss(margins: Float64Array, labels: Uint8Array): number {
  let sum = 0
  for (let row = 0; row < margins.length; row++) {
    sum += softplus(labels[row] === 1 ? -margins[row] : margins[row])
  }
  return sum / Math.max(1, margins.length)
}
