/**
 * Up to 200 records in a call, each with a result of its own.
 *
 * @see https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/resources_composite_sobjects_collections.htm
 */
import { z } from 'zod'
import type { SandboxAnswer } from '../../sandbox/http.ts'
import { refused, type ApiError } from './problems.ts'
import { readId } from './record-ids.ts'
import { DATA, parseBody, typeOf, type SandboxRequest, type SandboxRoute } from './route.ts'
import { check, type Checked, type Save } from './saving.ts'
import type { Row, Table } from './tables.ts'
import { allowsDuplicates, deleteRecord, recordSchema, saverOf, shown } from './sobjects.ts'

const MOST = 200
const MOST_READ = 2_000

const bodySchema = z.object({ allOrNone: z.boolean().optional(), records: z.array(recordSchema) })

const tooMany = (most: number): Error =>
  refused(
    400,
    'EXCEEDED_ID_LIMIT',
    `record limit reached. cannot submit more than ${most} records into this call`,
  )

type Result = { readonly id: string; readonly created: boolean } | { readonly errors: readonly ApiError[] }

/** @param created whether results say so: those of upserts do */
function show(result: Result, created: boolean): Record<string, unknown> {
  if ('id' in result) {
    return { id: result.id, success: true, errors: [], ...(created ? { created: result.created } : {}) }
  }
  const errors = result.errors.map(({ errorCode, message, fields, more }) => ({
    statusCode: errorCode,
    message,
    fields: fields ?? [],
    ...more,
  }))
  return { success: false, errors, ...(created ? { created: false } : {}) }
}

const ROLLED_BACK: ApiError = {
  errorCode: 'ALL_OR_NONE_OPERATION_ROLLED_BACK',
  message: 'Record rolled back because not all records were valid and the request was using AllOrNone header',
  fields: [],
}

/** With `allOrNone` everything is checked first and done only if nothing is wrong. */
function saveAll(
  request: SandboxRequest,
  saves: readonly (Save | ApiError)[],
  allOrNone: boolean,
): readonly Result[] {
  const checking = (given: Save | ApiError): Checked =>
    'errorCode' in given ? { ok: false, status: 400, errors: [given] } : check(saverOf(request), given)
  return request.state.transaction(() => {
    if (!allOrNone) {
      return saves.map((given) => {
        const checked = checking(given)
        return checked.ok ? checked.carryOut() : { errors: checked.errors }
      })
    }
    const all = saves.map(checking)
    if (all.every(({ ok }) => ok)) {
      return all.map((checked) => (checked.ok ? checked.carryOut() : { errors: checked.errors }))
    }
    return all.map((checked) => ({ errors: checked.ok ? [ROLLED_BACK] : checked.errors }))
  })
}

const typeIn = (record: Readonly<Record<string, unknown>>): string | null => {
  const { attributes } = record
  if (typeof attributes !== 'object' || attributes === null || !('type' in attributes)) return null
  return typeof attributes.type === 'string' ? attributes.type : null
}
const noType: ApiError = {
  errorCode: 'INVALID_INPUT',
  message: 'Include attributes with the type of each record.',
  fields: [],
}

const write = (method: 'POST' | 'PATCH'): SandboxRoute => ({
  method,
  path: `${DATA}/composite/sobjects`,
  kind: 'call',
  handle(request) {
    const { records, allOrNone = false } = parseBody(bodySchema, request)
    if (records.length > MOST) throw tooMany(MOST)
    const seen = new Set<string>()
    const saves = records.map((record): Save | ApiError => {
      const type = typeIn(record)
      if (type === null) return noType
      const { id, Id, ...values } = record
      const given = id ?? Id
      const base = { type, external: null, values, allowDuplicates: allowsDuplicates(request) }
      if (method === 'POST') {
        if (given === undefined || given === null) return { ...base, id: null }
        return {
          errorCode: 'INVALID_FIELD_FOR_INSERT_UPDATE',
          message: 'cannot specify Id in an insert call',
          fields: ['Id'],
        }
      }
      if (typeof given !== 'string') {
        return { errorCode: 'MISSING_ARGUMENT', message: 'Id not specified in an update call', fields: [] }
      }
      const known = readId(given) ?? given
      if (seen.has(known)) {
        return { errorCode: 'DUPLICATE_VALUE', message: `duplicate id specified: ${known}`, fields: ['Id'] }
      }
      seen.add(known)
      return { ...base, id: given }
    })
    return answer(saveAll(request, saves, allOrNone), false)
  },
})

const answer = (results: readonly Result[], created: boolean): SandboxAnswer => ({
  status: 200,
  body: results.map((result) => show(result, created)),
})

