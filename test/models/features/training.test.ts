import { describe, expect, it } from 'vitest'
import { OTHER } from '../../../models/features/categories.ts'
import { proposeMapping } from '../../../models/features/mapping.ts'
import type { TrainingOptions } from '../../../models/features/training.ts'
import { trainingFeatures } from '../../../models/features/training.ts'
import { bank, hubspot, telco, telcoExtended } from './headers.ts'
import type { Cells } from './table.ts'
import { day, table } from './table.ts'

const churn = ['Yes', 'No']
const of = (
  columns: Readonly<Record<string, Cells | string>>,
  options: Partial<TrainingOptions> = {},
  rows = 1000,
) =>
  trainingFeatures(table({ ...columns, usage: [1.5, 2.5, 7], Churn: churn }, rows).profile, {
    target: 'Churn',
    ...options,
  })
const feature = (
  columns: Readonly<Record<string, Cells | string>>,
  options?: Partial<TrainingOptions>,
  rows?: number,
) => of(columns, options, rows).features[0]
const why = (
  columns: Readonly<Record<string, Cells | string>>,
  options?: Partial<TrainingOptions>,
  rows?: number,
) => of(columns, options, rows).leftOut.find(({ column }) => column === Object.keys(columns)[0])?.why

describe('features to train on', () => {
  it('have a category of their own for blanks that mean "no internet service"', () => {
    const { features } = of({
      'Internet Service': ['Yes', 'No'],
      'Online Security': ['Yes', null, 'No', null],
    })
    expect(features.find(({ name }) => name === 'onlineSecurity')?.categories).toEqual([
      'No',
      'Yes',
      'No internet service',
    ])
  })

  it('are categories where numbers name a plan or a status', () => {
    expect(feature({ 'Tariff Plan': [1, 2] }).categories).toEqual(['1', '2'])
    expect(feature({ 'Area code': [408, 415, 510] }).kind).toBe('category')
  })

  it('are the fifteen of Telco that are neither id, target, protected nor household', () => {
    const { features, leftOut } = trainingFeatures(telco().profile, { target: 'Churn' })
    expect(features).toHaveLength(15)
    expect(features.find(({ name }) => name === 'contract')?.categories).toEqual([
      'Month-to-month',
      'One year',
      'Two year',
    ])
    expect(leftOut.map(({ column }) => column)).toEqual([
      'customerID',
      'gender',
      'SeniorCitizen',
      'Partner',
      'Dependents',
      'Churn',
    ])
    expect(leftOut[1].why).toMatch(/protected/u)
    expect(leftOut[3].why).toMatch(/lives with/u)
  })

  it('never tell the outcome: other targets, reasons and scores stay out', () => {
    const { features } = trainingFeatures(telcoExtended.profile, { target: 'Churn Value' })
    expect(features.map(({ name }) => name).filter((name) => /churn|cltv/iu.test(name))).toEqual([])
    expect(features).toHaveLength(15)
  })

  it('include a protected column only when it is named', () => {
    const names = (keep: string[]) =>
      trainingFeatures(bank.profile, { target: 'Exited', keep }).features.map(({ name }) => name)
    expect(names([])).not.toContain('Age')
    expect(names(['Age'])).toContain('Age')
  })

  it('are the mapping’s where one is given', () => {
    const mapping = proposeMapping(bank.profile, { target: 'Exited' })
    const columns = mapping.columns.map((entry) =>
      entry.column === 'Balance' ? { ...entry, use: 'ignore' as const, why: 'set by hand' } : entry,
    )
    const { features, leftOut } = trainingFeatures(bank.profile, {
      target: 'Exited',
      mapping: { ...mapping, columns },
    })
    expect(features.map(({ name }) => name)).not.toContain('accountBalance')
    expect(leftOut).toContainEqual({ column: 'Balance', why: 'is ignored by the mapping' })
  })

  it('tell of a mapping’s column that the file lacks, and of what was guessed', () => {
    const { columns, ...rest } = proposeMapping(bank.profile)
    const misspelt = columns.map((entry) =>
      entry.column === 'Balance' ? { ...entry, column: 'Balanse' } : entry,
    )
    const { notes } = trainingFeatures(bank.profile, {
      target: 'Exited',
      mapping: { ...rest, columns: misspelt },
    })
    expect(notes[0]).toMatch(/names a column "Balanse".*Did you mean "Balance"/u)
    expect(notes.some((note) => /"Tenure" is taken for months as a customer in years/u.test(note))).toBe(true)
    expect(trainingFeatures(telco().profile, { target: 'Churn' }).notes).toEqual([])
  })

  it('cannot be none', () => {
    const { profile } = table({ id: '#', gender: ['Male', 'Female'], Churn: churn })
    expect(() => trainingFeatures(profile, { target: 'Churn' })).toThrow(
      expect.objectContaining({
        code: 'no_features',
        message: expect.stringMatching(/"gender" is a protected mark/u),
      }),
    )
  })
})

