/** The schema of the service's settings: those of a plan, and how it may act. A plan's file stays valid here. */
import { z } from 'zod'
import { shippedActions } from '../../actions/catalogue.ts'
import { actionSettings } from './actions.ts'
import { alertSettings } from './alerts.ts'
import { automationSettings, deliverySettings } from './automation.ts'
import { callSettings } from './calls.ts'
import { cardSettings } from './cards.ts'
import { feedbackSettings } from './feedback.ts'
import { address, byLanguage, field, flag, hinted, languageTag, text } from './field.ts'
import { groupSettings } from './groups.ts'
import { guardSettings } from './guard.ts'
import { offerSettings } from './offers.ts'
import { retentionSettings } from './retention.ts'
import { settingsSchema } from './schema.ts'
import { smsSettings } from './sms.ts'

const sender = z.strictObject({
  name: text('Name that messages come from', 'Messages come from'),
  address: address('Address that e-mails come from', 'Address that e-mails come from'),
  postalAddress: text('Postal address at the foot of each e-mail', {
    title: 'Postal address',
    lines: 'many',
  }),
  replyTo: address(
    'Where answers go when nobody is responsible for the customer',
    'Answers go to, where nobody is responsible',
  ),
  company: text('Name of the company in messages', 'Name of the company'),
  language: field(
    languageTag.default('en'),
    'Language of messages to a recipient whose own is unknown',
    "a BCP 47 tag such as 'de-AT'",
    'Language of the company',
  ),
})

const smtp = z.strictObject({
  host: text('Server that hands e-mails on (SMTP)', 'Mail server (SMTP)'),
  port: field(
    z.number().int().min(1).max(65_535).default(587),
    'Its port',
    'a number from 1 to 65535',
    'Port of the mail server',
  ),
  security: field(
    z.enum(['starttls', 'tls', 'none']).default('starttls'),
    'How the conversation with it is encrypted; none is for a server on the same machine',
    'starttls, tls or none',
    {
      title: 'Encryption to the mail server',
      labels: { starttls: 'STARTTLS', tls: 'TLS', none: 'None' },
    },
  ),
  connections: field(
    z.number().int().min(1).max(100).default(10),
    'Connections to it at a time; many providers allow no more than 10 or 20',
    'a number from 1 to 100',
    { title: 'Connections at a time', advanced: true },
  ),
  user: text('User that signs in to it; its password is kept in the vault', 'User of the mail server'),
  dkimDomain: text('Domain that e-mails are signed for (DKIM); the private key is kept in the vault', {
    title: 'Domain that e-mails are signed for (DKIM)',
    advanced: true,
  }),
  dkimSelector: text('Selector of the DKIM key in the DNS', {
    title: 'Selector of that key',
    advanced: true,
  }),
})

const part = (most: number, title: string, about: string) =>
  field(z.string().min(1).max(most), about, `Liquid of at most ${most} characters`, {
    title,
    format: 'liquid',
    ...(title === 'Subject' ? {} : { lines: 'many' }),
  })

/** Keys of the actions that ship and are e-mails; those of one's own are looked at when settings are saved. */
const emailKeys = shippedActions.filter(({ channel }) => channel === 'email').map(({ key }) => key)

const templates = field(
  byLanguage(
    hinted(
      z
        .string()
        .max(40)
        .refine(
          (key) => emailKeys.includes(key) || shippedActions.every((one) => one.key !== key),
          `has to be one of ${emailKeys.join(', ')}, or an e-mail of your own`,
        ),
      { format: 'action' },
    ),
    z.strictObject({
      subject: part(300, 'Subject', 'One line'),
      text: part(50_000, 'Text', 'For mail programs that show no HTML'),
      html: part(200_000, 'HTML', 'A fragment that is put into the frame, or a whole document'),
    }),
  ),
  'E-mails in your own words, instead of those that ship: by language, then by action',
  `{"en": {"email": {"subject", "text", "html"}}}, Liquid; actions ${emailKeys.join(', ')}, and e-mails of your own`,
  'E-mail templates',
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
    .strictObject({
      enabled: flag(
        true,
        'Whether scores and suggestions are written to the CRM',
        'Write risk and suggestion to the CRM',
      ),
    })
    .prefault({}),
  actions: actionSettings,
  alerts: alertSettings,
  automation: automationSettings,
  calls: callSettings,
  cards: cardSettings,
  feedback: feedbackSettings,
  guard: guardSettings,
  offers: offerSettings,
  retention: retentionSettings,
  sms: smsSettings,
})

export type ServiceSettings = z.infer<typeof serviceSettingsSchema>
