import { Readable } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { awaitQueryJob, bulkRows, createQueryJob } from '../../../connectors/salesforce/bulk-query.ts'
import type { SalesforceClient } from '../../../connectors/salesforce/client.ts'
import { readFailure, translate } from '../../../connectors/salesforce/errors.ts'

const BEGIN = { locator: null, skip: 0 }
const idOf = (i: number): string => `001${String(i).padStart(15, '0')}`

interface Page {
  readonly csv: string
  readonly rows: number
  readonly next: string | null
  /** The first answer breaks off after so many characters. */
  readonly breaksAt?: number
}

/** Answers for pages of results by locator, '' for the first. */
function resultsOf(pages: Readonly<Record<string, Page>>) {
  const asked: string[] = []
  const broken = new Set<string>()
  const client = {
    async stream({ query }: Parameters<SalesforceClient['stream']>[0]) {
      const locator = String(query?.['locator'] ?? '')
      asked.push(locator)
      const page = pages[locator]
      if (page === undefined) throw gone()
      const cut = page.breaksAt !== undefined && !broken.has(locator)
      broken.add(locator)
      const headers: Record<string, string> = { 'sforce-numberofrecords': String(page.rows) }
      if (page.next !== null) headers['sforce-locator'] = page.next
      return {
        headers,
        body: cut ? breakingOff(page.csv.slice(0, page.breaksAt)) : Readable.from([page.csv]),
      }
    },
  } as Partial<SalesforceClient> as SalesforceClient
  return { client, asked }
}

function breakingOff(text: string): Readable {
  const body = Readable.from(
    (async function* () {
      yield text
      throw Object.assign(new Error('aborted'), { code: 'ECONNRESET' })
    })(),
  )
  return body
}

function gone() {
  const body = JSON.stringify([{ errorCode: 'NOT_FOUND', message: 'The requested resource does not exist' }])
  return translate(readFailure({ method: 'GET', path: '/jobs/query/{id}', status: 404, body }))
}

function csvOf(from: number, to: number): string {
  const rows = Array.from(
    { length: to - from },
    (_, i) => `"${idOf(from + i)}","Name ""${from + i}"", Ltd\nsecond line"`,
  )
  return ['"Id","Name"', ...rows].join('\n') + '\n'
}

async function readAll(client: SalesforceClient, from = BEGIN as { locator: string | null; skip: number }) {
  const ids: string[] = []
  const places: { locator: string | null; skip: number }[] = []
  for await (const { rows, place } of bulkRows(client, '750000000000001AAA', from, { size: 7 })) {
    ids.push(...rows.map((row) => String(row['Id'])))
    places.push(place)
  }
  return { ids, places }
}

const many = {
  '': { csv: csvOf(0, 20), rows: 20, next: 'MjA' },
  MjA: { csv: csvOf(20, 40), rows: 20, next: 'NDA' },
  NDA: { csv: csvOf(40, 45), rows: 5, next: 'null' },
}
const everyId = Array.from({ length: 45 }, (_, i) => idOf(i))

describe('results of a bulk query', () => {
  it('come once each, over all pages, and no header among them', async () => {
    const { client, asked } = resultsOf(many)
    expect((await readAll(client)).ids).toEqual(everyId)
    expect(asked).toEqual(['', 'MjA', 'NDA'])
  })

  it('go on from any place', async () => {
    const { client } = resultsOf(many)
    const { places } = await readAll(client)
    for (const [i, place] of places.entries()) {
      const before = Math.min(45, Math.floor(i / 3) * 20 + Math.min(20, ((i % 3) + 1) * 7))
      expect((await readAll(resultsOf(many).client, place)).ids).toEqual(everyId.slice(before))
    }
  })

  it.each([5, 60, 400, 700])(
    'are asked for again where an answer breaks off after %i characters',
    async (breaksAt) => {
      const { client, asked } = resultsOf({ ...many, MjA: { ...many.MjA, breaksAt } })
      expect((await readAll(client)).ids).toEqual(everyId)
      expect(asked.filter((one) => one === 'MjA')).toHaveLength(2)
    },
  )

  it('are asked for again where an answer ends too early without saying so', async () => {
    const short = { csv: csvOf(20, 31), rows: 20, next: 'NDA' }
    const { client } = resultsOf({ ...many, MjA: short })
    await expect(readAll(client)).rejects.toThrow(/broke off \(11 of 20 rows came\)/)
  })

  it('end where the next page is not named, and never go round in a circle', async () => {
    const alone = resultsOf({ '': { ...many[''], next: null } })
    expect((await readAll(alone.client)).ids).toEqual(everyId.slice(0, 20))
    const circle = resultsOf({ ...many, MjA: { ...many.MjA, next: 'MjA' } })
    await expect(readAll(circle.client)).rejects.toThrow(/the same one/)
  })

  it('may be none', async () => {
    for (const csv of ['', '"Id","Name"\n']) {
      const { client } = resultsOf({ '': { csv, rows: 0, next: 'null' } })
      expect((await readAll(client)).ids).toEqual([])
    }
  })
})

describe('a bulk query', () => {
  function jobIn(states: readonly string[]) {
    const calls: string[] = []
    const client = {
      async call({ method, path, schema }: Parameters<SalesforceClient['call']>[0]) {
        calls.push(`${method} ${path}`)
        const state = states[Math.min(calls.length, states.length) - 1]
        if (state === 'gone') throw gone()
        return {
          status: 200,
          headers: {},
          date: null,
          body: schema.parse({ id: '750', state, object: 'Account' }),
        }
      },
    } as Partial<SalesforceClient> as SalesforceClient
    return { client, calls }
  }

  it('is looked at until it has ended', async () => {
    const { client, calls } = jobIn(['UploadComplete', 'UploadComplete', 'InProgress', 'JobComplete'])
    expect((await createQueryJob(client, 'SELECT Id FROM Account')).id).toBe('750')
    const waits: number[] = []
    const job = await awaitQueryJob(client, '750', async (ms) => void waits.push(ms))
    expect(job?.state).toBe('JobComplete')
    expect(waits).toEqual([1000, 1500])
    expect(calls).toEqual(['POST /jobs/query', ...Array.from({ length: 3 }, () => 'GET /jobs/query/750')])
  })

  it('that takes long is left to Salesforce, never deleted, and taken up again later', async () => {
    const { client, calls } = jobIn(['InProgress'])
    await expect(awaitQueryJob(client, '750', async () => {})).rejects.toMatchObject({
      code: 'connector_unavailable',
      retryable: true,
    })
    expect(new Set(calls)).toEqual(new Set(['GET /jobs/query/750']))
  })

  it('that is not there any more after seven days is told', async () => {
    expect(await awaitQueryJob(jobIn(['gone']).client, '750', async () => {})).toBeNull()
  })
})
