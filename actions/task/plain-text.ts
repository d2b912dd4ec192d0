/** Text from elsewhere made safe to stand in a task: one script direction, no control characters, not endless. */

/**
 * Names and notes of a CRM may hold anything. Control characters go, and so do those that turn the reading direction
 * round (a name could else make the rest of a line read as something that it is not) and halves of characters, which
 * no CRM stores. Emoji stay whole: what is cut is cut between characters as people see them.
 *
 * @param most characters as people see them; what is longer ends in an ellipsis
 * @example
 * plainText('Ada\u0000 Ltd\r\n', 80) // 'Ada Ltd'
 */
export function plainText(text: string, most: number): string {
  const plain = text
    .toWellFormed()
    .replace(/\r\n?|[\u2028\u2029\v\f]/g, '\n')
    .replace(UNWANTED, '')
    .replace(/[^\S\n]+/g, ' ')
    .trim()
  // Only what may be too long is taken apart: that is slow.
  if (plain.length <= most) return plain
  const characters: string[] = []
  for (const { segment } of SEGMENTER.segment(plain)) {
    if (characters.length === most) return `${characters.slice(0, -1).join('').trimEnd()}…`
    characters.push(segment)
  }
  return plain
}

/**
 * As {@link plainText}, in one line.
 *
 * @example
 * plainLine('Ada\nLtd', 80) // 'Ada Ltd'
 */
export function plainLine(text: string, most: number): string {
  return plainText(text.replace(/[\r\n\u2028\u2029\v\f]+/g, ' '), most)
}

/** Controls but tab and line feed, marks of direction and invisible tags, U+FFFD. Joiners stay: emoji need them. */
const UNWANTED =
  // oxlint-disable-next-line no-control-regex
  /[\u0000-\u0008\u000e-\u001f\u007f-\u009f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff\ufff9-\ufffd]/g
const SEGMENTER = new Intl.Segmenter('und', { granularity: 'grapheme' })
