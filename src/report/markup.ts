/** Text into HTML and SVG: one escape for everything that comes from a customer's file. */

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

/**
 * @example
 * escapeMarkup('<b>"Fiber" & more</b>') // '&lt;b&gt;&quot;Fiber&quot; &amp; more&lt;/b&gt;'
 */
export function escapeMarkup(text: string): string {
  return text.replace(/[&<>"']/g, (character) => entities[character])
}

/** A table with aligned figures: the data behind a chart, or a result of its own. */
export function markupTable(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  options: { readonly caption?: string; readonly textColumns?: number } = {},
): string {
  const text = options.textColumns ?? 1
  const cell = (tag: 'td' | 'th', value: string, column: number): string =>
    `<${tag}${tag === 'th' ? ' scope="col"' : ''}${column < text ? '' : ' class="figure"'}>${escapeMarkup(value)}</${tag}>`
  const body = rows
    .map((row) => `<tr>${row.map((value, column) => cell('td', value, column)).join('')}</tr>`)
    .join('')
  const caption = options.caption === undefined ? '' : `<caption>${escapeMarkup(options.caption)}</caption>`
  return `<div class="scroll"><table>${caption}<thead><tr>${head.map((value, column) => cell('th', value, column)).join('')}</tr></thead><tbody>${body}</tbody></table></div>`
}

/** The rows behind a chart, folded away until asked for. */
export function asTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return `<details><summary>View as table</summary>${markupTable(head, rows)}</details>`
}
