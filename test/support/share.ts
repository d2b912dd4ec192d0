/**
 * Of what the longest suites go through one by one (seeds, operations), the share that HOLDFAST_TEST_SHARE names: `1/4` is
 * the second of four. Without it they go through everything; `.ci/run` takes a fourth, another one with each commit.
 */
const [OWN, OF] = readShare(process.env['HOLDFAST_TEST_SHARE'] ?? '0/1')

/**
 * A share goes over all of them diagonally: what differs from every second to the next is in each.
 *
 * @returns at least one of them
 * @example
 * // HOLDFAST_TEST_SHARE=1/4
 * shareOf([1, 2, 3, 4, 5, 6, 7, 8]) // [2, 5]
 */
export function shareOf<One>(all: readonly One[], own = OWN, of = OF): One[] {
  const share = all.filter((_, at) => (at + Math.floor(at / of)) % of === own)
  return share.length > 0 ? share : [all[own % all.length]]
}

/** @throws Error on what is no share: a slip of the pen is not to leave tests out */
export function readShare(text: string): readonly [own: number, of: number] {
  const [own, of] = /^\d+\/\d+$/.test(text) ? text.split('/').map(Number) : [0, 0]
  if (own < of) return [own, of]
  throw new Error(
    `HOLDFAST_TEST_SHARE is "${text}". Write 0/4, 1/4, 2/4 or 3/4 for a fourth, or leave it out.`,
  )
}
