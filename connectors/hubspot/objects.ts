/** The calls that read objects: lists page by page, batches by id, searches. */
import { z } from 'zod'
import { HoldfastError } from '../../src/contracts/errors.ts'
import type { HubSpotAnswer, HubSpotClient } from './client.ts'
import { failureOf } from './errors.ts'
import { paging, passedOverOnly, record, whole } from './raw-records.ts'
import type { RawRecord } from './raw-records.ts'
import { API_VERSION } from './version.ts'

export type { RawRecord } from './raw-records.ts'

const page = z.object({ results: z.array(record), paging })
const batch = z.object({ results: z.array(record), errors: whole })
const found = z.object({ total: z.coerce.number(), results: z.array(record) })

/** What is wanted of each record. */
export interface Wanted {
  readonly properties: readonly string[]
  /** Properties with all their past values. */
  readonly history?: readonly string[]
}

export interface ListPage {
  readonly records: readonly RawRecord[]
  /** Null after the last page. */
  readonly after: string | null
  /** HubSpot's clock when it answered. */
  readonly date: Date | null
}

export interface Filter {
  readonly propertyName: string
  readonly operator: 'BETWEEN' | 'GTE' | 'GT' | 'EQ' | 'IN'
  readonly value?: string
  readonly highValue?: string
  readonly values?: readonly string[]
}

export interface Found {
  readonly records: readonly RawRecord[]
  /** Of the page that was found, also where the record itself is gone by now; null for an empty page. */
  readonly last: string | null
  /** Whether the filters find more behind this page. */
  readonly more: boolean
  readonly date: Date | null
}

export interface Objects {
  /** Records in the order of their ids; archived ones alone with `archived`. */
  list(
    object: string,
    wanted: Wanted,
    options?: { readonly after?: string | null; readonly archived?: boolean },
  ): Promise<ListPage>
  /** In any order; ids that are not there are left out. */
  batch(
    object: string,
    ids: readonly string[],
    wanted: Wanted,
    options?: { readonly archived?: boolean },
  ): Promise<readonly RawRecord[]>
  /** The id under which a record is kept now: another one once it was merged; null where there is none. */
  idNow(object: string, id: string): Promise<string | null>
  search(
    object: string,
    query: {
      readonly filters: readonly Filter[]
      readonly properties: readonly string[]
      readonly sort: string
    },
  ): Promise<Found>
}

/** Records of one list page or one batch. */
export const PAGE = 100
/**
 * Of one with histories: "usage of this parameter will reduce the maximum number of objects", says the OpenAPI file;
 * HubSpot refuses more than 50.
 */
export const HISTORY_PAGE = 50
export const SEARCH_PAGE = 200

/** Characters of property names in one address, from the start; addresses over about 15,000 are refused with 414. */
const ADDRESS = 12_000
/**
 * "If the body of your request exceeds 3,000 characters, a 400 error will be returned": so the guide of the search,
 * about the query. Longer lists of properties are taken in practice, and do without where they are not.
 *
 * @see https://developers.hubspot.com/docs/api-reference/latest/crm/search-the-crm
 */
const SEARCH_BODY = 3000

/**
 * Names that do not fit into an address are asked for in the body of a batch, so that a page costs two calls and
 * never more.
 *
 * @example
 * const { records } = await openObjects(client).list('companies', { properties: ['name'] })
 */
