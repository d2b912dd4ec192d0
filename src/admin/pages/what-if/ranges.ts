/** From where to where something is tried. */
import type { WhatIfAnswer } from '../../../server/api/what-if-shapes.ts'
import type { Base } from './change.ts'

/** Minor units: twice what is there or is spent, rounded up to a figure that reads well. */
export function budgetTop({ budgetMinor }: Base, { spendMinor }: WhatIfAnswer['now']): number {
  return roundUp(2 * Math.max(budgetMinor ?? 0, spendMinor, 10_000))
}

/**
 * To 1, 2 or 5 times a power of ten.
 *
 * @example
 * roundUp(280_538) // 500_000
 */
function roundUp(value: number): number {
  const power = 10 ** Math.floor(Math.log10(Math.max(1, value)))
  return power * ([1, 2, 5].find((times) => times * power >= value) ?? 10)
}

/** Whole numbers from 0 on, each once. */
export function steps(top: number, count: number): readonly number[] {
  return [...new Set(Array.from({ length: count }, (_, at) => Math.round((top * at) / (count - 1))))]
}
