/**
 * Markup that is escaped by its construction: whatever is put into a template is text, unless it is markup made here.
 * Nothing that comes out of a database or a mail can be taken for markup: it has no way to the private key.
 */
import { escapeMarkup } from '../report/markup.ts'

const MARKUP: unique symbol = Symbol('markup')

export interface Markup {
  readonly [MARKUP]: string
}

/** null, undefined and false are nothing. */
export type Piece = Markup | string | number | null | undefined | false | readonly Piece[]

/**
 * Attributes have to be quoted in the template; addresses in them are our own paths, never what came from outside.
 *
 * @example
 * html`<a href="/customers/${id}">${name}</a>`
 */
export function html(parts: TemplateStringsArray, ...pieces: readonly Piece[]): Markup {
  let markup = parts[0]
  for (let i = 0; i < pieces.length; i++) markup += textOf(pieces[i]) + parts[i + 1]
  return { [MARKUP]: markup }
}

/** The text of markup, for whoever sends it. */
export function markupText(markup: Markup): string {
  return markup[MARKUP]
}

function textOf(piece: Piece): string {
  if (piece === null || piece === undefined || piece === false) return ''
  if (typeof piece === 'string') return escapeMarkup(piece)
  if (typeof piece === 'number') return String(piece)
  if (isList(piece)) return piece.map(textOf).join('')
  return piece[MARKUP] ?? ''
}

function isList(piece: Markup | readonly Piece[]): piece is readonly Piece[] {
  return Array.isArray(piece)
}

/**
 * Pieces with something between them.
 *
 * @example
 * joined([html`<b>1</b>`, 'two'], ' · ')
 */
export function joined(pieces: readonly Piece[], between: Piece): Piece {
  const shown = pieces.filter((piece) => piece !== null && piece !== undefined && piece !== false)
  return shown.flatMap((piece, at) => (at === 0 ? [piece] : [between, piece]))
}
