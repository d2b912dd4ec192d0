/**
 * A record is written for a caller: by its id, by an external id, or as a new one. Every way in goes through here: a
 * record by itself, collections, composite calls and the Bulk API.
 */
import type { Values } from './entries.ts'
import type { Value } from './field.ts'
import { readValue } from './field-values.ts'
import { PERSON_FIELDS } from './objects-people.ts'
import { contactValues, isPerson } from './person.ts'
import type { ApiError } from './problems.ts'
import { readId } from './record-ids.ts'
import { brokenRules, duplicates } from './rules.ts'
import type { Source } from './soql-fields.ts'
import type { By, SalesforceState } from './state.ts'
import type { Row, Table } from './tables.ts'

export interface Save {
  readonly type: string
  /** Of the record that is to be changed; null: by the external id, or a new one. */
  readonly id: string | null
  readonly external: { readonly field: string; readonly value: string } | null
  /** Fields as they came; `Account: { Key__c: 'x' }` names a parent by its external id. */
  readonly values: Readonly<Record<string, unknown>>
  /** Duplicates are saved all the same: Sforce-Duplicate-Rule-Header. */
  readonly allowDuplicates?: boolean
}

export type Saved =
  | { readonly ok: true; readonly id: string; readonly created: boolean }
  /** `status`: what the call of one record answers. */
  | { readonly ok: false; readonly status: number; readonly errors: readonly ApiError[] }

export interface Saver {
  readonly state: SalesforceState
  readonly source: Source
  readonly by: By
}

/** What was checked and only has to be done. */
export interface Ready {
  readonly ok: true
  carryOut(): { readonly id: string; readonly created: boolean }
}

export type Checked = Ready | (Saved & { readonly ok: false })

const no = (status: number, errorCode: string, message: string, fields: readonly string[] = []): Checked => ({
  ok: false,
  status,
  errors: [{ errorCode, message, fields }],
})

export function save(saver: Saver, given: Save): Saved {
  const checked = check(saver, given)
  return checked.ok ? { ok: true, ...checked.carryOut() } : checked
}

/** Everything that could be wrong, before anything is done. */
export function check(saver: Saver, given: Save): Checked {
  const { state, source, by } = saver
  const table = source.table(given.type)
  const object = table && state.tables.objects.get(table.type)
  if (!table || !object) return no(404, 'NOT_FOUND', 'The requested resource does not exist')
  const found = find(saver, table, given)
  if ('ok' in found) return found
  const { row } = found
  const { type } = table
  const access = state.objectAccess(type)
  if (object.readOnly || !(row ? access.edit : access.create)) {
    return no(
      400,
      row ? 'INSUFFICIENT_ACCESS_OR_READONLY' : 'CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY',
      row ? 'insufficient access rights on object id' : `entity type cannot be inserted: ${object.label}`,
    )
  }
  const read = readValues(saver, table, row, given)
  if (read.errors.length > 0) return { ok: false, status: 400, errors: read.errors }
  const values = read.values
  const errors = missing(state, table, row, values)
  if (errors.length > 0) return { ok: false, status: 400, errors }
  const locked = [row?.id, ...parents(table, row, values)].filter((id) => id !== undefined)
  for (const id of locked) {
    if (!state.isLocked(id)) continue
    return no(
      400,
      'UNABLE_TO_LOCK_ROW',
      `unable to obtain exclusive access to this record or 1 records: ${id}`,
    )
  }
  const refusals = [
    ...taken(table, row, values),
    ...brokenRules({ state, source, table, row, values }),
    ...(given.allowDuplicates ? [] : duplicates({ state, source, table, row, values })),
  ]
  if (refusals.length > 0) return { ok: false, status: 400, errors: refusals }
  return {
    ok: true,
    carryOut() {
      if (!row) return { id: state.createRecord(type, values, by), created: true }
      state.updateRecord(type, row.id, values, by)
      return { id: row.id, created: false }
    },
  }
}

