/** What takes an entry back, made before it is applied. */
import type { Entry } from './entries.ts'
import type { Value } from './field.ts'
import type { Org } from './org.ts'

/** In the order in which they are to be applied; of definitions and documents none: no call of records changes them. */
export function inverse(org: Org, entry: Entry): readonly Entry[] {
  if (entry.kind === 'record') return [{ kind: 'purge', type: entry.type, id: entry.id }]
  if (entry.kind !== 'update' && entry.kind !== 'delete' && entry.kind !== 'undelete') return []
  const table = org.table(entry.type)
  const row = table.byId.get(entry.id)
  if (!row) return []
  const { type, id } = entry
  const { modifiedAt, modifiedBy, stamp, deletedAt, master, cascade } = row
  const audit = { modifiedAt, modifiedBy, stamp }
  const values: Record<string, Value> = {}
  if (entry.kind === 'update') {
    for (const field of Object.keys(entry.values)) values[field] = table.get(row, field)
  }
  const back: Entry = { kind: 'update', type, id, values, audit }
  if (entry.kind === 'update') return [back]
  if (entry.kind === 'delete') return [{ kind: 'undelete', type, id, at: modifiedAt, by: modifiedBy }, back]
  return [{ kind: 'delete', type, id, at: deletedAt, by: modifiedBy, stamp, master, cascade }, back]
}
