/** Plain text as HubSpot's rich text shows it. */
import { cleanText } from './fields.ts'

/**
 * @example
 * richText('a < b\n\nCall.') // '<p>a &lt; b</p><p>Call.</p>'
 */
export function richText(text: string): string {
  return cleanText(text)
    .split(/\n{2,}/)
    .map((paragraph) => `<p>${escaped(paragraph).replaceAll('\n', '<br>')}</p>`)
    .join('')
}

/** One line of at most so many characters. */
export function line(text: string, most = 250): string {
  const whole = cleanText(text).replace(/\s+/g, ' ')
  return whole.length <= most
    ? whole
    : `${whole
        .slice(0, most - 1)
        .toWellFormed()
        .trimEnd()}…`
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ENTITIES[character])
}
