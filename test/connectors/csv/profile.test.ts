import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { ColumnProfile } from '../../../src/contracts/table.ts'
import { openDatabase } from '../../../connectors/csv/duckdb.ts'
import { file, folder, profileOf, readAll, withTable } from './files.ts'

const column = async (header: string, cells: readonly string[], delimiter = ','): Promise<ColumnProfile> => {
  const quote = (cell: string): string => `"${cell.replaceAll('"', '""')}"`
  const rows = cells.map((cell, i) => `row ${i}${delimiter}${quote(cell)}\n`)
  const profile = await profileOf(`key${delimiter}${header}\n${rows.join('')}`)
  return profile.columns[1]
}

describe('the profile of a file', () => {
  it('tells numbers, categories, dates, text and empty columns apart', async () => {
    const rows = Array.from(
      { length: 60 },
      (_, i) =>
        `c-${i},${i * 1.5},${i % 2 ? 'Yes' : 'No'},2026-01-${String((i % 28) + 1).padStart(2, '0')},${i % 2 === 0},,${i % 3}\n`,
    )
    const profile = await profileOf(`id,amount,churned,renewal,active,note,plan\n${rows.join('')}`)
    expect(profile.rows).toBe(60)
    expect(Object.fromEntries(profile.columns.map(({ header, kind }) => [header, kind]))).toEqual({
      id: 'text',
      amount: 'number',
      churned: 'category',
      renewal: 'date',
      active: 'category',
      note: 'empty',
      plan: 'number',
    })
    expect(profile.columns[6].values).toEqual([
      { value: '0', count: 20 },
      { value: '1', count: 20 },
      { value: '2', count: 20 },
    ])
  })

  it('says which numbers are written with a percent sign', async () => {
    expect(await column('change', ['12.5 %', '-3%', '40%'])).toMatchObject({ kind: 'number', percent: true })
    expect((await column('change', ['12.5', '3%', '40'])).percent).toBeUndefined()
  })

  it('takes codes of letters and digits for what they are', async () => {
    const { kind } = await column('policy', ['POL-00017', 'POL-00018', 'POL-00019'])
    expect(kind).not.toBe('number')
  })

  it('counts what is missing and trims what is not', async () => {
    const { kind, missing, distinct, values } = await column('plan', [
      'Pro',
      ' Pro',
      'NA',
      '',
      'n/a',
      'Free',
      'null',
      '?',
      'None',
    ])
    expect({ kind, missing, distinct }).toEqual({ kind: 'category', missing: 5, distinct: 3 })
    expect(values).toEqual([
      { value: 'Pro', count: 2 },
      { value: 'Free', count: 1 },
      { value: 'None', count: 1 },
    ])
  })

  it('keeps codes with leading zeros apart from numbers', async () => {
    expect((await column('zip', ['01234', '00501', '90210', '01234'])).kind).toBe('category')
    expect((await column('share', ['0.5', '0', '0.25', '1'])).kind).toBe('number')
  })

  it('names the line of the first cell of a number column that is none', async () => {
    const cells = [...Array.from({ length: 30 }, (_, i) => String(i)), 'many', '31', 'lots']
    const profile = await profileOf(
      `note,amount\n"two\nlines",7\n${cells.map((cell) => `x,${cell}\n`).join('')}`,
    )
    expect(profile.columns[1]).toMatchObject({
      kind: 'number',
      unreadable: 2,
      unreadableExample: { line: 34, value: 'many' },
    })
  })
})

