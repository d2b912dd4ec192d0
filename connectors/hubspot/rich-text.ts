/** Plain text as HubSpot's rich text shows it. */
import { cleanText } from '../plain-text.ts'

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
