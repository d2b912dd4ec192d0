/** Whether an address may be written to: suppression stops everything, and nothing goes out live without a yes. */
import type { ConsentChannel, ConsentStatus } from '../store/consents.ts'
import { consentOf } from '../store/consents.ts'
import type { Transaction } from '../store/database.ts'
import { suppressionOf, type SuppressionReason } from '../store/suppressions.ts'

export interface Refusal {
  readonly code: 'suppressed' | 'consent_refused' | 'no_consent'
  /** A clause: "the address is on the suppression list (bounced)". */
  readonly because: string
}

/**
 * @param live a message to the person itself: no consent on record is a no, not only a refusal
 * @returns null when it may be written to
 * @example
 * refusalOf({ consent: null, suppressed: null, live: false }) // null
 * refusalOf({ consent: null, suppressed: null, live: true })?.code // 'no_consent'
 */
export function refusalOf({
  consent,
  suppressed,
  live,
}: {
  consent: ConsentStatus | null
  suppressed: SuppressionReason | null
  live: boolean
}): Refusal | null {
  if (suppressed !== null)
    return { code: 'suppressed', because: `the address is on the suppression list (${suppressed})` }
  if (consent === 'refused') return { code: 'consent_refused', because: 'the person refused' }
  if (live && consent === null) return { code: 'no_consent', because: 'no consent is on record' }
  return null
}

/** {@link refusalOf} for an address as the database knows it in this transaction. */
export async function refusalFor(
  tx: Transaction,
  { hash, channel, live }: { hash: Buffer; channel: ConsentChannel; live: boolean },
): Promise<Refusal | null> {
  const suppressed = await suppressionOf(tx, hash, channel)
  return refusalOf({ suppressed, consent: await consentOf(tx, hash, channel), live })
}
