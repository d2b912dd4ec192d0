/** Records one at a time and in pages: list, get, create, update, archive, merge, gdpr-delete. */
import { z } from 'zod'
import { API_VERSION } from '../version.ts'
import type { PropertyDefinition } from './definitions.ts'
import { createdProperty, modifiedProperty, objectType, OBJECT_TYPES } from './object-types.ts'
import { invalid, notFound } from './problems.ts'
import { limitOf, listOf, parseBody, typeOf, type SandboxRequest, type SandboxRoute } from './route.ts'
import { scopesOf, sensitiveScope } from './scopes.ts'
import type { SandboxState } from './state.ts'
import { placeOf, valueOf, versionsOf, type RecordTable, type StoredRecord } from './tables.ts'
import { checkRecord } from './validation.ts'

const OBJECTS = `/crm/objects/${API_VERSION}`

export interface Shown {
  readonly properties: readonly string[]
  readonly history: readonly string[]
  /** Whether the caller may see sensitive values. */
  readonly sensitive: boolean
}

const NO_HISTORY: readonly string[] = []

/** A record as the API shows it: what was asked for, and always its id and times. */
export function show(
  table: RecordTable,
  record: StoredRecord,
  state: SandboxState,
  shown: Shown,
): Record<string, unknown> {
  const created = createdProperty(table.type)
  const modified = modifiedProperty(table.type)
  const definitions = state.tables.definitions(table.type)
  const visible = ({ archivedAt, dataSensitivity }: PropertyDefinition): boolean =>
    archivedAt === null && (dataSensitivity === 'non_sensitive' || shown.sensitive)
  const properties: Record<string, string | null> = {
    [created]: valueOf(table, record, created)!,
    [modified]: valueOf(table, record, modified)!,
    hs_object_id: record.id,
  }
  for (const name of shown.properties) {
    const definition = definitions.get(name)
    // Names that the portal does not know, or that were archived, are passed over in silence.
    if (definition && visible(definition)) properties[name] = valueOf(table, record, name) ?? null
  }
  const answer: Record<string, unknown> = {
    id: record.id,
    properties,
    createdAt: new Date(record.createdAt).toISOString(),
    updatedAt: new Date(record.updatedAt).toISOString(),
    archived: record.archivedAt !== 0,
    ...(record.archivedAt ? { archivedAt: new Date(record.archivedAt).toISOString() } : {}),
    url: `https://${state.account().uiDomain}/contacts/${state.portal}/record/${OBJECT_TYPES[table.type].typeId}/${record.id}`,
  }
  if (shown.history.length > 0) {
    const history: Record<string, unknown> = {}
    for (const name of shown.history) {
      const definition = definitions.get(name)
      if (!definition || !visible(definition)) continue
      properties[name] = valueOf(table, record, name) ?? null
      history[name] = versionsOf(table, record, name).map(({ value, at, source }) => ({
        value,
        timestamp: new Date(at).toISOString(),
        sourceType: source.sourceType,
        ...(source.sourceId === null ? {} : { sourceId: source.sourceId }),
      }))
    }
    answer.propertiesWithHistory = history
  }
  return answer
}

/** What a request wants to see; HubSpot's own choice where it does not say. */
export const shownOf = (
  request: SandboxRequest,
  type: string,
  properties: readonly string[],
  history = NO_HISTORY,
): Shown => ({
  properties: properties.length > 0 ? properties : OBJECT_TYPES[type].shown,
  history,
  sensitive: request.token?.scopes.includes(sensitiveScope(type)) ?? false,
})

/** The record that an id or a unique value names; null none. Archived ones only when asked for. */
export function resolve(
  state: SandboxState,
  type: string,
  id: string,
  idProperty: string | null,
  archived: boolean,
): StoredRecord | null {
  const table = state.tables.table(type)
  let wanted = id
  if (idProperty !== null && idProperty !== 'hs_object_id') {
    const index = table.unique.get(idProperty)
    if (!index) throw invalid(`Property ${idProperty} is not a unique identifier property of ${type}`)
    const named = index.get(id.toLowerCase())
    if (named === undefined) return null
    wanted = named
  }
  const record = table.byId.get(table.mergedInto.get(wanted) ?? wanted)
  return record && (record.archivedAt !== 0) === archived ? record : null
}

