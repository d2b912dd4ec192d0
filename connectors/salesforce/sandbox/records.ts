/** Records are made, changed, deleted, brought back and merged, with everything that Salesforce does beside. */
import { contactValues, isPerson } from './person.ts'
import { derived } from './derived.ts'
import type { Audit, Entry, Values } from './entries.ts'
import { historyRows } from './field-history.ts'
import type { Value } from './field.ts'
import { formatInstant, parseInstant, wholeSecond } from './instants.ts'
import { HISTORIES } from './objects.ts'
import type { Org } from './org.ts'
import { numberOf, readId } from './record-ids.ts'
import type { By, SalesforceChange, SalesforceRecord } from './state.ts'
import { isSystem, type Row, type Table } from './tables.ts'

export type Given = Readonly<Record<string, Value | Date | undefined>>

export interface Records {
  readonly users: { readonly admin: string; readonly integration: string }
  /**
   * @param fields CreatedDate, CreatedById, LastModifiedDate, LastModifiedById and SystemModstamp too: a record that
   *   is seen later than its stamp says is made by a SystemModstamp in the past
   * @returns the 18-character id
   */
  createRecord(type: string, fields: Given, by?: By, options?: { id?: string; at?: Date }): string
  updateRecord(type: string, id: string, fields: Given, by?: By, options?: { at?: Date }): void
  /** Into the recycle bin, with what belongs to it. */
  deleteRecord(type: string, id: string, by?: By): void
  undelete(type: string, id: string, by?: By): void
  /** Out of the recycle bin, or gone at once. */
  purge(type: string, id: string): void
  /** Of tracked fields nothing is known any more that was told before. */
  forgetHistory(before: Date): void
  /** The losers' children move to the winner; the losers' values are lost unless they are given. */
  mergeRecords(type: string, winner: string, losers: readonly string[], by?: By, fields?: Given): void
  /** Deleted ones too; null: not there, or not any more. */
  record(type: string, id: string): SalesforceRecord | null
  /** Those that are not deleted, ascending by id. */
  records(type: string): IterableIterator<SalesforceRecord>
  ids(type: string): readonly string[]
  count(type: string): number
  value(type: string, id: string, field: string): Value
}

/** What goes to the recycle bin with a record: object and the field that leads to it. */
const CASCADES: Readonly<Record<string, readonly (readonly [type: string, field: string])[]>> = {
  Account: [
    ['Contact', 'AccountId'],
    ['Opportunity', 'AccountId'],
    ['Contract', 'AccountId'],
    ['Case', 'AccountId'],
    ['AccountTeamMember', 'AccountId'],
    ['AccountContactRelation', 'AccountId'],
    ['AccountContactRole', 'AccountId'],
    ['Task', 'WhatId'],
    ['Event', 'WhatId'],
  ],
  Contact: [
    ['AccountContactRelation', 'ContactId'],
    ['AccountContactRole', 'ContactId'],
    ['OpportunityContactRole', 'ContactId'],
  ],
  Opportunity: [
    ['OpportunityContactRole', 'OpportunityId'],
    ['Task', 'WhatId'],
  ],
}

