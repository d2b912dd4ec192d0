/** Calls: the hours in which they are made, the places of each person, and what is said. */
import { z } from 'zod'
import { byLanguage, field, hinted } from './field.ts'

const zone = hinted(
  z.string().max(60).refine(isZone, "has to be a time zone of the IANA database such as 'Europe/Vienna'"),
  { format: 'zone' },
)

const hour = (about: string, title: string) =>
  field(z.number().min(0).max(24).nullable().default(null), about, 'a number from 0 to 24, or null', {
    title,
    as: 'hour',
    none: 'As the company',
  })

const places = (about: string, none: string) =>
  field(
    z.number().int().min(0).max(100_000).nullable().default(null),
    about,
    'a whole number from 0 to 100000, or null',
    { title: 'Calls in a period', none, zero: 'None' },
  )

const person = z
  .strictObject({
    name: field(
      z.string().min(1).max(120).nullable().default(null),
      'Name of the person, for whoever reads these settings',
      'text of at most 120 characters, or null',
      { title: 'Name', format: 'person' },
    ),
    zone: field(
      zone.nullable().default(null),
      'Time zone in which the person works',
      "such as 'Europe/Vienna', or null",
      { title: 'Time zone', none: 'As the company' },
    ),
    from: hour('Hour at which the person begins', 'Begins'),
    until: hour('Hour at which the person ends', 'Ends'),
    perPeriod: places('Calls that the person is given in a period; 0 is none', 'As everybody'),
    stepsIn: field(
      z.boolean().default(false),
      'Whether the person takes calls of colleagues who are full',
      'true or false',
      'Steps in for colleagues',
    ),
  })
  .refine(({ from, until }) => from === null || until === null || from < until, {
    error: 'has to begin before it ends',
    path: ['until'],
  })

export type CallPerson = z.infer<typeof person>

const weekday = hinted(z.number().int().min(1).max(7), {
  labels: {
    1: 'Monday',
    2: 'Tuesday',
    3: 'Wednesday',
    4: 'Thursday',
    5: 'Friday',
    6: 'Saturday',
    7: 'Sunday',
  },
})

export const callSettings = z
  .strictObject({
    zone: field(
      zone.default('UTC'),
      'Time zone of the company, in whose working hours tasks are due',
      "a time zone of the IANA database such as 'Europe/Vienna'",
      'Time zone of the company',
    ),
    from: field(z.number().min(0).max(24).default(9), 'Hour at which work begins', 'a number from 0 to 24', {
      title: 'Work begins',
      as: 'hour',
    }),
    until: field(
      z.number().min(0).max(24).default(17),
      'Hour at which work ends, after it began',
      'a number from 0 to 24',
      { title: 'Work ends', as: 'hour' },
    ),
    days: field(
      z.array(weekday).min(1).max(7).default([1, 2, 3, 4, 5]),
      'Days of the week on which people work: 1 is Monday, 7 is Sunday',
      'a list of whole numbers from 1 to 7',
      'Working days',
    ),
    holidays: field(
      z.array(z.iso.date()).max(500).default([]),
      'Days on which nobody works',
      "a list of at most 500 dates such as '2026-12-25'",
      'Days on which nobody works',
    ),
    perPerson: places('Calls that one person is given in a decision period; 0 is none', 'No limit'),
    people: field(
      z.record(hinted(z.string().min(1).max(100), { format: 'person' }), person).default({}),
      'What is different for one person, by the id of the user or owner in the CRM',
      '{"0051": {"name", "zone", "from", "until", "perPeriod", "stepsIn"}}',
      'What is different for one person',
    ),
    talk: field(
      byLanguage(
        hinted(z.string().min(1).max(60), { format: 'action' }),
        hinted(z.string().min(1).max(4000), { format: 'liquid', lines: 'many' }),
      ),
      'Talk tracks in your own words, instead of those that ship: by language, then by action',
      '{"en": {"call_discount_30": "Hello {{ person.name }}, …"}}, Liquid',
      'Talk tracks',
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
