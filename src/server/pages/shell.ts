/** The frame of the sandboxes' pages: where one is, the way back to the app, the page's own part. */
import { assetPath } from '../assets.ts'
import { html, markupText, type Markup, type Piece } from '../html.ts'
import { page } from '../page.ts'
import type { Answer } from '../route.ts'
import type { Place } from './place.ts'
import { SANDBOX_STYLE } from './sandbox-style.ts'

export type Chapter = 'inbox' | 'texts'

export interface Shell {
  readonly title: string
  readonly chapter: Chapter
  readonly body: Piece
  readonly headers?: Readonly<Record<string, string>>
}

/**
 * @example
 * return shell(place, { title: 'Sandbox inbox', chapter: 'inbox', body: html`<h1>12 mails</h1>` })
 */
export function shell(place: Place, { title, chapter, body, headers }: Shell): Answer {
  // The script first: the theme that somebody chose in the app is known before anything is painted.
  const head = html`<script src="${assetPath('scheme.js')}"></script>
    <link rel="stylesheet" href="${SANDBOX_STYLE}" /> `
  const all = html`<a class="skip" href="#content">Skip to the content</a>
    <nav aria-label="Holdfast">${navigation(place, chapter)}</nav>
    <main id="content" tabindex="-1">${body}</main>`
  return {
    status: 200,
    html: page({ title, body: markupText(all), head: markupText(head) }),
    ...(headers === undefined ? {} : { headers }),
  }
}

function navigation({ tenant, hasInbox, hasTexts }: Place, chapter: Chapter): Markup {
  const item = (to: Chapter, word: string): Markup =>
    html`<a href="/${to}" ${to === chapter && html` aria-current="page"`}>${word}</a>`
  return html`<a class="brand" href="/app"
      ><img src="${assetPath('icon.svg')}" alt="" width="18" height="18" />Holdfast</a
    >
    ${hasInbox && item('inbox', 'Sandbox inbox')}${hasTexts && item('texts', 'Sandbox texts')}
    <span class="company">${tenant.name}</span>`
}
