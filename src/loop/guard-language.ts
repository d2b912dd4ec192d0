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

/**
 * Whether there is a message of an action in a language that the person may be written to in. A task is for somebody
 * of the company.
 */
export function isTranslated(
  settings: Pick<ServiceSettings, 'guard' | 'sender' | 'sms' | 'templates'>,
  {
    channel,
    action,
    language,
  }: { channel: 'email' | 'sms' | 'task'; action: string; language: string | null },
): boolean {
  if (channel === 'task') return true
  const wanted = { action, language, fallbackLanguage: fallbackFor(settings, language) }
  return channel === 'email'
    ? emailLanguage({ ...wanted, templates: settings.templates }) !== null
    : smsLanguage({ ...wanted, templates: settings.sms.templates }) !== null
}
