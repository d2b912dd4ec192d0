/** The rows of a retention plan: the reference columns first, then what Holdfast adds, then what was asked for. */
import type { PlanColumn, PlanWriter } from '../../connectors/csv/plan-file.ts'
import type { ReasonWriter } from '../../models/churn/explain/sentence.ts'
import { levelOf, type LevelThresholds } from '../../models/churn/levels.ts'
import type { Book } from '../loop/book.ts'
import type { Plan } from '../loop/decide.ts'

const own: readonly PlanColumn[] = [
  { name: 'CustomerID', type: 'text' },
  { name: 'Tenure', type: 'number', decimals: 2 },
  { name: 'MonthlyCharges', type: 'number', decimals: 2 },
  { name: 'ChurnProbability', type: 'number', decimals: 4 },
  { name: 'RiskLevel', type: 'text' },
  { name: 'ActionID', type: 'integer' },
  { name: 'RecommendedAction', type: 'text' },
  { name: 'ActionCost', type: 'number', decimals: 2 },
  { name: 'Reasons', type: 'text' },
  { name: 'ExpectedValue', type: 'number', decimals: 2 },
  { name: 'Propensity', type: 'number', decimals: 6 },
  { name: 'DataConfidence', type: 'number', decimals: 2 },
  { name: 'ModelVersion', type: 'text' },
]

/**
 * @param carried names of the file's own columns that go along; one that a column of the plan has already is
 *   told apart, since spreadsheets and Parquet know no case
 * @example
 * planColumns(['Region', 'tenure']).at(-1)?.name // 'tenure (file)'
 */
export function planColumns(carried: readonly string[]): readonly PlanColumn[] {
  const taken = new Set(own.map(({ name }) => name.toLowerCase()))
  return [
    ...own,
    ...carried.map((column): PlanColumn => {
      let name = column
      while (taken.has(name.toLowerCase())) name += ' (file)'
      taken.add(name.toLowerCase())
      return { name, type: 'text' }
    }),
  ]
}

export interface PlanRows {
  readonly book: Book
  readonly decided: Plan
  readonly thresholds: LevelThresholds
  readonly write: ReasonWriter
}

/** Rows rendered at a time: sentences are made when they are written, so that a million need no memory. */
const STRIDE = 8192

export async function writePlan(
  file: PlanWriter,
  { book, decided, thresholds, write }: PlanRows,
  onProgress: (done: number, total: number) => void,
): Promise<void> {
  const { scored, model, policy } = book
  const { rows, context, probability, reasons, frame } = scored
  const names = decided.summary.actions.map(({ name }) => name)
  const version = `${model.name}@${model.version}+${model.hash.slice(0, 8)}/${policy.version}`
  for (let from = 0; from < rows; from += STRIDE) {
    const to = Math.min(rows, from + STRIDE)
    const text = (make: (row: number) => string): string[] =>
      Array.from({ length: to - from }, (_, i) => make(from + i))
    await file.append([
      scored.ids.slice(from, to),
      context.tenureMonths.subarray(from, to),
      context.monthlyCharge.subarray(from, to),
      probability.subarray(from, to),
      text((row) => levelOf(probability[row], thresholds)),
      decided.action.subarray(from, to),
      text((row) => names[decided.action[row]]),
      decided.plannedCost.subarray(from, to),
      text((row) => write.cell(reasons, row, frame)),
      decided.expectedValue.subarray(from, to),
      decided.propensity.subarray(from, to),
      scored.dataConfidence.subarray(from, to),
      text(() => version),
      ...scored.carried.map((column) => column.slice(from, to)),
    ])
    onProgress(to, rows)
  }
}
