/** What counts as "no value" in a cell, and which blanks around a value are not part of it. */

/**
 * Cells that say they are empty, compared without blanks around them and without regard to case: as people,
 * pandas (<NA>, NaT), PostgreSQL (\N), pivot tables and Excel (errors, #NV in German) write it.
 */
export const MISSING_TOKENS = [
  '',
  'na',
  'n/a',
  'nan',
  'nat',
  'null',
  '?',
  '<na>',
  '\\n',
  '(null)',
  '(blank)',
  '#n/a',
  '#nv',
  '#ref!',
  '#div/0!',
  '#value!',
  '#name?',
  '#num!',
] as const
/** No token is longer. */
const LONGEST = Math.max(...MISSING_TOKENS.map((token) => token.length))

/** Blanks that are trimmed: space, tab, line ends, no-break space, narrow no-break space, stray BOM. */
export const BLANKS = ' \t\r\n\u00a0\u202f\ufeff'

const blanksAround = new RegExp(`^[${BLANKS}]+|[${BLANKS}]+$`, 'g')
const tokens: ReadonlySet<string> = new Set(MISSING_TOKENS)

/**
 * @example
 * isMissing(' n/a ') // true
 * isMissing('None') // false
 */
export function isMissing(cell: string): boolean {
  if (cell.length > LONGEST && !isBlank(cell.charCodeAt(0)) && !isBlank(cell.charCodeAt(cell.length - 1)))
    return false
  return tokens.has(trimBlanks(cell).toLowerCase())
}

/** Without the blanks around it. */
export function trimBlanks(cell: string): string {
  const first = cell.charCodeAt(0)
  const last = cell.charCodeAt(cell.length - 1)
  if (!isBlank(first) && !isBlank(last)) return cell
  return cell.replace(blanksAround, '')
}

function isBlank(code: number): boolean {
  return code <= 32 || code === 0xa0 || code === 0x202f || code === 0xfeff
}
