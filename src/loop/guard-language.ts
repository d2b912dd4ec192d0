/** In which language a person is written to: theirs, and another only where the settings name one. */
import { emailLanguage } from '../../actions/email/render.ts'
import { smsLanguage } from '../../actions/sms/wording.ts'
import type { ServiceSettings } from '../settings/service.ts'

/**
 * What templates fall back to: nobody is written to in a language that is not theirs because it is the company's own,
 * which is for those whose language is unknown.
 *
 * @param language the recipient's, BCP 47; null unknown
 * @example
 * fallbackFor(settings, null) // settings.sender.language
 * fallbackFor(settings, 'fr') // settings.guard.languageFallback
 */
export function fallbackFor(
  { guard, sender }: Pick<ServiceSettings, 'guard' | 'sender'>,
  language: string | null,
): string | null {
  return language === null || language === '' ? sender.language : guard.languageFallback
}

/** A message to a person, as far as its language goes. */
export interface Spoken {
  readonly channel: 'email' | 'sms' | 'task'
  /** Key of the action. */
  readonly action: string
  /** The recipient's, BCP 47; null unknown. */
  readonly language: string | null
}

type Speech = Pick<ServiceSettings, 'guard' | 'sender' | 'sms' | 'templates'>

/**
 * Whether there is a message of an action in a language that the person may be written to in. A task is for somebody
 * of the company.
 */
export function isTranslated(settings: Speech, spoken: Spoken): boolean {
  return spoken.channel === 'task' || writtenIn(settings, spoken) !== null
}

/**
 * The language that a person is spoken to in: that of the message, of which all that goes with it has to be. Whoever is
 * called is spoken to in their own.
 *
 * @example
 * spokenLanguage(settings, { channel: 'email', action: 'discount_10', language: 'de-AT' }) // 'de'
 */
export function spokenLanguage(settings: Speech, spoken: Spoken): string {
  const own = spoken.language ?? settings.sender.language
  return spoken.channel === 'task' ? own : (writtenIn(settings, spoken) ?? own)
}

/** Null: there is no such message. */
function writtenIn(settings: Speech, { channel, action, language }: Spoken): string | null {
  const wanted = { action, language, fallbackLanguage: fallbackFor(settings, language) }
  return channel === 'sms'
    ? smsLanguage({ ...wanted, templates: settings.sms.templates })
    : emailLanguage({ ...wanted, templates: settings.templates })
}
