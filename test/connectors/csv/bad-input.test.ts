import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { HoldfastError } from '../../../src/contracts/errors.ts'
import { openTable } from '../../../connectors/csv/open.ts'
import { file, folder, withTable } from './files.ts'

/** The one error that opening and profiling a file ends in. */
async function refusal(path: string): Promise<HoldfastError> {
  try {
    await withTable(path, (table) => table.profile())
  } catch (error) {
    if (error instanceof HoldfastError) return error
    throw error
  }
  throw new Error(`${path} was accepted`)
}

const utf16 = (text: string): Buffer =>
  Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from(text, 'utf16le')])
const rows = (n: number): string => Array.from({ length: n }, (_, i) => `c-${i},${i}\n`).join('')

describe('a file that cannot be read', () => {
  it.each([
    ['an empty file', '', 'a.csv', 'input_empty', 'a.csv is empty'],
    ['a file of blank lines', '\n\n', 'a.csv', 'input_empty', 'is empty'],
    ['a header without rows', 'id,tenure\n', 'a.csv', 'input_empty', 'has a header, but no rows'],
    ['a header without a line end', 'id,tenure', 'a.csv', 'input_empty', 'has a header, but no rows'],
    [
      'two columns of one name',
      'id,tenure,id\n1,2,3\n',
      'a.csv',
      'input_header',
      'two columns named "id" (the 1st and the 3rd)',
    ],
    [
      'data without a header',
      '17,2,2026-01-01\n18,3,2026-01-02\n',
      'a.csv',
      'input_header',
      'looks like data',
    ],
    [
      'a row with too many cells',
      'id,tenure\n1,2\n3,4,5\n',
      'a.csv',
      'input_row',
      'Line 3 of a.csv has 3 cells, but the header has 2 columns',
    ],
    [
      'a row with too few cells',
      'id,tenure\n1,2\n\n3\n',
      'a.csv',
      'input_row',
      'Line 4 of a.csv has 1 cell, but',
    ],
    [
      'a long row behind cells of several lines',
      'id,note\n1,"a\nb\nc"\n2,x\n3,y,z\n',
      'a.csv',
      'input_row',
      'Line 6 of a.csv has 3 cells',
    ],
    [
      'a broken row far down',
      `id,tenure\n${rows(50_000)}x\n${rows(10)}`,
      'a.csv',
      'input_row',
      'Line 50002 of',
    ],
    [
      'a quote that is never closed',
      'id,note\n1,a\n2,"b\n3,c\n',
      'a.csv',
      'input_row',
      'Line 3 of a.csv opens a quote',
    ],
    [
      'an unclosed quote in the only row',
      'id,note\n1,"a\n',
      'a.csv',
      'input_row',
      'Line 2 of a.csv opens a quote',
    ],
    ['an unclosed quote in the header', 'id,"note\n1,a\n', 'a.csv', 'input_header', 'opens a quote'],
    [
      'text after a closing quote',
      'id,note\n1,"5" x\n',
      'a.csv',
      'input_row',
      'Line 2 of a.csv has text after a closing quote',
    ],
    [
      'NUL bytes in a cell',
      'id,note\n1,a\n2,b\0c\n',
      'a.csv',
      'input_format',
      'Line 3 of a.csv contains NUL',
    ],
    ['an old spreadsheet', 'PK', 'a.xls', 'input_format', 'Save the sheet with the customers as "CSV UTF-8"'],
    [
      'a workbook named .csv',
      Buffer.from([0x50, 0x4b, 3, 4, 20, 0]),
      'a.csv',
      'input_format',
      'is an Excel workbook',
    ],
    ['a Parquet named .csv', 'PAR1....', 'a.csv', 'input_format', 'Rename it to end in .parquet'],
    [
      'binary bytes named .csv',
      Buffer.from([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1, 0, 0, 3]),
      'a.csv',
      'input_format',
      'is a binary file',
    ],
    ['an unknown extension', 'id\n1\n', 'a.json', 'input_format', 'unknown extension'],
    [
      'a corrupt Parquet',
      'PAR1 this is not it PAR1',
      'a.parquet',
      'input_format',
      'not a whole Parquet file',
    ],
    ['a gzip that is none', 'id,tenure\n1,2\n', 'a.csv.gz', 'input_format', 'not a whole gzip file'],
    [
      'half a gzip',
      gzipSync(rows(1000)).subarray(0, 900),
      'a.csv.gz',
      'input_format',
      'not a whole gzip file',
    ],
    [
      'UTF-16 without a mark',
      Buffer.from('id,tenure\n1,2\n', 'utf16le'),
      'a.csv',
      'input_encoding',
      'UTF-16 without',
    ],
  ])('is refused with one sentence: %s', async (_, content, name, code, message) => {
    const error = await refusal(file(content, name))
    expect({ code: error.code, message: error.message }).toEqual({
      code,
      message: expect.stringContaining(message),
    })
    expect(error.message).not.toMatch(/read_csv|strict_mode|DuckDB|\n/)
    expect(error.message).toMatch(/\.$/)
  })

  it('names the line of a cell that is not UTF-8, and says how to save it', async () => {
    const error = await refusal(file(Buffer.from('id,city\n1,Oslo\n2,M\u00fcnchen\n', 'latin1')))
    expect(error.code).toBe('input_encoding')
    expect(error.message).toContain('Line 3')
    expect(error.message).toContain('CSV UTF-8')
  })

  it('says that there is no such file', async () => {
    await expect(openTable(`${folder()}/none.csv`)).rejects.toMatchObject({ code: 'input_missing', exit: 3 })
  })

  it('says that a folder is one', async () => {
    await expect(openTable(folder())).rejects.toMatchObject({ code: 'input_format' })
  })

  it('names the known columns when a wanted one is missing', async () => {
    const reading = withTable(file('id,tenure\n1,2\n'), async (table) => {
      for await (const batch of table.read([{ column: 'Tenure', as: 'number' }])) expect(batch).toBeNull()
    })
    await expect(reading).rejects.toMatchObject({
      code: 'column_missing',
      message: expect.stringContaining('id, tenure'),
    })
  })
})

