/** Looks over a condition that a person wrote in SOQL before it becomes a part of a query. */

export type Scanned = { readonly soql: string } | { readonly problem: string }

/**
 * Whether a text can stand between brackets after WHERE without ending the clause. Whether its fields exist is for
 * Salesforce to say.
 *
 * @returns the condition in one line, or why it cannot be used, as a sentence
 * @example
 * scanCondition("Type = 'Customer'") // { soql: "Type = 'Customer'" }
 * scanCondition("Name = 'x' LIMIT 5") // { problem: 'LIMIT has no place in a condition.' }
 */
export function scanCondition(text: string): Scanned {
  const trimmed = text.trim().replace(/^where\s+/i, '')
  if (trimmed === '') return { problem: 'It is empty.' }
  if (trimmed.length > MOST) return { problem: `It is longer than ${MOST} characters.` }
  const open: number[] = []
  /** What stands outside of quotes, each quoted text replaced by one pair of quotes. */
  let bare = ''
  let soql = ''
  for (let i = 0; i < trimmed.length; i++) {
    const character = trimmed[i]
    if (character === "'") {
      const end = endOfText(trimmed, i)
      if (end === null) return { problem: `The quote at character ${i + 1} is never closed.` }
      const inside = trimmed.slice(i, end + 1)
      if (CONTROL.test(inside))
        return { problem: `The text at character ${i + 1} goes over several lines; write \\n for them.` }
      bare += "''"
      soql += inside
      i = end
      continue
    }
    if (character === '(') open.push(i)
    if (character === ')' && open.pop() === undefined)
      return { problem: `The bracket at character ${i + 1} closes nothing.` }
    const plain = /\s/.test(character) ? ' ' : character
    if (CONTROL.test(plain)) return { problem: `Character ${i + 1} cannot be seen.` }
    if (!ALLOWED.test(plain))
      return { problem: `${plain} at character ${i + 1} has no place in a condition.` }
    bare += plain
    soql += plain
  }
  if (open.length > 0) return { problem: `The bracket at character ${open.at(-1)! + 1} is never closed.` }
  if (/^\s*select\b/i.test(bare)) return { problem: 'It is a whole query.' }
  if (/--|\/\*|\*\/|\/\//.test(bare)) return { problem: 'It has a comment.' }
  if (/(^|[^\w]):/.test(bare)) return { problem: 'It names a variable (with a colon), which only Apex has.' }
  const word = CLAUSES.exec(bare)?.[0].replace(/\s+/g, ' ').toUpperCase()
  if (word !== undefined) return { problem: `${word} has no place in a condition.` }
  if (!COMPARES.test(bare)) return { problem: 'It compares nothing.' }
  return { soql: soql.trim() }
}

/** Of a whole query Salesforce takes 100,000 characters, but an address only 16,000. */
const MOST = 4000
const CONTROL = /[\p{Cc}\u2028\u2029]/u
/** Letters, digits, brackets, what compares, what dates and numbers have, and currencies (USD5000). */
const ALLOWED = /^[\w\s(),.:=<>!+-]$/
const CLAUSES =
  /(?<![\w.])(order\s+by|group\s+by|limit|offset|for\s+(?:view|reference|update)|update\s+(?:tracking|viewstat)|having|with|using|all\s+rows|typeof)(?![\w.])/i
const COMPARES = /[=<>]|(?<!\w)(like|in|includes|excludes)(?!\w)/i

/** Where a quoted text ends; null where it does not. */
function endOfText(text: string, start: number): number | null {
  for (let i = start + 1; i < text.length; i++) {
    if (text[i] === '\\') i++
    else if (text[i] === "'") return i
  }
  return null
}
