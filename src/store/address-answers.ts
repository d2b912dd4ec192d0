/** What was said of addresses, many at once: as {@link consentOf} and {@link suppressionOf} have it for one. */
import { PLAYED_YES } from './consents.ts'
import type { ConsentChannel, ConsentStatus } from './consents.ts'
import type { Transaction } from './database.ts'
import type { SuppressionReason } from './suppressions.ts'

export interface Address {
  /** Of `hashAddress` (src/security/address-hash.ts). */
  readonly hash: Buffer
  readonly channel: ConsentChannel
}

export interface AddressAnswer {
  readonly consent: ConsentStatus | null
  /** The same without what was agreed to in a sandbox, where nobody agrees to anything: what counts in earnest. */
  readonly liveConsent: ConsentStatus | null
  readonly suppressed: SuppressionReason | null
}

export interface AddressAnswers {
  /** Of an address that was asked for; nothing is known of any other. */
  of(hash: Buffer, channel: ConsentChannel): AddressAnswer
}

const UNKNOWN: AddressAnswer = { consent: null, liveConsent: null, suppressed: null }

/**
 * @example
 * const answers = await addressAnswers(tx, [{ hash, channel: 'email' }])
 * answers.of(hash, 'email').consent // 'granted'
 */
export async function addressAnswers(
  tx: Transaction,
  addresses: readonly Address[],
): Promise<AddressAnswers> {
  const keyOf = (hash: Buffer, channel: ConsentChannel): string => `${channel} ${hash.toString('hex')}`
  const wanted = new Map(addresses.map((one) => [keyOf(one.hash, one.channel), one]))
  if (wanted.size === 0) return { of: () => UNKNOWN }
  const list = [...wanted.values()]
  const rows = await tx.prepared<AddressAnswer & { hash: Buffer; channel: ConsentChannel }>(
    `select a.hash, a.channel,
       (select n.status from consents n
        where n.tenant_id = $1 and n.address_hash = a.hash and n.channel = a.channel
        order by n.changed_at desc, (n.status = 'refused') desc limit 1) as consent,
       (select n.status from consents n
        where n.tenant_id = $1 and n.address_hash = a.hash and n.channel = a.channel and not ${PLAYED_YES}
        order by n.changed_at desc, (n.status = 'refused') desc limit 1) as "liveConsent",
       (select u.reason from suppressions u
        where u.tenant_id = $1 and u.address_hash = a.hash and u.channel = a.channel) as suppressed
     from unnest($2::bytea[], $3::text[]) as a (hash, channel)`,
    [tx.tenant, list.map(({ hash }) => hash), list.map(({ channel }) => channel)],
  )
  const known = new Map(rows.map((row) => [keyOf(row.hash, row.channel), row]))
  return { of: (hash, channel) => known.get(keyOf(hash, channel)) ?? UNKNOWN }
}
