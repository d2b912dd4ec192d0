/** Ids of customers as a file states them: every row has one, and no two have the same. */
import { HoldfastError } from '../../src/contracts/errors.ts'
import type { TableBatch, TableSource } from '../../src/contracts/table.ts'

/**
 * Checks the ids of a table batch by batch. Two rows for one customer would be two decisions, and in training
 * the same customer on both sides of a fold.
 *
 * @param column header of the id column
 * @param at its place among the columns of the batches
 * @param other how another column is named, as the end of a message: "name another column with --id"
 * @returns reads the ids of the next batch, without the blanks around them
 * @throws HoldfastError id_missing | id_duplicate, naming the line
 */
export function idReader(
  table: TableSource,
  column: string,
  at: number,
  other: string,
): (batch: TableBatch) => Promise<readonly string[]> {
  const first = new Map<string, number>()
  return async (batch) => {
    const values = batch.columns[at]
    if (!Array.isArray(values))
      throw new HoldfastError('internal', `Column "${column}" was not read as text.`)
    const ids: string[] = []
    for (let row = 0; row < batch.rows; row++) {
      const index = batch.offset + row
      const id = values[row]?.trim() ?? ''
      if (id === '') {
        const where = await placeOf(table, index)
        throw new HoldfastError(
          'id_missing',
          `${where} has no value in the id column "${column}". Give every customer an id, or ${other}.`,
        )
      }
      const before = first.get(id)
      if (before !== undefined) {
        const [one, again] = [await placeOf(table, before), await placeOf(table, index)]
        throw new HoldfastError(
          'id_duplicate',
          `${again} repeats the id "${id}" of ${one.toLowerCase()} (column "${column}"). Keep one row a customer, or ${other}.`,
        )
      }
      first.set(id, index)
      ids.push(id)
    }
    return ids
  }
}

/** "Line 7" of a text file, "Row 6" of others. */
async function placeOf(table: TableSource, row: number): Promise<string> {
  const { format } = await table.profile()
  if (table.lineOf === undefined || format === 'parquet') return `Row ${row + 1}`
  return `${format === 'csv' ? 'Line' : 'Row'} ${await table.lineOf(row)}`
}
