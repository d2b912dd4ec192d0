/**
 * Records in batches of up to 100. What is wrong with the request as a whole is a 400 and nothing is written; records
 * that are not there are told in a 207. So are records that are refused, where the caller gave each input an
 * `objectWriteTraceId`; else one that is refused refuses them all.
 *
 * @see https://developers.hubspot.com/docs/api-reference/error-handling (multi-status errors)
 */
import type { SandboxAnswer } from '../../sandbox/http.ts'
import { z } from 'zod'
import { API_VERSION } from '../version.ts'
import { OBJECT_TYPES } from './object-types.ts'
import {
  associateNew,
  associationsSchema,
  propertyValues,
  resolve,
  show,
  shownOf,
  showWritten,
} from './objects.ts'
import { asProblem, batchError, invalid, type BatchError, type Problem } from './problems.ts'
import { parseBody, typeOf, type SandboxRequest, type SandboxRoute } from './route.ts'
import { scopesOf } from './scopes.ts'
import { checkRecord } from './validation.ts'

const BATCH = `/crm/objects/${API_VERSION}/:objectType/batch`
/** Histories are long: a batch read with them takes half. */
const WITH_HISTORY = 50

const id = z.union([z.string(), z.number()]).transform(String)
const traced = { objectWriteTraceId: z.string().optional() }

/** The answer to a batch: 207 as soon as one of it failed. */
export function batchAnswer(
  request: SandboxRequest,
  results: readonly unknown[],
  errors: readonly BatchError[],
  status = 200,
): SandboxAnswer {
  const at = request.at.toISOString()
  return {
    status: errors.length > 0 ? 207 : status,
    body: {
      status: 'COMPLETE',
      results,
      requestedAt: at,
      startedAt: at,
      completedAt: at,
      ...(errors.length > 0
        ? { numErrors: errors.reduce((sum, error) => sum + Math.max(1, countOf(error)), 0), errors }
        : {}),
    },
  }
}

const countOf = (error: BatchError): number => error.context.ids?.length ?? 1

function checkSize(
  request: SandboxRequest,
  inputs: readonly unknown[],
  most = request.context.settings.batch,
): void {
  if (inputs.length === 0) throw invalid('Batch input must not be empty')
  if (inputs.length > most) {
    throw invalid(
      `The maximum number of inputs supported in a batch request is ${most}. Received ${inputs.length}.`,
    )
  }
}

function checkDoubles(ids: readonly string[]): void {
  const seen = new Set<string>()
  const doubles = new Set<string>()
  for (const one of ids) (seen.has(one) ? doubles : seen).add(one)
  if (doubles.size > 0) {
    throw invalid(`Duplicate IDs found in batch input: [${[...doubles].join(', ')}]. IDs must be unique`, {
      context: { ids: [...doubles] },
    })
  }
}

const missing = (type: string, ids: readonly string[]): BatchError =>
  batchError({
    category: 'OBJECT_NOT_FOUND',
    message: `Could not get some ${OBJECT_TYPES[type].singular.toUpperCase()} objects, they may be deleted or not exist. Check that ids are valid.`,
    context: { ids },
  })

const read: SandboxRoute = {
  method: 'POST',
  path: `${BATCH}/read`,
  kind: 'call',
  scopes: scopesOf('read'),
  handle(request) {
    const type = typeOf(request)
    const body = parseBody(
      z.object({
        inputs: z.array(z.object({ id })),
        idProperty: z.string().optional(),
        properties: z.array(z.string()).default([]),
        propertiesWithHistory: z.array(z.string()).default([]),
      }),
      request,
    )
    checkSize(
      request,
      body.inputs,
      Math.min(
        request.context.settings.batch,
        body.propertiesWithHistory.length > 0 ? WITH_HISTORY : Infinity,
      ),
    )
    const archived = request.query.get('archived') === 'true'
    const table = request.state.tables.table(type)
    const shown = shownOf(request, type, body.properties, body.propertiesWithHistory)
    const results = new Map<string, unknown>()
    const absent: string[] = []
    for (const { id: wanted } of body.inputs) {
      const record = resolve(request.state, type, wanted, body.idProperty ?? null, archived)
      if (record) results.set(record.id, show(table, record, request.state, shown))
      else absent.push(wanted)
    }
    return batchAnswer(request, [...results.values()], absent.length > 0 ? [missing(type, absent)] : [])
  },
}

/** Writes each; what is refused goes into the 207 if the callers can tell which it was, else stops everything. */
function writeEach<Input extends { readonly objectWriteTraceId?: string | undefined }>(
  inputs: readonly Input[],
  /** @returns what to do, having checked that it can be done */
  check: (input: Input) => () => Record<string, unknown>,
  errors: BatchError[],
): unknown[] {
  const traceable = inputs.every(({ objectWriteTraceId }) => objectWriteTraceId !== undefined)
  if (traceable) checkDoubles(inputs.map(({ objectWriteTraceId }) => objectWriteTraceId ?? ''))
  const results: unknown[] = []
  const later: (() => void)[] = []
  for (const input of inputs) {
    const trace = input.objectWriteTraceId
    try {
      const write = check(input)
      const run = (): void => {
        results.push({ ...write(), ...(trace === undefined ? {} : { objectWriteTraceId: trace }) })
      }
      // Traced ones are checked one after the other, so that two of a batch cannot take the same unique value.
      if (traceable) run()
      else later.push(run)
    } catch (error) {
      const refused = asProblem(error)
      if (!refused || !traceable) throw error
      errors.push(asBatchError(refused, { objectWriteTraceId: [trace ?? ''] }))
    }
  }
  for (const run of later) run()
  return results
}

