/** The settings of the service: those of a plan, and how it may act. A plan's file stays valid here. */
import { z } from 'zod'
import { shippedActions } from '../../actions/catalogue.ts'
import { checkEmailTemplate } from '../../actions/email/render.ts'
import { checkTalkTracks } from '../../actions/task/talk.ts'
import { HoldfastError } from '../contracts/errors.ts'
import { actionSettings } from './actions.ts'
import { alertSettings } from './alerts.ts'
import { approvalNeeded } from './approval.ts'
import { automationSettings, deliverySettings } from './automation.ts'
import { callSettings } from './calls.ts'
import { feedbackSettings } from './feedback.ts'
import { address, field, flag, text } from './field.ts'
import { groupSettings } from './groups.ts'
import { guardSettings } from './guard.ts'
import { offerSettings } from './offers.ts'
import { actionsOf } from './planning.ts'
import { settingsSchema } from './schema.ts'
import { checkSmsTemplates, smsSettings } from './sms.ts'

const language = z
  .string()
  .regex(/^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$/, "has to be a BCP 47 tag such as 'de-AT'")

const sender = z.strictObject({
  name: text('Name that messages come from'),
  address: address('Address that e-mails come from'),
  postalAddress: text('Postal address at the foot of each e-mail'),
  replyTo: address('Where answers go when nobody is responsible for the customer'),
  company: text('Name of the company in messages'),
  language: field(
    language.default('en'),
    'Language of messages to a recipient whose own is unknown',
    "a BCP 47 tag such as 'de-AT'",
  ),
})

const smtp = z.strictObject({
  host: text('Server that hands e-mails on (SMTP)'),
  port: field(z.number().int().min(1).max(65_535).default(587), 'Its port', 'a number from 1 to 65535'),
  security: field(
    z.enum(['starttls', 'tls', 'none']).default('starttls'),
    'How the conversation with it is encrypted; none is for a server on the same machine',
    'starttls, tls or none',
  ),
  connections: field(
    z.number().int().min(1).max(100).default(10),
    'Connections to it at a time; many providers allow no more than 10 or 20',
    'a number from 1 to 100',
  ),
  user: text('User that signs in to it; its password is kept in the vault'),
  dkimDomain: text('Domain that e-mails are signed for (DKIM); the private key is kept in the vault'),
  dkimSelector: text('Selector of the DKIM key in the DNS'),
})

const part = (most: number) => z.string().min(1).max(most)

/** Keys of the actions that ship and are e-mails; those of one's own are looked at when settings are saved. */
const emailKeys = shippedActions.filter(({ channel }) => channel === 'email').map(({ key }) => key)

const templates = field(
  z
    .record(
      language,
      z.record(
        z
          .string()
          .max(40)
          .refine(
            (key) => emailKeys.includes(key) || shippedActions.every((one) => one.key !== key),
            `has to be one of ${emailKeys.join(', ')}, or an e-mail of your own`,
          ),
        z.strictObject({ subject: part(300), text: part(50_000), html: part(200_000) }),
      ),
    )
    .default({}),
  'E-mails in your own words, instead of those that ship: by language, then by action',
  `{"en": {"email": {"subject", "text", "html"}}}, Liquid; actions ${emailKeys.join(', ')}, and e-mails of your own`,
)

/** Every field with its default: `serviceSettingsSchema.parse({})` is a complete set. */
export const serviceSettingsSchema = z.strictObject({
  ...settingsSchema.shape,
  delivery: deliverySettings,
  sender: sender.prefault({}),
  smtp: smtp.prefault({}),
  templates,
  groups: groupSettings,
  writeBack: z
    .strictObject({ enabled: flag(true, 'Whether scores and suggestions are written to the CRM') })
    .prefault({}),
  actions: actionSettings,
  alerts: alertSettings,
  automation: automationSettings,
  calls: callSettings,
  feedback: feedbackSettings,
  guard: guardSettings,
  offers: offerSettings,
  sms: smsSettings,
})

export type ServiceSettings = z.infer<typeof serviceSettingsSchema>

/**
 * @throws HoldfastError `settings_invalid` naming each wrong field
 * @example
 * parseServiceSettings({ delivery: { mode: 'off' } }).sender.language // 'en'
 */
export function parseServiceSettings(value: unknown): ServiceSettings {
  const result = serviceSettingsSchema.safeParse(value)
  if (result.success) return result.data
  const problems = result.error.issues.map((issue) => {
    const { path } = issue
    return `${path.length === 0 ? 'the settings' : path.map(String).join('.')}: ${wrong(issue)}`
  })
  throw new HoldfastError('settings_invalid', `The settings are not saved. Correct ${problems.join('; ')}.`, {
    cause: result.error,
  })
}

function wrong(issue: z.core.$ZodIssue): string {
  if (issue.code === 'unrecognized_keys')
    return `there is no ${issue.keys.join(', ')}; docs/settings.md has all of them`
  if (issue.code === 'too_big') return `at most ${issue.maximum}${UNITS[issue.origin] ?? ''}`
  if (issue.code === 'too_small') return `at least ${issue.minimum}${UNITS[issue.origin] ?? ''}`
  if (issue.code === 'invalid_value') return `one of ${issue.values.map(String).join(', ')}`
  if (issue.code === 'invalid_type') return `has to be of another type: ${issue.expected}`
  return issue.message
}

/** What a length is counted in. */
const UNITS: Readonly<Record<string, string>> = { array: ' of them', string: ' characters' }

/**
 * What is only worth checking when settings are saved: that each template is for an action that is an e-mail, and
 * renders.
 *
 * @throws HoldfastError `settings_invalid` for a template of no such action, `template_invalid` naming template, part
 *   and line
 */
export function checkTemplates(settings: ServiceSettings): void {
  const emails = actionsOf(settings).filter(({ channel }) => channel === 'email')
  for (const [tag, byAction] of Object.entries(settings.templates))
    for (const [key, template] of Object.entries(byAction)) {
      const action = emails.find((one) => one.key === key)
      if (action === undefined)
        throw new HoldfastError(
          'settings_invalid',
          `The settings are not saved. Correct templates.${tag}.${key}: has to be one of ${emails.map((one) => one.key).join(', ')}.`,
        )
      checkEmailTemplate({ language: tag, action: key, template, offers: action.discount > 0 })
    }
  checkTalkTracks(
    settings.calls.talk,
    actionsOf(settings).flatMap(({ key, discount }) => (discount > 0 ? [key] : [])),
  )
  checkSmsTemplates(settings.sms, (key) =>
    actionsOf(settings).some((action) => action.key === key && action.discount > 0),
  )
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
