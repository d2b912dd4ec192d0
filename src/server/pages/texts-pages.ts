/** The SMS sandbox: texts that were handed over as to a real provider and reached nobody. Each tenant sees its own. */
import { z } from 'zod'
import type { SandboxText } from '../../../actions/sms/sandbox/texts.ts'
import { HoldfastError } from '../../contracts/errors.ts'
import { recordAudit } from '../../store/audit.ts'
import type { Transaction } from '../../store/database.ts'
import { textOwners, type TextOwner } from '../../store/reads/text-owners.ts'
import { toldOf } from '../../store/reads/told.ts'
import { route } from '../route.ts'
import type { RouteServices } from '../services.ts'
import { html, type Markup } from '../html.ts'
import { withPlace, type Place } from './place.ts'
import { whenMarkup } from './when.ts'
import { answersPart, toldPart } from './sandbox-answers.ts'
import { listQuery, messageList, noSandbox } from './sandbox-messages.ts'
import { shell } from './shell.ts'

const params = z.strictObject({ id: z.string().max(40) })
/** They show people's names, addresses and messages in full. */
const reader = { scope: null, role: 'operator' } as const

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
  query: listQuery,
  answers: { 200: { description: 'The page', type: 'text/html' } },
  handle: ({ caller, query: { page } }, services) =>
    withPlace({ caller, services }, async (tx, place) => {
      const body = messageList(
        await ownTexts(tx, services),
        {
          path: '/texts',
          page,
          noun: 'text',
          all: 'Texts',
          lead: 'These were handed over as to a real provider, on this machine, and reached nobody. They are kept until the server ends.',
          first: 'as soon as a text goes to somebody who agreed to texts',
          heads: ['Text', 'When', 'Number'],
          line: ({ text, owner }) => ({
            id: text.sid,
            title: text.body,
            at: text.at,
            person: `${text.direction === 'inbound' ? 'from' : 'to'}\u00a0${personOf(text)}`,
            owner,
          }),
        },
        place,
      )
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
          With <a href="/app/customers/${own.owner.customer}">${number}</a>, by
          <a href="/app/actions/list?open=${own.owner.intervention}">this action</a>.
        </p>
        <table class="rows">
          <caption class="only-reader">
            What was said, oldest first
          </caption>
          <tbody>
            ${talk}
          </tbody>
        </table>
        ${answersPart(`/texts/${own.text.sid}/answer`, TEXT_ANSWERS)}
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
  if (texts === null || texts === undefined) throw noSandbox('SMS sandbox')
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

function textLine(text: SandboxText, { formats }: Place): Markup {
  const ours = text.direction !== 'inbound'
  const state = text.errorCode === null ? text.status : `${text.status}, ${text.errorCode}`
  return html`<tr>
    <td class="tight second">${whenMarkup(text.at, formats)}</td>
    <td class="tight">${ours ? 'You' : 'They'}</td>
    <td class="rest">
      ${text.body}${ours && html`<small>${formats.many(text.segments, 'part')}, ${state}</small>`}
    </td>
  </tr>`
}
