/** What training can be asked for. */
import { HoldfastError } from '../../../src/contracts/errors.ts'
import type { TrainingData, TrainOptions } from './train.ts'

/** @throws HoldfastError `usage` naming the option, array or row that is out of range */
export function checkTraining(data: TrainingData, options: TrainOptions): void {
  const { design, rows, width, labels, weights, monotone } = data
  const lengths = { design: rows * width, labels: rows, weights: rows, monotone: width }
  for (const [name, array] of Object.entries({ design, labels, weights, monotone })) {
    const length = lengths[name as keyof typeof lengths]
    if (array === undefined || array.length === length) continue
    throw new HoldfastError(
      'usage',
      `The training data's ${name} has ${array.length} numbers; ${rows} rows of ${width} columns need ${length}.`,
    )
  }

  for (let row = 0; row < rows; row++) {
    if (labels[row] <= 1 && (!weights || (weights[row] >= 0 && weights[row] < Infinity))) continue
    const value = labels[row] <= 1 ? `weight ${weights?.[row]}` : `label ${labels[row]}`
    throw new HoldfastError(
      'usage',
      `Row ${row} of the training data has ${value}; labels are 0 or 1, weights finite and not negative.`,
    )
  }

  const wrong = (name: keyof TrainOptions, must: string): HoldfastError =>
    new HoldfastError('usage', `The training option ${name} is ${options[name]}; it must be ${must}.`)
  const whole = (name: 'rounds' | 'leaves' | 'threads' | 'maxBins' | 'patience', least: number): void => {
    const value = options[name]
    if (value === undefined || !Number.isInteger(value) || value < least) {
      throw wrong(name, `a whole number of at least ${least}`)
    }
  }
  whole('rounds', 0)
  whole('leaves', 1)
  whole('threads', 1)
  whole('maxBins', 2)
  if (options.patience !== undefined) whole('patience', 1)
  for (const name of ['subsample', 'columnSample'] as const) {
    if (!(options[name] > 0 && options[name] <= 1)) throw wrong(name, 'above 0 and at most 1')
  }
  for (const name of ['learningRate', 'minChildWeight', 'lambda', 'gamma', 'maxDepth'] as const) {
    if (!((options[name] ?? 0) >= 0)) throw wrong(name, 'at least 0')
  }
}
