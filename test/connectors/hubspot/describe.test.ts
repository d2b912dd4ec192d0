import { describe, expect, it } from 'vitest'
import { proposeMapping } from '../../../models/features/mapping.ts'
import { openReading, passOver } from './reading.ts'

async function openDescribed() {
  const portal = await openReading()
  const { state } = portal.sandbox
  state.addProperty('companies', 'seats', { type: 'number', label: 'Seats' })
  state.addProperty('companies', 'custom_17', { type: 'number', label: 'Monthly charges' })
  state.addProperty('companies', 'auto_renewal', { type: 'bool' })
  state.addProperty('companies', 'renewal_date', { type: 'date' })
  state.addProperty('companies', 'amount_as_text', { label: 'Amount as text' })
  state.addProperty('companies', 'health', { type: 'number', dataSensitivity: 'sensitive' })
  state.addProperty('companies', 'secret', { type: 'number', dataSensitivity: 'highly_sensitive' })
  state.addProperty('companies', 'internal', { hidden: true })
  state.addProperty('companies', 'old', { archivedAt: 1 })
  state.addProperty('companies', 'days_open', { type: 'number', calculated: true, readOnlyValue: true })
  state.addProperty('companies', 'holdfast_risk_percent', { type: 'number' })
  state.addProperty('companies', 'stage', {
    type: 'enumeration',
    options: [
      { label: 'Customer', value: '183429', displayOrder: 0, hidden: false },
      { label: 'Lead', value: '183430', displayOrder: 1, hidden: false },
    ],
  })
  for (let i = 0; i < 12; i++)
    state.createRecord('companies', {
      name: `Company ${i}`,
      seats: i,
      auto_renewal: i % 2 === 0,
      renewal_date: i === 0 ? '1969-12-31' : '2027-01-31',
      amount_as_text: `${i},50`,
      stage: '183429',
      custom_17: 10 + i,
      health: 3,
    })
  const columns = async (sensitive: string[] = []) => {
    const [{ profile }] = await portal.open({ sensitive }).describe()
    return new Map(profile.columns.map((column) => [column.header, column]))
  }
  return { ...portal, columns }
}

describe('describing a portal', () => {
  it('costs two calls: the definitions and a sample', async () => {
    const { open, calls } = await openDescribed()
    const [{ object, profile }] = await open().describe()
    expect({ object, format: profile.format, rows: profile.rows }).toEqual({
      object: 'companies',
      format: 'crm',
      rows: 12,
    })
    expect(calls()).toEqual({ 'GET /crm/properties/companies': 1, 'POST /crm/objects/companies/search': 1 })
  })

  it('knows kinds by type, labels, options that nobody has, and the figures of the sample', async () => {
    const columns = await (await openDescribed()).columns()
    expect(columns.get('seats')).toEqual({
      header: 'seats',
      label: 'Seats',
      kind: 'number',
      missing: 0,
      distinct: 12,
      values: expect.arrayContaining([{ value: '0', count: 1 }]),
      range: { min: 0, max: 11, mean: 5.5 },
      unreadable: 0,
      numberFormat: { decimal: '.', group: '' },
    })
    expect(columns.get('auto_renewal')).toMatchObject({
      kind: 'category',
      values: [
        { value: 'false', count: 6 },
        { value: 'true', count: 6 },
      ],
    })
    expect(columns.get('renewal_date')).toMatchObject({ kind: 'date', range: { min: -1 } })
    expect(columns.get('stage')).toMatchObject({
      kind: 'category',
      distinct: 1,
      values: [
        { value: '183429', count: 12, label: 'Customer' },
        { value: '183430', count: 0, label: 'Lead' },
      ],
    })
    expect(columns.get('amount_as_text')).toMatchObject({
      kind: 'number',
      numberFormat: { decimal: ',', group: '' },
    })
    expect(columns.get('days_open')).toMatchObject({ kind: 'number', missing: 12 })
  })

  it('leaves out what is ours, archived, hidden, or notes that somebody wrote', async () => {
    const columns = await (await openDescribed()).columns()
    for (const name of ['holdfast_risk_percent', 'old', 'internal', 'hs_lastmodifieddate'])
      expect(columns.has(name)).toBe(false)
  })

  it('refuses sensitive properties but those that an admin allowed, and reads none of them unasked', async () => {
    const { columns, open } = await openDescribed()
    expect((await columns()).has('health')).toBe(false)
    const allowed = await columns(['health'])
    expect([allowed.has('health'), allowed.has('secret')]).toEqual([true, false])
    await expect(passOver(open(), null, { properties: ['health'], history: [] })).rejects.toMatchObject({
      code: 'column_missing',
      message: expect.stringContaining('sensitive'),
    })
    const { records } = await passOver(open({ sensitive: ['health'] }), null, {
      properties: ['health'],
      history: [],
    })
    expect(records[0].properties).toEqual({ health: 3 })
  })

  it('never reads a property of ours, even when it is asked for', async () => {
    const { open } = await openDescribed()
    const { records } = await passOver(open(), null, {
      properties: ['seats', 'holdfast_risk_percent'],
      history: ['holdfast_risk_percent'],
    })
    expect(Object.keys(records[0].properties)).toEqual(['seats'])
  })

  it('gives a profile that a mapping can be proposed from', async () => {
    const [{ profile }] = await (await openDescribed()).open().describe()
    const mapping = proposeMapping(profile)
    expect(mapping.columns.find(({ column }) => column === 'renewal_date')).toMatchObject({
      feature: 'monthsToRenewal',
    })
  })
})