describe('a column of its own', () => {
  it('of numbers is a number, of 0 and 1 a No and Yes, unless it counts', () => {
    expect(feature({ HasCrCard: [0, 1] })).toEqual({
      name: 'HasCrCard',
      label: 'has cr card',
      kind: 'category',
      categories: ['No', 'Yes'],
    })
    expect(feature({ NumVisitsHome: [0, 1] })).toMatchObject({ kind: 'number' })
    expect(feature({ CityTier: [1, 2, 3] })).toMatchObject({ kind: 'number' })
  })

  it('of number codes is a category in the order of the numbers', () => {
    expect(feature({ 'Area code': [510, 415, 408, 408] })).toMatchObject({
      kind: 'category',
      categories: ['408', '415', '510'],
    })
  })

  it('of words is a category, most frequent first', () => {
    expect(feature({ Offer: ['b', 'a', 'a', 'c'] })).toMatchObject({ categories: ['a', 'b', 'c'] })
    expect(feature({ 'International plan': ['yes', 'no', 'no'] })).toMatchObject({
      categories: ['No', 'Yes'],
    })
  })

  it('keeps its words where two mean the same to the dictionary', () => {
    expect(feature({ 'Contract Length': ['Annual', 'Monthly', 'Quarterly'] })).toMatchObject({
      name: 'contract',
      categories: ['Annual', 'Monthly', 'Quarterly'],
    })
    expect(feature({ Contract: ['M2M', '1Y', '2Y'] })).toMatchObject({
      categories: ['Month-to-month', 'One year', 'Two year'],
    })
  })

  it('takes spellings of one value together', () => {
    expect(feature({ Offer: ['a x', 'A X', 'a x', 'b'] })).toMatchObject({ categories: ['a x', 'b'] })
    expect(feature({ Contract: ['Monthly', 'MONTHLY', 'yearly'] })).toMatchObject({
      categories: ['Month-to-month', 'One year'],
    })
    expect(why({ Offer: ['a', 'A'] })).toBe('has one value only, "A", in different spellings')
  })

  it('with many categories keeps the 24 most frequent and one for the rest', () => {
    const many = Array.from({ length: 100 }, (_, i) =>
      Array.from({ length: Math.ceil(200 / (i + 1)) }, () => `c${i}`),
    ).flat()
    const { categories } = feature({ Shop: many }, {}, many.length)
    expect(categories).toHaveLength(25)
    expect(categories?.slice(0, 2)).toEqual(['c0', 'c1'])
    expect(categories?.at(-1)).toBe(OTHER)
  })

  it('with 10,000 categories stays out with a message', () => {
    const many = Array.from({ length: 10000 }, (_, i) => `c${i}`)
    const { profile } = table({ Shop: many, usage: [1, 2], Churn: churn }, 30000)
    const columns = profile.columns.map((column) =>
      column.header === 'Shop' ? { ...column, kind: 'category' as const } : column,
    )
    const { leftOut } = trainingFeatures({ ...profile, columns }, { target: 'Churn' })
    expect(leftOut[0]).toEqual({
      column: 'Shop',
      why: 'has 10,000 different values, the 24 most frequent in 0.2 % of the rows: too scattered',
    })
  })

  it('with a few rare categories gives them one together', () => {
    const cells = [...Array.from({ length: 500 }, (_, i) => (i % 2 ? 'a' : 'b')), 'x', 'y']
    expect(feature({ Offer: cells }, {}, 502)).toMatchObject({ categories: ['a', 'b', OTHER] })
  })

  it.each([
    ['is empty in every row', { Note: [null] }],
    ['has the same value, "x", in every row', { Plan2: ['x'] }],
    ['has one value only, "SAVE10", and blanks', { Coupon: ['SAVE10', null] }],
    ['is free text', { Comment: 'I think # is fine' }],
    ['numbers the rows', { Sequence: Array.from({ length: 1000 }, (_, i) => i + 7) }],
    ["is the customer's id", { CustomerID: '#-A' }],
    ['has the same date in every row', { billed_on: ['2024-01-01'] }],
  ])('%s: stays out and says so', (reason, columns) => {
    // A second id keeps the column under test from being taken for one.
    const id: Readonly<Record<string, string>> = 'CustomerID' in columns ? {} : { CustomerID: 'C#' }
    expect(why({ ...columns, ...id })).toBe(reason)
  })
})

describe('dates', () => {
  const dates = {
    signup_date: ['2023-01-05', '2024-02-03'],
    last_visit_to_shop_date: ['2024-03-01', '2024-03-31'],
    next_visit: ['2024-09-01', '2025-01-01'],
  }

  it('count from the newest date that looks back', () => {
    const { asOf, features } = of(dates)
    expect(asOf).toEqual({ day: day('2024-03-31'), column: 'last_visit_to_shop_date' })
    expect(features.slice(0, 3)).toEqual([
      { name: 'tenureMonths', label: 'months as a customer', kind: 'number', unit: 'months' },
      {
        name: 'last_visit_to_shop_date',
        label: 'days since last visit to shop',
        kind: 'number',
        unit: 'days',
      },
      { name: 'next_visit', label: 'days until next visit', kind: 'number', unit: 'days' },
    ])
  })

  it('count from the day that the data bears, or that is given', () => {
    expect(of({ ...dates, snapshot_date: ['2024-06-30'] }).asOf).toEqual({
      day: day('2024-06-30'),
      column: 'snapshot_date',
    })
    expect(of(dates, { asOf: '2024-04-30' }).asOf).toEqual({ day: day('2024-04-30'), column: null })
  })

  it('never count from a day after today', () => {
    expect(
      of({ last_visit_date: ['2024-03-01', '9999-12-31'] }, { today: day('2024-05-01') }).asOf?.day,
    ).toBe(day('2024-05-01'))
  })

  it('stay out where no date says from when to count', () => {
    expect(why({ renewal_date: ['2025-01-01', '2025-02-01'] })).toMatch(/--as-of/u)
  })

  it('of outcomes and record keeping never move the day', () => {
    const { asOf } = trainingFeatures(
      table({ ...dates, hs_lastmodifieddate: ['2024-12-01'], churn_date: ['2024-11-01', null], Churn: churn })
        .profile,
      { target: 'Churn' },
    )
    expect(asOf?.column).toBe('last_visit_to_shop_date')
    expect(trainingFeatures(hubspot.profile, { target: 'plan' }).asOf?.day).toBe(day('2024-05-09'))
  })
})
