/** What was decided for a customer, and why: as a paragraph, and as the rows behind it. */
import { periodEnd } from '../../settings/planning.ts'
import type { WholeCustomer } from '../../store/reads/customer.ts'
import type { DecisionTrace, WeighedAction } from '../../store/reads/decisions.ts'
import { maskSentence, NOTHING } from './decided.ts'
import { periodWords } from './decided-part.ts'
import { decisionSentences } from './decision-words.ts'
import { html, type Markup, type Piece } from './html.ts'
import { GROUPS } from './labels.ts'
import type { Place } from './place.ts'

export function decisionPart({ decision, group, decisions }: WholeCustomer, place: Place): Markup {
  if (decision === null)
    return html`<h2>What Holdfast decided, and why</h2>
      <p class="second">
        ${group === 'policy' ? `Nothing yet. Each customer is decided on once in a ${place.settings.period}, after it was scored.` : GROUPS[group].about}
      </p>`
  const next = periodEnd(place.settings.period, place.now)
  return html`<h2>What Holdfast decided, and why</h2>
    <div class="box">
      <p>${decisionSentences(decision, next, place.formats).join(' ')}</p>
    </div>
    ${weighedTable(decision, place)}${earlier(decisions, decision, place)}`
}

function weighedTable(decision: DecisionTrace, { formats }: Place): Markup {
  const amount = (minor: number | null, write: (minor: number, currency: string) => string): string =>
    minor === null ? '–' : write(minor, decision.currency)
  const sorted = decision.actions.toSorted((a, b) => rank(b, decision) - rank(a, decision))
  const rows = sorted.map((one) => {
    const open = one.masked === 'open'
    const chosen = one.key === decision.actionKey
    const notes: Piece[] = [chosen ? 'chosen' : open ? null : maskSentence(one.masked)]
    const name = formats.action(one.key)
    return html`<tr class="${open ? '' : 'off'}">
      <th scope="row">
        ${chosen ? html`<span class="strong">${name}</span>` : open ? name : html`<span class="second">${name}</span>`}
        <small>${notes}</small>
      </th>
      <td class="figure">${open ? amount(one.expectedValueMinor, formats.gain) : '–'}</td>
      <td class="figure">${one.key === NOTHING || !open ? '–' : amount(one.costMinor, formats.money)}</td>
      <td class="figure">${one.probability > 0 ? formats.percent(one.probability) : '–'}</td>
    </tr>`
  })
  return html`<table>
    <thead>
      <tr>
        <th scope="col">Action</th>
        <th scope="col" class="figure">Expected</th>
        <th scope="col" class="figure">Cost</th>
        <th scope="col" class="figure">Chance</th>
      </tr>
    </thead>
    <tbody>
      ${rows}
    </tbody>
  </table>`
}

/** The chosen one first, then what was possible by its worth, then the rest. */
function rank({ key, masked, expectedValueMinor }: WeighedAction, { actionKey }: DecisionTrace): number {
  if (key === actionKey) return Number.MAX_VALUE
  if (masked !== 'open') return -Number.MAX_VALUE
  return expectedValueMinor ?? -Number.MAX_VALUE / 2
}

function earlier(decisions: WholeCustomer['decisions'], newest: DecisionTrace, { formats }: Place): Piece {
  const before = decisions.filter(({ id }) => id !== newest.id)
  if (before.length === 0) return null
  const rows = before.map(
    (one) =>
      html`<tr>
        <th scope="row">${periodWords(one.period)}</th>
        <td>${one.actionKey === NOTHING ? 'Left in peace' : formats.action(one.actionKey)}</td>
        <td class="figure">
          ${one.expectedValueMinor === null ? '–' : formats.gain(one.expectedValueMinor, one.currency)}
        </td>
      </tr>`,
  )
  return html`<details>
    <summary>Decisions before</summary>
    <table>
      <tbody>
        ${rows}
      </tbody>
    </table>
  </details>`
}
