import { parse } from 'csv-parse/sync'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Cell } from '../../../connectors/salesforce/fields.ts'
import { ingest, type BulkRow } from '../../../connectors/salesforce/bulk-ingest.ts'
import { writeFields } from '../../../connectors/salesforce/write.ts'
import { idOf, perRow, recordsOf, refusal, scripted, writesOf, type Asked, type Reply } from './scripted.ts'

/** What the Bulk API makes of a row: undefined is done, null not come to. */
type Verdict = (row: Readonly<Record<string, string>>) => string | null | undefined

interface BulkOrg {
  /** How a job ends, and what it says then. */
  readonly state?: string
  readonly errorMessage?: string
  /** States before it. */
  readonly before?: readonly string[]
  readonly verdict?: Verdict
  readonly also?: (asked: Asked) => Reply | undefined
}

/** Answers as the Bulk API 2.0 does, as far as a test needs it. */
function bulkOrg({
  state = 'JobComplete',
  errorMessage,
  before = [],
  verdict = () => undefined,
  also,
}: BulkOrg) {
  const uploads: string[] = []
  let polls = 0
  const org = scripted((asked) => {
    const other = also?.(asked)
    if (other !== undefined) return other
    const { method, path, csv, body } = asked
    if (method === 'POST' && path === '/jobs/ingest') {
      polls = 0
      return { body: { id: `7500000000000${uploads.length + 10}AAA`, state: 'Open', ...Object(body) } }
    }
    if (!path.startsWith('/jobs/ingest/')) return undefined
    if (method === 'PUT') {
      uploads.push(csv)
      return { status: 201, body: '' }
    }
    if (method === 'PATCH') return { body: { id: path.split('/')[3], ...Object(body) } }
    const what = path.split('/')[4]
    if (what === undefined)
      return { body: { id: path.split('/')[3], state: before[polls++] ?? state, errorMessage } }
    return { body: resultFile(what, uploads.at(-1)!, verdict) }
  })
  return { ...org, uploads }
}

const rowsIn = (csv: string): Record<string, string>[] => parse(csv, { columns: true })

function resultFile(what: string, csv: string, verdict: Verdict): string {
  const rows = rowsIn(csv)
  const header = Object.keys(rows[0] ?? { Id: '' })
  const cell = (text: string): string => `"${text.replaceAll('"', '""')}"`
  const lineOf = (first: readonly string[], row: Record<string, string>): string =>
    [...first, ...header.map((name) => row[name])].map(cell).join(',')
  if (what === 'successfulResults') {
    const done = rows.filter((row) => verdict(row) === undefined)
    return [
      ['sf__Id', 'sf__Created', ...header].join(','),
      ...done.map((row) => lineOf([row.Id, 'false'], row)),
    ].join('\n')
  }
  if (what === 'failedResults') {
    const failed = rows.flatMap((row) => {
      const why = verdict(row)
      return typeof why === 'string' ? [lineOf(['', why], row)] : []
    })
    return [['sf__Id', 'sf__Error', ...header].join(','), ...failed].join('\n')
  }
  const left = rows.filter((row) => verdict(row) === null)
  return [header.join(','), ...left.map((row) => lineOf([], row))].join('\n')
}

const rowsOf = (n: number): BulkRow[] =>
  Array.from({ length: n }, (_, at) => ({ id: idOf(at + 1), cells: { Risk__c: at % 100 } }))
const updatesOf = (n: number) =>
  Array.from({ length: n }, (_, at) => ({ id: idOf(at + 1), fields: { riskPercent: at % 100 } }))
const isOf = (row: Readonly<Record<string, string>>, n: number): boolean => row.Id === idOf(n)
const DUPLICATE = 'DUPLICATES_DETECTED:Use one of these records?:--'

