/**
 * Where the first element that is at least so great stands in a list that ascends; its length: none is.
 *
 * @example
 * lowerBound([1, 3, 3, 8], 3, (one) => one) // 1
 */
export function lowerBound<T>(sorted: readonly T[], least: number, of: (one: T) => number): number {
  let low = 0
  let high = sorted.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (of(sorted[middle]) < least) low = middle + 1
    else high = middle
  }
  return low
}
