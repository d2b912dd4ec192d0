/** Who is told what happened, and how. */
import { z } from 'zod'
import { field, flag } from './field.ts'

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

const zone = z.string().refine(isZone, { error: "has to be a time zone such as 'Europe/Vienna'" })

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
        ),
        kinds: field(z.array(z.enum(TOLD_KINDS)).default([...ADMIN_KINDS]), 'Of what', kinds),
      })
      .prefault({}),
    names: flag(
      true,
      'Whether e-mails and messages in chats name customers; without it they say how many, and where to look',
    ),
    levels: z
      .strictObject({
        enabled: flag(
          false,
          'Whether the person responsible is told by e-mail when customers rise to the level HIGH',
        ),
        perDay: field(
          z.number().int().min(0).max(24).default(1),
          'E-mails of this kind that one person gets in a day; what comes later waits for the next day. 0 is none',
          'a whole number from 0 to 24',
        ),
        most: field(
          z.number().int().min(1).max(50).default(10),
          'Customers that one such e-mail lists, the most valuable first; the others are counted',
          'a whole number from 1 to 50',
        ),
      })
      .prefault({}),
    digest: z
      .strictObject({
        enabled: flag(true, 'Whether what happened in a week is told'),
        weekday: field(
          z.enum(WEEKDAYS).default('monday'),
          'On which day',
          'sunday, monday, tuesday, wednesday, thursday, friday or saturday',
        ),
        hour: field(
          z.number().int().min(0).max(23).default(7),
          'From which hour',
          'a whole number from 0 to 23',
        ),
        zone: field(zone.default('UTC'), 'Of which time zone', 'a time zone such as Europe/Vienna'),
      })
      .prefault({}),
  })
  .prefault({})

export type AlertSettings = z.infer<typeof alertSettings>
