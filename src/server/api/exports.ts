/** Whole tables as a file: CSV for spreadsheets, a JSON object a line for programs. */
import { z } from 'zod'
import { recordAudit } from '../../store/audit.ts'
import { exportColumns, exportPages, type ExportRow } from '../../store/reads/exports.ts'
import { route } from '../route.ts'
import { csvCell, csvText } from './csv-file.ts'

const formats = {
  csv: { type: 'text/csv; charset=utf-8', encode: encodeCsv },
  ndjson: { type: 'application/x-ndjson', encode: encodeLines },
} as const

export const exportRoutes = [
  route({
    method: 'get',
    path: '/v1/exports/{table}',
    summary: 'A whole table as a file',
    description:
      'customers: each with its score, newest decision and intervention. decisions: the whole log, with all that was weighed. interventions: the ledger. It is read as it is sent, so what changes meanwhile may be in it or not. In CSV, cells that a spreadsheet would run as a formula begin with an apostrophe, and lists are JSON. Amounts are minor units.',
    tag: 'Exports',
    access: { scope: 'export', role: 'admin' },
    rate: 'costly',
    params: z.strictObject({ table: z.enum(['customers', 'decisions', 'interventions']) }),
    query: z.strictObject({ format: z.enum(['csv', 'ndjson']).default('csv') }),
    answers: { 200: { description: 'The file', type: 'text/csv' } },
    handle: async ({ tenant, params, query, caller, requestId }, { database }) => {
      const { table } = params
      const { type, encode } = formats[query.format]
      await database.withTenant(tenant, (tx) =>
        recordAudit(tx, { actor: caller.actor, action: 'export', object: table, requestId }),
      )
      return {
        status: 200,
        type,
        filename: `${table}.${query.format}`,
        stream: encode(exportColumns(table), exportPages(database, tenant, table)),
      }
    },
  }),
] as const

type Pages = AsyncGenerator<readonly ExportRow[], void>

function encodeCsv(columns: readonly string[], pages: Pages): AsyncGenerator<string, void> {
  const line = (row: ExportRow): string => `${columns.map((column) => csvCell(row[column])).join(',')}\n`
  return csvText(columns, pages, (rows) => rows.map(line).join(''))
}

async function* encodeLines(_columns: readonly string[], pages: Pages): AsyncGenerator<string, void> {
  for await (const rows of pages) yield rows.map((row) => `${JSON.stringify(row)}\n`).join('')
}
