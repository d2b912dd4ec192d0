/** Text messages: which account of Twilio sends them, what they cost, and in which words. */
import { z } from 'zod'
import { checkSmsTemplate } from '../../actions/sms/wording.ts'
import { LONGEST_TEXT } from '../../actions/sms/template.ts'
import { minorDigits } from '../contracts/money.ts'
import { field, flag } from './field.ts'

const sid = (letters: string, what: string) =>
  z
    .string()
    .regex(
      new RegExp(`^${letters}[0-9a-fA-F]{32}$`),
      `has to be ${letters} and 32 hexadecimal digits: ${what}`,
    )
    .nullable()
    .default(null)

const language = z
  .string()
  .regex(/^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$/, "has to be a BCP 47 tag such as 'de-AT'")
const key = z.string().regex(/^[a-z][a-z0-9_]{0,49}$/, 'has to be the key of an action')
const price = z.number().min(0).max(100)

export const smsSettings = z
  .strictObject({
    accountSid: field(
      sid('AC', 'the Account SID in the console of Twilio'),
      'Account of Twilio that texts are sent by; its auth token is kept in the vault. Answers and delivery reports are believed by that token',
      'AC and 32 hexadecimal digits, or null',
    ),
    apiKeySid: field(
      sid('SK', 'the SID of an API key in the console of Twilio'),
      'API key that requests are signed in with, its secret kept in the vault; null: the auth token',
      'SK and 32 hexadecimal digits, or null',
    ),
    messagingServiceSid: field(
      sid('MG', 'the SID of a messaging service in the console of Twilio'),
      'Messaging service that chooses the number a text is sent from',
      'MG and 32 hexadecimal digits, or null',
    ),
    number: field(
      z
        .string()
        .regex(/^(\+[1-9]\d{6,14}|\d{3,8})$/, 'has to be a number such as +15005550006, or a short code')
        .nullable()
        .default(null),
      'Number that texts are sent from where no messaging service is named. Names in letters cannot be answered, so that nobody could say STOP',
      'a number such as +15005550006, a short code, or null',
    ),
    pricePerSegment: field(
      price.nullable().default(null),
      "What one part of a text costs, in the reporting currency; null: a text is booked at its action's cost",
      'a number from 0 to 100, or null',
    ),
    pricesByCountry: field(
      z.record(z.string().regex(/^[A-Z]{2}$/, "has to be a country such as 'AT'"), price).default({}),
      'What one part costs to numbers of a country, in place of the general price',
      '{"DE": 0.08}, in the reporting currency',
    ),
    answerHelp: flag(
      true,
      'Whether HELP is answered with who writes and how to stop. Switch it off where the messaging service answers by itself',
    ),
    templates: field(
      z.record(language, z.record(key, z.string().min(1).max(LONGEST_TEXT))).default({}),
      'Texts in your own words, instead of those that ship: by language, then by action. The company and how to stop are added where a text says neither',
      '{"en": {"sms": "Hello {{ recipient.name }}, …"}}, Liquid',
    ),
  })
  .prefault({})

export type SmsSettings = z.infer<typeof smsSettings>

/**
 * What a text costs: each of its parts is paid for.
 *
 * @param segments parts that it travels in
 * @param country of the number, ISO 3166-1 alpha-2; null: of none
 * @param currency of the prices: the reporting one
 * @returns minor units of it, rounded up, so that a budget is never overdrawn; null where no price is known
 * @example
 * smsCost(2, 'DE', { pricePerSegment: 0.05, pricesByCountry: { DE: 0.075 } }, 'EUR') // 15
 */
export function smsCost(
  segments: number,
  country: string | null,
  { pricePerSegment, pricesByCountry }: Pick<SmsSettings, 'pricePerSegment' | 'pricesByCountry'>,
  currency: string,
): number | null {
  const own = country !== null && Object.hasOwn(pricesByCountry, country) ? pricesByCountry[country] : null
  const each = own ?? pricePerSegment
  if (each === null) return null
  // What binary fractions add to a product (0.075 * 100 is 7.500000000000001 elsewhere) must not cost a cent.
  return Math.ceil(Number((segments * each * 10 ** minorDigits(currency)).toFixed(6)))
}

/**
 * What is only worth checking when settings are saved: that each text renders.
 *
 * @param offers whether an action makes an offer
 * @throws HoldfastError `template_invalid` naming template and line
 */
export function checkSmsTemplates(
  { templates }: Pick<SmsSettings, 'templates'>,
  offers: (action: string) => boolean,
): void {
  for (const [tag, byAction] of Object.entries(templates))
    for (const [action, template] of Object.entries(byAction))
      checkSmsTemplate({ language: tag, action, template, offers: offers(action) })
}
