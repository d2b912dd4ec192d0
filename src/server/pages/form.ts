/** Buttons: each a plain form that posts, so that everything works without a script. */
import { html, type Markup } from '../html.ts'
import { PROOF_FIELD } from '../proof.ts'

export interface ButtonForm {
  /** Our own path. */
  readonly action: string
  /** What somebody does: "Bounce". */
  readonly label: string
  /** Hidden fields. */
  readonly fields: Readonly<Record<string, string>>
  /** What it means, for those who hear it among others like it. */
  readonly about: string
}

/**
 * @example
 * button({ action: '/inbox/7/answer', label: 'Bounce', fields: { answer: 'bounce' }, about: 'nobody has this address' })
 */
export function button({ action, label, fields, about }: ButtonForm): Markup {
  const hidden = Object.entries({ ...fields, ...PROOF_FIELD }).map(
    ([name, value]) => html`<input type="hidden" name="${name}" value="${value}" />`,
  )
  return html`<form method="post" action="${action}">
    ${hidden}<button class="plain small">${label}<span class="only-reader"> (${about})</span></button>
  </form>`
}
