/**
 * Many updates at once by the Bulk API 2.0: a CSV file a job, an outcome for each row out of the three files of results.
 * A job that fails or takes too long leaves rows that it did not come to; those are said to be tried again.
 *
 * @see https://developer.salesforce.com/docs/platform/api-asynch/guide/bulk-api-2-0-ingest.html
 */
import { pipeline } from 'node:stream/promises'
import { parse } from 'csv-parse'
import { z } from 'zod'
import { HoldfastError } from '../../src/contracts/errors.ts'
import type { SalesforceClient } from './client.ts'
import { PAUSES, type Outcome, type Pauses } from './collections.ts'
import { csvCell, type Cell } from './fields.ts'
import { id18 } from './ids.ts'
import { NO_ANSWER, notTried, refusalOfError, refusalOfText, type Refusal } from './row-errors.ts'

/**
 * Updates from which the Bulk API is meant to be used.
 *
 * @see https://developer.salesforce.com/docs/platform/salesforce-app-limits-cheatsheet/guide/salesforce-app-limits-platform-bulkapi.html
 */
export const BULK_FROM = 2000

export interface BulkRow {
  /** Of the record, 18 characters. */
  readonly id: string
  /** By API names; what is absent is left as it is. */
  readonly cells: Readonly<Record<string, Cell>>
}

export interface IngestOptions {
  /** API name. */
  readonly object: string
  /** Bytes of one file; Salesforce takes 150 MB after encoding it, and advises 100 MB before. */
  readonly maxBytes?: number
  /** Given up after so long, and what was not done is tried again with the next write. */
  readonly timeoutMs?: number
  readonly pauses?: Pauses
}

/**
 * @param rows in any number, each record once
 * @returns an outcome for every row
 * @throws HoldfastError when nothing at all could be tried
 * @example
 * await ingest(client, rows, { object: 'Account' })
 */
export async function ingest(
  client: SalesforceClient,
  rows: readonly BulkRow[],
  options: IngestOptions,
): Promise<ReadonlyMap<string, Outcome>> {
  const outcomes = new Map<string, Outcome>()
  const fields = [...new Set(rows.flatMap(({ cells }) => Object.keys(cells)))].toSorted()
  let isStarted = false
  try {
    for (const file of filesOf(rows, fields, options.maxBytes ?? 100_000_000)) {
      const job = await startJob(client, options.object)
      isStarted = true
      await runJob(client, job, file, options, outcomes)
    }
  } catch (error) {
    if (!(error instanceof HoldfastError) || !isStarted) throw error
    // A CRM that cannot be reached for one job is not asked for the next.
    const refusal = refusalOfError(error)
    for (const { id } of rows) if (!outcomes.has(id)) outcomes.set(id, { ok: false, refusal })
  }
  for (const { id } of rows) if (!outcomes.has(id)) outcomes.set(id, { ok: false, refusal: NO_ANSWER })
  return outcomes
}

interface File {
  readonly csv: string
  readonly ids: readonly string[]
}

function* filesOf(rows: readonly BulkRow[], fields: readonly string[], maxBytes: number): Iterable<File> {
  const header = `${['Id', ...fields].join(',')}\n`
  let lines: string[] = [header]
  let ids: string[] = []
  let bytes = header.length
  for (const { id, cells } of rows) {
    const line = `${[id, ...fields.map((field) => csvCell(cells[field]))].join(',')}\n`
    const length = Buffer.byteLength(line)
    if (ids.length > 0 && bytes + length > maxBytes) {
      yield { csv: lines.join(''), ids }
      lines = [header]
      ids = []
      bytes = header.length
    }
    lines.push(line)
    ids.push(id)
    bytes += length
  }
  if (ids.length > 0) yield { csv: lines.join(''), ids }
}

const JOBS = '/jobs/ingest'

const jobSchema = z.object({
  id: z.string(),
  state: z.string(),
  errorMessage: z.string().nullish().catch(null),
})
type Job = z.output<typeof jobSchema>

async function startJob(client: SalesforceClient, object: string): Promise<string> {
  const { body } = await client.call({
    method: 'POST',
    path: JOBS,
    body: { object, operation: 'update', contentType: 'CSV', lineEnding: 'LF', columnDelimiter: 'COMMA' },
    schema: jobSchema,
    // One that was made and never heard of stays open without rows, and Salesforce removes it after a week.
    repeatable: true,
  })
  return body.id
}

