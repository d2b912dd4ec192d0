/** What has to be said with an offer where the recipient is: its terms, and that its price was chosen automatically. */
import type { OfferSettings } from '../settings/offers.ts'

export interface OfferPlace {
  /** ISO 3166 of the recipient; null: not known. */
  readonly country: string | null
  /** BCP 47 of the message. */
  readonly language: string
}

/**
 * The terms of a place: its country's, those of the EU for its members, or the default ones, in the language of the
 * message or the same without its region.
 *
 * @returns null where none are set: the offer then has no terms beside its own words
 * @example
 * termsFor(settings.offers, { country: 'AT', language: 'de-AT' })
 */
export function termsFor({ terms }: Pick<OfferSettings, 'terms'>, place: OfferPlace): string | null {
  return textFor(terms, place)
}

/**
 * The sentence on personalised prices, where it has to stand: in the EU (Directive 2011/83, article 6 (1) (ea)), in the
 * USA (New York General Business Law § 349-a; the state is not known) and where the country is unknown. It is no legal
 * advice; settings change its words and widen its reach.
 *
 * @returns null where nothing has to be said
 * @example
 * disclosureFor(settings.offers, { country: 'JP', language: 'en' }) // null
 */
export function disclosureFor(
  { disclosure }: Pick<OfferSettings, 'disclosure'>,
  place: OfferPlace,
): string | null {
  const own = textFor(disclosure.texts, place)
  if (disclosure.where === 'required' && !isRequired(place.country)) return null
  return own ?? shipped(place)
}

function isRequired(country: string | null): boolean {
  return country === null || country === 'US' || EU.has(country)
}

type Texts = OfferSettings['terms']

function textFor(texts: Texts, { country, language }: OfferPlace): string | null {
  const places = [country, country !== null && EU.has(country) ? 'EU' : null, 'default']
  for (const place of places) {
    const byLanguage = place === null ? undefined : texts[place]
    const found = byLanguage === undefined ? null : inLanguage(byLanguage, language)
    if (found !== null) return found
  }
  return null
}

/** RFC 4647 section 3.4: de-AT, then de. */
function inLanguage(texts: Readonly<Record<string, string>>, language: string): string | null {
  const tags = Object.keys(texts)
  const subtags = language.toLowerCase().split('-')
  for (let length = subtags.length; length > 0; length--) {
    const range = subtags.slice(0, length).join('-')
    const found = tags.find((tag) => tag.toLowerCase() === range)
    if (found !== undefined) return texts[found]
  }
  return null
}

/** New York prescribes its sentence word for word; it is English in every language. */
function shipped({ country, language }: OfferPlace): string {
  if (country === 'US') return NEW_YORK
  return language.toLowerCase().split('-')[0] === 'de' ? GERMAN : ENGLISH
}

const NEW_YORK = 'THIS PRICE WAS SET BY AN ALGORITHM USING YOUR PERSONAL DATA'
const ENGLISH = 'This price was personalised for you on the basis of automated decision-making.'
const GERMAN =
  'Dieser Preis wurde auf der Grundlage einer automatisierten Entscheidungsfindung für Sie personalisiert.'

/** Members of the European Union, and of the EEA beside them, where its consumer law holds as well. */
const EU: ReadonlySet<string> = new Set(
  'AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IS IT LI LT LU LV MT NL NO PL PT RO SE SI SK'.split(' '),
)
