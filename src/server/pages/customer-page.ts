/** One customer: the risk and how it moved, why, what was decided and why, what was done, whom it would reach. */
import { z } from 'zod'
import { recordAddress } from '../../../connectors/hubspot/account.ts'
import { recordAddress as salesforceAddress } from '../../../connectors/salesforce/record-address.ts'
import { asCustomer } from '../../contracts/ids.ts'
import { holdsOf } from '../../store/holds.ts'
import { objectors } from '../../store/objections.ts'
import { readCustomer, type CustomerScore, type WholeCustomer } from '../../store/reads/customer.ts'
import { recordPlace, type RecordPlace } from '../../store/reads/crm-connections.ts'
import { route } from '../route.ts'
import { answerButtons } from './answer-buttons.ts'
import { reasonBar, trendChart } from './charts.ts'
import { historyPart, reachPart } from './customer-parts.ts'
import { decisionPart } from './decision-part.ts'
import { html, joined, type Markup, type Piece } from './html.ts'
import { holdForm, holdsPart } from './holds-part.ts'
import { GROUPS, LEVELS } from './labels.ts'
import { withPlace, type Place } from './place.ts'
import { shell } from './shell.ts'

export const customerRoute = route({
  method: 'get',
  path: '/customers/{id}',
  summary: 'One customer whole',
  tag: 'Pages',
  access: { scope: null, role: 'viewer' },
  audience: 'page',
  params: z.strictObject({ id: z.coerce.number().int().positive() }),
  answers: { 200: { description: 'The page', type: 'text/html' } },
  handle: async ({ caller, params }, services) => {
    const { place, customer, record, holds, objects } = await withPlace(
      { caller, services },
      async (tx, place) => {
        const found = await readCustomer(tx, asCustomer(params.id))
        return {
          place,
          customer: found,
          record: await recordPlace(tx, found.connection),
          holds: await holdsOf(tx, [found.id]),
          objects: (await objectors(tx, [found.id])).has(found.id),
        }
      },
    )
    const { formats } = place
    const name = customer.name ?? customer.externalId
    const waiting = customer.interventions.find(({ state }) => state === 'awaiting_approval')
    const body = html`<div class="crumbs">
        <a href="/customers">Customers</a><span>/ ${name}</span>
        ${recordPill(customer, record)}
        <span class="pill ${customer.group === 'policy' ? '' : 'wait'}">${GROUPS[customer.group].word}</span>
      </div>
      <div class="top">
        <div>
          <h1>${name}</h1>
          <p class="lead">${facts(customer, place)}</p>
        </div>
        <div class="buttons">
          ${waiting !== undefined && answerButtons(waiting, place, { back: `/customers/${customer.id}` })}
          ${holds.length === 0 && customer.status === 'active' && place.may('operator') && holdForm(customer.id, place)}
        </div>
      </div>
      ${standing(customer, place)}${holdsPart(customer.id, holds, place)}
      <section class="two">
        <div>
          ${objects ? objected() : customer.score === null ? unscored(customer) : riskPart(customer, customer.score, place)}
        </div>
        <div>${objects ? nothingDecided() : decisionPart(customer, place)}</div>
      </section>
      ${historyPart(customer, place)}${reachPart(customer)}
      ${
        customer.score !== null &&
        !objects &&
        html`<p class="note">
          Scored ${formats.when(customer.score.scoredAt)}, read ${formats.when(customer.syncedAt)}.
        </p>`
      }`
    return shell(place, { title: name, chapter: 'customers', body })
  },
})

/** Whose record it is; a link where people can look at it there. */
function recordPill(
  { connectionName, externalId, object }: WholeCustomer,
  record: RecordPlace | null,
): Markup {
  const words = `${connectionName} ${externalId}`
  const found = record === null ? null : addressIn(record, object, externalId)
  if (found === null) return html`<span class="pill">${words}</span>`
  return html`<a class="pill" href="${found.href}" rel="noreferrer">${words} in ${found.crm}</a>`
}

function addressIn(
  { kind, externalId: account, domain }: RecordPlace,
  object: string,
  id: string,
): { readonly href: string; readonly crm: string } | null {
  if (kind === 'hubspot' && (object === 'companies' || object === 'contacts')) {
    const place = { uiDomain: domain ?? 'app.hubspot.com', portal: account }
    return { href: recordAddress(place, object, id), crm: 'HubSpot' }
  }
  if (kind === 'salesforce' && domain !== null && (object === 'Account' || object === 'Contact'))
    return { href: salesforceAddress(domain, object, id), crm: 'Salesforce' }
  return null
}

/** "€38,400 a year · renews 12 Jan · Mara Lindt is responsible". */
function facts(
  { score, agreements, responsible, recipients }: WholeCustomer,
  { formats, now }: Place,
): Piece {
  const today = now.toISOString().slice(0, 10)
  const ahead = (dates: readonly (string | null)[]): string | undefined =>
    dates.filter((date) => date !== null && date >= today).toSorted()[0] ?? undefined
  const renewal = ahead(agreements.map(({ renewalDate }) => renewalDate))
  const notice = ahead(agreements.map(({ noticeDate }) => noticeDate))
  const [first] = recipients
  const amount =
    score === null || score.monthlyMinor === null || score.currency === null
      ? 'What it pays is not known'
      : `${formats.money(score.monthlyMinor * 12, score.currency)} a year`
  return joined(
    [
      amount,
      renewal !== undefined && `renews ${formats.day(renewal)}`,
      notice !== undefined && `notice by ${formats.day(notice)}`,
      responsible !== null && `${responsible.name ?? responsible.email ?? responsible.id} is responsible`,
      first !== undefined &&
        `reaches ${first.name ?? 'a contact without a name'}${first.role === null ? '' : `, ${first.role}`}`,
    ],
    ' · ',
  )
}

