import { describe, expect, it } from 'vitest'
import { parse } from 'csv-parse/sync'
import { openRouter } from '../../../../connectors/sandbox/router.ts'
import { abortBulkJobs, bulkIngestRoutes } from '../../../../connectors/salesforce/sandbox/bulk-ingest.ts'
import { bulkQueryRoutes } from '../../../../connectors/salesforce/sandbox/bulk-query.ts'
import { asProblem } from '../../../../connectors/salesforce/sandbox/problems.ts'
import type { SandboxContext, SandboxRequest } from '../../../../connectors/salesforce/sandbox/route.ts'
import { openSource } from '../../../../connectors/salesforce/sandbox/source.ts'
import { openState } from '../../../../connectors/salesforce/sandbox/state.ts'

const BASE = '/services/data/v67.0'

/** The routes of bulk jobs over an org, without HTTP. */
function bulk({ bulkPage = 3 } = {}) {
  let shift = 0
  const now = (): Date => new Date(Date.UTC(2026, 10, 21, 12) + shift)
  const state = openState({
    org: '00Dxx0000001gEREAY',
    clock: now,
    features: { personAccounts: false, multiCurrency: false, accountTeams: false },
    write: null,
  })
  const routes = openRouter([...bulkQueryRoutes, ...bulkIngestRoutes])
  const newContext = (): SandboxContext => ({
    state,
    app: { clientId: '', clientSecret: '' },
    user: { id: state.users.integration, username: '' },
    settings: { pageSize: 2_000, bulkPage, session: 1, rotates: false, publicKey: '', jwtClientId: '' },
    url: () => '',
    secret: (kind) => kind,
    source: openSource(state),
    usage: () => ({ used: 0, max: 100 }),
  })
  let context = newContext()
  const call = (method: string, path: string, body?: unknown, headers: Record<string, string> = {}) => {
    const url = new URL(path, 'http://127.0.0.1')
    const base = path.startsWith('/services') ? path.split('/jobs')[0] : BASE
    const found = routes(method, `${base}${url.pathname.replace(base, '')}`)
    if (!found) throw new Error(`No route for ${method} ${path}`)
    const request: SandboxRequest = {
      method,
      path: url.pathname,
      params: found.params,
      query: url.searchParams,
      headers,
      body,
      at: now(),
      base,
      by: { userId: state.users.integration, client: 'Holdfast' },
      context,
      state,
    }
    try {
      const { status, body: given, headers: said = {} } = found.route.handle(request)
      return { status, body: given as Record<string, unknown>, text: String(given), headers: said }
    } catch (error) {
      const problem = asProblem(error)
      if (!problem) throw error
      return {
        status: problem.status,
        body: { ...problem.errors[0] } as Record<string, unknown>,
        text: '',
        headers: {},
      }
    }
  }
  const looked = (path: string): Record<string, unknown> => {
    for (let looks = 0; looks < 20; looks++) {
      const { body } = call('GET', path)
      if (['JobComplete', 'Failed', 'Aborted'].includes(String(body.state))) return body
    }
    throw new Error('The job does not end.')
  }
  return {
    state,
    call,
    looked,
    passTime: (ms: number) => void (shift += ms),
    restart: () => void (context = newContext()),
    /** A job with the file, closed. */
    ingest(job: Record<string, unknown>, csv: string): string {
      const { id } = call('POST', '/jobs/ingest', { operation: 'update', object: 'Account', ...job }).body
      expect(
        call('PUT', `/jobs/ingest/${id}/batches`, csv, { 'content-type': 'text/csv; charset=utf-8' }).status,
      ).toBe(201)
      expect(call('PATCH', `/jobs/ingest/${id}`, { state: 'UploadComplete' }).body.state).toBe(
        'UploadComplete',
      )
      return `/jobs/ingest/${id}`
    },
  }
}