describe('how numbers are written', () => {
  it.each([
    [['1,234.5', '12.25', '7'], ',', { decimal: '.', group: ',' }, 1234.5],
    [['1.234,56', '12,25', '7'], ',', { decimal: ',', group: '.' }, 1234.56],
    [['1,5', '2,25', '7'], ',', { decimal: ',', group: '' }, 7],
    [['€ 12.50', '€ 9.00', '€ 1,200.00'], ',', { decimal: '.', group: ',' }, 1200],
    [['12 %', '50 %', '7.5 %'], ',', { decimal: '.', group: '' }, 0.5],
    [["1'234.50", "2'000.00", '12.00'], ',', { decimal: '.', group: "'" }, 2000],
    [['1,234', '2,345', '950'], ',', { decimal: '.', group: ',' }, 2345],
    [['1.234', '2.345', '950'], ',', { decimal: '.', group: '' }, 950],
    [['1.234', '2.345', '950'], ';', { decimal: ',', group: '.' }, 2345],
  ] as const)('%j with delimiter %j is read as %j', async (cells, delimiter, numberFormat, max) => {
    const found = await column('amount', cells, delimiter)
    expect(found).toMatchObject({ kind: 'number', numberFormat, unreadable: 0 })
    expect(found.range?.max).toBe(max)
  })

  it('lets one clear column decide for an unclear one', async () => {
    const rows = ['"1.234","12,5"', '"2.345","7,25"', '"3.456","9,75"']
    const profile = await profileOf(`seats,price\n${rows.join('\n')}\n`)
    expect(profile.columns[0].range?.max).toBe(3456)
  })
})

describe('how dates are written', () => {
  it.each([
    [['03/31/2026', '04/01/2026', '12/12/2026'], ',', '%m/%d/%Y'],
    [['31/03/2026', '01/04/2026', '12/12/2026'], ',', '%d/%m/%Y'],
    [['03/04/2026', '05/06/2026', '07/08/2026'], ',', '%m/%d/%Y'],
    [['03/04/2026', '05/06/2026', '07/08/2026'], ';', '%d/%m/%Y'],
    [['03.04.2026', '05.06.2026', '07.08.2026'], ',', '%d.%m.%Y'],
    [['2026-03-31T10:00:00Z', '2026-04-01', '2026-04-02 08:30'], ',', '%Y-%m-%d'],
    [['20260331', '20260401', '20260402'], ',', '%Y%m%d'],
  ])('%j with delimiter %j has the pattern %s', async (cells, delimiter, dateFormat) => {
    expect(await column('renewal', cells, delimiter)).toMatchObject({
      kind: 'date',
      dateFormat,
      unreadable: 0,
    })
  })
})

/** 30,000 rows, so that columns have more values than are grouped. */
const many = (cell: (i: number) => string): string =>
  `id,value\n${Array.from({ length: 30_000 }, (_, i) => `customer-${i}-with-a-long-name-to-make-the-file-large-enough-that-it-is-not-small-any-more-and-so-is-estimated-before-it-is-grouped-by-value,${cell(i)}\n`).join('')}`

describe('columns of very many values', () => {
  it.each([
    [
      'plain numbers',
      (i: number) => String(i / 8),
      { kind: 'number', missing: 0, range: { min: 0, max: 3749.875, mean: 1874.9375 } },
    ],
    [
      'numbers with gaps',
      (i: number) => (i % 3 === 0 ? 'NA' : String(i)),
      { kind: 'number', missing: 10_000, unreadable: 0 },
    ],
    [
      'numbers with units far down',
      (i: number) => (i < 29_000 ? String(i) : `$${i}`),
      { kind: 'number', missing: 0, unreadable: 0, range: { max: 29_999 } },
    ],
    [
      'numbers with odd cells far down',
      (i: number) => (i === 29_990 ? 'soon' : String(i)),
      { kind: 'number', unreadable: 1, unreadableExample: { line: 29_992, value: 'soon' } },
    ],
    [
      'grouped numbers',
      (i: number) => `"${(i + 1000).toLocaleString('en-US')}"`,
      { kind: 'number', missing: 0, unreadable: 0, range: { max: 30_999 } },
    ],
    [
      'times',
      (i: number) => new Date(1.7e12 + i * 6e5).toISOString(),
      { kind: 'date', dateFormat: '%Y-%m-%d', missing: 0 },
    ],
    [
      'texts',
      (i: number) => (i % 10 === 0 ? '' : `note ${i}`),
      { kind: 'text', missing: 3000, unreadable: 0 },
    ],
    ['codes', (i: number) => String(i).padStart(8, '0'), { kind: 'text', missing: 0 }],
  ])('%s', async (_, cell, expected) => {
    const found = (await profileOf(many(cell))).columns[1]
    expect(found).toMatchObject(expected)
    expect(found.distinct).toBeGreaterThan(10_000)
    if (found.missing === 0) expect(found.distinct).toBeGreaterThan(29_990)
  })
})

