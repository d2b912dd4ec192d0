/** The first sheet of an .xlsx workbook as a CSV file, a line a row, so that lines are the sheet's row numbers. */
import { closeSync, openSync, writeSync } from 'node:fs'
import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { HoldfastError } from '../../src/contracts/errors.ts'
import { encodeText } from './encode.ts'
import type { Staging } from './staging.ts'

export type SheetCell = string | number | boolean | Date | null

/** read-excel-file holds all cells as values: 20 MB of workbook are some 200,000 rows and 1 GB. */
const MAX_BYTES = 20 << 20

/**
 * @param name the file as the person named it
 * @returns the path of the CSV copy
 * @throws HoldfastError input_format
 */
export async function stageSheet(path: string, name: string, staging: Staging): Promise<string> {
  if ((await stat(path)).size > MAX_BYTES) {
    throw new HoldfastError(
      'input_format',
      `${name} is too large a workbook to be read as one. Save the sheet with the customers as "CSV UTF-8".`,
    )
  }
  const read = await loadReader(name)
  const rows = await read(path, { trim: false }).catch((cause: unknown) => {
    throw new HoldfastError(
      'input_format',
      `${name} is not a whole .xlsx workbook. Save it again in Excel.`,
      { cause },
    )
  })
  const copy = join(await staging.folder(), 'sheet.csv')
  const file = openSync(copy, 'w')
  try {
    for (let at = 0; at < rows.length; at += 1000) {
      writeSync(
        file,
        rows
          .slice(at, at + 1000)
          .map(sheetLine)
          .join(''),
      )
    }
  } finally {
    closeSync(file)
  }
  return copy
}

/**
 * A row of cells as a CSV line; a row without any value is a blank line.
 *
 * @example
 * sheetLine(['c-1', 12.5, true, new Date('2026-03-31'), null]) // 'c-1,12.5,true,2026-03-31,\n'
 */
export function sheetLine(cells: readonly SheetCell[]): string {
  if (cells.every((cell) => cell === null)) return '\n'
  return `${cells.map((cell) => encodeText(cellText(cell), AS_IS)).join(',')}\n`
}

const AS_IS = { neutralise: false, quoteEmpty: false }

function cellText(cell: SheetCell): string | null {
  if (cell instanceof Date) {
    // A date without a time is midnight UTC.
    const iso = cell.toISOString().slice(0, 19)
    return iso.endsWith('T00:00:00') ? iso.slice(0, 10) : iso
  }
  return cell === null || typeof cell === 'string' ? cell : String(cell)
}

type SheetReader = (path: string, options: { readonly trim: boolean }) => Promise<SheetCell[][]>

/** Loaded by name at run time, so that the file formats that need no workbook reader work without it. */
async function loadReader(name: string): Promise<SheetReader> {
  const reader: string = 'read-excel-file/node'
  try {
    const { readSheet } = (await import(reader)) as { readonly readSheet: SheetReader }
    return readSheet
  } catch (cause) {
    throw new HoldfastError(
      'input_format',
      `${name} is a workbook, and the reader of workbooks (read-excel-file) is not installed. Save the sheet with the customers as "CSV UTF-8".`,
      { cause },
    )
  }
}
