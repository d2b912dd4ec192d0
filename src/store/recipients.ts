/** The people who may be reached at a customer, best first. */
import type { CustomerId } from '../contracts/ids.ts'
import { insertRows } from './bulk.ts'
import { compareRows, deleteRows, upsertEnding } from './customer-rows.ts'
import type { BulkColumn, Transaction } from './database.ts'

/** As the columns are named; hashes as PostgreSQL reads bytea: `\x…`. */
export interface RecipientRow {
  readonly customer_id: CustomerId
  readonly external_id: string
  readonly name: string | null
  readonly role: string | null
  readonly email: string | null
  readonly email_hash: string | null
  readonly phone: string | null
  readonly phone_hash: string | null
  readonly language: string | null
  readonly zone: string | null
  readonly country: string | null
  /** To being profiled, or to marketing altogether. */
  readonly objects: boolean
  readonly rank: number
}

const COLUMNS: readonly BulkColumn[] = [
  { name: 'customer_id', type: 'bigint' },
  { name: 'external_id', type: 'text' },
  { name: 'name', type: 'text' },
  { name: 'role', type: 'text' },
  { name: 'email', type: 'text' },
  { name: 'email_hash', type: 'bytea' },
  { name: 'phone', type: 'text' },
  { name: 'phone_hash', type: 'bytea' },
  { name: 'language', type: 'text' },
  { name: 'zone', type: 'text' },
  { name: 'country', type: 'text' },
  { name: 'objects', type: 'boolean' },
  { name: 'rank', type: 'integer' },
]

/**
 * Makes the recipients of some customers what `rows` says; writes only what differs.
 *
 * @param customers that may have recipients already and of whom `rows` holds all; new ones are none of them
 */
export async function replaceRecipients(
  tx: Transaction,
  customers: readonly CustomerId[],
  rows: readonly RecipientRow[],
): Promise<void> {
  const { put, gone } = compareRows(await recipientsOf(tx, customers), rows, COLUMNS)
  await deleteRows(tx, 'recipients', gone)
  await insertRows(tx, 'recipients', COLUMNS, put, { ending: upsertEnding(COLUMNS), chunk: 5000 })
}

async function recipientsOf(
  tx: Transaction,
  customers: readonly CustomerId[],
): Promise<readonly (RecipientRow & { readonly id: number })[]> {
  if (customers.length === 0) return []
  const columns = COLUMNS.map(({ name, type }) => (type === 'bytea' ? `${name}::text as ${name}` : name))
  return tx.query(
    `select id, ${columns.join(', ')} from recipients where tenant_id = $1 and customer_id = any ($2::bigint[])`,
    [tx.tenant, customers],
  )
}

/**
 * By each address all those of the person whose it is: itself, and every other that stands beside it, as the e-mail and
 * the phone of a contact do. All in hex.
 *
 * @param hashes of `hashAddress`
 */
export async function samePeople(
  tx: Transaction,
  hashes: readonly Buffer[],
): Promise<ReadonlyMap<string, ReadonlySet<string>>> {
  const people = new Map(hashes.map((hash) => [hash.toString('hex'), new Set([hash.toString('hex')])]))
  if (hashes.length === 0) return people
  const contacts = await tx.prepared<{ email: Buffer; phone: Buffer }>(
    `select email_hash as email, phone_hash as phone from recipients
       where tenant_id = $1 and email_hash = any ($2::bytea[]) and phone_hash is not null
     union
     select email_hash, phone_hash from recipients
       where tenant_id = $1 and phone_hash = any ($2::bytea[]) and email_hash is not null`,
    [tx.tenant, hashes],
  )
  for (const { email, phone } of contacts) {
    const pair = [email.toString('hex'), phone.toString('hex')] as const
    people.get(pair[0])?.add(pair[1])
    people.get(pair[1])?.add(pair[0])
  }
  return people
}
