/** The portal's tables and what each entry of the journal does to them. */
import { baseGroup, standardProperties, type PropertyDefinition, type PropertyGroup } from './definitions.ts'
import type { Account, AssociationLabel, Entry, Owner, Token, ValidationRule } from './entries.ts'
import { openAssociations, type Associations } from './associations-table.ts'
import { defaultTypeId, labelOf, primaryTypeId } from './object-types.ts'
import {
  assign,
  begin,
  claimUnique,
  insert,
  makeUnique,
  openTable,
  releaseUnique,
  remove,
  slotOf,
  type RecordTable,
  type StoredRecord,
} from './tables.ts'

export interface Portal {
  table(type: string): RecordTable
  readonly associations: Associations
  definitions(type: string): Map<string, PropertyDefinition>
  groups(type: string): Map<string, PropertyGroup>
  labels(fromType: string, toType: string): readonly AssociationLabel[]
  readonly rules: Map<string, readonly ValidationRule[]>
  readonly owners: Map<string, Owner>
  readonly tokens: Map<string, Token>
  account(): Account
  documents(table: string): Map<string, unknown>
  tableNames(): readonly string[]
  documentTables(): readonly string[]
  addedLabels(): ReadonlyMap<string, readonly AssociationLabel[]>
  nextId(): string
  /** Moves the associations of the ids merged into a record over to it. */
  adopt(type: string, into: string): void
  /** Told of a record just before it changes; the search index shows what was for a while. */
  beforeChange: ((table: RecordTable, record: StoredRecord | null, id: string, at: number) => void) | null
  /** @returns names of the properties whose value changed */
  apply(entry: Entry): readonly string[]
}

const NONE: readonly string[] = []

const ACCOUNT: Account = {
  accountType: 'STANDARD',
  timeZone: 'Europe/Berlin',
  companyCurrency: 'EUR',
  additionalCurrencies: ['USD'],
  uiDomain: 'app-eu1.hubspot.com',
  dataHostingLocation: 'eu1',
}

/** Ids count on from here, for all objects of the portal together. */
const FIRST_ID = 30_000_000_001

