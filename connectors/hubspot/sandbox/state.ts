/**
 * The portal: what it holds, and everything that can be done to it. Each change is an entry of the journal, applied
 * and then told to those who listen (webhooks). Nothing here checks what an API caller may do: that is
 * validation.ts, and the sandbox's world does as it likes.
 */
import { baseGroup, property, type PropertyDefinition, type PropertyGroup } from './definitions.ts'
import type { Account, AssociationLabel, Entry, Owner, Token, ValidationRule } from './entries.ts'
import { mergedValues } from './merging.ts'
import { inverseTypeId, OBJECT_TYPES } from './object-types.ts'
import { openPortal, type Portal } from './portal.ts'
import { versionsOf, valueOf, type Source, type StoredRecord, type Version } from './tables.ts'

/** What happened to a record, as a webhook would tell it. */
export type SandboxChange = {
  readonly type: string
  readonly id: string
  readonly at: Date
  readonly source: Source
} & (
  | { readonly kind: 'created' | 'archived' | 'restored' | 'erased' }
  | { readonly kind: 'property'; readonly property: string; readonly value: string }
  | { readonly kind: 'merged'; readonly merged: readonly string[]; readonly primary: string }
  | {
      readonly kind: 'association'
      readonly toType: string
      readonly toId: string
      readonly typeId: number
      readonly removed: boolean
    }
)

/** A record as it is read: a copy. */
export interface SandboxRecord {
  readonly type: string
  readonly id: string
  readonly createdAt: Date
  readonly updatedAt: Date
  readonly archivedAt: Date | null
  readonly properties: Readonly<Record<string, string>>
}

type Values = Readonly<Record<string, string | number | boolean | null>>

export interface SandboxState {
  readonly portal: string
  /** The tables themselves, for the API's fast paths; read only. */
  readonly tables: Portal
  now(): Date
  /** Told of each change after it was made. Returns how to stop listening. */
  onChange(listener: (change: SandboxChange) => void): () => void

  createRecord(type: string, properties: Values, by?: Source, options?: { id?: string; at?: Date }): string
  updateRecord(type: string, id: string, properties: Values, by?: Source, options?: { at?: Date }): void
  archiveRecord(type: string, id: string, by?: Source): void
  restoreRecord(type: string, id: string, by?: Source): void
  /** Gone for good, as a privacy deletion does it. */
  eraseRecord(type: string, id: string, by?: Source): void
  /**
   * Two records become one: the primary's values win, gaps are filled from the other.
   *
   * @returns the id that answers for both; a new one with `newId`
   */
  mergeRecords(
    type: string,
    primary: string,
    other: string,
    by?: Source,
    options?: { newId?: boolean },
  ): string
  /** Null: not there. A merged id gives the record that it was merged into. */
  record(type: string, id: string): SandboxRecord | null
  /** Ids of records that are not archived, ascending. */
  ids(type: string): readonly string[]
  count(type: string): number
  value(type: string, id: string, property: string): string | null
  /** Newest first. */
  history(type: string, id: string, property: string): readonly Version[]
  /** By the value of a property that is unique, else by looking at all; null none. */
  find(type: string, property: string, value: string): SandboxRecord | null

  associate(fromType: string, from: string, toType: string, to: string, typeId: number, by?: Source): void
  dissociate(
    fromType: string,
    from: string,
    toType: string,
    to: string,
    typeId?: number | null,
    by?: Source,
  ): void
  associated(
    fromType: string,
    id: string,
    toType: string,
  ): readonly { readonly id: string; readonly typeIds: readonly number[] }[]
  labels(fromType: string, toType: string): readonly AssociationLabel[]
  addLabel(fromType: string, toType: string, label: AssociationLabel): void

  properties(type: string): readonly PropertyDefinition[]
  property(type: string, name: string): PropertyDefinition | null
  /** Adds or replaces a definition, archived ones too. */
  setProperty(type: string, definition: PropertyDefinition): void
  addProperty(type: string, name: string, given?: Parameters<typeof property>[1]): void
  groups(type: string): readonly PropertyGroup[]
  setGroup(type: string, group: PropertyGroup): void
  removeGroup(type: string, name: string): void
  rules(type: string): readonly ValidationRule[]
  setRules(type: string, rules: readonly ValidationRule[]): void

  owners(): readonly Owner[]
  setOwner(owner: Owner): void
  account(): Account
  setAccount(account: Partial<Account>): void
  tokens(): ReadonlyMap<string, Token>
  setToken(token: Token): void
  removeToken(token: string): void

  /** Whatever else is to survive a restart, by table and key, as JSON: subscriptions, statuses, the world's own state. */
  put(table: string, key: string, value: unknown): void
  get(table: string, key: string): unknown
  entries(table: string): ReadonlyMap<string, unknown>
}

