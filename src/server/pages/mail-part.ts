/**
 * A mail as people look at it: its lines, its HTML in a frame that can do nothing, its text. The HTML is a document of
 * its own address, since what comes in a mail may not share a page with anything that matters.
 */
import { html, type Markup, type Piece } from '../html.ts'

export interface ShownMail {
  readonly lines: readonly (readonly [name: string, value: Piece])[]
  readonly text: string
  /** Where its HTML is served, by `mailDocument` of src/server/mail-document.ts; null: it has none. */
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
