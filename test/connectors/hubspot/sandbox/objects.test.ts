import { expect, it } from 'vitest'
import { API_VERSION as V } from '../../../../connectors/hubspot/version.ts'
import type { Page, Refusal, Shown } from './calling.ts'
import { openSandbox, type Opened } from './opened.ts'

const CRM = `/crm/objects/${V}`

async function companies(count: number, options = {}): Promise<Opened & { ids: readonly string[] }> {
  const opened = await openSandbox(options)
  const { state } = opened.sandbox
  state.addProperty('companies', 'seats', { type: 'number' })
  for (let n = 0; n < count; n++) state.createRecord('companies', { name: `Co ${n}`, seats: n })
  return { ...opened, ids: state.ids('companies') }
}

it('pages through all records once, 100 a page and 50 with history', async () => {
  const { call, ids } = await companies(230)
  const seen: string[] = []
  let after = ''
  do {
    const { body } = await call<Page>('GET', `${CRM}/companies?limit=100&properties=seats${after}`)
    seen.push(...body.results.map(({ id }) => id))
    after = body.paging ? `&after=${body.paging.next.after}` : ''
  } while (after !== '')
  expect(seen).toEqual(ids)
  expect((await call('GET', `${CRM}/companies?limit=101`)).status).toBe(400)
  expect((await call('GET', `${CRM}/companies?limit=51&propertiesWithHistory=seats`)).status).toBe(400)
  const page = await call<Page>('GET', `${CRM}/companies?limit=50&propertiesWithHistory=seats`)
  expect(page.body.results).toHaveLength(50)
})

it('shows what was asked for, its times and its id, and passes over what it does not know', async () => {
  const { call, ids } = await companies(1)
  const { body } = await call<Shown>('GET', `${CRM}/companies/${ids[0]}?properties=seats,domain,nonsense`)
  expect(body.properties).toEqual({
    seats: '0',
    domain: null,
    hs_object_id: ids[0],
    createdate: '2026-11-20T09:00:00.000Z',
    hs_lastmodifieddate: '2026-11-20T09:00:00.000Z',
  })
})

it('keeps the past of a value with who set it, newest first', async () => {
  const { sandbox, call, ids, pass } = await companies(1)
  pass(60)
  await call('PATCH', `${CRM}/companies/${ids[0]}`, { properties: { seats: 5 } })
  pass(60)
  await call('PATCH', `${CRM}/companies/${ids[0]}`, { properties: { seats: '' } })
  const { body } = await call('GET', `${CRM}/companies/${ids[0]}?propertiesWithHistory=seats`)
  expect(body).toMatchObject({
    properties: { seats: '' },
    propertiesWithHistory: {
      seats: [
        {
          value: '',
          timestamp: '2026-11-20T09:02:00.000Z',
          sourceType: 'INTEGRATION',
          sourceId: sandbox.app.appId,
        },
        { value: '5', timestamp: '2026-11-20T09:01:00.000Z', sourceType: 'INTEGRATION' },
        { value: '0', timestamp: '2026-11-20T09:00:00.000Z', sourceType: 'CRM_UI' },
      ],
    },
  })
})

it('moves the modified date with every write, one that changes nothing too', async () => {
  const { call, ids, pass } = await companies(1)
  pass(60)
  const { body } = await call<Shown>('PATCH', `${CRM}/companies/${ids[0]}`, { properties: { seats: '0' } })
  expect(body.updatedAt).toBe('2026-11-20T09:01:00.000Z')
})

