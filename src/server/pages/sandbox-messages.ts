/** What the sandboxes' mails and texts have in common: a list of what was sent as in earnest and reached nobody. */
import { z } from 'zod'
import { HoldfastError } from '../../contracts/errors.ts'
import type { CustomerId, InterventionId } from '../../contracts/ids.ts'
import { html, type Markup } from '../html.ts'
import type { Place } from './place.ts'
import { whenMarkup } from './when.ts'

/** Whose message one is. */
interface MessageOwner {
  readonly intervention: InterventionId
  readonly customer: CustomerId
  readonly customerName: string | null
}

/** One line of a list. */
interface ListedMessage {
  readonly id: string
  /** What it says, shortly. */
  readonly title: string
  readonly at: Date
  /** The other side. */
  readonly person: string
  readonly owner: MessageOwner
}

export interface MessageListOptions<Message> {
  readonly path: '/inbox' | '/texts'
  /** From 1. */
  readonly page: number
  /** "mail". */
  readonly noun: string
  /** "Mails". */
  readonly all: string
  /** How they came here, and how long they stay. */
  readonly lead: string
  /** When the first one comes: "as soon as …". */
  readonly first: string
  /** Of the title, the time and the person. */
  readonly heads: readonly [string, string, string]
  readonly line: (message: Message) => ListedMessage
}

const ROWS = 50

export const listQuery = z.object({ page: z.coerce.number().int().min(1).max(1000).default(1).catch(1) })

/** @param messages all of the tenant, newest first */
export function messageList<Message>(
  messages: readonly Message[],
  { path, page, noun, all, lead, first, heads, line }: MessageListOptions<Message>,
  place: Place,
): Markup {
  const shown = messages.slice((page - 1) * ROWS, page * ROWS).map(line)
  return html`<h1>${messages.length === 0 ? `No ${noun} yet` : place.formats.many(messages.length, noun)}</h1>
    <p class="lead">${lead}</p>
    ${messages.length === 0 ? emptyPart({ all, first }, place) : messageTable(shown, { path, all, heads }, place)}
    <div class="pages">
      ${page > 1 && html`<a href="${path}?page=${page - 1}">Newer</a>`}
      ${messages.length > page * ROWS && html`<a href="${path}?page=${page + 1}">Older</a>`}
    </div>`
}

/** @param what "SMS sandbox" */
export function noSandbox(what: string): HoldfastError {
  return new HoldfastError(
    'not_found',
    `This server has no ${what}: only a server that does everything in one process has one.`,
  )
}

function emptyPart(
  { all, first }: Pick<MessageListOptions<never>, 'all' | 'first'>,
  { settings }: Place,
): Markup {
  return html`<p class="second">
    ${
      settings.delivery.mode === 'sandbox'
        ? `${all} appear here ${first}.`
        : `${all} come here while the delivery mode of the settings is “sandbox”. It is another one now.`
    }
  </p>`
}

function messageTable(
  lines: readonly ListedMessage[],
  { path, all, heads }: Pick<MessageListOptions<never>, 'path' | 'all' | 'heads'>,
  { formats }: Place,
): Markup {
  const rows = lines.map(
    ({ id, title, at, person, owner }) =>
      html`<tr>
        <th scope="row" class="first"><a class="name" href="${path}/${id}">${title}</a></th>
        <td class="nowrap">${whenMarkup(at, formats)}</td>
        <td>${person}</td>
        <td>
          <a href="/app/customers/${owner.customer}">${owner.customerName ?? `Customer ${owner.customer}`}</a>
        </td>
      </tr>`,
  )
  return html`<table class="rows">
    <caption class="only-reader">
      ${all}, newest first
    </caption>
    <thead>
      <tr>
        ${[...heads, 'Customer'].map((head) => html`<th scope="col">${head}</th>`)}
      </tr>
    </thead>
    <tbody>
      ${rows}
    </tbody>
  </table>`
}
