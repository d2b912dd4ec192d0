/** The calls that read objects: lists page by page, batches by id, searches. */
import { z } from 'zod'
import type { HubSpotAnswer, HubSpotClient } from './client.ts'
import { failureOf } from './errors.ts'
import { API_VERSION } from './version.ts'

const text = z.union([z.string(), z.number().transform(String), z.boolean().transform(String)]).nullable()
const when = z.coerce.date()

const record = z.object({
  id: z.coerce.string(),
  properties: z.record(z.string(), text),
  propertiesWithHistory: z.record(z.string(), z.array(z.object({ value: text, timestamp: when }))).nullish(),
  createdAt: when,
  updatedAt: when,
  archivedAt: when.nullish(),
})

/** A record as HubSpot sends it: every value a text. */
export type RawRecord = z.infer<typeof record>

const page = z.object({
  results: z.array(record),
  paging: z.object({ next: z.object({ after: z.string() }).nullish() }).nullish(),
})
const batch = z.object({ results: z.array(record) })
const found = z.object({ total: z.number(), results: z.array(record) })

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
  /** All that the filters find, also beyond this page. */
  readonly total: number
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
 * Names that do not fit into an address are asked for in the body of a batch, so that a page costs two calls and
 * never more.
 *
 * @example
 * const { records } = await openObjects(client).list('companies', { properties: ['name'] })
 */
export function openObjects(client: HubSpotClient): Objects {
  /** Halved when HubSpot finds an address too long after all. */
  let address = ADDRESS

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
    return { records, after: body.paging?.next?.after ?? null, date }
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
      const { body } = await client.call({
        method: 'POST',
        path: `/crm/objects/${API_VERSION}/${object}/batch/read`,
        ...(archived && { query: { archived } }),
        body: { inputs: some.map((id) => ({ id })), properties, propertiesWithHistory: history },
        schema: batch,
      })
      records.push(...body.results)
    }
    return records
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
    async search(object, { filters, properties, sort }) {
      const { body, date } = await client.call({
        method: 'POST',
        path: `/crm/objects/${API_VERSION}/${object}/search`,
        body: {
          filterGroups: filters.length === 0 ? [] : [{ filters }],
          properties,
          sorts: [sort],
          limit: SEARCH_PAGE,
          after: '0',
        },
        schema: found,
      })
      return { records: body.results, total: body.total, date }
    },
  }
}

/** @example [...inChunks([1, 2, 3], 2)] // [[1, 2], [3]] */
export function* inChunks<T>(all: readonly T[], size: number): Generator<readonly T[]> {
  for (let from = 0; from < all.length; from += size) yield all.slice(from, from + size)
}

function inOrder(ids: readonly string[], records: readonly RawRecord[]): readonly RawRecord[] {
  const byId = new Map(records.map((one) => [one.id, one]))
  return ids.flatMap((id) => byId.get(id) ?? [])
}
