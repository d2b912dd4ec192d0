/** Templates: which there are in which language, what they can name, and how one reads before it is saved. */
import { z } from 'zod'
import { TEMPLATE_VARIABLES } from '../../../actions/template-variables.ts'
import { segmentsOf } from '../../../actions/sms/segments.ts'
import { HoldfastError } from '../../contracts/errors.ts'
import { asCustomer, type TenantId } from '../../contracts/ids.ts'
import { previewTemplate, type TemplatePreview, type TemplateRequest } from '../../loop/preview-template.ts'
import { problemsOfDraft } from '../../loop/template-problems.ts'
import {
  actionOf,
  TEMPLATE_CHANNELS,
  templateLines,
  templatePath,
  templateSource,
} from '../../loop/templates.ts'
import { languageTag } from '../../settings/field.ts'
import { languageName } from '../../settings/words.ts'
import { currentSettings } from '../../store/settings-versions.ts'
import { mailDocument } from '../mail-document.ts'
import { route } from '../route.ts'
import type { RouteServices } from '../services.ts'
import { keepable } from './json-value.ts'
import * as shape from './shapes.ts'

const channel = z.enum(TEMPLATE_CHANNELS).meta({ description: 'task: the talk track of a task' })
const language = languageTag.max(40).meta({ description: 'BCP 47', example: 'de-AT' })

const part = (most: number) => z.string(`takes a text of at most ${most} characters`).min(1).max(most)

const mailDraft = z.strictObject({ subject: part(300), text: part(50_000), html: part(200_000) })
const textDraft = z.strictObject({ text: part(4000) })

const origin = z.enum(['own', 'shipped', 'none']).meta({
  description: 'none: nobody is written to in this language, unless `insteadIn` says in which',
})

const templateLine = z.object({
  channel,
  language,
  languageName: z.string().meta({ example: 'Austrian German' }),
  action: shape.actionKey,
  actionName: z.string(),
  origin,
  ships: z.boolean().meta({ description: 'One ships, and is used again once your own is taken away' }),
  used: z
    .boolean()
    .meta({ description: 'Whether the action is carried out by this channel as things stand' }),
  insteadIn: z.string().nullable(),
  path: z.string().meta({ description: 'The setting of your own', example: 'templates.de.email' }),
})

const variable = z.object({
  name: z.string().meta({ example: 'recipient.name' }),
  about: z.string(),
  example: z.string(),
  optional: z.boolean().meta({ description: 'It may be empty, so that a template asks for it first' }),
  offer: z.boolean().meta({ description: 'There only for actions that give something off' }),
})

export const templatesAnswer = z.object({
  version: z.int().meta({ description: 'Of the settings: what a change is made from' }),
  items: z.array(templateLine),
  variables: z.object({ email: z.array(variable), sms: z.array(variable), task: z.array(variable) }),
})
export type TemplatesAnswer = z.infer<typeof templatesAnswer>

const draftAnswer = z.union([mailDraft, textDraft])

export const templateAnswer = z.object({
  version: z.int(),
  path: z.string().meta({ description: 'The setting of your own', example: 'templates.de.email' }),
  actionName: z.string(),
  offer: z.boolean().meta({ description: 'Whether its action gives something off' }),
  origin,
  template: draftAnswer.nullable().meta({
    description: 'As it is used; null: there is none, or it ships as a part of the task',
  }),
  shipped: draftAnswer.nullable(),
  start: z
    .object({ language: z.string(), template: draftAnswer })
    .nullable()
    .meta({ description: 'What a new one may begin from' }),
})
export type TemplateAnswer = z.infer<typeof templateAnswer>

const about = {
  action: shape.actionGiven,
  language,
  customer: shape.customerId.nullable().default(null).meta({ description: 'null: a made-up one' }),
}

/** What is to be shown, by channel: of each its own kind of draft; null: as it is saved or ships. */
export const previewBody = z
  .discriminatedUnion('channel', [
    z.strictObject({ channel: z.literal('email'), draft: mailDraft.nullable().default(null), ...about }),
    z.strictObject({ channel: z.literal('sms'), draft: textDraft.nullable().default(null), ...about }),
    z.strictObject({ channel: z.literal('task'), draft: textDraft.nullable().default(null), ...about }),
  ])
  .check(keepable)

/** A template of 200,000 characters, some of which take several bytes. */
export const DRAFT_LIMIT = 1024 * 1024

export const templateProblem = z.object({
  part: z.string().nullable().meta({ description: 'subject, text, HTML or talk track; null: all of it' }),
  line: z.int().nullable().meta({ description: 'From 1' }),
  message: z.string(),
})

export const previewAnswer = z.object({
  language: z.string().nullable().meta({ description: 'That it is written in; null: it is not' }),
  from: z.string().nullable(),
  to: z.string().nullable().meta({ description: 'Whom it would go to; of the made-up customer nobody' }),
  subject: z.string().nullable(),
  text: z.string().nullable(),
  html: z.string().nullable().meta({
    description: 'To be shown by POST /v1/templates/preview/html in a sandboxed frame, never within a page',
  }),
  sms: z
    .object({
      parts: z.int(),
      encoding: z.enum(['GSM-7', 'UCS-2']),
      units: z.int().meta({
        description: 'Of the encoding: 160 or 70 fit into one part, 153 or 67 into each of several',
      }),
      costMinor: shape.minor('What its parts cost'),
      currency: shape.currency.nullable(),
    })
    .nullable(),
  customer: z.object({ id: shape.customerId, name: z.string().nullable() }).nullable(),
  madeUp: z.boolean().meta({ description: 'The customer is made up' }),
  problems: z.array(templateProblem).meta({ description: 'Why it cannot be used; empty: it can' }),
  notices: z.array(z.string()).meta({ description: 'What would be otherwise in earnest' }),
})
export type PreviewAnswer = z.infer<typeof previewAnswer>

