/** COUNT and its like, with or without GROUP BY. */
import type { Value } from './field.ts'
import { refused } from './problems.ts'
import { resolve, type ResolvedField, type Source } from './soql-fields.ts'
import { compareValues, type Shown } from './soql-query.ts'
import { where, type Item, type Order, type Query } from './soql-syntax.ts'
import type { Row, Table } from './tables.ts'

type Reading = (rows: readonly Row[]) => Value

/** @returns the results, as records of AggregateResult; of `COUNT()` alone only how many there are */
export function aggregate(
  query: Query,
  table: Table,
  rows: readonly Row[],
  source: Source,
): { total: number; results: readonly Shown[] } {
  const [only] = query.items
  if (query.items.length === 1 && only.kind === 'aggregate' && only.path === null) {
    return { total: Math.min(rows.length, query.limit ?? Infinity), results: [] }
  }
  const keys = query.groupBy.map((path) => resolve(source, table, path, query.text))
  const reading = (item: Item): Reading => {
    if (item.kind === 'aggregate') return measure(item, table, query, source)
    if (item.kind !== 'field') throw refused(400, 'MALFORMED_QUERY', 'unexpected token: (')
    const field = resolve(source, table, item.path, query.text)
    if (!keys.some(({ names }) => names.join('.') === field.names.join('.'))) {
      throw refused(
        400,
        'MALFORMED_QUERY',
        `${where(query.text, item.path.at)}Field must be grouped or aggregated: ${field.names.join('.')}`,
      )
    }
    return ([row]) => field.read(row)
  }
  let unnamed = 0
  const columns = query.items.map((item) => ({
    name:
      item.kind === 'aggregate'
        ? (item.alias ?? `expr${unnamed++}`)
        : item.kind === 'field'
          ? resolve(source, table, item.path, query.text).names.at(-1)!
          : '',
    read: reading(item),
  }))
  const groups = [...grouped(rows, keys).values()]
  const orders = query.orderBy.map((order: Order) => ({ order, read: reading(order.item) }))
  groups.sort((a, b) => {
    for (const { order, read } of orders) {
      const difference = compareValues(read(a), read(b), order)
      if (difference !== 0) return difference
    }
    return 0
  })
  const results = groups.slice(query.offset, query.offset + (query.limit ?? Infinity)).map((group) => {
    const shown: Record<string, unknown> = { attributes: { type: 'AggregateResult' } }
    for (const { name, read } of columns) shown[name] = read(group)
    return shown
  })
  return { total: results.length, results }
}

function grouped(rows: readonly Row[], keys: readonly ResolvedField[]): Map<string, Row[]> {
  const groups = new Map<string, Row[]>()
  // Without groups everything is one, also nothing.
  if (keys.length === 0) groups.set('', [...rows])
  else {
    for (const row of rows) {
      const key = JSON.stringify(keys.map(({ read }) => read(row)))
      const same = groups.get(key)
      if (same) same.push(row)
      else groups.set(key, [row])
    }
  }
  return groups
}

function measure(item: Item & { kind: 'aggregate' }, table: Table, query: Query, source: Source): Reading {
  if (item.path === null) return (rows) => rows.length
  const { read } = resolve(source, table, item.path, query.text)
  const present = (rows: readonly Row[]): (string | number | boolean)[] =>
    rows.map(read).filter((value) => value !== null)
  const sum = (values: readonly unknown[]): number =>
    values.reduce<number>((all, one) => all + Number(one), 0)
  switch (item.name) {
    case 'COUNT':
      return (rows) => present(rows).length
    case 'COUNT_DISTINCT':
      return (rows) => new Set(present(rows)).size
    case 'SUM':
      return (rows) => (present(rows).length === 0 ? null : sum(present(rows)))
    case 'AVG':
      return (rows) => (present(rows).length === 0 ? null : sum(present(rows)) / present(rows).length)
    default: {
      const sign = item.name === 'MIN' ? 1 : -1
      return (rows) =>
        present(rows).reduce<Value>(
          (best, one) =>
            best === null || sign * compareValues(one, best, { descending: false, nullsLast: false }) < 0
              ? one
              : best,
          null,
        )
    }
  }
}
