/** The database's clock: what has to be ordered between processes is ordered by it. */
import type { Transaction } from './database.ts'

/** When the transaction began. */
export async function databaseTime(tx: Transaction): Promise<Date> {
  const [{ now }] = await tx.query<{ now: Date }>('select now() as now')
  return now
}