export function openObjects(client: HubSpotClient): Objects {
  /** Halved when HubSpot finds an address too long after all. */
  let address = ADDRESS
  /** A search with a long list of properties was refused: it finds ids alone, and a batch reads the rest. */
  let idsAlone = false

  async function list(
    object: string,
    wanted: Wanted,
    { after = null, archived = false }: { after?: string | null; archived?: boolean } = {},
  ): Promise<ListPage> {
    const { properties, history = [] } = wanted
    const long = properties
      .concat(history)
      .reduce((sum, name) => sum + encodeURIComponent(name).length + 1, 0)
    const fits = long <= address
    const limit = history.length > 0 ? HISTORY_PAGE : PAGE
    const asked = fits ? { properties, propertiesWithHistory: history } : { properties: ['hs_object_id'] }
    let answer: HubSpotAnswer<z.infer<typeof page>>
    try {
      answer = await client.call({
        method: 'GET',
        path: `/crm/objects/${API_VERSION}/${object}`,
        query: {
          limit,
          ...(after !== null && { after }),
          ...(archived && { archived }),
          ...Object.fromEntries(Object.entries(asked).filter(([, names]) => names.length > 0)),
        },
        schema: page,
      })
    } catch (error) {
      if (failureOf(error)?.status !== 414 || !fits) throw error
      address = Math.floor(Math.min(address, long) / 2)
      return list(object, wanted, { after, archived })
    }
    const { body, date } = answer
    const ids = body.results.map(({ id }) => id)
    const records = fits ? body.results : inOrder(ids, await readBatch(object, ids, wanted, { archived }))
    const next = body.paging?.next?.after ?? null
    // It would be the same page for ever.
    if (next !== null && next === after) throw endless(object)
    return { records, after: next, date }
  }

  async function readBatch(
    object: string,
    ids: readonly string[],
    { properties, history = [] }: Wanted,
    { archived = false }: { archived?: boolean } = {},
  ): Promise<readonly RawRecord[]> {
    const size = history.length > 0 ? HISTORY_PAGE : PAGE
    const records: RawRecord[] = []
    for (const some of inChunks([...new Set(ids)], size)) {
      const { body } = await client
        .call({
          method: 'POST',
          path: `/crm/objects/${API_VERSION}/${object}/batch/read`,
          ...(archived && { query: { archived } }),
          body: { inputs: some.map((id) => ({ id })), properties, propertiesWithHistory: history },
          schema: batch,
        })
        .catch(noneThere)
      passedOverOnly(object, body.errors)
      records.push(...body.results)
    }
    return records
  }

  async function find(
    object: string,
    { filters, properties, sort }: Parameters<Objects['search']>[1],
  ): Promise<Found> {
    const body = {
      filterGroups: filters.length === 0 ? [] : [{ filters }],
      properties,
      sorts: [sort],
      limit: SEARCH_PAGE,
      after: '0',
    }
    const isLong = JSON.stringify(body).length > SEARCH_BODY
    const alone = isLong && idsAlone
    let answer: HubSpotAnswer<z.infer<typeof found>>
    try {
      answer = await client.call({
        method: 'POST',
        path: `/crm/objects/${API_VERSION}/${object}/search`,
        body: { ...body, ...(alone && { properties: ['hs_object_id'] }) },
        schema: found,
      })
    } catch (error) {
      if (!isLong || alone || ![400, 413, 414].includes(failureOf(error)?.status ?? 0)) throw error
      idsAlone = true
      return find(object, { filters, properties, sort })
    }
    const { results, total } = answer.body
    const ids = results.map(({ id }) => id)
    const records = alone ? inOrder(ids, await readBatch(object, ids, { properties })) : results
    // A page may be short although there is more: what is gone by now is counted, and not there.
    return {
      records,
      last: ids.at(-1) ?? null,
      more: ids.length > 0 && total > ids.length,
      date: answer.date,
    }
  }

  return {
    list,
    batch: readBatch,
    async idNow(object, id) {
      try {
        const { body } = await client.call({
          method: 'GET',
          path: `/crm/objects/${API_VERSION}/${object}/${id}`,
          query: { properties: ['hs_object_id'] },
          schema: record,
        })
        return body.id
      } catch (error) {
        if (failureOf(error)?.status === 404) return null
        throw error
      }
    },
    search: find,
  }
}

/** Where none of a batch is there, an answer may be for the whole instead of for each. */
function noneThere(error: unknown): { readonly body: z.infer<typeof batch> } {
  const failure = failureOf(error)
  if (failure?.status !== 404 || failure.category !== 'OBJECT_NOT_FOUND') throw error
  return { body: { results: [], errors: null } }
}

function endless(object: string): HoldfastError {
  return new HoldfastError(
    'connector_unavailable',
    `HubSpot's list of ${object} does not go on behind its page. It is tried again.`,
    { retryable: true },
  )
}

/** @example [...inChunks([1, 2, 3], 2)] // [[1, 2], [3]] */
export function* inChunks<T>(all: readonly T[], size: number): Generator<readonly T[]> {
  for (let from = 0; from < all.length; from += size) yield all.slice(from, from + size)
}

function inOrder(ids: readonly string[], records: readonly RawRecord[]): readonly RawRecord[] {
  const byId = new Map(records.map((one) => [one.id, one]))
  return ids.flatMap((id) => byId.get(id) ?? [])
}
