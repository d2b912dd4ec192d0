/** A mapping as somebody changes it: which field feeds which feature from now on, over the mapping in force. */
import type { MappingAnswer } from '../../../server/api/setup-mapping.ts'

export type MappedFeature = MappingAnswer['features'][number]
export type MappedColumn = MappingAnswer['columns'][number]

/** By feature: the field that feeds it; null: none does. */
export type MappingDraft = Readonly<Record<string, string | null>>

/** What a mapping was when somebody began to change it. */
export interface MappingBase {
  readonly mark: string
  /** By feature. */
  readonly fed: Readonly<Record<string, string | null>>
}

export interface MappingChange {
  readonly column: string
  readonly feature: string | null
}

export const baseOf = ({ mark, features }: MappingAnswer): MappingBase => ({
  mark,
  fed: Object.fromEntries(features.map(({ feature, mapped }) => [feature, mapped?.column ?? null])),
})

/** What feeds a feature with the draft laid over. */
export function feeds({ feature, mapped }: MappedFeature, draft: MappingDraft): string | null {
  const chosen = draft[feature]
  return chosen === undefined ? (mapped?.column ?? null) : chosen
}

/**
 * As the API takes them; what is as it was already is no change.
 *
 * @example
 * changesOf(mapping, { recurringAmount: 'arr' }) // [{ column: 'arr', feature: 'recurringAmount' }]
 */
export function changesOf({ features }: MappingAnswer, draft: MappingDraft): readonly MappingChange[] {
  const given = features.flatMap(({ feature, mapped }): MappingChange[] => {
    const chosen = draft[feature]
    if (chosen === undefined || chosen === (mapped?.column ?? null)) return []
    return [chosen === null ? { column: mapped!.column, feature: null } : { column: chosen, feature }]
  })
  // A field that is taken from one feature and given to another is given: it need not be taken first.
  return given.filter(
    ({ column, feature }) =>
      feature !== null || given.every((one) => one.feature === null || one.column !== column),
  )
}

export interface MappingDifference {
  readonly feature: string
  readonly label: string
  readonly before: string | null
  readonly after: string | null
}

/** What somebody else changed since. */
export function changedSince(
  { features }: MappingAnswer,
  { fed }: MappingBase,
): readonly MappingDifference[] {
  return features.flatMap(({ feature, label, mapped }) => {
    const [before, after] = [fed[feature] ?? null, mapped?.column ?? null]
    return before === after ? [] : [{ feature, label, before, after }]
  })
}