describe('a file that is written in another way', () => {
  const expected = [
    ['1', '2'],
    [10.5, 20.5],
  ]
  it.each([
    ['semicolons', 'id;amount\n1;10,5\n2;20,5\n'],
    ['tabs', 'id\tamount\n1\t10.5\n2\t20.5\n'],
    ['bars', 'id|amount\n1|10.5\n2|20.5\n'],
    ['a byte order mark', '\ufeffid,amount\n1,10.5\n2,20.5\n'],
    ['CRLF', 'id,amount\r\n1,10.5\r\n2,20.5\r\n'],
    ['CR alone', 'id,amount\r1,10.5\r2,20.5\r'],
    ['mixed line ends', 'id,amount\r\n1,10.5\n2,20.5\r\n'],
    ['no last line end', 'id,amount\n1,10.5\n2,20.5'],
    ['blank lines', 'id,amount\n\n1,10.5\n\n2,20.5\n\n'],
    ['quotes everywhere', '"id","amount"\n"1","10.5"\n"2","20.5"\n'],
    ["Excel's separator line", 'sep=;\nid;amount\n1;10.5\n2;20.5\n'],
    ['UTF-16 with its mark', utf16('id,amount\n1,10.5\n2,20.5\n')],
  ])('is read all the same: %s', async (_, content) => {
    const columns = await withTable(file(content), async (table) => {
      const out: unknown[][] = []
      const requests = [
        { column: 'id', as: 'text' },
        { column: 'amount', as: 'number' },
      ] as const
      for await (const batch of table.read(requests)) out.push(...batch.columns.map((column) => [...column]))
      return out
    })
    expect(columns).toEqual(expected)
  })

  it('reads gzip, and Windows-1252 where that is stated', async () => {
    const text = 'id,city\n1,M\u00fcnchen\n'
    const first = await withTable(file(gzipSync(text), 'a.csv.gz'), (table) => table.profile())
    const second = await withTable(file(Buffer.from(text, 'latin1')), (table) => table.profile(), {
      encoding: 'windows-1252',
    })
    for (const profile of [first, second]) expect(profile.columns[1].values[0].value).toBe('München')
  })

  it.each(["it's *.csv", 'c[a-z]t.csv', 'c?t.csv'])('reads %s and not its neighbours', async (name) => {
    const path = file('id,tenure\n1,2\n', name)
    for (const other of ["it's other.csv", 'cat.csv'])
      writeFileSync(join(path, '..', other), 'id,tenure\n1,2\n3,4\n')
    const profile = await withTable(path, (table) => table.profile())
    expect(profile.rows).toBe(1)
  })

  it('names a blank header by its place', async () => {
    const profile = await withTable(file(',tenure,plan,\n0,5,x,\n1,6,y,\n'), (table) => table.profile())
    expect(profile.columns.map(({ header }) => header)).toEqual(['column 1', 'tenure', 'plan', 'column 4'])
  })
})
