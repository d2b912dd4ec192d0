/**
 * Search: filters, sorting and paging over the index, which lags behind.
 *
 * @see https://developers.hubspot.com/docs/api-reference/2026-03/crm/search-the-crm
 */
import { z } from 'zod'
import { API_VERSION } from '../version.ts'
import { objectType } from './object-types.ts'
import { show, shownOf } from './objects.ts'
import { invalid } from './problems.ts'
import { parseBody, typeOf, type SandboxRoute } from './route.ts'
import { scopesOf } from './scopes.ts'
import type { SandboxState } from './state.ts'
import { valueOf, type RecordTable, type StoredRecord } from './tables.ts'
import { timeOf } from './validation.ts'

const MOST_RESULTS = 10_000
const MOST_A_PAGE = 200
const MOST_GROUPS = 5
const MOST_FILTERS = 6
const MOST_FILTERS_TOGETHER = 18
/** Characters of what is searched for in all text. */
const LONGEST_QUERY = 3_000

const filter = z.object({
  propertyName: z.string(),
  operator: z.enum([
    'EQ',
    'NEQ',
    'LT',
    'LTE',
    'GT',
    'GTE',
    'BETWEEN',
    'IN',
    'NOT_IN',
    'HAS_PROPERTY',
    'NOT_HAS_PROPERTY',
    'CONTAINS_TOKEN',
    'NOT_CONTAINS_TOKEN',
  ]),
  value: z.union([z.string(), z.number()]).transform(String).optional(),
  highValue: z.union([z.string(), z.number()]).transform(String).optional(),
  values: z.array(z.string()).optional(),
})
type Filter = z.infer<typeof filter>

const searchRequest = z.object({
  filterGroups: z.array(z.object({ filters: z.array(filter) })).default([]),
  /** The OpenAPI file has texts (`-hs_object_id` descends), the documents objects; HubSpot takes both. */
  sorts: z
    .array(
      z.union([
        z.string(),
        z.object({
          propertyName: z.string(),
          direction: z.enum(['ASCENDING', 'DESCENDING']).default('ASCENDING'),
        }),
      ]),
    )
    .default([]),
  query: z.string().optional(),
  properties: z.array(z.string()).default([]),
  limit: z.number().int().default(10),
  after: z.union([z.string(), z.number()]).transform(String).default(''),
})

type Test = (record: StoredRecord) => boolean
/** Compares by number (times are milliseconds) or by text; undefined where there is no value. */
type Key = (record: StoredRecord) => number | string | undefined

const search: SandboxRoute = {
  method: 'POST',
  path: `/crm/objects/${API_VERSION}/:objectType/search`,
  kind: 'search',
  scopes: scopesOf('read'),
  handle(request) {
    const type = typeOf(request)
    const { state } = request
    const body = parseBody(searchRequest, request)
    if (body.limit < 1 || body.limit > MOST_A_PAGE)
      throw invalid(`limit must be between 1 and ${MOST_A_PAGE}`)
    checkFilters(body.filterGroups)
    if (body.query !== undefined && body.query.length > LONGEST_QUERY) {
      throw invalid(`query must be at most ${LONGEST_QUERY} characters`)
    }
    if (body.sorts.length > 1) throw invalid('Only one sort may be given')
    if (!/^\d*$/.test(body.after)) throw invalid(`after is not a valid offset: ${body.after}`)
    const start = Number(body.after || '0')
    if (start + body.limit > MOST_RESULTS) {
      throw invalid(
        `Paging beyond ${MOST_RESULTS} results of a search is not possible. Narrow the filters.`,
        {
          errors: [{ message: `after + limit must not exceed ${MOST_RESULTS}`, in: 'after' }],
        },
      )
    }

    const table = state.tables.table(type)
    const tests = body.filterGroups.map(({ filters }) => filters.map((one) => testOf(state, table, one)))
    const words = body.query?.toLowerCase().split(/\s+/).filter(Boolean) ?? []
    const shown = shownOf(request, type, body.properties)
    const searchable = shown.properties
    const matches = (record: StoredRecord): boolean =>
      (tests.length === 0 || tests.some((group) => group.every((test) => test(record)))) &&
      words.every((word) =>
        searchable.some((name) => valueOf(table, record, name)?.toLowerCase().includes(word)),
      )
    const found = request.context.index.records(type, request.at.getTime()).filter(matches)
    sort(found, state, table, body.sorts[0])
    const page = found.slice(start, start + body.limit)
    const next = start + page.length
    return {
      status: 200,
      body: {
        total: found.length,
        results: page.map((record) => show(table, record, state, shown)),
        ...(next < found.length ? { paging: { next: { after: String(next) } } } : {}),
      },
    }
  },
}

function checkFilters(groups: readonly { readonly filters: readonly Filter[] }[]): void {
  const together = groups.reduce((sum, { filters }) => sum + filters.length, 0)
  if (groups.length > MOST_GROUPS)
    throw invalid(`Number of filterGroups must be less than or equal to ${MOST_GROUPS}`)
  if (groups.some(({ filters }) => filters.length > MOST_FILTERS)) {
    throw invalid(`Number of filters per filterGroup must be less than or equal to ${MOST_FILTERS}`)
  }
  if (together > MOST_FILTERS_TOGETHER) {
    throw invalid(`Number of filters must be less than or equal to ${MOST_FILTERS_TOGETHER}`)
  }
}

