/**
 * A few hard rows through a model that was just loaded, before anything real: what the runtime answers must be
 * what our own predictor says.
 */
import { HoldfastError } from '../../src/contracts/errors.ts'
import type { ChurnModel } from '../churn/model.ts'
import { random } from '../random.ts'
import type { ChurnBundle, PolicyBundle } from './bundle-contents.ts'
import type { LoadedModel } from './serve-model.ts'

const ROWS = 32
/** Of the margin, relative above 1: float32 leaves are added up in groups, see encode-trees.ts. */
const TOLERANCE = 1e-5

/**
 * @throws HoldfastError model_corrupt when a margin or probability is not what our own predictor gives, not
 *   finite or outside [0, 1]
 */
export async function smokeChurn(loaded: LoadedModel, bundle: ChurnBundle): Promise<void> {
  const design = hardRows(bundle)
  const { model } = bundle
  const [{ values }, own, { calibrate }] = await Promise.all([
    loaded.run(design, ROWS),
    ownMargins(model, design),
    import('../churn/calibration.ts'),
  ])
  // Calibrated from the served margin: a steep calibrator may turn a difference of 1e-6 into a large one.
  const calibrated = calibrate(model.calibrator, Float64Array.from(values.margin))
  for (let row = 0; row < ROWS; row++) {
    const margin = values.margin[row]
    const probability = values.probability[row]
    const differs = !(Math.abs(margin - own[row]) <= TOLERANCE * Math.max(1, Math.abs(own[row])))
    const uncalibrated = !(Math.abs(probability - calibrated[row]) <= TOLERANCE)
    if (!differs && !uncalibrated && probability >= 0 && probability <= 1) continue
    throw new HoldfastError(
      'model_corrupt',
      `The model in ${bundle.dir} does not score as its trees say (margin ${margin} for ${own[row]}, probability ` +
        `${probability} for ${calibrated[row]}): model.onnx and model.json are not one model. Train the model again.`,
    )
  }
}

/** @throws HoldfastError model_corrupt when a value is not finite */
export async function smokePolicy(loaded: LoadedModel, bundle: PolicyBundle): Promise<void> {
  const chance = random(1)
  const states = Float32Array.from({ length: ROWS * bundle.stateSize }, (_, i) =>
    i < bundle.stateSize ? 0 : chance.normal(),
  )
  const { values } = await loaded.run(states, ROWS)
  if (values.values.every(Number.isFinite)) return
  throw new HoldfastError(
    'model_corrupt',
    `The policy in ${bundle.dir} gives values that are no numbers. Train the policy again.`,
  )
}

/** What is not needed is not loaded: starting is half of what scoring a small file takes. */
async function ownMargins(model: ChurnModel, design: Float32Array): Promise<Float64Array> {
  if (model.kind === 'trees') return (await import('../churn/trees.ts')).margins(model.trees, design, ROWS)
  return (await import('../churn/logistic.ts')).logisticMargins(model.logistic, design, ROWS)
}

/** All missing, all zero, then values at and about the model's own thresholds and bounds. */
function hardRows({ model, width }: ChurnBundle): Float32Array {
  const chance = random(1)
  const points: number[][] = Array.from({ length: width }, () => [0, 1])
  if (model.kind === 'trees') {
    for (const { column, threshold } of model.trees.trees) {
      column.forEach((at, node) => at >= 0 && points[at].push(threshold[node]))
    }
  } else {
    const { center, min, max } = model.logistic
    for (let at = 0; at < width; at++)
      points[at].push(...[center[at], min[at], max[at]].filter(Number.isFinite))
  }
  return Float32Array.from({ length: ROWS * width }, (_, i) => {
    if (i < width) return Number.NaN
    if (i < 2 * width) return 0
    const near = points[i % width]
    const point = near[chance.integer(near.length)]
    const kind = chance.integer(8)
    if (kind === 0) return Number.NaN
    return kind < 4 ? point : point + chance.normal()
  })
}
