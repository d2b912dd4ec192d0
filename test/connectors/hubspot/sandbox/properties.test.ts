import { expect, it } from 'vitest'
import { API_VERSION as V } from '../../../../connectors/hubspot/version.ts'
import type { Refusal } from './calling.ts'
import { openSandbox } from './opened.ts'

const P = `/crm/properties/${V}/companies`
const risk = {
  name: 'risk',
  label: 'Risk',
  groupName: 'companyinformation',
  type: 'number',
  fieldType: 'number',
}

interface Listed {
  readonly results: readonly { readonly name: string; readonly archived: boolean }[]
}

it('has the properties that every portal has, which cannot be changed', async () => {
  const { call } = await openSandbox()
  const { body } = await call<Listed>('GET', P)
  expect(body.results.map(({ name }) => name)).toEqual(
    expect.arrayContaining(['name', 'lifecyclestage', 'hs_lastmodifieddate', 'hubspot_owner_id']),
  )
  expect((await call('PATCH', `${P}/lifecyclestage`, { options: [] })).status).toBe(400)
  expect((await call('DELETE', `${P}/lifecyclestage`)).status).toBe(400)
})

it('makes a property once, and shows the archived ones to who asks', async () => {
  const { call } = await openSandbox()
  expect((await call('POST', P, risk)).body).toMatchObject({
    name: 'risk',
    archived: false,
    modificationMetadata: { archivable: true },
  })
  expect(await call<Refusal>('POST', P, risk)).toMatchObject({
    status: 409,
    body: { category: 'OBJECT_ALREADY_EXISTS' },
  })
  expect((await call('DELETE', `${P}/risk`)).status).toBe(204)
  expect((await call('GET', `${P}/risk`)).status).toBe(404)
  expect((await call('GET', `${P}/risk?archived=true`)).body).toMatchObject({ archived: true })
  expect((await call<Listed>('GET', `${P}?archived=true`)).body.results.map(({ name }) => name)).toEqual([
    'risk',
  ])
})

it('brings an archived property back as it was when one of its name is made', async () => {
  const { call } = await openSandbox()
  await call('POST', P, risk)
  await call('DELETE', `${P}/risk`)
  const again = await call('POST', P, { ...risk, label: 'Another', type: 'string', fieldType: 'text' })
  const { label, type, fieldType } = risk
  expect(again).toMatchObject({ status: 201, body: { label, type, fieldType, archived: false } })
  expect((await call('GET', `${P}/risk`)).body).toMatchObject({ label, type, archived: false })
})

it.each([
  [{ name: 'Risk' }, 'INVALID_PROPERTY_NAME'],
  [{ name: 'hs_risk' }, 'RESERVED_PROPERTY_NAME'],
  [{ groupName: 'nonsense' }, 'INVALID_PROPERTY_GROUP'],
  [{ fieldType: 'date' }, 'INVALID_FIELD_TYPE'],
  [
    {
      type: 'bool',
      fieldType: 'booleancheckbox',
      options: [{ label: 'Y', value: 'y', displayOrder: 0, hidden: false }],
    },
    'INVALID_BOOLEAN_OPTIONS',
  ],
  [{ type: 'datetime', fieldType: 'date', hasUniqueValue: true }, 'INVALID_UNIQUE_PROPERTY'],
])('refuses a definition with %o', async (part, code) => {
  const { call } = await openSandbox()
  expect(await call<Refusal>('POST', P, { ...risk, ...part })).toMatchObject({
    status: 400,
    body: { errors: [{ code }] },
  })
})

it('has room for so many properties', async () => {
  const { call } = await openSandbox({ settings: { customProperties: 2 } })
  const statuses = []
  for (const name of ['a', 'b', 'c']) statuses.push((await call('POST', P, { ...risk, name })).status)
  expect(statuses).toEqual([201, 201, 400])
})

it('lists sensitive properties to those who ask for them', async () => {
  const { call, sandbox } = await openSandbox()
  sandbox.state.addProperty('companies', 'diagnosis', { dataSensitivity: 'sensitive' })
  const names = async (query: string) =>
    (await call<Listed>('GET', `${P}${query}`)).body.results.map(({ name }) => name)
  expect(await names('')).not.toContain('diagnosis')
  expect(await names('?dataSensitivity=sensitive')).toEqual(['diagnosis'])
})

it('shows sensitive values to those with the scope', async () => {
  const { call, sandbox, use } = await openSandbox()
  sandbox.state.addProperty('companies', 'diagnosis', { dataSensitivity: 'sensitive' })
  const id = sandbox.state.createRecord('companies', { diagnosis: 'x' })
  const read = async () =>
    (await call<{ properties: object }>('GET', `/crm/objects/${V}/companies/${id}?properties=diagnosis`)).body
      .properties
  expect(await read()).toHaveProperty('diagnosis', 'x')
  use(sandbox.authorize(['crm.objects.companies.read']).accessToken)
  expect(await read()).not.toHaveProperty('diagnosis')
})

it('takes new options, and then their values', async () => {
  const { call } = await openSandbox()
  const option = (value: string) => ({ label: value, value, displayOrder: 0, hidden: false })
  await call('POST', P, { ...risk, type: 'enumeration', fieldType: 'select', options: [option('LOW')] })
  const write = () =>
    call('POST', `/crm/objects/${V}/companies`, { properties: { risk: 'HIGH' }, associations: [] })
  expect((await write()).status).toBe(400)
  expect((await call('PATCH', `${P}/risk`, { options: [option('LOW'), option('HIGH')] })).status).toBe(200)
  expect((await write()).status).toBe(201)
})
