/** The one linear system that Newton's method needs. */

/**
 * Solves A x = b for a symmetric positive definite A by Cholesky's factorisation. A pivot that rounding has
 * made zero or negative is raised to a small share of its diagonal: the step then stays short in a direction
 * that the data does not determine, and the caller's step search decides.
 *
 * @param matrix lower triangle, row-major, size x size; overwritten by its factor
 * @example
 * solveDefinite(new Float64Array([4, 0, 0, 2]), new Float64Array([8, 2]), 2) // [2, 1]
 */
export function solveDefinite(matrix: Float64Array, b: Float64Array, size: number): Float64Array {
  factorise(matrix, size)
  return solveFactored(matrix, b, size)
}

/** The first half of {@link solveDefinite}, for several right-hand sides: overwrites the matrix by its factor. */
export function factorise(matrix: Float64Array, size: number): void {
  for (let i = 0; i < size; i++) {
    const rowI = i * size
    const diagonal = matrix[rowI + i]
    for (let j = 0; j <= i; j++) {
      const rowJ = j * size
      let sum = matrix[rowI + j]
      for (let k = 0; k < j; k++) sum -= matrix[rowI + k] * matrix[rowJ + k]
      if (j < i) matrix[rowI + j] = sum / matrix[rowJ + j]
      else matrix[rowI + i] = Math.sqrt(Math.max(sum, diagonal * 1e-12, Number.MIN_VALUE))
    }
  }
}

/** The second half: x for a factor made by {@link factorise}. */
export function solveFactored(matrix: Float64Array, b: Float64Array, size: number): Float64Array {
  const x = b.slice()
  for (let i = 0; i < size; i++) {
    for (let k = 0; k < i; k++) x[i] -= matrix[i * size + k] * x[k]
    x[i] /= matrix[i * size + i]
  }
  for (let i = size - 1; i >= 0; i--) {
    for (let k = i + 1; k < size; k++) x[i] -= matrix[k * size + i] * x[k]
    x[i] /= matrix[i * size + i]
  }
  return x
}
