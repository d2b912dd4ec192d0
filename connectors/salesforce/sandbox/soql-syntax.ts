/**
 * SOQL as a tree.
 *
 * @see https://developer.salesforce.com/docs/atlas.en-us.soql_sosl.meta/soql_sosl/sforce_api_calls_soql_select.htm
 */
import { tokens, type Token } from './soql-tokens.ts'
import { refused } from './problems.ts'

export type Operator = '=' | '!=' | '<' | '<=' | '>' | '>=' | 'LIKE'

export type Literal =
  | { readonly kind: 'string'; readonly value: string }
  | { readonly kind: 'number'; readonly value: number }
  | { readonly kind: 'boolean'; readonly value: boolean }
  | { readonly kind: 'null' }
  | { readonly kind: 'date' | 'datetime'; readonly value: string }
  /** `LAST_N_DAYS:30`, in capitals. */
  | { readonly kind: 'relative'; readonly value: string }

export type Condition =
  | { readonly kind: 'and' | 'or'; readonly parts: readonly Condition[] }
  | { readonly kind: 'not'; readonly part: Condition }
  | {
      readonly kind: 'compare'
      readonly path: Path
      readonly operator: Operator
      readonly value: Literal
    }
  | {
      readonly kind: 'in' | 'includes'
      readonly path: Path
      readonly values: readonly Literal[]
      readonly negated: boolean
    }
  | { readonly kind: 'semi'; readonly path: Path; readonly query: Query; readonly negated: boolean }

export interface Path {
  readonly names: readonly string[]
  /** Where it stands in the text. */
  readonly at: number
}

export type Item =
  | { readonly kind: 'field'; readonly path: Path }
  | {
      readonly kind: 'aggregate'
      /** In capitals. */
      readonly name: string
      /** Null: `COUNT()`. */
      readonly path: Path | null
      readonly alias: string | null
    }
  | { readonly kind: 'children'; readonly query: Query }

export interface Order {
  readonly item: Item
  readonly descending: boolean
  readonly nullsLast: boolean
}

export interface Query {
  readonly text: string
  readonly items: readonly Item[]
  readonly from: Path
  readonly where: Condition | null
  readonly groupBy: readonly Path[]
  readonly orderBy: readonly Order[]
  readonly limit: number | null
  readonly offset: number
}

const AGGREGATES = new Set(['COUNT', 'COUNT_DISTINCT', 'SUM', 'AVG', 'MIN', 'MAX'])
const OPERATORS = new Set(['=', '!=', '<>', '<', '<=', '>', '>='])
const RESERVED = new Set([
  'FROM',
  'WHERE',
  'GROUP',
  'ORDER',
  'LIMIT',
  'OFFSET',
  'FOR',
  'ALL',
  'WITH',
  'HAVING',
  'USING',
])

/** @throws MALFORMED_QUERY, worded as Salesforce does */
export function parseQuery(text: string): Query {
  const parser = openParser(text)
  const query = parser.query()
  parser.end()
  return query
}

/** What stands after WHERE. */
export function parseCondition(text: string): Condition {
  const parser = openParser(text)
  const condition = parser.condition()
  parser.end()
  return condition
}

interface Parser {
  query(): Query
  condition(): Condition
  end(): void
}

