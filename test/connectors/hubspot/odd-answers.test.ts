/** Answers as portals give them, beside those that the documents promise: nothing of them may stop a sync. */
import * as fc from 'fast-check'
import { describe, expect, it, onTestFinished } from 'vitest'
import { associationsOf } from '../../../connectors/hubspot/associations.ts'
import { consentsOf } from '../../../connectors/hubspot/consent.ts'
import { privateAppScopes } from '../../../connectors/hubspot/oauth.ts'
import { openObjects } from '../../../connectors/hubspot/objects.ts'
import { paging, record } from '../../../connectors/hubspot/raw-records.ts'
import { restoreSurvivors } from '../../../connectors/hubspot/survivors.ts'
import { answering, type Answer, type Reply } from '../../support/answering.ts'
import { clientOf } from './answering.ts'

async function asked(answer: Answer) {
  const { client, server } = await clientOf(answer)
  onTestFinished(() => server.close())
  return { client, server }
}

const company = (id: string | number, properties: Record<string, unknown> = {}) => ({
  id,
  properties,
  createdAt: '2026-01-01T00:00:00Z',
  updatedAt: '2026-01-01T00:00:00.000Z',
})

describe('a record as it comes', () => {
  it('is read whatever it lacks, and whatever its values and times are', () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.string({ minLength: 1 }), fc.nat()),
        fc.dictionary(fc.stringMatching(/^[a-z][a-z0-9_]*$/), fc.jsonValue()),
        fc.record(
          {
            createdAt: fc.jsonValue(),
            updatedAt: fc.jsonValue(),
            archivedAt: fc.jsonValue(),
            propertiesWithHistory: fc.jsonValue(),
          },
          { requiredKeys: [] },
        ),
        (id, properties, rest) => {
          const read = record.parse({ id, properties, ...rest })
          expect(read.id).toBe(String(id))
          expect(Object.keys(read.properties).sort()).toEqual(Object.keys(properties).sort())
          for (const value of Object.values(read.properties))
            expect(['string', 'object']).toContain(typeof value)
          expect(Number.isFinite(read.updatedAt.getTime())).toBe(true)
          expect(Number.isFinite(read.createdAt.getTime())).toBe(true)
        },
      ),
    )
  })

  it('has its texts as they were, numbers and booleans as texts, and past values that have a time', () => {
    expect(
      record.parse({
        id: 5,
        properties: { text: 'a', number: 7, yes: true, none: null },
        updatedAt: 1_767_225_600_000,
        propertiesWithHistory: {
          text: [{ value: 'a', timestamp: '2026-01-01T00:00:00Z' }, { value: 'b' }, null],
        },
      }),
    ).toMatchObject({
      id: '5',
      properties: { text: 'a', number: '7', yes: 'true', none: null },
      updatedAt: new Date('2026-01-01T00:00:00Z'),
      propertiesWithHistory: { text: [{ value: 'a', timestamp: new Date('2026-01-01T00:00:00Z') }] },
      archivedAt: null,
    })
  })

  it('is followed by a page where a cursor is, of any form, and by none otherwise', () => {
    for (const end of [undefined, null, {}, { next: null }, { next: {} }, { next: { after: '' } }])
      expect(paging.parse(end)).toBeNull()
    expect(paging.parse({ next: { after: 200 } })).toEqual({ next: { after: '200' } })
  })
})

const noRecord: Reply = { status: 404, body: { category: 'OBJECT_NOT_FOUND', message: 'not there' } }

