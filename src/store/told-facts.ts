/** What a notice about a customer has to know of it. */
import type { CustomerId } from '../contracts/ids.ts'
import type { Transaction } from './database.ts'

export interface CustomerToTell {
  readonly name: string | null
  readonly responsible: { readonly name: string | null; readonly address: string } | null
  /** Of a test portal or a sandbox. */
  readonly sandbox: boolean
}

/** Null: the customer is gone. */
export async function customerToTell(tx: Transaction, id: CustomerId): Promise<CustomerToTell | null> {
  const [row] = await tx.query<CustomerToTell>(
    `select c.name, n.sandbox,
       case when c.responsible_email is not null
         then jsonb_build_object('name', c.responsible_name, 'address', c.responsible_email) end as responsible
     from customers c join connections n on n.tenant_id = c.tenant_id and n.id = c.connection_id
     where c.tenant_id = $1 and c.id = $2`,
    [tx.tenant, id],
  )
  return row ?? null
}
