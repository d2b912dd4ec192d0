/** Language and zone of a contact: Salesforce has no field for either, but many orgs have made one. */
import { languageOf } from '../csv/recipient-cells.ts'
import type { Field } from './object-fields.ts'

type NamedField = Pick<Field, 'name' | 'type'>

/**
 * @returns null where no field is called so
 * @example
 * languageField([{ name: 'Preferred_Language__c', type: 'picklist' }]) // 'Preferred_Language__c'
 */
export const languageField = named(
  /^(preferred|correspondence|communication|contact|spoken)?(language|locale|languagecode|sprache|langue|idioma|taal|lingua)$/,
)

/** @example zoneField([{ name: 'Time_Zone__c', type: 'picklist' }]) // 'Time_Zone__c' */
export const zoneField = named(/^(preferred|contact)?(timezone|tz|zeitzone|timezonesidkey)$/)

function named(pattern: RegExp): (fields: Iterable<NamedField>) => string | null {
  return (fields) => {
    for (const { name, type } of fields)
      if (/^(string|picklist)$/.test(type) && pattern.test(plain(name))) return name
    return null
  }
}

/** Without a namespace, the ending of custom fields, and what parts words. */
const plain = (name: string): string =>
  name
    .replace(/__p?c$/i, '')
    .replace(/^[A-Za-z]\w*?__/, '')
    .replaceAll('_', '')
    .toLowerCase()

/**
 * By code, or by the name that the language has in English or in itself.
 *
 * @returns BCP 47; null for what is none
 * @example
 * languageIn('Deutsch') // 'de'
 * languageIn('de_AT') // 'de-AT'
 */
export function languageIn(cell: string | null): string | null {
  if (cell === null) return null
  names ??= languageNames()
  const named = names.get(cell.toLowerCase())
  if (named !== undefined) return named
  // Any word of up to eight letters would pass for a code, but those of languages are short.
  return /^[a-z]{2,3}([-_]|$)/i.test(cell) ? languageOf(cell) : null
}

let names: ReadonlyMap<string, string> | undefined

const LANGUAGES =
  'ar bg cs da de el en es et fi fr he hi hr hu id is it ja ko lt lv ms nb nl no pl pt ro ru sk sl sr sv th tr uk vi zh'.split(
    ' ',
  )

function languageNames(): ReadonlyMap<string, string> {
  const found = new Map<string, string>()
  for (const code of LANGUAGES)
    for (const language of ['en', 'de', 'fr', 'es', code]) {
      const name = new Intl.DisplayNames(language, { type: 'language', fallback: 'none' }).of(code)
      if (name !== undefined && !found.has(name.toLowerCase())) found.set(name.toLowerCase(), code)
    }
  return found
}

/**
 * Salesforce writes a zone with its distance and its name in front.
 *
 * @example zoneName('(GMT-05:00) Eastern Standard Time (America/New_York)') // 'America/New_York'
 */
export function zoneName(cell: string | null): string | null {
  return cell === null ? null : (/\(([A-Za-z]+\/[\w/+-]+)\)\s*$/.exec(cell)?.[1] ?? cell)
}
