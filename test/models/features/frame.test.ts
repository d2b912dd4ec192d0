import { describe, expect, it } from 'vitest'
import { OTHER } from '../../../models/features/categories.ts'
import { contextColumns, contextReader } from '../../../models/features/context.ts'
import { frameReader } from '../../../models/features/frame.ts'
import type { FrameOptions } from '../../../models/features/frame.ts'
import { proposeMapping } from '../../../models/features/mapping.ts'
import type { MappingOptions } from '../../../models/features/mapping.ts'
import { trainingFeatures } from '../../../models/features/training.ts'
import type { Feature } from '../../../src/contracts/features.ts'
import { telco } from './headers.ts'
import type { Cells } from './table.ts'
import { day, table } from './table.ts'

const months: Feature = {
  name: 'tenureMonths',
  label: 'months as a customer',
  kind: 'number',
  unit: 'months',
}
const amount: Feature = { name: 'recurringAmount', label: 'monthly charges', kind: 'number', unit: 'money' }
const contract: Feature = {
  name: 'contract',
  label: 'contract',
  kind: 'category',
  categories: ['Month-to-month', 'One year', 'Two year'],
}

function readAll(
  columns: Readonly<Record<string, Cells | string>>,
  features: readonly Feature[],
  options: MappingOptions & FrameOptions = {},
  rows = 4,
) {
  const { profile, read } = table(columns, rows)
  const reader = frameReader(features, profile, proposeMapping(profile, options), options)
  const batch = reader.read(read(reader.requests))
  return { reader, batch, values: batch.frame.columns.map((column) => [...column]) }
}

