/** The frame of the loop's pages: navigation, the page's own part, what keeps it fresh. */
import { assetPath } from '../assets.ts'
import { page } from '../page.ts'
import { QUEUES_ACCESS, QUEUES_PATH } from '../queues.ts'
import type { Answer } from '../route.ts'
import { allows } from '../../security/access.ts'
import { BOOK_STYLE } from './book-style.ts'
import { button } from './form.ts'
import { html, markupText, type Markup, type Piece } from './html.ts'
import { LIVE_SCRIPT } from './live-script.ts'
import type { Place } from './place.ts'

export type Chapter = 'loop' | 'customers' | 'outbox' | 'sending' | 'inbox' | 'texts'

export interface Shell {
  readonly title: string
  readonly chapter: Chapter
  readonly body: Piece
  /** Something runs: the page keeps itself fresh. */
  readonly live?: boolean
  readonly status?: number
  readonly headers?: Readonly<Record<string, string>>
}

/**
 * @example
 * return shell(place, { title: 'Outbox', chapter: 'outbox', body: html`<h1>12 wait for approval</h1>` })
 */
export function shell(place: Place, { title, chapter, body, live = false, status, headers }: Shell): Answer {
  const head = html`<link rel="stylesheet" href="${BOOK_STYLE}" />
    ${
      live &&
      html`<noscript><meta http-equiv="refresh" content="5" /></noscript>
        <script src="${LIVE_SCRIPT}" defer></script>`
    } `
  const all = html`<a class="skip" href="#content">Skip to the content</a>
    <nav class="side" aria-label="Holdfast"><div>${navigation(place, chapter)}</div></nav>
    <main id="content" tabindex="-1">${body}</main>`
  return {
    status: status ?? 200,
    html: page({ title, body: markupText(all), head: markupText(head) }),
    ...(headers === undefined ? {} : { headers }),
  }
}

/** Whose pages these are; who holds the installation goes on to another company from here. */
function company({ tenant, others }: Place): Markup {
  if (others.length === 0) return html`<p>${tenant.name}</p>`
  return html`<details class="companies">
    <summary>${tenant.name}<span class="only-reader">: switch to another company</span></summary>
    ${others.map(({ id, name }) => button({ action: '/company', label: name, kind: 'link', fields: { company: id } }))}
  </details>`
}

function navigation(place: Place, chapter: Chapter): Markup {
  const { outbox, caller, formats, hasInbox, hasTexts } = place
  const waiting = outbox.awaiting_approval ?? 0
  const item = (to: Chapter, href: string, word: string, number?: Piece): Markup =>
    html`<li>
      <a href="${href}" ${to === chapter && html` aria-current="page"`}
        >${word}${number !== undefined && html` <span class="number">${number}</span>`}</a
      >
    </li>`
  const badge =
    waiting === 0
      ? undefined
      : html`${formats.count(waiting)}<span class="only-reader">
            ${waiting === 1 ? 'waits' : 'wait'} for approval</span
          >`
  return html`<a class="brand" href="/"
      ><img src="${assetPath('icon.svg')}" alt="" width="18" height="18" />Holdfast</a
    >
    <button class="menu plain small" popovertarget="menu">Menu</button>
    <div id="menu" popover>
      <ul>
        ${item('loop', '/', 'Overview')}${item('customers', '/customers', 'Customers')}
        ${item('outbox', '/outbox', 'Outbox', badge)}${item('sending', '/sending', 'Sending')}
        ${hasInbox && item('inbox', '/inbox', 'Sandbox inbox')}${hasTexts && item('texts', '/texts', 'Sandbox texts')}
      </ul>
      <h2>Plumbing</h2>
      <ul>
        <li><a href="/#connections">Connections</a></li>
        <li><a href="/#runs">Runs</a></li>
        ${allows(QUEUES_ACCESS, caller) && html`<li><a href="${QUEUES_PATH}">Queues</a></li>`}
        <li><a href="/docs">API</a></li>
      </ul>
      <div class="who">
        ${company(place)} ${button({ action: '/sign-out', label: 'Sign out', kind: 'link' })}
      </div>
    </div>`
}
