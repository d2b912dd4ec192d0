/** Conditions as tests of rows. */
import { isDate, parseInstant } from './instants.ts'
import { refused } from './problems.ts'
import { readId } from './record-ids.ts'
import { rangeOf } from './soql-dates.ts'
import { demandFilterable, resolve, type ResolvedField, type Source } from './soql-fields.ts'
import { where, type Condition, type Literal, type Operator, type Query } from './soql-syntax.ts'
import { MARK } from './soql-tokens.ts'
import { INSTANTS, type Row, type Table } from './tables.ts'

export type Test = (row: Row) => boolean

export interface Compiling {
  readonly source: Source
  readonly table: Table
  readonly text: string
  /** Values that a query of one field gives, for `IN (SELECT …)`. */
  readonly valuesOf: (query: Query) => ReadonlySet<string>
}

export function compile(condition: Condition, given: Compiling): Test {
  switch (condition.kind) {
    case 'and': {
      const parts = condition.parts.map((part) => compile(part, given))
      return (row) => parts.every((part) => part(row))
    }
    case 'or': {
      const parts = condition.parts.map((part) => compile(part, given))
      return (row) => parts.some((part) => part(row))
    }
    case 'not': {
      const part = compile(condition.part, given)
      return (row) => !part(row)
    }
    case 'semi': {
      const field = filterable(condition.path, given)
      const values = given.valuesOf(condition.query)
      return (row) => values.has(String(field.read(row))) !== condition.negated
    }
    case 'includes': {
      const field = filterable(condition.path, given)
      // 'a;b' asks for both.
      const wanted = condition.values.map((value) => lower(textOf(value, field, given)).split(';'))
      return (row) => {
        const chosen = new Set(lower(String(field.read(row) ?? '')).split(';'))
        return wanted.some((all) => all.every((one) => chosen.has(one))) !== condition.negated
      }
    }
    case 'in': {
      const field = filterable(condition.path, given)
      if (field.field.type === 'datetime' || condition.values.some(({ kind }) => kind === 'relative')) {
        const tests = condition.values.map((value) => comparison(field, '=', value, given))
        return (row) => tests.some((test) => test(row)) !== condition.negated
      }
      const values = new Set(condition.values.map((value) => keyOf(value, field, given)))
      return (row) => values.has(key(field.read(row), field)) !== condition.negated
    }
    case 'compare':
      return comparison(filterable(condition.path, given), condition.operator, condition.value, given)
  }
}

function filterable(path: { names: readonly string[]; at: number }, given: Compiling): ResolvedField {
  const field = resolve(given.source, given.table, path, given.text)
  demandFilterable(field, path.at, given.text)
  return field
}

const lower = (text: string): string => text.toLowerCase()
const isId = ({ field }: ResolvedField): boolean => field.type === 'id' || field.type === 'reference'
const isNumber = ({ field }: ResolvedField): boolean =>
  ['double', 'currency', 'percent', 'int'].includes(field.type)

/** Equal values have equal keys. */
function key(value: unknown, field: ResolvedField): string {
  if (value === null) return '\u0000'
  return isId(field) || field.field.caseSensitive ? String(value) : lower(String(value))
}

function keyOf(literal: Literal, field: ResolvedField, given: Compiling): string {
  return literal.kind === 'null' ? '\u0000' : key(valueOf(literal, field, given), field)
}

function comparison(field: ResolvedField, operator: Operator, literal: Literal, given: Compiling): Test {
  const { read } = field
  if (literal.kind === 'null') {
    if (operator === '=') return (row) => read(row) === null
    if (operator === '!=') return (row) => read(row) !== null
    throw wrongType(field, given, 'null')
  }
  if (operator === 'LIKE') {
    const pattern = like(textOf(literal, field, given))
    return (row) => {
      const value = read(row)
      return value !== null && pattern.test(String(value))
    }
  }
  if (field.field.type === 'date' || field.field.type === 'datetime')
    return temporal(field, operator, literal, given)
  const value = valueOf(literal, field, given)
  const wanted = key(value, field)
  if (operator === '=') return (row) => key(read(row), field) === wanted
  // Nothing is other than any value.
  if (operator === '!=') return (row) => key(read(row), field) !== wanted
  if (typeof value === 'boolean') throw wrongType(field, given, String(value))
  if (typeof value === 'number') {
    const holds = ordered(operator)
    return (row) => {
      const present = read(row)
      return typeof present === 'number' && holds(present - value)
    }
  }
  const holds = ordered(operator)
  return (row) => {
    const present = read(row)
    if (present === null) return false
    const one = key(present, field)
    return holds(one < wanted ? -1 : one > wanted ? 1 : 0)
  }
}

