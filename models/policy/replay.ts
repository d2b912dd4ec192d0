/** The choice once more, from nothing but what was logged: so that anybody can check a decision. */

/**
 * The position of the action that a draw falls on, given the probabilities of all actions: the allocated one has by
 * far the most and is kept from its share on; below it the draw falls evenly on the explored ones (choose.ts).
 *
 * @param probabilities in catalogue order, as `Chooser.probabilities` gives them
 * @param draw in [0, 1)
 * @example
 * replayChoice([0.05, 0.85, 0.05, 0.05, 0, 0], 0.06) // 2: the second of three explored actions
 */
export function replayChoice(probabilities: readonly number[], draw: number): number {
  const allocated = probabilities.indexOf(Math.max(...probabilities))
  const explored = probabilities.flatMap((p, a) => (p > 0 && a !== allocated ? [a] : []))
  const share = 1 - probabilities[allocated]
  if (explored.length === 0 || draw >= share) return allocated
  return explored[Math.min(explored.length - 1, Math.floor((draw / share) * explored.length))]
}