/** A person in HubSpot itself did it. */
export const BY_A_USER: Source = { sourceType: 'CRM_UI', sourceId: 'userId:1000001' }

/**
 * @param write given each entry before it is applied; the journal
 * @example const state = openState({ portal: '8001', clock: () => new Date(), write: null })
 */
export function openState(options: {
  portal: string
  clock: () => Date
  account?: Partial<Account>
  write: ((entry: Entry) => void) | null
}): SandboxState {
  const tables = openPortal(options.account ?? {})

  const listeners = new Set<(change: SandboxChange) => void>()
  const commit = (entry: Entry): readonly string[] => {
    options.write?.(entry)
    return tables.apply(entry)
  }
  const tell = (change: SandboxChange): void => {
    for (const listener of listeners) listener(change)
  }
  const now = (): Date => options.clock()
  const found = (type: string, id: string): StoredRecord | undefined => {
    const table = tables.table(type)
    return table.byId.get(table.mergedInto.get(id) ?? id)
  }
  const live = (type: string, id: string): StoredRecord => {
    const record = found(type, id)
    if (!record) throw new Error(`The sandbox has no ${type} ${id}.`)
    return record
  }
  const copy = (type: string, record: StoredRecord): SandboxRecord => {
    const table = tables.table(type)
    const properties: Record<string, string> = {}
    for (const [slot, value] of record.values.entries()) {
      if (value !== undefined) properties[table.names[slot]] = value
    }
    return {
      type,
      id: record.id,
      createdAt: new Date(record.createdAt),
      updatedAt: new Date(record.updatedAt),
      archivedAt: record.archivedAt ? new Date(record.archivedAt) : null,
      properties,
    }
  }

  interface Ends {
    readonly from: readonly [type: string, id: string]
    readonly to: readonly [type: string, id: string]
  }
  const endsOf = (fromType: string, from: string, toType: string, to: string): Ends => ({
    from: [fromType, live(fromType, from).id],
    to: [toType, live(toType, to).id],
  })
  /** Each end is told, with the type as it reads from there: an app may be subscribed to either. */
  const tellBothEnds = (
    { from: [type, id], to: [toType, toId] }: Ends,
    change: { typeId: number; removed: boolean; source: Source },
  ): void => {
    const at = now()
    tell({ kind: 'association', type, id, toType, toId, at, ...change })
    const typeId = inverseTypeId(type, toType, change.typeId)
    if (typeId === null) return
    tell({ kind: 'association', type: toType, id: toId, toType: type, toId: id, at, ...change, typeId })
  }

  const state: SandboxState = {
    portal: options.portal,
    tables,
    now,
    onChange(listener) {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },

    createRecord(type, given, by = BY_A_USER, { id = tables.nextId(), at = now() } = {}) {
      const properties = texts(given)
      const created = Date.parse(properties.createdate ?? '') || at.getTime()
      delete properties.createdate
      commit({ kind: 'create', type, id, at: at.getTime(), created, source: by, properties })
      tell({ kind: 'created', type, id, at, source: by })
      if (listeners.size > 0) {
        for (const [name, value] of Object.entries(properties)) {
          if (value !== '') tell({ kind: 'property', type, id, at, source: by, property: name, value })
        }
      }
      return id
    },
    updateRecord(type, id, given, by = BY_A_USER, { at = now() } = {}) {
      const record = live(type, id)
      const properties = texts(given)
      const changed = commit({
        kind: 'update',
        type,
        id: record.id,
        at: at.getTime(),
        source: by,
        properties,
      })
      for (const name of changed) {
        tell({
          kind: 'property',
          type,
          id: record.id,
          at,
          source: by,
          property: name,
          value: properties[name],
        })
      }
    },
    archiveRecord(type, id, by = BY_A_USER) {
      const record = live(type, id)
      if (record.archivedAt) return
      const at = now()
      commit({ kind: 'archive', type, id: record.id, at: at.getTime(), source: by })
      tell({ kind: 'archived', type, id: record.id, at, source: by })
    },
    restoreRecord(type, id, by = BY_A_USER) {
      const record = live(type, id)
      if (!record.archivedAt) return
      const at = now()
      commit({ kind: 'restore', type, id: record.id, at: at.getTime(), source: by })
      tell({ kind: 'restored', type, id: record.id, at, source: by })
    },
    eraseRecord(type, id, by = BY_A_USER) {
      const record = live(type, id)
      const at = now()
      commit({ kind: 'erase', type, id: record.id, at: at.getTime(), source: by })
      tell({ kind: 'erased', type, id: record.id, at, source: by })
    },
    mergeRecords(type, primaryId, otherId, by = BY_A_USER, { newId = false } = {}) {
      const primary = live(type, primaryId)
      const other = live(type, otherId)
      if (primary === other) throw new Error(`${type} ${primaryId} and ${otherId} are one record already.`)
      const at = now()
      const winner = copy(type, primary)
      const properties = mergedValues(winner, copy(type, other), newId)
      const ids = newId ? [primary.id, other.id] : [other.id]
      let into = primary.id
      if (newId) {
        into = tables.nextId()
        const created = Math.min(primary.createdAt, other.createdAt)
        commit({ kind: 'merge', type, into, ids, at: at.getTime() })
        commit({
          kind: 'create',
          type,
          id: into,
          at: at.getTime(),
          created,
          source: by,
          properties: { ...winner.properties, ...properties },
        })
      } else {
        commit({ kind: 'merge', type, into, ids, at: at.getTime() })
        commit({ kind: 'update', type, id: into, at: at.getTime(), source: by, properties })
      }
      tell({ kind: 'merged', type, id: into, at, source: by, merged: ids, primary: primary.id })
      return into
    },
    record(type, id) {
      const record = found(type, id)
      return record ? copy(type, record) : null
    },
    ids: (type) => tables.table(type).live.map(({ id }) => id),
    count: (type) => tables.table(type).live.length,
    value(type, id, name) {
      const record = found(type, id)
      return record ? (valueOf(tables.table(type), record, name) ?? null) : null
    },
    history(type, id, name) {
      const record = found(type, id)
      return record ? versionsOf(tables.table(type), record, name) : []
    },
    find(type, name, value) {
      const table = tables.table(type)
      const index = table.unique.get(name)
      if (index) {
        const id = index.get(value.toLowerCase())
        return id === undefined ? null : state.record(type, id)
      }
      const record = table.live.find((candidate) => valueOf(table, candidate, name) === value)
      return record ? copy(type, record) : null
    },

    associate(fromType, from, toType, to, typeId, by = BY_A_USER) {
      const ends = endsOf(fromType, from, toType, to)
      if (tables.associations.has(...ends.from, ...ends.to, typeId)) return
      commit({ kind: 'associate', ...ends, typeId })
      tellBothEnds(ends, { typeId, removed: false, source: by })
    },
    dissociate(fromType, from, toType, to, typeId = null, by = BY_A_USER) {
      const ends = endsOf(fromType, from, toType, to)
      const before = tables.associations.of(...ends.from, toType).get(ends.to[1]) ?? []
      const gone = typeId === null ? [...before] : before.filter((id) => id === typeId)
      if (gone.length === 0) return
      commit({ kind: 'dissociate', ...ends, typeId })
      for (const id of gone) tellBothEnds(ends, { typeId: id, removed: true, source: by })
    },
    associated(fromType, id, toType) {
      const record = found(fromType, id)
      if (!record) return []
      return [...tables.associations.of(fromType, record.id, toType)]
        .filter(([to]) => !tables.table(toType).byId.get(to)?.archivedAt)
        .map(([to, typeIds]) => ({ id: to, typeIds: [...typeIds] }))
    },
    labels: (fromType, toType) => tables.labels(fromType, toType),
    addLabel: (fromType, toType, label) =>
      void commit({ kind: 'label', between: `${fromType}>${toType}`, label }),

    properties: (type) => [...tables.definitions(type).values()],
    property: (type, name) => tables.definitions(type).get(name) ?? null,
    setProperty: (type, definition) => void commit({ kind: 'property', type, definition }),
    addProperty(type, name, given) {
      const at = now().getTime()
      const groupName = baseGroup(type).name
      state.setProperty(type, property(name, { groupName, createdAt: at, updatedAt: at, ...given }))
    },
    groups: (type) => [...tables.groups(type).values()],
    setGroup: (type, group) => void commit({ kind: 'group', type, group }),
    removeGroup(type, name) {
      const group = tables.groups(type).get(name)
      if (group) commit({ kind: 'group', type, group, removed: true })
    },
    rules: (type) => tables.rules.get(type) ?? [],
    setRules: (type, rules) => void commit({ kind: 'rules', type, rules }),

    owners: () => [...tables.owners.values()],
    setOwner: (owner) => void commit({ kind: 'owner', owner }),
    account: () => tables.account(),
    setAccount: (account) => void commit({ kind: 'account', account: { ...tables.account(), ...account } }),
    tokens: () => tables.tokens,
    setToken: (token) => void commit({ kind: 'token', token }),
    removeToken(token) {
      const known = tables.tokens.get(token)
      if (known) commit({ kind: 'token', token: known, removed: true })
    },

    put: (table, key, value) => void commit({ kind: 'document', table, key, value }),
    get: (table, key) => tables.documents(table).get(key),
    entries: (table) => tables.documents(table),
  }
  for (const type of Object.keys(OBJECT_TYPES)) tables.table(type)
  return state
}

/** HubSpot keeps every value as text. */
function texts(values: Values): Record<string, string> {
  const result: Record<string, string> = {}
  for (const [name, value] of Object.entries(values)) result[name] = value === null ? '' : String(value)
  return result
}