describe('writing by the Bulk API', () => {
  it('makes a job of CSV with line feeds, closes it, and has a result for each row out of the three files', async () => {
    const org = bulkOrg({
      verdict: (row) =>
        isOf(row, 2)
          ? 'FIELD_CUSTOM_VALIDATION_EXCEPTION:Pick a segment, "A" or "B":Segment__c --'
          : isOf(row, 3)
            ? null
            : undefined,
    })
    const outcomes = await ingest(org.client, rowsOf(4), { object: 'Account', pauses: org.pauses })
    expect(org.asked.map(({ method, path }) => `${method} ${path.replace(/750\w+/, '{job}')}`)).toEqual([
      'POST /jobs/ingest',
      'PUT /jobs/ingest/{job}/batches',
      'PATCH /jobs/ingest/{job}',
      'GET /jobs/ingest/{job}',
      'GET /jobs/ingest/{job}/successfulResults',
      'GET /jobs/ingest/{job}/failedResults',
      'GET /jobs/ingest/{job}/unprocessedrecords',
    ])
    expect(org.asked[0].body).toEqual({
      object: 'Account',
      operation: 'update',
      contentType: 'CSV',
      lineEnding: 'LF',
      columnDelimiter: 'COMMA',
    })
    expect(org.asked[2].body).toEqual({ state: 'UploadComplete' })
    expect(org.uploads[0].split('\n').slice(0, 2)).toEqual(['Id,Risk__c', `${idOf(1)},0`])
    expect(outcomes.get(idOf(1))).toEqual({ ok: true, id: idOf(1) })
    expect(outcomes.get(idOf(2))).toMatchObject({
      ok: false,
      refusal: { code: 'FIELD_CUSTOM_VALIDATION_EXCEPTION', fields: ['Segment__c'], retryable: false },
    })
    expect(outcomes.get(idOf(3))).toMatchObject({
      ok: false,
      refusal: { code: 'NOT_TRIED', retryable: true },
    })
    expect(outcomes.size).toBe(4)
  })

  it('waits for the job less and less often', async () => {
    const org = bulkOrg({ before: ['UploadComplete', 'InProgress', 'InProgress'] })
    await ingest(org.client, rowsOf(1), { object: 'Account', pauses: org.pauses })
    expect(org.slept).toEqual([1000, 1500, 2250])
  })

  it('aborts a job that takes too long, keeps what was done, and has the rest written again', async () => {
    const org = bulkOrg({ state: 'InProgress', verdict: (row) => (isOf(row, 1) ? undefined : null) })
    const options = { object: 'Account', pauses: org.pauses, timeoutMs: 5000 }
    const outcomes = await ingest(org.client, rowsOf(3), options)
    expect(org.asked.filter(({ method }) => method === 'PATCH').map(({ body }) => body)).toEqual([
      { state: 'UploadComplete' },
      { state: 'Aborted' },
    ])
    expect(outcomes.get(idOf(1))).toMatchObject({ ok: true })
    expect(outcomes.get(idOf(2))).toMatchObject({
      refusal: { retryable: true, message: expect.stringMatching(/took too long/) },
    })
  })

  it('says why a job failed, and has what it did not come to written again', async () => {
    const org = bulkOrg({ state: 'Failed', errorMessage: 'InternalServerError : oops', verdict: () => null })
    const outcomes = await ingest(org.client, rowsOf(2), { object: 'Account', pauses: org.pauses })
    for (const outcome of outcomes.values())
      expect(outcome).toMatchObject({
        refusal: { retryable: true, message: expect.stringMatching(/Failed: Internal/) },
      })
  })

  it('splits files before they are too large, each with its header, and loses no row', async () => {
    const org = bulkOrg({})
    const rows = rowsOf(50).map((row) => ({ ...row, cells: { Text__c: 'ü'.repeat(30) } }))
    const outcomes = await ingest(org.client, rows, { object: 'Account', maxBytes: 1000, pauses: org.pauses })
    expect(org.uploads.length).toBeGreaterThan(3)
    for (const csv of org.uploads) {
      expect(Buffer.byteLength(csv)).toBeLessThanOrEqual(1000)
      expect(csv.startsWith('Id,Text__c\n')).toBe(true)
    }
    expect([...outcomes.values()].filter(({ ok }) => ok)).toHaveLength(50)
    expect(org.uploads.flatMap(rowsIn).map(({ Id }) => Id)).toEqual(rows.map(({ id }) => id))
  })

  it('leaves a cell empty for what stays as it is, and writes #N/A for what is emptied', async () => {
    const org = bulkOrg({})
    const rows: BulkRow[] = [
      { id: idOf(1), cells: { A__c: null, B__c: 'x' } },
      { id: idOf(2), cells: { B__c: '#N/A' } },
    ]
    await ingest(org.client, rows, { object: 'Account', pauses: org.pauses })
    expect(org.uploads[0]).toBe(`Id,A__c,B__c\n${idOf(1)},#N/A,x\n${idOf(2)},,"N/A"\n`)
  })

  it('keeps every text whole: quotes, commas, line feeds, and what means something in SOQL or in a sheet', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(
          fc.oneof(
            fc.string({ unit: 'grapheme', minLength: 1 }),
            fc.constantFrom(`' OR Name != '`, '=1+1', 'a "b", c', 'line\nline', ' x ', '%_\\', '#N/A?', '""'),
          ),
          { minLength: 1, maxLength: 8 },
        ),
        async (texts) => {
          // Texts of ours carry no carriage return (cleanText), and are never empty.
          const clean = texts
            .map((text) => text.replaceAll('\r', ''))
            .filter((text) => text !== '' && text !== '#N/A')
          if (clean.length === 0) return
          const org = bulkOrg({})
          const rows = clean.map((text, at) => ({ id: idOf(at + 1), cells: { Text__c: text as Cell } }))
          const outcomes = await ingest(org.client, rows, { object: 'Account', pauses: org.pauses })
          expect(rowsIn(org.uploads[0]).map((row) => row.Text__c)).toEqual(clean)
          expect([...outcomes.values()].every(({ ok }) => ok)).toBe(true)
        },
      ),
      { numRuns: 30 },
    )
  })

  it('goes on where the answer to the last word of an upload was lost, and the job runs', async () => {
    const org = bulkOrg({
      also: ({ method }) =>
        method === 'PATCH'
          ? { status: 503, body: [{ errorCode: 'SERVER_UNAVAILABLE', message: 'busy' }] }
          : undefined,
    })
    const outcomes = await ingest(org.client, rowsOf(2), { object: 'Account', pauses: org.pauses })
    expect([...outcomes.values()].every(({ ok }) => ok)).toBe(true)
  })

  it('aborts a job whose upload failed, and has its rows written again', async () => {
    let jobs = 0
    const org = bulkOrg({
      state: 'JobComplete',
      also: ({ method, path }) => {
        if (method === 'POST') jobs++
        if (jobs < 2) return undefined
        if (method === 'PUT') return { status: 502, body: 'Bad Gateway' }
        if (method === 'GET' && path.split('/').length === 4) return { body: { id: 'x', state: 'Open' } }
        return undefined
      },
    })
    const rows = rowsOf(20)
    const outcomes = await ingest(org.client, rows, { object: 'Account', maxBytes: 300, pauses: org.pauses })
    const done = [...outcomes.values()].filter(({ ok }) => ok).length
    expect(done).toBeGreaterThan(0)
    expect(outcomes.size).toBe(20)
    for (const outcome of [...outcomes.values()].slice(done))
      expect(outcome).toMatchObject({ refusal: { code: 'connector_unavailable', retryable: true } })
    expect(org.asked.at(-1)).toMatchObject({ method: 'PATCH', body: { state: 'Aborted' } })
    expect(jobs).toBe(2)
  })
})

