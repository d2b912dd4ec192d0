/** What would be sent today: how many by action, why others would not go, and what some of it says. */
import { z } from 'zod'
import { OUTCOMES, type BookPreview, type Example, type Outcome } from '../../loop/preview-tally.ts'
import { sharedPreview } from '../previews.ts'
import { route } from '../route.ts'
import { maskSentence } from './decided.ts'
import type { Formats } from './formats.ts'
import { html, type Markup, type Piece } from './html.ts'
import { CHANNELS } from './labels.ts'
import { sentence } from './notices.ts'
import { sandboxNote, withoutSandbox } from './outbox-table.ts'
import { withPlace, type Place } from './place.ts'
import { shell } from './shell.ts'

export const previewRoute = route({
  method: 'get',
  path: '/preview',
  summary: 'What would be sent today, over the whole book',
  tag: 'Pages',
  access: { scope: null, role: 'operator' },
  audience: 'page',
  query: z.object({ book: z.enum(['whole', 'today']).default('today') }),
  answers: { 200: { description: 'The page', type: 'text/html' } },
  handle: async ({ tenant, caller, query, origin }, services) => {
    const preview = await sharedPreview(services, { tenant, origin, whole: query.book === 'whole' })
    return withPlace({ caller, services }, async (_tx, place) => {
      const body = html`<div class="crumbs">
          <a href="/sending">Sending</a><span>/ Preview, made ${place.formats.when(preview.at)}</span>
        </div>
        ${headline(preview, place)}${otherBook(preview, place)}${missingPart(preview)}
        ${
          preview.actions.length > 0 &&
          html`<section>
            <h2>By action</h2>
            ${actionsTable(preview, place)}
          </section>`
        }
        ${reasonsPart(preview, place)}${examplesPart(preview, place)}`
      return shell(place, { title: 'Preview', chapter: 'sending', body })
    })
  },
})

const WORDS: Readonly<Record<Outcome, string>> = {
  send: 'goes out',
  approval: 'asks a person',
  later: 'goes later',
  waits: 'waits for somebody',
  suppressed: 'held back',
  not_possible: 'nothing carries it out',
  ends: 'is over',
}

function headline(preview: BookPreview, { formats }: Place): Markup {
  const sum = (outcome: Outcome) => preview.actions.reduce((all, { would }) => all + would[outcome], 0)
  const [goes, asks, later] = [sum('send'), sum('approval'), sum('later')]
  const { customers, nothing } = preview
  const whom =
    preview.book === 'whole'
      ? `Over ${formats.many(customers, 'customer', 'customers')}, as if actions were turned on and everybody decided on now.`
      : customers === 0
        ? 'Everybody is decided on for now; this is what is open and due today.'
        : `What is open and due today, and ${formats.many(customers, 'customer who is', 'customers who are')} still undecided.`
  return html`<h1>${previewTitle({ goes, asks, later }, formats)}</h1>
    <p class="lead">
      ${whom}
      ${goes > 0 && asks > 0 && `A person would be asked about ${formats.count(asks)}. `}${
        customers > 0 &&
        `For ${formats.count(nothing)} nothing is worth doing or allowed. All of it would reserve ${formats.money(preview.plannedCostMinor, preview.currency)} of the budget. `
      }Nothing
      was written, and nothing was sent.
    </p>`
}

/**
 * What matters most of what would become of the actions.
 *
 * @example
 * previewTitle({ goes: 0, asks: 1, later: 0 }, formats) // 'Nothing would go out right now: a person would be asked about 1 action'
 */
export function previewTitle(
  { goes, asks, later }: { readonly goes: number; readonly asks: number; readonly later: number },
  { many }: Pick<Formats, 'many'>,
): string {
  if (goes > 0) return `${many(goes, 'action')} would go out right now`
  const nothing = 'Nothing would go out right now'
  const afterwards = later > 0 ? `, ${many(later, 'action')} later` : ''
  return asks > 0
    ? `${nothing}${afterwards}: a person would be asked about ${many(asks, 'action')}`
    : `${nothing}${afterwards}`
}

/** Before actions are turned on there is no other. */
function otherBook({ book }: BookPreview, { tenant }: Place): Piece {
  if (tenant.activatedAt === null) return null
  return book === 'today'
    ? html`<p>
        <a href="/preview?book=whole">Look at the whole book, as if everybody were decided on now</a>
      </p>`
    : html`<p><a href="/preview">Look at today only</a></p>`
}

