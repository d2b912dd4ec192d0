/** Lists as a CSV file: the rows that the list has, under the same filters, sent as they are read. */
import { z } from 'zod'
import { encodeText } from '../../../connectors/csv/encode.ts'
import type { Page } from '../../store/reads/paging.ts'
import type { Answer } from '../route.ts'

/** Of a list that is exportable: added to its query. */
export const listFormat = z.enum(['json', 'csv']).default('json').meta({
  description: 'csv: every row that fits, as a file; limit and cursor then mean nothing',
})

/** Name in the first line, and what stands below it. */
export type CsvColumns<Row> = Readonly<Record<string, (row: Row) => unknown>>

/**
 * @param pages as {@link everyPage} reads them
 * @example
 * return csvFile('people.csv', { name: ({ name }) => name }, everyPage((cursor) => listPeople(tx, { cursor })))
 */
export function csvFile<Row>(
  filename: string,
  columns: CsvColumns<Row>,
  pages: AsyncIterable<readonly Row[]>,
): Answer {
  const values = Object.values(columns)
  const lines = (rows: readonly Row[]): string =>
    rows.map((row) => `${values.map((value) => csvCell(value(row))).join(',')}\n`).join('')
  return {
    status: 200,
    type: 'text/csv; charset=utf-8',
    filename,
    stream: csvText(Object.keys(columns), pages, lines),
  }
}

/** Pages of a list one after the other, each read when the one before was sent. */
export async function* everyPage<Row>(
  read: (cursor: string | null) => Promise<Page<Row>>,
): AsyncGenerator<readonly Row[], void> {
  for (let cursor: string | null = null; ;) {
    const { items, next }: Page<Row> = await read(cursor)
    yield items
    if (next === null) return
    cursor = next
  }
}

/** The header goes with the first page: a database that is away is then a problem answer and no broken file. */
export async function* csvText<Row>(
  names: readonly string[],
  pages: AsyncIterable<readonly Row[]>,
  lines: (rows: readonly Row[]) => string,
): AsyncGenerator<string, void> {
  let header = `${names.join(',')}\n`
  for await (const rows of pages) {
    yield header + lines(rows)
    header = ''
  }
}

const STYLE = { neutralise: true, quoteEmpty: true }

/** Null is an empty cell; what a spreadsheet would run as a formula begins with an apostrophe; lists are JSON. */
export function csvCell(value: unknown): string {
  if (value === null || value === undefined) return ''
  if (typeof value === 'number' || typeof value === 'boolean') return String(value)
  if (value instanceof Date) return value.toISOString()
  return encodeText(typeof value === 'string' ? value : JSON.stringify(value), STYLE)
}
