/**
 * How the sandbox keeps its records: a table for each kind of object, values in slots rather than in objects with
 * thirty keys, so that 150,000 accounts are seeded in a second or two and fit into a few hundred megabytes.
 */
import type { FieldDefinition, Value } from './field.ts'
import { formatInstant } from './instants.ts'

export interface Row {
  readonly id: string
  /** By slot of the table; beyond the end: null. */
  readonly values: (Value | undefined)[]
  createdAt: number
  createdBy: string
  modifiedAt: number
  modifiedBy: string
  /** SystemModstamp. */
  stamp: number
  /** 0: not deleted. */
  deletedAt: number
  /** Record that it was merged into. */
  master: string | null
  /** Record with which it was deleted. */
  cascade: string | null
  /** Gone from the recycle bin too. */
  purged: boolean
}

export interface Table {
  readonly type: string
  /** Ascending by id, deleted ones among them. */
  rows(): readonly Row[]
  /** Ascending by SystemModstamp, then id. */
  byStamp(): readonly Row[]
  readonly byId: ReadonlyMap<string, Row>
  /** By name in lower case. */
  readonly fields: Map<string, FieldDefinition>
  /** Rows that have this value in a field, deleted ones among them; letters count as the same in either case. A copy. */
  indexed(field: string, value: Value): readonly Row[]
  slot(field: string): number
  get(row: Row, field: string): Value
  /** As {@link get} for one field, for many rows. */
  reader(field: string): (row: Row) => Value
  insert(row: Row): void
  purge(row: Row): void
  /** @returns whether the value is another one now */
  set(row: Row, field: string, value: Value): boolean
  /** Its SystemModstamp is another one from now on. */
  stamp(row: Row, at: number): void
}

/** What every record has beside its values. */
const SYSTEM: Readonly<Record<string, (row: Row) => Value>> = {
  Id: (row) => row.id,
  IsDeleted: (row) => row.deletedAt > 0,
  MasterRecordId: (row) => row.master,
  CreatedDate: (row) => formatInstant(row.createdAt),
  CreatedById: (row) => row.createdBy,
  LastModifiedDate: (row) => formatInstant(row.modifiedAt),
  LastModifiedById: (row) => row.modifiedBy,
  SystemModstamp: (row) => formatInstant(row.stamp),
}

/** Of these the rows' own numbers are compared rather than the texts made of them. */
export const INSTANTS: Readonly<Record<string, (row: Row) => number>> = {
  CreatedDate: (row) => row.createdAt,
  LastModifiedDate: (row) => row.modifiedAt,
  SystemModstamp: (row) => row.stamp,
}

export const isSystem = (field: string): boolean => Object.hasOwn(SYSTEM, field)

/** Values repeat (stages, owners, days): one string for all of them. */
const shared = new Map<string, string>()
const SHARED_LENGTH = 32
const SHARED_COUNT = 200_000

function share(value: Value): Value {
  if (typeof value !== 'string' || value.length > SHARED_LENGTH) return value
  const known = shared.get(value)
  if (known !== undefined) return known
  if (shared.size < SHARED_COUNT) shared.set(value, value)
  return value
}

export const indexKey = (value: Value): string => String(value).toLowerCase()

/** A record that is in no table: made by nobody, at one moment. */
export const looseRow = (id: string, at: number, values: Row['values'] = []): Row => ({
  id,
  values,
  createdAt: at,
  createdBy: '',
  modifiedAt: at,
  modifiedBy: '',
  stamp: at,
  deletedAt: 0,
  master: null,
  cascade: null,
  purged: false,
})

const below = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

export function openTable(type: string): Table {
  const rows: Row[] = []
  const byId = new Map<string, Row>()
  const slots = new Map<string, number>()
  const fields = new Map<string, FieldDefinition>()
  const indexes = new Map<string, Map<string, Set<Row>>>()
  const stamped: Row[] = []
  let rowsSorted = true
  /** Null: nobody asked for the order by stamp yet. */
  let stampsSorted: boolean | null = null

  const slot = (field: string): number => {
    let at = slots.get(field)
    if (at === undefined) slots.set(field, (at = slots.size))
    return at
  }
  const reader = (field: string): ((row: Row) => Value) => {
    const system = SYSTEM[field]
    if (system) return system
    const at = slot(field)
    // A box that nobody ticked is not empty but unticked, in old records of a new field too.
    const none = fields.get(field.toLowerCase())?.type === 'boolean' ? false : null
    return (row) => row.values[at] ?? none
  }
  const note = (index: Map<string, Set<Row>>, value: Value, row: Row): void => {
    const key = indexKey(value)
    const same = index.get(key)
    if (same) same.add(row)
    else index.set(key, new Set([row]))
  }
  const indexOf = (field: string): Map<string, Set<Row>> => {
    let index = indexes.get(field)
    if (!index) {
      index = new Map()
      const read = reader(field)
      for (const row of rows) {
        const value = read(row)
        if (value !== null) note(index, value, row)
      }
      indexes.set(field, index)
    }
    return index
  }
  const table: Table = {
    type,
    byId,
    fields,
    rows() {
      if (!rowsSorted) rows.sort((a, b) => below(a.id, b.id))
      rowsSorted = true
      return rows
    },
    byStamp() {
      if (stampsSorted === null) for (const row of table.rows()) stamped.push(row)
      // Nearly in order after a few changes, which costs little more than a look at each.
      if (stampsSorted !== true) stamped.sort((a, b) => a.stamp - b.stamp || below(a.id, b.id))
      stampsSorted = true
      return stamped
    },
    indexed: (field, value) => [...(indexOf(field).get(indexKey(value)) ?? [])],
    slot,
    get: (row, field) => reader(field)(row),
    reader,
    insert(row) {
      const last = rows.at(-1)
      if (last && last.id > row.id) rowsSorted = false
      rows.push(row)
      byId.set(row.id, row)
      if (stampsSorted !== null) {
        stamped.push(row)
        stampsSorted = false
      }
      for (const [field, index] of indexes) {
        const value = reader(field)(row)
        if (value !== null) note(index, value, row)
      }
    },
    purge(row) {
      row.purged = true
      byId.delete(row.id)
      const at = rows.indexOf(row)
      if (at >= 0) rows.splice(at, 1)
      const place = stamped.indexOf(row)
      if (place >= 0) stamped.splice(place, 1)
      for (const [field, index] of indexes) index.get(indexKey(reader(field)(row)))?.delete(row)
    },
    set(row, field, given) {
      const at = slot(field)
      const before = row.values[at] ?? null
      if (before === given) return false
      const index = indexes.get(field)
      if (index && before !== null) index.get(indexKey(before))?.delete(row)
      while (row.values.length < at) row.values.push(undefined)
      row.values[at] = given === null ? undefined : share(given)
      if (index && given !== null) note(index, given, row)
      return true
    },
    stamp(row, at) {
      if (row.stamp === at) return
      row.stamp = at
      if (stampsSorted) stampsSorted = false
    },
  }
  return table
}