function existing(request: SandboxRequest, type: string, archived = false): StoredRecord {
  const record = resolve(
    request.state,
    type,
    request.params.objectId,
    request.query.get('idProperty'),
    archived,
  )
  if (!record) throw notFound('resource not found', { context: { id: [request.params.objectId] } })
  return record
}

function withAssociations(
  request: SandboxRequest,
  type: string,
  record: StoredRecord,
  answer: Record<string, unknown>,
): Record<string, unknown> {
  const wanted = listOf(request.query, 'associations')
  if (wanted.length === 0) return answer
  const associations: Record<string, unknown> = {}
  for (const name of wanted) {
    const toType = objectType(name)
    if (toType === null) throw invalid(`Unable to infer object type from: ${name}`)
    const results = request.state.associated(type, record.id, toType).flatMap(({ id, typeIds }) =>
      typeIds.map((typeId) => ({
        id,
        type:
          request.state.labels(type, toType).find((label) => label.typeId === typeId)?.label ??
          `${OBJECT_TYPES[type].singular}_to_${OBJECT_TYPES[toType].singular}`,
      })),
    )
    if (results.length > 0) associations[toType] = { results }
  }
  return Object.keys(associations).length > 0 ? { ...answer, associations } : answer
}

const values = z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()]))
export const propertyValues = values
export const associationsSchema = z
  .array(
    z.object({
      to: z.object({ id: z.coerce.string() }),
      types: z.array(z.object({ associationCategory: z.string(), associationTypeId: z.number() })).min(1),
    }),
  )
  .optional()

/** Which object an association type of a new record leads to. */
export function associateNew(
  request: SandboxRequest,
  type: string,
  id: string,
  associations: z.infer<typeof associationsSchema>,
): void {
  for (const { to, types } of associations ?? []) {
    for (const { associationTypeId } of types) {
      const toType = Object.keys(OBJECT_TYPES).find((candidate) =>
        request.state.labels(type, candidate).some(({ typeId }) => typeId === associationTypeId),
      )
      if (toType === undefined || !resolve(request.state, toType, to.id, null, false)) {
        throw invalid(`No ${toType ?? 'object'} with id ${to.id} to associate by type ${associationTypeId}`)
      }
      request.state.associate(type, id, toType, to.id, associationTypeId, request.source)
    }
  }
}

const list: SandboxRoute = {
  method: 'GET',
  path: `${OBJECTS}/:objectType`,
  kind: 'call',
  scopes: scopesOf('read'),
  handle(request) {
    const type = typeOf(request)
    const { query, state } = request
    const history = listOf(query, 'propertiesWithHistory')
    // Histories are long: pages of 50 at most, as HubSpot says when it is asked for more.
    const limit = limitOf(query, 10, history.length > 0 ? 50 : 100)
    const table = state.tables.table(type)
    const records = query.get('archived') === 'true' ? table.archived : table.live
    const after = query.get('after')
    if (after !== null && !/^\d+$/.test(after)) throw invalid(`Invalid after: ${after}`)
    const start = after === null ? 0 : placeOf(records, Number(after))
    const page = records.slice(start, start + limit)
    const shown = shownOf(request, type, listOf(query, 'properties'), history)
    const next = start + limit < records.length ? String(page.at(-1)!.order + 1) : null
    return {
      status: 200,
      body: {
        results: page.map((record) =>
          withAssociations(request, type, record, show(table, record, state, shown)),
        ),
        ...(next === null ? {} : { paging: { next: { after: next, link: linkTo(request, next) } } }),
      },
    }
  },
}

function linkTo(request: SandboxRequest, after: string): string {
  const query = new URLSearchParams(request.query)
  query.set('after', after)
  return `https://api.hubapi.com${request.path}?${query.toString()}`
}