/** The record that is meant; null: a new one. */
function find(saver: Saver, table: Table, given: Save): { readonly row: Row | null } | Checked {
  const { state } = saver
  if (given.external) return byExternalId(saver, table, given.external)
  if (given.id === null) return { row: null }
  const id = readId(given.id)
  if (id === null)
    return no(400, 'MALFORMED_ID', `${table.type} ID: id value of incorrect type: ${given.id}`, ['Id'])
  const row = table.byId.get(id)
  if (!row) return no(404, 'INVALID_CROSS_REFERENCE_KEY', 'invalid cross reference id')
  if (row.deletedAt > 0) return no(404, 'ENTITY_IS_DELETED', 'entity is deleted')
  if (state.isHidden(id)) {
    return no(403, 'INSUFFICIENT_ACCESS_OR_READONLY', 'insufficient access rights on object id')
  }
  return { row }
}

function byExternalId(
  { state, source }: Saver,
  table: Table,
  external: { field: string; value: string },
): { readonly row: Row | null } | Checked {
  const field = table.fields.get(external.field.toLowerCase())
  if (!field || !source.canRead(table, field) || !(field.externalId || field.type === 'id')) {
    return no(
      404,
      'NOT_FOUND',
      `Provided external ID field does not exist or is not accessible: ${external.field}`,
    )
  }
  if (field.type === 'id') {
    return find({ state, source, by: { userId: '', client: null } }, table, {
      type: table.type,
      id: external.value,
      external: null,
      values: {},
    })
  }
  if (external.value === '') return no(400, 'MISSING_ARGUMENT', `${field.name} not specified`)
  const rows = table
    .indexed(field.name, external.value)
    .filter(
      (row) =>
        row.deletedAt === 0 &&
        (!field.caseSensitive || String(table.get(row, field.name)) === external.value),
    )
  if (rows.length > 1) {
    return no(
      300,
      'DUPLICATE_EXTERNAL_ID',
      `more than one record found for external id field: [${rows.map(({ id }) => id).join(', ')}]`,
    )
  }
  const [row] = rows
  if (row && state.isHidden(row.id)) {
    return no(403, 'INSUFFICIENT_ACCESS_OR_READONLY', 'insufficient access rights on object id')
  }
  return { row: row ?? null }
}

function readValues(
  saver: Saver,
  table: Table,
  row: Row | null,
  given: Save,
): { readonly values: Record<string, Value>; readonly errors: readonly ApiError[] } {
  const { state, source } = saver
  const values: Record<string, Value> = {}
  const readOnly: string[] = []
  const errors: ApiError[] = []
  for (const [name, value] of Object.entries(given.values)) {
    if (name === 'attributes') continue
    const field = table.fields.get(name.toLowerCase())
    if (!field || !source.canRead(table, field)) {
      const parent = parentOf(saver, table, name, value)
      if (parent === null) {
        errors.push({
          errorCode: 'INVALID_FIELD',
          message: `No such column '${name}' on sobject of type ${table.type}`,
        })
      } else if ('error' in parent) errors.push(parent.error)
      else values[parent.field] = parent.id
      continue
    }
    if (field.type === 'id' && row && readId(String(value)) === row.id) continue
    const writable = row ? field.updateable : field.createable
    if (!writable || !field.editable || field.calculated || field.autoNumber) readOnly.push(field.name)
    else {
      const read = readValue(state, field, value)
      if ('error' in read) errors.push(read.error)
      else values[field.name] = read.value
    }
  }
  if (given.external && !row) {
    const field = table.fields.get(given.external.field.toLowerCase())
    if (field && field.type !== 'id') {
      const read = readValue(state, field, given.external.value)
      if ('value' in read) values[field.name] = read.value
      else errors.push(read.error)
    }
  }
  if (readOnly.length > 0) {
    errors.push({
      errorCode: 'INVALID_FIELD_FOR_INSERT_UPDATE',
      message: `Unable to create/update fields: ${readOnly.join(', ')}. Please check the security settings of this field and verify that it is read/write for your profile or permission set.`,
      fields: readOnly,
    })
  }
  errors.push(...wrongKind(state, table, row, values))
  return { values, errors }
}

