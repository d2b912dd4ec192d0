/** Ids of the customers of a file that somebody named on the command line. */
import { idReader as fileIdReader } from '../../connectors/csv/ids.ts'
import type { TableBatch, TableSource } from '../contracts/table.ts'

/**
 * @param column header of the id column
 * @param at its place among the columns of the batches
 * @returns reads the ids of the next batch, without the blanks around them
 * @throws HoldfastError id_missing | id_duplicate, naming the line
 */
export function idReader(
  table: TableSource,
  column: string,
  at: number,
): (batch: TableBatch) => Promise<readonly string[]> {
  return fileIdReader(table, column, at, 'name another column with --id')
}
