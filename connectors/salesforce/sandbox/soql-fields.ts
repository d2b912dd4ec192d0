/** What the names in a query mean: fields, and those of the records that a record points at. */
import { isFilterable, isSortable, type FieldDefinition, type Value } from './field.ts'
import { refused } from './problems.ts'
import { where, type Path } from './soql-syntax.ts'
import type { Row, Table } from './tables.ts'

/** What a query can be asked of. */
export interface Source {
  /** Null: no such object, or none for this user. */
  table(name: string): Table | null
  /** Object of an id; null: none. */
  typeOf(id: string): string | null
  canRead(table: Table, field: FieldDefinition): boolean
  canSee(row: Row): boolean
  now(): Date
  /** Objects that point at this one, with what a query calls them from there. */
  childrenOf(
    type: string,
  ): readonly { readonly object: string; readonly field: string; readonly relationship: string }[]
}

export interface ResolvedField {
  readonly field: FieldDefinition
  /** Names as the org writes them. */
  readonly names: readonly string[]
  read(row: Row): Value
  /** Objects and ids of the records on the way, the nearest first. */
  readonly parents: readonly ((row: Row) => Row | null)[]
  readonly parentTypes: readonly ((row: Row) => string)[]
  readonly table: Table
}

export function tableOf(source: Source, path: Path, text: string): Table {
  const [name] = path.names
  const table = path.names.length === 1 ? source.table(name) : null
  if (table) return table
  throw refused(
    400,
    'INVALID_TYPE',
    `${where(text, path.at)}sObject type '${path.names.join('.')}' is not supported. If you are attempting to use a custom object, be sure to append the '__c' after the entity name. Please reference your WSDL or the describe call for the appropriate names.`,
  )
}

/** @throws INVALID_FIELD also for what the user may not read: to them it is not there */
export function resolve(source: Source, table: Table, path: Path, text: string): ResolvedField {
  const parents: ((row: Row) => Row | null)[] = []
  const parentTypes: ((row: Row) => string)[] = []
  const names: string[] = []
  let tables: readonly Table[] = [table]
  const begin = path.names.length > 1 && path.names[0].toLowerCase() === table.type.toLowerCase() ? 1 : 0
  for (const name of path.names.slice(begin, -1)) {
    const [here] = tables
    const wanted = name.toLowerCase()
    const field = [...here.fields.values()].find(
      (one) => one.relationship?.toLowerCase() === wanted && source.canRead(here, one),
    )
    const next = (field?.referenceTo ?? []).map((type) => source.table(type)).filter((one) => one !== null)
    if (!field?.relationship || next.length === 0) {
      throw refused(
        400,
        'INVALID_FIELD',
        `${where(text, path.at)}Didn't understand relationship '${name}' in field path. If you are attempting to use a custom relationship, be sure to append the '__r' after the custom relationship name. Please reference your WSDL or the describe call for the appropriate names.`,
      )
    }
    names.push(field.relationship)
    const readers = new Map(tables.map((one) => [one.type, one.reader(field.name)]))
    const fallback = here.reader(field.name)
    const up = parents.at(-1)
    const upType = parentTypes.at(-1)
    parents.push((row) => {
      const from = up ? up(row) : row
      if (!from) return null
      const id = ((upType && readers.get(upType(row))) || fallback)(from)
      if (typeof id !== 'string') return null
      for (const one of next) {
        const found = one.byId.get(id)
        if (found) return found
      }
      return null
    })
    const parent = parents[parents.length - 1]
    parentTypes.push((row) => {
      const id = parent(row)?.id
      return (next.length > 1 && id !== undefined ? source.typeOf(id) : null) ?? next[0].type
    })
    tables = next
  }
  const last = path.names[path.names.length - 1]
  const field = fieldOf(source, tables, last)
  if (!field) {
    throw refused(
      400,
      'INVALID_FIELD',
      `${where(text, path.at)}No such column '${last}' on entity '${tables[0].type}'. If you are attempting to use a custom field, be sure to append the '__c' after the custom field name. Please reference your WSDL or the describe call for the appropriate names.`,
    )
  }
  names.push(field.name)
  const up = parents.at(-1)
  const upType = parentTypes.at(-1)
  if (!up || !upType) {
    return { field, names, parents, parentTypes, table, read: valueReader(table, field) }
  }
  const readers = new Map(
    tables
      .filter((one) => one.fields.has(last.toLowerCase()))
      .map((one) => [one.type, valueReader(one, field)]),
  )
  const read = (row: Row): Value => {
    const parent = up(row)
    return parent ? (readers.get(upType(row))?.(parent) ?? null) : null
  }
  return { field, names, parents, parentTypes, table: tables[0], read }
}

function fieldOf(source: Source, tables: readonly Table[], name: string): FieldDefinition | null {
  for (const table of tables) {
    const field = table.fields.get(name.toLowerCase())
    if (field && source.canRead(table, field)) return field
  }
  return null
}

/** A value as a query shows it: what is encrypted for eyes is masked. */
function valueReader(table: Table, field: FieldDefinition): (row: Row) => Value {
  const read = table.reader(field.name)
  if (field.type !== 'encryptedstring') return read
  return (row) => {
    const value = read(row)
    return typeof value === 'string' ? '*'.repeat(value.length) : value
  }
}

/** @throws INVALID_FIELD for long texts and what is encrypted */
export function demandFilterable({ field }: ResolvedField, at: number, text: string): void {
  if (!isFilterable(field))
    throw refused(
      400,
      'INVALID_FIELD',
      `${where(text, at)}field '${field.name}' can not be filtered in a query call`,
    )
}

export function demandSortable({ field }: ResolvedField, at: number, text: string): void {
  if (!isSortable(field))
    throw refused(
      400,
      'INVALID_FIELD',
      `${where(text, at)}field '${field.name}' can not be sorted in a query call`,
    )
}
