/** Text messages: which account of Twilio sends them, the prices of their parts, and in which words. */
import { z } from 'zod'
import { LONGEST_TEXT } from '../../actions/sms/template.ts'
import { byLanguage, field, flag, hinted } from './field.ts'

const sid = (letters: string, what: string) =>
  z
    .string()
    .regex(
      new RegExp(`^${letters}[0-9a-fA-F]{32}$`),
      `has to be ${letters} and 32 hexadecimal digits: ${what}`,
    )
    .nullable()
    .default(null)

const key = hinted(z.string().regex(/^[a-z][a-z0-9_]{0,49}$/, 'has to be the key of an action'), {
  format: 'action',
})
const price = hinted(z.number().min(0).max(100), { as: 'money' })

export const smsSettings = z
  .strictObject({
    accountSid: field(
      sid('AC', 'the Account SID in the console of Twilio'),
      'Account of Twilio that texts are sent by; its auth token is kept in the vault. Answers and delivery reports are believed by that token',
      'AC and 32 hexadecimal digits, or null',
      'Twilio account (Account SID)',
    ),
    apiKeySid: field(
      sid('SK', 'the SID of an API key in the console of Twilio'),
      'API key that requests are signed in with, its secret kept in the vault',
      'SK and 32 hexadecimal digits, or null',
      { title: 'Twilio API key (SID)', none: 'The auth token', advanced: true },
    ),
    messagingServiceSid: field(
      sid('MG', 'the SID of a messaging service in the console of Twilio'),
      'Messaging service that chooses the number a text is sent from',
      'MG and 32 hexadecimal digits, or null',
      'Messaging service (SID)',
    ),
    number: field(
      z
        .string()
        .regex(/^(\+[1-9]\d{6,14}|\d{3,8})$/, 'has to be a number such as +15005550006, or a short code')
        .nullable()
        .default(null),
      'Number that texts are sent from where no messaging service is named. Names in letters cannot be answered, so that nobody could say STOP',
      'a number such as +15005550006, a short code, or null',
      { title: 'Number that texts come from', format: 'phone' },
    ),
    pricePerSegment: field(
      price.nullable().default(null),
      'What one part of a text costs, in the reporting currency',
      'a number from 0 to 100, or null',
      { title: 'Price of one part of a text', none: 'The cost of its action' },
    ),
    pricesByCountry: field(
      z
        .record(
          hinted(z.string().regex(/^[A-Z]{2}$/, "has to be a country such as 'AT'"), {
            format: 'country',
          }),
          price,
        )
        .default({}),
      'What one part costs to numbers of a country, in place of the general price',
      '{"DE": 0.08}, in the reporting currency',
      'Price of one part by country',
    ),
    answerHelp: flag(
      true,
      'Whether HELP is answered with who writes and how to stop. Switch it off where the messaging service answers by itself',
      'Answer HELP',
    ),
    templates: field(
      byLanguage(key, hinted(z.string().min(1).max(LONGEST_TEXT), { format: 'liquid', lines: 'many' })),
      'Texts in your own words, instead of those that ship: by language, then by action. The company and how to stop are added where a text says neither',
      '{"en": {"sms": "Hello {{ recipient.name }}, …"}}, Liquid',
      'SMS templates',
    ),
  })
  .prefault({})

export type SmsSettings = z.infer<typeof smsSettings>
