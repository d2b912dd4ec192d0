/** What the policy knows of every customer of a book: the batches' columns, joined. */
import type { PolicyContext } from '../../models/features/context.ts'

const columns = [
  'contractMonths',
  'tier',
  'tenureMonths',
  'monthlyCharge',
  'interventions',
  'daysSinceContact',
  'responseRate',
  'engagement',
  'monthsToNotice',
  'emailConsent',
  'smsConsent',
  'callConsent',
  'profilingConsent',
  'openDispute',
  'paymentFailures',
  'discountInForce',
  'openNegotiation',
  'runningSequence',
  'urgentTicket',
  'vulnerable',
] as const satisfies readonly (keyof PolicyContext)[]

export function createBookContext(rows: number): PolicyContext {
  return Object.fromEntries(columns.map((name) => [name, new Float32Array(rows)])) as Record<
    (typeof columns)[number],
    Float32Array
  >
}

/** Copies a batch's columns to their place. */
export function copyContext(from: PolicyContext, to: PolicyContext, offset: number, rows: number): void {
  for (const name of columns) to[name].set(from[name].subarray(0, rows), offset)
  // Who is bound from month to month can leave at any time: that is known, not missing.
  for (let row = offset; row < offset + rows; row++)
    if (to.contractMonths[row] === 1) to.monthsToNotice[row] = 0
}
