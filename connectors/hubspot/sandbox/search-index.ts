/**
 * The search index lags behind the records: until it has caught up it finds, filters and shows a record as it was
 * before. Only what changed within the lag is kept twice.
 */
import type { Portal } from './portal.ts'
import type { RecordTable, StoredRecord } from './tables.ts'

export interface SearchIndex {
  /** Milliseconds by the sandbox's clock; can be changed at any time, for changes made from then on. */
  lagMs: number
  /** The records as the index has them, ascending by id. */
  records(type: string, now: number): readonly StoredRecord[]
}

interface Former {
  /** When the change that it precedes was made. */
  readonly at: number
  readonly shownUntil: number
  /** Null: it was not there yet. */
  readonly record: StoredRecord | null
}

export function openSearchIndex(portal: Portal, lagMs: number): SearchIndex {
  /** By type and id, oldest first. */
  const former = new Map<string, Map<string, Former[]>>()

  const index: SearchIndex = {
    lagMs,
    records(type, now) {
      const table = portal.table(type)
      const pending = former.get(type)
      if (!pending || pending.size === 0) return table.live
      const shown = new Map<string, StoredRecord | null>()
      for (const [id, versions] of pending) {
        while (versions.length > 0 && versions[0].shownUntil <= now) versions.shift()
        if (versions.length === 0) pending.delete(id)
        else shown.set(id, versions[0].record)
      }
      if (shown.size === 0) return table.live
      const records: StoredRecord[] = []
      for (const record of table.live) {
        if (!shown.has(record.id)) records.push(record)
        else {
          const before = shown.get(record.id)
          if (before && !before.archivedAt) records.push(before)
        }
        shown.delete(record.id)
      }
      // What is gone from the records is still found.
      const gone = [...shown.values()].filter((record) => record !== null && !record.archivedAt)
      if (gone.length === 0) return records
      return [...records, ...(gone as StoredRecord[])].sort((a, b) => a.order - b.order)
    },
  }

  portal.beforeChange = (table: RecordTable, record: StoredRecord | null, id: string, at: number): void => {
    if (index.lagMs <= 0) return
    let pending = former.get(table.type)
    if (!pending) former.set(table.type, (pending = new Map()))
    const versions = pending.get(id) ?? []
    versions.push({
      at,
      shownUntil: at + index.lagMs,
      record: record && { ...record, values: [...record.values] },
    })
    pending.set(id, versions)
  }
  return index
}
