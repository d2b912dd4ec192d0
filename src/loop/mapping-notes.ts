/** What in an edited mapping has no effect on a file: most often a name that is misspelt. */
import { canonical, dictionary } from '../../models/features/dictionary.ts'
import type { Mapping } from '../../models/features/mapping-file.ts'
import { strayColumns } from '../../models/features/training.ts'
import { nearestNames } from '../../models/features/words.ts'
import type { Feature } from '../contracts/features.ts'
import type { TableProfile } from '../contracts/table.ts'

/**
 * @param features of the model that the file is scored with
 * @returns a sentence each
 */
export function mappingNotes(
  profile: TableProfile,
  mapping: Mapping,
  features: readonly Feature[],
): readonly string[] {
  const own = new Set(features.map(({ name }) => name))
  const known = [...own, ...dictionary.map(({ name }) => name)]
  const unknown = mapping.columns.filter(
    ({ use, feature, column }) =>
      (use === 'feature' || use === 'context') &&
      feature !== undefined &&
      feature !== column &&
      !own.has(feature) &&
      canonical(feature) === undefined,
  )
  return [
    ...strayColumns(profile, mapping),
    ...unknown.map(({ column, feature }) => {
      const [near] = nearestNames(feature!, known, 1)
      const hint = near === undefined ? '' : ` Did you mean "${near}"?`
      return `The mapping reads "${column}" as "${feature}", which this model does not know, so the column is not used.${hint}`
    }),
  ]
}
