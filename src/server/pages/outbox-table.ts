/** Interventions as rows, and the states as the way through them. */
import { SANDBOX_KEEPS } from '../../loop/guard.ts'
import type { InterventionState } from '../../store/intervention-states.ts'
import type { InterventionLine } from '../../store/reads/interventions.ts'
import { answerButtons } from './answer-buttons.ts'
import { html, type Markup, type Piece } from './html.ts'
import { STATE_ORDER, STATES } from './labels.ts'
import { sentence } from './notices.ts'
import type { Place } from './place.ts'

/** How many there are in each state; `chosen` null: none is. */
export function stateTabs({ outbox, formats }: Place, chosen: InterventionState | 'all' | null): Markup {
  const tab = (state: InterventionState | 'all', href: string, word: string, count: number): Markup =>
    html`<li>
      <a href="${href}" ${chosen === state && html` aria-current="page"`}
        >${word} <span class="number">${formats.count(count)}</span></a
      >
    </li>`
  const there = STATE_ORDER.filter((state) => (outbox[state] ?? 0) > 0)
  const all = there.reduce((sum, state) => sum + (outbox[state] ?? 0), 0)
  return html`<ul class="tabs">
    ${tab('all', '/outbox', 'All', all)}${there.map((state) => tab(state, `/outbox?state=${state}`, STATES[state].word, outbox[state] ?? 0))}
  </ul>`
}

/**
 * @param back where an answer leads back to; null: rows take no answers
 */
export function interventionTable(
  lines: readonly InterventionLine[],
  place: Place,
  caption: string,
  back: string | null = null,
): Markup {
  const { formats } = place
  const sandboxed = lines.some(({ reason }) => reason?.endsWith(SANDBOX_KEEPS) === true)
  const rows = lines.map((line) => {
    const answers = back === null ? null : answerButtons(line, place, { back, small: true })
    return html`<tr>
      <th scope="row" class="first">
        <a class="name" href="/outbox/${line.id}">${formats.action(line.actionKey)}</a>
      </th>
      <td><a href="/customers/${line.customer}">${line.customerName ?? `Customer ${line.customer}`}</a></td>
      <td class="full">
        ${stateMark(line.state)}${line.reason !== null && html`<small>${sentence(withoutSandbox(line.reason))}</small>`}${line.askProblem !== null && html`<small>${unaskedWords(line.askProblem)}</small>`}${answers}
      </td>
      <td class="nowrap">${timeOf(line, place)}</td>
      <td class="figure" data-label="Cost">
        ${formats.money(line.actualCostMinor ?? line.plannedCostMinor, line.currency)}
      </td>
    </tr>`
  })
  return html`<table class="rows">
      <caption class="only-reader">
        ${caption}
      </caption>
      <thead>
        <tr>
          <th scope="col">Action</th>
          <th scope="col">Customer</th>
          <th scope="col">State</th>
          <th scope="col">When</th>
          <th scope="col" class="figure">Cost</th>
        </tr>
      </thead>
      <tbody>
        ${rows}
      </tbody>
    </table>
    ${sandboxed && sandboxNote()}`
}

/** Of what the CRM has no task for that asks somebody. */
export const unaskedWords = (problem: string): string =>
  `No task in the CRM asks for it: ${sentence(problem)} Answer it here.`

/** Once for a list of reasons. */
export const sandboxNote = (): Markup =>
  html`<p class="note">Hours, limits and holds count in the sandbox as they do live.</p>`

export const withoutSandbox = (reason: string): string => reason.replace(` ${SANDBOX_KEEPS}`, '')

const DOTS: Partial<Record<InterventionState, string>> = {
  uncertain: ' bad',
  awaiting_approval: ' wait',
  sent: '',
  confirmed: '',
}

export function stateMark(state: InterventionState): Markup {
  return html`<span class="dot${DOTS[state] ?? ' still'}"></span>${STATES[state].word}`
}

function timeOf(line: InterventionLine, { formats, now }: Place): Piece {
  if (line.sentAt !== null) return formats.when(line.sentAt)
  const ahead = line.state === 'planned' || line.state === 'deferred' || line.state === 'snoozed'
  return ahead
    ? line.dueAt <= now
      ? 'due now'
      : html`due ${formats.when(line.dueAt)}`
    : formats.when(line.updatedAt)
}