describe('reading', () => {
  it('stops at a list that leads back to its own page', async () => {
    const { client } = await asked(() => ({
      body: { results: [company(1)], paging: { next: { after: '1' } } },
    }))
    const { list } = openObjects(client)
    expect((await list('companies', { properties: [] })).after).toBe('1')
    await expect(list('companies', { properties: [] }, { after: '1' })).rejects.toMatchObject({
      code: 'connector_unavailable',
      retryable: true,
    })
  })

  it('leaves out of a batch what is not there, and takes nothing else for gone', async () => {
    const replies: Reply[] = [
      {
        status: 207,
        body: {
          results: [company(1)],
          errors: [
            { status: 'error', category: 'OBJECT_NOT_FOUND', message: 'gone', context: { ids: ['2'] } },
          ],
        },
      },
      {
        status: 207,
        body: {
          results: [company(1)],
          errors: [
            { status: 'error', category: 'INTERNAL_ERROR', message: 'There was a problem.', context: {} },
          ],
        },
      },
    ]
    const { client } = await asked((_, count) => replies[count - 1])
    const { batch } = openObjects(client)
    expect((await batch('companies', ['1', '2'], { properties: [] })).map(({ id }) => id)).toEqual(['1'])
    await expect(batch('companies', ['1', '2'], { properties: [] })).rejects.toMatchObject({
      code: 'connector_unavailable',
      retryable: true,
    })
  })

  it('reads none where a whole batch is not there, and not where the path is unknown', async () => {
    const replies: Reply[] = [noRecord, { status: 404, body: '<html>' }]
    const { client } = await asked((_, count) => replies[count - 1])
    const { batch } = openObjects(client)
    expect(await batch('companies', ['1'], { properties: [] })).toEqual([])
    await expect(batch('companies', ['1'], { properties: [] })).rejects.toMatchObject({ code: 'not_found' })
  })

  it('goes on behind a page of a search that is short because something is gone by now', async () => {
    const { client } = await asked(() => ({ body: { total: 3, results: [company(7)] } }))
    const found = await openObjects(client).search('companies', {
      filters: [],
      properties: [],
      sort: 'hs_object_id',
    })
    expect(found).toMatchObject({ last: '7', more: true })
  })

  it('finds ids alone where a search with many properties is refused as too long, and remembers it', async () => {
    const { client, server } = await asked(({ url, body }) => {
      if (url.endsWith('batch/read'))
        return { body: { results: [company(8, { p1: 'x' }), company(7, { p1: 'y' })] } }
      if (body.length > 3000)
        return { status: 400, body: { category: 'VALIDATION_ERROR', message: 'too long' } }
      return { body: { total: 2, results: [company(7), company(8)] } }
    })
    const properties = Array.from({ length: 400 }, (_, i) => `a_property_${i}`)
    const objects = openObjects(client)
    const query = { filters: [], properties, sort: 'hs_object_id' }
    const { records, last, more } = await objects.search('companies', query)
    expect(records.map(({ id, properties: { p1 } }) => [id, p1])).toEqual([
      ['7', 'y'],
      ['8', 'x'],
    ])
    expect([last, more]).toEqual(['8', false])
    await objects.search('companies', query)
    expect(server.requests.filter(({ url }) => url.endsWith('search'))).toHaveLength(3)
  })

  it('throws when a short search is refused: it is not its length', async () => {
    const { client, server } = await asked(() => ({ status: 400, body: { message: 'no such property' } }))
    await expect(
      openObjects(client).search('companies', { filters: [], properties: ['a'], sort: 'b' }),
    ).rejects.toMatchObject({ code: 'connector_configuration' })
    expect(server.requests).toHaveLength(1)
  })

  it('knows labels of associations in whatever form they come', async () => {
    const { client } = await asked(() => ({
      status: 207,
      body: {
        results: [
          {
            from: { id: 1 },
            to: [
              {
                toObjectId: 11,
                associationTypes: [{ category: 'HUBSPOT_DEFINED', typeId: '2', label: null }],
              },
              { toObjectId: '12' },
            ],
          },
        ],
        errors: [
          {
            status: 'error',
            category: 'OBJECT_NOT_FOUND',
            subCategory: 'crm.associations.NO_ASSOCIATIONS_FOUND',
            message: 'No contact is associated with company 2.',
            context: { fromObjectId: ['2'] },
          },
        ],
      },
    }))
    expect([...(await associationsOf(client, 'companies', 'contacts', ['1', '2']))]).toEqual([
      [
        '1',
        [
          { id: '11', labels: [], primary: true },
          { id: '12', labels: [], primary: false },
        ],
      ],
      ['2', []],
    ])
  })
})

