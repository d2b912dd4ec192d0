/** What is tried out, as the address keeps it and as the API takes it. */
import type { Change, WhatIfAnswer } from '../../../server/api/what-if-shapes.ts'

export type { Change }
export type Base = WhatIfAnswer['base']

export const NOTHING_CHANGED: Change = { costTimes: {}, durationMonths: {}, capacity: {} }

/** From the address; what cannot be read there changes nothing, and what makes no sense the API refuses. */
export function changeIn(text: string | undefined): Change {
  if (text === undefined) return NOTHING_CHANGED
  try {
    const given: unknown = JSON.parse(text)
    return typeof given === 'object' && given !== null && !Array.isArray(given)
      ? { ...NOTHING_CHANGED, ...given }
      : NOTHING_CHANGED
  } catch {
    return NOTHING_CHANGED
  }
}

/** For the address; null: nothing is changed. */
export function changeText(change: Change): string | null {
  const said = Object.fromEntries(
    Object.entries(change).filter(
      ([, value]) =>
        value !== undefined && (typeof value !== 'object' || value === null || Object.keys(value).length > 0),
    ),
  )
  return Object.keys(said).length === 0 ? null : JSON.stringify(said)
}

type ByAction = 'costTimes' | 'durationMonths' | 'capacity'

/**
 * One field for one action; as the settings have it is no change.
 *
 * @param now what the settings have
 */
export function forAction<Of extends ByAction>(
  change: Change,
  of: Of,
  key: string,
  value: Change[Of][string],
  now: Change[Of][string],
): Change {
  const { [key]: _before, ...rest } = change[of]
  return { ...change, [of]: value === now ? rest : { ...rest, [key]: value } }
}

type Field = 'budgetMinor' | 'cooldownDays' | 'contactsPerPeriod' | 'gateThreshold'

/** One field for all; as the settings have it is no change. */
export function withField<Of extends Field>(
  change: Change,
  of: Of,
  value: Exclude<Change[Of], undefined>,
  now: Exclude<Change[Of], undefined>,
): Change {
  const next: Change = { ...change, [of]: value }
  if (value === now) delete next[of]
  return next
}

/** The factor on every cost; null where they differ. */
export function commonFactor({ costTimes }: Change, { actions }: Base): number | null {
  const factors = new Set(actions.map(({ key }) => costTimes[key] ?? 1))
  const [only] = factors
  return factors.size === 1 && only !== undefined ? only : null
}

export const withFactor = (change: Change, { actions }: Base, times: number): Change => ({
  ...change,
  costTimes: times === 1 ? {} : Object.fromEntries(actions.map(({ key }) => [key, times])),
})
