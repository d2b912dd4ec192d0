/**
 * Value: what each action is worth for each scored customer, as the served policy sees it. The churn model's
 * score becomes a monthly hazard, the file's context becomes the served state; what is unknown stays unknown.
 */
import { horizonToMonthlyHazard, snapshotToMonthlyHazard } from '../../models/churn/hazard.ts'
import type { ScoreMeaning } from '../../models/churn/model.ts'
import { STATE_SIZE, writeState } from '../../models/policy/state.ts'
import type { ServedPolicy } from '../../models/onnx/serve.ts'
import type { Population } from '../contracts/features.ts'
import type { ScoredTable } from './score.ts'

const BATCH_ROWS = 65_536
/** Hazards are kept away from 0 and 1, where odds end. */
const EDGE = 1e-6

/**
 * The monthly hazard of a score. A snapshot becomes one by proportional odds around the population's monthly
 * churn; where that was never measured (no tenure in the training data) the snapshot is taken for a year's.
 *
 * @example
 * hazardOf({ kind: 'horizon', days: 90 }, population)(0.06) // 0.0207
 */
export function hazardOf(meaning: ScoreMeaning, population: Population): (probability: number) => number {
  const inside = (p: number): number => Math.min(1 - EDGE, Math.max(EDGE, p))
  if (meaning.kind === 'horizon') return (p) => horizonToMonthlyHazard(inside(p), meaning.days)
  const { baseRate, monthlyRate } = population
  if (monthlyRate === null || !(baseRate > 0 && baseRate < 1))
    return (p) => horizonToMonthlyHazard(inside(p), 365)
  return (p) => snapshotToMonthlyHazard(inside(p), { baseRate, monthlyRate })
}

/** The served states of all customers, rows x STATE_SIZE. */
export function statesOf(book: ScoredTable, toHazard: (probability: number) => number): Float32Array {
  const states = new Float32Array(book.rows * STATE_SIZE)
  const { context } = book
  for (let row = 0; row < book.rows; row++) {
    writeState(states, row, {
      monthlyHazard: toHazard(book.probability[row]),
      contractMonths: context.contractMonths[row],
      tier: context.tier[row],
      tenureMonths: context.tenureMonths[row],
      monthlyCharge: context.monthlyCharge[row],
      interventions: context.interventions[row],
      daysSinceContact: context.daysSinceContact[row],
      responseRate: context.responseRate[row],
      engagement: context.engagement[row],
      monthsToNotice: context.monthsToNotice[row],
    })
  }
  return states
}

/** The value of each action for each state, rows x actions, computed in the serving threads. */
export async function valuesOf(
  policy: ServedPolicy,
  states: Float32Array,
  rows: number,
): Promise<Float32Array> {
  const width = policy.bundle.actions.length
  const out = new Float32Array(rows * width)
  const parts: Promise<void>[] = []
  for (let from = 0; from < rows; from += BATCH_ROWS) {
    const count = Math.min(BATCH_ROWS, rows - from)
    const part = states.subarray(from * STATE_SIZE, (from + count) * STATE_SIZE)
    parts.push(
      policy.values(part, count).then((values) => {
        out.set(values.subarray(0, count * width), from * width)
      }),
    )
  }
  await Promise.all(parts)
  return out
}