const rowsOf = (text: string, delimiter = ','): Record<string, string>[] =>
  parse(text, { columns: true, delimiter })

describe('query jobs', () => {
  const accounts = (org: ReturnType<typeof bulk>, count: number): string[] =>
    Array.from({ length: count }, (_, at) => org.state.createRecord('Account', { Name: `Company ${at}` }))
  const queried = (org: ReturnType<typeof bulk>, query: string, more = {}): string =>
    `/jobs/query/${org.call('POST', '/jobs/query', { operation: 'query', query, ...more }).body.id}`

  it('give their results in pages with a header each, and the word null after the last', () => {
    const org = bulk()
    const ids = accounts(org, 7)
    const job = queried(org, 'SELECT Id, Name FROM Account')
    expect(org.looked(job)).toMatchObject({
      state: 'JobComplete',
      numberRecordsProcessed: 7,
      jobType: 'V2Query',
      object: 'Account',
    })
    const read: string[] = []
    const counts: string[] = []
    let locator: string | null = null
    do {
      const { text, headers } = org.call(
        'GET',
        `${job}/results?maxRecords=100${locator === null ? '' : `&locator=${locator}`}`,
      )
      expect(text.startsWith('"Id","Name"\n')).toBe(true)
      read.push(...rowsOf(text).map(({ Id }) => Id))
      counts.push(headers['Sforce-NumberOfRecords'])
      locator = headers['Sforce-Locator']
    } while (locator !== 'null')
    expect(read).toEqual(ids)
    expect(counts).toEqual(['3', '3', '1'])
  })

  it('go on at the same locator after a restart, and when records went meanwhile', () => {
    const org = bulk()
    const ids = accounts(org, 7)
    const job = queried(org, 'SELECT Id FROM Account')
    org.looked(job)
    const { headers } = org.call('GET', `${job}/results`)
    org.restart()
    org.state.deleteRecord('Account', ids[0])
    const { text } = org.call('GET', `${job}/results?locator=${headers['Sforce-Locator']}`)
    expect(rowsOf(text).map(({ Id }) => Id)).toEqual(ids.slice(3, 6))
  })

  it('take their time over many records, and give nothing before they are done', () => {
    const org = bulk()
    accounts(org, 2_001)
    const job = queried(org, 'SELECT Id FROM Account')
    expect(org.call('GET', `${job}/results`)).toMatchObject({ status: 400 })
    expect(org.call('GET', job).body.state).toBe('InProgress')
    expect(org.call('GET', job).body.state).toBe('JobComplete')
  })

  it('write values as the Bulk API does, in the ending and the delimiter that were asked for', () => {
    const org = bulk()
    org.state.createRecord('Account', {
      Name: 'A; "B"\nC',
      AnnualRevenue: 15_000_000,
      NumberOfEmployees: 12,
      Phone: null,
    })
    const job = queried(
      org,
      'SELECT Name, AnnualRevenue, NumberOfEmployees, Phone, CreatedDate, IsDeleted FROM Account',
      {
        columnDelimiter: 'SEMICOLON',
        lineEnding: 'CRLF',
      },
    )
    org.looked(job)
    const { text } = org.call('GET', `${job}/results`)
    expect(text.split('\r\n')).toHaveLength(3)
    expect(rowsOf(text, ';')).toEqual([
      {
        Name: 'A; "B"\nC',
        AnnualRevenue: '15000000.0',
        NumberOfEmployees: '12',
        Phone: '',
        CreatedDate: '2026-11-21T12:00:00.000Z',
        IsDeleted: 'false',
      },
    ])
  })

  it.each([
    ['SELECT COUNT(Id) FROM Account', 'API_ERROR'],
    ['SELECT Id FROM Account OFFSET 1', 'API_ERROR'],
    ['SELECT BillingAddress FROM Account', 'API_ERROR'],
    ['SELECT Id, (SELECT Id FROM Contacts) FROM Account', 'API_ERROR'],
    ['SELECT Nothing__c FROM Account', 'INVALID_FIELD'],
    ['SELECT FROM', 'MALFORMED_QUERY'],
  ])('refuse %s', (query, errorCode) => {
    expect(bulk().call('POST', '/jobs/query', { operation: 'query', query })).toMatchObject({
      status: 400,
      body: { errorCode },
    })
  })

  it('are gone after seven days, and belong to the version that they were made with', () => {
    const org = bulk()
    const job = queried(org, 'SELECT Id FROM Account')
    org.looked(job)
    expect(org.call('GET', `/services/data/v66.0${job}`).status).toBe(409)
    org.passTime(8 * 86_400_000)
    expect(org.call('GET', `${job}/results`)).toMatchObject({ status: 404, body: { errorCode: 'NOT_FOUND' } })
  })

  it('can be aborted and deleted', () => {
    const org = bulk()
    const job = queried(org, 'SELECT Id FROM Account')
    expect(org.call('DELETE', job).status).toBe(400)
    expect(org.call('PATCH', job, { state: 'Aborted' }).body.state).toBe('Aborted')
    expect(org.call('DELETE', job).status).toBe(204)
    expect(org.call('GET', job).status).toBe(404)
  })

  it('refuse a locator that is none', () => {
    const org = bulk()
    const job = queried(org, 'SELECT Id FROM Account')
    org.looked(job)
    expect(org.call('GET', `${job}/results?locator=abc`)).toMatchObject({
      status: 400,
      body: { errorCode: 'INVALID_LOCATOR' },
    })
  })
})

