/** Which templates there are: those that ship, those of the company, and which languages go without. */
import { chooseTemplate } from '../../actions/choose-template.ts'
import { SHIPPED_EMAILS } from '../../actions/email/render.ts'
import type { EmailTemplate } from '../../actions/email/template.ts'
import { emailFaults } from '../../actions/email/render.ts'
import { SHIPPED_TEXTS, smsFaults } from '../../actions/sms/wording.ts'
import { talkFaults } from '../../actions/task/talk.ts'
import type { TemplateFault } from '../../actions/liquid.ts'
import type { Action } from '../contracts/actions.ts'
import { HoldfastError } from '../contracts/errors.ts'
import { fieldPath } from '../settings/path.ts'
import { actionsOf } from '../settings/planning.ts'
import type { ServiceSettings } from '../settings/service.ts'
import { channelFor } from './carried-out.ts'
import { fallbackFor } from './guard-language.ts'

export const TEMPLATE_CHANNELS = ['email', 'sms', 'task'] as const
export type TemplateChannel = (typeof TEMPLATE_CHANNELS)[number]

/** What somebody writes: an e-mail has three parts, a text and a talk track one. */
export type Draft = EmailTemplate | { readonly text: string }

export interface TemplatePlace {
  readonly channel: TemplateChannel
  /** BCP 47. */
  readonly language: string
  /** Key of an action. */
  readonly action: string
}

export interface TemplateLine extends TemplatePlace {
  readonly actionName: string
  /** `none`: nobody is written to in this language by this action, unless `insteadIn` says in which they are. */
  readonly origin: 'own' | 'shipped' | 'none'
  /** Whether one ships, which is used again once the own is taken away. */
  readonly ships: boolean
  /** Whether the action is carried out by this channel as things stand. */
  readonly used: boolean
  /** Of `none`: the language that people of this one are written to in; null: in none. */
  readonly insteadIn: string | null
  /** The setting that one's own stands at. */
  readonly path: string
}

/**
 * Every action in every language that ships, is written, or is the company's own.
 *
 * @example
 * templateLines(settings).filter(({ origin }) => origin === 'none')
 */
export function templateLines(settings: ServiceSettings): readonly TemplateLine[] {
  const actions = actionsOf(settings).filter(({ channel }) => channel !== 'none')
  const languages = languagesOf(settings)
  return TEMPLATE_CHANNELS.flatMap((channel) =>
    actions.flatMap((action) => {
      const [own, shipped] = setsOf(settings, channel)
      const used = carriedOutBy(settings, action) === channel
      return languages.flatMap((language): TemplateLine[] => {
        const written = Object.hasOwn(own, language) && Object.hasOwn(own[language], action.key)
        const ships = Object.hasOwn(shipped, language) && Object.hasOwn(shipped[language], action.key)
        if (!written && !ships && !(used || action.channel === channel)) return []
        const place = { channel, language, action: action.key }
        return [
          {
            ...place,
            actionName: action.name,
            origin: written ? 'own' : ships || channel === 'task' ? 'shipped' : 'none',
            ships: ships || channel === 'task',
            used,
            insteadIn: written || ships ? null : insteadOf(settings, place),
            path: templatePath(place),
          },
        ]
      })
    }),
  )
}

/** Talk tracks that ship are phrases of the task itself, in its languages; no source of theirs can be changed. */
export interface TemplateSource {
  readonly origin: TemplateLine['origin']
  /** As it is used; null: there is none, or it ships as part of the task. */
  readonly template: Draft | null
  /** What ships in this language; null: nothing does. */
  readonly shipped: Draft | null
  /** What a new one may begin from: that of another language. */
  readonly start: { readonly language: string; readonly template: Draft } | null
}

/** @throws HoldfastError `not_found` for an action that there is not */
export function templateSource(settings: ServiceSettings, place: TemplatePlace): TemplateSource {
  const { channel, language, action } = place
  actionOf(settings, action)
  const [own, shipped] = setsOf(settings, channel)
  const at = (set: Sets): Draft | null =>
    Object.hasOwn(set, language) && Object.hasOwn(set[language], action) ? set[language][action] : null
  const written = at(own)
  const ships = at(shipped)
  const other = chooseTemplate([own, shipped], {
    action,
    language,
    fallbackLanguage: settings.sender.language,
  })
  return {
    origin: written !== null ? 'own' : ships !== null || channel === 'task' ? 'shipped' : 'none',
    template: written ?? ships,
    shipped: ships,
    start: written !== null || ships !== null ? null : other,
  }
}

