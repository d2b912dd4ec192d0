/** A query is carried out: the rows that it finds, and how each is shown. */
import type { Value } from './field.ts'
import { refused } from './problems.ts'
import { aggregate } from './soql-groups.ts'
import { compile, type Compiling } from './soql-filter.ts'
import { demandSortable, resolve, tableOf, type ResolvedField, type Source } from './soql-fields.ts'
import { askedOfDefinitions } from './soql-definitions.ts'
import { candidates, firstSince, leastStamp } from './soql-plan.ts'
import { parseQuery, where, type Order, type Query } from './soql-syntax.ts'
import type { Row, Table } from './tables.ts'

export type Shown = Readonly<Record<string, unknown>>

export interface Found {
  readonly type: string
  /** Without LIMIT's cut: what `count()` gives. */
  readonly total: number
  /** Null for aggregates, whose results are in `results`. */
  readonly rows: readonly Row[] | null
  readonly results: readonly Shown[]
  show(row: Row): Shown
  /** Names as they were asked for, of each column. */
  readonly columns: readonly ResolvedField[]
}

export interface Run {
  readonly source: Source
  /** `/services/data/v67.0`: what records are addressed below. */
  readonly base: string
  /** Deleted records too. */
  readonly all: boolean
}

/**
 * @throws MALFORMED_QUERY, INVALID_TYPE, INVALID_FIELD as Salesforce words them
 * @example run('SELECT Id, Owner.Name FROM Account LIMIT 5', { source, base: '/services/data/v67.0', all: false })
 */
export const run = (text: string, given: Run): Found => execute(parseQuery(text), given, null)

function execute(asked: Query, given: Run, within: readonly Row[] | null): Found {
  const { source } = given
  const table = tableOf(source, asked.from, asked.text)
  const query = askedOfDefinitions(table.type, asked)
  const compiling: Compiling = {
    source,
    table,
    text: query.text,
    valuesOf: remembered((inner) => valuesOf(inner, given)),
  }
  const aggregates = query.items.some(({ kind }) => kind === 'aggregate') || query.groupBy.length > 0
  if (aggregates) {
    const rows = find(query, table, compiling, given.all, within, false)
    return {
      type: table.type,
      rows: null,
      columns: [],
      show: () => ({}),
      ...aggregate(query, table, rows, source),
    }
  }
  const show = projection(query, table, given)
  const rows = find(query, table, compiling, given.all, within, true)
  return { type: table.type, total: rows.length, rows, results: [], ...show }
}

/** The rows in their order, from OFFSET up to LIMIT where they are shown one by one. */
function find(
  query: Query,
  table: Table,
  compiling: Compiling,
  all: boolean,
  within: readonly Row[] | null,
  cut: boolean,
): readonly Row[] {
  const { source } = compiling
  const test = query.where ? compile(query.where, compiling) : () => true
  const orders = cut ? query.orderBy.map((order) => ordering(order, table, compiling)) : []
  const few = within ?? (query.where ? candidates(query.where, compiling) : null)
  const byStamp = few === null && isByStamp(query)
  const pool = few ?? (byStamp ? table.byStamp() : table.rows())
  const first = byStamp && query.where ? firstSince(pool, leastStamp(query.where, compiling)) : 0
  const most = cut && query.limit !== null ? query.offset + query.limit : Infinity
  const sorted = few === null && (byStamp || query.orderBy.length === 0)
  const rows: Row[] = []
  const enough = sorted ? most : Infinity
  for (let at = first; at < pool.length && rows.length < enough; at++) {
    const row = pool[at]
    if ((all || row.deletedAt === 0) && source.canSee(row) && test(row)) rows.push(row)
  }
  if (!sorted) {
    rows.sort((a, b) => {
      for (const order of orders) {
        const difference = order(a, b)
        if (difference !== 0) return difference
      }
      return a.id < b.id ? -1 : a.id > b.id ? 1 : 0
    })
  }
  return cut && (query.offset > 0 || rows.length > most) ? rows.slice(query.offset, most) : rows
}

/** `ORDER BY SystemModstamp, Id`, or by the stamp alone. */
function isByStamp({ orderBy }: Query): boolean {
  const names = orderBy.map(({ item, descending }) =>
    item.kind === 'field' && !descending ? item.path.names.join('.').toLowerCase() : '',
  )
  return names[0] === 'systemmodstamp' && (names.length === 1 || (names.length === 2 && names[1] === 'id'))
}

function ordering(order: Order, table: Table, { source, text }: Compiling): (a: Row, b: Row) => number {
  if (order.item.kind !== 'field') throw refused(400, 'MALFORMED_QUERY', 'ORDER BY needs a field here')
  const field = resolve(source, table, order.item.path, text)
  demandSortable(field, order.item.path.at, text)
  return (a, b) => compareValues(field.read(a), field.read(b), order, field.field.type === 'id')
}

