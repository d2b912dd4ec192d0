import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isMissing } from '../../../connectors/csv/missing.ts'
import { parseRecords, scanRecords, type RecordSpan } from '../../../connectors/csv/records.ts'
import { DELIMITERS } from '../../../connectors/csv/dialect.ts'
import { file, readAll, withTable } from './files.ts'

const part = fc.constantFrom(
  '"',
  '""',
  ',',
  ';',
  '\t',
  '|',
  '\n',
  '\r\n',
  ' ',
  "'",
  '=',
  'ä',
  '😀',
  'word',
  '1',
  '2.5',
  'NA',
)
const cell = fc.array(part, { maxLength: 6 }).map((parts) => parts.join(''))
const style = fc.record({
  delimiter: fc.constantFrom(...DELIMITERS),
  newline: fc.constantFrom('\n', '\r\n', '\r'),
  quoteAll: fc.boolean(),
  lastNewline: fc.boolean(),
  mark: fc.boolean(),
  blankLines: fc.boolean(),
})
type Style = typeof style extends fc.Arbitrary<infer T> ? T : never

/** A table as any program might write it. */
function write(rows: readonly (readonly string[])[], how: Style): string {
  const special = /["\n\r,;\t|]|^\s|\s$/
  const quote = (value: string): string =>
    how.quoteAll || special.test(value) ? `"${value.replaceAll('"', '""')}"` : value
  const lines = rows.map((row) => row.map(quote).join(how.delimiter))
  const text = lines.join(how.blankLines ? how.newline + how.newline : how.newline)
  return (how.mark ? '\ufeff' : '') + text + (how.lastNewline ? how.newline : '')
}

describe('a table of any texts, in any dialect', () => {
  const table = fc.array(fc.tuple(cell, cell), { minLength: 1, maxLength: 12 })

  it('is read as it was written', async () => {
    await fc.assert(
      fc.asyncProperty(table, style, async (rows, how) => {
        const records = [['key', 'first, "one"', 'second'], ...rows.map((row, i) => [`k${i}`, ...row])]
        const read = await withTable(file(write(records, how)), async (source) => {
          const { columns } = await source.profile()
          return readAll(
            source,
            columns.map(({ header }) => ({ column: header, as: 'text' })),
          )
        })
        const expected = [0, 1, 2].map((k) =>
          records.slice(1).map((row) => (isMissing(row[k]) ? null : row[k])),
        )
        expect(read).toEqual(expected)
      }),
      { numRuns: 60 },
    )
  })

  it('has its records where the scanner finds them, on the lines where they begin', async () => {
    await fc.assert(
      fc.asyncProperty(table, style, async (rows, how) => {
        const records = rows.map((row, i) => [`k${i}`, ...row])
        const text = write(records, { ...how, mark: false })
        expect(parseRecords(text, how.delimiter, true)).toEqual(records)
        const spans: RecordSpan[] = []
        await scanRecords(file(text), how.delimiter, (span) => {
          spans.push({ ...span, bytes: Buffer.from(span.bytes) })
        })
        expect(spans.map(({ bytes }) => parseRecords(bytes.toString(), how.delimiter, true)[0])).toEqual(
          records,
        )
        expect(spans.every(({ cells, strayText, unclosed }) => cells === 3 && !strayText && !unclosed)).toBe(
          true,
        )
        spans.forEach(({ line }, i) => {
          const before = text.slice(0, text.indexOf(how.quoteAll ? `"k${i}"` : `k${i}${how.delimiter}`))
          const own = how.newline === '\r' ? before.replaceAll('\r\n', '').split('\r').length - 1 : 0
          expect(line).toBe(before.split('\n').length + own)
        })
      }),
    )
  })
})
