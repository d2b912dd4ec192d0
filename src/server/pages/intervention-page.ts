/** One action: how it stands and why, what it says, what became of it. */
import { z } from 'zod'
import type { EmailMessage, SmsMessage, TaskMessage } from '../../../actions/channel.ts'
import { HoldfastError } from '../../contracts/errors.ts'
import { asIntervention } from '../../contracts/ids.ts'
import { activityOf, type LoggedActivity } from '../../store/activities.ts'
import { readWholeIntervention, type WholeIntervention } from '../../store/reads/interventions.ts'
import { route } from '../route.ts'
import { answerButtons } from './answer-buttons.ts'
import { html, type Markup, type Piece } from './html.ts'
import { CHANNELS, STATES } from './labels.ts'
import { mailDocument, mailPart, WITH_FRAME } from './mail-part.ts'
import { sentence } from './notices.ts'
import { modePill } from './outbox-page.ts'
import { stateMark, unaskedWords } from './outbox-table.ts'
import { withPlace, type Place } from './place.ts'
import { previewOf, type Preview } from './preview.ts'
import { shell } from './shell.ts'

const params = z.strictObject({ id: z.uuid() })
const reader = { scope: null, role: 'viewer' } as const

export const interventionRoute = route({
  method: 'get',
  path: '/outbox/{id}',
  summary: 'One action with what it sends and what became of it',
  tag: 'Pages',
  access: reader,
  audience: 'page',
  params,
  answers: { 200: { description: 'The page', type: 'text/html' } },
  handle: ({ tenant, caller, params, origin }, services) =>
    withPlace({ caller, services }, async (tx, place) => {
      const id = asIntervention(params.id)
      const whole = await readWholeIntervention(tx, id)
      const preview = await previewOf(tx, services, { tenant, id, settings: place.settings, origin })
      const logged = await activityOf(tx, id)
      const name = whole.customerName ?? `customer ${whole.customer}`
      const title = `${place.formats.action(whole.actionKey)} for ${name}`
      const body = html`<div class="crumbs">
          <a href="/outbox">Outbox</a><span>/ ${CHANNELS[whole.channel]}</span>
          <a href="/customers/${whole.customer}">${name}</a>
        </div>
        ${modePill(place)}
        <div class="top">
          <div>
            <h1>${title}</h1>
            <p class="lead">
              ${stateMark(whole.state)}.
              ${whole.reason === null ? STATES[whole.state].about : sentence(whole.reason)}
            </p>
            ${whole.askProblem !== null && html`<p class="second">${unaskedWords(whole.askProblem)}</p>`}
          </div>
          ${answerButtons(whole, place, { back: `/outbox/${whole.id}` })}
        </div>
        ${whole.state === 'uncertain' && uncertainWords()}
        <section class="two">
          <div>
            <h2>${messageTitle(whole, preview)}</h2>
            ${messagePart(whole, preview, place)}
          </div>
          <div>${detailsPart(whole, logged, place)}${eventsPart(whole, place)}</div>
        </section>`
      return shell(place, { title, chapter: 'outbox', body, headers: WITH_FRAME })
    }),
})

/** The HTML of the message, for the frame. */
export const interventionMailRoute = route({
  method: 'get',
  path: '/outbox/{id}/mail',
  summary: 'The HTML of what an action sends, for a frame',
  tag: 'Pages',
  access: reader,
  audience: 'page',
  params,
  answers: { 200: { description: 'The document', type: 'text/html' } },
  handle: ({ tenant, caller, params, origin }, services) =>
    withPlace({ caller, services }, async (tx, { settings }) => {
      const preview = await previewOf(tx, services, {
        tenant,
        id: asIntervention(params.id),
        settings,
        origin,
      })
      if (preview.message === null) throw new HoldfastError('not_found', preview.none)
      if (preview.message.kind !== 'email')
        throw new HoldfastError('not_found', 'A task or a text has no HTML.')
      return mailDocument(preview.message.html)
    }),
})

function uncertainWords(): Markup {
  return html`<div class="notice bad">
    <p class="strong">Nobody can say whether this was sent</p>
    <p>
      It is not sent again by itself, so that nobody gets it twice. Look for it in the mail server’s log by
      its Message-ID, or ask the customer.
    </p>
  </div>`
}

function messageTitle({ state }: WholeIntervention, { message }: Preview): string {
  if (message === null) return 'The message'
  if (message.kind === 'task')
    return state === 'sent' || state === 'confirmed' ? 'The task' : 'What the task would say'
  if (state === 'sent' || state === 'confirmed') return 'What was sent'
  if (state === 'uncertain' || state === 'sending') return 'What was about to go'
  return 'What would be sent'
}

