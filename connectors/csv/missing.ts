/** What counts as "no value" in a cell, and which blanks around a value are not part of it. */

/** Cells that say they are empty, compared without blanks around them and without regard to case. */
export const MISSING_TOKENS = ['', 'na', 'n/a', 'nan', 'null', '?', '#n/a'] as const

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
  if (cell.length > 4 && !isBlank(cell.charCodeAt(0)) && !isBlank(cell.charCodeAt(cell.length - 1)))
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
