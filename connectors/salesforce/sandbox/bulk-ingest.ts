/**
 * Ingest jobs of the Bulk API 2.0: a CSV file goes in, and is worked through in batches of 10,000 rows; each look at the
 * job takes it one batch further. Rows succeed, fail, or are not come to.
 *
 * @see https://developer.salesforce.com/docs/atlas.en-us.api_asynch.meta/api_asynch/bulk_api_2_0_ingest.htm
 */
import { parse } from 'csv-parse/sync'
import { z } from 'zod'
import type { SandboxAnswer } from '../../sandbox/http.ts'
import {
  createJob,
  CSV_FORMAT,
  csvLine,
  DELIMITERS,
  findJob,
  hasEnded,
  jobBody,
  LINE_ENDINGS,
  liveJobs,
  saveJob,
  type BulkJob,
} from './bulk-jobs.ts'
import { carryOut, columnOf, type Outcome } from './bulk-rows.ts'
import { refused } from './problems.ts'
import { DATA, parseBody, typeOf, type SandboxRequest, type SandboxRoute } from './route.ts'

const JOBS = 'bulk_ingest_jobs'
/** The files, and what became of their rows, a document for each batch. */
const FILES = 'bulk_ingest_files'
const OUTCOMES = 'bulk_ingest_rows'

const BATCH = 10_000
/** Rows of a batch are saved so many at a time: each chunk is a transaction. */
const CHUNK = 200
/** Files with no more rows are done when they are first looked at. */
const AT_ONCE = 2_000
/** After the conversion to base64 that Salesforce reckons with: 112 MB as they are sent. */
const MOST_BYTES = 150_000_000

const OPERATIONS = ['insert', 'update', 'upsert', 'delete', 'hardDelete'] as const

const made = z.object({
  object: z.string().min(1),
  operation: z.enum(OPERATIONS),
  externalIdFieldName: z.string().min(1).nullish(),
  ...CSV_FORMAT,
})

const body = (job: BulkJob): Record<string, unknown> =>
  jobBody(job, 'V2Ingest', {
    numberRecordsFailed: job.failed,
    apiActiveProcessingTime: job.looks * 800,
    apexProcessingTime: 0,
    ...(job.externalIdFieldName ? { externalIdFieldName: job.externalIdFieldName } : {}),
    ...(job.state === 'Open'
      ? { contentUrl: `services/data/v${job.apiVersion}.0/jobs/ingest/${job.id}/batches` }
      : {}),
  })

const create: SandboxRoute = {
  method: 'POST',
  path: `${DATA}/jobs/ingest`,
  kind: 'call',
  handle(request) {
    const given = parseBody(made, request)
    if ((given.operation === 'upsert') !== Boolean(given.externalIdFieldName)) {
      throw refused(
        400,
        'API_ERROR',
        given.operation === 'upsert'
          ? 'externalIdFieldName is required for upsert'
          : 'externalIdFieldName is only for upsert',
      )
    }
    const job = createJob(request, JOBS, {
      ...given,
      externalIdFieldName: given.externalIdFieldName ?? null,
      object: typeOf(request, given.object),
      state: 'Open',
    })
    return { status: 200, body: body(job) }
  },
}

const upload: SandboxRoute = {
  method: 'PUT',
  path: `${DATA}/jobs/ingest/:job/batches`,
  kind: 'call',
  handle(request) {
    const job = findJob(request, JOBS)
    if (job.state !== 'Open' || request.state.get(FILES, job.id) !== undefined) {
      throw refused(
        400,
        'INVALIDJOBSTATE',
        `Uploading data to ${job.state} job is not allowed, or it has its data`,
      )
    }
    if (!String(request.headers['content-type'] ?? '').startsWith('text/csv')) {
      throw refused(415, 'UNSUPPORTED_MEDIA_TYPE', 'The content type must be text/csv')
    }
    const text = typeof request.body === 'string' ? request.body : ''
    if ((Buffer.byteLength(text) * 4) / 3 > MOST_BYTES) {
      throw refused(413, 'REQUEST_ENTITY_TOO_LARGE', 'The file is larger than 150 MB')
    }
    request.state.put(FILES, job.id, text)
    return { status: 201 }
  },
}

const change: SandboxRoute = {
  method: 'PATCH',
  path: `${DATA}/jobs/ingest/:job`,
  kind: 'call',
  handle(request) {
    const { state } = parseBody(z.object({ state: z.enum(['UploadComplete', 'Aborted']) }), request)
    const job = findJob(request, JOBS)
    if (state === 'Aborted' ? hasEnded(job) : job.state !== 'Open') {
      throw refused(400, 'INVALIDJOBSTATE', `Changing a job from ${job.state} to ${state} is not allowed`)
    }
    return { status: 200, body: body(saveJob(request, JOBS, { ...job, state })) }
  },
}

const look: SandboxRoute = {
  method: 'GET',
  path: `${DATA}/jobs/ingest/:job`,
  kind: 'call',
  handle: (request) => ({ status: 200, body: body(goOn(request, findJob(request, JOBS))) }),
}

const list: SandboxRoute = {
  method: 'GET',
  path: `${DATA}/jobs/ingest`,
  kind: 'call',
  handle: (request) => ({
    status: 200,
    body: { done: true, nextRecordsUrl: null, records: liveJobs(request, JOBS).map(body) },
  }),
}

