import { describe, expect, it } from 'vitest'
import { proposeMapping } from '../../../models/features/mapping.ts'
import { proposePopulation } from '../../../src/loop/population.ts'
import type { TableProfile } from '../../../src/contracts/table.ts'
import { table, type Cells } from './table.ts'

interface Shown {
  readonly label: string
  readonly cells: Cells
  /** What people see in place of a value. */
  readonly values?: Readonly<Record<string, string>>
}

/** A CRM whose properties people see under other names than their own. */
function crm(columns: Readonly<Record<string, Shown>>): TableProfile {
  const { profile } = table(
    Object.fromEntries(Object.entries(columns).map(([name, { cells }]) => [name, cells])),
  )
  return {
    ...profile,
    format: 'crm',
    columns: profile.columns.map((column) => {
      const { label, values = {} } = columns[column.header]
      return {
        ...column,
        kind: Object.keys(values).length > 0 ? 'category' : column.kind,
        label,
        values: column.values.map((cell) =>
          Object.hasOwn(values, cell.value) ? { ...cell, label: values[cell.value] } : cell,
        ),
      }
    }),
  }
}

const entryOf = (profile: TableProfile, column: string) =>
  proposeMapping(profile).columns.find((entry) => entry.column === column)

describe('properties that people see under another name', () => {
  it('are known by it where their own name says nothing', () => {
    const profile = crm({ custom_17: { label: 'Monthly charges', cells: [20, 45.5, 99, 130] } })
    expect(entryOf(profile, 'custom_17')).toMatchObject({ use: 'feature', feature: 'recurringAmount' })
    expect(entryOf(profile, 'custom_17')?.why).toContain('"Monthly charges"')
  })

  it('keep the meaning of their own name where the label says another thing', () => {
    const profile = crm({ monthly_charges: { label: 'Support tickets', cells: [20, 45.5, 99, 130] } })
    expect(entryOf(profile, 'monthly_charges')).toMatchObject({ feature: 'recurringAmount' })
  })

  it('stay out when the label alone says that they are of a protected kind', () => {
    const profile = crm({
      custom_3: { label: 'Gender', cells: ['1', '2'], values: { 1: 'Female', 2: 'Male' } },
    })
    expect(entryOf(profile, 'custom_3')?.use).toBe('ignore')
  })

  it('have their values understood by what people see in place of them', () => {
    const profile = crm({
      custom_4: {
        label: 'Contract',
        cells: ['10', '11', '12'],
        values: { 10: 'Month-to-month', 11: 'One year', 12: 'Two year' },
      },
    })
    expect(entryOf(profile, 'custom_4')).toMatchObject({
      feature: 'contract',
      values: { 10: 'Month-to-month', 11: 'One year', 12: 'Two year' },
    })
  })

  it('tell customers by the label of a stage that the company made for itself', () => {
    const stages = { 183429: 'Customer', 183430: 'Lead' }
    const named = crm({
      lifecyclestage: { label: 'Lifecycle stage', cells: ['183429', '183430'], values: stages },
    })
    expect(proposePopulation(named)).toEqual({
      kind: 'property',
      property: 'lifecyclestage',
      values: ['183429'],
    })
    const shown = crm({ custom_5: { label: 'Account type', cells: ['183429', '183430'], values: stages } })
    expect(proposePopulation(shown)).toMatchObject({ property: 'custom_5', values: ['183429'] })
  })
})
