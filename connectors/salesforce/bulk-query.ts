/**
 * Queries of the Bulk API 2.0, read by ourselves: each page of results begins with a header, the header of an answer says
 * where the next one is, and a job that takes long is left alone.
 *
 * @see https://developer.salesforce.com/docs/atlas.en-us.api_asynch.meta/api_asynch/queries.htm
 */
import { pipeline } from 'node:stream/promises'
import type { Readable } from 'node:stream'
import { parse } from 'csv-parse'
import { z } from 'zod'
import { HoldfastError } from '../../src/contracts/errors.ts'
import { broken } from '../network.ts'
import type { SalesforceClient } from './client.ts'
import { isFailure } from './errors.ts'
import type { Row } from './rows.ts'

const jobSchema = z.object({
  id: z.string(),
  state: z.string(),
  errorMessage: z.string().nullish().catch(null),
})
export type BulkJob = z.infer<typeof jobSchema>

/** @param soql without ORDER BY and LIMIT, which would keep Salesforce from reading it in parts at once */
export async function createQueryJob(client: SalesforceClient, soql: string): Promise<BulkJob> {
  const { body } = await client.call({
    method: 'POST',
    path: '/jobs/query',
    body: { operation: 'query', query: soql, contentType: 'CSV', columnDelimiter: 'COMMA', lineEnding: 'LF' },
    schema: jobSchema,
    // Two jobs where one was wanted: nobody reads the other, and it goes after seven days.
    repeatable: true,
  })
  return body
}

/** @returns null for a job that is not there any more: Salesforce keeps them for seven days */
export async function readQueryJob(client: SalesforceClient, id: string): Promise<BulkJob | null> {
  try {
    const { body } = await client.call({ method: 'GET', path: jobPath(id), schema: jobSchema })
    return body
  } catch (error) {
    if (isGone(error)) return null
    throw error
  }
}

const jobPath = (id: string): string => `/jobs/query/${encodeURIComponent(id)}`

/** Whether Salesforce says that a job, or its results, are not there any more. */
export const isGone = (error: unknown): boolean =>
  isFailure(
    error,
    'NOT_FOUND',
    'INVALIDJOB',
    'INVALID_JOB',
    'ENTITY_IS_DELETED',
    'INVALID_LOCATOR',
    'INVALIDLOCATOR',
    'InvalidLocator',
  )

const FIRST_WAIT_MS = 1000
const LONGEST_WAIT_MS = 20_000
const PATIENCE_MS = 20 * 60_000

/**
 * Looks at a job until it has ended, at first often, then every 20 seconds. A job that takes longer than 20 minutes goes
 * on in Salesforce, and whoever asks next finds it further.
 *
 * @returns null for a job that is not there any more
 * @throws HoldfastError `connector_unavailable` (retryable) for one that is still under way
 */
export async function awaitQueryJob(
  client: SalesforceClient,
  id: string,
  sleep: (ms: number) => Promise<void>,
): Promise<BulkJob | null> {
  let waited = 0
  for (let wait = FIRST_WAIT_MS; ; wait = Math.min(wait * 1.5, LONGEST_WAIT_MS)) {
    const job = await readQueryJob(client, id)
    if (job === null || ENDED.has(job.state)) return job
    if (waited >= PATIENCE_MS)
      throw new HoldfastError(
        'connector_unavailable',
        `Salesforce is still preparing the records (bulk job ${id}, ${job.state}). The sync goes on with the same job later; nothing is lost.`,
        { retryable: true },
      )
    await sleep(wait)
    waited += wait
  }
}

const ENDED: ReadonlySet<string> = new Set(['JobComplete', 'Failed', 'Aborted'])

/** A place in the results of a job. */
export interface BulkPlace {
  /** Null: the first page of results. */
  readonly locator: string | null
  /** Rows of this page that were handed over already. */
  readonly skip: number
}

export interface BulkRows {
  /** Values are texts, '' where there is none. */
  readonly rows: readonly Row[]
  /** Where to go on after them. */
  readonly place: BulkPlace
}

/** Rows in one answer. They come as a stream, so that their number takes no memory. */
const PAGE = 20_000
const TRIES = 4

/**
 * All rows of a job from a place on, some at a time. An answer that breaks off is asked for again and goes on where it
 * broke off.
 *
 * @param options.size rows at a time
 * @param options.page rows in one answer, at most
 * @example
 * for await (const { rows, place } of bulkRows(client, id, { locator: null, skip: 0 }, { size: 500 })) store(rows, place)
 */
export async function* bulkRows(
  client: SalesforceClient,
  job: string,
  from: BulkPlace,
  { size, page = PAGE }: { size: number; page?: number },
): AsyncGenerator<BulkRows> {
  let place = from
  let tries = 0
  for (;;) {
    // What is refused, or cannot be reached, was tried by the client; only a body that breaks is asked for again.
    const answer = await openPage(client, job, place.locator, page)
    let count = 0
    let broke: { readonly why: string; readonly cause?: unknown } | null = null
    try {
      for await (const rows of slices(answer.body, size)) {
        const fresh = rows.slice(Math.max(0, place.skip - count))
        count += rows.length
        if (fresh.length === 0) continue
        tries = 0
        place = { locator: place.locator, skip: count }
        yield { rows: fresh, place }
      }
      if (answer.count !== null && count < answer.count)
        broke = { why: `${count} of ${answer.count} rows came` }
    } catch (cause) {
      broke = { why: broken(cause).why, cause }
    }
    if (broke !== null) {
      if (++tries >= TRIES) throw brokenOff(job, broke)
      continue
    }
    if (answer.next === null) return
    if (answer.next === place.locator)
      throw brokenOff(job, { why: 'the next page of results is the same one' })
    place = { locator: answer.next, skip: 0 }
  }
}

interface ResultPage {
  readonly body: Readable
  readonly next: string | null
  /** Rows that the answer says it has; null where it does not say. */
  readonly count: number | null
}

async function openPage(
  client: SalesforceClient,
  job: string,
  locator: string | null,
  maxRecords: number,
): Promise<ResultPage> {
  const { headers, body } = await client.stream({
    method: 'GET',
    path: `${jobPath(job)}/results`,
    query: { maxRecords, ...(locator !== null && { locator }) },
    headers: { accept: 'text/csv' },
  })
  const next = headers['sforce-locator']
  const count = headers['sforce-numberofrecords']
  return {
    body,
    // The last page says "null"; one that says nothing is the last as well, or there would be no end.
    next: next === undefined || next === '' || next === 'null' ? null : next,
    count: count !== undefined && /^\d+$/.test(count) ? Number(count) : null,
  }
}

/** The first line names the columns; the rest is handed over some rows at a time. */
async function* slices(body: Readable, size: number): AsyncGenerator<readonly Row[]> {
  const parser = parse({ columns: true, bom: true, skipEmptyLines: true })
  // What breaks the stream breaks the parser, which tells it to the loop below.
  const flow = pipeline(body, parser).catch(() => {})
  try {
    let rows: Row[] = []
    for await (const row of parser) {
      rows.push(row as Row)
      if (rows.length < size) continue
      yield rows
      rows = []
    }
    if (rows.length > 0) yield rows
  } finally {
    body.destroy()
    parser.destroy()
    await flow
  }
}

function brokenOff(
  job: string,
  { why, cause }: { readonly why: string; readonly cause?: unknown },
): HoldfastError {
  return new HoldfastError(
    'connector_unavailable',
    `The results of the bulk job ${job} broke off (${why}). The sync goes on there by itself; nothing is lost.`,
    { cause, retryable: true },
  )
}
