/**
 * Which mails of the sandbox inbox are a tenant's. The inbox is one for the installation; a mail belongs to the
 * tenant whose intervention it carries out, and its Message-ID names that one (actions/email/compose.ts).
 */
import type { CustomerId, InterventionId } from '../../contracts/ids.ts'
import type { Transaction } from '../database.ts'

export interface MailOwner {
  readonly intervention: InterventionId
  readonly customer: CustomerId
  readonly customerName: string | null
  /** First 40 digits of the SHA-256 of the intervention's id. */
  readonly digest: string
}

/**
 * @param digests what stands before the @ of each Message-ID
 * @param since when the oldest of the mails arrived: nothing that last moved long before it is looked at
 * @returns those that are this tenant's
 */
export async function mailOwners(
  tx: Transaction,
  digests: readonly string[],
  since: Date,
): Promise<ReadonlyMap<string, MailOwner>> {
  if (digests.length === 0) return new Map()
  const rows = await tx.query<MailOwner>(
    `select i.id as intervention, i.customer_id as customer, c.name as "customerName", i.digest
     from (
       select tenant_id, id, customer_id, left(encode(sha256(convert_to(id::text, 'UTF8')), 'hex'), 40) as digest
       from interventions
       where tenant_id = $1 and updated_at >= $3::timestamptz - interval '1 day' and sending_at is not null
     ) i join customers c on c.tenant_id = i.tenant_id and c.id = i.customer_id
     where i.digest = any($2::text[])`,
    [tx.tenant, digests, since],
  )
  return new Map(rows.map((row) => [row.digest, row]))
}
