/** The SMS sandbox: texts that were handed over as to a real provider and reached nobody. Each tenant sees its own. */
import { z } from 'zod'
import type { SandboxText } from '../../../actions/sms/sandbox/texts.ts'
import { HoldfastError } from '../../contracts/errors.ts'
import { recordAudit } from '../../store/audit.ts'
import type { Transaction } from '../../store/database.ts'
import { textOwners, type TextOwner } from '../../store/reads/pages-texts.ts'
import { toldOf } from '../../store/reads/pages-told.ts'
import { route } from '../route.ts'
import type { RouteServices } from '../services.ts'
import { html, type Markup } from './html.ts'
import { withPlace, type Place } from './place.ts'
import { answersPart, toldPart } from './sandbox-answers.ts'
import { shell } from './shell.ts'

const params = z.strictObject({ id: z.string().max(40) })
const reader = { scope: null, role: 'viewer' } as const
const ROWS = 50

interface OwnText {
  readonly text: SandboxText
  readonly owner: TextOwner
}

export const textsRoute = route({
  method: 'get',
  path: '/texts',
  summary: 'Texts of the SMS sandbox',
  tag: 'Pages',
  access: reader,
  audience: 'page',
  query: z.object({ page: z.coerce.number().int().min(1).max(1000).default(1).catch(1) }),
  answers: { 200: { description: 'The page', type: 'text/html' } },
  handle: ({ caller, query: { page } }, services) =>
    withPlace({ caller, services }, async (tx, place) => {
      const texts = await ownTexts(tx, services)
      const shown = texts.slice((page - 1) * ROWS, page * ROWS)
      const body = html`<h1>
          ${texts.length === 0 ? 'No text yet' : place.formats.many(texts.length, 'text')}
        </h1>
        <p class="lead">
          These were handed over as to a real provider, on this machine, and reached nobody. They are kept
          until the server ends.
        </p>
        ${texts.length === 0 ? emptyPart(place) : textsTable(shown, place)}
        <div class="pages">
          ${page > 1 && html`<a href="/texts?page=${page - 1}">Newer</a>`}
          ${texts.length > page * ROWS && html`<a href="/texts?page=${page + 1}">Older</a>`}
        </div>`
      return shell(place, { title: 'Sandbox texts', chapter: 'texts', body })
    }),
})

/** What somebody may text back. */
const TEXT_ANSWERS = [
  { answer: 'STOP', label: 'STOP', about: 'no more texts' },
  { answer: 'HELP', label: 'HELP', about: 'who is this' },
  { answer: 'START', label: 'START', about: 'texts again' },
  { answer: 'Please call me', label: 'Please call me', about: 'a person answers' },
] as const

export const textRoute = route({
  method: 'get',
  path: '/texts/{id}',
  summary: 'One text of the SMS sandbox, with what was said back and forth',
  tag: 'Pages',
  access: reader,
  audience: 'page',
  params,
  answers: { 200: { description: 'The page', type: 'text/html' } },
  handle: ({ caller, params }, services) =>
    withPlace({ caller, services }, async (tx, place) => {
      const { own, all } = await ownText(tx, services, params.id)
      const number = personOf(own.text)
      const talk = all
        .filter(({ text }) => personOf(text) === number)
        .toReversed()
        .map(({ text }) => textLine(text, place))
      const body = html`<div class="crumbs"><a href="/texts">Sandbox texts</a><span>/ ${number}</span></div>
        <h1>${own.owner.customerName ?? `Customer ${own.owner.customer}`} by text</h1>
        <p class="lead">
          With <a href="/customers/${own.owner.customer}">${number}</a>, by
          <a href="/outbox/${own.owner.intervention}">this action</a>.
        </p>
        <table class="rows">
          <caption class="only-reader">
            What was said, oldest first
          </caption>
          <tbody>
            ${talk}
          </tbody>
        </table>
        ${place.may('operator') && answersPart(`/texts/${own.text.sid}/answer`, TEXT_ANSWERS)}
        ${toldPart(await toldOf(tx, own.owner.intervention), place)}`
      return shell(place, { title: 'Sandbox texts', chapter: 'texts', body })
    }),
})

