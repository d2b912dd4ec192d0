/**
 * Whether the groups are as large as their shares say. Where they are not, something treats them differently before
 * anything was done for them, and no result of theirs can be trusted.
 */
import { ratioChance } from '../../models/policy/power.ts'
import type { Transaction } from '../store/database.ts'
import { groupCounts, noteGroupCheck, type GroupCount } from '../store/group-counts.ts'
import { toldUntil, setToldUntil } from '../store/told.ts'
import { tell } from './tell.ts'

export const GROUP_NAMES = ['holdout', 'usual', 'policy'] as const

export interface GroupRatio {
  /** In the order of {@link GROUP_NAMES}. */
  readonly observed: readonly number[]
  readonly expected: readonly number[]
  /** That groups drawn as they should be differ by so much; 0 to 1. */
  readonly chance: number
  readonly alarm: boolean
}

/** Below it there is an alarm: shared/facts and the literature agree on it, since it is looked at often. */
const ALARM = 0.001

/**
 * @param of keys: as they were drawn; decided: of those, who was decided on
 * @example
 * ratioOf(await groupCounts(tx), 'keys').alarm // false
 */
export function ratioOf(counts: readonly GroupCount[], of: 'keys' | 'decided'): GroupRatio {
  const observed = GROUP_NAMES.map((name) =>
    counts.reduce((sum, one) => sum + (one.group === name ? one[of] : 0), 0),
  )
  // Customers who were drawn under other shares are expected by those.
  const expected = [0, 0, 0]
  for (const one of counts) {
    const shares = [one.holdout, one.usual, Math.max(0, 1 - one.holdout - one.usual)]
    shares.forEach((share, at) => (expected[at] += share * one[of]))
  }
  const chance = ratioChance(observed, expected)
  return { observed, expected, chance, alarm: chance < ALARM }
}

const WEEK = 7 * 86_400_000

/**
 * Tells of an alarm, once a week while it lasts. Safe to repeat.
 *
 * @returns whether there is one
 */
export async function tellRatio(tx: Transaction, now: Date): Promise<boolean> {
  const counts = await groupCounts(tx)
  const [drawn, decided] = [ratioOf(counts, 'keys'), ratioOf(counts, 'decided')]
  await noteGroupCheck(tx, { at: now, alarm: drawn.alarm || decided.alarm, drawn, decided })
  if (!drawn.alarm && !decided.alarm) return false
  const last = await toldUntil(tx, 'groups')
  if (last !== null && now.getTime() - last.getTime() < WEEK) return true
  await setToldUntil(tx, 'groups', now)
  const ratio = drawn.alarm ? drawn : decided
  const where = drawn.alarm ? 'as they were drawn' : 'among those who were decided on'
  const sizes = GROUP_NAMES.map(
    (name, at) => `${name} ${ratio.observed[at]} where ${ratio.expected[at].toFixed(1)} were to be expected`,
  )
  await tell(tx, {
    kind: 'groups.ratio',
    level: 'urgent',
    subject: 'The comparison groups are not as large as they should be',
    text: [
      `The groups ${where}: ${sizes.join('; ')}. By chance this happens once in ${Math.round(1 / Math.max(ratio.chance, 1e-9)).toLocaleString('en')} times.`,
      'Trust no result of them until the cause is found: customers who were taken out of one group only, a condition of the population that depends on what was sent, or rows that were changed by hand.',
    ].join('\n'),
    data: { drawn, decided },
    dedupKey: `groups ${now.toISOString().slice(0, 10)}`,
  })
  return true
}
