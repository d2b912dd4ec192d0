/**
 * Query jobs of the Bulk API 2.0. Results come in pages, each with the header of the columns, and say in
 * `Sforce-Locator` where the next one begins: the word `null` after the last.
 *
 * @see https://developer.salesforce.com/docs/atlas.en-us.api_asynch.meta/api_asynch/queries.htm
 */
import { z } from 'zod'
import type { SandboxAnswer } from '../../sandbox/http.ts'
import {
  createJob,
  CSV_FORMAT,
  csvLine,
  findJob,
  hasEnded,
  jobBody,
  liveJobs,
  saveJob,
  type BulkJob,
} from './bulk-jobs.ts'
import type { FieldDefinition, Value } from './field.ts'
import { refused } from './problems.ts'
import { DATA, parseBody, type SandboxContext, type SandboxRequest, type SandboxRoute } from './route.ts'
import { run, type Found } from './soql-query.ts'
import { parseQuery } from './soql-syntax.ts'
import type { Row } from './tables.ts'

const JOBS = 'bulk_query_jobs'
/** Jobs with no more rows are done when they are first looked at. */
const AT_ONCE = 2_000

const made = z.object({
  operation: z.enum(['query', 'queryAll']),
  query: z.string().min(1),
  ...CSV_FORMAT,
})

export const bulkQueryRoutes: readonly SandboxRoute[] = [
  {
    method: 'POST',
    path: `${DATA}/jobs/query`,
    kind: 'call',
    handle(request) {
      const given = parseBody(made, request)
      const found = find(request, given.query, given.operation === 'queryAll')
      const job = createJob(request, JOBS, {
        operation: given.operation,
        object: found.type,
        state: 'UploadComplete',
        query: given.query,
        lineEnding: given.lineEnding,
        columnDelimiter: given.columnDelimiter,
      })
      results(request.context).set(job.id, found)
      return { status: 200, body: jobBody(job, 'V2Query') }
    },
  },
  {
    method: 'GET',
    path: `${DATA}/jobs/query`,
    kind: 'call',
    handle: (request) => ({
      status: 200,
      body: {
        done: true,
        nextRecordsUrl: null,
        records: liveJobs(request, JOBS).map((job) => jobBody(job, 'V2Query')),
      },
    }),
  },
  {
    method: 'GET',
    path: `${DATA}/jobs/query/:job`,
    kind: 'call',
    handle(request) {
      const job = goOn(request, findJob(request, JOBS))
      return { status: 200, body: jobBody(job, 'V2Query', { isPkChunkingSupported: true }) }
    },
  },
  {
    method: 'PATCH',
    path: `${DATA}/jobs/query/:job`,
    kind: 'call',
    handle(request) {
      parseBody(z.object({ state: z.literal('Aborted') }), request)
      const job = findJob(request, JOBS)
      if (hasEnded(job)) throw refused(400, 'INVALIDJOBSTATE', `Aborting of ${job.state} job is not allowed`)
      return { status: 200, body: jobBody(saveJob(request, JOBS, { ...job, state: 'Aborted' }), 'V2Query') }
    },
  },
  {
    method: 'DELETE',
    path: `${DATA}/jobs/query/:job`,
    kind: 'call',
    handle(request) {
      const job = findJob(request, JOBS)
      if (!hasEnded(job)) throw refused(400, 'INVALIDJOBSTATE', `Deleting of ${job.state} job is not allowed`)
      request.state.put(JOBS, job.id, null)
      results(request.context).delete(job.id)
      return { status: 204 }
    },
  },
  {
    method: 'GET',
    path: `${DATA}/jobs/query/:job/results`,
    kind: 'call',
    handle(request) {
      const job = findJob(request, JOBS)
      if (job.state !== 'JobComplete') {
        throw refused(400, 'INVALIDJOBSTATE', `Results of a job in state ${job.state} cannot be read`)
      }
      return page(request, job)
    },
  },
]

/** What jobs found; after a restart they find it again. */
const kept = new WeakMap<SandboxContext, Map<string, Found>>()

