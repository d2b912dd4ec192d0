/** Telephone numbers as people write them, to the form that providers take: E.164. */
import { ParseError, isSupportedCountry, parsePhoneNumberWithError } from 'libphonenumber-js/max'
import type { NumberType, PhoneNumber } from 'libphonenumber-js/max'

export type ParsedPhone =
  | {
      /** `+491711234567` */
      readonly e164: string
      /** ISO 3166-1 alpha-2, of the number itself; null for numbers of no country, such as those of satellites. */
      readonly country: string | null
    }
  /** A sentence: what is wrong with it, and what to do. */
  | { readonly problem: string }

/**
 * A number that a text can be sent to. One without its country is read as one of the recipient's country and of no
 * other: the same digits are another person's elsewhere. Landlines and numbers that cost their caller are refused where
 * the metadata of libphonenumber knows them; in countries where mobile numbers look like landlines (+1) they pass.
 *
 * @param raw as the CRM has it
 * @param country the recipient's, ISO 3166-1 alpha-2; null unknown
 * @example
 * parsePhone('0171 1234567', 'DE') // { e164: '+491711234567', country: 'DE' }
 * parsePhone('0171 1234567', null) // { problem: 'The number has no country code …' }
 */
export function parsePhone(raw: string, country: string | null): ParsedPhone {
  const parsed = read(raw, country)
  if ('problem' in parsed) return parsed
  if (parsed.ext !== undefined)
    return { problem: 'The number has an extension, which no text can be sent to.' }
  if (!parsed.isValid())
    return {
      problem: `No such number exists${parsed.country === undefined ? '' : ` in ${parsed.country}`}. Correct it in the CRM.`,
    }
  const type = parsed.getType()
  const refused = type === undefined ? undefined : REFUSED[type]
  if (refused !== undefined) return { problem: `The number is ${refused}, which takes no texts.` }
  return { e164: parsed.number, country: parsed.country ?? null }
}

/**
 * Any telephone number in the form that equal numbers share, landlines and such with an extension too: for telling whose
 * it is, not for writing to it.
 *
 * @param country the recipient's, ISO 3166-1 alpha-2; null unknown
 * @returns null for a number without its country, and for what is no number
 * @example
 * phoneIdentity('030 1234567', 'DE') // '+49301234567'
 */
export function phoneIdentity(raw: string, country: string | null): string | null {
  const parsed = read(raw, country)
  return 'problem' in parsed || !parsed.isValid() ? null : parsed.number
}

function read(raw: string, country: string | null): PhoneNumber | { readonly problem: string } {
  const text = raw.normalize('NFKC').replace(UNSEEN, '').trim().replace(/^00/, '+')
  const home = country?.trim().toUpperCase() ?? ''
  if (text === '') return { problem: 'There is no number. Enter one in the CRM.' }
  if (text.length > LONGEST) return { problem: 'This is no telephone number: it is too long.' }
  if (!text.startsWith('+') && !isSupportedCountry(home))
    return {
      problem: `The number has no country code, and ${home === '' ? 'the country of the contact is not known' : `"${home.slice(0, 20)}" is no country that is known`}. Write it with + and the country code.`,
    }
  try {
    return parsePhoneNumberWithError(text, {
      extract: false,
      ...(isSupportedCountry(home) ? { defaultCountry: home } : {}),
    })
  } catch (error) {
    if (!(error instanceof ParseError)) throw error
    return { problem: PROBLEMS[error.message] ?? 'This is no telephone number. Correct it in the CRM.' }
  }
}

/** Longer ones are no numbers, and not worth the work. */
const LONGEST = 60

/** Spaces without width and marks of direction, which come along when a number is copied. */
const UNSEEN = /[\p{Cf}\p{Cc}]/gu

/** What is no person's telephone, as libphonenumber names it; toll-free and personal numbers are answered by companies. */
const REFUSED: Partial<Record<Exclude<NumberType, undefined>, string>> = {
  FIXED_LINE: 'a landline',
  PREMIUM_RATE: 'a premium number',
  TOLL_FREE: 'a toll-free number',
  SHARED_COST: 'a number at shared cost',
  PERSONAL_NUMBER: 'a forwarding number that may cost a lot',
  PAGER: 'a pager',
  UAN: "a company's number",
  VOICEMAIL: 'a voicemail box',
}

const PROBLEMS: Readonly<Record<string, string>> = {
  NOT_A_NUMBER: 'This is no telephone number. Correct it in the CRM.',
  INVALID_COUNTRY: 'The country code of the number does not exist. Correct it in the CRM.',
  TOO_SHORT: 'The number is too short. Correct it in the CRM.',
  TOO_LONG: 'The number is too long, or there are two in one field. Correct it in the CRM.',
  INVALID_LENGTH: 'The number has the wrong length. Correct it in the CRM.',
}