describe('ingest jobs', () => {
  it('say of each row whether it was saved, and why not', () => {
    const org = bulk()
    const [a, b, c] = ['A', 'B', 'C'].map((Name) => org.state.createRecord('Account', { Name, Phone: '1' }))
    org.state.addValidationRule('Account', { when: "Rating = 'Hot'", message: 'Not so hot', field: 'Rating' })
    org.state.deleteRecord('Account', c)
    const job = org.ingest({}, `Id,Rating,Phone\n${a},Cold,\n${b},Hot,2\n${c},Cold,3\n,Cold,4\n`)
    expect(org.looked(job)).toMatchObject({
      state: 'JobComplete',
      numberRecordsProcessed: 4,
      numberRecordsFailed: 3,
    })
    expect(rowsOf(org.call('GET', `${job}/successfulResults`).text)).toEqual([
      { sf__Id: a, sf__Created: 'false', Id: a, Rating: 'Cold', Phone: '' },
    ])
    expect(rowsOf(org.call('GET', `${job}/failedResults`).text)).toEqual([
      {
        sf__Id: b,
        sf__Error: 'FIELD_CUSTOM_VALIDATION_EXCEPTION:Not so hot:Rating --',
        Id: b,
        Rating: 'Hot',
        Phone: '2',
      },
      { sf__Id: c, sf__Error: 'ENTITY_IS_DELETED:entity is deleted:--', Id: c, Rating: 'Cold', Phone: '3' },
      {
        sf__Id: '',
        sf__Error: 'MISSING_ARGUMENT:Id not specified in an update call:Id --',
        Id: '',
        Rating: 'Cold',
        Phone: '4',
      },
    ])
    expect(rowsOf(org.call('GET', `${job}/unprocessedrecords`).text)).toEqual([])
    expect(org.state.record('Account', a)?.values).toMatchObject({
      Rating: 'Cold',
      Phone: '1',
      LastModifiedById: org.state.users.integration,
    })
  })

  it('leave empty cells as they are, and empty those that say #N/A', () => {
    const org = bulk()
    const id = org.state.createRecord('Account', { Name: 'A', Phone: '1', NumberOfEmployees: 3 })
    const job = org.ingest(
      { columnDelimiter: 'TAB', lineEnding: 'CRLF' },
      `Id\tPhone\tNumberOfEmployees\r\n${id}\t#N/A\t\r\n`,
    )
    expect(org.looked(job).state).toBe('JobComplete')
    expect(org.state.record('Account', id)?.values).toMatchObject({ Phone: null, NumberOfEmployees: 3 })
  })

  it('work through 10,000 rows at a time; what an aborted job did not come to is said', () => {
    const org = bulk()
    const ids = Array.from({ length: 10_005 }, (_, at) =>
      org.state.createRecord('Account', { Name: `C${at}` }),
    )
    const job = org.ingest({}, `Id,Phone\n${ids.map((id) => `${id},1\n`).join('')}`)
    expect(org.call('GET', job).body).toMatchObject({ state: 'InProgress', numberRecordsProcessed: 10_000 })
    expect(org.call('GET', `${job}/successfulResults`).status).toBe(400)
    abortBulkJobs(org.state)
    expect(org.looked(job).state).toBe('Aborted')
    expect(rowsOf(org.call('GET', `${job}/successfulResults`).text)).toHaveLength(10_000)
    expect(rowsOf(org.call('GET', `${job}/unprocessedrecords`).text).map(({ Id }) => Id)).toEqual(
      ids.slice(10_000),
    )
    expect(org.state.value('Account', ids[10_004], 'Phone')).toBe(null)
  })

  it.each([
    ['a field that is not there', 'Id,Nothing__c\n', 'InvalidBatch : Field name not found : Nothing__c'],
    [
      'another line ending',
      'Id,Phone\r\n',
      'ClientInputError : LineEnding is invalid on user data. Current LineEnding setting is LF',
    ],
    ['nothing in it', '', 'ClientInputError : The file is empty'],
  ])('fail as a whole for a file with %s', (_name, header, errorMessage) => {
    const org = bulk()
    const id = org.state.createRecord('Account', { Name: 'A' })
    const job = org.ingest(
      {},
      header === '' ? '' : `${header}${id},1${header.endsWith('\r\n') ? '\r\n' : '\n'}`,
    )
    expect(org.looked(job)).toMatchObject({ state: 'Failed', errorMessage, numberRecordsProcessed: 0 })
    expect(rowsOf(org.call('GET', `${job}/unprocessedrecords`).text)).toHaveLength(header === '' ? 0 : 1)
  })

  it('upsert by an external id, and insert and delete', () => {
    const org = bulk()
    org.state.define('Account', 'Key__c', { externalId: true, unique: true })
    const id = org.state.createRecord('Account', { Name: 'Old', Key__c: 'a' })
    const upsert = org.ingest(
      { operation: 'upsert', externalIdFieldName: 'Key__c' },
      'Key__c,Name\na,New\nb,Other\n',
    )
    org.looked(upsert)
    expect(
      rowsOf(org.call('GET', `${upsert}/successfulResults`).text).map(({ sf__Created }) => sf__Created),
    ).toEqual(['false', 'true'])
    expect(org.state.value('Account', id, 'Name')).toBe('New')
    const remove = org.ingest({ operation: 'delete' }, `Id\n${id}\n`)
    expect(org.looked(remove)).toMatchObject({ numberRecordsProcessed: 1, numberRecordsFailed: 0 })
    expect(org.state.record('Account', id)?.deleted).toBe(true)
    const insert = org.ingest({ operation: 'insert' }, 'Name\nThird\n')
    org.looked(insert)
    expect(org.state.count('Account')).toBe(2)
  })

  it('take one file, while they are open', () => {
    const org = bulk()
    const job = org.ingest({}, 'Id,Phone\n')
    expect(org.call('PUT', `${job}/batches`, 'Id\n', { 'content-type': 'text/csv' })).toMatchObject({
      status: 400,
      body: { errorCode: 'INVALIDJOBSTATE' },
    })
    expect(org.call('PATCH', job, { state: 'UploadComplete' }).status).toBe(400)
  })
})
