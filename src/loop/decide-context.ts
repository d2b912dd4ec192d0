/**
 * What masks look at, as the columns that they take: from what a record of the CRM says. The ledger and the
 * addresses, which only the store knows, are laid over it when a decision is made.
 */
import type { PolicyContext } from '../../models/features/context.ts'
import type { MaskContext } from '../../models/policy/masks.ts'

const names = [
  'emailConsent',
  'smsConsent',
  'callConsent',
  'profilingConsent',
  'openDispute',
  'paymentFailures',
  'discountInForce',
  'daysSinceContact',
  'monthsToNotice',
] as const satisfies readonly (keyof PolicyContext)[]

/** The columns of a context that masks look at. */
export type MaskedColumns = Readonly<Record<(typeof names)[number], Float32Array>>

/** What is known of one customer, by the names of {@link PolicyContext}; absent or NaN is unknown. */
export type KnownContext = Readonly<Partial<Record<keyof PolicyContext, number>>>

/** Records as columns. */
export function columnsOf(records: readonly KnownContext[]): MaskedColumns {
  const columns = Object.fromEntries(names.map((name) => [name, new Float32Array(records.length)])) as Record<
    (typeof names)[number],
    Float32Array
  >
  for (const name of names) {
    const column = columns[name]
    for (let row = 0; row < records.length; row++) column[row] = records[row][name] ?? NaN
  }
  return columns
}

/**
 * @param daysIntoPeriod days that have passed in the decision period, today included: `daysIntoPeriod` of planning.ts
 * @example
 * maskContextOf(columnsOf([{ openDispute: 1 }]), 20).dispute // Float32Array [1]
 */
export function maskContextOf(
  context: MaskedColumns,
  daysIntoPeriod: number,
): Omit<MaskContext, 'rows' | 'recurring'> {
  return {
    consent: { email: context.emailConsent, sms: context.smsConsent, task: context.callConsent },
    daysSinceContact: context.daysSinceContact,
    // A record tells of the last contact only: that there was at least one in this period.
    contactsInPeriod: context.daysSinceContact.map((days) =>
      days < daysIntoPeriod ? 1 : days >= daysIntoPeriod ? 0 : NaN,
    ),
    // A discount that runs is one that was given.
    discountsLastYear: context.discountInForce.map((share) => (share > 0 ? 1 : NaN)),
    monthsToNotice: context.monthsToNotice,
    paymentFailed: context.paymentFailures,
    // An objection to profiling stops everything that follows from a score.
    suppressed: context.profilingConsent.map((consent) => (consent === 0 ? 1 : 0)),
    dispute: context.openDispute,
    discountInForce: context.discountInForce,
  }
}
