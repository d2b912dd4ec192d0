import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { dateReadings, readDate } from '../../../connectors/csv/dates.ts'
import { isMissing } from '../../../connectors/csv/missing.ts'
import { NUMBER_FORMATS, readNumber, type NumberFormat } from '../../../connectors/csv/numbers.ts'

const point: NumberFormat = { decimal: '.', group: '' }
const day = (iso: string): number => Date.parse(`${iso}T00:00:00Z`) / 86_400_000

describe('missing cells', () => {
  it.each([
    '',
    ' ',
    'NA',
    'n/a',
    'NaN',
    'null',
    'NULL',
    '?',
    '#N/A',
    '\t na \u00a0',
    '#DIV/0!',
    '#NV',
    '<NA>',
    '\\N',
  ])('%j says it is missing', (cell) => {
    expect(isMissing(cell)).toBe(true)
  })
  it.each(['None', 'No', '0', '-', 'Nadia', 'nullable', '??', '#1', '#hashtag'])('%j is a value', (cell) => {
    expect(isMissing(cell)).toBe(false)
  })
})

describe('numbers', () => {
  it.each<[string, NumberFormat, number]>([
    ['1,234.5', { decimal: '.', group: ',' }, 1234.5],
    ['1.234,56', { decimal: ',', group: '.' }, 1234.56],
    ['€ 12.50', point, 12.5],
    ['12.50 €', point, 12.5],
    ['USD 1,200', { decimal: '.', group: ',' }, 1200],
    ['-$5', point, -5],
    ['$-5', point, -5],
    ['12 %', point, 0.12],
    ['12,5%', { decimal: ',', group: '' }, 0.125],
    ['(1,200)', { decimal: '.', group: ',' }, -1200],
    ["1'234.50", { decimal: '.', group: "'" }, 1234.5],
    ['1 234,50', { decimal: ',', group: ' ' }, 1234.5],
    ['1\u202f234,50', { decimal: ',', group: ' ' }, 1234.5],
    ['1e3', point, 1000],
    ['.5', point, 0.5],
    ['1,5', point, NaN],
    ['1,2345', { decimal: '.', group: ',' }, NaN],
    ['0,123', { decimal: '.', group: ',' }, NaN],
    ['12 apples', point, NaN],
    ['1e999', point, NaN],
    ['Infinity', point, NaN],
    ['(5', point, NaN],
    ['POL-00017', point, NaN],
    ['NYC200', point, NaN],
    ['30 GBP', point, 30],
    ['30 MBS', point, NaN],
    ['2026-01-01', point, NaN],
  ])('%j as %j is %d', (cell, format, value) => {
    expect(readNumber(cell, format)).toBe(value)
  })

  it('reads back every number that is written in any format', () => {
    const cents = fc.integer({ min: -1e11, max: 1e11 })
    fc.assert(
      fc.property(cents, fc.constantFrom(...NUMBER_FORMATS), (value, format) => {
        const [whole, decimals] = (Math.abs(value) / 100).toFixed(2).split('.')
        const grouped = whole.replace(/\B(?=(\d{3})+$)/g, format.group)
        const text = `${value < 0 ? '-' : ''}${grouped}${format.decimal}${decimals}`
        expect(readNumber(text, format)).toBeCloseTo(value / 100, 2)
      }),
    )
  })
})

describe('dates', () => {
  it.each([
    ['2026-03-31', '%Y-%m-%d', '2026-03-31'],
    ['2026-3-1', '%Y-%m-%d', '2026-03-01'],
    ['2026/03/31', '%Y/%m/%d', '2026-03-31'],
    ['20260331', '%Y%m%d', '2026-03-31'],
    ['31.03.2026', '%d.%m.%Y', '2026-03-31'],
    ['31.3.26', '%d.%m.%y', '2026-03-31'],
    ['03/31/2026', '%m/%d/%Y', '2026-03-31'],
    ['31-Mar-2026', '%d-%b-%Y', '2026-03-31'],
    ['March 31, 2026', '%b %d, %Y', '2026-03-31'],
    ['2026-03-31 23:59:59', '%Y-%m-%d', '2026-03-31'],
    ['2026-03-31T23:59:59.123Z', '%Y-%m-%d', '2026-03-31'],
    ['2026-03-31T23:59:59+02:00', '%Y-%m-%d', '2026-03-31'],
    ['3/31/2026 11:59 PM', '%m/%d/%Y', '2026-03-31'],
  ])('%j is read with %s', (cell, format, iso) => {
    expect(readDate(cell, format)).toBe(day(iso))
  })

  it.each(['2026-02-30', '31.13.2026', '2026', '12345', 'Monday', '1.2.3', '192.168.0.1', '555-12-34'])(
    '%j is no date',
    (cell) => {
      expect(dateReadings(cell)).toEqual([])
    },
  )

  it('sees both readings where day and month could be either', () => {
    expect(dateReadings('03/04/2026')).toEqual([
      { format: '%m/%d/%Y', days: day('2026-03-04') },
      { format: '%d/%m/%Y', days: day('2026-04-03') },
    ])
  })
})
