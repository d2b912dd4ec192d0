/** The sandbox inbox: mails that went out by real SMTP and reached nobody. Each tenant sees its own. */
import { z } from 'zod'
import { answerTo, deliver } from '../../../actions/email/sandbox/answers.ts'
import type { InboxMail } from '../../../actions/email/sandbox/inbox.ts'
import { HoldfastError } from '../../contracts/errors.ts'
import type { Transaction } from '../../store/database.ts'
import { recordAudit } from '../../store/audit.ts'
import { mailOwners, type MailOwner } from '../../store/reads/mail-owners.ts'
import { toldOf } from '../../store/reads/told.ts'
import { route } from '../route.ts'
import type { RouteServices } from '../services.ts'
import { html, type Piece } from '../html.ts'
import { mailDocument, WITH_FRAME } from '../mail-document.ts'
import { mailPart } from './mail-part.ts'
import { answersPart, toldPart } from './sandbox-answers.ts'
import { listQuery, messageList, noSandbox } from './sandbox-messages.ts'
import { withPlace } from './place.ts'
import { whenMarkup } from './when.ts'
import { shell } from './shell.ts'

const params = z.strictObject({ id: z.string().max(20) })
/** They show people's names, addresses and messages in full. */
const reader = { scope: null, role: 'operator' } as const

interface OwnMail {
  readonly mail: InboxMail
  readonly owner: MailOwner
}

export const inboxRoute = route({
  method: 'get',
  path: '/inbox',
  summary: 'Mails that reached the sandbox inbox',
  tag: 'Pages',
  access: reader,
  audience: 'page',
  query: listQuery,
  answers: { 200: { description: 'The page', type: 'text/html' } },
  handle: ({ caller, query: { page } }, services) =>
    withPlace({ caller, services }, async (tx, place) => {
      const body = messageList(
        await ownMails(tx, services),
        {
          path: '/inbox',
          page,
          noun: 'mail',
          all: 'Mails',
          lead: 'These were sent by real SMTP into an inbox on this machine, and to nobody else. It keeps the newest 500 until the server ends.',
          first: 'as soon as an action is carried out',
          heads: ['Subject', 'Arrived', 'To'],
          line: ({ mail, owner }) => ({
            id: mail.id,
            title: mail.subject,
            at: mail.at,
            person: mail.to,
            owner,
          }),
        },
        place,
      )
      return shell(place, { title: 'Sandbox inbox', chapter: 'inbox', body })
    }),
})

export const inboxMailRoute = route({
  method: 'get',
  path: '/inbox/{id}',
  summary: 'One mail of the sandbox inbox',
  tag: 'Pages',
  access: reader,
  audience: 'page',
  params,
  answers: { 200: { description: 'The page', type: 'text/html' } },
  handle: ({ caller, params }, services) =>
    withPlace({ caller, services }, async (tx, place) => {
      const { mail, owner } = await ownMail(tx, services, params.id)
      const { formats } = place
      const headers = mail.headers.map(
        ({ name, value }) =>
          html`<dt>${name}</dt>
            <dd>${value}</dd>`,
      )
      const frame = mail.html === '' ? null : `/inbox/${mail.id}/mail`
      const body = html`<div class="crumbs"><a href="/inbox">Sandbox inbox</a><span>/ ${mail.to}</span></div>
        <h1>${mail.subject}</h1>
        <p class="lead">
          For
          <a href="/app/customers/${owner.customer}">${owner.customerName ?? `customer ${owner.customer}`}</a
          >, by <a href="/app/actions/list?open=${owner.intervention}">this action</a>. Arrived
          ${whenMarkup(mail.at, formats)}.
        </p>
        ${mailPart({ lines: linesOf(mail), text: mail.text, frame })}
        ${answersPart(`/inbox/${mail.id}/answer`, MAIL_ANSWERS)}
        ${toldPart(await toldOf(tx, owner.intervention), place)}
        <details>
          <summary>All headers</summary>
          <dl class="facts">${headers}</dl>
        </details>`
      return shell(place, { title: mail.subject, chapter: 'inbox', body, headers: WITH_FRAME })
    }),
})

