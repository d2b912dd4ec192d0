/** The currency that a file says its amounts are in. */
import type { Mapping } from '../../models/features/mapping-file.ts'
import { isCurrency } from '../contracts/money.ts'
import type { TableProfile } from '../contracts/table.ts'

/**
 * @returns the ISO codes of the file's currency column, most frequent first; none where it has no such column,
 *   or one that holds something else
 * @example
 * currenciesOf(profile, mapping) // ['EUR']
 */
export function currenciesOf(profile: TableProfile, mapping: Mapping): readonly string[] {
  const entry = mapping.columns.find(({ use, feature }) => use === 'context' && feature === 'currency')
  const column = profile.columns.find(({ header }) => header === entry?.column)
  const codes = column?.values.map(({ value }) => value.trim().toUpperCase()) ?? []
  return codes.every(isCurrency) ? [...new Set(codes)] : []
}
