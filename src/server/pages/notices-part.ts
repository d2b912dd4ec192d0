/** What needs a look, with the button that does something about it. */
import { button } from './form.ts'
import { html, type Markup, type Piece } from './html.ts'
import type { Notice } from './notices.ts'
import type { Place } from './place.ts'

export function noticesPart(notices: readonly Notice[], place: Place): Markup | null {
  if (notices.length === 0) return null
  return html`<div id="notices" data-live>${notices.map((notice) => noticeMarkup(notice, place))}</div>`
}

function noticeMarkup({ tone, title, text, remedy }: Notice, place: Place): Markup {
  return html`<div class="notice ${tone}">
    <p class="strong">${title}</p>
    <p>${text}</p>
    ${remedyMarkup(remedy, place)}
  </div>`
}

function remedyMarkup(remedy: Notice['remedy'], place: Place): Piece {
  if (remedy === null) return null
  switch (remedy.kind) {
    case 'look':
      return html`<p><a href="${remedy.href}">${remedy.label}</a></p>`
    case 'resume':
      return place.may('admin') ? null : html`<p class="note">An admin can resume.</p>`
    case 'run':
      return (
        place.may('operator') &&
        html`<div class="buttons">
          ${button({ action: `/connections/${remedy.connection.id}/run`, label: 'Try again now', small: true, fields: { step: remedy.step }, about: remedy.connection.name })}
        </div>`
      )
    case 'activate':
      return place.may('admin')
        ? html`<div class="buttons">
            ${button({ action: '/activate', label: 'Turn actions on', kind: 'main', fields: { company: place.tenant.id }, before: html`<label class="check"><input type="checkbox" name="confirm" value="yes" required /> I looked, and this is meant</label>` })}
          </div>`
        : html`<p class="note">An admin can turn actions on.</p>`
  }
}