/** What the world may do with a mail; each comes back as a real mail over SMTP. */
const MAIL_ANSWERS = [
  { answer: 'bounce', label: 'Bounce', about: 'nobody has this address' },
  { answer: 'reply', label: 'Reply', about: 'a person answers' },
  { answer: 'out_of_office', label: 'Out of office', about: 'an automatic reply, which is ignored' },
  { answer: 'complaint', label: 'Report as spam', about: 'through the mailbox provider' },
  { answer: 'stop', label: 'Unsubscribe', about: 'by the mail program’s own button' },
] as const

const REPLY = 'Thank you for asking. We are not sure that we still need it. Can you call me?'

/** Outside of a transaction: what is answered is taken in one of its own. */
export const inboxAnswerRoute = route({
  method: 'post',
  path: '/inbox/{id}/answer',
  summary: 'Answers a mail of the sandbox inbox as the world would',
  tag: 'Pages',
  access: { scope: null, role: 'operator' },
  audience: 'page',
  params,
  body: z.strictObject({ answer: z.enum(MAIL_ANSWERS.map(({ answer }) => answer)) }),
  bodyType: 'application/x-www-form-urlencoded',
  bodyLimit: 4096,
  answers: { 303: { description: 'Done; back to the mail' } },
  handle: async ({ tenant, caller, params, body: { answer }, requestId }, services) => {
    const { mail } = await services.database.withTenant(tenant, async (tx) => {
      const own = await ownMail(tx, services, params.id)
      await recordAudit(tx, {
        actor: caller.actor,
        action: 'sandbox.answer',
        object: own.owner.intervention,
        detail: { answer },
        requestId,
      })
      return own
    })
    const receiver = services.bounces?.() ?? null
    const given = answer === 'reply' ? { kind: answer, text: REPLY } : { kind: answer }
    const back = answerTo(mail, given, services.clock())
    if (receiver === null || back === null)
      throw new HoldfastError('conflict', 'This mail names no address that takes such an answer here.')
    await deliver(receiver, back).catch((cause: unknown) => {
      // An answer to somebody of the company goes past us, as it should.
      if (answer !== 'reply' && answer !== 'out_of_office') throw cause
    })
    return { redirect: `/inbox/${mail.id}` }
  },
})

/** The HTML of a mail, for the frame. */
export const inboxDocumentRoute = route({
  method: 'get',
  path: '/inbox/{id}/mail',
  summary: 'The HTML of a mail of the sandbox inbox, for a frame',
  tag: 'Pages',
  access: reader,
  audience: 'page',
  params,
  answers: { 200: { description: 'The document', type: 'text/html' } },
  handle: async ({ tenant, params }, services) =>
    services.database.withTenant(tenant, async (tx) =>
      mailDocument((await ownMail(tx, services, params.id)).mail.html),
    ),
})

/** Newest first. */
async function ownMails(tx: Transaction, { inbox }: RouteServices): Promise<readonly OwnMail[]> {
  if (inbox === null) throw noSandbox('sandbox inbox')
  const mails = inbox.list()
  const oldest = mails.at(-1)
  if (oldest === undefined) return []
  const owners = await mailOwners(tx, mails.map(digestOf), oldest.at)
  return mails.flatMap((mail) => {
    const owner = owners.get(digestOf(mail))
    return owner === undefined ? [] : [{ mail, owner }]
  })
}

async function ownMail(tx: Transaction, { inbox }: RouteServices, id: string): Promise<OwnMail> {
  if (inbox === null) throw noSandbox('sandbox inbox')
  const mail = inbox.read(id)
  const owner =
    mail === null ? undefined : (await mailOwners(tx, [digestOf(mail)], mail.at)).get(digestOf(mail))
  if (mail === null || owner === undefined)
    throw new HoldfastError(
      'not_found',
      'There is no such mail. The inbox keeps the newest 500 until the server ends.',
    )
  return { mail, owner }
}

/** What stands before the @ of the Message-ID. */
function digestOf({ messageId }: InboxMail): string {
  return messageId.replace(/^<|@.*$/gs, '')
}

function linesOf(mail: InboxMail): readonly (readonly [string, Piece])[] {
  const from = mail.headers.find(({ name }) => name === 'from')?.value ?? mail.fromName
  return [
    ['From', from],
    ['To', mail.to],
    ...(mail.replyTo === null ? [] : ([['Reply to', mail.replyTo]] as const)),
    ['Subject', html`<span class="strong">${mail.subject}</span>`],
    ['Message-ID', html`<span class="note">${mail.messageId}</span>`],
  ]
}
