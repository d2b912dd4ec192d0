/** Calls: the hours in which they are made, the places of each person, and what is said. */
import { z } from 'zod'
import { field } from './field.ts'

const zone = z
  .string()
  .max(60)
  .refine(isZone, "has to be a time zone of the IANA database such as 'Europe/Vienna'")

const hour = (about: string) =>
  field(z.number().min(0).max(24).nullable().default(null), about, 'a number from 0 to 24, or null')

const places = (about: string) =>
  field(
    z.number().int().min(0).max(100_000).nullable().default(null),
    about,
    'a whole number from 0 to 100000, or null',
  )

const person = z
  .strictObject({
    name: field(
      z.string().min(1).max(120).nullable().default(null),
      'Name of the person, for whoever reads these settings',
      'text of at most 120 characters, or null',
    ),
    zone: field(
      zone.nullable().default(null),
      'Time zone in which the person works; null is that of the company',
      "such as 'Europe/Vienna', or null",
    ),
    from: hour('Hour at which the person begins; null is that of the company'),
    until: hour('Hour at which the person ends; null is that of the company'),
    perPeriod: places('Calls that the person is given in a period; null is calls.perPerson, 0 is none'),
    stepsIn: field(
      z.boolean().default(false),
      'Whether the person takes calls of colleagues who are full',
      'true or false',
    ),
  })
  .refine(({ from, until }) => from === null || until === null || from < until, {
    error: 'has to begin before it ends',
    path: ['until'],
  })

export type CallPerson = z.infer<typeof person>

const language = z
  .string()
  .regex(/^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$/, "has to be a BCP 47 tag such as 'de-AT'")

export const callSettings = z
  .strictObject({
    zone: field(
      zone.default('UTC'),
      'Time zone of the company, in whose working hours tasks are due',
      "a time zone of the IANA database such as 'Europe/Vienna'",
    ),
    from: field(z.number().min(0).max(24).default(9), 'Hour at which work begins', 'a number from 0 to 24'),
    until: field(
      z.number().min(0).max(24).default(17),
      'Hour at which work ends, after it began',
      'a number from 0 to 24',
    ),
    days: field(
      z.array(z.number().int().min(1).max(7)).min(1).max(7).default([1, 2, 3, 4, 5]),
      'Days of the week on which people work: 1 is Monday, 7 is Sunday',
      'a list of whole numbers from 1 to 7',
    ),
    holidays: field(
      z.array(z.iso.date()).max(500).default([]),
      'Days on which nobody works',
      "a list of at most 500 dates such as '2026-12-25'",
    ),
    perPerson: places('Calls that one person is given in a decision period; null is no limit, 0 is none'),
    people: field(
      z.record(z.string().min(1).max(100), person).default({}),
      'What is different for one person, by the id of the user or owner in the CRM',
      '{"0051": {"name", "zone", "from", "until", "perPeriod", "stepsIn"}}',
    ),
    talk: field(
      z.record(language, z.record(z.string().min(1).max(60), z.string().min(1).max(4000))).default({}),
      'Talk tracks in your own words, instead of those that ship: by language, then by action',
      '{"en": {"call_discount_30": "Hello {{ person.name }}, …"}}, Liquid',
    ),
  })
  .refine(({ from, until }) => from < until, { error: 'has to be after calls.from', path: ['until'] })
  .prefault({})

export type CallSettings = z.infer<typeof callSettings>

function isZone(name: string): boolean {
  try {
    return name !== '' && new Intl.DateTimeFormat('en', { timeZone: name }).format(0) !== ''
  } catch {
    return false
  }
}
