/** What the period's decisions come to: acted on, left in peace and why, compared. */
import type { ChosenAction, Decided } from './decided.ts'
import { html, joined, type Markup, type Piece } from './html.ts'
import type { Place } from './place.ts'

export function decidedPart(
  decided: Decided,
  { place, period, scored }: { place: Place; period: string; scored: number },
): Markup {
  const { formats } = place
  const title = html`<h2>Decided in ${periodWords(period)}</h2>`
  if (decided.customers === 0)
    return html`${title}
      <p class="second">
        Nothing is decided yet. Each customer is decided on once in a ${place.settings.period}, after it was
        scored.
      </p>`
  const acted = decided.actions.reduce((sum, { customers }) => sum + customers, 0)
  const undecided = Math.max(0, scored - decided.customers)
  return html`${title}
    <dl class="figures">
      ${figure(formats.count(acted), 'worth an action')}
      ${figure(formats.count(decided.leftInPeace), 'left in peace')}
      ${decided.holdout + decided.usual > 0 && figure(formats.count(decided.holdout + decided.usual), 'left alone to compare with')}
    </dl>
    ${decided.actions.length > 0 && actionsTable(decided.actions, place)}
    ${decided.leftInPeace > 0 && leftPart(decided, place)}
    ${undecided > 0 && html`<p class="note">${formats.many(undecided, 'customer is', 'customers are')} not decided on yet.</p>`}`
}

/** Reasons that are told; the others are summed up. */
const REASONS = 5

function leftPart({ leftBecause }: Decided, { formats }: Place): Markup {
  const shown = leftBecause.slice(0, REASONS)
  const others = leftBecause.slice(REASONS).reduce((sum, { customers }) => sum + customers, 0)
  const all = others === 0 ? shown : [...shown, { sentence: 'other reasons', customers: others }]
  const rows = all.map(
    ({ sentence, customers }) =>
      html`<tr>
        <td>${sentence[0].toUpperCase() + sentence.slice(1)}</td>
        <td class="figure">${formats.count(customers)}</td>
      </tr>`,
  )
  return html`<table class="compact">
    <thead>
      <tr>
        <th scope="col">Left in peace, mostly because</th>
        <th scope="col" class="figure">Customers</th>
      </tr>
    </thead>
    <tbody>
      ${rows}
    </tbody>
  </table>`
}

function figure(value: string, word: string): Markup {
  return html`<div>
    <dd>${value}</dd>
    <dt>${word}</dt>
  </div>`
}

function actionsTable(actions: readonly ChosenAction[], { formats }: Place): Markup {
  const money = (of: ChosenAction, amount: (sum: ChosenAction['sums'][number]) => string): Piece =>
    joined(of.sums.map(amount), html`<br />`)
  const rows = actions.map(
    (one) =>
      html`<tr>
        <th scope="row">${formats.action(one.key)}</th>
        <td class="figure">${formats.count(one.customers)}</td>
        <td class="figure">${money(one, (sum) => formats.gain(sum.expectedValueMinor, sum.currency))}</td>
        <td class="figure">${money(one, (sum) => formats.money(sum.plannedCostMinor, sum.currency))}</td>
      </tr>`,
  )
  return html`<table>
      <thead>
        <tr>
          <th scope="col">Action</th>
          <th scope="col" class="figure">Customers</th>
          <th scope="col" class="figure">Expected</th>
          <th scope="col" class="figure">Cost</th>
        </tr>
      </thead>
      <tbody>
        ${rows}
      </tbody>
    </table>
    <p class="note">
      Expected is what the policy believes the action keeps, less its cost; only the comparison groups can
      prove it.
    </p>`
}

const MONTHS = new Intl.DateTimeFormat('en-GB', { timeZone: 'UTC', month: 'long', year: 'numeric' })

/** '2026-11' as "November 2026", '2026-W47' as "week 47 of 2026", '2026-Q4' as "the 4th quarter of 2026". */
export function periodWords(period: string): string {
  const [year, part] = period.split('-')
  if (part === undefined) return period
  if (part.startsWith('W')) return `week ${Number(part.slice(1))} of ${year}`
  if (part.startsWith('Q')) return `quarter ${part.slice(1)} of ${year}`
  const date = new Date(`${period}-01T00:00:00Z`)
  return Number.isNaN(date.getTime()) ? period : MONTHS.format(date)
}
