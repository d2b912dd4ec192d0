/** Files that people import for offers: lists of codes, and of what was taken. CSV as spreadsheets write it. */
import { HoldfastError } from '../contracts/errors.ts'
import { isCurrency, minorDigits } from '../contracts/money.ts'
import type { NewCode } from '../store/offer-codes.ts'
import type { Redeemed } from './offer-redeem.ts'

/** Most lines of one file. */
export const MOST_LINES = 200_000

/**
 * Codes with the day on which they end, if any. A file without a header is a list of codes.
 *
 * | column        | holds                                                         |
 * | ------------- | ------------------------------------------------------------- |
 * | `code`        | 3 to 64 visible ASCII characters, no slash                    |
 * | `valid_until` | the last day on which it is taken, YYYY-MM-DD; empty: no such |
 *
 * @throws HoldfastError `input_empty`, `input_header`, `input_row` naming the line, `id_duplicate`
 * @example
 * readCodes('code,valid_until\nSPRING-7F3A,2026-12-31\n') // [{ code: 'SPRING-7F3A', validUntil: '2026-12-31' }]
 */
export function readCodes(text: string): readonly NewCode[] {
  const rows = readRows(text)
  const known = headerOf(rows[0], ['code', 'valid_until'])
  const columns = known ?? { code: 0 }
  if (columns['code'] === undefined) throw noColumn('code', rows[0])
  const seen = new Map<string, number>()
  const codes = rows.slice(known === null ? 0 : 1).map(({ line, cells }) => {
    const code = cells[columns['code']] ?? ''
    const wrong = codeProblem(code)
    if (wrong !== null) throw wrongRow(line, 'code', wrong)
    const before = seen.get(code.toUpperCase())
    if (before !== undefined)
      throw new HoldfastError(
        'id_duplicate',
        `The code in line ${line} stands in line ${before} already, and each is given once. Take one out. Nothing was imported.`,
      )
    seen.set(code.toUpperCase(), line)
    const end = columns['valid_until'] === undefined ? '' : (cells[columns['valid_until']] ?? '')
    if (end !== '' && !isDate(end)) throw wrongRow(line, 'valid_until', 'is no day such as 2026-12-31')
    return { code, validUntil: end === '' ? null : end }
  })
  if (codes.length === 0) throw empty()
  return codes
}

/**
 * What is wrong with a code, as the end of a sentence; null when nothing is.
 *
 * @example
 * codeProblem('TEST-1') // 'begins like one of the sandbox or of a person'
 */
export function codeProblem(code: string): string | null {
  if (code === '') return 'is empty'
  // No slash: it stands in addresses.
  if (!/^[\x21-\x2e\x30-\x7e]{3,64}$/.test(code))
    return 'takes 3 to 64 letters, digits and signs without blanks or slashes'
  if (/^(TEST|HF)-/i.test(code)) return 'begins like one of the sandbox (TEST-) or of a person (HF-)'
  // Spreadsheets that open an export would run it.
  if (/^[=+@-]/.test(code)) return 'begins with a sign that spreadsheets take for a formula'
  return null
}

/** A line of a file of redemptions. */
export interface RedeemedLine extends Redeemed {
  readonly line: number
}

/**
 * What was taken.
 *
 * | column           | holds                                                                      |
 * | ---------------- | -------------------------------------------------------------------------- |
 * | `code`           | the code, or the id of the intervention                                    |
 * | `redeemed_at`    | a day or a time: 2026-11-20 or 2026-11-20T10:00:00Z; a day is its noon UTC  |
 * | `reference`      | optional: the invoice or order                                             |
 * | `monthly_amount` | optional: what the discount is given off, 49.99                             |
 * | `currency`       | of the amount, ISO 4217                                                    |
 *
 * @throws HoldfastError `input_empty`, `input_header`, `input_row` naming the line and the column
 * @example
 * readRedemptions('code,redeemed_at\nSPRING-7F3A,2026-11-20\n')[0].code // 'SPRING-7F3A'
 */
export function readRedemptions(text: string): readonly RedeemedLine[] {
  const rows = readRows(text)
  const columns = headerOf(rows[0], ['code', 'redeemed_at', 'reference', 'monthly_amount', 'currency'])
  if (columns?.['code'] === undefined) throw noColumn('code', rows[0])
  if (columns['redeemed_at'] === undefined) throw noColumn('redeemed_at', rows[0])
  const lines = rows.slice(1).map(({ line, cells }) => {
    const cell = (name: string): string => (columns[name] === undefined ? '' : (cells[columns[name]] ?? ''))
    const code = cell('code')
    if (code === '') throw wrongRow(line, 'code', 'is empty')
    const reference = cell('reference')
    if (reference.length > 200) throw wrongRow(line, 'reference', 'takes at most 200 characters')
    return {
      line,
      code,
      redeemedAt: momentIn(cell('redeemed_at'), line),
      reference: reference === '' ? null : reference,
      base: amountIn(cell('monthly_amount'), cell('currency').toUpperCase(), line),
    }
  })
  if (lines.length === 0) throw empty()
  return lines
}

