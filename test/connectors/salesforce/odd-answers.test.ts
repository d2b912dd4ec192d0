/** Answers that Salesforce, or what stands between it and us, gives now and then. */
import { afterEach, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { bulkRows } from '../../../connectors/salesforce/bulk-query.ts'
import type { SalesforceClient } from '../../../connectors/salesforce/client.ts'
import { refreshSession } from '../../../connectors/salesforce/oauth.ts'
import { openGovernors } from '../../../connectors/salesforce/governor.ts'
import { HoldfastError } from '../../../src/contracts/errors.ts'
import { answering, type Reply, type Request } from '../../support/answering.ts'
import { clientOf, ORG, refusal, type Opened } from './answering.ts'

let opened: Opened[] = []
afterEach(async () => {
  await Promise.all(opened.map(({ server }) => server.close()))
  opened = []
})

async function using(...given: Parameters<typeof clientOf>): Promise<Opened> {
  const made = await clientOf(...given)
  opened.push(made)
  return made
}

const results = { 'content-type': 'text/csv', 'Sforce-NumberOfRecords': '2', 'Sforce-Locator': 'null' }

async function rowsOf(client: SalesforceClient): Promise<readonly unknown[]> {
  const rows: unknown[] = []
  for await (const page of bulkRows(client, '750', { locator: null, skip: 0 }, { size: 1 }))
    rows.push(...page.rows)
  return rows
}

describe('results of a bulk job over the network', () => {
  it('that are cut are asked for again', async () => {
    let answers = 0
    const { client } = await using(
      () => ({ headers: results, body: 'Id\n1\n2\n' }),
      {},
      (_, response) => {
        if (++answers > 1) return false
        response.writeHead(200, results)
        response.write('Id\n1\n')
        setTimeout(() => response.destroy(), 20)
        return true
      },
    )
    expect(await rowsOf(client)).toEqual([{ Id: '1' }, { Id: '2' }])
  })

  it('that stop coming are asked for again, and in the end it is said that they broke off', async () => {
    const { client, server } = await using(
      () => null,
      { timeoutMs: 300 },
      (_, response) => {
        response.writeHead(200, results)
        response.write('Id\n')
        return true
      },
    )
    const error: unknown = await rowsOf(client).catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(HoldfastError)
    expect(error).toMatchObject({ code: 'connector_unavailable', retryable: true })
    expect(server.requests).toHaveLength(4)
  })

  it('come with CRLF, a byte order mark, quoted lines and no rows at all', async () => {
    const csv = '\uFEFF"Id","Name"\r\n"1","a ""b"",\r\nc"\r\n"2",""\r\n'
    const some = await using(() => ({ headers: results, body: csv }))
    expect(await rowsOf(some.client)).toEqual([
      { Id: '1', Name: 'a "b",\r\nc' },
      { Id: '2', Name: '' },
    ])
    const none = await using(() => ({ status: 204, headers: { 'Sforce-NumberOfRecords': '0' }, body: '' }))
    expect(await rowsOf(none.client)).toEqual([])
  })
})

describe('pages of a query', () => {
  const row = z.object({ Id: z.string() })
  const soql = 'SELECT Id FROM Account'
  const page = (id: string, more: object): Reply => ({
    body: { totalSize: 2, records: [{ Id: id }], ...more },
  })

  async function read({ client }: Opened): Promise<readonly string[]> {
    const ids: string[] = []
    for await (const { records } of client.query(soql, row)) ids.push(...records.map(({ Id }) => Id))
    return ids
  }

  it('that go on at another address are asked for at our own, where the session belongs', async () => {
    const made = await using(({ url }: Request) =>
      url.includes('01g')
        ? page('2', { done: true })
        : page('1', {
            done: false,
            nextRecordsUrl: 'https://na1.salesforce.example/services/data/v67.0/query/01g-2000?a=b%2Bc',
          }),
    )
    expect(await read(made)).toEqual(['1', '2'])
    expect(made.server.requests[1].url).toBe('/services/data/v67.0/query/01g-2000?a=b%2Bc')
  })

  it('that say there are more, and not where, lose nobody in silence', async () => {
    const made = await using(() => page('1', { done: false }))
    await expect(read(made)).rejects.toMatchObject({ code: 'connector_unavailable', retryable: true })
  })

  it('that lead to themselves end', async () => {
    const next = '/services/data/v67.0/query/01g-2000'
    const made = await using((_, count) =>
      count > 5 ? page('1', { done: true }) : page('1', { done: false, nextRecordsUrl: next }),
    )
    await expect(read(made)).rejects.toMatchObject({ code: 'connector_unavailable', retryable: true })
    expect(made.server.requests).toHaveLength(2)
  })
})

describe('an answer without a body', () => {
  it('where one is needed is asked for again, and is none of a new form', async () => {
    const { client } = await using(() => ({ status: 200, body: '' }))
    const schema = z.object({ totalSize: z.number() })
    await expect(client.call({ method: 'GET', path: '/query', schema })).rejects.toMatchObject({
      code: 'connector_unavailable',
      retryable: true,
      message: 'Salesforce answered GET /query with nothing. It is tried again.',
    })
  })
})

describe('a session', () => {
  it('may carry more than a call needs', async () => {
    const { client } = await using(() => ({ body: {} }), {
      sessionsAt: (instanceUrl) => {
        const session = { accessToken: 'first', instanceUrl, refreshToken: 'secret', user: '005', org: ORG }
        return { current: async () => session, renewed: async () => session }
      },
    })
    await expect(client.call({ method: 'GET', path: '/limits', schema: z.unknown() })).resolves.toMatchObject(
      {
        status: 200,
      },
    )
  })
})

describe('a renewal', () => {
  it.each([
    ['invalid_grant', 'token request is already being processed'],
    ['unknown_error', 'retry your request'],
    ['rate_limit_exceeded', 'login rate exceeded'],
  ])('that is refused for the moment alone (%s: %s) disconnects nobody', async (error, error_description) => {
    const server = await answering(() => ({ status: 400, body: { error, error_description } }))
    const renewal = refreshSession({ loginUrl: server.url, clientId: 'app', refreshToken: 'secret' })
    await expect(renewal).rejects.toMatchObject({ code: 'connector_unavailable', retryable: true })
    await server.close()
  })
})

describe('an org that does not show our user its limits', () => {
  const call = { method: 'GET', path: '/query', schema: z.unknown() } as const

  async function stopped(limits: Reply, query: () => Reply) {
    let at = Date.parse('2026-11-21T10:00:00Z')
    const clock = () => new Date(at)
    const governor = openGovernors({ clock }).of(ORG, 0.2)
    const made = await using(({ url }) => (url.endsWith('/limits') ? limits : query()), { clock, governor })
    governor.saw({ used: 900, max: 1000 })
    await expect(made.client.call(call)).rejects.toMatchObject({ code: 'connector_unavailable' })
    return { ...made, later: (ms: number) => void (at += ms) }
  }
  const TEN = 10 * 60_000
  const usage = (used: number) => ({ 'Sforce-Limit-Info': `api-usage=${used}/1000` })

  it('is called once to find out how many calls are left, and then as these allow', async () => {
    let used = 950
    const { client, server, later } = await stopped(refusal(403, 'FORBIDDEN'), () => ({
      headers: usage(used),
    }))
    later(TEN)
    await client.call(call)
    await expect(client.call(call)).rejects.toMatchObject({ code: 'connector_unavailable', retryable: true })
    expect(server.requests.map(({ url }) => url.split('/').at(-1))).toEqual(['limits', 'query'])
    used = 10
    later(TEN)
    await client.call(call)
    await client.call(call)
  })

  it('says so at the head of its refusal', async () => {
    const limits = { ...refusal(403, 'FORBIDDEN'), headers: usage(970) }
    const { client, server, later } = await stopped(limits, () => ({}))
    later(TEN)
    await expect(client.call(call)).rejects.toMatchObject({ code: 'connector_unavailable', retryable: true })
    expect(server.requests).toHaveLength(1)
  })
})
