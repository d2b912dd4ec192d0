/** Lines of a file for spreadsheets (RFC 4180). */

/**
 * @example
 * csvOf([['Action', 'Cost'], ['Send Email', '€1,083']]) // 'Action,Cost\r\nSend Email,"€1,083"\r\n'
 */
export const csvOf = (rows: readonly (readonly string[])[]): string =>
  rows.map((cells) => `${cells.map(cellOf).join(',')}\r\n`).join('')

/** A spreadsheet runs what begins so as a formula: an apostrophe before it makes it text (OWASP, CSV injection). */
const FORMULA = /^[=+\-@\t\r]/

function cellOf(text: string): string {
  const safe = FORMULA.test(text) ? `'${text}` : text
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
}
