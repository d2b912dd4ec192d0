/** How stored properties are read: where that changes, the same properties mean something else. */
import { asOfDay } from '../../models/features/as-of.ts'
import { canonicalJson } from '../../models/canonical-json.ts'
import type { Mapping } from '../../models/features/mapping-file.ts'
import type { TableProfile } from '../contracts/table.ts'

/**
 * @param today days since 1970-01-01
 * @returns equal for two readings under which equal properties give equal features
 */
export function readingOf(profile: TableProfile, mapping: Mapping, today: number): string {
  const used = mapping.columns.filter(({ use }) => use === 'feature' || use === 'context')
  const columns = used.map(({ column, feature, kind, unit, inverted, values, blanks }) => {
    const found = profile.columns.find(({ header }) => header === column)
    return {
      column,
      feature,
      kind,
      unit,
      inverted,
      values,
      blanks,
      written: {
        kind: found?.kind,
        number: found?.numberFormat,
        percent: found?.percent,
        date: found?.dateFormat,
      },
    }
  })
  return canonicalJson({ asOf: asOfDay(profile, mapping, today)?.day ?? null, columns })
}
