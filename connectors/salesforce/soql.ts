/**
 * SOQL is written by these functions alone: every value is quoted as its kind demands and every name is checked, so that
 * nothing that stands in a CRM, in a setting or in an answer can become a part of the query.
 */
import { HoldfastError } from '../../src/contracts/errors.ts'
import { scanCondition } from './stated.ts'

/** A value on the right of a comparison. A date is 'YYYY-MM-DD'. */
export type SoqlValue =
  | string
  | number
  | boolean
  | null
  | { readonly date: string }
  | { readonly datetime: Date }

export type Operator = '=' | '!=' | '<' | '<=' | '>' | '>=' | 'LIKE'

declare const written: unique symbol
/** Stands by itself between AND, OR and NOT. Made by the functions of this file alone. */
export interface Condition {
  readonly soql: string
  readonly [written]: true
}

/**
 * @throws Error a name, a value or a comparison that SOQL does not have: a defect of the caller
 * @example
 * compare('Name', '=', "O'Neill").soql // "Name = 'O\\'Neill'"
 */
export function compare(field: string, operator: Operator, value: SoqlValue): Condition {
  if (value === null && operator !== '=' && operator !== '!=')
    throw new Error(`SOQL cannot compare with nothing by ${operator}`)
  if (operator === 'LIKE') {
    if (typeof value !== 'string') throw new Error('LIKE compares texts')
    return condition(`${checked(field)} LIKE ${quoted(value)}`)
  }
  return condition(`${checked(field)} ${operator} ${literal(value)}`)
}

/** Whether a text begins with this one; % and _ in it mean themselves. */
export function startsWith(field: string, text: string): Condition {
  return condition(`${checked(field)} LIKE '${escaped(text).replace(/[%_]/g, String.raw`\$&`)}%'`)
}

/** Of several values any. A list is cut into pieces that fit an address by {@link pieces}. */
export function oneOf(field: string, values: readonly SoqlValue[]): Condition {
  if (values.length === 0) throw new Error(`${field} IN () is no SOQL`)
  return condition(`${checked(field)} IN (${values.map(literal).join(',')})`)
}

/**
 * Records that others point at.
 *
 * @example
 * among('Id', { field: 'AccountId', from: 'Opportunity', where: compare('IsWon', '=', true) })
 */
export function among(
  field: string,
  of: { readonly field: string; readonly from: string; readonly where?: Condition | null },
): Condition {
  return condition(`${checked(field)} IN (${select({ ...of, fields: [of.field] })})`)
}

/** A multi-select picklist that has any of the values. */
export function includes(field: string, values: readonly string[]): Condition {
  if (values.length === 0) throw new Error(`${field} INCLUDES () is no SOQL`)
  return condition(`${checked(field)} INCLUDES (${values.map(quoted).join(',')})`)
}

export function and(...conditions: readonly (Condition | null)[]): Condition {
  return joined('AND', conditions)
}

export function or(...conditions: readonly (Condition | null)[]): Condition {
  return joined('OR', conditions)
}

export function not(one: Condition): Condition {
  return condition(`(NOT ${bracketed(one.soql)})`)
}

/**
 * A condition in an admin's own words, as it stands after WHERE.
 *
 * @throws HoldfastError `connector_configuration` for what could end the clause or is no condition
 * @example
 * stated("Type = 'Customer' AND (NOT Name LIKE 'Test%')")
 */
export function stated(text: string): Condition {
  const found = scanCondition(text)
  if ('problem' in found)
    throw new HoldfastError(
      'connector_configuration',
      `The condition that says which records are customers cannot be used: ${found.problem} It is what stands after WHERE in SOQL, such as Type = 'Customer'. It reads: ${text.slice(0, 300)}`,
    )
  return condition(`(${found.soql})`)
}

export interface Select {
  readonly fields: readonly string[]
  readonly from: string
  readonly where?: Condition | null
  /** `SystemModstamp`, `Id DESC`. */
  readonly orderBy?: readonly string[]
  readonly limit?: number
}

/**
 * @example
 * select({ fields: ['Id'], from: 'Account', where: compare('Name', '=', 'x'), orderBy: ['Id'], limit: 5 })
 * // "SELECT Id FROM Account WHERE Name = 'x' ORDER BY Id LIMIT 5"
 */
export function select({ fields, from, where = null, orderBy = [], limit }: Select): string {
  if (fields.length === 0) throw new Error('SOQL selects at least one field')
  if (limit !== undefined && !(Number.isInteger(limit) && limit >= 0)) throw new Error(`LIMIT ${limit}`)
  return (
    `SELECT ${[...new Set(fields)].map(checked).join(',')} FROM ${checked(from)}` +
    whereOf(where) +
    (orderBy.length === 0 ? '' : ` ORDER BY ${orderBy.map(order).join(',')}`) +
    (limit === undefined ? '' : ` LIMIT ${limit}`)
  )
}

