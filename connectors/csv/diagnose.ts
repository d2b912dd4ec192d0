/** Says what is wrong with a CSV file that DuckDB refused, and on which line, in one sentence. */
import { isUtf8 } from 'node:buffer'
import { HoldfastError } from '../../src/contracts/errors.ts'
import { scanRecords } from './records.ts'

export interface DiagnosedFile {
  /** As the person named it. */
  readonly name: string
  /** What is read: the file itself, or its UTF-8 copy. */
  readonly path: string
  readonly delimiter: string
  readonly headers: readonly string[]
  /** Records before the first row of data. */
  readonly skip: number
}

/**
 * @param cause the error of DuckDB, kept for the log
 */
export async function diagnose(file: DiagnosedFile, cause: unknown): Promise<HoldfastError> {
  const { name, headers } = file
  const width = headers.length
  let error: HoldfastError | undefined
  const found = (code: 'input_row' | 'input_encoding' | 'input_format', message: string): false => {
    error = new HoldfastError(code, message, { cause })
    return false
  }
  let records = 0
  await scanRecords(file.path, file.delimiter, ({ line, cells, strayText, unclosed, bytes }) => {
    records++
    if (!isUtf8(bytes)) {
      return found(
        'input_encoding',
        `Line ${line} of ${name} is not UTF-8 (it may be Windows-1252 or Latin-1). Save the file as "CSV UTF-8" and try again.`,
      )
    }
    if (bytes.includes(0)) {
      return found(
        'input_format',
        `Line ${line} of ${name} contains NUL bytes, which no text has. Export the file again.`,
      )
    }
    if (unclosed) {
      return found(
        'input_row',
        `Line ${line} of ${name} opens a quote (") that is never closed. Close it, or double the quotes inside the cell.`,
      )
    }
    if (strayText) {
      return found(
        'input_row',
        `Line ${line} of ${name} has text after a closing quote ("). Quotes inside a quoted cell must be doubled ("").`,
      )
    }
    if (records > file.skip && cells !== width) {
      const advice =
        cells > width
          ? 'Put cells that contain the delimiter in double quotes.'
          : 'Add the missing cells, or remove the line.'
      return found(
        'input_row',
        `Line ${line} of ${name} has ${count(cells, 'cell')}, but the header has ${count(width, 'column')}. ${advice}`,
      )
    }
    if (bytes.length > 2_000_000) {
      return found('input_row', `Line ${line} of ${name} is longer than 2 MB. Check its quotes.`)
    }
    return undefined
  })
  return (
    error ??
    new HoldfastError(
      'input_format',
      `${name} could not be read as CSV. Save it as "CSV UTF-8" and try again.`,
      {
        cause,
      },
    )
  )
}

function count(n: number, noun: string): string {
  return `${n} ${noun}${n === 1 ? '' : 's'}`
}
