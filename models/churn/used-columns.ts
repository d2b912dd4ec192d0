/** Which columns of the design a model looks at: what it never looks at moves no score. */
import type { ChurnModel } from './model.ts'

/**
 * @param width columns of the design
 * @returns one a column: 1 where some value of it can move the margin
 * @example
 * usedColumns(bundle.model, bundle.width)[0] // 1
 */
export function usedColumns(model: ChurnModel, width: number): Uint8Array {
  const used = new Uint8Array(width)
  if (model.kind === 'logistic') {
    const { weight, min, max } = model.logistic
    for (let column = 0; column < width; column++)
      if (weight[column] !== 0 && min[column] < max[column]) used[column] = 1
    return used
  }
  for (const { column } of model.trees.trees) for (const at of column) if (at >= 0) used[at] = 1
  return used
}
