/** Addresses that nothing is sent to any more, whatever a consent says: one row an address and channel. */
import type { ConsentChannel } from './consents.ts'
import type { Transaction } from './database.ts'

export type SuppressionReason = 'unsubscribed' | 'bounced' | 'complained' | 'erased' | 'by_hand'

export interface Suppression {
  /** Of `hashAddress` (src/security/address-hash.ts). */
  readonly hash: Buffer
  readonly channel: ConsentChannel
  readonly reason: SuppressionReason
  /** Where it comes from: `unsubscribe`, a provider's code, a person. */
  readonly source: string
}

/**
 * The first reason stays.
 *
 * @returns whether it was not suppressed before
 */
export async function suppress(
  tx: Transaction,
  { hash, channel, reason, source }: Suppression,
): Promise<boolean> {
  const added = await tx.query(
    `insert into suppressions (tenant_id, address_hash, channel, reason, source) values ($1, $2, $3, $4, $5)
     on conflict do nothing returning channel`,
    [tx.tenant, hash, channel, reason, source],
  )
  return added.length > 0
}

/** Why nothing is sent to an address; null when something may be. */
export async function suppressionOf(
  tx: Transaction,
  hash: Buffer,
  channel: ConsentChannel,
): Promise<SuppressionReason | null> {
  const [row] = await tx.query<{ reason: SuppressionReason }>(
    'select reason from suppressions where tenant_id = $1 and address_hash = $2 and channel = $3',
    [tx.tenant, hash, channel],
  )
  return row?.reason ?? null
}

export async function isSuppressed(tx: Transaction, hash: Buffer, channel: ConsentChannel): Promise<boolean> {
  return (await suppressionOf(tx, hash, channel)) !== null
}