/** @see https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/resources_composite_sobjects_collections_upsert.htm */
const upsert: SandboxRoute = {
  method: 'PATCH',
  path: `${DATA}/composite/sobjects/:type/:field`,
  kind: 'call',
  handle(request) {
    const type = typeOf(request)
    const { field } = request.params
    const { records, allOrNone = false } = parseBody(bodySchema, request)
    if (records.length > MOST) throw tooMany(MOST)
    const known = request.context.source.table(type)?.fields.get(field.toLowerCase())
    if (!known?.readable || !(known.externalId || known.type === 'id')) {
      throw refused(
        404,
        'NOT_FOUND',
        `Provided external ID field does not exist or is not accessible: ${field}`,
      )
    }
    const count = new Map<string, number>()
    const keyIn = (record: Readonly<Record<string, unknown>>): unknown =>
      Object.entries(record).find(([name]) => name.toLowerCase() === field.toLowerCase())?.[1]
    for (const record of records) {
      const key = String(keyIn(record)).toLowerCase()
      count.set(key, (count.get(key) ?? 0) + 1)
    }
    const saves = records.map((record): Save | ApiError => {
      const own = typeIn(record)
      if (own === null) return noType
      const key = keyIn(record)
      if (key === undefined || key === null || key === '') {
        return { errorCode: 'MISSING_ARGUMENT', message: `${field} not specified`, fields: [] }
      }
      if ((count.get(String(key).toLowerCase()) ?? 0) > 1) {
        return {
          errorCode: 'DUPLICATE_VALUE',
          message: `Duplicate external id specified: ${String(key)}`,
          fields: [field],
        }
      }
      const values = Object.fromEntries(
        Object.entries(record).filter(([name]) => name.toLowerCase() !== field.toLowerCase()),
      )
      return {
        type,
        id: null,
        external: { field, value: String(key) },
        values,
        allowDuplicates: allowsDuplicates(request),
      }
    })
    return answer(saveAll(request, saves, allOrNone), true)
  },
}

const remove: SandboxRoute = {
  method: 'DELETE',
  path: `${DATA}/composite/sobjects`,
  kind: 'call',
  handle(request) {
    const ids = (request.query.get('ids') ?? '').split(',').filter((id) => id !== '')
    if (ids.length > MOST) throw tooMany(MOST)
    const { state } = request
    const targets = ids.map((given): ApiError | { readonly table: Table; readonly row: Row } => {
      const id = readId(given)
      if (id === null) return { errorCode: 'MALFORMED_ID', message: `malformed id ${given}`, fields: [] }
      const type = state.tables.typeOf(id)
      const table = type === null ? null : request.context.source.table(type)
      const row = table?.byId.get(id)
      if (!table || !row || state.isHidden(id)) {
        return { errorCode: 'INVALID_CROSS_REFERENCE_KEY', message: 'invalid cross reference id', fields: [] }
      }
      if (row.deletedAt > 0)
        return { errorCode: 'ENTITY_IS_DELETED', message: 'entity is deleted', fields: [] }
      return { table, row }
    })
    const stop = request.query.get('allOrNone') === 'true' && targets.some((target) => !('row' in target))
    return answer(
      state.transaction(() =>
        targets.map((target): Result => {
          if (!('row' in target)) return { errors: [target] }
          if (stop) return { errors: [ROLLED_BACK] }
          const refusal = deleteRecord(request, target.table, target.row)
          return refusal ? { errors: [refusal] } : { id: target.row.id, created: false }
        }),
      ),
      false,
    )
  },
}

const readSchema = z.object({ ids: z.array(z.string()), fields: z.array(z.string()) })

const read = (method: 'GET' | 'POST'): SandboxRoute => ({
  method,
  path: `${DATA}/composite/sobjects/:type`,
  kind: 'call',
  handle(request) {
    const type = typeOf(request)
    const table = request.context.source.table(type)
    const listed = (name: string): string[] => (request.query.get(name) ?? '').split(',')
    const { ids, fields } =
      method === 'POST' ? parseBody(readSchema, request) : { ids: listed('ids'), fields: listed('fields') }
    if (ids.length > MOST_READ) throw tooMany(MOST_READ)
    return {
      status: 200,
      body: ids.map((given) => {
        const id = readId(given)
        const row = id === null ? undefined : table?.byId.get(id)
        if (!table || !row || row.deletedAt > 0 || !request.context.source.canSee(row)) return null
        return shown(request, table, row, fields)
      }),
    }
  },
})

export const collectionRoutes: readonly SandboxRoute[] = [
  write('POST'),
  write('PATCH'),
  remove,
  upsert,
  read('GET'),
  read('POST'),
]
