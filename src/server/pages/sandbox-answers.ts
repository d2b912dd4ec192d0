/** Under a message of a sandbox: what the world may answer to it, and what came of that. */
import type { ToldLine } from '../../store/reads/told.ts'
import { button } from './form.ts'
import { html, type Markup, type Piece } from '../html.ts'
import { sentence } from '../words/notices.ts'
import type { Place } from './place.ts'
import { whenMarkup } from './when.ts'

export interface SandboxAnswerButton {
  readonly answer: string
  /** A verb, as somebody would say it. */
  readonly label: string
  readonly about: string
}

/** @param action our own path that takes the answers */
export function answersPart(action: string, answers: readonly SandboxAnswerButton[]): Markup {
  return html`<section>
    <h2>Answer as they would</h2>
    <p class="second">
      The sandbox sends it as the real world does, and Holdfast takes it as if it came from there.
    </p>
    <div class="buttons">
      ${answers.map(({ answer, label, about }) => button({ action, label, fields: { answer }, about }))}
    </div>
  </section>`
}

const WORDS: Readonly<Record<ToldLine['kind'], string>> = {
  accepted: 'Taken by the provider',
  delivered: 'Delivered',
  delayed: 'Delayed',
  bounced: 'Bounced',
  failed: 'Failed',
  complained: 'Reported as spam',
  opened: 'Opened',
  clicked: 'Clicked',
  replied: 'Answered',
  unsubscribed: 'Unsubscribed',
  resubscribed: 'Subscribed again',
  help: 'Asked for help',
}

/** What came back of a message; nothing where nothing did. */
export function toldPart(told: readonly ToldLine[], { formats }: Pick<Place, 'formats'>): Piece {
  if (told.length === 0) return null
  const rows = told.map(
    ({ at, kind, code, detail }) =>
      html`<tr>
        <td class="tight second">${whenMarkup(at, formats)}</td>
        <td class="rest">
          ${WORDS[kind]}${code !== null && html` <span class="second">${code}</span>`}${detail !== null && html`<small>${sentence(detail)}</small>`}
        </td>
      </tr>`,
  )
  return html`<h2>What came back</h2>
    <table class="rows">
      <caption class="only-reader">
        What was said of it, oldest first
      </caption>
      <tbody>
        ${rows}
      </tbody>
    </table>`
}
