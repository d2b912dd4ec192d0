/**
 * The trees of a boosted churn model, and what they say of a customer before calibration.
 *
 * Semantics are XGBoost's, so that one oracle serves training, reasons and export: a row goes left when
 * `x < threshold` (both float32), a missing value (NaN) goes where `missingLeft` says, leaf values are
 * float32, and the margin (log-odds) is `baseMargin` plus the leaves, added up in float64.
 */

/** One tree as parallel arrays; node 0 is the root, `column[i] === -1` marks a leaf. */
export interface Tree {
  readonly column: Int32Array
  readonly threshold: Float32Array
  readonly left: Int32Array
  readonly right: Int32Array
  /** 1 where a missing value goes left. */
  readonly missingLeft: Uint8Array
  /** Leaf value in log-odds, shrunk by the learning rate; 0 at inner nodes. */
  readonly value: Float32Array
  /** Sum of hessians that reached the node in training (XGBoost's cover): the weights of path-dependent SHAP. */
  readonly cover: Float64Array
}

export interface TreeEnsemble {
  readonly baseMargin: number
  /** Width of the design matrix that `column` points into. */
  readonly columns: number
  readonly trees: readonly Tree[]
}

/**
 * Margin of each row in log-odds.
 *
 * @param design row-major, rows x ensemble.columns, NaN is missing
 * @example
 * margins({ baseMargin: 0, columns: 1, trees: [] }, new Float32Array([1]), 1) // Float64Array [0]
 */
export function margins(ensemble: TreeEnsemble, design: Float32Array, rows: number): Float64Array {
  const out = new Float64Array(rows).fill(ensemble.baseMargin)
  const width = ensemble.columns
  for (const tree of ensemble.trees) {
    const { column, threshold, left, right, missingLeft, value } = tree
    for (let row = 0; row < rows; row++) {
      const base = row * width
      let node = 0
      while (column[node] >= 0) {
        const x = design[base + column[node]]
        const goesLeft = x !== x ? missingLeft[node] === 1 : x < threshold[node]
        node = goesLeft ? left[node] : right[node]
      }
      out[row] += value[node]
    }
  }
  return out
}
