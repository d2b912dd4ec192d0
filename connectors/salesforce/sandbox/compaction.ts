/** The whole org as the fewest entries that make it. */
import type { Entry, Values } from './entries.ts'
import { fieldOf, type Value } from './field.ts'
import { standardObjects, systemFields } from './objects.ts'
import type { Org } from './org.ts'
import { isSystem } from './tables.ts'

export function* snapshot(org: Org): Iterable<Entry> {
  const standard = new Map(standardObjects(org.features).map((object) => [object.name, object]))
  for (const definition of org.objects.values()) {
    if (!standard.has(definition.name)) yield { kind: 'object', definition }
  }
  for (const definition of org.objects.values()) {
    const table = org.table(definition.name)
    const known = new Map([
      ...systemFields(definition).map((field) => [field.name, field] as const),
      ...Object.entries(definition.fields).map(([name, given]) => [name, fieldOf(name, given)] as const),
    ])
    for (const field of table.fields.values()) {
      if (JSON.stringify(known.get(field.name)) !== JSON.stringify(field))
        yield { kind: 'field', type: definition.name, field }
      known.delete(field.name)
    }
    for (const field of known.values()) yield { kind: 'field', type: definition.name, field, removed: true }
    yield* recordsOf(org, definition.name)
  }
  for (const table of org.documentTables()) {
    for (const [key, value] of org.documents(table)) yield { kind: 'document', table, key, value }
  }
}

function* recordsOf(org: Org, type: string): Iterable<Entry> {
  const table = org.table(type)
  const read = [...table.fields.values()]
    .filter(({ name }) => !isSystem(name))
    .map(({ name }) => [name, table.reader(name)] as const)
  for (const row of table.rows()) {
    const values: Record<string, Value> = {}
    for (const [name, reader] of read) {
      const value = reader(row)
      if (value !== null) values[name] = value
    }
    yield {
      kind: 'record',
      type,
      id: row.id,
      values: values satisfies Values,
      audit: {
        createdAt: row.createdAt,
        createdBy: row.createdBy,
        modifiedAt: row.modifiedAt,
        modifiedBy: row.modifiedBy,
        stamp: row.stamp,
      },
      ...(row.deletedAt > 0
        ? { deleted: { at: row.deletedAt, master: row.master, cascade: row.cascade } }
        : {}),
    }
  }
}