async function runJob(
  client: SalesforceClient,
  job: string,
  { csv, ids }: File,
  options: IngestOptions,
  outcomes: Map<string, Outcome>,
): Promise<void> {
  const path = `${JOBS}/${job}`
  try {
    // A job takes one upload: a second one of the same is refused, so that it is not repeated.
    const upload = { method: 'PUT', path: `${path}/batches`, csv, repeatable: false } as const
    await client.call({ ...upload, schema: z.unknown() })
    await client.call({ method: 'PATCH', path, body: { state: 'UploadComplete' }, schema: z.unknown() })
  } catch (error) {
    // The answer may have been lost on the way, and the job runs.
    if (!(await isRunning(client, path))) throw error
  }
  const ended = await waitFor(client, path, options)
  await readResults(client, path, outcomes)
  const refusal = whyNot(ended)
  for (const id of ids) {
    const outcome = outcomes.get(id)
    if (outcome === undefined || (!outcome.ok && outcome.refusal === UNPROCESSED))
      outcomes.set(id, { ok: false, refusal: refusal ?? NO_ANSWER })
  }
}

/** Best effort: a job that cannot be asked about is left; without the word that it is complete it never runs. */
async function isRunning(client: SalesforceClient, path: string): Promise<boolean> {
  try {
    const { body } = await client.call({ method: 'GET', path, schema: jobSchema })
    if (body.state !== 'Open') return true
    await abort(client, path)
  } catch (error) {
    if (!(error instanceof HoldfastError)) throw error
  }
  return false
}

function abort(client: SalesforceClient, path: string): Promise<unknown> {
  return client.call({ method: 'PATCH', path, body: { state: 'Aborted' }, schema: z.unknown() })
}

const ENDED: ReadonlySet<string> = new Set(['JobComplete', 'Failed', 'Aborted'])
const FIRST_PAUSE_MS = 1000
const LONGEST_PAUSE_MS = 15_000
const TIMEOUT_MS = 30 * 60_000

/** Asked less and less often; a job that takes too long is aborted, so that it does not write after us. */
async function waitFor(
  client: SalesforceClient,
  path: string,
  { timeoutMs = TIMEOUT_MS, pauses: { sleep, random } = PAUSES }: IngestOptions,
): Promise<Job & { readonly late?: true }> {
  const ask = async (): Promise<Job> => (await client.call({ method: 'GET', path, schema: jobSchema })).body
  let waited = 0
  for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(LONGEST_PAUSE_MS, pause * 1.5)) {
    const job = await ask()
    if (ENDED.has(job.state)) return job
    if (waited >= timeoutMs) break
    const ms = pause * (0.75 + random() / 2)
    await sleep(ms)
    waited += ms
  }
  await abort(client, path)
  return { ...(await ask()), late: true }
}

const UNPROCESSED: Refusal = notTried('Salesforce did not come to this record. It is written again.')

/** Why rows of a job were not processed; null where there is no reason why any was not. */
function whyNot({ state, errorMessage, late }: Job & { readonly late?: true }): Refusal | null {
  if (late === true)
    return notTried(
      'Salesforce took too long over a Bulk API job, which was aborted before it came to this record. It is written again.',
    )
  const said = errorMessage ?? ''
  // "InvalidBatch : Field name not found : X__c": the field is not there, or the user may not see it.
  if (/field name not found/i.test(said)) return refusalOfText(`INVALID_FIELD:${said}:--`)
  if (state === 'JobComplete') return UNPROCESSED
  return notTried(
    `Salesforce ended a Bulk API job before it came to this record (${state}${said === '' ? '' : `: ${said.slice(0, 300)}`}). It is written again.`,
  )
}

const RESULTS = [
  ['successfulResults', () => null],
  ['failedResults', (error: string) => refusalOfText(error)],
  // One word in small letters, as the guide has it.
  ['unprocessedrecords', () => UNPROCESSED],
] as const

async function readResults(
  client: SalesforceClient,
  path: string,
  outcomes: Map<string, Outcome>,
): Promise<void> {
  for (const [name, refusalFor] of RESULTS)
    await readFile(client, `${path}/${name}`, (row) => {
      const id = id18(row.Id || row.sf__Id || '')
      const refusal = refusalFor(row.sf__Error ?? '')
      if (id !== '') outcomes.set(id, refusal === null ? { ok: true, id } : { ok: false, refusal })
    })
}

type ResultRow = Readonly<Record<string, string | undefined>>

/** From the start again when it broke off: each row says the same the second time. */
async function readFile(
  client: SalesforceClient,
  path: string,
  take: (row: ResultRow) => void,
  tries = 3,
): Promise<void> {
  try {
    const { body } = await client.stream({ method: 'GET', path, headers: { Accept: 'text/csv' } })
    const rows = parse({ columns: true, bom: true, relax_column_count: true, skip_empty_lines: true })
    await pipeline(body, rows, async (all: AsyncIterable<ResultRow>) => {
      for await (const row of all) take(row)
    })
  } catch (error) {
    if (error instanceof HoldfastError) throw error
    if (tries > 1) return readFile(client, path, take, tries - 1)
    throw new HoldfastError(
      'connector_unavailable',
      'The connection to Salesforce broke off while the results of a Bulk API job were read. What was not heard of is written again.',
      { cause: error, retryable: true },
    )
  }
}