function openParser(text: string): Parser {
  const list = tokens(text)
  let at = 0

  const peek = (): Token => list[at]
  const word = (token = peek()): string => (token.kind === 'word' ? token.text.toUpperCase() : '')
  const fail = (token = peek()): Error =>
    refused(
      400,
      'MALFORMED_QUERY',
      token.kind === 'end'
        ? `${where(text, token.at)}unexpected token: <EOF>`
        : `${where(text, token.at)}unexpected token: '${token.text}'`,
    )
  const isNext = (expected: string): boolean => {
    const token = peek()
    return token.kind === 'sign' ? token.text === expected : word(token) === expected
  }
  const take = (expected: string): boolean => {
    if (!isNext(expected)) return false
    at++
    return true
  }
  const demand = (expected: string): void => {
    if (!take(expected)) throw fail()
  }
  const path = (): Path => {
    const token = peek()
    if (token.kind !== 'word' || !/^[A-Za-z]\w*(\.[A-Za-z]\w*)*$/.test(token.text)) throw fail()
    at++
    return { names: token.text.split('.'), at: token.at }
  }
  const several = <T>(one: () => T): T[] => {
    const all = [one()]
    while (take(',')) all.push(one())
    return all
  }
  const literal = (): Literal => {
    const token = list[at++]
    if (token.kind === 'string') return { kind: 'string', value: token.text }
    if (token.kind === 'number') return { kind: 'number', value: Number(token.text) }
    if (token.kind === 'date' || token.kind === 'datetime') return { kind: token.kind, value: token.text }
    if (token.kind === 'word') {
      const upper = token.text.toUpperCase()
      if (upper === 'TRUE' || upper === 'FALSE') return { kind: 'boolean', value: upper === 'TRUE' }
      if (upper === 'NULL') return { kind: 'null' }
      if (/^[A-Z_0-9]+$/.test(upper) && /_|^(TODAY|YESTERDAY|TOMORROW)$/.test(upper)) {
        if (!isNext(':')) return { kind: 'relative', value: upper }
        at++
        const count = list[at++]
        if (count.kind !== 'number') throw fail(count)
        return { kind: 'relative', value: `${upper}:${count.text}` }
      }
    }
    throw fail(token)
  }

  const primary = (): Condition => {
    if (take('NOT')) return { kind: 'not', part: primary() }
    if (take('(')) {
      const inner = condition()
      demand(')')
      return inner
    }
    const left = path()
    const negated = take('NOT')
    if (take('IN')) {
      demand('(')
      if (isNext('SELECT')) {
        const inner = query()
        demand(')')
        return { kind: 'semi', path: left, query: inner, negated }
      }
      const values = several(literal)
      demand(')')
      return { kind: 'in', path: left, values, negated }
    }
    if (negated) throw fail()
    if (isNext('INCLUDES') || isNext('EXCLUDES')) {
      const excludes = word() === 'EXCLUDES'
      at++
      demand('(')
      const values = several(literal)
      demand(')')
      return { kind: 'includes', path: left, values, negated: excludes }
    }
    if (take('LIKE')) return { kind: 'compare', path: left, operator: 'LIKE', value: literal() }
    const token = peek()
    if (token.kind !== 'sign' || !OPERATORS.has(token.text)) throw fail()
    at++
    const operator = (token.text === '<>' ? '!=' : token.text) as Operator
    return { kind: 'compare', path: left, operator, value: literal() }
  }
  const condition = (): Condition => {
    const first = primary()
    const joint = isNext('AND') ? 'AND' : isNext('OR') ? 'OR' : null
    if (joint === null) return first
    const parts = [first]
    while (take(joint)) parts.push(primary())
    // Both without brackets are refused: which binds closer is not said.
    if (isNext('AND') || isNext('OR')) throw fail()
    return { kind: joint === 'AND' ? 'and' : 'or', parts }
  }
  const item = (): Item => {
    if (take('(')) {
      const inner = query()
      demand(')')
      return { kind: 'children', query: inner }
    }
    const name = word()
    if (AGGREGATES.has(name) && list[at + 1].text === '(') {
      at += 2
      const inside = isNext(')') ? null : path()
      demand(')')
      const next = peek()
      const alias =
        next.kind === 'word' && !RESERVED.has(word()) && /^\w+$/.test(next.text) ? next.text : null
      if (alias !== null) at++
      return { kind: 'aggregate', name, path: inside, alias }
    }
    return { kind: 'field', path: path() }
  }
  const order = (): Order => {
    const by = item()
    const descending = take('DESC')
    if (!descending) take('ASC')
    let nullsLast = false
    if (take('NULLS')) {
      nullsLast = take('LAST')
      if (!nullsLast) demand('FIRST')
    }
    return { item: by, descending, nullsLast }
  }
  const whole = (): number => {
    const token = list[at++]
    if (token.kind !== 'number' || !/^\d+$/.test(token.text)) throw fail(token)
    return Number(token.text)
  }
  const query = (): Query => {
    demand('SELECT')
    const items = several(item)
    demand('FROM')
    const from = path()
    const filter = take('WHERE') ? condition() : null
    let groupBy: Path[] = []
    if (take('GROUP')) {
      demand('BY')
      groupBy = several(path)
    }
    let orderBy: Order[] = []
    if (take('ORDER')) {
      demand('BY')
      orderBy = several(order)
    }
    const limit = take('LIMIT') ? whole() : null
    const offset = take('OFFSET') ? whole() : 0
    return { text, items, from, where: filter, groupBy, orderBy, limit, offset }
  }
  return {
    query,
    condition,
    end() {
      if (peek().kind !== 'end') throw fail()
    },
  }
}

/** The lines that Salesforce puts before what it says of a query: a piece of it, with a mark below. */
export function where(text: string, at: number): string {
  const begin = Math.max(0, at - 20)
  const piece = text.slice(begin, at + 20).replaceAll('\n', ' ')
  return `\n${piece}\n${' '.repeat(at - begin)}^\nERROR at Row:1:Column:${at + 1}\n`
}