function messagePart({ id }: WholeIntervention, preview: Preview, { formats }: Place): Piece {
  if (preview.message === null) return html`<p class="second">${preview.none}</p>`
  const { message, stored } = preview
  return html`${!stored && html`<p class="note">As it would read now. It is written for good when it goes.</p>`}
  ${
    message.kind === 'email'
      ? mailPart({ lines: linesOf(message), text: message.text, frame: `/outbox/${id}/mail` })
      : mailPart({
          lines: message.kind === 'task' ? taskLines(message, formats) : textLines(message, formats),
          text: message.text,
          frame: null,
        })
  }`
}

function textLines(
  { to, language, segments, encoding }: SmsMessage,
  formats: Place['formats'],
): readonly (readonly [string, Piece])[] {
  return [
    ['To', to],
    ['Language', language],
    ['Length', `${formats.many(segments, 'part')}${encoding === 'UCS-2' ? ', with letters beyond GSM' : ''}`],
  ]
}

function taskLines(
  { responsible, subject, dueAt, doing, language }: TaskMessage,
  formats: Place['formats'],
): readonly (readonly [string, Piece])[] {
  return [
    [
      'On the list of',
      responsible === null
        ? 'nobody: the record has no owner in the CRM'
        : (responsible.name ?? `user ${responsible.id}`),
    ],
    ['Subject', html`<span class="strong">${subject}</span>`],
    ['To do', doing === 'call' ? 'a call' : 'an offer to make'],
    ['Due', formats.day(dueAt.slice(0, 10))],
    ['Language', language],
  ]
}

function linesOf(message: EmailMessage): readonly (readonly [string, Piece])[] {
  const { from, to, replyTo, subject, language, unsubscribe } = message
  return [
    ['From', mailbox(from)],
    ['To', mailbox(to)],
    ...(replyTo === null ? [] : ([['Reply to', mailbox(replyTo)]] as const)),
    ['Subject', html`<span class="strong">${subject}</span>`],
    ['Language', language],
    // Not the link itself: whoever opens it unsubscribes the person.
    ['Unsubscribe', `one click, at ${new URL(unsubscribe.url).host}`],
  ]
}

function mailbox({ name, address }: { readonly name: string | null; readonly address: string }): string {
  return name === null || name === '' ? address : `${name} <${address}>`
}

function detailsPart(whole: WholeIntervention, logged: LoggedActivity | null, { formats }: Place): Markup {
  const by = whole.createdBy === 'policy' ? 'the policy' : whole.createdBy.replace(/^\w+:/, '')
  const line = (name: string, value: Piece): Markup =>
    html`<dt>${name}</dt>
      <dd>${value}</dd>`
  const { plannedCostMinor: planned, actualCostMinor: actual, currency } = whole
  return html`<h2>About it</h2>
    <dl class="facts">
      ${line('Asked for by', by)}${line('Asked for', formats.when(whole.createdAt))}
      ${whole.sentAt === null ? line('Due', formats.when(whole.dueAt)) : line('Sent', formats.when(whole.sentAt))}
      ${whole.sentAt === null && line('Expires', formats.when(whole.expiresAt))}
      ${actual !== null && line('Cost', formats.money(actual, currency))}
      ${actual !== planned && line('Planned cost', formats.money(planned, currency))}
      ${whole.recipientName !== null && line('Reaches', whole.recipientName)}
      ${whole.attempts > 1 && line('Attempts', whole.attempts)}
      ${whole.providerId !== null && line(PROVIDER_ID[whole.channel], html`<span class="note">${whole.providerId}</span>`)}
      ${logged !== null && line('Timeline of the record', timelineWords(logged, formats))}
    </dl>`
}

const PROVIDER_ID = { task: 'Task in the CRM', email: 'Message-ID', sms: 'Id at the provider' } as const

function timelineWords({ state, loggedAt, message }: LoggedActivity, formats: Place['formats']): Piece {
  if (loggedAt !== null) return html`logged ${formats.when(loggedAt)}`
  const why = message === null ? '' : ` ${sentence(message)}`
  return state === 'failed' ? `Not logged.${why}` : `To be logged soon.${why}`
}

function eventsPart({ events }: WholeIntervention, { formats }: Place): Markup {
  const rows = events.map(
    (event) =>
      html`<tr>
        <td class="tight second">${formats.when(event.at)}</td>
        <td class="rest">
          ${STATES[event.toState].word}${event.reason !== null && html`<small>${sentence(event.reason)}</small>`}
        </td>
      </tr>`,
  )
  return html`<h2>What became of it</h2>
    <table class="rows">
      <caption class="only-reader">
        Every move, oldest first
      </caption>
      <tbody>
        ${rows}
      </tbody>
    </table>`
}
