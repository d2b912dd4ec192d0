/** Customers as rows: value at risk, risk, why, what is suggested. */
import type { CustomerId } from '../../contracts/ids.ts'
import type { CustomerLine } from '../../store/reads/customers.ts'
import type { LineExtra } from '../../store/reads/pages-lines.ts'
import { NOTHING } from './decided.ts'
import type { Formats } from './formats.ts'
import { html, type Markup, type Piece } from './html.ts'
import { GROUPS, riskMark, STATES } from './labels.ts'

/**
 * @param several whether there is more than one connection, so that each row says which
 */
export function customerTable(
  lines: readonly CustomerLine[],
  extras: ReadonlyMap<CustomerId, LineExtra>,
  { formats, caption }: { formats: Formats; caption: string },
): Markup {
  const renews = [...extras.values()].some(({ renewalDate }) => renewalDate !== null)
  const responsible = lines.some((line) => line.responsible !== null)
  const rows = lines.map((line) => {
    const extra = extras.get(line.id)
    const renewal = extra?.renewalDate ?? null
    return html`<tr>
      <th scope="row" class="first">
        <a class="name" href="/customers/${line.id}">${line.name ?? line.externalId}</a>
      </th>
      <td class="figure">${valueCell(line, formats)}</td>
      <td class="full">
        ${riskMark(line.level, formats.percent(line.probability))}${movement(line.probability, extra?.before ?? null, formats)}
      </td>
      <td class="full">${mainReason(line)}</td>
      <td class="full" data-label="Suggested">${suggestion(line, formats)}</td>
      ${renews && html`<td class="wide-only nowrap">${renewal === null ? '–' : formats.day(renewal)}</td>`}
      ${responsible && html`<td class="wide-only">${line.responsible ?? '–'}</td>`}
    </tr>`
  })
  return html`<table class="rows">
    <caption class="only-reader">
      ${caption}
    </caption>
    <thead>
      <tr>
        <th scope="col">Customer</th>
        <th scope="col" class="figure">At risk a year</th>
        <th scope="col">Risk</th>
        <th scope="col">Mostly because</th>
        <th scope="col">Suggested</th>
        ${renews && html`<th scope="col">Renews</th>`}${responsible && html`<th scope="col">Responsible</th>`}
      </tr>
    </thead>
    <tbody>
      ${rows}
    </tbody>
  </table>`
}

function valueCell({ valueAtRiskMinor, currency }: CustomerLine, formats: Formats): Piece {
  return valueAtRiskMinor === null || currency === null
    ? html`<span class="second">unknown</span>`
    : formats.money(valueAtRiskMinor, currency)
}

/** "was 17 %": only where it moved enough to be seen. */
function movement(probability: number, before: number | null, formats: Formats): Piece {
  if (before === null || Math.abs(probability - before) < 0.01) return null
  return html` <span class="note nowrap">was ${formats.percent(before)}</span>`
}

function mainReason({ reasons }: CustomerLine): Piece {
  const raising = reasons.find(({ raises }) => raises) ?? reasons[0]
  return raising === undefined ? html`<span class="second">nothing stands out</span>` : raising.sentence
}

/** What was decided, or why nothing is: in a few words. */
function suggestion({ decision, intervention, group }: CustomerLine, formats: Formats): Piece {
  if (group !== 'policy') return html`<span class="second">${GROUPS[group].word}: left as it is</span>`
  if (decision === null) return html`<span class="second">not decided yet</span>`
  if (decision.actionKey === NOTHING) return html`<span class="second">Left in peace</span>`
  const worth =
    decision.expectedValueMinor === null
      ? null
      : html` <span class="nowrap">${formats.gain(decision.expectedValueMinor, decision.currency)}</span>`
  const state =
    intervention === null || intervention.actionKey !== decision.actionKey
      ? null
      : html`<small>${STATES[intervention.state as keyof typeof STATES]?.word ?? intervention.state}</small>`
  return html`${formats.action(decision.actionKey)}${worth}${state}`
}