/** How many there are: the answer has no records, `totalSize` says it. */
export function count({ from, where = null }: Pick<Select, 'from' | 'where'>): string {
  return `SELECT COUNT() FROM ${checked(from)}${whereOf(where)}`
}

/** How many there are of each value of a field: records with the field and `records`. */
export function countBy({
  field,
  from,
  where = null,
}: Pick<Select, 'from' | 'where'> & { field: string }): string {
  const name = checked(field)
  return `SELECT ${name},COUNT(Id) records FROM ${checked(from)}${whereOf(where)} GROUP BY ${name}`
}

/**
 * Addresses are at most 16,384 bytes long together with the host.
 *
 * @see https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/dome_query.htm
 */
const ADDRESS = 15_000

/** Bytes that a query takes in an address, at most. */
export function addressLength(soql: string): number {
  return encodeURIComponent(soql).replace(/[!'()*]/g, '%xx').length
}

/** Whether a query can be asked in an address. */
export const fitsAddress = (soql: string): boolean => addressLength(soql) <= ADDRESS

/**
 * Cuts a list of values so that a query with one piece of it fits an address.
 *
 * @param rest the query without the list
 * @param most values in a piece; default 500
 */
export function pieces<T extends SoqlValue>(
  values: readonly T[],
  rest = '',
  most = 500,
): readonly (readonly T[])[] {
  const room = ADDRESS - addressLength(rest)
  const cut: T[][] = []
  let left = -1
  for (const value of values) {
    const length = addressLength(`${literal(value)},`)
    const last = cut.at(-1)
    if (last === undefined || left < length || last.length >= most) {
      cut.push([value])
      left = room - length
    } else {
      last.push(value)
      left -= length
    }
  }
  return cut
}

/** Whether a name can be that of a field or an object, a way over parents included: `Owner.Name`. */
export const isName = (name: string): boolean => /^[A-Za-z]\w{0,79}(\.[A-Za-z]\w{0,79}){0,5}$/.test(name)

function checked(name: string): string {
  if (!isName(name)) throw new Error(`"${name}" is no name of a field or an object in Salesforce`)
  return name
}

function order(by: string): string {
  const match = /^([\w.]+)( (?:ASC|DESC))?( NULLS (?:FIRST|LAST))?$/.exec(by)
  if (match === null) throw new Error(`"${by}" is no order`)
  checked(match[1])
  return by
}

function literal(value: SoqlValue): string {
  if (value === null) return 'null'
  if (typeof value === 'string') return quoted(value)
  if (typeof value === 'boolean') return String(value)
  if (typeof value === 'number') return decimal(value)
  if ('datetime' in value) return value.datetime.toISOString()
  if (!/^\d{4}-\d\d-\d\d$/.test(value.date)) throw new Error(`"${value.date}" is no date`)
  return value.date
}

const quoted = (text: string): string => `'${escaped(text)}'`

/**
 * @see https://developer.salesforce.com/docs/atlas.en-us.soql_sosl.meta/soql_sosl/sforce_api_calls_soql_select_quotedstringescapes.htm
 */
function escaped(text: string): string {
  // Control characters and halves of others by their number: a query in an address is one line of UTF-8.
  return text.replace(/[\\'"]/g, String.raw`\$&`).replace(/[\p{Cc}\p{Cs}\u2028\u2029]/gu, escape)
}

function escape(character: string): string {
  const short = SHORT[character]
  return short ?? `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
}

const SHORT: Readonly<Record<string, string>> = {
  '\n': String.raw`\n`,
  '\r': String.raw`\r`,
  '\t': String.raw`\t`,
  '\b': String.raw`\b`,
  '\f': String.raw`\f`,
}

/** Without an exponent, which SOQL does not read. */
function decimal(value: number): string {
  if (!Number.isFinite(value)) throw new Error(`${value} is no number of SOQL`)
  const text = String(value)
  return text.includes('e') ? value.toLocaleString('en-US', PLAIN) : text
}

const PLAIN: Intl.NumberFormatOptions = { useGrouping: false, maximumFractionDigits: 20 }

function joined(word: 'AND' | 'OR', conditions: readonly (Condition | null)[]): Condition {
  const known = conditions.filter((one) => one !== null)
  if (known.length === 0) throw new Error(`${word} of nothing`)
  if (known.length === 1) return known[0]
  return condition(`(${known.map(({ soql }) => soql).join(` ${word} `)})`)
}

const bracketed = (soql: string): string => (soql.startsWith('(') ? soql : `(${soql})`)
const whereOf = (where: Condition | null): string => (where === null ? '' : ` WHERE ${where.soql}`)
const condition = (soql: string): Condition => ({ soql }) as Condition
