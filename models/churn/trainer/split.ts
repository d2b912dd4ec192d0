/**
 * The best split of a leaf, looked for in its histograms.
 *
 * Gain as in Chen & Guestrin 2016 (arXiv:1603.02754, eq. 7, without the factor 1/2, as XGBoost reports it):
 * GL^2 / (HL + lambda) + GR^2 / (HR + lambda) - G^2 / (H + lambda). With monotone constraints the weights are
 * clamped to the bounds that a node inherits and a split with its weights in the wrong order is refused, as
 * in XGBoost's TreeEvaluator.
 */
export interface SplitRules {
  readonly lambda: number
  /** Fewest units of hessian on either side; at least 1, so no side is empty. */
  readonly minHessian: number
  /** Worth of one unit of quantised gradient and of hessian. */
  readonly gradientUnit: number
  readonly hessianUnit: number
}

/** Sums in units, and the bounds of the weight. */
export interface NodeSums {
  readonly gradient: number
  readonly hessian: number
  readonly lower: number
  readonly upper: number
}

/** `column` is an index of binned columns, -1 when no split is possible; sums are those of the left side. */
export interface Split {
  gain: number
  column: number
  /** Left is `bin <= index`. */
  index: number
  missingLeft: boolean
  gradient: number
  hessian: number
}

export const noSplit = (): Split => ({
  gain: 0,
  column: -1,
  index: 0,
  missingLeft: false,
  gradient: 0,
  hessian: 0,
})

export interface ColumnEntries {
  readonly column: number
  /** Index into `entries` of the histogram's first number. */
  readonly at: number
  readonly splits: number
  readonly missingBin: number
  readonly monotone: number
}

/** The node's weight: -G / (H + lambda) within its bounds. */
export function weightOf(
  rules: SplitRules,
  gradient: number,
  hessian: number,
  lower: number,
  upper: number,
): number {
  const denominator = hessian * rules.hessianUnit + rules.lambda
  const weight = denominator > 0 ? (-gradient * rules.gradientUnit) / denominator : 0
  return weight < lower ? lower : weight > upper ? upper : weight
}

/** What a node is worth as a leaf; a split gains by how much its sides are worth more together. */
export function worthOf(rules: SplitRules, gradient: number, hessian: number, weight: number): number {
  return -(2 * gradient * rules.gradientUnit + (hessian * rules.hessianUnit + rules.lambda) * weight) * weight
}

/**
 * Improves `best` with the splits of one column. Of equal gains the first stays: lower columns, missing to
 * the right, lower thresholds.
 *
 * @param entries pairs of (hessian as unsigned 32 bits, gradient), one a bin, then one for missing
 * @param parentWorth what the node is worth unsplit
 */
export function searchColumn(
  entries: Int32Array,
  of: ColumnEntries,
  node: NodeSums,
  rules: SplitRules,
  parentWorth: number,
  constrained: boolean,
  best: Split,
): void {
  const missingAt = of.at + 2 * of.missingBin
  // Missing to the right: the present values add up on the left.
  scan(entries, of, node, rules, parentWorth, constrained, best, 0, 0, of.splits, false)
  const missingHessian = entries[missingAt] >>> 0
  if (missingHessian === 0) return
  const cuts = of.missingBin - 1
  scan(
    entries,
    of,
    node,
    rules,
    parentWorth,
    constrained,
    best,
    entries[missingAt + 1],
    missingHessian,
    cuts,
    true,
  )
}

function scan(
  entries: Int32Array,
  of: ColumnEntries,
  node: NodeSums,
  rules: SplitRules,
  parentWorth: number,
  constrained: boolean,
  best: Split,
  startGradient: number,
  startHessian: number,
  splits: number,
  missingLeft: boolean,
): void {
  const { lambda, minHessian, gradientUnit, hessianUnit } = rules
  const { gradient: total, hessian: totalHessian } = node
  let left = startGradient
  let leftHessian = startHessian
  let bestGain = best.gain
  let found = -1
  let foundGradient = 0
  let foundHessian = 0
  let at = of.at
  for (let index = 0; index < splits; index++, at += 2) {
    const hessian = entries[at] >>> 0
    if (hessian === 0) continue
    left += entries[at + 1]
    leftHessian += hessian
    if (leftHessian < minHessian) continue
    const rightHessian = totalHessian - leftHessian
    if (rightHessian < minHessian) break
    const gl = left * gradientUnit
    const gr = (total - left) * gradientUnit
    const hl = leftHessian * hessianUnit + lambda
    const hr = rightHessian * hessianUnit + lambda
    const gain = constrained
      ? constrainedWorth(gl, hl, gr, hr, node, of.monotone) - parentWorth
      : (gl * gl) / hl + (gr * gr) / hr - parentWorth
    if (gain > bestGain) {
      bestGain = gain
      found = index
      foundGradient = left
      foundHessian = leftHessian
    }
  }
  if (found < 0) return
  best.gain = bestGain
  best.column = of.column
  best.index = found
  best.missingLeft = missingLeft
  best.gradient = foundGradient
  best.hessian = foundHessian
}

function constrainedWorth(
  gl: number,
  hl: number,
  gr: number,
  hr: number,
  { lower, upper }: NodeSums,
  monotone: number,
): number {
  const left = Math.min(upper, Math.max(lower, -gl / hl))
  const right = Math.min(upper, Math.max(lower, -gr / hr))
  if (monotone > 0 ? left > right : monotone < 0 && left < right) return -Infinity
  return -(2 * gl + hl * left) * left - (2 * gr + hr * right) * right
}
