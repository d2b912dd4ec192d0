/** Instants as marks of a page. */
import { html, type Markup } from '../html.ts'
import type { Formats } from '../words/formats.ts'

/** `<time>`: "2 min ago", "in 3 h", or the day; exact on hover. */
export function whenMarkup(date: Date, { ago, exact }: Pick<Formats, 'ago' | 'exact'>): Markup {
  return html`<time datetime="${date.toISOString()}" title="${exact(date)}">${ago(date)}</time>`
}