function testOf(state: SandboxState, table: RecordTable, given: Filter): Test {
  const name = given.propertyName
  if (name.startsWith('associations.')) return associationTest(state, table, given)
  const kind = kindOf(state, table, name)
  const key = keyOf(table, name, kind)
  const operand = (raw: string | undefined, field: string): number | string => {
    if (raw === undefined) throw badFilter(`${field} is required for operator ${given.operator}`, name)
    const value =
      kind === 'text' || kind === 'option' ? plain(raw, kind) : kind === 'number' ? Number(raw) : timeOf(raw)
    if (value === null || (typeof value === 'number' && Number.isNaN(value))) {
      throw badFilter(`${raw} is not a valid ${kind}`, name)
    }
    return value
  }
  const compare =
    (test: (value: number | string) => boolean): Test =>
    (record) => {
      const value = key(record)
      return value !== undefined && value !== '' && test(value)
    }
  switch (given.operator) {
    case 'HAS_PROPERTY':
      return compare(() => true)
    case 'NOT_HAS_PROPERTY': {
      const has = compare(() => true)
      return (record) => !has(record)
    }
    case 'EQ': {
      const value = operand(given.value, 'value')
      return compare((own) => own === value)
    }
    case 'NEQ': {
      const value = operand(given.value, 'value')
      return compare((own) => own !== value)
    }
    case 'LT': {
      const value = operand(given.value, 'value')
      return compare((own) => own < value)
    }
    case 'LTE': {
      const value = operand(given.value, 'value')
      return compare((own) => own <= value)
    }
    case 'GT': {
      const value = operand(given.value, 'value')
      return compare((own) => own > value)
    }
    case 'GTE': {
      const value = operand(given.value, 'value')
      return compare((own) => own >= value)
    }
    case 'BETWEEN': {
      const low = operand(given.value, 'value')
      const high = operand(given.highValue, 'highValue')
      return compare((own) => own >= low && own <= high)
    }
    case 'IN':
    case 'NOT_IN': {
      if (!given.values?.length) throw badFilter(`values is required for operator ${given.operator}`, name)
      const values = new Set(given.values.map((value) => operand(value, 'values')))
      const wanted = given.operator === 'IN'
      return compare((own) => values.has(own) === wanted)
    }
    case 'CONTAINS_TOKEN':
    case 'NOT_CONTAINS_TOKEN': {
      const token = tokenTest(String(operand(given.value, 'value')))
      const wanted = given.operator === 'CONTAINS_TOKEN'
      return compare((own) => token(String(own)) === wanted)
    }
  }
}

/** Whole words, `*` for any letters. */
function tokenTest(pattern: string): (text: string) => boolean {
  const source = pattern
    .toLowerCase()
    .replace(/[.+?^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', '[^\\s]*')
  const test = new RegExp(`(^|[^\\p{L}\\p{N}])${source}($|[^\\p{L}\\p{N}])`, 'u')
  return (text) => test.test(text.toLowerCase())
}

function associationTest(state: SandboxState, table: RecordTable, given: Filter): Test {
  const toType = objectType(given.propertyName.slice('associations.'.length))
  if (toType === null)
    throw badFilter(`Unable to infer object type from: ${given.propertyName}`, given.propertyName)
  const ids = given.operator === 'EQ' ? [given.value] : given.operator === 'IN' ? (given.values ?? []) : null
  if (ids === null) throw badFilter(`${given.operator} is not supported for associations`, given.propertyName)
  return (record) => {
    const targets = state.tables.associations.of(table.type, record.id, toType)
    return ids.some((id) => id !== undefined && targets.has(id))
  }
}

type Kind = 'number' | 'time' | 'text' | 'option'

function kindOf(state: SandboxState, table: RecordTable, name: string): Kind {
  const definition = state.tables.definitions(table.type).get(name)
  if (!definition || definition.archivedAt !== null) {
    throw badFilter(`Property ${name} does not exist`, name)
  }
  if (definition.type === 'number') return 'number'
  if (definition.type === 'date' || definition.type === 'datetime') return 'time'
  return definition.type === 'enumeration' || definition.type === 'bool' ? 'option' : 'text'
}

/** Text is found in any case, options as they are written. */
const plain = (value: string, kind: Kind): string => (kind === 'text' ? value.toLowerCase() : value)

function keyOf(table: RecordTable, name: string, kind: Kind): Key {
  // The three that every sync asks for need no text at all.
  if (name === 'hs_object_id') return (record) => record.order
  if (name === 'lastmodifieddate' || name === 'hs_lastmodifieddate') return (record) => record.updatedAt
  if (name === 'createdate' || name === 'hs_createdate') return (record) => record.createdAt
  const slot = table.slots.get(name)
  if (slot === undefined) return () => undefined
  return ({ values }) => {
    const value = values[slot]
    if (value === undefined || value === '') return undefined
    if (kind === 'number') return Number(value)
    if (kind === 'time') return timeOf(value) ?? undefined
    return plain(value, kind)
  }
}

function sort(
  records: StoredRecord[],
  state: SandboxState,
  table: RecordTable,
  given: string | { propertyName: string; direction: 'ASCENDING' | 'DESCENDING' } | undefined,
): void {
  // Oldest first; ids ascend with creation, as the index does.
  if (given === undefined) return
  const name = typeof given === 'string' ? given.replace(/^-/, '') : given.propertyName
  const descends = typeof given === 'string' ? given.startsWith('-') : given.direction === 'DESCENDING'
  if (name === 'hs_object_id') {
    if (descends) records.reverse()
    return
  }
  const key = keyOf(table, name, kindOf(state, table, name))
  const order = descends ? -1 : 1
  records.sort((a, b) => {
    const left = key(a)
    const right = key(b)
    if (left === right) return a.order - b.order
    if (left === undefined) return 1
    if (right === undefined) return -1
    return left < right ? -order : order
  })
}

const badFilter = (message: string, property: string): Error =>
  invalid('There was a problem with the request.', {
    errors: [{ message, code: 'INVALID_FILTER', context: { propertyName: [property] } }],
  })

export const searchRoutes: readonly SandboxRoute[] = [search]
