/** The org's tables and what each entry of the journal does to them. */
import type { Entry } from './entries.ts'
import { fieldOf } from './field.ts'
import { standardObjects, systemFields, type ObjectDefinition, type OrgFeatures } from './objects.ts'
import { idOf, numberOf, podOf } from './record-ids.ts'
import { openTable, type Row, type Table } from './tables.ts'

export interface Org {
  readonly features: OrgFeatures
  readonly objects: ReadonlyMap<string, ObjectDefinition>
  /** By its name in any case. @throws Error when the org has no such object */
  table(type: string): Table
  /** As the org writes its name; null: no such object. */
  nameOf(type: string): string | null
  /** Object of an id, by its first three characters. History objects share theirs. */
  typeOf(id: string): string | null
  documents(table: string): Map<string, unknown>
  documentTables(): readonly string[]
  nextId(type: string): string
  apply(entry: Entry): void
}

export function openOrg(org: string, features: OrgFeatures): Org {
  const pod = podOf(org)
  const objects = new Map<string, ObjectDefinition>()
  const tables = new Map<string, Table>()
  const names = new Map<string, string>()
  const prefixes = new Map<string, string>()
  const documents = new Map<string, Map<string, unknown>>()
  /** By prefix: objects can share one. */
  const counted = new Map<string, number>()

  const begin = (definition: ObjectDefinition): void => {
    if (objects.has(definition.name)) return
    objects.set(definition.name, definition)
    names.set(definition.name.toLowerCase(), definition.name)
    if (!prefixes.has(definition.prefix)) prefixes.set(definition.prefix, definition.name)
    const table = openTable(definition.name)
    for (const field of systemFields(definition)) table.fields.set(field.name.toLowerCase(), field)
    for (const [name, given] of Object.entries(definition.fields)) {
      table.fields.set(name.toLowerCase(), fieldOf(name, given))
    }
    tables.set(definition.name, table)
  }
  for (const definition of standardObjects(features)) begin(definition)

  const found = (type: string, id: string): readonly [table: Table, row: Row] => {
    const table = result.table(type)
    const row = table.byId.get(id)
    if (!row) throw new Error(`The sandbox has no ${type} ${id}.`)
    return [table, row]
  }

  const result: Org = {
    features,
    objects,
    table(type) {
      const table = tables.get(type) ?? tables.get(names.get(type.toLowerCase()) ?? '')
      if (!table) throw new Error(`The sandbox has no object ${type}.`)
      return table
    },
    nameOf: (type) => names.get(type.toLowerCase()) ?? null,
    typeOf: (id) => prefixes.get(id.slice(0, 3)) ?? null,
    documents(table) {
      let known = documents.get(table)
      if (!known) documents.set(table, (known = new Map()))
      return known
    },
    documentTables: () => [...documents.keys()],
    nextId(type) {
      const definition = objects.get(type)
      if (!definition) throw new Error(`The sandbox has no object ${type}.`)
      const number = (counted.get(definition.prefix) ?? 0) + 1
      counted.set(definition.prefix, number)
      return idOf(definition.prefix, pod, number)
    },
    apply(entry) {
      switch (entry.kind) {
        case 'record': {
          const table = result.table(entry.type)
          const row: Row = {
            id: entry.id,
            values: [],
            ...entry.audit,
            deletedAt: entry.deleted?.at ?? 0,
            master: entry.deleted?.master ?? null,
            cascade: entry.deleted?.cascade ?? null,
            purged: false,
          }
          for (const field of Object.keys(entry.values)) table.set(row, field, entry.values[field])
          table.insert(row)
          if (entry.id.slice(3, 9) === `${pod}0000`) {
            const prefix = entry.id.slice(0, 3)
            counted.set(prefix, Math.max(counted.get(prefix) ?? 0, numberOf(entry.id)))
          }
          return
        }
        case 'update': {
          const [table, row] = found(entry.type, entry.id)
          for (const field of Object.keys(entry.values)) table.set(row, field, entry.values[field])
          row.modifiedAt = entry.audit.modifiedAt
          row.modifiedBy = entry.audit.modifiedBy
          table.stamp(row, entry.audit.stamp)
          return
        }
        case 'delete': {
          const [table, row] = found(entry.type, entry.id)
          row.deletedAt = entry.at
          row.modifiedAt = entry.at
          row.modifiedBy = entry.by
          row.master = entry.master
          row.cascade = entry.cascade
          table.stamp(row, entry.stamp)
          return
        }
        case 'undelete': {
          const [table, row] = found(entry.type, entry.id)
          row.deletedAt = 0
          row.master = null
          row.cascade = null
          row.modifiedAt = entry.at
          row.modifiedBy = entry.by
          table.stamp(row, entry.at)
          return
        }
        case 'purge': {
          const [table, row] = found(entry.type, entry.id)
          table.purge(row)
          return
        }
        case 'object':
          begin(entry.definition)
          return
        case 'field': {
          const { fields } = result.table(entry.type)
          const key = entry.field.name.toLowerCase()
          if (entry.removed) fields.delete(key)
          else fields.set(key, entry.field)
          return
        }
        case 'document':
          if (entry.value === undefined || entry.value === null)
            result.documents(entry.table).delete(entry.key)
          else result.documents(entry.table).set(entry.key, entry.value)
      }
    },
  }
  return result
}
