import { once } from 'node:events'
import { setTimeout as wait } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { openGovernors } from '../../../connectors/salesforce/governor.ts'
import { answering, closedWithTest, cutOnce } from '../../support/answering.ts'
import { clientOf, errorOf, insert, inTurn, list, ORG, refusal } from './answering.ts'

const using = closedWithTest(clientOf)

describe('a call', () => {
  it('carries session, query, body and our name, and comes back parsed with what its headers say', async () => {
    const { client, server } = await using(() => ({
      body: { id: 7, more: true },
      headers: {
        date: 'Sat, 21 Nov 2026 10:00:00 GMT',
        'Sforce-Limit-Info': 'api-usage=18/5000, per-app-api-usage=17/250(appName=Holdfast)',
      },
    }))
    const answer = await client.call({
      method: 'PATCH',
      path: '/composite/sobjects',
      query: { q: "Name = 'A & B+C'", all: false, none: undefined },
      body: { text: 'ü 😀' },
      headers: { 'Sforce-Duplicate-Rule-Header': 'allowSave=false' },
      schema: z.object({ id: z.coerce.string() }),
    })
    expect(answer).toMatchObject({ status: 200, body: { id: '7' }, date: new Date('2026-11-21T10:00:00Z') })
    expect(answer.headers['sforce-limit-info']).toContain('18/5000')
    expect(client.usage()).toEqual({ used: 18, max: 5000 })
    const [request] = server.requests
    expect(request).toMatchObject({ method: 'PATCH', token: 'first', type: 'application/json' })
    expect(request.url).toBe(
      '/services/data/v67.0/composite/sobjects?q=Name%20%3D%20%27A%20%26%20B%2BC%27&all=false',
    )
    expect(request.headers).toMatchObject({
      'sforce-call-options': 'client=Holdfast',
      'user-agent': 'Holdfast',
      'sforce-duplicate-rule-header': 'allowSave=false',
    })
    expect(JSON.parse(request.body)).toEqual({ text: 'ü 😀' })
  })

  it('sends CSV as it is, and takes an empty answer as undefined', async () => {
    const { client, server } = await using(() => ({ status: 201, body: '' }))
    await client.call({
      method: 'PUT',
      path: '/jobs/ingest/750/batches',
      csv: 'Id\n1\n',
      schema: z.undefined(),
    })
    expect(server.requests[0]).toMatchObject({ type: 'text/csv', body: 'Id\n1\n' })
  })

  it('counts what was sent, without ids, keys or locators', async () => {
    const { client } = await using(inTurn(refusal(503, 'SERVER_UNAVAILABLE')))
    await client.call(list)
    await client.call({ ...list, path: '/sobjects/Task/Holdfast_Key__c/a%2Fb' })
    await client.call({ ...list, path: '/services/data/v67.0/query/0r8xx3d4e5f6g7h-2000' })
    await client.call({ ...list, path: '/sobjects/Account/describe' })
    expect(client.counts()).toEqual({
      'GET /sobjects/Account/{id}': 2,
      'GET /sobjects/Task/Holdfast_Key__c/{key}': 1,
      'GET /query/{next}': 1,
      'GET /sobjects/Account/describe': 1,
    })
  })

  it('of no known form names the field, and HTML is no answer', async () => {
    const odd = await using(() => ({ body: { records: [{ Id: null }] } }))
    const schema = z.object({ records: z.array(z.object({ Id: z.string() })) })
    await expect(odd.client.call({ ...list, schema })).rejects.toMatchObject({
      code: 'connector_unavailable',
      message: expect.stringContaining('records.0.Id'),
    })
    const html = await errorOf(await using(() => ({ body: '<html>We are down for maintenance' })))
    expect(html).toMatchObject({ code: 'connector_unavailable', retryable: true })
  })

  it('follows the pages of a query wherever they lead, however small', async () => {
    const { client, server } = await using(({ url }) => {
      const from = Number(/opaque~(\d)/.exec(url)?.[1] ?? 0)
      const records = [{ Id: String(from), attributes: { type: 'Account' } }]
      const next = {
        done: from === 2,
        ...(from === 2 ? {} : { nextRecordsUrl: `/services/data/v67.0/query/opaque~${from + 1}` }),
      }
      return { body: { totalSize: 3, records, ...next } }
    })
    const pages = []
    for await (const page of client.query('SELECT Id FROM Account', z.object({ Id: z.string() })))
      pages.push(page)
    expect(pages).toEqual([0, 1, 2].map((id) => ({ records: [{ Id: String(id) }], total: 3 })))
    for await (const _ of client.query('SELECT Id FROM Account', z.unknown(), { all: true })) break
    expect(server.requests.map(({ url }) => url)).toEqual([
      '/services/data/v67.0/query?q=SELECT%20Id%20FROM%20Account',
      '/services/data/v67.0/query/opaque~1',
      '/services/data/v67.0/query/opaque~2',
      '/services/data/v67.0/queryAll?q=SELECT%20Id%20FROM%20Account',
    ])
  })

  it('to know who we are is made once, and again after it failed', async () => {
    const { client, server } = await using(
      inTurn(refusal(403, 'FUNCTIONALITY_NOT_ENABLED'), {
        body: { user_id: '005000000000001', organization_id: '00D000000000001', preferred_username: 'a@b.c' },
      }),
    )
    await expect(client.user()).rejects.toMatchObject({ code: 'connector_configuration' })
    const [user] = await Promise.all([client.user(), client.user()])
    expect(user).toEqual({ id: '005000000000001AAA', org: ORG, username: 'a@b.c' })
    expect(server.requests.length).toBe(2)
  })

  it('is not taken to another address: the session would go along', async () => {
    const elsewhere = await answering(() => ({}))
    const made = await using(() => ({ status: 302, headers: { location: elsewhere.url }, body: '' }))
    expect(await errorOf(made)).toMatchObject({ code: 'connector_configuration' })
    expect(elsewhere.requests).toEqual([])
    await elsewhere.close()
  })
})

