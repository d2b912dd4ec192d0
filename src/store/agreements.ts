/** What customers pay for: deals, Opportunities or contracts, or what is read from the customer itself. */
import type { CustomerId } from '../contracts/ids.ts'
import { insertRows } from './bulk.ts'
import { compareRows, deleteRows, upsertEnding } from './customer-rows.ts'
import type { BulkColumn, Transaction } from './database.ts'

/** As the columns are named; amounts in minor units, dates 'YYYY-MM-DD'. */
export interface AgreementRow {
  readonly customer_id: CustomerId
  readonly external_id: string
  readonly amount_minor: number | null
  readonly currency: string | null
  readonly period_months: number | null
  readonly monthly_minor: number | null
  readonly start_date: string | null
  readonly renewal_date: string | null
  readonly notice_date: string | null
  readonly auto_renewal: boolean | null
}

const COLUMNS: readonly BulkColumn[] = [
  { name: 'customer_id', type: 'bigint' },
  { name: 'external_id', type: 'text' },
  { name: 'amount_minor', type: 'bigint' },
  { name: 'currency', type: 'text' },
  { name: 'period_months', type: 'integer' },
  { name: 'monthly_minor', type: 'bigint' },
  { name: 'start_date', type: 'date' },
  { name: 'renewal_date', type: 'date' },
  { name: 'notice_date', type: 'date' },
  { name: 'auto_renewal', type: 'boolean' },
]

/**
 * Makes the agreements of some customers what `rows` says; writes only what differs.
 *
 * @param customers that may have agreements already and of whom `rows` holds all; new ones are none of them
 * @returns the customers of whom something changed, new ones left out
 */
export async function replaceAgreements(
  tx: Transaction,
  customers: readonly CustomerId[],
  rows: readonly AgreementRow[],
): Promise<ReadonlySet<CustomerId>> {
  const stored = await agreementsOf(tx, customers)
  const { put, gone } = compareRows(stored, rows, COLUMNS)
  await deleteRows(tx, 'agreements', gone)
  await insertRows(tx, 'agreements', COLUMNS, put, { ending: upsertEnding(COLUMNS), chunk: 5000 })
  const known = new Set(customers)
  return new Set([...put, ...gone].map(({ customer_id }) => customer_id).filter((id) => known.has(id)))
}

async function agreementsOf(
  tx: Transaction,
  customers: readonly CustomerId[],
): Promise<readonly (AgreementRow & { readonly id: number })[]> {
  if (customers.length === 0) return []
  return tx.query(
    `select id, ${COLUMNS.map(({ name }) => name).join(', ')} from agreements
     where tenant_id = $1 and customer_id = any ($2::bigint[])`,
    [tx.tenant, customers],
  )
}

export interface CustomersOfCurrency {
  readonly currency: string
  readonly customers: number
}

/**
 * What customers pay in, most frequent first.
 *
 * @param except currencies that nobody asks about
 * @example
 * await customersByCurrency(tx, { except: ['USD'] }) // [{ currency: 'EUR', customers: 270 }]
 */
export function customersByCurrency(
  tx: Transaction,
  { except }: { readonly except: readonly string[] },
): Promise<readonly CustomersOfCurrency[]> {
  return tx.query<CustomersOfCurrency>(
    `select a.currency, count(distinct a.customer_id)::integer as customers from agreements a
     join customers c on c.tenant_id = a.tenant_id and c.id = a.customer_id and c.status = 'active'
     where a.tenant_id = $1 and a.monthly_minor is not null and a.currency <> all ($2::text[])
     group by a.currency order by customers desc, a.currency`,
    [tx.tenant, except],
  )
}
