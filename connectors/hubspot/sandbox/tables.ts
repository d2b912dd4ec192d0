/**
 * How the sandbox keeps its records: a table for each kind of object, values in slots rather than in objects with
 * thirty keys, and of the past only what differs from how a record began. A hundred thousand records fit into a
 * few hundred megabytes that way.
 */

import { lowerBound } from '../../sandbox/lower-bound.ts'

/** Who changed a value, as HubSpot's history names it: `INTEGRATION` with the app's id, `CRM_UI` with the user's. */
export interface Source {
  readonly sourceType: string
  readonly sourceId: string | null
}

export interface Version {
  readonly value: string
  /** Epoch milliseconds. */
  readonly at: number
  readonly source: Source
}

export interface StoredRecord {
  readonly id: string
  /** The id as a number: what lists are sorted by. */
  readonly order: number
  createdAt: number
  updatedAt: number
  /** 0: not archived. */
  archivedAt: number
  /** By slot of the table. `undefined`: never had a value; '': cleared. */
  readonly values: (string | undefined)[]
  /** Who created it: the source of all values that were not changed since. */
  source: Source
  /** When the values came that it was created with. */
  begunAt: number
  /** By slot, oldest first; only of slots that were written after the creation. */
  history: Map<number, Version[]> | null
}

export interface RecordTable {
  readonly type: string
  /** Ascending by id. */
  readonly live: StoredRecord[]
  readonly archived: StoredRecord[]
  readonly byId: Map<string, StoredRecord>
  /** Ids that were merged away, to the id that answers for them. */
  readonly mergedInto: Map<string, string>
  readonly slots: Map<string, number>
  readonly names: string[]
  /** By unique property: value in lower case to id. */
  readonly unique: Map<string, Map<string, string>>
}

export function openTable(type: string): RecordTable {
  return {
    type,
    live: [],
    archived: [],
    byId: new Map(),
    mergedInto: new Map(),
    slots: new Map(),
    names: [],
    unique: new Map(),
  }
}

/** HubSpot keeps 45 past values of a contact's property and 20 of any other object's. */
const PAST_VALUES = (type: string): number => (type === 'contacts' ? 45 : 20)

/** Values repeat (stages, yes and no, small numbers): one string for all of them. */
const shared = new Map<string, string>()
const SHARED_LENGTH = 24
const SHARED_COUNT = 200_000

function share(value: string): string {
  if (value.length > SHARED_LENGTH) return value
  const known = shared.get(value)
  if (known !== undefined) return known
  if (shared.size < SHARED_COUNT) shared.set(value, value)
  return value
}

export function slotOf(table: RecordTable, property: string): number {
  let slot = table.slots.get(property)
  if (slot === undefined) {
    slot = table.names.length
    table.names.push(property)
    table.slots.set(property, slot)
  }
  return slot
}

/** What a record says for a property; properties that HubSpot keeps itself included. */
export function valueOf(table: RecordTable, record: StoredRecord, property: string): string | undefined {
  switch (property) {
    case 'hs_object_id':
      return record.id
    case 'lastmodifieddate':
    case 'hs_lastmodifieddate':
      return new Date(record.updatedAt).toISOString()
    case 'createdate':
    case 'hs_createdate':
      return new Date(record.createdAt).toISOString()
  }
  const slot = table.slots.get(property)
  return slot === undefined ? undefined : record.values[slot]
}

/** Past values, newest first as HubSpot lists them, the present one included. */
export function versionsOf(table: RecordTable, record: StoredRecord, property: string): readonly Version[] {
  const slot = table.slots.get(property)
  if (slot === undefined) {
    const value = valueOf(table, record, property)
    return value === undefined ? [] : [{ value, at: record.updatedAt, source: record.source }]
  }
  const kept = record.history?.get(slot)
  if (kept) return kept.toReversed()
  const value = record.values[slot]
  return value === undefined ? [] : [{ value, at: record.begunAt, source: record.source }]
}

/** Sets values and remembers those before; answers the names of properties whose value is another one now. */
export function assign(
  table: RecordTable,
  record: StoredRecord,
  properties: Readonly<Record<string, string>>,
  at: number,
  source: Source,
): string[] {
  const changed: string[] = []
  for (const [name, given] of Object.entries(properties)) {
    const slot = slotOf(table, name)
    const before = record.values[slot]
    if (before === given || (before === undefined && given === '')) continue
    const value = share(given)
    record.history ??= new Map()
    let versions = record.history.get(slot)
    if (!versions) {
      versions = before === undefined ? [] : [{ value: before, at: record.begunAt, source: record.source }]
      record.history.set(slot, versions)
    }
    versions.push({ value, at, source })
    if (versions.length > PAST_VALUES(table.type)) versions.shift()
    setValue(table, record, slot, name, value)
    changed.push(name)
  }
  return changed
}

/** The values that a record begins with: no history of their own. */
export function begin(
  table: RecordTable,
  record: StoredRecord,
  properties: Readonly<Record<string, string>>,
): void {
  for (const [name, value] of Object.entries(properties)) {
    if (value !== '') setValue(table, record, slotOf(table, name), name, share(value))
  }
}

function setValue(table: RecordTable, record: StoredRecord, slot: number, name: string, value: string): void {
  const index = table.unique.get(name)
  if (index) {
    const before = record.values[slot]
    if (before && index.get(before.toLowerCase()) === record.id) index.delete(before.toLowerCase())
    if (value !== '') index.set(value.toLowerCase(), record.id)
  }
  while (record.values.length < slot) record.values.push(undefined)
  record.values[slot] = value
}

/** From now on each value of the property belongs to one record. */
export function makeUnique(table: RecordTable, property: string): void {
  if (table.unique.has(property)) return
  const index = new Map<string, string>()
  table.unique.set(property, index)
  const slot = table.slots.get(property)
  if (slot === undefined) return
  for (const record of table.live) {
    const value = record.values[slot]
    if (value) index.set(value.toLowerCase(), record.id)
  }
}

/** Takes a record out of the unique indexes: archived ones give their values free. */
export function releaseUnique(table: RecordTable, record: StoredRecord): void {
  for (const [property, index] of table.unique) {
    const value = valueOf(table, record, property)
    if (value && index.get(value.toLowerCase()) === record.id) index.delete(value.toLowerCase())
  }
}

export function claimUnique(table: RecordTable, record: StoredRecord): void {
  for (const [property, index] of table.unique) {
    const value = valueOf(table, record, property)
    if (value && !index.has(value.toLowerCase())) index.set(value.toLowerCase(), record.id)
  }
}

/** Where the first record with at least this id stands in a list that ascends by id. */
export const placeOf = (records: readonly StoredRecord[], id: number): number =>
  lowerBound(records, id, ({ order }) => order)

export function insert(records: StoredRecord[], record: StoredRecord): void {
  const last = records.at(-1)
  if (!last || last.order < record.order) records.push(record)
  else records.splice(placeOf(records, record.order), 0, record)
}

export function remove(records: StoredRecord[], record: StoredRecord): void {
  const at = placeOf(records, record.order)
  if (records[at] === record) records.splice(at, 1)
}
