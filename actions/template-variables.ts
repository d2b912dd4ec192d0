/** What templates of each channel can name, in words, for whoever writes one. */
import { EMAIL_VARIABLES } from './email/template.ts'
import { SMS_VARIABLES } from './sms/template.ts'
import { TALK_VARIABLES } from './task/talk.ts'

export interface TemplateVariable {
  /** As it stands within `{{ }}`. */
  readonly name: string
  readonly about: string
  readonly example: string
  /** Whether it may be empty, so that a template asks for it first. */
  readonly optional: boolean
  /** Whether it is there for actions alone that give something off. */
  readonly offer: boolean
}

interface Meaning {
  readonly about: string
  readonly example: string
  readonly optional?: true
}

const MEANINGS: Readonly<Record<string, Meaning>> = {
  language: { about: 'Language of the template', example: 'en' },
  'recipient.name': { about: 'Whom it is sent to', example: 'Ana Silva', optional: true },
  'person.name': { about: 'Whom the call is to', example: 'Ana Silva', optional: true },
  'person.role': { about: 'What they are there', example: 'Head of IT', optional: true },
  'customer.name': { about: 'The customer', example: 'Acme Ltd', optional: true },
  'responsible.name': { about: 'Who looks after the customer', example: 'Jo Miller', optional: true },
  'sender.name': { about: 'Name that messages come from', example: 'Example', optional: true },
  'sender.company': { about: 'Your company', example: 'Example Ltd' },
  'sender.postal_address': { about: 'Your postal address', example: '1 High Street, London' },
  company: { about: 'Your company', example: 'Example Ltd', optional: true },
  offer: { about: 'Whether something is given off: {% if offer %}', example: '', optional: true },
  'offer.percent': { about: 'What is given off, in percent', example: '10' },
  'offer.months': { about: 'For how many months', example: '12' },
  'offer.until': { about: 'Last day on which it can be taken', example: 'December 31, 2026', optional: true },
  'offer.code': {
    about: 'What it is taken with; it has to be shown',
    example: 'SPRING-7F3A',
    optional: true,
  },
  'offer.terms': {
    about: 'Its terms; beneath the message unless the template places them',
    example: 'Not to be combined with other offers.',
    optional: true,
  },
  'offer.disclosure': {
    about: 'That the price was chosen automatically; beneath the message unless the template places it',
    example: 'This price was personalised for you on the basis of automated decision-making.',
    optional: true,
  },
  unsubscribe_url: { about: 'Where one click unsubscribes', example: 'https://example.org/u/abc' },
}

const explained = (names: readonly string[]): readonly TemplateVariable[] =>
  names.map((name) => {
    const { about, example, optional = false } = MEANINGS[name]
    return { name, about, example, optional, offer: /^offer\b/.test(name) }
  })

/** By channel; a task's are those of its talk track. */
export const TEMPLATE_VARIABLES = {
  email: explained(EMAIL_VARIABLES),
  sms: explained(SMS_VARIABLES),
  task: explained(TALK_VARIABLES),
} as const
