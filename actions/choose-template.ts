/** Which template a message is written from, by the language of whoever reads it. */
import { languageRanges } from './message-text.ts'

/** By language (BCP 47), then by key of the action. */
export type TemplatesByLanguage<Template> = Readonly<Record<string, Readonly<Record<string, Template>>>>

export interface Wanted {
  /** Key of the action. */
  readonly action: string
  /** The recipient's, BCP 47; null unknown. */
  readonly language: string | null
  /** Used when the recipient's is unknown or has no template; null: then there is none. */
  readonly fallbackLanguage: string | null
}

/**
 * In the recipient's language, the same without its region, the fallback, the same without its region (RFC 4647
 * section 3.4).
 *
 * @param sets the first one goes before the others in each language
 * @returns null when no language has one: then nothing may be sent
 * @example
 * chooseTemplate([own, shipped], { action: 'sms', language: 'de-AT', fallbackLanguage: 'en' })?.language // 'de'
 */
export function chooseTemplate<Template>(
  sets: readonly TemplatesByLanguage<Template>[],
  { action, language, fallbackLanguage }: Wanted,
): { readonly language: string; readonly template: Template } | null {
  for (const tag of [...languageRanges(language), ...languageRanges(fallbackLanguage)]) {
    for (const set of sets) {
      const known = Object.keys(set).find((one) => one.toLowerCase() === tag)
      if (known !== undefined && Object.hasOwn(set[known], action))
        return { language: known, template: set[known][action] }
    }
  }
  return null
}
