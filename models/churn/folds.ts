/** Cross-validation folds that all hold the same share of churned customers. */
import { HoldfastError } from '../../src/contracts/errors.ts'
import { random } from '../random.ts'

/**
 * Fold of each row, 0 to k - 1. Each class is shuffled and dealt out in turn, so that folds differ by at most
 * one row in size and by at most one in churned customers. With fewer than k of a class some folds have none.
 *
 * @param labels 1 churned, 0 kept
 * @param k folds, 2 to 255
 * @throws HoldfastError `usage` when k is out of range, `too_few_rows` when there are fewer rows than folds
 * @example
 * stratifiedFolds(new Uint8Array([1, 0, 1, 0]), 2, 42) // each fold has one of each class
 */
export function stratifiedFolds(labels: Uint8Array, k: number, seed: number): Uint8Array {
  if (!Number.isInteger(k) || k < 2 || k > 255) {
    throw new HoldfastError('usage', `Cross-validation needs 2 to 255 folds, not ${k}.`)
  }
  if (labels.length < k) {
    throw new HoldfastError(
      'too_few_rows',
      `${labels.length} rows cannot be split into ${k} folds. Use fewer folds or more rows.`,
    )
  }
  const foldOf = new Uint8Array(labels.length)
  let dealt = 0
  for (const label of [1, 0]) {
    const rows = shuffledRowsOf(labels, label, seed)
    for (let i = 0; i < rows.length; i++) foldOf[rows[i]] = (dealt + i) % k
    // The second class goes on where the first stopped, or the first folds would always be the larger ones.
    dealt += rows.length
  }
  return foldOf
}

/**
 * A seeded sample of at most `size` rows with the churned share of the whole, ascending.
 *
 * @example
 * stratifiedSample(labels, 200_000, 42) // row numbers
 */
export function stratifiedSample(labels: Uint8Array, size: number, seed: number): Uint32Array {
  if (size >= labels.length) return Uint32Array.from(labels.keys())
  const churned = shuffledRowsOf(labels, 1, seed)
  const kept = shuffledRowsOf(labels, 0, seed)
  const wanted = Math.round((size * churned.length) / labels.length)
  const fromChurned = Math.min(churned.length, Math.max(wanted, churned.length > 0 ? 1 : 0))
  const rows = new Uint32Array(size)
  rows.set(churned.subarray(0, fromChurned))
  rows.set(kept.subarray(0, size - fromChurned), fromChurned)
  return rows.sort()
}

function shuffledRowsOf(labels: Uint8Array, label: number, seed: number): Uint32Array {
  let count = 0
  for (let row = 0; row < labels.length; row++) if (labels[row] === label) count++
  const rows = new Uint32Array(count)
  for (let row = 0, next = 0; row < labels.length; row++) if (labels[row] === label) rows[next++] = row
  const chance = random(seed).fork(`folds of class ${label}`)
  for (let i = rows.length - 1; i > 0; i--) {
    const j = chance.integer(i + 1)
    const held = rows[i]
    rows[i] = rows[j]
    rows[j] = held
  }
  return rows
}
