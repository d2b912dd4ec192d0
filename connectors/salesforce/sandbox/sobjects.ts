/**
 * Records one at a time.
 *
 * @see https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/resources_sobject_retrieve.htm
 */
import { z } from 'zod'
import type { SandboxAnswer } from '../../sandbox/http.ts'
import { problemOf, refused, type ApiError } from './problems.ts'
import { readId } from './record-ids.ts'
import { DATA, parseBody, typeOf, type SandboxRequest, type SandboxRoute } from './route.ts'
import { save, type Save, type Saved } from './saving.ts'
import { addressReader } from './soql-query.ts'
import type { Row, Table } from './tables.ts'

export const recordSchema = z.record(z.string(), z.unknown())

/** Whether the caller saves duplicates all the same. */
export const allowsDuplicates = ({ headers }: SandboxRequest): boolean =>
  /allowSave\s*=\s*true/i.test(String(headers['sforce-duplicate-rule-header'] ?? ''))

export const saverOf = ({ state, context, by }: SandboxRequest) => ({ state, source: context.source, by })

function written(request: SandboxRequest, given: Omit<Save, 'allowDuplicates'>): Saved & { ok: true } {
  const saved = request.state.transaction(() =>
    save(saverOf(request), { ...given, allowDuplicates: allowsDuplicates(request) }),
  )
  if (saved.ok) return saved
  throw problemOf({ status: saved.status, errors: saved.errors })
}

const create: SandboxRoute = {
  method: 'POST',
  path: `${DATA}/sobjects/:type`,
  kind: 'call',
  handle(request) {
    const type = typeOf(request)
    const values = parseBody(recordSchema, request)
    const { id } = written(request, { type, id: null, external: null, values })
    return {
      status: 201,
      headers: { Location: `${request.base}/sobjects/${type}/${id}` },
      body: { id, success: true, errors: [] },
    }
  },
}

/** The record that a path names. */
export function found(request: SandboxRequest, type: string, given: string): readonly [Table, Row] {
  const table = request.context.source.table(type)
  const id = readId(given)
  const row = id === null ? undefined : table?.byId.get(id)
  if (!table || !row || !request.context.source.canSee(row)) {
    throw refused(404, 'NOT_FOUND', 'The requested resource does not exist')
  }
  if (row.deletedAt > 0) throw refused(404, 'ENTITY_IS_DELETED', 'entity is deleted')
  return [table, row]
}

/** A record with these fields; none are named: all that may be read. */
export function shown(
  request: SandboxRequest,
  table: Table,
  row: Row,
  names: readonly string[] | null,
): Record<string, unknown> {
  const { source } = request.context
  const { type } = table
  const record: Record<string, unknown> = {
    attributes: { type, url: `${request.base}/sobjects/${type}/${row.id}` },
  }
  const wanted =
    names ??
    [...table.fields.values()].filter((field) => source.canRead(table, field)).map(({ name }) => name)
  for (const name of [...wanted, ...(names ? ['Id'] : [])]) {
    const field = table.fields.get(name.toLowerCase())
    if (!field || !source.canRead(table, field)) {
      throw refused(
        400,
        'INVALID_FIELD',
        `\nNo such column '${name}' on entity '${type}'. If you are attempting to use a custom field, be sure to append the '__c' after the custom field name. Please reference your WSDL or the describe call for the appropriate names.`,
      )
    }
    record[field.name] =
      field.type === 'address' ? addressReader(table, field.name)(row) : table.get(row, field.name)
  }
  return record
}

const fieldsOf = ({ query }: SandboxRequest): string[] | null =>
  query
    .get('fields')
    ?.split(',')
    .map((name) => name.trim()) ?? null

const read: SandboxRoute = {
  method: 'GET',
  path: `${DATA}/sobjects/:type/:id`,
  kind: 'call',
  handle(request) {
    const [table, row] = found(request, typeOf(request), request.params.id)
    return { status: 200, body: shown(request, table, row, fieldsOf(request)) }
  },
}

const update: SandboxRoute = {
  method: 'PATCH',
  path: `${DATA}/sobjects/:type/:id`,
  kind: 'call',
  handle(request) {
    const type = typeOf(request)
    found(request, type, request.params.id)
    const values = parseBody(recordSchema, request)
    written(request, { type, id: request.params.id, external: null, values })
    return { status: 204 }
  },
}

const remove: SandboxRoute = {
  method: 'DELETE',
  path: `${DATA}/sobjects/:type/:id`,
  kind: 'call',
  handle(request) {
    const [table, row] = found(request, typeOf(request), request.params.id)
    const refusal = deleteRecord(request, table, row)
    if (refusal) throw problemOf({ status: 400, errors: [refusal] })
    return { status: 204 }
  },
}

/** @returns why not; null: done */
export function deleteRecord({ state, by }: SandboxRequest, table: Table, row: Row): ApiError | null {
  if (!state.objectAccess(table.type).delete || state.tables.objects.get(table.type)?.readOnly) {
    return {
      errorCode: 'INSUFFICIENT_ACCESS_OR_READONLY',
      message: 'insufficient access rights on object id',
      fields: [],
    }
  }
  state.deleteRecord(table.type, row.id, by)
  return null
}

/** @see https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/dome_upsert.htm */
const upsert: SandboxRoute = {
  method: 'PATCH',
  path: `${DATA}/sobjects/:type/:field/:value`,
  kind: 'call',
  handle(request): SandboxAnswer {
    const type = typeOf(request)
    const { field, value } = request.params
    const values = parseBody(recordSchema, request)
    if (Object.keys(values).some((name) => name.toLowerCase() === field.toLowerCase())) {
      throw refused(400, 'INVALID_FIELD', `The ${field} field should not be specified in the sobject data.`, [
        field,
      ])
    }
    const { id, created } = written(request, { type, id: null, external: { field, value }, values })
    return { status: created ? 201 : 200, body: { id, success: true, errors: [], created } }
  },
}

const byExternalId: SandboxRoute = {
  method: 'GET',
  path: `${DATA}/sobjects/:type/:field/:value`,
  kind: 'call',
  handle(request) {
    const type = typeOf(request)
    const { field, value } = request.params
    const table = request.context.source.table(type)
    const known = table?.fields.get(field.toLowerCase())
    if (!table || !known?.externalId) {
      throw refused(
        404,
        'NOT_FOUND',
        `Provided external ID field does not exist or is not accessible: ${field}`,
      )
    }
    const rows = table
      .indexed(known.name, value)
      .filter((row) => row.deletedAt === 0 && request.context.source.canSee(row))
    if (rows.length === 0) throw refused(404, 'NOT_FOUND', 'The requested resource does not exist')
    if (rows.length > 1) {
      return { status: 300, body: rows.map(({ id }) => `${request.base}/sobjects/${type}/${id}`) }
    }
    return { status: 200, body: shown(request, table, rows[0], fieldsOf(request)) }
  },
}

export const sobjectRoutes: readonly SandboxRoute[] = [create, read, update, remove, byExternalId, upsert]