describe('a frame', () => {
  it('takes a blank for "no internet service" where as many customers have no internet', () => {
    const security: Feature = {
      name: 'onlineSecurity',
      label: 'online security',
      kind: 'category',
      categories: ['No', 'Yes', 'No internet service'],
    }
    const line: Feature = {
      name: 'productTier',
      label: 'internet service',
      kind: 'category',
      categories: ['DSL', 'Fiber optic', 'No'],
    }
    const file = {
      'Internet Service': ['Yes', 'No', 'Yes', 'No'],
      'Internet Type': ['Cable', null, 'Fiber Optic', null],
      'Online Security': ['Yes', null, 'No', null],
    }
    expect(readAll(file, [security, line]).values).toEqual([
      [1, 2, 0, 2],
      [0, 2, 1, 2],
    ])
    // One blank more than customers without internet: nobody can say what a blank means.
    const unsure = { ...file, 'Online Security': ['Yes', null, null, null] }
    expect(readAll(unsure, [security]).values).toEqual([[1, NaN, NaN, NaN]])
  })

  it('has every number in its canonical unit', () => {
    const { values } = readAll({ tenure_years: [1, 2, 0.5, null], arr: [1200, 60, 0, null] }, [
      months,
      amount,
    ])
    expect(values).toEqual([
      [12, 24, 6, NaN],
      [100, 5, 0, NaN],
    ])
  })

  it('counts dates from the as-of date, backwards or forwards, in days or months', () => {
    const renewal: Feature = { name: 'monthsToRenewal', label: '', kind: 'number', unit: 'months' }
    const own: Feature = { name: 'paid_on', label: '', kind: 'number', unit: 'days' }
    const { values, reader } = readAll(
      {
        signup_date: ['2024-01-01', '2023-01-01'],
        renewal_date: ['2025-01-01', null],
        paid_on: ['2024-12-31', '2024-12-01'],
      },
      [months, renewal, own],
    )
    expect(reader.asOf).toEqual({ day: day('2024-12-31'), column: 'paid_on' })
    expect(values[0][0]).toBeCloseTo(365 / 30.436875, 4)
    expect(values[1][0]).toBeCloseTo(1 / 30.436875, 4)
    expect(values[1][1]).toBeNaN()
    expect(values[2]).toEqual([0, 30, 0, 30])
  })

  it('reads dates that are numbers', () => {
    const { values } = readAll(
      { current_period_end: [1735689600, 1738368000], id: 'sub_#' },
      [{ name: 'monthsToRenewal', label: '', kind: 'number', unit: 'months' }],
      {
        asOf: '2025-01-01',
      },
    )
    expect(values[0][0]).toBe(0)
    expect(values[0][1]).toBeCloseTo(31 / 30.436875, 4)
  })

  it('brings amounts for an interval to a month, row by row', () => {
    const { values } = readAll(
      { Amount: [10, 120, 30, 5], Interval: ['month', 'year', 'quarter', 'fortnight'], id: '#' },
      [amount],
      {
        like: {
          holdfastMapping: 1,
          asOf: 'newest',
          columns: [
            {
              column: 'Amount',
              use: 'feature',
              feature: 'recurringAmount',
              unit: 'money per interval',
              confidence: 1,
              why: '',
            },
            { column: 'Interval', use: 'feature', feature: 'billingInterval', confidence: 1, why: '' },
          ],
        },
      },
    )
    expect(values[0]).toEqual([10, 10, 10, NaN])
  })

  it('has numbers missing that are beyond all reason', () => {
    const { values } = readAll({ MonthlyCharges: [1e39, -1e300, 5, 0], id: '#' }, [amount], {
      like: proposeMapping(telco().profile),
    })
    expect(values[0]).toEqual([NaN, NaN, 5, 0])
  })

  it('codes categories however they are spelt', () => {
    const { values } = readAll({ Contract: ['monthly', 'ONE YEAR', '24 months', null] }, [contract])
    expect(values[0]).toEqual([0, 1, 2, NaN])
  })

  it('takes payment methods of one meaning for the same, but not two products of one step', () => {
    const method: Feature = {
      name: 'paymentMethod',
      label: '',
      kind: 'category',
      categories: ['Credit card (automatic)', 'Mailed check'],
    }
    const tier: Feature = {
      name: 'productTier',
      label: '',
      kind: 'category',
      categories: ['DSL', 'Fiber optic', 'No'],
    }
    const { values } = readAll(
      { PaymentType: ['CC', 'cheque'], Plan: ['Pro', 'fiber-optic', 'Enterprise', 'no'] },
      [method, tier],
    )
    expect(values).toEqual([
      [0, 1, 0, 1],
      [NaN, 1, NaN, 2],
    ])
  })

  it('codes a flag whether it is written 0, No or false', () => {
    const flag: Feature = { name: 'paperlessBilling', label: '', kind: 'category', categories: ['No', 'Yes'] }
    for (const cells of [
      [0, 1],
      ['No', 'Yes'],
      ['false', 'TRUE'],
      ['0.0', '1.0'],
    ]) {
      expect(readAll({ PaperlessBilling: cells }, [flag]).values[0]).toEqual([0, 1, 0, 1])
    }
  })

  it('reads words that stand for numbers', () => {
    const sentiment: Feature = { name: 'sentiment', label: '', kind: 'number', unit: 'score' }
    expect(readAll({ sentiment: ['negative', 'neutral', 'Positive', null] }, [sentiment]).values[0]).toEqual([
      -1,
      0,
      1,
      NaN,
    ])
  })

  it('has an unknown category missing, counts it and names column and value', () => {
    const offer: Feature = { name: 'Offer', label: 'offer', kind: 'category', categories: ['a', 'b', 'c'] }
    const { values, reader } = readAll({ Offer: ['a', 'z', 'z', 'y'] }, [offer])
    expect(values[0]).toEqual([0, NaN, NaN, NaN])
    expect(reader.unknown()).toEqual([{ feature: 'Offer', column: 'Offer', rows: 3, values: ['z', 'y'] }])
  })

  it('counts an unseen category as other where the model has one', () => {
    const offer: Feature = { name: 'Offer', label: 'offer', kind: 'category', categories: ['a', OTHER] }
    const { values, reader } = readAll({ Offer: ['a', 'z', null, 'a'] }, [offer])
    expect(values[0]).toEqual([0, 1, NaN, 0])
    expect(reader.unknown()).toEqual([])
  })

  it('has an absent feature missing in every row and says why', () => {
    const { values, reader } = readAll({ MonthlyCharges: ['ten', 'twenty'], tenure_months: [1, 2] }, [
      months,
      amount,
      contract,
    ])
    expect(values[1]).toEqual([NaN, NaN, NaN, NaN])
    expect(reader.gaps.map(({ feature, why }) => `${feature}: ${why}`)).toEqual([
      'recurringAmount: no column of the file feeds it',
      'contract: no column of the file feeds it',
    ])
  })

  it('has a data confidence: the share of features that are known, by importance', () => {
    const columns = { tenure_months: [1, null, 3, null], Contract: ['monthly', 'yearly', '?!', null] }
    expect([...readAll(columns, [months, contract]).batch.dataConfidence]).toEqual([1, 0.5, 0.5, 0])
    const like = proposeMapping(table({ tenure_months: [1], Contract: ['monthly'] }).profile)
    const weighted = readAll(columns, [months, contract], { like, importance: [3, 1] })
    expect([...weighted.batch.dataConfidence]).toEqual([1, 0.25, 0.75, 0])
  })

  it('reads batches of falling size from columns that others asked for before', () => {
    const { profile, read } = telco(10)
    const { features, mapping } = trainingFeatures(telco(1000).profile, { target: 'Churn' })
    const reader = frameReader(features, profile, proposeMapping(profile, { like: mapping }))
    const all = read([{ column: 'customerID', as: 'text' }, ...reader.requests])
    const whole = reader.read(all, 1).frame.columns.map((column) => [...column])
    const short = { ...all, rows: 3, columns: all.columns.map((column) => column.slice(0, 3)) }
    const { frame, dataConfidence } = reader.read(short, 1)
    expect(frame.rows).toBe(3)
    expect(frame.columns.map((column) => [...column])).toEqual(whole.map((column) => column.slice(0, 3)))
    expect([...dataConfidence]).toEqual([1, 1, 1])
    expect(reader.gaps).toEqual([])
    expect(reader.unknown()).toEqual([])
  })

  it('notes when dates are read in another format than before', () => {
    const { profile } = table({ signup_date: ['2024-01-01', '2024-02-01'] })
    const mapping = proposeMapping(profile)
    const columns = mapping.columns.map((entry) => ({ ...entry, format: '%d/%m/%Y' }))
    expect(frameReader([months], profile, { ...mapping, columns }).notes[0]).toMatch(
      /signup_date.*%d\/%m\/%Y.*%Y-%m-%d/u,
    )
  })
})