const get: SandboxRoute = {
  method: 'GET',
  path: `${OBJECTS}/:objectType/:objectId`,
  kind: 'call',
  scopes: scopesOf('read'),
  handle(request) {
    const type = typeOf(request)
    const record = existing(request, type, request.query.get('archived') === 'true')
    const shown = shownOf(
      request,
      type,
      listOf(request.query, 'properties'),
      listOf(request.query, 'propertiesWithHistory'),
    )
    const answer = show(request.state.tables.table(type), record, request.state, shown)
    return { status: 200, body: withAssociations(request, type, record, answer) }
  },
}

const create: SandboxRoute = {
  method: 'POST',
  path: `${OBJECTS}/:objectType`,
  kind: 'call',
  scopes: scopesOf('write'),
  handle(request) {
    const type = typeOf(request)
    const body = parseBody(z.object({ properties: values, associations: associationsSchema }), request)
    const properties = checkRecord(request.state, type, null, body.properties)
    const id = request.state.createRecord(type, properties, request.source)
    associateNew(request, type, id, body.associations)
    return { status: 201, body: showWritten(request, type, id, properties) }
  },
}

/** An answer to a write shows what was written. */
export function showWritten(
  request: SandboxRequest,
  type: string,
  id: string,
  properties: Readonly<Record<string, string>>,
): Record<string, unknown> {
  const table = request.state.tables.table(type)
  const names = [...Object.keys(properties), ...OBJECT_TYPES[type].shown]
  return show(table, table.byId.get(id)!, request.state, shownOf(request, type, names))
}

const update: SandboxRoute = {
  method: 'PATCH',
  path: `${OBJECTS}/:objectType/:objectId`,
  kind: 'call',
  scopes: scopesOf('write'),
  handle(request) {
    const type = typeOf(request)
    const record = existing(request, type)
    const body = parseBody(z.object({ properties: values }), request)
    const properties = checkRecord(request.state, type, record, body.properties)
    request.state.updateRecord(type, record.id, properties, request.source)
    return { status: 200, body: showWritten(request, type, record.id, properties) }
  },
}

const archive: SandboxRoute = {
  method: 'DELETE',
  path: `${OBJECTS}/:objectType/:objectId`,
  kind: 'call',
  scopes: scopesOf('write'),
  handle(request) {
    const type = typeOf(request)
    const record = resolve(request.state, type, request.params.objectId, null, false)
    if (record) request.state.archiveRecord(type, record.id, request.source)
    return { status: 204 }
  },
}

const merge: SandboxRoute = {
  method: 'POST',
  path: `${OBJECTS}/:objectType/merge`,
  kind: 'call',
  scopes: scopesOf('write'),
  handle(request) {
    const type = typeOf(request)
    const { primaryObjectId, objectIdToMerge } = parseBody(
      z.object({ primaryObjectId: z.string(), objectIdToMerge: z.string() }),
      request,
    )
    const primary = resolve(request.state, type, primaryObjectId, null, false)
    const other = resolve(request.state, type, objectIdToMerge, null, false)
    if (!primary || !other) throw notFound('resource not found')
    if (primary === other) throw invalid('Cannot merge an object with itself')
    const into = request.state.mergeRecords(type, primary.id, other.id, request.source, {
      newId: request.context.settings.mergeMakesNewId,
    })
    return { status: 200, body: showWritten(request, type, into, { hs_merged_object_ids: '' }) }
  },
}

const gdprDelete: SandboxRoute = {
  method: 'POST',
  path: `${OBJECTS}/:objectType/gdpr-delete`,
  kind: 'call',
  scopes: scopesOf('write'),
  handle(request) {
    const type = typeOf(request)
    if (type !== 'contacts') throw invalid(`GDPR delete is not supported for ${type}`)
    const { objectId, idProperty } = parseBody(
      z.object({ objectId: z.string(), idProperty: z.string().optional() }),
      request,
    )
    const record =
      resolve(request.state, type, objectId, idProperty ?? null, false) ??
      resolve(request.state, type, objectId, idProperty === 'email' ? null : (idProperty ?? null), true)
    if (record) request.state.eraseRecord(type, record.id, request.source)
    return { status: 204 }
  },
}

export const objectRoutes: readonly SandboxRoute[] = [list, create, merge, gdprDelete, get, update, archive]