it('lists archived records by themselves and gives them back when restored', async () => {
  const { sandbox, call, ids, pass } = await companies(3)
  pass(5)
  await call('DELETE', `${CRM}/companies/${ids[1]}`)
  expect((await call('GET', `${CRM}/companies/${ids[1]}`)).status).toBe(404)
  const archived = await call<Page>('GET', `${CRM}/companies?archived=true`)
  expect(archived.body.results).toMatchObject([
    { id: ids[1], archived: true, archivedAt: '2026-11-20T09:00:05.000Z' },
  ])
  expect((await call<Page>('GET', `${CRM}/companies`)).body.results.map(({ id }) => id)).toEqual([
    ids[0],
    ids[2],
  ])
  sandbox.state.restoreRecord('companies', ids[1])
  expect((await call<Page>('GET', `${CRM}/companies`)).body.results.map(({ id }) => id)).toEqual(ids)
})

it.each([true, false])(
  'answers for a merged id with the one that is left (a new id: %s)',
  async (mergeMakesNewId) => {
    const { sandbox, call, ids } = await companies(3, { settings: { mergeMakesNewId } })
    const contact = sandbox.state.createRecord('contacts', { email: 'a@example.com' })
    sandbox.state.associate('contacts', contact, 'companies', ids[1], 279)
    sandbox.state.updateRecord('companies', ids[1], { domain: 'one.example' })
    const merged = await call<Shown>('POST', `${CRM}/companies/merge`, {
      primaryObjectId: ids[0],
      objectIdToMerge: ids[1],
    })
    expect(ids.includes(merged.body.id)).toBe(!mergeMakesNewId)
    for (const id of [ids[0], ids[1], merged.body.id]) {
      const { body } = await call<Shown>(
        'GET',
        `${CRM}/companies/${id}?properties=name,domain,hs_merged_object_ids`,
      )
      expect(body.id).toBe(merged.body.id)
      expect(body.properties).toMatchObject({ name: 'Co 0', domain: 'one.example' })
      expect(body.properties.hs_merged_object_ids?.split(';').sort()).toEqual(
        mergeMakesNewId ? [ids[0], ids[1]] : [ids[1]],
      )
    }
    expect(sandbox.state.ids('companies')).toHaveLength(2)
    expect(sandbox.state.associated('contacts', contact, 'companies')).toEqual([
      { id: merged.body.id, typeIds: [279] },
    ])
  },
)

it('erases a person for good, from their e-mail too', async () => {
  const { sandbox, call } = await openSandbox()
  const id = sandbox.state.createRecord('contacts', { email: 'gone@example.com' })
  const kinds: string[] = []
  sandbox.state.onChange(({ kind }) => void kinds.push(kind))
  await call('POST', `${CRM}/contacts/gdpr-delete`, { objectId: 'gone@example.com', idProperty: 'email' })
  expect(kinds).toEqual(['erased'])
  expect(sandbox.state.record('contacts', id)).toBeNull()
  expect((await call<Page>('GET', `${CRM}/contacts?archived=true`)).body.results).toEqual([])
})

it.each([
  ['number', 'many', 'INVALID_LONG'],
  ['number', '12.5', '12.5'],
  ['bool', 'yes', 'INVALID_OPTION'],
  ['bool', 'true', 'true'],
  ['date', '2026-11-20', '2026-11-20'],
  ['date', String(Date.parse('1969-05-01')), '1969-05-01'],
  ['date', String(Date.parse('2026-11-20T01:00:00Z')), 'INVALID_DATE'],
  ['datetime', String(Date.parse('2026-11-20T01:00:00Z')), '2026-11-20T01:00:00.000Z'],
  ['datetime', 'soon', 'INVALID_DATE'],
  ['string', 'tab\tand 😀', 'tab\tand 😀'],
] as const)('keeps a %s as such: %s', async (type, given, kept) => {
  const { sandbox, call } = await openSandbox()
  sandbox.state.addProperty('companies', 'it', { type })
  const { status, body } = await call<Shown & Refusal>('POST', `${CRM}/companies`, {
    properties: { it: given },
    associations: [],
  })
  if (status === 201) expect(body.properties.it).toBe(kept)
  else
    expect(body).toMatchObject({
      category: 'VALIDATION_ERROR',
      errors: [{ code: kept, context: { propertyName: ['it'] } }],
    })
})