describe('what the policy knows', () => {
  const read = (columns: Readonly<Record<string, Cells | string>>, options: MappingOptions = {}) => {
    const { profile, read: cells } = table(columns, 4)
    const mapping = proposeMapping(profile, options)
    const reader = contextReader(profile, mapping)
    return { context: reader.read(cells(reader.requests)), mapping, reader }
  }

  it('comes from Telco: contract months, tier, tenure and amount; all else is unknown', () => {
    const { profile, read: cells } = telco(3)
    const like = proposeMapping(telco(1000).profile)
    const mapping = proposeMapping(profile, { like })
    const reader = contextReader(profile, mapping)
    const context = reader.read(cells(reader.requests))
    expect([...context.contractMonths]).toEqual([1, 12, 24])
    expect([...context.tier]).toEqual([1, 0.5, 0])
    expect([...context.tenureMonths]).toEqual([0, 1, 2])
    expect([...context.interventions, ...context.engagement, ...context.emailConsent]).toEqual(
      Array(9).fill(NaN),
    )
    expect(contextColumns(mapping)).toEqual(
      new Map([
        ['tenureMonths', 'tenure'],
        ['productTier', 'InternetService'],
        ['contract', 'Contract'],
        ['recurringAmount', 'MonthlyCharges'],
      ]),
    )
    expect(reader.gaps.map(({ feature }) => feature)).toContain('daysSinceContact')
  })

  it('turns opt-outs into consent, also for values that the mapping never listed', () => {
    const seen = read({ hs_email_optout: ['false'], DoNotCall: [0, 1], id: 'C#' })
    expect([...seen.context.emailConsent]).toEqual([1, 1, 1, 1])
    expect([...seen.context.callConsent]).toEqual([1, 0, 1, 0])
    const later = read({ hs_email_optout: ['true', 'false', 'Yes', null], id: 'C#' }, { like: seen.mapping })
    expect([...later.context.emailConsent]).toEqual([0, 1, 0, NaN])
  })

  it('takes the renewal for the notice date where there is none, and never a negative time', () => {
    const dates = { renewal_date: ['2024-01-31', '2023-12-01'], notice_date: ['2024-01-01', null] }
    const { context } = read({ ...dates, id: 'C#' }, { asOf: '2024-01-01' })
    expect([...context.monthsToNotice]).toEqual([0, 0, 0, 0])
    const { renewal_date } = dates
    const first = (columns: Readonly<Record<string, Cells | string>>): number =>
      read({ ...columns, id: 'C#' }, { asOf: '2024-01-01' }).context.monthsToNotice[0]
    expect(first({ renewal_date })).toBeCloseTo(30 / 30.436875, 4)
    expect(first({ renewal_date, notice_days: [10, 10] })).toBeCloseTo(20 / 30.436875, 4)
  })
})
