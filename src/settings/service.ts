/** Settings of the service as they are checked: by their schema, and by what only matters when they are saved. */
import { emailFaults } from '../../actions/email/render.ts'
import type { TemplateFault } from '../../actions/liquid.ts'
import { smsFaults } from '../../actions/sms/wording.ts'
import { talkFaults } from '../../actions/task/talk.ts'
import { HoldfastError } from '../contracts/errors.ts'
import { approvalNeeded } from './approval.ts'
import { fieldPath } from './path.ts'
import { actionsOf } from './planning.ts'
import { problemsOf, settingsInvalid, type SettingProblem, type SettingsFault } from './problems.ts'
import { serviceSettingsSchema, type ServiceSettings } from './service-schema.ts'
import { settingsFields } from './sections.ts'

export type { ServiceSettings } from './service-schema.ts'

/**
 * @throws HoldfastError `settings_invalid` naming each wrong field
 * @example
 * parseServiceSettings({ delivery: { mode: 'off' } }).sender.language // 'en'
 */
export function parseServiceSettings(value: unknown): ServiceSettings {
  const result = serviceSettingsSchema.safeParse(value)
  if (result.success) return result.data
  throw settingsInvalid(problemsOf(settingsFields(), result.error.issues))
}

/**
 * What is only worth checking when settings are saved: that each template is for an action that has such messages, and
 * renders.
 *
 * @throws HoldfastError `settings_invalid` or, where all that is wrong is what templates say, `template_invalid`: each
 *   names every field
 */
export function checkTemplates(settings: ServiceSettings): void {
  const misplaced = emailsOfNoAction(settings)
  if (misplaced.length > 0) throw settingsInvalid(misplaced)
  const faulty = faultyTemplates(settings)
  const [first] = faulty
  if (first === undefined) return
  const fault: SettingsFault = { fields: faulty.slice(0, 100) }
  const others = faulty.length > 1 ? ` ${faulty.length - 1} more of them cannot be used either.` : ''
  throw new HoldfastError(
    'template_invalid',
    `The settings are not saved. The template ${first.name} cannot be used: ${first.message}${others}`,
    { cause: fault },
  )
}

function emailsOfNoAction(settings: ServiceSettings): readonly SettingProblem[] {
  const emails = actionsOf(settings).filter(({ channel }) => channel === 'email')
  return Object.entries(settings.templates).flatMap(([tag, byAction]) =>
    Object.keys(byAction)
      .filter((key) => emails.every((one) => one.key !== key))
      .map((key) => ({
        path: fieldPath(['templates', tag, key]),
        message: `It has to be one of ${emails.map((one) => one.key).join(', ')}.`,
      })),
  )
}

/** Milliseconds for the templates of a company together: nobody else is answered meanwhile. */
const LONGEST_MS = 3000

interface FaultyTemplate extends SettingProblem {
  /** As people are told of it: `"email" in "de"`. */
  readonly name: string
}

function faultyTemplates(settings: ServiceSettings): readonly FaultyTemplate[] {
  const until = performance.now() + LONGEST_MS
  const giving = new Set(actionsOf(settings).flatMap(({ key, discount }) => (discount > 0 ? [key] : [])))
  const each = <T>(
    place: readonly string[],
    sets: Readonly<Record<string, Readonly<Record<string, T>>>>,
    faultsOf: (one: {
      language: string
      action: string
      template: T
      offers: boolean
    }) => readonly TemplateFault[],
    partOf: (fault: TemplateFault) => readonly string[] = () => [],
  ): readonly FaultyTemplate[] =>
    Object.entries(sets).flatMap(([language, byAction]) =>
      Object.entries(byAction).flatMap(([action, template]) => {
        if (performance.now() > until) throw tooSlow([...place, language, action])
        return faultsOf({ language, action, template, offers: giving.has(action) }).map((fault) => ({
          path: fieldPath([...place, language, action, ...partOf(fault)]),
          name: `"${action}" in "${language}"`,
          message: faultWords(fault),
        }))
      }),
    )
  return [
    ...each(['templates'], settings.templates, emailFaults, ({ part }) =>
      part === null ? [] : [part.toLowerCase()],
    ),
    ...each(['calls', 'talk'], settings.calls.talk, talkFaults),
    ...each(['sms', 'templates'], settings.sms.templates, smsFaults),
  ]
}

function tooSlow(reached: readonly string[]): HoldfastError {
  const fault: SettingsFault = {
    fields: [{ path: fieldPath(reached), message: 'The templates before this one take too long.' }],
  }
  return new HoldfastError(
    'template_invalid',
    `The settings are not saved. The templates take too long: after ${LONGEST_MS / 1000} seconds not all of them were looked at. Take loops out of them, or save fewer at a time.`,
    { cause: fault },
  )
}

/**
 * @example
 * faultWords({ part: 'text', line: 2, what: 'it is empty' }) // 'The text, line 2: it is empty.'
 */
export function faultWords({ part, line, what }: TemplateFault): string {
  const place = [part === null ? null : `The ${part}`, line === null ? null : `line ${line}`]
  const said = place.filter((one) => one !== null).join(', ')
  return `${said === '' ? '' : `${said}: `}${what}.`
}

/**
 * Whether an intervention waits for a person first.
 *
 * @example
 * needsApproval(parseServiceSettings({}), 'discount_10') // true
 */
export function needsApproval(settings: ServiceSettings, key: string): boolean {
  return approvalNeeded(
    settings.delivery,
    actionsOf(settings).find((one) => one.key === key),
  )
}