export function openPortal(given: Partial<Account>): Portal {
  const tables = new Map<string, RecordTable>()
  const definitions = new Map<string, Map<string, PropertyDefinition>>()
  const groups = new Map<string, Map<string, PropertyGroup>>()
  const labels = new Map<string, AssociationLabel[]>()
  const documents = new Map<string, Map<string, unknown>>()
  const associations = openAssociations()
  let account: Account = { ...ACCOUNT, ...given }
  let lastId = FIRST_ID - 1

  const defined = (type: string): Map<string, PropertyDefinition> => {
    let known = definitions.get(type)
    if (!known) {
      known = new Map(standardProperties(type).map((definition) => [definition.name, definition]))
      definitions.set(type, known)
    }
    return known
  }

  const portal: Portal = {
    table(type) {
      let table = tables.get(type)
      if (!table) {
        table = openTable(type)
        tables.set(type, table)
        for (const { name, hasUniqueValue } of defined(type).values()) {
          if (hasUniqueValue && name !== 'hs_object_id') makeUnique(table, name)
        }
      }
      return table
    },
    associations,
    definitions: defined,
    groups(type) {
      let known = groups.get(type)
      if (!known) {
        const base = baseGroup(type)
        known = new Map([[base.name, base]])
        groups.set(type, known)
      }
      return known
    },
    labels(fromType, toType) {
      const own = [defaultTypeId(fromType, toType), primaryTypeId(fromType, toType)]
        .filter((typeId) => typeId !== null)
        .map((typeId) => ({
          category: 'HUBSPOT_DEFINED' as const,
          typeId,
          label: labelOf(fromType, toType, typeId),
        }))
      return [...own, ...(labels.get(`${fromType}>${toType}`) ?? [])]
    },
    rules: new Map(),
    owners: new Map(),
    tokens: new Map(),
    account: () => account,
    documents(table) {
      let known = documents.get(table)
      if (!known) documents.set(table, (known = new Map()))
      return known
    },
    tableNames: () => [...tables.keys()],
    documentTables: () => [...documents.keys()],
    addedLabels: () => labels,
    nextId: () => String(lastId + 1),
    adopt(type, into) {
      for (const [id, survivor] of portal.table(type).mergedInto) {
        if (survivor === into && id !== into) associations.move(type, id, into)
      }
    },
    beforeChange: null,
    apply,
  }

  function apply(entry: Entry): readonly string[] {
    switch (entry.kind) {
      case 'create': {
        const table = portal.table(entry.type)
        portal.beforeChange?.(table, null, entry.id, entry.at)
        const record: StoredRecord = {
          id: entry.id,
          order: Number(entry.id),
          createdAt: entry.created,
          updatedAt: entry.at,
          archivedAt: 0,
          begunAt: entry.at,
          values: [],
          source: entry.source,
          history: null,
        }
        begin(table, record, entry.properties)
        table.byId.set(record.id, record)
        insert(table.live, record)
        lastId = Math.max(lastId, Number(entry.id))
        return NONE
      }
      case 'record': {
        const table = portal.table(entry.type)
        const record: StoredRecord = {
          id: entry.id,
          order: Number(entry.id),
          createdAt: entry.created,
          updatedAt: entry.updated,
          archivedAt: entry.archived,
          begunAt: entry.begun,
          values: [],
          source: entry.source,
          history: null,
        }
        begin(table, record, entry.properties)
        for (const [name, versions] of Object.entries(entry.history)) {
          record.history ??= new Map()
          record.history.set(slotOf(table, name), [...versions])
        }
        if (record.archivedAt) releaseUnique(table, record)
        table.byId.set(record.id, record)
        insert(record.archivedAt ? table.archived : table.live, record)
        lastId = Math.max(lastId, Number(entry.id))
        return NONE
      }
      case 'update': {
        const table = portal.table(entry.type)
        const record = table.byId.get(entry.id)
        if (!record) return NONE
        portal.beforeChange?.(table, record, record.id, entry.at)
        const changed = assign(table, record, entry.properties, entry.at, entry.source)
        // Any write moves it on, one that changes nothing too.
        record.updatedAt = Math.max(record.updatedAt, entry.at)
        return changed
      }
      case 'archive':
      case 'restore': {
        const table = portal.table(entry.type)
        const record = table.byId.get(entry.id)
        if (!record) return NONE
        portal.beforeChange?.(table, record, record.id, entry.at)
        const archive = entry.kind === 'archive'
        if (archive) releaseUnique(table, record)
        else claimUnique(table, record)
        remove(archive ? table.live : table.archived, record)
        record.archivedAt = archive ? entry.at : 0
        record.updatedAt = Math.max(record.updatedAt, entry.at)
        insert(archive ? table.archived : table.live, record)
        return NONE
      }
      case 'erase': {
        const table = portal.table(entry.type)
        const record = table.byId.get(entry.id)
        if (record) take(table, record, entry.at)
        associations.drop(entry.type, entry.id)
        return NONE
      }
      case 'merge': {
        const table = portal.table(entry.type)
        for (const id of entry.ids) {
          const record = table.byId.get(id)
          if (record) take(table, record, entry.at)
          table.mergedInto.set(id, entry.into)
          for (const [older, survivor] of table.mergedInto) {
            if (survivor === id) table.mergedInto.set(older, entry.into)
          }
        }
        lastId = Math.max(lastId, Number(entry.into))
        portal.adopt(entry.type, entry.into)
        return NONE
      }
      case 'associate':
        associations.add(...entry.from, ...entry.to, entry.typeId)
        return NONE
      case 'dissociate':
        associations.remove(...entry.from, ...entry.to, entry.typeId)
        return NONE
      case 'property':
        defined(entry.type).set(entry.definition.name, entry.definition)
        if (entry.definition.hasUniqueValue) makeUnique(portal.table(entry.type), entry.definition.name)
        return NONE
      case 'group':
        if (entry.removed) portal.groups(entry.type).delete(entry.group.name)
        else portal.groups(entry.type).set(entry.group.name, entry.group)
        return NONE
      case 'label': {
        const known = labels.get(entry.between) ?? []
        labels.set(entry.between, [
          ...known.filter(({ typeId }) => typeId !== entry.label.typeId),
          entry.label,
        ])
        return NONE
      }
      case 'rules':
        portal.rules.set(entry.type, entry.rules)
        return NONE
      case 'owner':
        portal.owners.set(entry.owner.id, entry.owner)
        return NONE
      case 'account':
        account = entry.account
        return NONE
      case 'token':
        if (entry.removed) portal.tokens.delete(entry.token.token)
        else portal.tokens.set(entry.token.token, entry.token)
        return NONE
      case 'document':
        if (entry.value === undefined || entry.value === null) portal.documents(entry.table).delete(entry.key)
        else portal.documents(entry.table).set(entry.key, entry.value)
        return NONE
    }
  }

  function take(table: RecordTable, record: StoredRecord, at: number): void {
    portal.beforeChange?.(table, record, record.id, at)
    releaseUnique(table, record)
    remove(record.archivedAt ? table.archived : table.live, record)
    table.byId.delete(record.id)
  }

  return portal
}
