/** The target and the id that a file most likely has, where nobody named them. */
import type { ColumnProfile, TableProfile } from '../../src/contracts/table.ts'
import type { Candidate } from './candidates.ts'
import { ENOUGH } from './candidates.ts'

/** Below it a column is not proposed as the target by itself. */
const SURE = 0.65

/** The column that most plainly says who left. */
export function likelyTarget(profile: TableProfile, candidates: readonly Candidate[][]): string | undefined {
  return surest(profile, candidates, ({ entry, confidence }) => entry.role === 'target' && confidence >= SURE)
}

/** The surest id that has a value of its own in (nearly) every row; without one, the first text column that has. */
export function likelyId(
  profile: TableProfile,
  candidates: readonly Candidate[][],
  target: string | undefined,
): string | undefined {
  const unique = (column: ColumnProfile): boolean =>
    column.missing === 0 && column.distinct >= 0.9 * profile.rows
  const named = surest(
    profile,
    candidates,
    ({ entry }, column) => entry.role === 'id' && column.header !== target && unique(column),
  )
  if (named !== undefined) return named
  const loose = surest(
    profile,
    candidates,
    ({ entry }, column) =>
      entry.role === 'id' && column.header !== target && column.distinct >= 0.5 * profile.rows,
  )
  if (loose !== undefined || profile.rows < 2) return loose
  return profile.columns.find(
    (column, i) =>
      (column.kind === 'text' || column.kind === 'category') &&
      unique(column) &&
      column.header !== target &&
      candidates[i].length === 0,
  )?.header
}

function surest(
  profile: TableProfile,
  candidates: readonly Candidate[][],
  passes: (found: Candidate, column: ColumnProfile) => boolean,
): string | undefined {
  let best: { header: string; confidence: number } | undefined
  for (const [i, column] of profile.columns.entries()) {
    const found = candidates[i].find((candidate) => passes(candidate, column))
    // The column's first reading counts: "cancelled" may be a status too, but not when it reads better as something else.
    if (!found || found.confidence < ENOUGH || found.confidence < candidates[i][0].confidence) continue
    const confidence = found.confidence + customerBonus(column.header)
    if (!best || confidence > best.confidence) best = { header: column.header, confidence }
  }
  return best?.header
}

/** Of several ids the customer's own wins over the contract's or the deal's. */
function customerBonus(header: string): number {
  return /customer|client|cust|kunde|account|company|^id$|object|record/iu.test(header) ? 0.005 : 0
}
