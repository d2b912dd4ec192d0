/** What each column may be, name and values together, and which column feeds which feature. */
import type { ColumnProfile, TableProfile } from '../../src/contracts/table.ts'
import type { CanonicalFeature } from './dictionary.ts'
import type { Fit } from './evidence.ts'
import { fitValues } from './evidence.ts'
import { columnMatches } from './header.ts'
import type { MappedColumn } from './mapping-file.ts'

/** Below this confidence a column is not taken for a canonical feature. */
export const ENOUGH = 0.5

export interface Candidate {
  readonly entry: CanonicalFeature
  readonly fit: Fit
  readonly confidence: number
  readonly why: string
}

/** The readings of a column, surest first. */
export function candidatesFor(column: ColumnProfile, rows: number): Candidate[] {
  return columnMatches(column)
    .flatMap((match) => {
      const fit = fitValues(match, column, rows)
      if (!fit) return []
      const why = fit.why === '' ? match.why : `${match.why}; ${fit.why}`
      return [{ entry: match.entry, fit, confidence: Math.round(match.score * fit.factor * 100) / 100, why }]
    })
    .sort((a, b) => b.confidence - a.confidence)
}

/** Which column feeds which canonical feature: greedily by confidence, so each side is used once. */
export function feeders(
  profile: TableProfile,
  candidates: readonly Candidate[][],
  settled: ReadonlyMap<string, MappedColumn>,
  taken: ReadonlySet<string | undefined>,
): ReadonlyMap<string, Candidate> {
  const columns = new Map<string, Candidate>()
  const features = new Set([...settled.values()].map((entry) => entry.feature))
  const pairs = profile.columns.flatMap((column, order) => {
    // A protected or outcome reading that is surer than the feature keeps the column out.
    const out = candidates[order].find(({ entry }) => !feeds(entry))
    return taken.has(column.header)
      ? []
      : candidates[order]
          .filter(
            (found) =>
              feeds(found.entry) && found.confidence >= ENOUGH && found.confidence >= (out?.confidence ?? 0),
          )
          .map((found) => ({ column, order, found }))
  })
  pairs.sort((a, b) => b.found.confidence - a.found.confidence || a.order - b.order)
  for (const { column, found } of pairs) {
    if (columns.has(column.header) || features.has(found.entry.name)) continue
    columns.set(column.header, found)
    features.add(found.entry.name)
  }
  return columns
}

/** Whether an entry is read at all; of the others only the role matters. */
export function feeds(entry: CanonicalFeature): boolean {
  return entry.kind !== 'any'
}
