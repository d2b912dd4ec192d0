/** What callbacks of an SMS provider have to find in the ledger. */
import type { InterventionId } from '../contracts/ids.ts'
import type { Transaction } from './database.ts'

export interface SentText {
  readonly id: InterventionId
  /** BCP 47, of the text. */
  readonly language: string | null
  readonly delivery: string | null
  /** Of the number that it went to. */
  readonly hash: Buffer | null
}

/** The text of an intervention; null: there is no such one. */
export async function textOf(tx: Transaction, id: InterventionId): Promise<SentText | null> {
  const [row] = await tx.query<SentText>(
    `select id, message ->> 'language' as language, message ->> 'delivery' as delivery, address_hash as hash
     from interventions where tenant_id = $1 and id = $2 and channel = 'sms'`,
    [tx.tenant, id],
  )
  return row ?? null
}

/** The last text that is known to have gone to a number within a year: what an answer is an answer to. */
export async function lastTextTo(tx: Transaction, hash: Buffer): Promise<SentText | null> {
  const [row] = await tx.query<SentText>(
    `select id, message ->> 'language' as language, message ->> 'delivery' as delivery, address_hash as hash
     from interventions
     where tenant_id = $1 and address_hash = $2 and channel = 'sms' and state in ('sent', 'confirmed')
       and sent_at > now() - interval '1 year'
     order by sent_at desc limit 1`,
    [tx.tenant, hash],
  )
  return row ?? null
}

/**
 * Keeps what the provider calls a text whose worker never wrote it down, so that the provider can be asked for it.
 *
 * @returns whether it was news
 */
export async function learnProviderId(
  tx: Transaction,
  id: InterventionId,
  providerId: string,
): Promise<boolean> {
  const learned = await tx.query(
    `update interventions set provider_id = $3, updated_at = now()
     where tenant_id = $1 and id = $2 and provider_id is null and state in ('sending', 'uncertain', 'sent')
     returning id`,
    [tx.tenant, id, providerId],
  )
  return learned.length > 0
}