function results(context: SandboxContext): Map<string, Found> {
  let found = kept.get(context)
  if (!found) kept.set(context, (found = new Map()))
  return found
}

function foundBy(request: SandboxRequest, job: BulkJob): Found {
  const known = results(request.context).get(job.id)
  if (known) return known
  const found = find(request, job.query ?? '', job.operation === 'queryAll')
  results(request.context).set(job.id, found)
  return found
}

/** @throws what the query API answers, and what only bulk queries cannot do */
function find(request: SandboxRequest, soql: string, all: boolean): Found {
  const query = parseQuery(soql)
  const unsupported = (what: string): Error =>
    refused(400, 'API_ERROR', `${what} is not supported in Bulk V2 Query with CSV content type`)
  if (query.groupBy.length > 0) throw unsupported('GROUP BY')
  if (query.offset > 0) throw unsupported('OFFSET')
  if (query.items.some(({ kind }) => kind === 'aggregate')) throw unsupported('Aggregate function')
  if (query.items.some(({ kind }) => kind === 'children')) throw unsupported('Parent to child relationship')
  const found = run(soql, { source: request.context.source, base: request.base, all })
  const compound = found.columns.find(({ field }) => field.type === 'address' || field.type === 'location')
  if (compound) throw unsupported(`Compound field ${compound.names.join('.')}`)
  return found
}

/** Each look takes it further: taken up, under way, done. */
function goOn(request: SandboxRequest, job: BulkJob): BulkJob {
  if (hasEnded(job)) return job
  const { total } = foundBy(request, job)
  const looks = job.looks + 1
  const done = total <= AT_ONCE || looks > 1
  return saveJob(request, JOBS, {
    ...job,
    looks,
    state: done ? 'JobComplete' : 'InProgress',
    processed: done ? total : Math.floor(total / 2),
  })
}

/** A page begins after the record that the locator names: also after a restart, or when records went meanwhile. */
function page(request: SandboxRequest, job: BulkJob): SandboxAnswer {
  const { rows, columns } = foundBy(request, job)
  const all = rows ?? []
  const from = startOf(all, request.query.get('locator'))
  const asked = Number(request.query.get('maxRecords') ?? Infinity)
  if (!(asked >= 1)) throw refused(400, 'API_ERROR', 'maxRecords must be a positive number')
  const end = Math.min(all.length, from + Math.min(Math.floor(asked), request.context.settings.bulkPage))
  const lines = [
    csvLine(
      columns.map(({ names }) => names.join('.')),
      job,
    ),
  ]
  for (const row of all.slice(from, end)) {
    lines.push(
      csvLine(
        columns.map(({ field, read }) => csvValue(field, read(row))),
        job,
      ),
    )
  }
  return {
    status: 200,
    headers: {
      'Content-Type': 'text/csv',
      'Sforce-NumberOfRecords': String(end - from),
      'Sforce-Locator': end < all.length ? locatorOf(all, end) : 'null',
    },
    body: lines.join(''),
  }
}

const locatorOf = (rows: readonly Row[], end: number): string =>
  Buffer.from(`${end}:${rows[end - 1].id}`).toString('base64url')

function startOf(rows: readonly Row[], locator: string | null): number {
  if (locator === null) return 0
  const [, at, id] = /^(\d+):(\w{18})$/.exec(Buffer.from(locator, 'base64url').toString()) ?? []
  if (at === undefined) throw refused(400, 'INVALID_LOCATOR', `Invalid locator: ${locator}`)
  // Where it was, but for changes since the job was found anew; those without an order are by id.
  if (rows[Number(at) - 1]?.id === id) return Number(at)
  const next = rows.findIndex((row) => row.id > id)
  return next < 0 ? rows.length : next
}

/** Decimals have a point, instants end with Z. */
function csvValue({ type }: FieldDefinition, value: Value): string {
  if (value === null) return ''
  if (type === 'double' || type === 'currency' || type === 'percent') {
    return Number.isInteger(value) ? `${value}.0` : String(value)
  }
  return type === 'datetime' ? String(value).replace('+0000', 'Z') : String(value)
}
