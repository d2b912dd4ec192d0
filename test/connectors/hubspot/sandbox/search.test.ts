import { expect, it } from 'vitest'
import { API_VERSION as V } from '../../../../connectors/hubspot/version.ts'
import type { Page, Refusal } from './calling.ts'
import { openSandbox, type Opened } from './opened.ts'

const SEARCH = `/crm/objects/${V}/companies/search`
const blank = { filterGroups: [], sorts: [], properties: [], limit: 200, after: '' }

async function seeded(): Promise<Opened & { find: (filters: object[], more?: object) => Promise<string[]> }> {
  const opened = await openSandbox()
  const { state } = opened.sandbox
  state.addProperty('companies', 'seats', { type: 'number' })
  state.addProperty('companies', 'renews', { type: 'date' })
  state.createRecord('companies', { name: 'Acme North', seats: 5, type: 'CUSTOMER', renews: '2026-12-01' })
  state.createRecord('companies', { name: 'acme south', seats: 50, type: 'PROSPECT', renews: '2027-01-01' })
  state.createRecord('companies', { name: 'Other', seats: 500, type: 'CUSTOMER' })
  state.createRecord('companies', { name: 'Nothing known' })
  return {
    ...opened,
    async find(filters, more = {}) {
      const { body } = await opened.call<Page>('POST', SEARCH, {
        ...blank,
        properties: ['name'],
        filterGroups: [{ filters }],
        ...more,
      })
      expect(body.total).toBe(body.results.length)
      return body.results.map(({ properties }) => properties.name ?? '')
    },
  }
}

it.each([
  [{ propertyName: 'seats', operator: 'EQ', value: '50.0' }, ['acme south']],
  [{ propertyName: 'seats', operator: 'NEQ', value: '50' }, ['Acme North', 'Other']],
  [{ propertyName: 'seats', operator: 'LT', value: '50' }, ['Acme North']],
  [{ propertyName: 'seats', operator: 'LTE', value: '50' }, ['Acme North', 'acme south']],
  [{ propertyName: 'seats', operator: 'GT', value: '50' }, ['Other']],
  [{ propertyName: 'seats', operator: 'GTE', value: '50' }, ['acme south', 'Other']],
  [{ propertyName: 'seats', operator: 'BETWEEN', value: '5', highValue: '50' }, ['Acme North', 'acme south']],
  [{ propertyName: 'type', operator: 'IN', values: ['CUSTOMER'] }, ['Acme North', 'Other']],
  [{ propertyName: 'type', operator: 'NOT_IN', values: ['CUSTOMER'] }, ['acme south']],
  [{ propertyName: 'renews', operator: 'HAS_PROPERTY' }, ['Acme North', 'acme south']],
  [{ propertyName: 'renews', operator: 'NOT_HAS_PROPERTY' }, ['Other', 'Nothing known']],
  [{ propertyName: 'renews', operator: 'LTE', value: String(Date.parse('2026-12-31')) }, ['Acme North']],
  [{ propertyName: 'name', operator: 'EQ', value: 'ACME NORTH' }, ['Acme North']],
  [{ propertyName: 'name', operator: 'CONTAINS_TOKEN', value: 'acme' }, ['Acme North', 'acme south']],
  [{ propertyName: 'name', operator: 'CONTAINS_TOKEN', value: 'so*' }, ['acme south']],
  [{ propertyName: 'name', operator: 'NOT_CONTAINS_TOKEN', value: 'acme' }, ['Other', 'Nothing known']],
])('finds by %o', async (filter, names) => {
  const { find } = await seeded()
  expect(await find([filter])).toEqual(names)
})

it('sorts either way, whatever has no value last, and pages', async () => {
  const { find, call } = await seeded()
  expect(await find([], { sorts: ['-seats'] })).toEqual([
    'Other',
    'acme south',
    'Acme North',
    'Nothing known',
  ])
  const sorts = [{ propertyName: 'name', direction: 'ASCENDING' }]
  expect(await find([], { sorts })).toEqual(['Acme North', 'acme south', 'Nothing known', 'Other'])
  const first = await call<Page>('POST', SEARCH, { ...blank, limit: 3 })
  expect(first.body).toMatchObject({ total: 4, paging: { next: { after: '3' } } })
  const second = await call<Page>('POST', SEARCH, { ...blank, limit: 3, after: '3' })
  expect(second.body.results).toHaveLength(1)
  expect(second.body.paging).toBeUndefined()
})

it('refuses more than it takes', async () => {
  const { call } = await seeded()
  const filter = { propertyName: 'seats', operator: 'GT', value: '1' }
  const group = (count: number) => ({ filters: Array.from({ length: count }, () => filter) })
  const status = async (more: object) => (await call('POST', SEARCH, { ...blank, ...more })).status
  expect(await status({ filterGroups: [group(6), group(6), group(6)] })).toBe(200)
  expect(await status({ filterGroups: [group(7)] })).toBe(400)
  expect(await status({ filterGroups: Array.from({ length: 6 }, () => group(1)) })).toBe(400)
  expect(await status({ filterGroups: [group(6), group(6), group(6), group(1)] })).toBe(400)
  expect(await status({ limit: 201 })).toBe(400)
  expect(await status({ after: '9800', limit: 200 })).toBe(200)
  expect(await status({ after: '9900', limit: 200 })).toBe(400)
  const unknown = await call<Refusal>('POST', SEARCH, {
    ...blank,
    filterGroups: [{ filters: [{ ...filter, propertyName: 'nonsense' }] }],
  })
  expect(unknown).toMatchObject({
    status: 400,
    body: { errors: [{ context: { propertyName: ['nonsense'] } }] },
  })
})

it('shows records as they were until the index has caught up', async () => {
  const { sandbox, find, pass } = await seeded()
  sandbox.faults.indexLag(10_000)
  const [first, , , last] = sandbox.state.ids('companies')
  sandbox.state.updateRecord('companies', first, { name: 'Renamed', seats: 1 })
  sandbox.state.archiveRecord('companies', last)
  sandbox.state.createRecord('companies', { name: 'New' })
  pass(4)
  sandbox.state.updateRecord('companies', first, { name: 'Renamed again' })
  expect(await find([])).toEqual(['Acme North', 'acme south', 'Other', 'Nothing known'])
  expect(await find([{ propertyName: 'seats', operator: 'EQ', value: '5' }])).toEqual(['Acme North'])
  pass(6)
  expect(await find([])).toEqual(['Renamed', 'acme south', 'Other', 'New'])
  pass(4)
  expect(await find([])).toEqual(['Renamed again', 'acme south', 'Other', 'New'])
})