describe('many updates at once', () => {
  it('go by the Bulk API from 2,000 on, and by collections below', async () => {
    const below = bulkOrg({})
    await writeFields(below.context, updatesOf(1999), { pauses: below.pauses })
    expect(below.uploads).toEqual([])
    expect(writesOf(below.asked)).toHaveLength(10)
    const from = bulkOrg({})
    const results = await writeFields(from.context, updatesOf(2000), { pauses: from.pauses })
    expect(from.uploads.map((csv) => rowsIn(csv).length)).toEqual([2000])
    expect(writesOf(from.asked)).toEqual([])
    expect(results).toHaveLength(2000)
    expect(results.every(({ ok }) => ok)).toBe(true)
  })

  it('write locked rows by themselves afterwards, and ask a collection which records a duplicate rule found', async () => {
    const org = bulkOrg({
      verdict: (row) =>
        isOf(row, 2)
          ? 'UNABLE_TO_LOCK_ROW:unable to obtain exclusive access:--'
          : isOf(row, 3)
            ? DUPLICATE
            : undefined,
      also: (asked) => {
        if (asked.path !== '/composite/sobjects') return undefined
        const found = {
          duplicateResut: {
            duplicateRule: 'Same_Name',
            matchResults: [{ matchRecords: [{ record: { Id: idOf(77) } }] }],
          },
        }
        const of = (id: string) =>
          id === idOf(3) ? refusal('DUPLICATES_DETECTED', 'Use one of these records?', [], found) : undefined
        return perRow(of)(asked) as Reply
      },
    })
    const results = await writeFields(org.context, updatesOf(5), { pauses: org.pauses, bulkFrom: 5 })
    expect(
      writesOf(org.asked)
        .flatMap(recordsOf)
        .map(({ Id }) => Id),
    ).toEqual([idOf(2), idOf(3)])
    expect(results.map(({ ok }) => ok)).toEqual([true, true, false, true, true])
    expect(results[2]).toMatchObject({
      code: 'duplicates_detected',
      message: expect.stringContaining(idOf(77)),
    })
  })

  it('describe the object again where a job fails for a field, and write the others', async () => {
    const errorMessage = 'InvalidBatch : Field name not found : Holdfast_Group__c'
    const org: ReturnType<typeof bulkOrg> = bulkOrg({
      also: ({ method, path }) => {
        if (method !== 'GET' || !path.startsWith('/jobs/')) return undefined
        if (!org.uploads.at(-1)!.includes('Holdfast_Group__c')) return undefined
        const isJob = path.split('/').length === 4
        return { body: isJob ? { id: path.slice(13), state: 'Failed', errorMessage } : 'Id\n' }
      },
    })
    const updates = updatesOf(3).map(({ id, fields }) => ({
      id,
      fields: { ...fields, group: 'policy' as const },
    }))
    const results = await writeFields(org.context, updates, {
      pauses: org.pauses,
      bulkFrom: 3,
    })
    expect(results.every(({ ok }) => ok)).toBe(true)
    expect(org.uploads.map((csv) => csv.split('\n')[0])).toEqual([
      'Id,Holdfast_Group__c,Holdfast_Risk_Percent__c',
      'Id,Holdfast_Risk_Percent__c',
    ])
  })
})