/** In a form a request is one text: frames are filled by forms. */
const previewForm = z.strictObject({
  request: z
    .string('takes what POST /v1/templates/preview takes, as JSON')
    .transform((text, { issues }) => {
      try {
        return JSON.parse(text) as unknown
      } catch {
        issues.push({ code: 'custom', message: 'is no JSON', input: text })
        return z.NEVER
      }
    })
    .pipe(previewBody),
})

export const templateRoutes = [
  route({
    method: 'get',
    path: '/v1/templates',
    summary: 'Templates by channel, action and language, and what they can name',
    tag: 'Templates',
    access: { scope: 'admin', role: 'viewer' },
    answers: { 200: { description: 'All of them', schema: templatesAnswer } },
    handle: async ({ tenant }, { database }) => {
      const { version, settings } = await database.withTenant(tenant, currentSettings)
      const items = templateLines(settings).map((line) => ({
        ...line,
        languageName: languageName(line.language),
      }))
      return { status: 200, body: { version, items, variables: TEMPLATE_VARIABLES } }
    },
  }),
  route({
    method: 'get',
    path: '/v1/templates/{channel}/{language}/{action}',
    summary: 'The source of one template',
    tag: 'Templates',
    access: { scope: 'admin', role: 'viewer' },
    params: z.strictObject({ channel, language, action: shape.actionGiven }),
    answers: { 200: { description: 'Its source', schema: templateAnswer } },
    handle: async ({ tenant, params }, { database }) => {
      const { version, settings } = await database.withTenant(tenant, currentSettings)
      const { name, discount } = actionOf(settings, params.action)
      return {
        status: 200,
        body: {
          version,
          path: templatePath(params),
          actionName: name,
          offer: discount > 0,
          ...templateSource(settings, params),
        },
      }
    },
  }),
  route({
    method: 'post',
    path: '/v1/templates/preview',
    summary: 'A template as somebody would read it',
    description:
      'Written by what writes the real thing, on a customer of the book or a made-up one. Nothing is kept or sent, no code is taken, and links lead nowhere. What is wrong with a draft is told part by part, with its line.',
    tag: 'Templates',
    access: { scope: 'admin', role: 'operator' },
    body: previewBody,
    bodyLimit: DRAFT_LIMIT,
    answers: { 200: { description: 'What it says, or what is wrong with it', schema: previewAnswer } },
    handle: async ({ tenant, body, origin: here }, services) => ({
      status: 200,
      body: answerOf(await previewed(services, { tenant, here }, asked(body)), body.customer === null),
    }),
  }),
  route({
    method: 'post',
    path: '/v1/templates/preview/html',
    summary: 'The same as a document for a sandboxed frame',
    description:
      'Takes the body of /v1/templates/preview as JSON in the field `request` of a form whose target is the frame. Nothing of the document runs, loads, links or submits.',
    tag: 'Templates',
    access: { scope: 'admin', role: 'operator' },
    body: previewForm,
    bodyType: 'application/x-www-form-urlencoded',
    bodyLimit: 3 * DRAFT_LIMIT,
    answers: { 200: { description: 'The e-mail', type: 'text/html' } },
    handle: async ({ tenant, body: { request }, origin: here }, services) => {
      const { message, problems } = await previewed(services, { tenant, here }, asked(request))
      if (problems.length > 0) throw problemsOfDraft(request, problems)
      if (message?.kind !== 'email')
        throw new HoldfastError('request_invalid', 'Only e-mails have HTML. Ask for the channel email.')
      return mailDocument(message.html)
    },
  }),
] as const

export const asked = ({ customer, ...rest }: z.infer<typeof previewBody>): TemplateRequest => ({
  ...rest,
  customer: customer === null ? null : asCustomer(customer),
})

function previewed(
  {
    database,
    secrets,
    clock,
    publicUrl,
  }: Pick<RouteServices, 'database' | 'secrets' | 'clock' | 'publicUrl'>,
  { tenant, here }: { readonly tenant: TenantId; readonly here: string },
  request: TemplateRequest,
): Promise<TemplatePreview> {
  return database.withTenant(tenant, async (tx) => {
    const { settings } = await currentSettings(tx)
    const keys = { address: await secrets.addressKey(tx), link: await secrets.linkKey(tx) }
    return previewTemplate(tx, settings, request, {
      tenant,
      keys,
      now: clock(),
      publicUrl,
      localUrl: here,
    })
  })
}

function answerOf(
  { message, problems, notices, customer, cost }: TemplatePreview,
  madeUp: boolean,
): z.input<typeof previewAnswer> {
  const mail = message?.kind === 'email' ? message : null
  const sms = message?.kind === 'sms' ? message : null
  const to = mail === null ? (sms?.to ?? null) : named(mail.to)
  return {
    language: message?.language ?? null,
    from: mail === null ? null : named(mail.from),
    to: madeUp ? null : to,
    subject: message === null || message.kind === 'sms' ? null : message.subject,
    text: message?.text ?? null,
    html: mail?.html ?? null,
    sms:
      sms === null
        ? null
        : {
            parts: sms.segments,
            encoding: sms.encoding,
            units: segmentsOf(sms.text).units,
            costMinor: cost?.minor ?? null,
            currency: cost?.currency ?? null,
          },
    customer,
    madeUp,
    problems: problems.map(({ part: where, line, what }) => ({ part: where, line, message: sentence(what) })),
    notices: [...notices],
  }
}

const named = ({ name, address }: { name: string | null; address: string }): string =>
  name === null ? address : `${name} <${address}>`

const sentence = (clause: string): string => `${clause.charAt(0).toUpperCase()}${clause.slice(1)}.`