it('refuses values that it does not know, or that it keeps itself', async () => {
  const { sandbox, call } = await openSandbox()
  sandbox.state.addProperty('companies', 'level', { type: 'enumeration', options: ['HIGH', 'LOW'] })
  sandbox.state.addProperty('companies', 'old', {})
  sandbox.state.setProperty('companies', { ...sandbox.state.property('companies', 'old')!, archivedAt: 1 })
  const { status, body } = await call<Refusal>('POST', `${CRM}/companies`, {
    properties: { level: 'MEDIUM', nonsense: '1', hs_object_id: '1', old: '1', name: 'fine' },
    associations: [],
  })
  expect(status).toBe(400)
  expect(body.errors?.map(({ code, context }) => `${context?.propertyName?.[0]} ${code}`)).toEqual([
    'level INVALID_OPTION',
    'nonsense PROPERTY_DOESNT_EXIST',
    'hs_object_id READ_ONLY_VALUE',
    'old PROPERTY_DOESNT_EXIST',
  ])
  expect(body.message).toMatch(
    /^Property values were not valid: \[\{"isValid":false,"message":"MEDIUM was not one of the allowed options: \[HIGH, LOW\]"/,
  )
})

it('enforces the rules of the admin on writes', async () => {
  const { sandbox, call } = await openSandbox()
  sandbox.state.setRules('companies', [
    { property: 'name' },
    { property: 'domain', when: { property: 'type', values: ['CUSTOMER'] } },
  ])
  const create = (properties: object) =>
    call<Refusal & Shown>('POST', `${CRM}/companies`, { properties, associations: [] })
  const refused = async (properties: object) =>
    (await create(properties)).body.errors?.map(({ code }) => code)
  expect(await refused({ domain: 'x.example' })).toEqual(['MISSING_REQUIRED_PROPERTY'])
  expect(await refused({ name: 'x', type: 'CUSTOMER' })).toEqual(['MISSING_CONDITIONAL_REQUIRED_PROPERTY'])
  const made = await create({ name: 'x' })
  const update = await call<Refusal>('PATCH', `${CRM}/companies/${made.body.id}`, {
    properties: { type: 'CUSTOMER' },
  })
  expect(update).toMatchObject({
    status: 400,
    body: { errors: [{ code: 'MISSING_CONDITIONAL_REQUIRED_PROPERTY' }] },
  })
})

it('wants the time of a task, and an owner who is there', async () => {
  const { sandbox, call } = await openSandbox()
  const at = new Date(0).toISOString()
  sandbox.state.setOwner({
    id: '7',
    email: null,
    firstName: 'A',
    lastName: 'B',
    userId: 1,
    archived: false,
    createdAt: at,
    updatedAt: at,
  })
  const create = (properties: object) =>
    call<Refusal>('POST', `${CRM}/tasks`, { properties, associations: [] })
  expect((await create({ hs_task_subject: 'Call' })).body.errors).toMatchObject([
    { code: 'MISSING_REQUIRED_PROPERTY' },
  ])
  expect((await create({ hs_timestamp: '2026-11-21', hubspot_owner_id: '8' })).body.errors).toMatchObject([
    { code: 'INVALID_OWNER_ID' },
  ])
  expect((await create({ hs_timestamp: '2026-11-21', hubspot_owner_id: '7' })).status).toBe(201)
})

it('tells of a contact that is there already, and of other unique values', async () => {
  const { sandbox, call } = await openSandbox()
  const id = sandbox.state.createRecord('contacts', { email: 'A@example.com' })
  const again = await call<Refusal>('POST', `${CRM}/contacts`, {
    properties: { email: 'a@example.com' },
    associations: [],
  })
  expect(again).toMatchObject({
    status: 409,
    body: { message: `Contact already exists. Existing ID: ${id}` },
  })
})
