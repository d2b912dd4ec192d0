/**
 * What a viewer is shown of people: enough to recognise somebody whom one knows, not enough to write to them. Viewers see
 * how the book stands; whom a message went to is for those who answer for it.
 */
import { ROLES, type Caller } from './access.ts'

/** As long as any word is shown masked, so that length tells nothing. */
const DOTS = '•••'

/**
 * Whether names, addresses, numbers and messages of people are shown in full: to operators, admins and API keys.
 *
 * @example
 * const name = seesPeople(caller) ? row.name : maskName(row.name)
 */
export function seesPeople(caller: Caller): boolean {
  return caller.kind === 'key' || ROLES.indexOf(caller.role) >= ROLES.indexOf('operator')
}

/**
 * @example
 * maskName('Ines Vogt') // 'I••• V•••'
 */
export function maskName(name: string): string {
  return words(name)
    .map((word) => first(word) + DOTS)
    .join(' ')
}

/**
 * The first letter, and where it leads: companies know each other's domains.
 *
 * @example
 * maskEmail('ines.vogt@nordlicht.example') // 'i•••@nordlicht.example'
 */
export function maskEmail(address: string): string {
  const at = address.lastIndexOf('@')
  return at <= 0 ? DOTS : `${first(address)}${DOTS}${address.slice(at)}`
}

/**
 * The last two digits.
 *
 * @example
 * maskPhone('+49 170 1234567') // '•••67'
 */
export function maskPhone(number: string): string {
  const digits = number.replace(/\D/g, '')
  return digits.length < 6 ? DOTS : DOTS + digits.slice(-2)
}

const words = (text: string): readonly string[] => text.split(/\s+/u).filter((word) => word !== '')
const first = (word: string): string => [...word][0] ?? ''
