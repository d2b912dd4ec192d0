/** The whole portal as the fewest entries that make it. */
import { standardProperties } from './definitions.ts'
import type { Entry, RecordEntry } from './entries.ts'
import type { Portal } from './portal.ts'
import type { RecordTable, StoredRecord } from './tables.ts'

export function* snapshot(portal: Portal): Iterable<Entry> {
  yield { kind: 'account', account: portal.account() }
  for (const owner of portal.owners.values()) yield { kind: 'owner', owner }
  for (const token of portal.tokens.values()) yield { kind: 'token', token }
  for (const type of portal.tableNames()) {
    for (const group of portal.groups(type).values()) yield { kind: 'group', type, group }
    const standard = new Set(standardProperties(type).map((definition) => JSON.stringify(definition)))
    for (const definition of portal.definitions(type).values()) {
      if (!standard.has(JSON.stringify(definition))) yield { kind: 'property', type, definition }
    }
    const rules = portal.rules.get(type)
    if (rules) yield { kind: 'rules', type, rules }
    const table = portal.table(type)
    for (const record of [...table.live, ...table.archived].sort((a, b) => a.order - b.order)) {
      yield recordEntry(table, record)
    }
    const merged = new Map<string, string[]>()
    for (const [id, into] of table.mergedInto) merged.set(into, [...(merged.get(into) ?? []), id])
    for (const [into, ids] of merged) yield { kind: 'merge', type, into, ids, at: 0 }
  }
  for (const [between, labels] of portal.addedLabels()) {
    for (const label of labels) yield { kind: 'label', between, label }
  }
  // Each from both ends, so that either end keeps its order.
  for (const [fromType, from, toType, to, typeId] of portal.associations.all()) {
    yield { kind: 'associate', from: [fromType, from], to: [toType, to], typeId }
  }
  for (const table of portal.documentTables()) {
    for (const [key, value] of portal.documents(table)) yield { kind: 'document', table, key, value }
  }
}

function recordEntry(table: RecordTable, record: StoredRecord): RecordEntry {
  const properties: Record<string, string> = {}
  for (const [slot, value] of record.values.entries()) {
    if (value !== undefined) properties[table.names[slot]] = value
  }
  return {
    kind: 'record',
    type: table.type,
    id: record.id,
    created: record.createdAt,
    updated: record.updatedAt,
    archived: record.archivedAt,
    begun: record.begunAt,
    source: record.source,
    properties,
    history: Object.fromEntries(
      [...(record.history ?? [])].map(([slot, versions]) => [table.names[slot], versions]),
    ),
  }
}
