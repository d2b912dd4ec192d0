/** The settings in the order in which an admin thinks of them, and what each part of it is about. */
import { HoldfastError } from '../contracts/errors.ts'
import type { Field, Section } from './controls.ts'
import { fieldsOf } from './form.ts'
import { overlap, stepsOf } from './path.ts'
import { serviceSettingsSchema } from './service-schema.ts'

interface Part extends Omit<Section, 'fields'> {
  /** Settings, or what they stand beneath, in the order of the form. */
  readonly of: readonly string[]
}

const PARTS: readonly Part[] = [
  {
    key: 'customers',
    title: 'Who counts',
    about: 'Who is a customer is said with each connection. Here: who is left to your team whatever happens.',
    of: ['groups.exempt'],
  },
  {
    key: 'levels',
    title: 'Levels',
    about:
      'From which risk a customer is high or medium. Levels sort lists and alerts; actions are chosen by worth.',
    of: ['levels'],
  },
  {
    key: 'actions',
    title: 'Actions and costs',
    about: 'What may be done, what it costs, how many your team carries out, and whom it is for.',
    of: ['catalogue', 'actions.own', 'actions.effects', 'actions.payment', 'gate', 'exploration'],
  },
  {
    key: 'money',
    title: 'Money',
    about: 'The currencies that are reckoned in, and what a customer earns.',
    of: ['currency', 'margin'],
  },
  {
    key: 'messages',
    title: 'Messages',
    about: 'Whom messages come from, in which language and words they are, and what carries them.',
    of: [
      'sender',
      'guard.languageFallback',
      'templates',
      'sms.templates',
      'calls.talk',
      'smtp',
      'feedback',
      'sms.accountSid',
      'sms.apiKeySid',
      'sms.messagingServiceSid',
      'sms.number',
      'sms.pricePerSegment',
      'sms.pricesByCountry',
      'sms.answerHelp',
    ],
  },
  {
    key: 'limits',
    title: 'Limits',
    about: 'How often people hear from you. No model overrules these.',
    of: ['guard.perDay', 'guard.perWeek', 'contact', 'discounts'],
  },
  {
    key: 'hours',
    title: 'Hours',
    about: 'When people may be written to or called, in their own time, and when your own people work.',
    of: [
      'guard.email',
      'guard.sms',
      'guard.call',
      'guard.outside',
      'guard.holidays',
      'calls.zone',
      'calls.from',
      'calls.until',
      'calls.days',
      'calls.holidays',
      'calls.perPerson',
      'calls.people',
    ],
  },
  {
    key: 'budget',
    title: 'Budget',
    about: 'What may be spent in a period. It is never over by a cent.',
    of: ['period', 'budget'],
  },
  {
    key: 'offers',
    title: 'Offers',
    about: 'Who fulfils discounts, how long they stand, and what has to be said with them.',
    of: ['offers'],
  },
  {
    key: 'delivery',
    title: 'Delivery and approval',
    about: 'What leaves Holdfast at all, and what a person says yes to first.',
    of: ['delivery'],
  },
  {
    key: 'groups',
    title: 'Comparison groups',
    about:
      'Whom nothing is done for, so that what the rest gains can be measured. Who is in a group stays in it.',
    of: ['groups.holdout', 'groups.usual'],
  },
  {
    key: 'alerts',
    title: 'Alerts',
    about: 'Who is told what happened, and when.',
    of: ['alerts'],
  },
  {
    key: 'stopping',
    title: 'Stopping by itself',
    about: 'An action or a channel stops when more people turn away from it than chance explains.',
    of: ['automation'],
  },
  {
    key: 'write_back',
    title: 'Writing to the CRM',
    about: 'Whether risk and suggestion stand on the record, who sees more there, and who answers there.',
    of: ['writeBack', 'cards'],
  },
  {
    key: 'retention',
    title: 'What is kept',
    about:
      'For how long history, messages and the audit log are kept. What is older goes by itself, once a day.',
    of: ['retention'],
  },
]

/** Only plans on the command line look at these; here nothing would come of them, so they are not offered. */
export const ON_THE_COMMAND_LINE: readonly string[] = ['tenant', 'alarms']

/**
 * @throws HoldfastError `internal` for a setting that is in no part or in two
 * @example
 * settingsForm()[0].fields[0].title
 */
export function settingsForm(): readonly Section[] {
  known ??= sectionsOf(settingsFields())
  return known
}

/** Every setting, those of the command line too: what histories and comparisons know of. */
export function settingsFields(): readonly Field[] {
  fields ??= fieldsOf(serviceSettingsSchema, serviceSettingsSchema.parse({}))
  return fields
}

let known: readonly Section[] | undefined
let fields: readonly Field[] | undefined

function sectionsOf(all: readonly Field[]): readonly Section[] {
  const left = new Set(all)
  const take = (prefix: string): readonly Field[] => {
    const steps = stepsOf(prefix)
    const found = [...left].filter(({ path }) => {
      const own = stepsOf(path)
      return own.length >= steps.length && overlap(own, steps)
    })
    if (found.length === 0) throw new HoldfastError('internal', `The form names no setting by ${prefix}.`)
    for (const one of found) left.delete(one)
    return found
  }
  const sections = PARTS.map(({ of, ...part }) => ({ ...part, fields: of.flatMap(take) }))
  for (const path of ON_THE_COMMAND_LINE) take(path)
  if (left.size > 0)
    throw new HoldfastError('internal', `The form lacks ${[...left].map(({ path }) => path).join(', ')}.`)
  return sections
}
