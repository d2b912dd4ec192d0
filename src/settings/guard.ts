/**
 * When a person may be contacted at all: the hours and days of their own time, how often, in which language. What a
 * plan looks at beside (waiting time, contacts a period, discounts a year) stands in `contact` and `discounts`.
 */
import { z } from 'zod'
import { field, hinted, languageTag } from './field.ts'

const limit = z.number().int().min(0).nullable()

const time = (standard: string, about: string, title: string) =>
  field(
    z
      .string()
      .regex(/^([01]\d|2[0-3]):[0-5]\d$|^24:00$/, "has to be a time such as '08:30', at most 24:00")
      .default(standard),
    about,
    "'HH:MM', from 00:00 to 24:00",
    { title, format: 'time' },
  )

const hours = (what: string, noun: string) =>
  z
    .strictObject({
      from: time('08:00', `From when on ${what}, in the recipient's own time`, `${noun} from`),
      to: time(
        '21:00',
        `Until when ${what}; whatever is handed over then has arrived by that time`,
        `${noun} until`,
      ),
      days: field(
        z.enum(['every', 'business', 'companies']).default('companies'),
        'On which days: every day, business days, or business days where the customer is a company and every day where it is a person',
        'every, business or companies',
        {
          title: `Days for ${noun === 'SMS' ? noun : noun.toLowerCase()}`,
          labels: {
            every: 'Every day',
            business: 'Business days',
            companies: 'Business days for companies, every day for people',
          },
        },
      ),
    })
    .refine((one) => minutes(one.to) - minutes(one.from) >= 15, {
      path: ['to'],
      error: 'has to be a quarter of an hour later than "from" or more',
    })
    .prefault({})

function minutes(time: string): number {
  const [hours, past] = time.split(':').map(Number)
  return hours * 60 + past
}

const day = hinted(z.string().refine(isDay, "has to be a day such as '12-25' (each year) or '2026-04-03'"), {
  format: 'day',
})

/** '12-25' or '2026-04-03', of the calendar; 02-29 is a day of leap years. */
function isDay(written: string): boolean {
  const [, year = '2000', month, date] = /^(?:(\d{4})-)?(\d\d)-(\d\d)$/.exec(written) ?? []
  if (month === undefined) return false
  const at = new Date(`${year}-${month}-${date}T00:00:00Z`)
  return !Number.isNaN(at.getTime()) && at.getUTCDate() === Number(date)
}

export const guardSettings = z
  .strictObject({
    email: hours('e-mails may be sent', 'E-mails'),
    sms: hours('texts may be sent', 'SMS'),
    call: hours('calls may be asked for, where the zone of the person is known', 'Calls'),
    outside: field(
      z.enum(['defer', 'drop']).default('defer'),
      'What comes outside these hours waits until they begin, or is dropped',
      'defer or drop',
      {
        title: 'Outside these hours',
        labels: { defer: 'Wait until they begin', drop: 'Drop it' },
      },
    ),
    holidays: field(
      z
        .record(
          hinted(z.string().regex(/^(all|[A-Z]{2})$/, "has to be 'all' or a country such as 'AT'"), {
            format: 'country',
            labels: { all: 'Everybody' },
          }),
          z.array(day).max(400),
        )
        .default({}),
      'Days that are no business days, for everybody or by country of the recipient',
      '{"all": ["01-01", "12-25"], "AT": ["10-26", "2026-04-06"]}',
      'Holidays',
    ),
    perDay: field(
      limit.default(1),
      "Contacts that a person, or a customer, may get in one of the person's own days; 0 is none",
      'a whole number, 0 or more, or null',
      { title: 'Contacts in a day', none: 'No limit', zero: 'None' },
    ),
    perWeek: field(
      limit.default(2),
      'The same for seven days in a row',
      'a whole number, 0 or more, or null',
      { title: 'Contacts in seven days', none: 'No limit', zero: 'None' },
    ),
    languageFallback: field(
      languageTag.nullable().default(null),
      'Language of messages to a recipient whose own has no template',
      "a BCP 47 tag such as 'en', or null",
      { title: 'Language where theirs has no template', none: 'None: nothing is sent to them' },
    ),
  })
  .prefault({})

export type GuardSettings = z.infer<typeof guardSettings>
export type Hours = GuardSettings['email']