const asBatchError = (refused: Problem, context: Readonly<Record<string, readonly string[]>>): BatchError =>
  batchError({
    category: refused.category,
    message: refused.message,
    context: { ...refused.context, ...context },
    errors: refused.errors ?? [],
    ...(refused.subCategory === undefined ? {} : { subCategory: refused.subCategory }),
  })

const create: SandboxRoute = {
  method: 'POST',
  path: `${BATCH}/create`,
  kind: 'call',
  scopes: scopesOf('write'),
  handle(request) {
    const type = typeOf(request)
    const { inputs } = parseBody(
      z.object({
        inputs: z.array(
          z.object({ properties: propertyValues, associations: associationsSchema, ...traced }),
        ),
      }),
      request,
    )
    checkSize(request, inputs)
    checkUniqueWithin(request, type, inputs)
    const errors: BatchError[] = []
    const results = writeEach(
      inputs,
      ({ properties: given, associations }) => {
        const properties = checkRecord(request.state, type, null, given)
        return () => {
          const made = request.state.createRecord(type, properties, request.source)
          associateNew(request, type, made, associations)
          return showWritten(request, type, made, properties)
        }
      },
      errors,
    )
    return batchAnswer(request, results, errors, 201)
  },
}

/** Two new records of one batch with the same unique value. */
function checkUniqueWithin(
  request: SandboxRequest,
  type: string,
  inputs: readonly {
    readonly properties: Readonly<Record<string, unknown>>
    readonly objectWriteTraceId?: string | undefined
  }[],
): void {
  if (inputs.every(({ objectWriteTraceId }) => objectWriteTraceId !== undefined)) return
  for (const name of request.state.tables.table(type).unique.keys()) {
    checkDoubles(
      inputs.flatMap(({ properties }) => (properties[name] ? [String(properties[name]).toLowerCase()] : [])),
    )
  }
}

const writes = z.object({
  inputs: z.array(z.object({ id, idProperty: z.string().optional(), properties: propertyValues, ...traced })),
})

const update: SandboxRoute = {
  method: 'POST',
  path: `${BATCH}/update`,
  kind: 'call',
  scopes: scopesOf('write'),
  handle(request) {
    const type = typeOf(request)
    const { inputs } = parseBody(writes, request)
    checkSize(request, inputs)
    checkDoubles(inputs.map((input) => input.id))
    const errors: BatchError[] = []
    const absent = inputs.filter(
      (input) => !resolve(request.state, type, input.id, input.idProperty ?? null, false),
    )
    if (absent.length > 0) {
      const traces = absent.flatMap(({ objectWriteTraceId }) => objectWriteTraceId ?? [])
      const error = missing(
        type,
        absent.map((input) => input.id),
      )
      errors.push(
        traces.length > 0 ? { ...error, context: { ...error.context, objectWriteTraceId: traces } } : error,
      )
    }
    const results = writeEach(
      inputs.filter((input) => !absent.includes(input)),
      (input) => {
        const record = resolve(request.state, type, input.id, input.idProperty ?? null, false)!
        const properties = checkRecord(request.state, type, record, input.properties)
        return () => {
          request.state.updateRecord(type, record.id, properties, request.source)
          return showWritten(request, type, record.id, properties)
        }
      },
      errors,
    )
    return batchAnswer(request, results, errors)
  },
}

const upsert: SandboxRoute = {
  method: 'POST',
  path: `${BATCH}/upsert`,
  kind: 'call',
  scopes: scopesOf('write'),
  handle(request) {
    const type = typeOf(request)
    const { inputs } = parseBody(writes, request)
    checkSize(request, inputs)
    checkDoubles(inputs.map((input) => input.id.toLowerCase()))
    if (new Set(inputs.map(({ idProperty }) => idProperty)).size > 1) {
      throw invalid('All inputs of an upsert must use the same idProperty')
    }
    const errors: BatchError[] = []
    const results = writeEach(
      inputs,
      (input) => {
        const name = input.idProperty ?? null
        const record = resolve(request.state, type, input.id, name, false)
        if (!record && (name === null || name === 'hs_object_id')) {
          throw invalid(`${input.id} is not the id of a ${OBJECT_TYPES[type].singular}`, {
            category: 'OBJECT_NOT_FOUND',
            context: { ids: [input.id] },
          })
        }
        const given = record || name === null ? input.properties : { [name]: input.id, ...input.properties }
        const properties = checkRecord(request.state, type, record, given)
        return () => {
          let written = record?.id
          if (written === undefined) written = request.state.createRecord(type, properties, request.source)
          else request.state.updateRecord(type, written, properties, request.source)
          return { ...showWritten(request, type, written, properties), new: record === null }
        }
      },
      errors,
    )
    return batchAnswer(request, results, errors)
  },
}

const archive: SandboxRoute = {
  method: 'POST',
  path: `${BATCH}/archive`,
  kind: 'call',
  scopes: scopesOf('write'),
  handle(request) {
    const type = typeOf(request)
    const { inputs } = parseBody(z.object({ inputs: z.array(z.object({ id })) }), request)
    checkSize(request, inputs)
    for (const input of inputs) {
      const record = resolve(request.state, type, input.id, null, false)
      if (record) request.state.archiveRecord(type, record.id, request.source)
    }
    return { status: 204 }
  },
}

export const batchRoutes: readonly SandboxRoute[] = [read, create, update, upsert, archive]