function missingPart({ missing }: BookPreview): Piece {
  if (missing.length === 0) return null
  return html`<div class="notice wait">
    <p class="strong">None of it reaches a customer yet</p>
    ${missing.map((one) => html`<p>${sentence(one)}</p>`)}
  </div>`
}

function actionsTable({ actions, currency }: BookPreview, { formats }: Place): Markup {
  const shown = OUTCOMES.filter(
    (outcome) => outcome === 'send' || actions.some(({ would }) => would[outcome] > 0),
  )
  // Of who is decided on already nobody is left out.
  const leftOut = actions.some(({ chosen, masked }) => chosen === 0 || Object.keys(masked).length > 0)
  const rows = actions.map((one) => {
    const masked = Object.entries(one.masked).toSorted((a, b) => b[1] - a[1])
    return html`<tr>
      <th scope="row" class="first">${formats.action(one.key)}<small>${CHANNELS[one.channel]}</small></th>
      ${
        leftOut &&
        html`<td class="full">
          ${one.chosen === 0 && html`<span class="second">For nobody.</span>`}
          ${
            masked.length > 0 &&
            html`<small
              >Not open:
              ${masked
                .slice(0, 3)
                .map(([reason, count]) => `${maskSentence(reason)} (${formats.count(count)})`)
                .join(', ')}</small
            >`
          }
        </td>`
      }
      ${shown.map((outcome) => html`<td class="figure" data-label="${WORDS[outcome]}">${formats.count(one.would[outcome])}</td>`)}
      <td class="figure" data-label="Cost">${formats.money(one.plannedCostMinor, currency)}</td>
    </tr>`
  })
  return html`<table class="rows">
    <caption class="only-reader">
      Actions, and what would become of them
    </caption>
    <thead>
      <tr>
        <th scope="col">Action</th>
        ${leftOut && html`<th scope="col">Who is left out</th>`}
        ${shown.map((outcome) => html`<th scope="col" class="figure">${sentence(WORDS[outcome]).replace('.', '')}</th>`)}
        <th scope="col" class="figure">Cost</th>
      </tr>
    </thead>
    <tbody>
      ${rows}
    </tbody>
  </table>`
}

/** Reasons that the page shows; the API has all of them. */
const REASONS = 12

function reasonsPart({ reasons }: BookPreview, { formats }: Place): Piece {
  if (reasons.length === 0) return null
  const rows = reasons.slice(0, REASONS).map(
    (one) =>
      html`<tr>
        <th scope="row" class="first">
          ${formats.action(one.actionKey)}<small>${WORDS[one.outcome]}</small>
        </th>
        <td class="full">${sentence(withoutSandbox(one.reason))}</td>
        <td class="figure" data-label="Customers">${formats.count(one.count)}</td>
      </tr>`,
  )
  return html`<section>
    <h2>Why the others do not go now</h2>
    <table class="rows">
      <caption class="only-reader">
        Reasons, most frequent first; each in the words of one customer
      </caption>
      <thead>
        <tr>
          <th scope="col">Action</th>
          <th scope="col">For example</th>
          <th scope="col" class="figure">Customers</th>
        </tr>
      </thead>
      <tbody>
        ${rows}
      </tbody>
    </table>
    ${reasons.some(({ reason }) => reason !== withoutSandbox(reason)) && sandboxNote()}
  </section>`
}

function examplesPart({ examples }: BookPreview, place: Place): Piece {
  const messages = examples.filter(({ message }) => message !== null)
  if (messages.length === 0) return null
  return html`<section>
    <h2>What it would say</h2>
    <p class="note">As a dry run: links lead nowhere, and codes are made up.</p>
    ${[...Map.groupBy(messages, ({ actionKey }) => actionKey)].map(
      ([key, of]) =>
        html`<h3>${place.formats.action(key)}</h3>
          ${of.map(exampleMarkup)}`,
    )}
  </section>`
}

function exampleMarkup({ customer, customerName, message, outcome }: Example): Piece {
  if (message === null) return null
  const to = message.kind === 'email' ? message.to.address : message.kind === 'sms' ? message.to : null
  return html`<details>
    <summary>
      ${customerName ?? `Customer ${customer}`}${'subject' in message && `: ${message.subject}`}
      <span class="note">· ${WORDS[outcome]}</span>
    </summary>
    <div class="box">
      <p class="note"><a href="/customers/${customer}">The customer</a>${to !== null && ` · to ${to}`}</p>
      <pre>${message.text}</pre>
    </div>
  </details>`
}
