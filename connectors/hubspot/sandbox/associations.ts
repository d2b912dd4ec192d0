/**
 * Which records belong together: read in batches with labels and pages, made by default or by type, taken away.
 *
 * @see https://developers.hubspot.com/docs/guides/api/crm/associations/associations-v4
 */
import { z } from 'zod'
import { API_VERSION } from '../version.ts'
import { batchAnswer } from './batch.ts'
import { defaultTypeId, OBJECT_TYPES, primaryTypeId } from './object-types.ts'
import { resolve } from './objects.ts'
import { batchError, invalid, notFound, type BatchError } from './problems.ts'
import { parseBody, typeOf, type SandboxRequest, type SandboxRoute } from './route.ts'
import { associationScopes } from './scopes.ts'

const BETWEEN = `/crm/associations/${API_VERSION}/:fromObjectType/:toObjectType`
const OBJECTS = `/crm/objects/${API_VERSION}`
const MOST_READ = 1_000
const MOST_WRITTEN = 2_000

const id = z.union([z.string(), z.number()]).transform(String)
const end = z.object({ id })
const spec = z.object({ associationCategory: z.string(), associationTypeId: z.number().int() })

interface Between {
  readonly from: string
  readonly to: string
}

const between = (request: SandboxRequest): Between => ({
  from: typeOf(request, 'fromObjectType'),
  to: typeOf(request, 'toObjectType'),
})

function checkSize(inputs: readonly unknown[], most: number): void {
  if (inputs.length > most) {
    throw invalid(
      `The maximum number of inputs supported in a batch request is ${most}. Received ${inputs.length}.`,
    )
  }
}

const read: SandboxRoute = {
  method: 'POST',
  path: `${BETWEEN}/batch/read`,
  kind: 'call',
  scopes: associationScopes('read'),
  handle(request) {
    const { from, to } = between(request)
    const { inputs } = parseBody(
      z.object({ inputs: z.array(z.object({ id, after: z.string().optional() })) }),
      request,
    )
    checkSize(inputs, MOST_READ)
    const labels = new Map(request.state.labels(from, to).map((label) => [label.typeId, label]))
    const size = request.context.settings.associationsPage
    const results: unknown[] = []
    const errors: BatchError[] = []
    for (const input of inputs) {
      const all = request.state.associated(from, input.id, to)
      if (all.length === 0) {
        errors.push(
          batchError({
            category: 'OBJECT_NOT_FOUND',
            subCategory: 'crm.associations.NO_ASSOCIATIONS_FOUND',
            message: `No ${OBJECT_TYPES[to].singular} is associated with ${OBJECT_TYPES[from].singular} ${input.id}.`,
            context: {
              fromObjectId: [input.id],
              fromObjectType: [OBJECT_TYPES[from].singular],
              toObjectType: [OBJECT_TYPES[to].singular],
            },
          }),
        )
        continue
      }
      const start = Number(input.after ?? '0')
      const page = all.slice(start, start + size)
      results.push({
        from: { id: input.id },
        to: page.map(({ id: toObjectId, typeIds }) => ({
          toObjectId,
          associationTypes: typeIds.map((typeId) => {
            const label = labels.get(typeId)
            return {
              category: label?.category ?? 'HUBSPOT_DEFINED',
              typeId,
              ...(label?.label ? { label: label.label } : {}),
            }
          }),
        })),
        ...(start + size < all.length ? { paging: { next: { after: String(start + size) } } } : {}),
      })
    }
    return batchAnswer(request, results, errors)
  },
}

/** A first association with a company is the primary one too. */
function associateByDefault(
  request: SandboxRequest,
  { from, to }: Between,
  source: string,
  target: string,
): number {
  const typeId = defaultTypeId(from, to)
  if (typeId === null) throw invalid(`No default association between ${from} and ${to}`)
  const { state } = request
  const primary = primaryTypeId(from, to)
  const towards = to === 'companies'
  const first = primary !== null && towards && state.associated(from, source, to).length === 0
  const firstBack = primary !== null && !towards && state.associated(to, target, from).length === 0
  state.associate(from, source, to, target, typeId, request.source)
  if (primary !== null && (first || firstBack))
    state.associate(from, source, to, target, primary, request.source)
  return typeId
}

function bothThere(request: SandboxRequest, { from, to }: Between, source: string, target: string): boolean {
  return (
    resolve(request.state, from, source, null, false) !== null &&
    resolve(request.state, to, target, null, false) !== null
  )
}

const absent = ({ from, to }: Between, source: string, target: string): BatchError =>
  batchError({
    category: 'OBJECT_NOT_FOUND',
    subCategory: 'crm.associations.FROM_OR_TO_OBJECT_NOT_FOUND',
    message: `One or more objects does not exist: ${OBJECT_TYPES[from].singular} ${source}, ${OBJECT_TYPES[to].singular} ${target}.`,
    context: { fromObjectId: [source], toObjectId: [target] },
  })

const makeDefaults: SandboxRoute = {
  method: 'POST',
  path: `${BETWEEN}/batch/associate/default`,
  kind: 'call',
  scopes: associationScopes('write'),
  handle(request) {
    const ends = between(request)
    const { inputs } = parseBody(z.object({ inputs: z.array(z.object({ from: end, to: end })) }), request)
    checkSize(inputs, MOST_WRITTEN)
    const results: unknown[] = []
    const errors: BatchError[] = []
    for (const { from, to } of inputs) {
      if (bothThere(request, ends, from.id, to.id)) results.push(defaultResult(request, ends, from.id, to.id))
      else errors.push(absent(ends, from.id, to.id))
    }
    return batchAnswer(request, results, errors)
  },
}

