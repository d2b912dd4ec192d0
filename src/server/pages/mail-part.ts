/**
 * A mail as people look at it: its lines, its HTML in a frame that can do nothing, its text. The HTML is a document of
 * its own address, since what comes in a mail may not share a page with anything that matters.
 */
import { securityHeaders } from '../headers.ts'
import type { Answer } from '../route.ts'
import { html, type Markup, type Piece } from './html.ts'

export interface ShownMail {
  readonly lines: readonly (readonly [name: string, value: Piece])[]
  readonly text: string
  /** Where its HTML is served, by {@link mailDocument}; null: it has none. */
  readonly frame: string | null
}

export function mailPart({ lines, text, frame }: ShownMail): Markup {
  return html`<dl class="facts">
      ${lines.map(
        ([name, value]) =>
          html`<dt>${name}</dt>
            <dd>${value}</dd>`,
      )}
    </dl>
    ${
      frame === null
        ? html`<pre>${text}</pre>`
        : html`<iframe
              class="mail"
              title="The mail as it is read"
              src="${frame}"
              sandbox=""
              loading="lazy"
            ></iframe>
            <details>
              <summary>As plain text</summary>
              <pre>${text}</pre>
            </details>`
    }`
}

/** Headers of a page that shows a mail in a frame. */
export const WITH_FRAME = {
  'Content-Security-Policy': `${securityHeaders(false).page['Content-Security-Policy']};frame-src 'self'`,
}

/** The frame's document: nothing of it runs, loads, links, submits, or is of our origin. */
export function mailDocument(markup: string): Answer {
  return {
    status: 200,
    html: markup,
    headers: {
      'Content-Security-Policy':
        "default-src 'none';style-src 'unsafe-inline';img-src data:;form-action 'none';base-uri 'none';frame-ancestors 'self';sandbox",
      'X-Frame-Options': 'SAMEORIGIN',
      // A sandboxed document has no origin that it could be kept by.
      'Origin-Agent-Cluster': '?0',
    },
  }
}
