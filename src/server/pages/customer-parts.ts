/** What was done for a customer, and whom it would reach. */
import type { RecipientLine, WholeCustomer } from '../../store/reads/customer.ts'
import { html, type Markup, type Piece } from './html.ts'
import { consentWord, STATES } from './labels.ts'
import { sentence } from './notices.ts'
import { stateMark } from './outbox-table.ts'
import type { Place } from './place.ts'

/** Interventions with what became of them, newest first. */
export function historyPart({ interventions }: WholeCustomer, { formats }: Place): Markup {
  const rows = interventions.map((one) => {
    const moves = one.events.map(
      (event) =>
        html`<li>
          ${formats.exact(event.at)}:
          ${STATES[event.toState].word.toLowerCase()}${event.reason !== null && html`, ${event.reason}`}
        </li>`,
    )
    return html`<tr>
      <td class="nowrap second">${formats.when(one.createdAt)}</td>
      <th scope="row" class="first">
        <a class="name" href="/outbox/${one.id}">${formats.action(one.actionKey)}</a>
        <small
          >${one.createdBy === 'policy' ? 'decided by the policy' : `asked for by ${one.createdBy.replace(/^\w+:/, '')}`}</small
        >
      </th>
      <td class="full">
        ${stateMark(one.state)}${one.reason !== null && html`<small>${sentence(one.reason)}</small>`}
        ${
          moves.length > 1 &&
          html`<details>
            <summary>How it went</summary>
            <ol class="note">
              ${moves}
            </ol>
          </details>`
        }
      </td>
      <td class="figure" data-label="Cost">
        ${formats.money(one.actualCostMinor ?? one.plannedCostMinor, one.currency)}
      </td>
    </tr>`
  })
  return html`<section>
    <h2>What was done</h2>
    ${
      interventions.length === 0
        ? html`<p class="second">Nothing yet.</p>`
        : html`<table class="rows">
            <caption class="only-reader">
              Actions for this customer, newest first
            </caption>
            <thead>
              <tr>
                <th scope="col">Begun</th>
                <th scope="col">Action</th>
                <th scope="col">What became of it</th>
                <th scope="col" class="figure">Cost</th>
              </tr>
            </thead>
            <tbody>
              ${rows}
            </tbody>
          </table>`
    }
  </section>`
}

/** Contacts in the order in which they are chosen, with what they agreed to. */
export function reachPart({ recipients }: WholeCustomer): Markup {
  const rows = recipients.map(
    (one) =>
      html`<tr>
        <th scope="row" class="first">
          ${one.name ?? html`<span class="second">without a name</span>`}
          <small>${[one.role, one.language, one.zone].filter((part) => part !== null).join(' · ')}</small>
        </th>
        <td data-label="E-mail">${reach(one.hasEmail, one.consent.email)}</td>
        <td data-label="SMS">${reach(one.hasPhone, one.consent.sms)}</td>
        <td data-label="Call">${reach(one.hasPhone, one.consent.call)}</td>
      </tr>`,
  )
  const unreachable = recipients.every(({ hasEmail }) => !hasEmail)
  return html`<section>
    <h2>Whom it reaches</h2>
    ${
      unreachable &&
      html`<div class="notice wait">
        <p class="strong">No e-mail address</p>
        <p>
          ${recipients.length === 0 ? 'The source names no contact of this customer' : 'None of the contacts has an e-mail address'},
          so nothing can be sent by e-mail. Add one in the source; it is read with the next sync.
        </p>
      </div>`
    }
    ${
      recipients.length > 0 &&
      html`<table class="rows">
        <caption class="only-reader">
          Contacts and what they agreed to
        </caption>
        <thead>
          <tr>
            <th scope="col">Contact</th>
            <th scope="col">E-mail</th>
            <th scope="col">SMS</th>
            <th scope="col">Call</th>
          </tr>
        </thead>
        <tbody>
          ${rows}
        </tbody>
      </table>`
    }
  </section>`
}

function reach(there: boolean, consent: RecipientLine['consent']['email']): Piece {
  if (!there) return html`<span class="second">no address</span>`
  return consent === 'granted'
    ? consentWord(consent)
    : html`<span class="second">${consentWord(consent)}</span>`
}
