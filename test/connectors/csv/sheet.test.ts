import { existsSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { openTable } from '../../../connectors/csv/open.ts'
import { sheetLine } from '../../../connectors/csv/sheet.ts'
import { file, readAll, withTable } from './files.ts'
import { workbook } from './workbook.ts'

const installed = existsSync(new URL('../../../node_modules/read-excel-file', import.meta.url))

describe('a workbook', () => {
  it('becomes CSV, a line a row', () => {
    expect(sheetLine(['c-1', 12.5, true, new Date('2026-03-31'), null])).toBe('c-1,12.5,true,2026-03-31,\n')
    expect(sheetLine(['a "b", c', '=1', new Date('2026-03-31T08:30:00Z')])).toBe(
      '"a ""b"", c",=1,2026-03-31T08:30:00\n',
    )
    expect(sheetLine([null, null])).toBe('\n')
  })

  it.skipIf(!installed)(
    'is read with its numbers, dates and blank rows (skipped without read-excel-file)',
    async () => {
      const path = file(
        workbook([
          ['id', 'start', 'amount', 'active'],
          ['007', { date: 45000 }, 12.5, true],
          [null, null, null, null],
          ['c "2", <b>', { date: 45001 }, -3, false],
          ['c-3', null, null, true],
        ]),
        'customers.xlsx',
      )
      await withTable(path, async (table) => {
        const { rows, format, columns } = await table.profile()
        expect({ rows, format }).toEqual({ rows: 3, format: 'xlsx' })
        expect(columns.map(({ kind }) => kind)).toEqual(['category', 'date', 'number', 'category'])
        const read = await readAll(table, [
          { column: 'id', as: 'text' },
          { column: 'start', as: 'date' },
          { column: 'amount', as: 'number' },
          { column: 'active', as: 'category', categories: ['false', 'true'] },
        ])
        const day = Date.UTC(2023, 2, 15) / 86_400_000
        expect(read).toEqual([
          ['007', 'c "2", <b>', 'c-3'],
          [day, day + 1, NaN],
          [12.5, -3, NaN],
          [1, 0, 1],
        ])
      })
    },
  )

  it('is refused with one sentence when it is broken', async () => {
    const broken = openTable(file(workbook([['id'], ['1']]).subarray(0, 500), 'customers.xlsx'))
    await expect(broken).rejects.toMatchObject({
      code: 'input_format',
      message: expect.stringContaining('customers.xlsx'),
    })
  })
})
