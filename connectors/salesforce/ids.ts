/**
 * Ids of records. The same record has an id of 15 characters, in which case matters, and one of 18, in which it does
 * not; everything here is keyed by the latter, and what comes from outside is brought to it at the edge.
 *
 * @see https://developer.salesforce.com/docs/atlas.en-us.api.meta/api/field_types.htm "ID Field Type"
 */

const SHAPE = /^[A-Za-z0-9]{15}(?:[A-Za-z0-9]{3})?$/
const DIGITS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ012345'

/** Whether a text has the form of an id, of 15 or 18 characters. */
export function isId(text: string): boolean {
  return SHAPE.test(text)
}

/**
 * @param id of 15 or 18 characters
 * @returns of 18; what has no form of an id comes back as it is, so that whoever is asked for it says that there is none
 * @example
 * id18('001D000000IRFma') // '001D000000IRFmaIAH'
 */
export function id18(id: string): string {
  if (id.length !== 15 || !isId(id)) return id
  return id + [id.slice(0, 5), id.slice(5, 10), id.slice(10, 15)].map(checkDigit).join('')
}

/** Which of five characters are capitals, lowest bit first. */
function checkDigit(five: string): string {
  return DIGITS[[...five].reduce((bits, char, at) => (/[A-Z]/.test(char) ? bits | (1 << at) : bits), 0)]
}
