import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { labels, parseTarget } from '../../../models/features/target.ts'
import type { Cells } from './table.ts'
import { table } from './table.ts'

const target = (values: Cells, header = 'Churn') => table({ [header]: values }, values.length * 10)
const parse = (values: Cells, header?: string, positive?: string[]) =>
  parseTarget(target(values, header).profile.columns[0], positive ? { positive } : {})

describe('a target', () => {
  it.each([
    [['Yes', 'No'], 'Yes'],
    [['0', '1'], '1'],
    [['0.0', '1.0'], '1.0'],
    [['-1', '1'], '1'],
    [['True', 'False'], 'True'],
    [['Churned', 'Stayed'], 'Churned'],
    [['Existing Customer', 'Attrited Customer'], 'Attrited Customer'],
    [['Not churned', 'Churned'], 'Churned'],
    [['active', 'canceled'], 'canceled'],
    [['ja', 'nein'], 'ja'],
  ])('with the values %j knows who left', (values, left) => {
    expect(parse(values)).toMatchObject({ positive: [left], positives: 10, negatives: 10, missing: 0 })
  })

  it.each([
    [['Stayed', 'Churned', 'Joined'], ['Churned']],
    [['active', 'past_due', 'canceled'], ['canceled']],
    [
      ['Active', 'Cancelled', 'Paused', 'Expired'],
      ['Cancelled', 'Expired'],
    ],
  ])('knows who left among the states %j', (values, left) => {
    expect(parse(values, 'Customer Status').positive).toEqual(left)
  })

  it('takes a date for "left" and a blank for "stayed" in a column of leaving dates', () => {
    const { profile, read } = target(['2026-01-05', null, null, '2026-02-07'], 'cancelled_at')
    const found = parseTarget(profile.columns[0])
    expect(found).toMatchObject({ positive: ['any date'], missing: 0 })
    const { columns } = read([found.request])
    expect([...labels(found, columns[0], new Float64Array(40))].slice(0, 4)).toEqual([1, 0, 0, 1])
    expect(() => parse(['2026-01-05', null], 'renewal_date')).toThrow(/renewal_date/u)
  })

  it('drops rows without a value and counts them', () => {
    expect(parse(['Yes', 'No', null])).toMatchObject({ positives: 10, negatives: 10, missing: 10 })
  })

  it('takes what is named for "left" and all else for "stayed"', () => {
    expect(parse(['Churned', 'Stayed', 'Joined'], 'Status', ['churned'])).toMatchObject({
      positive: ['Churned'],
      positives: 10,
      negatives: 20,
    })
  })

  it.each([
    [
      'three classes',
      ['Basic', 'Churned early', 'Stayed'],
      undefined,
      'target_classes',
      /3 classes.*"Basic" \(10\).*such as --positive "Churned early"/u,
    ],
    [
      'an unknown pair',
      ['A', 'B'],
      undefined,
      'target_classes',
      /not clear.*"A" \(10\), "B" \(10\).*--positive/u,
    ],
    ['one class', ['Yes'], undefined, 'target_one_class', /no customer who stayed/u],
    ['nobody who left', ['No'], undefined, 'target_one_class', /no customer who left/u],
    ['nothing at all', [null], undefined, 'target_missing', /empty in every row/u],
    ['numbers', Array.from({ length: 300 }, (_, i) => i), undefined, 'target_classes', /300 different/u],
    [
      'a value that is not there',
      ['Yes', 'No'],
      ['Maybe'],
      'target_classes',
      /no value "Maybe".*"No" \(10\)/u,
    ],
  ])('asks about %s', (_what, values, positive, code, message) => {
    expect(() => parse(values, 'Churn', positive)).toThrow(
      expect.objectContaining({ code, message: expect.stringMatching(message) }),
    )
  })

  it('asks when Yes may mean that the customer stayed', () => {
    expect(() => parse(['Yes', 'No'], 'Retained')).toThrow(/who stayed.*--positive/u)
    expect(parse(['Yes', 'No'], 'Retained', ['No'])).toMatchObject({ positive: ['No'] })
  })

  it('labels each row as its value says', () => {
    const cell = fc.constantFrom('Yes', 'No', null)
    fc.assert(
      fc.property(fc.array(cell, { minLength: 1, maxLength: 40 }), (values) => {
        const cells = [...values, 'Yes', 'No']
        const { profile, read } = table({ Churn: cells }, cells.length)
        const parsed = parseTarget(profile.columns[0])
        const found = labels(parsed, read([parsed.request]).columns[0], new Float64Array(cells.length))
        expect([...found]).toEqual(cells.map((value) => (value === null ? NaN : Number(value === 'Yes'))))
        expect(parsed.positives).toBe(cells.filter((value) => value === 'Yes').length)
      }),
    )
  })
})
