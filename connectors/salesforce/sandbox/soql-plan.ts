/**
 * Which rows a query has to look at: those of an id or of a parent where the condition names them, those since an
 * instant where it asks for what changed, else all. 150,000 accounts are looked through in a hundredth of a second, but
 * somebody who pages by SystemModstamp asks two hundred times.
 */
import { lowerBound } from '../../sandbox/lower-bound.ts'
import { readId } from './record-ids.ts'
import { span, type Compiling } from './soql-filter.ts'
import { resolve, type ResolvedField } from './soql-fields.ts'
import type { Condition, Path } from './soql-syntax.ts'
import type { Row } from './tables.ts'

/** At least the rows that fulfil the condition; null: all. */
export function candidates(condition: Condition, given: Compiling): readonly Row[] | null {
  switch (condition.kind) {
    case 'and':
      for (const part of condition.parts) {
        const rows = candidates(part, given)
        if (rows) return rows
      }
      return null
    case 'or': {
      const all = new Set<Row>()
      for (const part of condition.parts) {
        const rows = candidates(part, given)
        if (!rows) return null
        for (const row of rows) all.add(row)
      }
      return [...all]
    }
    case 'semi':
      return condition.negated ? null : among(condition.path, given.valuesOf(condition.query), given)
    case 'in': {
      if (condition.negated) return null
      const values = condition.values.map((value) => (value.kind === 'string' ? value.value : null))
      return values.includes(null) ? null : among(condition.path, new Set(values as string[]), given)
    }
    case 'compare':
      if (condition.operator !== '=' || condition.value.kind !== 'string') return null
      return among(condition.path, new Set([condition.value.value]), given)
    default:
      return null
  }
}

function among(path: Path, values: ReadonlySet<string>, given: Compiling): readonly Row[] | null {
  const { table } = given
  const field = resolve(given.source, table, path, given.text)
  if (field.parents.length > 0) return null
  const { type, name, unique, externalId } = field.field
  if (type === 'id') {
    return [...values].flatMap((value) => table.byId.get(readId(value) ?? value) ?? [])
  }
  if (type !== 'reference' && !unique && !externalId) return null
  if (name === 'CreatedById' || name === 'LastModifiedById' || name === 'MasterRecordId') return null
  const rows = new Set<Row>()
  for (const value of values) {
    const key = type === 'reference' ? (readId(value) ?? value) : value
    for (const row of table.indexed(name, key)) rows.add(row)
  }
  return [...rows]
}

/** The least SystemModstamp that a row must have; 0: any. */
export function leastStamp(condition: Condition, given: Compiling): number {
  switch (condition.kind) {
    case 'and':
      return Math.max(...condition.parts.map((part) => leastStamp(part, given)))
    case 'or':
      return Math.min(...condition.parts.map((part) => leastStamp(part, given)))
    case 'compare': {
      if (!['=', '>', '>='].includes(condition.operator) || condition.value.kind === 'null') return 0
      const field: ResolvedField = resolve(given.source, given.table, condition.path, given.text)
      if (field.parents.length > 0 || field.field.name !== 'SystemModstamp') return 0
      return span(field, condition.value, given)[0]
    }
    default:
      return 0
  }
}

/** Where the first row with at least this stamp stands in a list that ascends by stamp. */
export const firstSince = (rows: readonly Row[], stamp: number): number =>
  lowerBound(rows, stamp, (row) => row.stamp)