describe('reading consent', () => {
  const contact = (id: string, email: string | null) => ({ id, email, properties: {} })
  const said = (address: string, status: string) => ({
    subscriberIdString: address,
    statuses: [{ subscriptionId: 87, status, timestamp: '2026-01-01T00:00:00Z' }],
  })

  it('asks about no text that is no address, and finds the one that HubSpot refuses', async () => {
    const { client, server } = await asked(({ body }) => {
      const { inputs } = JSON.parse(body) as { inputs: string[] }
      if (inputs.includes('odd@example.test')) return { status: 400, body: { message: 'Invalid input' } }
      return { body: { results: inputs.map((address) => said(address, 'SUBSCRIBED')) } }
    })
    const contacts = [
      contact('1', 'a@example.test'),
      contact('2', 'none'),
      contact('3', 'Odd@Example.test'),
      contact('4', 'b@example.test'),
      contact('5', null),
    ]
    const consents = await consentsOf(client, { subscription: '87' }, contacts)
    expect(contacts.map(({ id }) => consents.get(id)?.email)).toEqual([
      'granted',
      'unknown',
      'unknown',
      'granted',
      'unknown',
    ])
    expect(server.requests.every(({ body }) => !body.includes('none'))).toBe(true)
  })

  it('throws when every address is refused: it is not an address that is at fault', async () => {
    const { client, server } = await asked(() => ({ status: 400, body: { message: 'Invalid channel' } }))
    const contacts = Array.from({ length: 300 }, (_, i) => contact(String(i), `c${i}@example.test`))
    await expect(consentsOf(client, { subscription: '87' }, contacts)).rejects.toMatchObject({
      code: 'connector_configuration',
    })
    expect(server.requests.length).toBeLessThan(25)
  })

  it('loses nobody to an entry that cannot be read', async () => {
    const { client } = await asked(() => ({
      body: {
        results: [
          { odd: true },
          null,
          { ...said('b@example.test', 'x'), statuses: null },
          said('a@example.test', 'Unsubscribed'),
        ],
      },
    }))
    const consents = await consentsOf(client, { subscription: '87' }, [contact('1', 'a@example.test')])
    expect(consents.get('1')?.email).toBe('refused')
  })
})

describe('a write that landed on the survivor of a merge', () => {
  const at = new Date('2026-11-21T10:00:00.100Z')
  const past = (...values: readonly [value: string, timestamp: string][]) =>
    values.map(([value, timestamp]) => ({ value, timestamp, sourceType: 'INTEGRATION' }))

  it('is put back to what stood there, where it is the youngest', async () => {
    const { client, server } = await asked(({ url }) =>
      url.endsWith('batch/read')
        ? {
            body: {
              results: [
                {
                  ...company('9'),
                  propertiesWithHistory: {
                    changed: past(['HIGH', '2026-11-21T10:00:00Z'], ['LOW', '2026-10-01T00:00:00Z']),
                    first: past(['HIGH', '2026-11-21T10:00:00Z']),
                    same: past(['HIGH', '2026-10-01T00:00:00Z'], ['LOW', '2026-09-01T00:00:00Z']),
                    since: past(['MEDIUM', '2026-11-21T10:00:01Z'], ['HIGH', '2026-11-21T10:00:00Z']),
                    own: past(['HIGH', '2026-11-21T10:00:00Z'], ['LOW', '2026-10-01T00:00:00Z']),
                  },
                },
              ],
            },
          }
        : { body: { results: [{ ...company('9'), objectWriteTraceId: '9' }] } },
    )
    const cells = { changed: 'HIGH', first: 'HIGH', same: 'HIGH', since: 'HIGH', own: 'HIGH' }
    const own = new Map([['9', { own: 'MEDIUM' }]])
    expect(await restoreSurvivors(client, 'companies', [{ survivor: '9', cells, at }], own)).toBe(true)
    expect(JSON.parse(server.requests[1].body).inputs).toMatchObject([
      { id: '9', properties: { changed: 'LOW', first: '', own: 'MEDIUM' } },
    ])
    expect(Object.keys(JSON.parse(server.requests[1].body).inputs[0].properties)).toHaveLength(3)
  })

  it('says so where HubSpot cannot be asked', async () => {
    const { client } = await asked(() => ({ status: 403, body: { category: 'MISSING_SCOPES' } }))
    expect(
      await restoreSurvivors(client, 'companies', [{ survivor: '9', cells: { a: 'b' }, at }], new Map()),
    ).toBe(false)
    expect(await restoreSurvivors(client, 'companies', [], new Map())).toBe(true)
  })
})

describe('the scopes of a private app', () => {
  it('are told by HubSpot, and unknown where it does not say', async () => {
    const replies: Reply[] = [
      { body: { userId: 1, hubId: 2, appId: 3, scopes: ['crm.objects.companies.read'] } },
      { status: 404, body: '<html>Not found</html>' },
      { body: '<html>' },
    ]
    const server = await answering((_, count) => replies[count - 1])
    onTestFinished(() => server.close())
    const ask = () => privateAppScopes({ baseUrl: server.url, token: 'pat-1' })
    expect(await ask()).toEqual(['crm.objects.companies.read'])
    expect(await ask()).toBeNull()
    expect(await ask()).toBeNull()
    expect(JSON.parse(server.requests[0].body)).toEqual({ tokenKey: 'pat-1' })
  })
})
