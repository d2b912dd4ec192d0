/** What was deleted, also where it is not even in the recycle bin any more; and what lives on in other records. */
import { z } from 'zod'
import type { SalesforceClient } from './client.ts'
import { isFailure } from './errors.ts'
import { id18, isId } from './ids.ts'
import { anyRow, idIn } from './rows.ts'
import { and, compare, oneOf, pieces, select } from './soql.ts'
import { readTime } from './values.ts'

const instant = z
  .string()
  .transform((text) => readTime(text))
  .catch(null)
const answer = z.object({
  deletedRecords: z.array(z.object({ id: z.string(), deletedDate: instant })),
  latestDateCovered: instant,
})

export interface Deleted {
  /** Of 18 characters. */
  readonly id: string
  /** Milliseconds. */
  readonly at: number
}

export interface DeletedSince {
  readonly deleted: readonly Deleted[]
  /** From here on deletions may still be missing: where to begin the next time. */
  readonly covered: Date
  /** Some cannot be told any more: only reading everything shows what is gone. */
  readonly missed: boolean
}

const MINUTE = 60_000
/** Salesforce looks back 15 days, and counts them by its own clock. */
const LOOKS_BACK = 15 * 86_400_000 - 3_600_000

/**
 * Ids that were deleted in a span of time; of more than 600,000 Salesforce tells none, so that the span is halved.
 *
 * @param until by our clock: where it is ahead, Salesforce says up to when it told; where it is behind, the rest is told
 *   the next time
 * @see https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/resources_getdeleted.htm
 */
export async function deletedSince(
  client: SalesforceClient,
  object: string,
  from: Date,
  until: Date,
): Promise<DeletedSince> {
  // Salesforce leaves the seconds out, and wants more than a minute between the two.
  const start = Math.floor((from.getTime() - MINUTE) / MINUTE) * MINUTE
  const end = Math.max(Math.ceil(until.getTime() / MINUTE) * MINUTE, start + 2 * MINUTE)
  if (end - start > LOOKS_BACK) return { deleted: [], covered: from, missed: true }
  for (const begin of [start, ...LATER.map((ago) => end - ago).filter((at) => at > start)])
    try {
      const told = await askDeleted(client, object, begin, end, from)
      return begin === start ? told : { ...told, missed: true }
    } catch (error) {
      if (!isFailure(error, 'INVALID_REPLICATION_DATE')) throw error
    }
  return { deleted: [], covered: from, missed: true }
}

/**
 * Nothing is told from before somebody emptied the recycle bin, or the org began: what is tried instead, so that
 * everything is read once because of it and not with every pass.
 */
const LATER = [24 * 60 * MINUTE, 2 * 60 * MINUTE, 10 * MINUTE]

async function askDeleted(
  client: SalesforceClient,
  object: string,
  start: number,
  end: number,
  from: Date,
): Promise<DeletedSince> {
  try {
    const { body } = await client.call({
      method: 'GET',
      path: `/sobjects/${encodeURIComponent(object)}/deleted/`,
      query: { start: instantOf(start), end: instantOf(end) },
      schema: answer,
    })
    const { deletedRecords, latestDateCovered: latest } = body
    return {
      deleted: deletedRecords
        .filter(({ id }) => isId(id))
        .map(({ id, deletedDate }) => ({ id: id18(id), at: deletedDate?.getTime() ?? start })),
      // Transactions that are still under way are not covered. Never backwards: the span would grow for ever.
      covered: new Date(Math.max(from.getTime(), Math.min(latest?.getTime() ?? start, end))),
      missed: false,
    }
  } catch (error) {
    if (!isFailure(error, 'EXCEEDED_ID_LIMIT')) throw error
    const middle = start + Math.floor((end - start) / 2 / MINUTE) * MINUTE
    if (middle - start < 2 * MINUTE || end - middle < 2 * MINUTE)
      return { deleted: [], covered: new Date(end), missed: true }
    const first = await askDeleted(client, object, start, middle, from)
    // Beyond what is covered nothing is sure: it is asked for the next time.
    if (first.covered.getTime() < middle) return first
    const second = await askDeleted(client, object, middle, end, first.covered)
    return {
      deleted: [...first.deleted, ...second.deleted],
      covered: second.covered,
      missed: first.missed || second.missed,
    }
  }
}

/** As the examples of Salesforce have it. */
const instantOf = (at: number): string => new Date(at).toISOString().replace(/\.\d{3}Z$/, '+00:00')

/**
 * The records that merged ones live on in, over several merges. Those that were deleted for other reasons are left out.
 *
 * @returns by the id that is gone, of 18 characters
 */
export async function survivorsOf(
  client: SalesforceClient,
  object: string,
  ids: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  const into = new Map<string, string>()
  const seen = new Set<string>()
  let asked = [...new Set(ids.filter(isId).map(id18))]
  while (asked.length > 0) {
    for (const id of asked) seen.add(id)
    const found: string[] = []
    const queryFor = (piece: readonly string[]): string =>
      select({
        fields: ['Id', 'MasterRecordId'],
        from: object,
        where: and(oneOf('Id', piece), compare('IsDeleted', '=', true)),
      })
    for (const piece of pieces(asked, queryFor(asked.slice(0, 1)))) {
      for await (const { records } of client.query(queryFor(piece), anyRow, { all: true })) {
        for (const row of records) {
          const master = idIn(row, 'MasterRecordId')
          if (master === null) continue
          into.set(id18(String(row['Id'])), master)
          found.push(master)
        }
      }
    }
    asked = [...new Set(found)].filter((id) => !seen.has(id))
  }
  return new Map(
    [...into.keys()].filter((id) => ids.some((one) => id18(one) === id)).map((id) => [id, top(id)]),
  )

  function top(id: string): string {
    const way = new Set<string>()
    let at = id
    for (let next = into.get(at); next !== undefined && !way.has(next); next = into.get(at)) {
      way.add(next)
      at = next
    }
    return at
  }
}
