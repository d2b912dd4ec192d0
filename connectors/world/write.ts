/** Writes a synthetic customer file; behind the command `generate`. */
import { createPlanFile } from '../csv/plan-file.ts'
import { columnsOf, worldCustomers, type CustomersOptions } from './customers.ts'

/**
 * @param path .csv or .parquet
 * @throws HoldfastError as `createPlanFile` does
 * @example
 * await writeWorld('customers.csv', { seed: 42, rows: 1_000_000, outcome: true })
 */
export async function writeWorld(
  path: string,
  options: CustomersOptions,
): Promise<{ readonly rows: number; readonly bytes: number }> {
  const file = createPlanFile(path, columnsOf(options))
  try {
    for (const { columns } of worldCustomers(options)) await file.append(columns)
    return await file.commit()
  } finally {
    await file.abort()
  }
}