describe('an answer that does not come', () => {
  it('is waited for no longer than the time limit, and its socket is closed', async () => {
    const made = await using(() => null, { timeoutMs: 60 })
    const error = await errorOf(made, insert)
    expect(error).toMatchObject({ code: 'connector_unavailable', retryable: true })
    expect(error.message).toContain('no answer within 0.06 seconds')
    await expect.poll(() => made.server.open()).toBe(0)
  })

  it('whole is asked for again where that is safe: a connection that is cut in the middle', async () => {
    const made = await using(inTurn(), {}, cutOnce())
    await made.client.call(list)
    expect(made.server.requests.length).toBe(2)
    expect(made.waits).toEqual([1000])
  })

  it('to a POST is not asked for again, unless it names its own key', async () => {
    const made = await using(inTurn(), {}, (_, response) => (response.destroy(), true))
    expect(await errorOf(made, insert)).toMatchObject({ code: 'connector_unavailable', retryable: true })
    expect(made.server.requests.length).toBe(1)
    await errorOf(made, { ...insert, repeatable: true })
    expect(made.server.requests.length).toBe(5)
  })

  it('because nobody listens is asked for again even for a POST, and says so', async () => {
    const gone = await answering(() => ({}))
    await gone.close()
    const sessionsAt = () => ({
      current: async () => ({ accessToken: 'first', instanceUrl: gone.url }),
      renewed: () => Promise.reject(new Error('not asked')),
    })
    const made = await using(inTurn(), { sessionsAt })
    const error = await errorOf(made, insert)
    expect(error.message).toContain('the connection was refused')
    expect(made.client.counts()).toEqual({ 'POST /sobjects/Task': 4 })
  })

  it('is given up when the caller gives up', async () => {
    const made = await using(() => null)
    const stop = new AbortController()
    setTimeout(() => stop.abort(new Error('shutting down')), 20)
    await expect(made.client.call({ ...list, signal: stop.signal })).rejects.toThrow('shutting down')
    await expect(made.client.call({ ...list, signal: stop.signal })).rejects.toThrow('shutting down')
    await expect.poll(() => made.server.open()).toBe(0)
  })
})

describe('a body that is taken as it comes', () => {
  const result = { method: 'GET', path: '/jobs/query/750000000000001AAA/results' } as const
  const read = async (body: AsyncIterable<Buffer>) => {
    let bytes = 0
    for await (const piece of body) bytes += piece.length
    return bytes
  }

  it('comes with its headers and holds its turn until it ends', async () => {
    const governor = openGovernors({ atOnce: 1 }).of(ORG, 0.2)
    const { client, server } = await using(
      () => ({ headers: { 'Sforce-Locator': 'MTAw' }, body: 'Id\n'.repeat(100_000) }),
      { governor },
    )
    const { headers, body } = await client.stream({ ...result, headers: { accept: 'text/csv' } })
    expect(headers['sforce-locator']).toBe('MTAw')
    expect(server.requests[0].headers.accept).toBe('text/csv')
    const next = client.stream(result)
    await wait(20)
    expect(server.requests.length).toBe(1)
    expect(await read(body)).toBe(300_000)
    ;(await next).body.destroy()
    const { body: last } = await client.stream(result)
    last.destroy()
  })

  it('that nobody reads closes its socket when it is thrown away', async () => {
    const made = await using(inTurn(), {}, (_request, response) => {
      response.writeHead(200)
      response.write('Id\n')
      return true
    })
    const { body } = await made.client.stream(result)
    expect(await made.server.open()).toBe(1)
    body.destroy()
    await once(body, 'close')
    await expect.poll(() => made.server.open()).toBe(0)
  })

  it('is read no faster than it is asked for', async () => {
    let sent = 0
    const made = await using(inTurn(), {}, (_request, response) => {
      response.writeHead(200)
      const more = (): void => {
        while (sent < 200 && response.write(Buffer.alloc(1_000_000))) sent++
        sent++
        if (sent < 200) response.once('drain', more)
        else response.end()
      }
      more()
      return true
    })
    const { body } = await made.client.stream(result)
    await wait(100)
    expect(sent).toBeLessThan(40)
    body.destroy()
  })

  it('is refused like any other call', async () => {
    const { client } = await using(() => refusal(400, 'API_ERROR', 'The job is not complete.'))
    await expect(client.stream(result)).rejects.toMatchObject({
      code: 'connector_configuration',
      message: expect.stringContaining('The job is not complete.'),
    })
  })

  it.each([
    ['is cut', (end: () => void) => setTimeout(end, 10)],
    ['stops', () => undefined],
  ])('that %s in its middle fails where it is read, and takes nothing else down', async (_, then) => {
    const made = await using(inTurn(), { timeoutMs: 400 }, (_request, response) => {
      response.writeHead(200, { 'content-length': '1000000' })
      response.write('Id\n')
      then(() => response.destroy())
      return true
    })
    const { body } = await made.client.stream(result)
    await expect(read(body)).rejects.toThrow()
    await expect.poll(() => made.server.open()).toBe(0)
  })

  it('ends with its caller', async () => {
    const stop = new AbortController()
    const made = await using(inTurn(), {}, (_request, response) => {
      response.writeHead(200)
      response.write('Id\n')
      return true
    })
    const { body } = await made.client.stream({ ...result, signal: stop.signal })
    setTimeout(() => stop.abort(new Error('shutting down')), 10)
    await expect(read(body)).rejects.toThrow('shutting down')
    await expect.poll(() => made.server.open()).toBe(0)
  })
})