describe('a Parquet file of another program', () => {
  it('has the kinds of its types', async () => {
    const path = join(folder(), 'types.parquet')
    const database = await openDatabase({ threads: 1, memoryMb: 256, spillFolder: `${path}.spill` })
    await database.run(
      `COPY (SELECT i::BIGINT AS id, (i / 4)::DECIMAL(10, 2) AS amount, CASE WHEN i % 5 = 0 THEN 'nan' ELSE '1.5' END::FLOAT AS gaps,
        i % 2 = 0 AS active, DATE '2026-01-01' + i::INTEGER AS start, TIMESTAMP '2026-01-01 10:00:00' + INTERVAL (i) DAY AS seen,
        CASE WHEN i % 3 = 0 THEN NULL ELSE 'Pro' END AS "plan, ""so"" called", [i] AS list
        FROM range(40) t(i)) TO '${path}' (FORMAT parquet)`,
    )
    database.close()
    await withTable(path, async (table) => {
      const { rows, columns } = await table.profile()
      expect(rows).toBe(40)
      expect(columns.map(({ header, kind, missing }) => [header, kind, missing])).toEqual([
        ['id', 'number', 0],
        ['amount', 'number', 0],
        ['gaps', 'number', 8],
        ['active', 'category', 0],
        ['start', 'date', 0],
        ['seen', 'date', 0],
        ['plan, "so" called', 'category', 13 + 1],
        ['list', 'text', 0],
      ])
      const read = await readAll(table, [
        { column: 'amount', as: 'number' },
        { column: 'gaps', as: 'number' },
        { column: 'active', as: 'category', categories: ['false', 'true'] },
        { column: 'seen', as: 'date' },
      ])
      const day = Date.UTC(2026, 0, 1) / 86_400_000
      expect(read.map((column) => column.slice(0, 3))).toEqual([
        [0, 0.25, 0.5],
        [NaN, 1.5, 1.5],
        [1, 0, 1],
        [day, day + 1, day + 2],
      ])
    })
  })
})

