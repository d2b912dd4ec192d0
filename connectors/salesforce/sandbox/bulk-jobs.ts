/**
 * Jobs of the Bulk API 2.0, as the org keeps them for seven days: what was asked for, how far it is, and the CSV that
 * goes in and out.
 *
 * Time passes for a job as it is looked at, not by the clock: a sandbox whose clock stands still finishes its jobs too.
 */
import { z } from 'zod'
import { id18 } from '../ids.ts'
import { refused } from './problems.ts'
import type { SandboxRequest } from './route.ts'
import { formatInstant } from './instants.ts'

export type JobState = 'Open' | 'UploadComplete' | 'InProgress' | 'JobComplete' | 'Failed' | 'Aborted'

export interface BulkJob {
  readonly id: string
  readonly operation: string
  readonly object: string
  readonly createdById: string
  /** Milliseconds. */
  readonly createdAt: number
  readonly changedAt: number
  readonly state: JobState
  readonly lineEnding: LineEnding
  readonly columnDelimiter: Delimiter
  /** 67 */
  readonly apiVersion: number
  readonly processed: number
  readonly failed: number
  readonly error: string | null
  /** How often it was looked at since it began. */
  readonly looks: number
  /** Of a query job. */
  readonly query?: string
  /** Of an upsert. */
  readonly externalIdFieldName?: string | null
}

export const LINE_ENDINGS = { LF: '\n', CRLF: '\r\n' } as const
export type LineEnding = keyof typeof LINE_ENDINGS

export const DELIMITERS = {
  COMMA: ',',
  SEMICOLON: ';',
  TAB: '\t',
  PIPE: '|',
  CARET: '^',
  BACKQUOTE: '`',
} as const
export type Delimiter = keyof typeof DELIMITERS

/** How the CSV of a job is written, as whoever creates it says. */
export const CSV_FORMAT = {
  contentType: z.literal('CSV').default('CSV'),
  columnDelimiter: z.enum(namesOf(DELIMITERS)).default('COMMA'),
  lineEnding: z.enum(namesOf(LINE_ENDINGS)).default('LF'),
}

function namesOf<T extends object>(table: T): (keyof T & string)[] {
  return Object.keys(table) as (keyof T & string)[]
}

const DAYS_7 = 7 * 86_400_000
const ENDED: readonly JobState[] = ['JobComplete', 'Failed', 'Aborted']

export const hasEnded = ({ state }: BulkJob): boolean => ENDED.includes(state)

/** @param table of the state's documents */
export function createJob(
  request: SandboxRequest,
  table: string,
  given: Omit<
    BulkJob,
    | 'id'
    | 'createdById'
    | 'createdAt'
    | 'changedAt'
    | 'apiVersion'
    | 'processed'
    | 'failed'
    | 'error'
    | 'looks'
  >,
): BulkJob {
  const count = Number(request.state.get(COUNTS, 'jobs') ?? 0) + 1
  request.state.put(COUNTS, 'jobs', count)
  const at = request.at.getTime()
  const job: BulkJob = {
    ...given,
    id: id18(`750xx${count.toString(36).padStart(10, '0').toUpperCase()}`),
    createdById: request.by.userId,
    createdAt: at,
    changedAt: at,
    apiVersion: versionOf(request),
    processed: 0,
    failed: 0,
    error: null,
    looks: 0,
  }
  saveJob(request, table, job)
  return job
}

const COUNTS = 'bulk_counts'

export function saveJob(request: SandboxRequest, table: string, job: BulkJob): BulkJob {
  const saved = { ...job, changedAt: request.at.getTime() }
  request.state.put(table, job.id, saved)
  return saved
}

/** @throws NOT_FOUND for a job that is not there, or was made more than seven days ago */
export function findJob(request: SandboxRequest, table: string): BulkJob {
  const job = liveJobs(request, table).find(({ id }) => id.slice(0, 15) === request.params.job.slice(0, 15))
  if (!job) throw refused(404, 'NOT_FOUND', 'The requested resource does not exist')
  if (job.apiVersion !== versionOf(request)) {
    throw refused(409, 'API_ERROR', `The job was created with API version ${job.apiVersion}.0; use the same.`)
  }
  return job
}

export function liveJobs(request: SandboxRequest, table: string): readonly BulkJob[] {
  const since = request.at.getTime() - DAYS_7
  return ([...request.state.entries(table).values()] as (BulkJob | null)[]).filter(
    (job): job is BulkJob => job !== null && job.createdAt > since,
  )
}

const versionOf = ({ base }: SandboxRequest): number => Number(/v(\d+)/.exec(base)?.[1] ?? 0)

/** @see https://developer.salesforce.com/docs/atlas.en-us.api_asynch.meta/api_asynch/query_get_one_job.htm */
export function jobBody(
  job: BulkJob,
  jobType: 'V2Query' | 'V2Ingest',
  more: object = {},
): Record<string, unknown> {
  return {
    id: job.id,
    operation: job.operation,
    object: job.object,
    createdById: job.createdById,
    createdDate: formatInstant(job.createdAt),
    systemModstamp: formatInstant(job.changedAt),
    state: job.state,
    concurrencyMode: 'Parallel',
    contentType: 'CSV',
    apiVersion: job.apiVersion,
    jobType,
    lineEnding: job.lineEnding,
    columnDelimiter: job.columnDelimiter,
    retries: 0,
    totalProcessingTime: job.looks * 1000,
    numberRecordsProcessed: job.processed,
    ...(job.error === null ? {} : { errorMessage: job.error }),
    ...more,
  }
}

/** Every value between quotes, as Salesforce writes its results. */
export function csvLine(values: readonly string[], { lineEnding, columnDelimiter }: BulkJob): string {
  const quoted = values.map((value) => `"${value.replaceAll('"', '""')}"`)
  return quoted.join(DELIMITERS[columnDelimiter]) + LINE_ENDINGS[lineEnding]
}