export function openRecords(options: {
  org: Org
  now: () => Date
  commit: (entry: Entry) => void
  transaction: <T>(work: () => T) => T
  isListenedTo: () => boolean
  tell: (change: Omit<SalesforceChange, 'tx'>) => void
}): Records {
  const { org, now, commit, transaction, tell } = options
  // The first two users of an org; seeding makes them.
  const users = { admin: org.nextId('User'), integration: org.nextId('User') }
  const ADMIN: By = { userId: users.admin, client: null }

  const live = (type: string, given: string): readonly [table: Table, row: Row] => {
    const table = org.table(type)
    const row = table.byId.get(readId(given) ?? given)
    if (!row) throw new Error(`The sandbox has no ${type} ${given}.`)
    return [table, row]
  }
  const lookup = (type: string, id: string): ((field: string) => Value) | null => {
    const table = org.table(type)
    const row = table.byId.get(id)
    return row ? (field) => table.get(row, field) : null
  }
  const stage = (name: string): ((field: string) => Value) | null => {
    for (const row of org.table('OpportunityStage').indexed('ApiName', name)) {
      return (field) => org.table('OpportunityStage').get(row, field)
    }
    return null
  }
  const nameOf = (id: string): string | null => {
    const type = org.typeOf(id)
    return type === null ? null : ((lookup(type, id)?.('Name') ?? null) as string | null)
  }
  const derive = (type: string, given: Values, get: (field: string) => Value, at: number): Values =>
    derived(type, given, get, lookup, stage, formatInstant(at))

  /** What is given of Salesforce's own fields, else as of now. */
  const audited = (given: Given, at: number, by: By, before: Audit | null): Audit => {
    const instant = (field: string, otherwise: number): number => {
      const value = given[field]
      if (value === undefined || value === null) return otherwise
      return wholeSecond(value instanceof Date ? value.getTime() : parseInstant(String(value)))
    }
    const user = (field: string): string => (given[field] as string | undefined) ?? by.userId
    const createdAt = before?.createdAt ?? instant('CreatedDate', at)
    const modifiedAt = instant(
      'LastModifiedDate',
      before ? at : Math.max(createdAt, instant('CreatedDate', at)),
    )
    return {
      createdAt,
      createdBy: before?.createdBy ?? user('CreatedById'),
      modifiedAt,
      modifiedBy: user('LastModifiedById'),
      stamp: instant('SystemModstamp', modifiedAt),
    }
  }
  const plain = (table: Table, given: Given): Record<string, Value> => {
    const values: Record<string, Value> = {}
    for (const name in given) {
      const value = given[name]
      if (value === undefined || isSystem(name)) continue
      const field = table.fields.get(name.toLowerCase())
      if (!field) throw new Error(`The sandbox has no field ${table.type}.${name}.`)
      values[field.name] = normalised(field.type, value)
    }
    return values
  }

  const create = (
    type: string,
    id: string,
    values: Record<string, Value>,
    audit: Audit,
    by: By,
    told = true,
  ): void => {
    const table = org.table(type)
    for (const field of table.fields.values()) {
      if (field.defaultValue !== null && field.defaultValue !== false)
        values[field.name] ??= field.defaultValue
      if (field.autoNumber) values[field.name] ??= String(numberOf(id) + 999).padStart(8, '0')
    }
    if (table.fields.has('ownerid')) values.OwnerId ??= by.userId
    if (table.fields.has('currencyisocode')) values.CurrencyIsoCode ??= currency()
    Object.assign(
      values,
      derive(type, values, (field) => values[field] ?? null, audit.createdAt),
    )
    commit({ kind: 'record', type, id, values, audit })
    if (begun() && HISTORIES[type] && told) {
      if ([...table.fields.values()].some(({ trackHistory }) => trackHistory))
        remember(type, id, [{ Field: 'created', DataType: null, OldValue: null, NewValue: null }], audit, by)
    }
    if (!told || !options.isListenedTo()) return
    const fields = Object.keys(values).filter((name) => values[name] !== null)
    tell({ type, id, kind: 'create', fields, by, at: new Date(audit.stamp) })
  }
  const currency = (): string => (org.documents('settings').get('currency') as string | undefined) ?? 'EUR'
  const begun = (): boolean => org.documents('sandbox').has('begun')

  const remember = (type: string, id: string, rows: readonly Values[], audit: Audit, by: By): void => {
    const { object, parent } = HISTORIES[type]
    for (const values of rows) {
      commit({
        kind: 'record',
        type: object,
        id: org.nextId(object),
        values: { [parent]: id, ...values },
        audit: { ...audit, createdAt: audit.modifiedAt, createdBy: by.userId },
      })
    }
  }

  const update = (table: Table, row: Row, given: Record<string, Value>, audit: Audit, by: By): void => {
    const { type } = table
    const after = (field: string): Value => (field in given ? given[field] : table.get(row, field))
    Object.assign(given, derive(type, given, after, audit.modifiedAt))
    const changed = Object.keys(given).filter((name) => table.get(row, name) !== given[name])
    if (HISTORIES[type]) {
      for (const name of changed) {
        const field = table.fields.get(name.toLowerCase())
        if (!field?.trackHistory) continue
        remember(type, row.id, historyRows(field, table.get(row, name), given[name], nameOf), audit, by)
      }
    }
    const values = Object.fromEntries(changed.map((name) => [name, given[name]]))
    const { modifiedAt, modifiedBy, stamp } = audit
    commit({ kind: 'update', type, id: row.id, values, audit: { modifiedAt, modifiedBy, stamp } })
    tell({ type, id: row.id, kind: 'update', fields: changed, by, at: new Date(stamp) })
  }

  const personTypes = (): ReadonlySet<string> => {
    const table = org.table('RecordType')
    return new Set(table.indexed('IsPersonType', true).map(({ id }) => id))
  }
  /** A contact's account is one of its relations, without anybody saying so. */
  const relate = (contact: string, account: Value, audit: Audit, by: By): void => {
    const table = org.table('AccountContactRelation')
    for (const row of table.indexed('ContactId', contact)) {
      if (row.deletedAt > 0 || table.get(row, 'IsDirect') !== true) continue
      if (table.get(row, 'AccountId') === account) return
      remove('AccountContactRelation', row, by, null, null)
    }
    if (account === null) return
    const values = { AccountId: account, ContactId: contact, IsDirect: true, IsActive: true }
    create('AccountContactRelation', org.nextId('AccountContactRelation'), values, audit, by)
  }

  const remove = (type: string, row: Row, by: By, master: string | null, cascade: string | null): void => {
    const at = wholeSecond(now().getTime())
    const table = org.table(type)
    const contact = type === 'Account' ? personContact(table, row) : null
    commit({ kind: 'delete', type, id: row.id, at, by: by.userId, stamp: at, master, cascade })
    tell({ type, id: row.id, kind: 'delete', fields: [], by, at: new Date(at) })
    if (contact && contact.deletedAt === 0) remove('Contact', contact, by, null, row.id)
    if (master !== null) return
    for (const [child, field] of CASCADES[type] ?? []) {
      if (!org.objects.has(child)) continue
      for (const below of org.table(child).indexed(field, row.id)) {
        if (below.deletedAt === 0) remove(child, below, by, null, row.id)
      }
    }
  }
  const personContact = (table: Table, row: Row): Row | null => {
    if (!org.features.personAccounts) return null
    const id = table.get(row, 'PersonContactId')
    return typeof id === 'string' ? (org.table('Contact').byId.get(id) ?? null) : null
  }
  const copy = (table: Table, row: Row): SalesforceRecord => ({
    type: table.type,
    id: row.id,
    deleted: row.deletedAt > 0,
    values: Object.fromEntries([...table.fields.values()].map(({ name }) => [name, table.get(row, name)])),
  })

  return {
    users,
    createRecord(given, fields, by = ADMIN, { id, at = now() } = {}) {
      const table = org.table(given)
      const { type } = table
      const values = plain(table, fields)
      const audit = audited(fields, wholeSecond(at.getTime()), by, null)
      const made = id ?? org.nextId(type)
      if (type === 'Account' && org.features.personAccounts && isPerson(values, personTypes())) {
        const contact = org.nextId('Contact')
        transaction(() => {
          const person = { ...contactValues(values), AccountId: made, IsPersonAccount: true }
          create('Account', made, { ...values, IsPersonAccount: true, PersonContactId: contact }, audit, by)
          create('Contact', contact, person, audit, by)
        })
        return made
      }
      if (type === 'Contact' && values.AccountId !== undefined && values.AccountId !== null) {
        const account = values.AccountId
        transaction(() => {
          create(type, made, values, audit, by)
          relate(made, account, audit, by)
        })
        return made
      }
      create(type, made, values, audit, by)
      return made
    },
    updateRecord(type, id, fields, by = ADMIN, { at = now() } = {}) {
      const [table, row] = live(type, id)
      if (row.deletedAt > 0) throw new Error(`${type} ${id} is deleted.`)
      const values = plain(table, fields)
      const audit = audited(fields, wholeSecond(at.getTime()), by, row)
      const contact = table.type === 'Account' ? personContact(table, row) : null
      transaction(() => {
        const own = { ...values }
        update(table, row, own, audit, by)
        if (contact) update(org.table('Contact'), contact, contactValues(values), audit, by)
        if (table.type === 'Contact' && values.AccountId !== undefined)
          relate(row.id, values.AccountId, audit, by)
      })
    },
    deleteRecord(type, id, by = ADMIN) {
      const [table, row] = live(type, id)
      if (row.deletedAt === 0) transaction(() => remove(table.type, row, by, null, null))
    },
    undelete(type, id, by = ADMIN) {
      const [table, row] = live(type, id)
      if (row.deletedAt === 0) return
      const at = wholeSecond(now().getTime())
      const back = (name: string, one: Row): void => {
        commit({ kind: 'undelete', type: name, id: one.id, at, by: by.userId })
        tell({ type: name, id: one.id, kind: 'undelete', fields: [], by, at: new Date(at) })
        for (const [child, field] of CASCADES[name] ?? []) {
          if (!org.objects.has(child)) continue
          for (const below of org.table(child).indexed(field, one.id)) {
            if (below.deletedAt > 0 && below.cascade === one.id) back(child, below)
          }
        }
      }
      transaction(() => back(table.type, row))
    },
    purge(type, id) {
      const [table, row] = live(type, id)
      if (row.deletedAt === 0) transaction(() => remove(table.type, row, ADMIN, null, null))
      // The log of deletions knows it on: getDeleted tells it for fifteen days.
      commit({ kind: 'document', table: `purged_${table.type}`, key: row.id, value: row.deletedAt })
      commit({ kind: 'purge', type: table.type, id: row.id })
    },
    forgetHistory(before) {
      for (const { object } of Object.values(HISTORIES)) {
        const old = org
          .table(object)
          .rows()
          .filter(({ createdAt }) => createdAt < before.getTime())
        for (const { id } of old) commit({ kind: 'purge', type: object, id })
      }
    },
    mergeRecords(type, winner, losers, by = ADMIN, fields = {}) {
      const [table, kept] = live(type, winner)
      transaction(() => {
        const audit = audited({}, wholeSecond(now().getTime()), by, kept)
        for (const loser of losers) {
          const [, row] = live(type, loser)
          if (row === kept) throw new Error(`${type} ${loser} cannot be merged into itself.`)
          remove(table.type, row, by, kept.id, null)
          for (const object of org.objects.values()) {
            if (object.historyOf) continue
            const other = org.table(object.name)
            for (const field of other.fields.values()) {
              if (!field.referenceTo.includes(table.type) || isSystem(field.name)) continue
              for (const below of other.indexed(field.name, row.id)) {
                if (below.deletedAt > 0) continue
                update(other, below, { [field.name]: kept.id }, { ...audit, createdAt: below.createdAt }, by)
              }
            }
          }
        }
        update(table, kept, plain(table, fields), audit, by)
      })
    },
    record(type, id) {
      const table = org.table(type)
      const row = table.byId.get(readId(id) ?? id)
      return row ? copy(table, row) : null
    },
    *records(type) {
      const table = org.table(type)
      for (const row of table.rows()) if (row.deletedAt === 0) yield copy(table, row)
    },
    ids: (type) =>
      org
        .table(type)
        .rows()
        .filter(({ deletedAt }) => deletedAt === 0)
        .map(({ id }) => id),
    count(type) {
      let count = 0
      for (const { deletedAt } of org.table(type).rows()) if (deletedAt === 0) count++
      return count
    },
    value(type, id, field) {
      const [table, row] = live(type, id)
      return table.get(row, table.fields.get(field.toLowerCase())?.name ?? field)
    },
  }
}

/** As the API keeps it: instants in one form, ids in 18 characters, nothing rather than an empty text. */
function normalised(type: string, value: Value | Date): Value {
  if (value === null || value === '') return null
  if (value instanceof Date) {
    return type === 'date' ? value.toISOString().slice(0, 10) : formatInstant(value.getTime())
  }
  if (type === 'datetime') return formatInstant(parseInstant(String(value)))
  if (type === 'reference') return readId(String(value)) ?? value
  return value
}
