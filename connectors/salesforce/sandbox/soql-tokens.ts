/** The words, values and signs of a query. */
import { refused } from './problems.ts'

export interface Token {
  readonly kind: 'word' | 'string' | 'number' | 'date' | 'datetime' | 'sign' | 'end'
  /** Of a string: what it stands for. */
  readonly text: string
  readonly at: number
}

const DATETIME = /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:?\d\d)/y
const DATE = /\d{4}-\d\d-\d\d/y
const NUMBER = /[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?/y
const WORD = /[A-Za-z_][\w.]*/y
const SIGN = /<=|>=|!=|<>|[=<>(),:]/y
const FORMS = [
  ['datetime', DATETIME],
  ['date', DATE],
  ['number', NUMBER],
  ['word', WORD],
  ['sign', SIGN],
] as const

const ESCAPES: Readonly<Record<string, string>> = {
  n: '\n',
  N: '\n',
  r: '\r',
  R: '\r',
  t: '\t',
  T: '\t',
  b: '\b',
  B: '\b',
  f: '\f',
  F: '\f',
  '"': '"',
  "'": "'",
  '\\': '\\',
  // Marked, for LIKE to tell them from those that stand for anything.
  _: '\uE000_',
  '%': '\uE000%',
}

/** Before a `%` or `_` that means itself. */
export const MARK = '\uE000'

/** @see https://developer.salesforce.com/docs/atlas.en-us.soql_sosl.meta/soql_sosl/sforce_api_calls_soql_select_quotedstringescapes.htm */
export function tokens(text: string): Token[] {
  const list: Token[] = []
  let at = 0
  for (;;) {
    while (at < text.length && /\s/.test(text[at])) at++
    if (at >= text.length) break
    if (text[at] === "'") {
      const [value, end] = string(text, at)
      list.push({ kind: 'string', text: value, at })
      at = end
      continue
    }
    const found = read(text, at)
    list.push(found)
    at += found.text.length
  }
  list.push({ kind: 'end', text: '', at })
  return list
}

function read(text: string, at: number): Token {
  for (const [kind, form] of FORMS) {
    form.lastIndex = at
    const found = form.exec(text)
    if (found) return { kind, text: found[0], at }
  }
  throw refused(400, 'MALFORMED_QUERY', `line 1:${at} no viable alternative at character '${text[at]}'`)
}

function string(text: string, start: number): [value: string, end: number] {
  let value = ''
  let at = start + 1
  while (at < text.length) {
    const character = text[at]
    if (character === "'") return [value, at + 1]
    if (character !== '\\') {
      value += character
      at++
      continue
    }
    const next = text[at + 1]
    if (next === 'u' && /^[0-9a-fA-F]{4}$/.test(text.slice(at + 2, at + 6))) {
      value += String.fromCharCode(Number.parseInt(text.slice(at + 2, at + 6), 16))
      at += 6
      continue
    }
    const stands = ESCAPES[next]
    if (stands === undefined) {
      throw refused(
        400,
        'MALFORMED_QUERY',
        `Illegal character sequence '\\${next ?? ''}' in string literal '${text.slice(start + 1, at + 2)}'`,
      )
    }
    value += stands
    at += 2
  }
  throw refused(400, 'MALFORMED_QUERY', `line 1:${text.length} mismatched character '<EOF>' expecting '''`)
}
