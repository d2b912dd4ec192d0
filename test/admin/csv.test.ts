import { parse } from 'csv-parse/sync'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { csvOf } from '../../src/admin/words/csv.ts'

describe('a table as a file', () => {
  it('is read back as it was shown', () => {
    const cell = fc.string({ unit: 'grapheme' }).filter((text) => !/^[=+\-@\t\r]/.test(text))
    const row = fc.array(cell, { minLength: 2, maxLength: 2 })
    fc.assert(
      fc.property(fc.array(row, { minLength: 1, maxLength: 5 }), (rows) => {
        expect(parse(csvOf(rows), { skip_empty_lines: false, relax_quotes: false })).toEqual(rows)
      }),
    )
  })

  it('holds nothing that a spreadsheet would run', () => {
    expect(csvOf([['=1+1', '+€2,595', '-1', '@x', '−€0.30']])).toBe(`'=1+1,"'+€2,595",'-1,'@x,−€0.30\r\n`)
  })
})