/** Outside of a transaction: what is answered is taken in one of its own. */
export const textAnswerRoute = route({
  method: 'post',
  path: '/texts/{id}/answer',
  summary: 'Answers a text of the SMS sandbox as the person would',
  tag: 'Pages',
  access: { scope: null, role: 'operator' },
  audience: 'page',
  params,
  body: z.strictObject({ answer: z.enum(TEXT_ANSWERS.map(({ answer }) => answer)) }),
  bodyType: 'application/x-www-form-urlencoded',
  bodyLimit: 4096,
  answers: { 303: { description: 'Done; back to the text' } },
  handle: async ({ tenant, caller, params, body: { answer }, requestId }, services) => {
    const own = await services.database.withTenant(tenant, async (tx) => {
      const found = (await ownText(tx, services, params.id)).own
      await recordAudit(tx, {
        actor: caller.actor,
        action: 'sandbox.answer',
        object: found.owner.intervention,
        detail: { answer },
        requestId,
      })
      return found
    })
    const { status } = (await services.texts?.receive({ from: personOf(own.text), body: answer })) ?? {
      status: null,
    }
    if (status !== 200)
      throw new HoldfastError('conflict', 'The answer was not taken. The log of the server says why.')
    return { redirect: `/texts/${own.text.sid}` }
  },
})

/** The number on the other side. */
const personOf = ({ direction, from, to }: SandboxText): string =>
  direction === 'inbound' ? (from ?? '') : to

/** The id of the intervention, of the address that a text reports to. */
function keyOf({ callback }: SandboxText): string | null {
  const key = callback === null ? null : new URL(callback).searchParams.get('a')
  return key !== null && z.uuid().safeParse(key).success ? key : null
}

/** Newest first. What somebody answers is of whoever texted that number last. */
async function ownTexts(tx: Transaction, { texts }: RouteServices): Promise<readonly OwnText[]> {
  if (texts === null || texts === undefined) throw noTexts()
  const all = texts.list()
  const keys = all.map(keyOf)
  const owners = await textOwners(
    tx,
    keys.filter((key) => key !== null),
  )
  const talks = new Map<string, TextOwner | undefined>()
  const own: OwnText[] = []
  for (let at = all.length - 1; at >= 0; at--) {
    const text = all[at]
    const key = keys[at]
    if (text.direction === 'outbound-api') talks.set(text.to, key === null ? undefined : owners.get(key))
    const owner = talks.get(personOf(text))
    if (owner !== undefined) own.push({ text, owner })
  }
  return own.toReversed()
}

async function ownText(
  tx: Transaction,
  services: RouteServices,
  id: string,
): Promise<{ readonly own: OwnText; readonly all: readonly OwnText[] }> {
  const all = await ownTexts(tx, services)
  const own = all.find(({ text }) => text.sid === id)
  if (own === undefined)
    throw new HoldfastError('not_found', 'There is no such text. They are kept until the server ends.')
  return { own, all }
}

function noTexts(): HoldfastError {
  return new HoldfastError(
    'not_found',
    'This server has no SMS sandbox: only a server that does everything in one process has one.',
  )
}

function emptyPart({ settings }: Place): Markup {
  return html`<p class="second">
    ${
      settings.delivery.mode === 'sandbox'
        ? 'Texts appear here as soon as a text goes to somebody who agreed to texts.'
        : 'Texts come here while the delivery mode of the settings is “sandbox”. It is another one now.'
    }
  </p>`
}

function textsTable(texts: readonly OwnText[], { formats }: Place): Markup {
  const rows = texts.map(
    ({ text, owner }) =>
      html`<tr>
        <th scope="row" class="first full"><a class="name" href="/texts/${text.sid}">${text.body}</a></th>
        <td class="nowrap">${formats.when(text.at)}</td>
        <td class="nowrap">${text.direction === 'inbound' ? 'from' : 'to'} ${personOf(text)}</td>
        <td>
          <a href="/customers/${owner.customer}">${owner.customerName ?? `Customer ${owner.customer}`}</a>
        </td>
      </tr>`,
  )
  return html`<table class="rows">
    <caption class="only-reader">
      Texts, newest first
    </caption>
    <thead>
      <tr>
        <th scope="col">Text</th>
        <th scope="col">When</th>
        <th scope="col">Number</th>
        <th scope="col">Customer</th>
      </tr>
    </thead>
    <tbody>
      ${rows}
    </tbody>
  </table>`
}

function textLine(text: SandboxText, { formats }: Place): Markup {
  const ours = text.direction !== 'inbound'
  const state = text.errorCode === null ? text.status : `${text.status}, ${text.errorCode}`
  return html`<tr>
    <td class="tight second">${formats.when(text.at)}</td>
    <td class="tight">${ours ? 'You' : 'They'}</td>
    <td class="rest">
      ${text.body}${ours && html`<small>${formats.many(text.segments, 'part')}, ${state}</small>`}
    </td>
  </tr>`
}
