/** Who is told what happened, and how. */
import { z } from 'zod'
import { field, flag, hinted } from './field.ts'

/** What somebody can be told of. */
export const TOLD_KINDS = [
  /** An action or a channel stopped by itself. */
  'action.stopped',
  /** A person answered, or complained. */
  'customer.answered',
  /** The risk of customers rose. */
  'customer.level',
  /** The groups are not as large as they have to be. */
  'groups.ratio',
  /** A pool has few codes left, or none. */
  'offers.codes',
  /** A policy that was solved was not put in charge. */
  'policy.refused',
  'digest.weekly',
  /** A webhook was disabled, since nothing got through. */
  'webhook.disabled',
  'test',
] as const

export type ToldKind = (typeof TOLD_KINDS)[number]

/** What goes to those who look after Holdfast, unless they choose. */
export const ADMIN_KINDS = TOLD_KINDS.filter((kind) => kind !== 'customer.level' && kind !== 'test')

export const WEEKDAYS = [
  'sunday',
  'monday',
  'tuesday',
  'wednesday',
  'thursday',
  'friday',
  'saturday',
] as const

const zone = hinted(z.string().refine(isZone, { error: "has to be a time zone such as 'Europe/Vienna'" }), {
  format: 'zone',
})

/** As people read them. */
const KIND_LABELS: Readonly<Record<(typeof TOLD_KINDS)[number], string>> = {
  'action.stopped': 'An action or a channel stopped by itself',
  'customer.answered': 'Somebody answered or complained',
  'customer.level': 'The risk of customers rose',
  'groups.ratio': 'The groups are not as large as they have to be',
  'offers.codes': 'Codes of an offer run out',
  'policy.refused': 'A new policy was not put in charge',
  'digest.weekly': 'What happened in the week',
  'webhook.disabled': 'A webhook was switched off',
  test: 'Tests',
}

const capital = (word: string): string => word[0].toUpperCase() + word.slice(1)

function isZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone !== ''
  } catch {
    return false
  }
}

const kinds = `a list out of ${TOLD_KINDS.join(', ')}`

export const alertSettings = z
  .strictObject({
    email: z
      .strictObject({
        to: field(
          z.array(z.email()).max(20).default([]),
          'Who is told by e-mail what an admin has to know, and gets the digest',
          'a list of at most 20 e-mail addresses',
          'Who is told by e-mail',
        ),
        kinds: field(z.array(z.enum(TOLD_KINDS)).default([...ADMIN_KINDS]), 'Of what', kinds, {
          title: 'Told of',
          labels: KIND_LABELS,
        }),
      })
      .prefault({}),
    names: flag(
      true,
      'Whether e-mails and messages in chats name customers; without it they say how many, and where to look',
      'Name customers',
    ),
    levels: z
      .strictObject({
        enabled: flag(
          false,
          'Whether the person responsible is told by e-mail when customers rise to the level HIGH',
          'Tell the person responsible when risk is high',
        ),
        perDay: field(
          z.number().int().min(0).max(24).default(1),
          'E-mails of this kind that one person gets in a day; what comes later waits for the next day. 0 is none',
          'a whole number from 0 to 24',
          { title: 'Such e-mails in a day, to one person', zero: 'None' },
        ),
        most: field(
          z.number().int().min(1).max(50).default(10),
          'Customers that one such e-mail lists, the most valuable first; the others are counted',
          'a whole number from 1 to 50',
          { title: 'Customers that one lists', advanced: true },
        ),
      })
      .prefault({}),
    digest: z
      .strictObject({
        enabled: flag(true, 'Whether what happened in a week is told', 'Weekly digest'),
        weekday: field(
          z.enum(WEEKDAYS).default('monday'),
          'On which day',
          'sunday, monday, tuesday, wednesday, thursday, friday or saturday',
          {
            title: 'Day of the digest',
            labels: Object.fromEntries(WEEKDAYS.map((day) => [day, capital(day)])),
          },
        ),
        hour: field(
          z.number().int().min(0).max(23).default(7),
          'From which hour',
          'a whole number from 0 to 23',
          { title: 'Hour of the digest', as: 'hour' },
        ),
        zone: field(
          zone.default('UTC'),
          'Of which time zone',
          'a time zone such as Europe/Vienna',
          'Time zone of the digest',
        ),
      })
      .prefault({}),
  })
  .prefault({})

export type AlertSettings = z.infer<typeof alertSettings>