/** What is wrong with a draft before anybody is written to by it. */
export function draftFaults(
  settings: ServiceSettings,
  { channel, language, action: key }: TemplatePlace,
  draft: Draft,
): readonly TemplateFault[] {
  const action = actionOf(settings, key)
  const one = { language, action: key, offers: action.discount > 0 }
  if (channel === 'email')
    return 'subject' in draft
      ? emailFaults({ ...one, template: draft })
      : [{ part: null, line: null, what: 'An e-mail has a subject, a text and HTML' }]
  const { text } = draft
  return channel === 'sms' ? smsFaults({ ...one, template: text }) : talkFaults({ ...one, template: text })
}

/** Settings as if a draft were saved, and only messages of this action were written by it. */
export function withDraft(
  settings: ServiceSettings,
  { channel, language, action }: TemplatePlace,
  draft: Draft,
): ServiceSettings {
  const put = <T>(sets: Readonly<Record<string, Readonly<Record<string, T>>>>, one: T) => ({
    ...sets,
    [language]: { ...sets[language], [action]: one },
  })
  if (channel === 'email')
    return 'subject' in draft ? { ...settings, templates: put(settings.templates, draft) } : settings
  return channel === 'sms'
    ? { ...settings, sms: { ...settings.sms, templates: put(settings.sms.templates, draft.text) } }
    : { ...settings, calls: { ...settings.calls, talk: put(settings.calls.talk, draft.text) } }
}

/**
 * @example
 * templatePath({ channel: 'sms', language: 'de', action: 'sms' }) // 'sms.templates.de.sms'
 */
export function templatePath({ channel, language, action }: TemplatePlace): string {
  const place = { email: ['templates'], sms: ['sms', 'templates'], task: ['calls', 'talk'] }[channel]
  return fieldPath([...place, language, action])
}

/** @throws HoldfastError `not_found` */
export function actionOf(settings: ServiceSettings, key: string): Action {
  const found = actionsOf(settings).find((one) => one.key === key && one.channel !== 'none')
  if (found !== undefined) return found
  throw new HoldfastError(
    'not_found',
    `There is no action "${key}" that reaches customers. GET /v1/settings/form lists them.`,
  )
}

type Sets = Readonly<Record<string, Readonly<Record<string, Draft>>>>

/** The company's own, and those that ship. */
function setsOf(settings: ServiceSettings, channel: TemplateChannel): readonly [Sets, Sets] {
  if (channel === 'email') return [settings.templates, SHIPPED_EMAILS]
  return channel === 'sms'
    ? [asDrafts(settings.sms.templates), asDrafts(SHIPPED_TEXTS)]
    : [asDrafts(settings.calls.talk), {}]
}

const asDrafts = (sets: Readonly<Record<string, Readonly<Record<string, string>>>>): Sets =>
  Object.fromEntries(
    Object.entries(sets).map(([language, byAction]) => [
      language,
      Object.fromEntries(Object.entries(byAction).map(([action, text]) => [action, { text }])),
    ]),
  )

function languagesOf(settings: ServiceSettings): readonly string[] {
  const { sender, guard } = settings
  const written = TEMPLATE_CHANNELS.flatMap((channel) =>
    setsOf(settings, channel).flatMap((set) => Object.keys(set)),
  )
  const own = [sender.language, ...(guard.languageFallback === null ? [] : [guard.languageFallback])]
  return [...new Set([...own, ...written])]
}

/** What carries an action out as things stand; what no channel does a person does. */
export function carriedOutBy(settings: ServiceSettings, { key, discount, channel }: Action): TemplateChannel {
  return channelFor(
    { key, discount, channel: channel === 'none' ? 'task' : channel },
    { tasks: true, settings },
  )
}

function insteadOf(settings: ServiceSettings, { channel, language, action }: TemplatePlace): string | null {
  if (channel === 'task') return null
  const fallbackLanguage = fallbackFor(settings, language)
  return chooseTemplate(setsOf(settings, channel), { action, language, fallbackLanguage })?.language ?? null
}
