/** Plain text as a CRM takes it. */

/** Text that any CRM stores: no control characters, no half of a character, no more than a field holds. */
export function cleanText(text: string, most = 65_536): string {
  return text
    .toWellFormed()
    .replaceAll('\r\n', '\n')
    .replaceAll(CONTROL, '')
    .slice(0, most)
    .toWellFormed()
    .trim()
}

/** Line feed and tab are the only control characters that a text of ours may carry. */
// eslint-disable-next-line no-control-regex
const CONTROL = /[\u0000-\u0008\u000B-\u001F\u007F-\u009F\uFFFE\uFFFF]/g

/** One line of at most so many characters. */
export function line(text: string, most = 250): string {
  return shortened(cleanText(text).replace(/\s+/g, ' '), most)
}

/** Cut where it is longer, and seen to be cut. */
export function shortened(text: string, most: number): string {
  if (text.length <= most) return text
  return `${text
    .slice(0, most - 1)
    .toWellFormed()
    .trimEnd()}…`
}

/**
 * @example
 * bullets(['Usage fell', 'Two payments failed']) // '• Usage fell\n• Two payments failed'
 */
export function bullets(lines: readonly string[]): string {
  return cleanText(lines.map((one) => `• ${cleanText(one).replaceAll('\n', ' ')}`).join('\n'))
}

/** Digits alone: never `1e-7`. */
export function plainNumber(value: number): string {
  const text = String(value)
  return text.includes('e') ? value.toFixed(10).replace(/\.?0+$/, '') : text
}
