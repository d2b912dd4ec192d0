/** The k-th largest of many numbers, without sorting them: what a capacity's price is read from. */

/**
 * Reorders `values` in place. Average time linear in `length` (Hoare 1961, median of three).
 *
 * @param k 0 is the largest; 0 <= k < length
 * @example
 * kthLargest(Float64Array.of(3, 9, 5), 3, 1) // 5
 */
export function kthLargest(values: Float64Array, length: number, k: number): number {
  let left = 0
  let right = length - 1
  while (left < right) {
    const pivot = median(values[left], values[(left + right) >>> 1], values[right])
    let i = left
    let j = right
    while (i <= j) {
      while (values[i] > pivot) i++
      while (values[j] < pivot) j--
      if (i <= j) {
        const swap = values[i]
        values[i++] = values[j]
        values[j--] = swap
      }
    }
    if (k <= j) right = j
    else if (k >= i) left = i
    else return values[k]
  }
  return values[k]
}

function median(a: number, b: number, c: number): number {
  return Math.max(Math.min(a, b), Math.min(Math.max(a, b), c))
}