/** Nothing comes first, whichever way it goes, unless it is told otherwise. */
export function compareValues(
  a: Value,
  b: Value,
  { descending, nullsLast }: Pick<Order, 'descending' | 'nullsLast'>,
  exact = false,
): number {
  if (a === null || b === null) {
    if (a === b) return 0
    return (a === null) === nullsLast ? 1 : -1
  }
  const one = typeof a === 'string' && !exact ? a.toLowerCase() : a
  const other = typeof b === 'string' && !exact ? b.toLowerCase() : b
  const difference = one < other ? -1 : one > other ? 1 : 0
  return descending ? -difference : difference
}

type Write = (row: Row, shown: Record<string, unknown>) => void

/** How a row is shown: its fields as they were asked for, those of parents in an object of their own. */
function projection(query: Query, table: Table, given: Run): Pick<Found, 'show' | 'columns'> {
  const columns: ResolvedField[] = []
  const writes: Write[] = []
  for (const item of query.items) {
    if (item.kind === 'children') writes.push(children(item.query, table, given))
    if (item.kind !== 'field') continue
    const field = resolve(given.source, table, item.path, query.text)
    if (columns.some(({ names }) => names.join('.') === field.names.join('.'))) {
      throw refused(400, 'INVALID_FIELD', `duplicate field selected: ${field.names.join('.')}`)
    }
    columns.push(field)
    writes.push(writer(field, table, given))
  }
  const { type } = table
  const url = `${given.base}/sobjects/${type}/`
  return {
    columns,
    show(row) {
      const shown: Record<string, unknown> = { attributes: { type, url: url + row.id } }
      for (const write of writes) write(row, shown)
      return shown
    },
  }
}

function writer(field: ResolvedField, table: Table, { base }: Run): Write {
  const { names, parents, parentTypes } = field
  const [name] = names
  if (field.field.type === 'address') {
    const parts = addressReader(table, field.field.name)
    return (row, shown) => void (shown[name] = parts(row))
  }
  if (parents.length === 0) return (row, shown) => void (shown[name] = field.read(row))
  const last = names[names.length - 1]
  return (row, shown) => {
    let here = shown
    for (const [depth, parent] of parents.entries()) {
      const above = parent(row)
      if (!above) return void (here[names[depth]] = null)
      const type = parentTypes[depth](row)
      here[names[depth]] ??= { attributes: { type, url: `${base}/sobjects/${type}/${above.id}` } }
      here = here[names[depth]] as Record<string, unknown>
    }
    here[last] = field.read(row)
  }
}

/** The parts of an address, as the compound field shows them. */
export function addressReader(table: Table, compound: string): (row: Row) => unknown {
  const prefix = compound.replace(/Address$/, '')
  const part = (name: string): ((row: Row) => Value) => table.reader(`${prefix}${name}`)
  const [city, country, latitude, longitude, postalCode, state, street] = [
    'City',
    'Country',
    'Latitude',
    'Longitude',
    'PostalCode',
    'State',
    'Street',
  ].map(part)
  return (row) => {
    const shown = {
      city: city(row),
      country: country(row),
      geocodeAccuracy: null,
      latitude: latitude(row),
      longitude: longitude(row),
      postalCode: postalCode(row),
      state: state(row),
      street: street(row),
    }
    return Object.values(shown).every((value) => value === null) ? null : shown
  }
}

/** `(SELECT Id FROM Contacts)`: the children of each row, by the plural of their object. */
function children(query: Query, parent: Table, given: Run): Write {
  const [name] = query.from.names
  for (const type of given.source.childrenOf(parent.type)) {
    if (type.relationship.toLowerCase() !== name.toLowerCase()) continue
    const table = given.source.table(type.object)
    if (!table) break
    const inner: Query = { ...query, from: { ...query.from, names: [type.object] } }
    return (row, shown) => {
      const found = execute(inner, given, table.indexed(type.field, row.id))
      const records = found.rows?.map(found.show) ?? []
      shown[type.relationship] =
        records.length === 0 ? null : { totalSize: records.length, done: true, records }
    }
  }
  throw refused(
    400,
    'INVALID_TYPE',
    `${where(query.text, query.from.at)}Didn't understand relationship '${name}' in FROM part of query call. If you are attempting to use a custom relationship, be sure to append the '__r' after the custom relationship name. Please reference your WSDL or the describe call for the appropriate names.`,
  )
}

function valuesOf(query: Query, given: Run): ReadonlySet<string> {
  const found = execute(query, given, null)
  if (found.columns.length !== 1 || !found.rows) {
    throw refused(400, 'MALFORMED_QUERY', 'Semi join sub-selects can only query one field')
  }
  const [{ read }] = found.columns
  const values = new Set<string>()
  for (const row of found.rows) {
    const value = read(row)
    if (value !== null) values.add(String(value))
  }
  return values
}

/** Planned and tested with the same values. */
function remembered<Given extends object, T>(work: (given: Given) => T): (given: Given) => T {
  const known = new Map<Given, T>()
  return (given) => {
    let result = known.get(given)
    if (result === undefined) known.set(given, (result = work(given)))
    return result
  }
}
