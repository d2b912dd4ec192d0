/**
 * Discounted months that an action is expected to be in force: it ends by chance after `durationMonths` on
 * average, and with the customer. Always below `durationMonths`, the plan's full liability. It is the annuity
 * by which the simulator's costs and effects are both counted, at a constant hazard.
 *
 * @param monthlyHazard chance to leave in a month, 0 to 1
 * @param gamma discount a month
 * @example
 * expectedMonths(12, 0.02, 0.99) // 9.0
 */
export function expectedMonths(durationMonths: number, monthlyHazard: number, gamma: number): number {
  const stays = gamma * (1 - monthlyHazard) * (1 - 1 / Math.max(1, durationMonths))
  return 1 / (1 - stays)
}