function defaultResult(request: SandboxRequest, ends: Between, from: string, to: string): unknown {
  const associationTypeId = associateByDefault(request, ends, from, to)
  return {
    from: { id: from },
    to: { id: to },
    associationSpec: { associationCategory: 'HUBSPOT_DEFINED', associationTypeId },
  }
}

const makeDefault: SandboxRoute = {
  method: 'PUT',
  path: `${OBJECTS}/:fromObjectType/:fromObjectId/associations/default/:toObjectType/:toObjectId`,
  kind: 'call',
  scopes: associationScopes('write'),
  handle(request) {
    const ends = between(request)
    const { fromObjectId, toObjectId } = request.params
    if (!bothThere(request, ends, fromObjectId, toObjectId)) throw notFound('resource not found')
    return batchAnswer(request, [defaultResult(request, ends, fromObjectId, toObjectId)], [])
  },
}

function associateAs(
  request: SandboxRequest,
  { from, to }: Between,
  source: string,
  target: string,
  types: readonly z.infer<typeof spec>[],
): unknown {
  const known = request.state.labels(from, to)
  for (const { associationTypeId } of types) {
    if (!known.some(({ typeId }) => typeId === associationTypeId)) {
      throw invalid(`invalid association type id ${associationTypeId} between ${from} and ${to}`)
    }
    request.state.associate(from, source, to, target, associationTypeId, request.source)
  }
  return {
    fromObjectTypeId: OBJECT_TYPES[from].typeId,
    fromObjectId: source,
    toObjectTypeId: OBJECT_TYPES[to].typeId,
    toObjectId: target,
    labels: types.flatMap(
      ({ associationTypeId }) => known.find(({ typeId }) => typeId === associationTypeId)?.label ?? [],
    ),
  }
}

const make: SandboxRoute = {
  method: 'POST',
  path: `${BETWEEN}/batch/create`,
  kind: 'call',
  scopes: associationScopes('write'),
  handle(request) {
    const ends = between(request)
    const { inputs } = parseBody(
      z.object({ inputs: z.array(z.object({ from: end, to: end, types: z.array(spec).min(1) })) }),
      request,
    )
    checkSize(inputs, MOST_WRITTEN)
    const results: unknown[] = []
    const errors: BatchError[] = []
    for (const { from, to, types } of inputs) {
      if (bothThere(request, ends, from.id, to.id))
        results.push(associateAs(request, ends, from.id, to.id, types))
      else errors.push(absent(ends, from.id, to.id))
    }
    return batchAnswer(request, results, errors)
  },
}

const unmake: SandboxRoute = {
  method: 'POST',
  path: `${BETWEEN}/batch/archive`,
  kind: 'call',
  scopes: associationScopes('write'),
  handle(request) {
    const ends = between(request)
    const { inputs } = parseBody(
      z.object({ inputs: z.array(z.object({ from: end, to: z.array(end) })) }),
      request,
    )
    checkSize(inputs, MOST_WRITTEN)
    for (const { from, to } of inputs) {
      for (const target of to) dissociate(request, ends, from.id, target.id, null)
    }
    return batchAnswer(request, [], [])
  },
}

const unlabel: SandboxRoute = {
  method: 'POST',
  path: `${BETWEEN}/batch/labels/archive`,
  kind: 'call',
  scopes: associationScopes('write'),
  handle(request) {
    const ends = between(request)
    const { inputs } = parseBody(
      z.object({ inputs: z.array(z.object({ from: end, to: end, types: z.array(spec) })) }),
      request,
    )
    checkSize(inputs, MOST_WRITTEN)
    for (const { from, to, types } of inputs) {
      for (const { associationTypeId } of types) dissociate(request, ends, from.id, to.id, associationTypeId)
    }
    return batchAnswer(request, [], [])
  },
}

function dissociate(
  request: SandboxRequest,
  ends: Between,
  from: string,
  to: string,
  typeId: number | null,
): void {
  if (!bothThere(request, ends, from, to)) return
  request.state.dissociate(ends.from, from, ends.to, to, typeId, request.source)
}

/** The two routes below name their ends otherwise. */
const pair = (request: SandboxRequest): Between => ({
  from: typeOf(request),
  to: typeOf(request, 'toObjectType'),
})

const makeOne: SandboxRoute = {
  method: 'PUT',
  path: `${OBJECTS}/:objectType/:objectId/associations/:toObjectType/:toObjectId`,
  kind: 'call',
  scopes: associationScopes('write', 'objectType'),
  handle(request) {
    const ends = pair(request)
    const { objectId, toObjectId } = request.params
    const types = parseBody(z.array(spec).min(1), request)
    if (!bothThere(request, ends, objectId, toObjectId)) throw notFound('resource not found')
    return { status: 201, body: associateAs(request, ends, objectId, toObjectId, types) }
  },
}

const unmakeOne: SandboxRoute = {
  method: 'DELETE',
  path: `${OBJECTS}/:objectType/:objectId/associations/:toObjectType/:toObjectId`,
  kind: 'call',
  scopes: associationScopes('write', 'objectType'),
  handle(request) {
    dissociate(request, pair(request), request.params.objectId, request.params.toObjectId, null)
    return { status: 204 }
  },
}

/** Not in the OpenAPI files; as the documents of association labels show it. */
const labels: SandboxRoute = {
  method: 'GET',
  path: `${BETWEEN}/labels`,
  kind: 'call',
  scopes: associationScopes('read'),
  handle(request) {
    const { from, to } = between(request)
    return { status: 200, body: { results: request.state.labels(from, to) } }
  },
}

export const associationRoutes: readonly SandboxRoute[] = [
  read,
  makeDefaults,
  makeDefault,
  make,
  unmake,
  unlabel,
  makeOne,
  unmakeOne,
  labels,
]