function momentIn(text: string, line: number): Date {
  if (isDate(text)) return new Date(`${text}T12:00:00Z`)
  const whole = /^\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d)$/.test(text)
  const at = new Date(text)
  if (whole && !Number.isNaN(at.getTime())) return at
  throw wrongRow(line, 'redeemed_at', 'is no day such as 2026-11-20 and no time with its zone')
}

function amountIn(text: string, currency: string, line: number): Redeemed['base'] {
  if (text === '' && currency === '') return null
  if (text === '') return null
  if (!/^\d{1,12}(\.\d{1,4})?$/.test(text))
    throw wrongRow(line, 'monthly_amount', 'is no amount such as 49.99')
  if (!isCurrency(currency)) throw wrongRow(line, 'currency', 'is no currency of ISO 4217, such as EUR')
  return { minor: Math.round(Number(text) * 10 ** minorDigits(currency)), currency }
}

function isDate(text: string): boolean {
  if (!/^\d{4}-\d\d-\d\d$/.test(text)) return false
  const at = new Date(`${text}T00:00:00Z`)
  return !Number.isNaN(at.getTime()) && at.toISOString().startsWith(text)
}

interface Row {
  /** As an editor counts it. */
  readonly line: number
  readonly cells: readonly string[]
}

/**
 * RFC 4180, with comma, semicolon or tab, whichever the first line has; blank lines count for nothing.
 *
 * @throws HoldfastError `input_empty`, `input_row` for a quote that never ends
 */
export function readRows(text: string): readonly Row[] {
  const source = text.replace(/^\uFEFF/, '')
  const first = source.slice(0, (source + '\n').search(/[\r\n]/))
  const separator = [',', ';', '\t'].find((one) => first.includes(one)) ?? ','
  const rows: Row[] = []
  let cells: string[] = []
  let cell = ''
  let line = 1
  let begun = 1
  let quoted: number | null = null
  const endCell = (): void => {
    cells.push(cell.trim())
    cell = ''
  }
  const endRow = (): void => {
    endCell()
    if (cells.some((one) => one !== '')) rows.push({ line: begun, cells })
    if (rows.length > MOST_LINES)
      throw new HoldfastError('input_row', `The file has more than ${MOST_LINES} lines. Split it.`)
    cells = []
    begun = line
  }
  for (let at = 0; at < source.length; at++) {
    const character = source[at]
    if (character === '\n') line++
    if (quoted !== null) {
      if (character !== '"') cell += character
      else if (source[at + 1] === '"') cell += source[++at]
      else quoted = null
    } else if (character === '"' && cell.trim() === '') {
      cell = ''
      quoted = line
    } else if (character === separator) endCell()
    else if (character === '\n') endRow()
    else if (character !== '\r') cell += character
  }
  if (quoted !== null)
    throw new HoldfastError(
      'input_row',
      `The quote that begins in line ${quoted} never ends. Correct the file.`,
    )
  endRow()
  if (rows.length === 0) throw empty()
  return rows
}

/** Where the known columns stand; null: the first line names none of them. */
function headerOf({ cells }: Row, known: readonly string[]): Readonly<Record<string, number>> | null {
  const named = cells.map((cell) => cell.toLowerCase().replace(/[\s-]+/g, '_'))
  const found = named.flatMap((name, at) => (known.includes(name) ? [[name, at] as const] : []))
  if (found.length === 0) return null
  const unknown = named.find((name) => name !== '' && !known.includes(name))
  if (unknown !== undefined)
    throw new HoldfastError(
      'input_header',
      `The file has a column "${unknown}", which nothing is done with. Columns: ${known.join(', ')}. Take it out.`,
    )
  return Object.fromEntries(found)
}

function noColumn(name: string, { cells }: Row): HoldfastError {
  return new HoldfastError(
    'input_header',
    `There is no column "${name}". The first line has: ${cells.join(', ').slice(0, 200)}.`,
  )
}

function wrongRow(line: number, column: string, what: string): HoldfastError {
  return new HoldfastError('input_row', `"${column}" in line ${line} ${what}. Nothing was imported.`)
}

function empty(): HoldfastError {
  return new HoldfastError('input_empty', 'The file has no lines. Nothing was imported.')
}
