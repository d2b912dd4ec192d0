/** The level thresholds of a connection: from the settings and the model, and with a capacity from the whole book. */
import { z } from 'zod'
import { levelThresholds, type LevelSetting, type LevelThresholds } from '../../models/churn/levels.ts'

const stored = z.object({
  high: z.number(),
  medium: z.number(),
  strict: z.boolean(),
  highBy: z.enum(['multiple', 'fixed', 'capacity']),
})

/** As they were saved with the connection; null where there are none, or such as nobody can read. */
export function storedThresholds(value: unknown): LevelThresholds | null {
  return stored.safeParse(value).data ?? null
}

/** Whether thresholds depend on everybody's probability. */
export function hasCapacity({ capacity }: LevelSetting): boolean {
  return capacity?.customers !== undefined || capacity?.share !== undefined
}

/**
 * What a single rescoring compares with: the thresholds in force as long as settings and model are those that they
 * were made under, else what settings and model say without a look at the book.
 *
 * @param baseRate of the model's population
 */
export function thresholdsInForce(
  setting: LevelSetting,
  baseRate: number,
  saved: LevelThresholds | null,
): LevelThresholds {
  const { capacity: _, ...unbounded } = setting
  const wished = levelThresholds(unbounded, baseRate)
  if (saved === null || !hasCapacity(setting)) return wished
  const sameRule = saved.medium === wished.medium && saved.strict === wished.strict
  return sameRule && saved.high >= wished.high ? saved : wished
}

export function sameThresholds(one: LevelThresholds | null, other: LevelThresholds): boolean {
  return one?.high === other.high && one.medium === other.medium && one.strict === other.strict
}