const remove: SandboxRoute = {
  method: 'DELETE',
  path: `${DATA}/jobs/ingest/:job`,
  kind: 'call',
  handle(request) {
    const job = findJob(request, JOBS)
    if (job.state === 'Open' || job.state === 'InProgress') {
      throw refused(400, 'INVALIDJOBSTATE', `Deleting of ${job.state} job is not allowed`)
    }
    for (const table of [JOBS, FILES]) request.state.put(table, job.id, null)
    return { status: 204 }
  },
}

/** @param line of the row, or null where it is not among these */
const results = (
  name: string,
  columns: readonly string[],
  line: (outcome: Outcome | undefined) => readonly string[] | null,
): SandboxRoute => ({
  method: 'GET',
  path: `${DATA}/jobs/ingest/:job/${name}`,
  kind: 'call',
  handle(request): SandboxAnswer {
    const job = findJob(request, JOBS)
    if (!hasEnded(job)) {
      throw refused(400, 'INVALIDJOBSTATE', `Results of a job in state ${job.state} cannot be read`)
    }
    const [header = [], ...rows] = linesOf(request, job)
    const outcomes = outcomesOf(request, job)
    const lines = [csvLine([...columns, ...header], job)]
    for (const [at, row] of rows.entries()) {
      const more = line(outcomes[at])
      if (more) lines.push(csvLine([...more, ...row], job))
    }
    return { status: 200, headers: { 'Content-Type': 'text/csv' }, body: lines.join('') }
  },
})

export const bulkIngestRoutes: readonly SandboxRoute[] = [
  create,
  list,
  upload,
  change,
  remove,
  look,
  results('successfulResults', ['sf__Id', 'sf__Created'], (outcome) =>
    outcome && 'created' in outcome ? [outcome.id, String(outcome.created)] : null,
  ),
  results('failedResults', ['sf__Id', 'sf__Error'], (outcome) =>
    outcome && 'error' in outcome ? [outcome.id, outcome.error] : null,
  ),
  results('unprocessedrecords', [], (outcome) => (outcome ? null : [])),
]

/** The header and the rows; nothing where no file was sent. */
function linesOf({ state }: SandboxRequest, job: BulkJob): readonly (readonly string[])[] {
  const text = state.get(FILES, job.id)
  if (typeof text !== 'string') return []
  return parse(text, {
    delimiter: DELIMITERS[job.columnDelimiter],
    recordDelimiter: LINE_ENDINGS[job.lineEnding],
    relaxColumnCount: true,
    relaxQuotes: true,
    skipEmptyLines: true,
  }) as string[][]
}

function outcomesOf({ state }: SandboxRequest, job: BulkJob): readonly Outcome[] {
  const outcomes: Outcome[] = []
  for (let batch = 0; ; batch++) {
    const done = state.get(OUTCOMES, `${job.id}:${batch}`) as readonly Outcome[] | undefined
    if (!done) return outcomes
    outcomes.push(...done)
  }
}

/** One batch further. */
function goOn(request: SandboxRequest, job: BulkJob): BulkJob {
  if (hasEnded(job) || job.state === 'Open') return job
  const [header = [], ...rows] = linesOf(request, job)
  const wrong = wrongFile(request, job, header)
  if (wrong !== null) return saveJob(request, JOBS, { ...job, state: 'Failed', error: wrong })
  const looks = job.looks + 1
  const batch = rows.slice(job.processed, job.processed + BATCH)
  const outcomes: Outcome[] = []
  for (let from = 0; from < batch.length; from += CHUNK) {
    request.state.transaction(() => {
      for (const row of batch.slice(from, from + CHUNK)) outcomes.push(carryOut(request, job, header, row))
    })
  }
  if (batch.length > 0)
    request.state.put(OUTCOMES, `${job.id}:${Math.floor(job.processed / BATCH)}`, outcomes)
  const processed = job.processed + batch.length
  const isDone = processed >= rows.length && (rows.length <= AT_ONCE || batch.length === 0)
  return saveJob(request, JOBS, {
    ...job,
    looks,
    processed,
    failed: job.failed + outcomes.filter((outcome) => 'error' in outcome).length,
    state: isDone ? 'JobComplete' : 'InProgress',
  })
}

/** Why the whole file is refused; null: it is not. */
function wrongFile(request: SandboxRequest, job: BulkJob, header: readonly string[]): string | null {
  const text = String(request.state.get(FILES, job.id) ?? '')
  if (text === '') return 'ClientInputError : The file is empty'
  const first = text.slice(0, text.indexOf('\n') + 1)
  if (first !== '' && first.endsWith('\r\n') !== (job.lineEnding === 'CRLF')) {
    return `ClientInputError : LineEnding is invalid on user data. Current LineEnding setting is ${job.lineEnding}`
  }
  const unknown = header.find((name) => columnOf(request, job, name) === null)
  return unknown === undefined ? null : `InvalidBatch : Field name not found : ${unknown}`
}

/** As if somebody in the org had stopped all jobs that are under way. */
export function abortBulkJobs(state: SandboxRequest['state']): void {
  for (const table of [JOBS, 'bulk_query_jobs']) {
    for (const job of state.entries(table).values() as Iterable<BulkJob | null>) {
      if (job && !hasEnded(job)) state.put(table, job.id, { ...job, state: 'Aborted' })
    }
  }
}
