/**
 * Which texts of the SMS sandbox are a tenant's. The sandbox is one for the installation; a text belongs to the tenant
 * whose intervention it carries out, and the address that it reports to names that one.
 */
import type { CustomerId, InterventionId } from '../../contracts/ids.ts'
import type { Transaction } from '../database.ts'

export interface TextOwner {
  readonly intervention: InterventionId
  readonly customer: CustomerId
  readonly customerName: string | null
}

/** @returns those of the interventions that are this tenant's, by id */
export async function textOwners(
  tx: Transaction,
  ids: readonly string[],
): Promise<ReadonlyMap<string, TextOwner>> {
  if (ids.length === 0) return new Map()
  const rows = await tx.query<TextOwner>(
    `select i.id as intervention, i.customer_id as customer, c.name as "customerName"
     from interventions i join customers c on c.tenant_id = i.tenant_id and c.id = i.customer_id
     where i.tenant_id = $1 and i.id = any($2::uuid[]) and i.channel = 'sms'`,
    [tx.tenant, ids],
  )
  return new Map(rows.map((row) => [row.intervention, row]))
}