/** `Account: { Key__c: 'x' }`: the parent with that external id. */
function parentOf(
  saver: Saver,
  table: Table,
  name: string,
  value: unknown,
): { readonly field: string; readonly id: string } | { readonly error: ApiError } | null {
  const field = [...table.fields.values()].find(
    ({ relationship }) => relationship?.toLowerCase() === name.toLowerCase(),
  )
  if (!field || typeof value !== 'object' || value === null) return null
  const [[key, wanted] = []] = Object.entries(value).filter(([one]) => one !== 'attributes')
  const [type] = field.referenceTo
  const parent = saver.source.table(type)
  if (key === undefined || !parent) return null
  const found = byExternalId(saver, parent, { field: key, value: String(wanted) })
  if ('row' in found && found.row) return { field: field.name, id: found.row.id }
  return {
    error: {
      errorCode: 'INVALID_FIELD',
      message: `Foreign key external ID: ${String(wanted)} not found for field ${key} in entity ${type}`,
      fields: [],
    },
  }
}

/** Fields of persons on companies, of companies on persons, and contacts that are persons. */
function wrongKind(state: SalesforceState, table: Table, row: Row | null, values: Values): ApiError[] {
  if (!state.features.personAccounts) return []
  if (table.type === 'Contact' && row && table.get(row, 'IsPersonAccount') === true) {
    return [
      {
        errorCode: 'INVALID_PERSON_ACCOUNT_OPERATION',
        message: 'cannot update a Contact record that is part of a Person Account: update the Account',
        fields: [],
      },
    ]
  }
  if (table.type !== 'Account') return []
  const person = row
    ? table.get(row, 'IsPersonAccount') === true
    : isPerson(
        values,
        new Set(
          state.tables
            .table('RecordType')
            .indexed('IsPersonType', true)
            .map(({ id }) => id),
        ),
      )
  const wrong = Object.keys(values).filter((name) =>
    person
      ? name === 'Name' || name === 'ParentId'
      : values[name] !== null &&
        values[name] !== false &&
        (PERSON_FIELDS[name] !== undefined || name.endsWith('__pc')),
  )
  if (wrong.length === 0) return []
  return [
    {
      errorCode: 'INVALID_FIELD_FOR_INSERT_UPDATE',
      message: `Account: bad field names on insert/update call: ${wrong.join(', ')}`,
      fields: wrong,
    },
  ]
}

function missing(state: SalesforceState, table: Table, row: Row | null, values: Values): ApiError[] {
  const person =
    table.type === 'Account' && state.features.personAccounts && contactValues(values).LastName !== undefined
  const absent = [...table.fields.values()]
    .filter((field) => {
      if (!field.required || field.type === 'boolean' || !field.createable) return false
      const value = values[field.name]
      if (row) return value === null
      if (field.defaultValue !== null || field.name === 'OwnerId') return value === null
      if (person && field.name === 'Name') return false
      return value === undefined || value === null
    })
    .map(({ name }) => name)
  if (absent.length === 0) return []
  return [
    {
      errorCode: 'REQUIRED_FIELD_MISSING',
      message: `Required fields are missing: [${absent.join(', ')}]`,
      fields: absent,
    },
  ]
}

/** Records that are held while this one is written: its account's, above all. */
function parents(table: Table, row: Row | null, values: Values): string[] {
  const ids: string[] = []
  for (const field of ['AccountId', 'WhatId', 'ParentId']) {
    if (!table.fields.has(field.toLowerCase())) continue
    const value = values[field] ?? (row ? table.get(row, field) : null)
    if (typeof value === 'string') ids.push(value)
  }
  return ids
}

function taken(table: Table, row: Row | null, values: Values): ApiError[] {
  const errors: ApiError[] = []
  for (const [name, value] of Object.entries(values)) {
    if (value === null || !table.fields.get(name.toLowerCase())?.unique) continue
    const [other] = table.indexed(name, value).filter((one) => one !== row && one.deletedAt === 0)
    if (!other) continue
    errors.push({
      errorCode: 'DUPLICATE_VALUE',
      message: `duplicate value found: ${name} duplicates value on record with id: ${other.id.slice(0, 15)}`,
      fields: [],
    })
  }
  return errors
}
