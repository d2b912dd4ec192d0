/** Addresses that nothing is sent to any more, whatever a consent says: one row an address and channel. */
import { PLAYED, type ConsentChannel } from './consents.ts'
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
 * The first reason stays, but for a weaker one of what is heard of messages: an address that unsubscribed and then
 * bounced or complained is not written to again because somebody subscribes anew.
 *
 * @returns whether it was not suppressed before
 */
export async function suppress(
  tx: Transaction,
  { hash, channel, reason, source }: Suppression,
): Promise<boolean> {
  const [row] = await tx.query<{ added: boolean }>(
    `insert into suppressions (tenant_id, address_hash, channel, reason, source) values ($1, $2, $3, $4, $5)
     on conflict (tenant_id, address_hash, channel) do update set reason = excluded.reason, source = excluded.source
     where suppressions.reason = 'unsubscribed' and excluded.reason <> 'unsubscribed'
       or suppressions.reason = 'bounced' and excluded.reason = 'complained'
     returning xmax = 0 as added`,
    [tx.tenant, hash, channel, reason, source],
  )
  return row?.added ?? false
}

/**
 * Takes an address off the list again that is on it for having unsubscribed, and for nothing else.
 *
 * @param rehearsal in a sandbox, where only what was said in one is taken back
 * @returns whether it was
 */
export async function liftUnsubscribed(
  tx: Transaction,
  { hash, channel, rehearsal }: Pick<Suppression, 'hash' | 'channel'> & { readonly rehearsal: boolean },
): Promise<boolean> {
  const lifted = await tx.query(
    `delete from suppressions where tenant_id = $1 and address_hash = $2 and channel = $3 and reason = 'unsubscribed'
       and (not $4::boolean or right(source, length($5)) = $5)
     returning channel`,
    [tx.tenant, hash, channel, rehearsal, PLAYED],
  )
  return lifted.length > 0
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
