/** E-mail addresses and header values, parsed strictly: what is not plainly right is refused before a server sees it. */
import { domainToASCII } from 'node:url'

export interface Mailbox {
  /** With the domain in ASCII (punycode) and lower case. */
  readonly address: string
  readonly domain: string
}

/**
 * One plain address, or null: a dot-atom before the @, a domain of at least two labels behind it, at most 254
 * characters (RFC 5321 section 4.5.3.1). Quoted local parts, comments and several addresses are no address here.
 *
 * @example
 * parseAddress('ana@büro.example') // { address: 'ana@xn--bro-hoa.example', domain: 'xn--bro-hoa.example' }
 * parseAddress('ana@example.com\r\nBcc: x@example.com') // null
 */
export function parseAddress(value: string): Mailbox | null {
  const at = value.lastIndexOf('@')
  const local = value.slice(0, at)
  // domainToASCII drops tabs and line breaks, as in addresses of pages.
  if (at < 1 || local.length > 64 || !DOT_ATOM.test(local) || /[\p{Cc}\s]/u.test(value)) return null
  const domain = domainToASCII(value.slice(at + 1))
  const labels = domain.split('.')
  if (labels.length < 2 || !labels.every((label) => LABEL.test(label)) || /^\d+$/.test(labels.at(-1) ?? '')) {
    return null
  }
  const address = `${local}@${domain}`
  return address.length > 254 ? null : { address, domain }
}

/**
 * Whether a text may stand in a header: no line break and no other control character, else whoever chose the text
 * could add headers or a body of their own.
 *
 * @example
 * isHeaderText('Zoë 🙂') // true
 */
export function isHeaderText(value: string): boolean {
  return !CONTROL.test(value)
}

// RFC 5322 section 3.2.3.
const DOT_ATOM = /^[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*$/
const LABEL = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/
// \p{Cc} has CR, LF, NUL and the C1 controls; U+2028 and U+2029 break lines too.
const CONTROL = /[\p{Cc}\u2028\u2029]/u
