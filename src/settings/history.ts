/** Settings of an earlier day, read today: fields that came since have their defaults, and what no longer fits is told. */
import { changed, changesOf, type Change } from './changes.ts'
import { stepsOf } from './path.ts'
import { actionsOf, reportingCurrency } from './planning.ts'
import { problemsOf, type SettingProblem } from './problems.ts'
import { settingsFields } from './sections.ts'
import { serviceSettingsSchema, type ServiceSettings } from './service-schema.ts'
import type { WordsOf } from './words.ts'

export interface Today {
  /** Complete; of what does not fit as it was saved. */
  readonly settings: unknown
  /** The same where all of it fits. */
  readonly valid: ServiceSettings | null
  readonly problems: readonly SettingProblem[]
}

/**
 * @param saved as a version keeps it
 * @example
 * asToday({ budget: -1 }).problems // [{ path: 'budget', message: 'At least 0.' }]
 */
export function asToday(saved: unknown): Today {
  const result = serviceSettingsSchema.safeParse(saved)
  if (result.success) return { settings: result.data, valid: result.data, problems: [] }
  const kept = settingsFields().flatMap(({ path }) => {
    const steps = stepsOf(path)
    const value = steps.reduce<unknown>(
      (at, step) => (typeof at === 'object' && at !== null ? Reflect.get(at, step) : undefined),
      saved,
    )
    return value === undefined ? [] : [{ steps, after: value }]
  })
  return {
    settings: changed(settingsFields(), serviceSettingsSchema.parse({}), kept),
    valid: null,
    problems: problemsOf(settingsFields(), result.error.issues),
  }
}

/** What differs between two versions as they were saved. */
export function changesBetween(before: Today, after: Today): readonly Change[] {
  return changesOf(settingsFields(), before.settings, after.settings)
}

/** How amounts and actions of these settings are called. */
export function wordsOf(...settings: readonly (ServiceSettings | null)[]): WordsOf {
  const known = settings.find((one) => one !== null) ?? serviceSettingsSchema.parse({})
  const actions = settings.flatMap((one) => (one === null ? [] : actionsOf(one)))
  return { currency: reportingCurrency(known), actions }
}