function ordered(operator: Operator): (difference: number) => boolean {
  switch (operator) {
    case '<':
      return (difference) => difference < 0
    case '<=':
      return (difference) => difference <= 0
    case '>':
      return (difference) => difference > 0
    default:
      return (difference) => difference >= 0
  }
}

/** Dates and instants, also against a word that stands for several days. */
function temporal(field: ResolvedField, operator: Operator, literal: Literal, given: Compiling): Test {
  const instants = field.parents.length === 0 ? INSTANTS[field.field.name] : undefined
  const isInstant = field.field.type === 'datetime'
  const read = (row: Row): number => {
    if (instants) return instants(row)
    const value = field.read(row)
    if (typeof value !== 'string') return Number.NaN
    return isInstant ? parseInstant(value) : Date.parse(`${value}T00:00:00Z`)
  }
  const [from, before] = span(field, literal, given)
  switch (operator) {
    case '=':
      return (row) => {
        const at = read(row)
        return at >= from && at < before
      }
    case '!=':
      return (row) => {
        const at = read(row)
        return !(at >= from && at < before)
      }
    case '<':
      return (row) => read(row) < from
    case '<=':
      return (row) => read(row) < before
    case '>':
      return (row) => read(row) >= before
    default:
      return (row) => read(row) >= from
  }
}

/** From and before which milliseconds a literal lies. */
export function span(field: ResolvedField, literal: Literal, given: Compiling): readonly [number, number] {
  if (literal.kind === 'relative') {
    const range = rangeOf(literal.value, given.source.now())
    if (range) return range
  }
  if (literal.kind === 'date' && field.field.type === 'date' && isDate(literal.value)) {
    const at = Date.parse(`${literal.value}T00:00:00Z`)
    return [at, at + 1]
  }
  if (literal.kind === 'datetime' && field.field.type === 'datetime') {
    // With its thousandths: a second begins before it.
    const at = Date.parse(literal.value.replace(/([+-]\d\d)(\d\d)$/, '$1:$2'))
    if (!Number.isNaN(at)) return [at, at + 1]
  }
  throw wrongType(field, given, 'value' in literal ? String(literal.value) : 'null')
}

function valueOf(literal: Literal, field: ResolvedField, given: Compiling): string | number | boolean {
  const { type } = field.field
  if (isNumber(field)) {
    if (literal.kind === 'number') return literal.value
  } else if (type === 'boolean') {
    if (literal.kind === 'boolean') return literal.value
  } else if (type === 'date') {
    if (literal.kind === 'date') return literal.value
  } else if (literal.kind === 'string') {
    if (!isId(field)) return literal.value.replaceAll(MARK, '')
    const id = readId(literal.value)
    if (id !== null) return id
    // Definitions go by names.
    if (field.table.type.endsWith('Definition')) return literal.value
    throw refused(
      400,
      'INVALID_QUERY_FILTER_OPERATOR',
      `${mark(field, given)}invalid ID field: ${literal.value}`,
    )
  }
  throw wrongType(field, given, 'value' in literal ? String(literal.value) : 'null')
}

function textOf(literal: Literal, field: ResolvedField, given: Compiling): string {
  if (literal.kind === 'string') return literal.value
  throw wrongType(field, given, 'value' in literal ? String(literal.value) : 'null')
}

const mark = (field: ResolvedField, { text }: Compiling): string =>
  where(text, Math.max(0, text.toLowerCase().lastIndexOf(field.field.name.toLowerCase())))

function wrongType(field: ResolvedField, given: Compiling, value: string): Error {
  const { type, name } = field.field
  const wanted =
    isNumber(field) || ['boolean', 'date', 'datetime'].includes(type)
      ? `of type ${isNumber(field) && type !== 'int' ? 'double' : type === 'datetime' ? 'dateTime' : type} and should not be enclosed in quotes`
      : 'of type string and should be enclosed in quotes'
  return refused(
    400,
    'INVALID_FIELD',
    `${mark(field, given)}value of filter criterion for field '${name}' must be ${wanted}: ${value}`,
  )
}

/** `%` is any text and `_` any one character, unless marked. */
function like(pattern: string): RegExp {
  const source = pattern.replace(/\uE000[%_]|[%_]|[\\^$.*+?()[\]{}|]/g, (part) =>
    part === '%' ? '[\\s\\S]*' : part === '_' ? '[\\s\\S]' : part.length === 2 ? part[1] : `\\${part}`,
  )
  return new RegExp(`^${source}$`, 'i')
}
