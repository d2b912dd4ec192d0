/** Rows as CSV text: RFC 4180 quoting, LF, and no cell that a spreadsheet would run as a formula. */

/** Numbers with NaN for "no value", or texts with null for it. */
export type CellColumn = ArrayLike<number> | readonly (string | null)[]

export interface CsvColumn {
  readonly name: string
  readonly type: 'number' | 'integer' | 'text'
  /** Numbers are rounded to so many decimals; as they are where it is not stated. */
  readonly decimals?: number
}

export interface CsvStyle {
  /** Neutralise formulas; off only for a file that no spreadsheet opens. */
  readonly neutralise: boolean
  /** Write an empty text as "" so that it differs from null. */
  readonly quoteEmpty: boolean
}

const needsQuotes = /[",\n\r]|^ | $/
const realNumber = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?$/
const formulaStart = /^[=+\-@\t\r\n＝＋－＠]/

/**
 * A cell as it may stand in a file that somebody opens in a spreadsheet: one that would run as a formula gets
 * an apostrophe before it. Numbers stay numbers.
 *
 * @see https://owasp.org/www-community/attacks/CSV_Injection
 * @example
 * neutralise('=HYPERLINK("http://x")') // "'=HYPERLINK(…"
 * neutralise('-12.5') // '-12.5'
 */
export function neutralise(cell: string): string {
  const first = cell.charCodeAt(0)
  // Nearly every cell begins with a letter, a digit or a quote.
  if ((first > 64 && first < 0xff00) || (first > 47 && first < 61)) return cell
  return formulaStart.test(cell) && !realNumber.test(cell) ? `'${cell}` : cell
}

/** One text cell, quoted where it must be. */
export function encodeText(cell: string | null, style: CsvStyle): string {
  if (cell === null) return ''
  if (cell === '') return style.quoteEmpty ? '""' : ''
  const safe = style.neutralise ? neutralise(cell) : cell
  return needsQuotes.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
}

/**
 * Rows `from` to `to` (exclusive) of a batch.
 *
 * @param values one array a column, all equally long
 */
export function encodeRows(
  columns: readonly CsvColumn[],
  values: readonly CellColumn[],
  from: number,
  to: number,
  style: CsvStyle,
): string {
  const cells = columns.map((column, i) => cellEncoder(column, values[i], style))
  let text = ''
  for (let row = from; row < to; row++) {
    text += cells[0](row)
    for (let i = 1; i < cells.length; i++) text += ',' + cells[i](row)
    text += '\n'
  }
  return text
}

function cellEncoder(
  { type, decimals }: CsvColumn,
  values: CellColumn,
  style: CsvStyle,
): (row: number) => string {
  if (type === 'text') {
    const texts = values as readonly (string | null)[]
    return (row) => encodeText(texts[row], style)
  }
  const numbers = values as ArrayLike<number>
  const places = type === 'integer' ? 0 : decimals
  if (places === undefined) return (row) => (Number.isFinite(numbers[row]) ? String(numbers[row]) : '')
  const scale = 10 ** places
  return (row) => {
    const number = numbers[row]
    // Adding 0 turns -0 into 0.
    return Number.isFinite(number) ? String(Math.round(number * scale) / scale + 0) : ''
  }
}
