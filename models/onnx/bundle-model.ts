/**
 * A churn model as model.json, to the last bit: thresholds and leaves as the shortest decimal that rounds to
 * their float32, everything else as doubles. A logistic column without a bound has null there.
 */
import { z } from 'zod'
import type { Calibrator, ChurnModel, LogisticModel } from '../churn/model.ts'
import type { Tree, TreeEnsemble } from '../churn/trees.ts'
import { shortestFloat } from '../canonical-json.ts'

/** Plain JSON of a model, for {@link readModel} to read back. */
export function modelJson(model: ChurnModel): unknown {
  if (model.kind === 'trees') {
    const { baseMargin, columns, trees } = model.trees
    return { kind: 'trees', baseMargin, columns, trees: trees.map(treeJson), calibrator: model.calibrator }
  }
  const { intercept, weight, center, scale, min, max } = model.logistic
  return {
    kind: 'logistic',
    intercept,
    weight: [...weight],
    center: [...center],
    scale: [...scale],
    min: Array.from(min, (bound) => (bound === -Infinity ? null : bound)),
    max: Array.from(max, (bound) => (bound === Infinity ? null : bound)),
    calibrator: model.calibrator,
  }
}

/**
 * @throws z.ZodError or RangeError when the JSON is no model, or one whose trees are no trees
 * @example
 * readModel(JSON.parse(canonicalJson(modelJson(model)))) // equals model
 */
export function readModel(json: unknown): ChurnModel {
  const parsed = modelSchema.parse(json)
  const calibrator = checkedCalibrator(parsed.calibrator)
  if (parsed.kind === 'logistic') return { kind: 'logistic', logistic: logisticOf(parsed), calibrator }
  const { baseMargin, columns } = parsed
  const trees: TreeEnsemble = {
    baseMargin,
    columns,
    trees: parsed.trees.map((tree) => treeOf(tree, columns)),
  }
  return { kind: 'trees', trees, calibrator }
}

/** Columns of the design matrix that a model takes. */
export function modelWidth(model: ChurnModel): number {
  return model.kind === 'trees' ? model.trees.columns : model.logistic.weight.length
}

// One check an array instead of one schema a number: a model has hundreds of thousands.
const numbers = z.custom<readonly number[]>(
  (value) => Array.isArray(value) && value.every(Number.isFinite),
  'expected an array of numbers',
)
const integers = z.custom<readonly number[]>(
  (value) => Array.isArray(value) && value.every(Number.isSafeInteger),
  'expected an array of whole numbers',
)
const calibratorSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('identity') }),
  z.strictObject({ kind: z.literal('platt'), slope: z.number(), offset: z.number() }),
  z.strictObject({ kind: z.literal('isotonic'), margin: numbers, probability: numbers }),
])
const treeSchema = z.strictObject({
  column: integers,
  threshold: numbers,
  left: integers,
  right: integers,
  missingLeft: integers,
  value: numbers,
  cover: numbers,
})
const bounds = z.array(z.number().nullable())
const modelSchema = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('trees'),
    baseMargin: z.number(),
    columns: z.int().min(1),
    trees: z.array(treeSchema),
    calibrator: calibratorSchema,
  }),
  z.strictObject({
    kind: z.literal('logistic'),
    intercept: z.number(),
    weight: numbers,
    center: numbers,
    scale: z.array(z.number().positive()),
    min: bounds,
    max: bounds,
    calibrator: calibratorSchema,
  }),
])

function treeJson(tree: Tree): Readonly<Record<keyof Tree, number[]>> {
  return {
    column: [...tree.column],
    threshold: Array.from(tree.threshold, shortestFloat),
    left: [...tree.left],
    right: [...tree.right],
    missingLeft: [...tree.missingLeft],
    value: Array.from(tree.value, shortestFloat),
    cover: [...tree.cover],
  }
}

function treeOf(json: z.infer<typeof treeSchema>, columns: number): Tree {
  const tree: Tree = {
    column: Int32Array.from(json.column),
    threshold: Float32Array.from(json.threshold),
    left: Int32Array.from(json.left),
    right: Int32Array.from(json.right),
    missingLeft: Uint8Array.from(json.missingLeft),
    value: Float32Array.from(json.value),
    cover: Float64Array.from(json.cover),
  }
  const nodes = tree.column.length
  if (nodes === 0 || Object.values(tree).some((part: ArrayLike<number>) => part.length !== nodes)) {
    throw new RangeError('a tree whose arrays are not of one length')
  }
  if (![...tree.threshold, ...tree.value].every(Number.isFinite)) {
    throw new RangeError('a tree with a number beyond float32')
  }
  if (json.missingLeft.some((left) => left !== 0 && left !== 1)) {
    throw new RangeError('a tree whose missingLeft is not 0 or 1')
  }
  // A child outside, or one that two nodes share, would send a row out of the arrays or round for ever.
  const reached = new Uint8Array(nodes)
  const open = [0]
  for (let node = open.pop(); node !== undefined; node = open.pop()) {
    if (node < 0 || node >= nodes || reached[node] === 1) throw new RangeError('a tree that is no tree')
    reached[node] = 1
    const column = tree.column[node]
    if (column < -1 || column >= columns) {
      throw new RangeError(`a tree that asks for column ${column} of ${columns}`)
    }
    if (column >= 0) open.push(tree.left[node], tree.right[node])
  }
  return tree
}

function logisticOf(json: Extract<z.infer<typeof modelSchema>, { kind: 'logistic' }>): LogisticModel {
  const { weight, center, scale, min, max } = json
  if (weight.length === 0 || [center, scale, min, max].some((part) => part.length !== weight.length)) {
    throw new RangeError('a logistic model whose arrays are not of one length')
  }
  return {
    intercept: json.intercept,
    weight: Float64Array.from(weight),
    center: Float64Array.from(center),
    scale: Float64Array.from(scale),
    min: Float64Array.from(min, (bound) => bound ?? -Infinity),
    max: Float64Array.from(max, (bound) => bound ?? Infinity),
  }
}

function checkedCalibrator(calibrator: Calibrator): Calibrator {
  if (calibrator.kind !== 'isotonic') return calibrator
  const { margin, probability } = calibrator
  const ascends = margin.every((knot, i) => i === 0 || knot > margin[i - 1])
  if (
    margin.length === 0 ||
    !ascends ||
    probability.length !== margin.length ||
    probability.some((p) => !(p >= 0 && p <= 1))
  ) {
    throw new RangeError('a calibrator whose knots are no rising curve of probabilities')
  }
  return calibrator
}