describe('reading', () => {
  it('keeps the order of the file through batches of any size', async () => {
    const rows = 70_000
    const path = file(`id,n\n${Array.from({ length: rows }, (_, i) => `c${i},${i}\n`).join('')}`)
    await withTable(path, async (table) => {
      for (const size of [997, 65_536, 100_000]) {
        const offsets: number[] = []
        let next = 0
        for await (const { offset, rows, columns } of table.read(
          [
            { column: 'n', as: 'number' },
            { column: 'id', as: 'text' },
          ],
          { batchRows: size },
        )) {
          offsets.push(offset)
          expect(rows).toBeLessThanOrEqual(size)
          for (let i = 0; i < rows; i++) {
            if (columns[0][i] !== next || columns[1][i] !== `c${next}`)
              throw new Error(`row ${next} is out of order`)
            next++
          }
        }
        expect(next).toBe(rows)
        expect(offsets[1] ?? size).toBe(size)
      }
    })
  })

  it('refuses to go on with a file that was changed in between', async () => {
    const path = file('id,n\na,1\nb,2\n')
    await withTable(path, async (table) => {
      await table.profile()
      writeFileSync(path, 'id,n\na,1\n')
      await expect(readAll(table, [{ column: 'n', as: 'number' }])).rejects.toMatchObject({
        code: 'input_format',
        retryable: true,
      })
    })
  })

  it('answers two readers of one table at once', async () => {
    const rows = 10_000
    const path = file(`id,n\n${Array.from({ length: rows }, (_, i) => `c${i},${i}\n`).join('')}`)
    await withTable(path, async (table) => {
      const first = table.read([{ column: 'n', as: 'number' }], { batchRows: 1000 })[Symbol.asyncIterator]()
      await first.next()
      const [ids] = await readAll(table, [{ column: 'id', as: 'text' }])
      expect(ids.length).toBe(rows)
      const second = (await first.next()).value
      expect(second.columns[0][0]).toBe(1000)
      await first.return?.()
    })
  })

  it('codes categories, missing and unknown values', async () => {
    const path = file('k,plan\n1,Pro\n2, Free \n3,Other\n4,\n5,NA\n6,Free\n')
    const categories = ['Free', 'NA', 'Pro']
    const [codes] = await withTable(path, (table) =>
      readAll(table, [{ column: 'plan', as: 'category', categories }]),
    )
    expect(codes).toEqual([2, 0, -1, NaN, NaN, 0])
    const tidy = file('k,plan\n1,Pro\n2,Free\n3,Other\n4,\n')
    const [same] = await withTable(tidy, (table) =>
      readAll(table, [{ column: 'plan', as: 'category', categories }]),
    )
    expect(same).toEqual([2, 0, -1, NaN])
    const wide = Array.from({ length: 500 }, (_, i) => `plan ${i}`).concat('Free')
    const [listed] = await withTable(tidy, (table) =>
      readAll(table, [{ column: 'plan', as: 'category', categories: wide }]),
    )
    expect(listed).toEqual([-1, 500, -1, NaN])
  })

  it('gives text as it is written and dates as days', async () => {
    const path = file('id,start\n" a, ""b"" ",2026-03-31\nNA,\nü-1,2026-04-01 10:00\n')
    const columns = await withTable(path, (table) =>
      readAll(table, [
        { column: 'id', as: 'text' },
        { column: 'start', as: 'date' },
        { column: 'start', as: 'text' },
      ]),
    )
    expect(columns).toEqual([
      [' a, "b" ', null, 'ü-1'],
      [20543, NaN, 20544],
      ['2026-03-31', null, '2026-04-01 10:00'],
    ])
  })

  it('reads a column in the same way whether SQL casts it or we do', async () => {
    const cell = fc.oneof(
      fc.double({ noDefaultInfinity: true, noNaN: true }).map(String),
      fc.integer().map(String),
      fc.constantFrom('', 'NA', ' 7', '+3', '.5', '5.', '1e3', '-0', '1_000'),
    )
    await fc.assert(
      fc.asyncProperty(fc.array(cell, { minLength: 1, maxLength: 30 }), async (cells) => {
        // The second column has one cell more that SQL cannot cast, so all of it is read here.
        const rows = [...cells, '$1'].map((value, i) => `${i},${i < cells.length ? value : ''},${value}\n`)
        const [sql, own] = await withTable(file(`k,a,b\n${rows.join('')}`), (table) =>
          readAll(table, [
            { column: 'a', as: 'number' },
            { column: 'b', as: 'number' },
          ]),
        )
        expect(sql.slice(0, -1)).toEqual(own.slice(0, -1))
      }),
      { numRuns: 25 },
    )
  })

  const telco = new URL('../../../../shared/data/telco.csv', import.meta.url).pathname
  it.skipIf(!existsSync(telco))(
    'profiles the Telco file (skipped without ../shared/data/telco.csv)',
    async () => {
      const { rows, columns } = await withTable(telco, (table) => table.profile())
      expect(rows).toBe(7043)
      const byHeader = new Map(columns.map((c) => [c.header, c]))
      expect(byHeader.get('customerID')).toMatchObject({ kind: 'text', distinct: 7043 })
      expect(byHeader.get('TotalCharges')).toMatchObject({ kind: 'number', missing: 11, unreadable: 0 })
      expect(byHeader.get('Churn')).toMatchObject({
        kind: 'category',
        values: [
          { value: 'No', count: 5174 },
          { value: 'Yes', count: 1869 },
        ],
      })
    },
  )
})
