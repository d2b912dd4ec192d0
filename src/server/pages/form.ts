/** Buttons: each a plain form that posts, so that everything works without a script. */
import { html, type Markup, type Piece } from './html.ts'

export interface ButtonForm {
  /** Our own path. */
  readonly action: string
  /** A verb: "Pause everything". */
  readonly label: string
  readonly kind?: 'main' | 'plain' | 'link'
  readonly small?: boolean
  /** Hidden fields. */
  readonly fields?: Readonly<Record<string, string>>
  /** What stands before the button: an input, a check. */
  readonly before?: Piece
  /** Whom it is about, for those who hear it among others like it. */
  readonly about?: string
}

/**
 * @example
 * button({ action: '/resume', label: 'Resume', kind: 'main' })
 */
export function button(form: ButtonForm): Markup {
  const { kind = 'plain', small = false, fields = {}, about } = form
  const classes = [kind === 'main' ? '' : kind, small ? 'small' : ''].filter(Boolean).join(' ')
  const hidden = Object.entries(fields).map(
    ([name, value]) => html`<input type="hidden" name="${name}" value="${value}" />`,
  )
  const rest = about === undefined ? null : html`<span class="only-reader"> ${about}</span>`
  return html`<form method="post" action="${form.action}">
    ${hidden}${form.before}<button class="${classes}">${form.label}${rest}</button>
  </form>`
}