function standing({ status, statusSince }: WholeCustomer, { formats }: Place): Piece {
  if (status === 'active') return null
  const text =
    status === 'left'
      ? 'It is no longer in the population. It is not scored any more, nothing is done, and our suggestion was cleared.'
      : 'The record is gone from the source. It is not scored any more, and nothing is done.'
  return html`<div class="notice wait">
    <p class="strong">
      ${status === 'left' ? 'Left the population' : 'Deleted'} on ${formats.day(statusSince)}
    </p>
    <p>${text}</p>
  </div>`
}

/** What was computed before goes with the objection, so that nobody acts on it. */
function objected(): Markup {
  return html`<h2>Risk</h2>
    <p class="second">
      Everybody here objects to being profiled, so this customer is not scored, and our fields on the record
      are cleared.
    </p>`
}

function nothingDecided(): Markup {
  return html`<h2>What Holdfast decided, and why</h2>
    <p class="second">Nothing: who objects to the profiling is not decided on.</p>`
}

function unscored({ status }: WholeCustomer): Markup {
  return html`<h2>Risk</h2>
    <p class="second">
      ${status === 'active' ? 'Not scored yet: the next run does it. A customer who objected to it is never scored.' : 'It was never scored.'}
    </p>`
}

function riskPart(customer: WholeCustomer, score: CustomerScore, { formats, now }: Place): Markup {
  const { mark, word } = LEVELS[score.level]
  const before = monthAgo(customer, now)
  const moved =
    before === null || Math.abs(before - score.probability) < 0.005
      ? null
      : `, ${before < score.probability ? 'up' : 'down'} from ${formats.percent(before)} a month ago`
  const chart = trendChart(customer.history, now, formats)
  return html`<p>
      <span class="big ${score.level}">${formats.percent(score.probability)}</span>
      <span class="second">${likelihood(score)}${moved}</span>
    </p>
    <p>
      <span class="risk ${score.level}"><span aria-hidden="true">${mark}</span> ${word} risk</span>
      <span class="note">since ${formats.day(score.levelSince)}</span>
    </p>
    ${worth(score, formats)}
    ${chart ?? html`<p class="note">Scored first on ${formats.day(customer.history[0]?.scoredAt ?? score.scoredAt)}; it has not moved since.</p>`}
    <h2>Why</h2>
    ${reasonsTable(score)}
    <p class="note">${confidence(score, formats)}</p>`
}

function likelihood({ kind, horizonDays }: CustomerScore): string {
  return kind === 'horizon' && horizonDays !== null
    ? `may leave within ${horizonDays} days`
    : 'chance to leave: a snapshot, without saying when'
}

function worth({ valueAtRiskMinor, currency }: CustomerScore, formats: Place['formats']): Piece {
  return valueAtRiskMinor === null || currency === null
    ? html`<p class="second">What is at risk cannot be said, since what it pays is not known.</p>`
    : html`<p>
        <span class="strong">${formats.money(valueAtRiskMinor, currency)}</span> a year at risk: what it pays
        times this chance.
      </p>`
}

/** The risk of thirty days ago; null where it was not scored then. */
function monthAgo({ history }: WholeCustomer, now: Date): number | null {
  const then = now.getTime() - 30 * 86_400_000
  return history.findLast(({ scoredAt }) => scoredAt.getTime() <= then)?.probability ?? null
}

function reasonsTable({ reasons }: CustomerScore): Markup {
  if (reasons.length === 0)
    return html`<p class="second">Nothing stands out: it is much like the average customer.</p>`
  const most = Math.max(...reasons.map(({ contribution }) => Math.abs(contribution)), 1e-9)
  const rows = reasons.map(
    (reason) =>
      html`<tr>
        <td>
          ${reason.sentence}<span class="only-reader">, ${reason.raises ? 'raises' : 'lowers'} the risk</span>
        </td>
        <td class="bar">${reasonBar(reason, most)}</td>
      </tr>`,
  )
  return html`<table>
    <caption class="only-reader">
      Reasons, the strongest first
    </caption>
    <thead class="only-reader">
      <tr>
        <th scope="col">Reason</th>
        <th scope="col">How strong</th>
      </tr>
    </thead>
    <tbody>
      ${rows}
    </tbody>
  </table>`
}

/** Below this share of what matters, the score is said to be of little data. */
const LOW_DATA = 0.6

function confidence({ dataConfidence }: CustomerScore, formats: Place['formats']): Piece {
  const known = `${formats.percent(dataConfidence)} of what matters to the model is known of this customer`
  return dataConfidence < LOW_DATA
    ? html`<span class="pill wait">Low data</span> Only ${known}: take the risk as a hint.`
    : html`Against the average customer; red raises the risk, green lowers it. ${known}.`
}
